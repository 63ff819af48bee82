/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See controller_daemon.h. One thread, one libuv loop: the core's timer, the agents' messages, the
 * signals. Commits are gathered: what one turn of the loop asks for goes to the disk together.
 */
#include "role/controller_daemon.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/units.h"
#include "role/controller_internal.h"

#define RETRY_MS 200
#define FEED_MS 1000

static void note_row(struct hr_controller_shell *s, int node, const struct hr_controller_row *r)
{
	s->row[node] = (struct hr_store_row){
	    .node = r->node,
	    .state = (int)r->state,
	    .charge_uw = r->charge_uw,
	    .safe_uw = r->safe_uw,
	    .boot_uw = r->boot_uw,
	    .worst_uw = r->worst_uw,
	};
	if (!s->dirty[node])
		s->dirty_list[s->n_dirty++] = node;
	s->dirty[node] = true;
}

static void commit(uv_timer_t *timer)
{
	struct hr_controller_shell *s = timer->data;
	uint64_t writes = s->env.elector->writes + 1;
	struct hr_controller_event ev = {.kind = HR_CONTROLLER_COMMITTED, .batch = s->batch};
	int64_t began_ns = hr_now_read().raw_ns;
	struct hr_err err;

	for (int i = 0; i < s->n_dirty; i++)
		s->rows_out[i] = s->row[s->dirty_list[i]];
	int rc = s->env.store->ops->write(s->env.store, s->rows_out, (size_t)s->n_dirty, writes,
					  &err);
	if (rc == 0)
		rc = s->env.elector->ops->count(s->env.elector, writes, &err);
	if (rc < 0) {
		s->counts.commit_errors++;
		if (!s->store_failing)
			hr_log(HR_LOG_ERROR, "msg=\"nothing can be raised: %s\"", err.text);
		s->store_failing = true;
		uv_timer_start(&s->committer, commit, RETRY_MS, 0);
		ev.kind = HR_CONTROLLER_UNSTORED;
		hr_controller_shell_feed(s, &ev);
		return;
	}
	if (s->store_failing)
		hr_log(HR_LOG_NOTICE, "msg=\"the ledger can be written again\"");
	s->store_failing = false;
	s->counts.commits++;
	s->counts.rows += (uint64_t)s->n_dirty;
	s->counts.commit_ns += hr_now_read().raw_ns - began_ns;
	for (int i = 0; i < s->n_dirty; i++)
		s->dirty[s->dirty_list[i]] = false;
	s->n_dirty = 0;
	s->commit_due = false;
	hr_controller_shell_feed(s, &ev);
}

static void commit_soon(struct hr_controller_shell *s, uint64_t batch)
{
	s->batch = batch;
	if (!s->commit_due)
		uv_timer_start(&s->committer, commit, 0, 0);
	s->commit_due = true;
}

static void explain(struct hr_controller_shell *s, const struct hr_controller_action *a)
{
	struct hr_controller_entry *e = s->by_core[a->node];
	struct hr_controller_news *n = &s->news[++s->newest_news % HR_CONTROLLER_EVENTS_MAX];

	n->id = s->newest_news;
	n->wall_ns = hr_now_read().wall_ns;
	n->before_uw = a->before_uw;
	n->after_uw = a->after_uw;
	n->reason = a->reason;
	memcpy(n->node, e->name, sizeof(n->node));
	hr_log(HR_LOG_DEBUG, "msg=cap node=%s before_uw=%" PRId64 " after_uw=%" PRId64 " reason=%s",
	       e->name, a->before_uw, a->after_uw, hr_reason_name(a->reason));
}

/* A node has heard a greater epoch: ours is not the newest, nor is our ledger (rule 11). */
static void outranked(struct hr_controller_shell *s, uint64_t epoch)
{
	struct hr_err err;

	if (s->env.elector->ops->reign(s->env.elector, epoch, &err) < 0) {
		hr_log(HR_LOG_ERROR, "msg=\"outranked, and no new reign can begin: %s\"", err.text);
		return;
	}
	hr_log(HR_LOG_ERROR,
	       "msg=\"a node knows epoch %" PRIu64 ": the ledger is not believed and a new reign "
	       "begins\" epoch=%" PRIu64,
	       epoch, s->env.elector->epoch);
	hr_controller_reign(&s->core, s->env.elector->epoch, false, hr_now_read());
}

static void carry_out(struct hr_controller_shell *s)
{
	for (size_t i = 0; i < s->actions.n; i++) {
		const struct hr_controller_action *a = &s->actions.action[i];

		switch (a->kind) {
		case HR_CONTROLLER_DO_PERSIST:
			note_row(s, a->node, &a->row);
			break;
		case HR_CONTROLLER_DO_COMMIT:
			commit_soon(s, a->batch);
			break;
		case HR_CONTROLLER_DO_SEND:
			hr_controller_talk_grant(s, s->by_core[a->node], &a->grant);
			break;
		case HR_CONTROLLER_DO_REFUSE:
			hr_controller_talk_refuse(s, s->by_core[a->node], a->reason);
			break;
		case HR_CONTROLLER_DO_OUTRANKED:
			outranked(s, a->epoch);
			/* What follows was meant for the reign before. */
			s->actions.n = 0;
			break;
		case HR_CONTROLLER_DO_EXPLAIN:
			explain(s, a);
			break;
		}
	}
	s->actions.n = 0;
}

static void on_wake(uv_timer_t *timer);

static void wake_later(struct hr_controller_shell *s)
{
	int64_t wait_ns = hr_controller_wake_raw_ns(&s->core) - hr_now_read().raw_ns;
	int64_t wait_ms = (wait_ns + HR_NS_PER_MS - 1) / HR_NS_PER_MS;

	if (s->closing)
		return;
	uv_update_time(s->env.loop);
	uv_timer_start(&s->waker, on_wake, (uint64_t)hr_clamp_i64(wait_ms, 0, 1000), 0);
}

void hr_controller_shell_feed(struct hr_controller_shell *s, const struct hr_controller_event *ev)
{
	s->actions.n = 0;
	hr_controller_step(&s->core, ev, hr_now_read(), &s->actions);
	carry_out(s);
	wake_later(s);
}

static void on_wake(uv_timer_t *timer)
{
	struct hr_controller_event ev = {.kind = HR_CONTROLLER_TICK};

	hr_controller_shell_feed(timer->data, &ev);
}

/* The leases of the reign before are over: a successor need not wait for them. */
static void shorten_lease(struct hr_controller_shell *s)
{
	struct hr_err err;

	if (s->core.granting && s->env.elector->ttl_ns != s->core.conf.ttl_ns &&
	    s->env.elector->ops->lease(s->env.elector, s->core.conf.ttl_ns, &err) < 0)
		hr_log(HR_LOG_ERROR, "msg=\"%s\"", err.text);
}

static void on_feed(uv_timer_t *timer)
{
	struct hr_controller_shell *s = timer->data;
	char charged[HR_UNITS_TEXT_BYTES], limit[HR_UNITS_TEXT_BYTES];

	shorten_lease(s);
	hr_notify_feed(&s->notify, hr_now_read());
	hr_notify_say(&s->notify, "STATUS=%d nodes, %s W charged of %s W", s->core.n_nodes,
		      hr_power_format_watts(hr_tree_charged(&s->tree, 0), 0, charged),
		      hr_power_format_watts(s->tree.domain[0].limit_uw, 0, limit));
}

void hr_controller_shell_audit(struct hr_controller_shell *s, const char *who, const char *what,
			       const char *target, const char *before, const char *after,
			       const char *result)
{
	const struct hr_store_audit a = {
	    .wall_ns = hr_now_read().wall_ns,
	    .who = who,
	    .what = what,
	    .target = target,
	    .before = before,
	    .after = after,
	    .result = result,
	};
	struct hr_err err;

	if (s->env.store->ops->audit(s->env.store, &a, &err) < 0)
		hr_log(HR_LOG_ERROR,
		       "msg=\"%s\" who=%s what=%s target=%s before=\"%s\" after=\"%s\" "
		       "result=\"%s\"",
		       err.text, who, what, target, before, after, result);
}

static int apply(struct hr_controller_shell *s, struct hr_conf_controller *fresh,
		 const struct hr_authorized_key *keys, size_t n_keys, struct hr_err *reterr)
{
	struct hr_conf_controller old = *s->env.conf;
	struct hr_conf_node *nodes;
	size_t n;
	int rc = hr_conf_controller_nodes(fresh, &nodes, &n, reterr);

	if (rc < 0)
		return rc;
	rc = hr_controller_reload_check(s, fresh, nodes, n, reterr);
	if (rc == 0) {
		*s->env.conf = *fresh;
		rc = hr_controller_budget_from_conf(s, reterr);
		if (rc < 0)
			*s->env.conf = old;
	}
	if (rc == 0)
		hr_controller_roster_reload(s, nodes, n);
	free(nodes);
	if (rc < 0)
		return rc;
	if (hr_transport_server_authorize(s->env.server, keys, n_keys) < 0)
		hr_log(HR_LOG_ERROR, "msg=\"no memory for the authorised keys: they stay\"");
	/* The entries' feeds point into the configuration that stays. */
	*fresh = old;
	s->core.conf.round_ns = s->env.conf->round_ns;
	s->core.conf.period_ns = s->env.conf->report_period_ns;
	return 0;
}

static void on_reload(uv_signal_t *signal, int number)
{
	struct hr_controller_shell *s = signal->data;
	struct hr_conf_controller fresh;
	struct hr_authorized_key *keys = NULL;
	size_t n_keys = 0;
	struct hr_err err;

	(void)number;
	hr_notify_say(&s->notify, "RELOADING=1\nMONOTONIC_USEC=%" PRId64,
		      hr_now_read().raw_ns / HR_NS_PER_US);
	hr_conf_init(&hr_conf_controller_table, &fresh);
	int rc = s->env.reload(s->env.reload_ctx, &fresh, &keys, &n_keys, &err);

	if (rc == 0)
		rc = apply(s, &fresh, keys, n_keys, &err);
	hr_conf_done(&hr_conf_controller_table, &fresh);
	free(keys);
	s->counts.reloads += rc == 0;
	s->counts.reload_errors += rc < 0;
	if (rc < 0)
		hr_log(HR_LOG_ERROR, "msg=\"the configuration stays as it was: %s\"", err.text);
	else
		hr_log(HR_LOG_NOTICE, "msg=\"the configuration was read anew\"");
	hr_notify_say(&s->notify, "READY=1");
}

static void on_stop(uv_signal_t *signal, int number)
{
	(void)number;
	uv_stop(signal->loop);
}

static int open_loop(struct hr_controller_shell *s, struct hr_err *reterr)
{
	uv_timer_t *timer[] = {&s->waker, &s->committer, &s->feeder};
	uv_signal_t *signal[] = {&s->on_hup, &s->on_term, &s->on_int};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < HR_ARRAY_LEN(timer); i++) {
		rc = uv_timer_init(s->env.loop, timer[i]);
		timer[i]->data = s;
	}
	for (size_t i = 0; rc == 0 && i < HR_ARRAY_LEN(signal); i++) {
		rc = uv_signal_init(s->env.loop, signal[i]);
		signal[i]->data = s;
	}
	if (rc == 0)
		rc = uv_timer_start(&s->feeder, on_feed, FEED_MS, FEED_MS);
	if (rc == 0)
		rc = uv_signal_start(&s->on_hup, on_reload, SIGHUP);
	if (rc == 0)
		rc = uv_signal_start(&s->on_term, on_stop, SIGTERM);
	if (rc == 0)
		rc = uv_signal_start(&s->on_int, on_stop, SIGINT);
	return rc == 0 ? 0 : hr_err_set(reterr, rc, "cannot start the loop: %s", uv_strerror(rc));
}

struct hr_controller_shell *hr_controller_daemon_new(const struct hr_controller_env *env,
						     struct hr_err *reterr)
{
	struct hr_controller_shell *s = calloc(1, sizeof(*s));

	if (s != NULL)
		s->news = calloc(HR_CONTROLLER_EVENTS_MAX, sizeof(*s->news));
	if (s == NULL || s->news == NULL) {
		(void)hr_err_set(reterr, -ENOMEM, "no memory for the controller");
		free(s);
		return NULL;
	}
	s->env = *env;
	s->notify.fd = -1;
	s->started_wall_ns = hr_now_read().wall_ns;
	int rc = open_loop(s, reterr);

	if (rc == 0)
		rc = hr_controller_roster_open(s, reterr);
	if (rc == 0)
		rc = hr_controller_budget_open(s, reterr);
	if (rc < 0) {
		/* The handles are the loop's until it has run; the caller ends the process. */
		hr_controller_roster_close(s);
		free(s->news);
		return NULL;
	}
	return s;
}

int hr_controller_daemon_run(struct hr_controller_shell *s, struct hr_err *reterr)
{
	(void)reterr;
	hr_notify_open(&s->notify);
	hr_transport_server_attach(s->env.server, &hr_controller_talk_events, s);
	hr_log(HR_LOG_NOTICE, "msg=started epoch=%" PRIu64 " nodes=%zu budget_version=%" PRIu64,
	       s->core.epoch, s->n_entries, s->env.elector->version);
	hr_notify_say(&s->notify, "READY=1");
	wake_later(s);
	uv_run(s->env.loop, UV_RUN_DEFAULT);
	hr_notify_say(&s->notify, "STOPPING=1");
	hr_log(HR_LOG_NOTICE, "msg=\"stopped; nodes fall back to their safe caps when their leases "
			      "end\"");
	return 0;
}

struct hr_controller_shell *hr_controller_daemon_free(struct hr_controller_shell *s)
{
	uv_handle_t *handle[6];

	if (s == NULL)
		return NULL;
	handle[0] = (uv_handle_t *)&s->waker;
	handle[1] = (uv_handle_t *)&s->committer;
	handle[2] = (uv_handle_t *)&s->feeder;
	handle[3] = (uv_handle_t *)&s->on_hup;
	handle[4] = (uv_handle_t *)&s->on_term;
	handle[5] = (uv_handle_t *)&s->on_int;
	s->closing = true;
	for (size_t i = 0; i < HR_ARRAY_LEN(handle); i++)
		uv_close(handle[i], NULL);
	uv_run(s->env.loop, UV_RUN_NOWAIT);
	hr_controller_roster_close(s);
	hr_notify_close(&s->notify);
	free(s->news);
	free(s);
	return NULL;
}
