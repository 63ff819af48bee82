/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See agent_daemon.h. One thread, one libuv loop: the sampling timer, the guard's socket, the
 * controller's messages. Nothing is allocated in a steady tick.
 */
#include "role/agent_daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "role/agent_internal.h"

#define PERIOD_NS HR_NS_PER_S /* of reports until a grant says otherwise */
#define REPORT_LEAST_NS (20 * HR_NS_PER_MS)
#define TICKET_TIMEOUT_NS (500 * HR_NS_PER_MS)

static void carry_out(struct hr_agent_shell *a)
{
	for (size_t i = 0; i < a->actions.n; i++) {
		const struct hr_agent_action *act = &a->actions.action[i];

		switch (act->kind) {
		case HR_AGENT_DO_ASK_TICKET:
			hr_agent_guard_ask(a);
			break;
		case HR_AGENT_DO_REPORT:
			hr_agent_controller_report(a, &a->actions.report);
			break;
		case HR_AGENT_DO_GRANT:
			hr_agent_guard_split(a, &act->grant);
			break;
		case HR_AGENT_DO_SPLIT:
			hr_agent_guard_split(a, NULL);
			break;
		}
	}
}

void hr_agent_shell_feed(struct hr_agent_shell *a, const struct hr_agent_event *ev)
{
	a->actions.n = 0;
	a->actions.n_split = 0;
	hr_agent_step(&a->core, ev, hr_now_read(), &a->actions);
	carry_out(a);
}

void hr_agent_shell_feed_up(struct hr_agent_shell *a, enum hr_agent_event_kind kind, bool up)
{
	struct hr_agent_event ev = {.kind = kind, .up = up};

	hr_agent_shell_feed(a, &ev);
}

/* The meter's zone of that id, or -1: a limit without a counter. */
static int find_zone(const struct hr_agent_shell *a, const char *id)
{
	for (size_t i = 0; i < a->meter->n_zones; i++)
		if (strcmp(a->meter->zone[i].id, id) == 0)
			return (int)i;
	return -1;
}

static void start_core(struct hr_agent_shell *a)
{
	const struct hr_conf_agent *conf = a->env->conf;
	struct hr_agent_zone_conf zone[HR_ZONES_MAX];
	struct hr_agent_conf core = {
	    .rest_uw = conf->rest_uw,
	    .efficiency_permille = conf->efficiency_permille,
	    .period_ns = PERIOD_NS,
	    .report_least_ns = REPORT_LEAST_NS,
	    .ticket_timeout_ns = TICKET_TIMEOUT_NS,
	};

	for (size_t i = 0; i < a->n_zones; i++) {
		int m = find_zone(a, a->zone_id[i]);

		zone[i] = (struct hr_agent_zone_conf){.meter = m};
		if (m >= 0) {
			zone[i].floor_uw = a->zone[m].floor_uw;
			zone[i].ceiling_uw = a->zone[m].ceiling_uw;
		}
	}
	hr_agent_init(&a->core, &core, a->n_zones, zone, hr_now_read());
}

void hr_agent_shell_zones(struct hr_agent_shell *a, const struct hr_ticket *t)
{
	bool same = t->n_zones == a->n_zones;

	for (unsigned i = 0; same && i < t->n_zones; i++)
		same = strcmp(t->zone[i].id, a->zone_id[i]) == 0;
	if (same)
		return;
	a->n_zones = t->n_zones;
	for (unsigned i = 0; i < t->n_zones; i++)
		memcpy(a->zone_id[i], t->zone[i].id, sizeof(a->zone_id[i]));
	start_core(a);
	if (a->link == HR_AGENT_LINK_UP)
		hr_agent_shell_feed_up(a, HR_AGENT_LINK, true);
}

static void on_sample(uv_timer_t *timer)
{
	struct hr_agent_shell *a = timer->data;
	struct hr_now now = hr_now_read();
	struct hr_agent_event ev = {
	    .kind = HR_AGENT_SAMPLES,
	    .sample = a->sample,
	    .zone = a->zone,
	};

	a->meter->ops->read(a->meter, now, a->sample, &ev.n_samples);
	hr_agent_shell_feed(a, &ev);
	hr_notify_feed(&a->notify, now);
	/* In the same turn: every turn of the loop costs more than these looks. */
	hr_agent_guard_try(a);
	hr_agent_controller_try(a);
}

static void on_signal(uv_signal_t *signal, int number)
{
	(void)number;
	uv_stop(signal->loop);
}

static bool ours(const struct hr_conf_agent *conf, const char *id)
{
	if (conf->n_zones == 0)
		return true;
	for (size_t i = 0; i < conf->n_zones; i++)
		if (fnmatch(conf->zones[i].text, id, 0) == 0)
			return true;
	return false;
}

static int open_meter(struct hr_agent_shell *a, struct hr_err *reterr)
{
	const struct hr_conf_agent *conf = a->env->conf;
	const char *name = conf->driver != HR_CONF_DRIVER_AUTO
			       ? hr_conf_agent_driver_name(conf->driver)
			       : NULL;

	a->root_fd = open(conf->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (a->root_fd < 0)
		return hr_err_set(reterr, -errno, "cannot open the root directory %s: %s",
				  conf->root, strerror(errno));
	struct hr_meter_conf mc = {
	    .rootfd = a->root_fd,
	    .option = conf->driver_option[0] != '\0' ? conf->driver_option : NULL,
	};

	int rc = a->env->open_meter(&mc, name, &a->meter, reterr);

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < a->meter->n_zones; i++) {
		a->zone[i] = a->meter->zone[i];
		a->zone[i].counts = a->zone[i].counts && ours(conf, a->zone[i].id);
	}
	return 0;
}

static int start_loop(struct hr_agent_shell *a, struct hr_err *reterr)
{
	uv_loop_t *loop = a->env->loop;
	uint64_t sample_ms = (uint64_t)(1000 / a->env->conf->rate_hz);
	int rc = uv_timer_init(loop, &a->sampler);

	if (rc == 0)
		rc = uv_signal_init(loop, &a->on_term);
	if (rc == 0)
		rc = uv_signal_init(loop, &a->on_int);
	a->sampler.data = a;
	if (rc == 0)
		rc = uv_timer_start(&a->sampler, on_sample, sample_ms, sample_ms);
	if (rc == 0)
		rc = uv_signal_start(&a->on_term, on_signal, SIGTERM);
	if (rc == 0)
		rc = uv_signal_start(&a->on_int, on_signal, SIGINT);
	if (rc < 0)
		return hr_err_set(reterr, rc, "cannot start the loop: %s", uv_strerror(rc));
	return 0;
}

static void stop_loop(struct hr_agent_shell *a)
{
	hr_agent_guard_close(a);
	uv_close((uv_handle_t *)&a->sampler, NULL);
	uv_close((uv_handle_t *)&a->on_term, NULL);
	uv_close((uv_handle_t *)&a->on_int, NULL);
}

static void close_meter(struct hr_agent_shell *a)
{
	if (a->meter != NULL)
		a->meter->ops->close(a->meter);
	if (a->root_fd >= 0)
		close(a->root_fd);
}

/* One agent per process; large, and on no stack. */
static struct hr_agent_shell self;

int hr_agent_daemon_run(const struct hr_agent_env *env, struct hr_err *reterr)
{
	struct hr_agent_shell *a = &self;

	memset(a, 0, sizeof(*a));
	a->env = env;
	a->node = env->conf->node;
	a->guard_fd = a->root_fd = -1;
	int rc = open_meter(a, reterr);

	if (rc == 0) {
		start_core(a);
		hr_notify_open(&a->notify);
		hr_transport_client_attach(env->client, &hr_agent_controller_events, a);
		rc = start_loop(a, reterr);
	}
	if (rc == 0) {
		hr_log(HR_LOG_NOTICE, "msg=started meter=%s zones=%zu rate_hz=%d",
		       a->meter->ops->name, a->meter->n_zones, (int)env->conf->rate_hz);
		hr_notify_say(&a->notify, "READY=1");
		uv_run(env->loop, UV_RUN_DEFAULT);
		hr_notify_say(&a->notify, "STOPPING=1");
		hr_log(HR_LOG_NOTICE, "msg=\"stopped; the guard keeps the cap until its lease "
				      "ends\"");
		stop_loop(a);
	}
	close_meter(a);
	hr_notify_close(&a->notify);
	return rc;
}
