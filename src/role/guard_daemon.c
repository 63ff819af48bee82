/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See guard_daemon.h. One thread, one poll(2): the tick, the signals, the socket.
 *
 * Invariant: every action of the core is carried out, in order, and answered with its event before
 * anything else is read; what cannot be carried out now (a mark that cannot be stored, originals
 * that the hardware does not take) is tried again at every tick, and until then the core waits.
 */
#include "role/guard_daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/units.h"
#include "role/guard_internal.h"

#define ACCEPT_NS (30 * HR_NS_PER_S) /* no lease is longer */
#define WAIT_LEAST_NS HR_NS_PER_MS
#define HOST_CLAIMS "/run/headroom/zones"

static void push(struct hr_guard_shell *g, struct hr_guard_done done)
{
	/* The core has at most one write and one read under way for each zone. */
	HR_CHECK(g->n_done < HR_ARRAY_LEN(g->done));
	g->done[g->n_done++] = done;
}

static void persist(struct hr_guard_shell *g)
{
	struct hr_err err;

	if (hr_guard_state_mark(&g->state, &g->mark, &err) < 0) {
		if (!g->mark_failing)
			hr_log(HR_LOG_ERROR, "msg=\"a grant waits: %s\"", err.text);
		g->mark_failing = true;
		return;
	}
	g->mark_failing = false;
	for (; g->marks > 0; g->marks--)
		push(g, (struct hr_guard_done){.kind = HR_GUARD_PERSISTED});
}

static void restore(struct hr_guard_shell *g)
{
	struct hr_err err;
	int rc = hr_guard_zones_restore(&g->zones, &g->state, &err);

	if (rc == 0)
		rc = hr_guard_state_originals_drop(&g->state, &err);
	if (rc < 0) {
		if (!g->restoring)
			hr_log(HR_LOG_ERROR, "msg=\"%s; trying again\"", err.text);
		g->restoring = true;
		return;
	}
	g->restoring = false;
	hr_log(HR_LOG_NOTICE, "msg=\"the original limits are back: the node has left\"");
	push(g, (struct hr_guard_done){.kind = HR_GUARD_RESTORED});
}

static void explain(struct hr_guard_shell *g, const struct hr_guard_action *a)
{
	char before[HR_UNITS_TEXT_BYTES], after[HR_UNITS_TEXT_BYTES];

	hr_power_format_watts(a->before_uw, 1, before);
	hr_power_format_watts(a->after_uw, 1, after);
	hr_log(HR_LOG_INFO, "msg=cap before_w=%s after_w=%s reason=%s", before, after,
	       hr_reason_name(a->reason));
	hr_notify_say(&g->notify, "STATUS=cap %s W: %s", after, hr_reason_sentence(a->reason));
}

static void reject(struct hr_guard_shell *g, enum hr_reason why)
{
	uint64_t n = ++g->rejected[(unsigned)why < HR_REASON__MAX ? why : HR_REASON_NONE];

	/* The first, and then each time the number has doubled: a storm is no reason for another.
	 */
	if ((n & (n - 1)) == 0)
		hr_log(HR_LOG_WARNING, "msg=\"a request was refused\" reason=%s count=%" PRIu64,
		       hr_reason_name(why), n);
}

static void execute(struct hr_guard_shell *g, const struct hr_guard_action *a)
{
	switch (a->kind) {
	case HR_GUARD_DO_PERSIST:
		g->mark = a->mark;
		g->marks++;
		persist(g);
		break;
	case HR_GUARD_DO_WRITE:
		push(g, (struct hr_guard_done){
			    .kind = HR_GUARD_LIMIT,
			    .zone = a->zone,
			    .was_write = true,
			    .limit = hr_guard_zones_set(&g->zones, a->zone, a->limit_uw),
			});
		g->writes++;
		break;
	case HR_GUARD_DO_READ:
		push(g, (struct hr_guard_done){
			    .kind = HR_GUARD_LIMIT,
			    .zone = a->zone,
			    .limit = hr_guard_zones_get(&g->zones, a->zone),
			});
		break;
	case HR_GUARD_DO_RESTORE:
		restore(g);
		break;
	case HR_GUARD_DO_TICKET:
		hr_guard_shell_ticket(g, &g->actions.ticket);
		break;
	case HR_GUARD_DO_NOTIFY:
		hr_guard_shell_news(g);
		break;
	case HR_GUARD_DO_REJECT:
		reject(g, a->reason);
		break;
	case HR_GUARD_DO_EXPLAIN:
		explain(g, a);
		break;
	}
}

/* Carries out what the last step asked for, and what its answers ask for. */
static void settle(struct hr_guard_shell *g)
{
	for (;;) {
		for (size_t i = 0; i < g->actions.n; i++)
			execute(g, &g->actions.action[i]);
		g->actions.n = 0;
		if (g->n_done == 0)
			return;
		struct hr_guard_done d = g->done[0];

		memmove(&g->done[0], &g->done[1], --g->n_done * sizeof(g->done[0]));
		memset(&g->event, 0, sizeof(g->event));
		g->event.kind = d.kind;
		g->event.zone = d.zone;
		g->event.was_write = d.was_write;
		g->event.limit = d.limit;
		hr_guard_step(&g->core, &g->event, hr_now_read(), &g->actions);
	}
}

void hr_guard_shell_feed(struct hr_guard_shell *g, const struct hr_guard_event *ev)
{
	g->actions.n = 0;
	hr_guard_step(&g->core, ev, hr_now_read(), &g->actions);
	settle(g);
}

static void tick(struct hr_guard_shell *g)
{
	uint64_t expirations;

	if (read(g->timer_fd, &expirations, sizeof(expirations)) < 0 && errno != EAGAIN)
		hr_log(HR_LOG_ERROR, "msg=\"the timer cannot be read: %s\"", strerror(errno));
	g->actions.n = 0;
	if (g->marks > 0)
		persist(g);
	if (g->restoring)
		restore(g);
	settle(g);
	memset(&g->event, 0, sizeof(g->event));
	g->event.kind = HR_GUARD_TICK;
	hr_guard_shell_feed(g, &g->event);
	hr_notify_feed(&g->notify, hr_now_read());
}

static int read_boot(const struct hr_guard_env *env, int rootfd, struct hr_uuid *ret,
		     struct hr_err *reterr)
{
	char text[HR_UUID_TEXT_BYTES + 8];
	int fd = -1;

	if (env->boot_file != NULL) {
		fd = open(env->boot_file, O_RDONLY | O_CLOEXEC);
	} else if ((fd = openat(rootfd, env->boot_path, O_RDONLY | O_CLOEXEC)) < 0) {
		int host = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

		fd = openat(host, env->boot_path, O_RDONLY | O_CLOEXEC);
		close(host);
	}
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	int rc = n < 0 ? -errno : 0;

	if (fd >= 0)
		close(fd);
	if (n >= 0) {
		text[n] = '\0';
		text[strcspn(text, "\n")] = '\0';
		rc = hr_uuid_parse(text, ret);
	}
	if (rc < 0)
		return hr_err_set(reterr, rc, "the boot id cannot be read: %s", strerror(-rc));
	return 0;
}

static int open_root(const struct hr_conf_guard *conf, struct hr_err *reterr)
{
	int fd = open(conf->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return hr_err_set(reterr, -errno, "cannot open the root directory %s: %s",
				  conf->root, strerror(errno));
	return fd;
}

static int open_zones(struct hr_guard_shell *g, struct hr_err *reterr)
{
	const struct hr_conf_guard *conf = g->env->conf;
	char own[HR_CONF_STRING_BYTES + 8];
	const char *claims = g->env->claims;

	/* Of one host there is one such directory; only what an ordinary user runs is his own. */
	snprintf(own, sizeof(own), "%s/zones", conf->run_dir);
	if (claims == NULL)
		claims = geteuid() == 0 ? HOST_CLAIMS : own;
	struct hr_actuator_conf ac = {
	    .rootfd = g->root_fd,
	    .option = conf->driver_option[0] != '\0' ? conf->driver_option : NULL,
	};
	const char *name = conf->driver != HR_CONF_DRIVER_AUTO
			       ? hr_conf_agent_driver_name(conf->driver)
			       : NULL;
	struct hr_actuator *actuator = NULL;
	int rc = g->env->open_actuator(&ac, name, &actuator, reterr);

	if (rc == -ENODEV && name == NULL)
		actuator = NULL;
	else if (rc < 0)
		return rc;
	return hr_guard_zones_open(&g->zones, conf, actuator, g->root_fd, claims, reterr);
}

static int open_files(struct hr_guard_shell *g, struct hr_err *reterr)
{
	const struct hr_conf_guard *conf = g->env->conf;
	int rc = g->root_fd = open_root(conf, reterr);

	if (rc >= 0)
		rc = hr_guard_state_open(&g->state, conf->state_dir, conf->run_dir, reterr);
	if (rc >= 0)
		rc = open_zones(g, reterr);
	return rc < 0 ? rc : 0;
}

static int begin(struct hr_guard_shell *g, struct hr_err *reterr)
{
	uint8_t random[16];
	struct hr_uuid boot;
	int rc = read_boot(g->env, g->root_fd, &boot, reterr);

	if (rc < 0)
		return rc;
	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return hr_err_set(reterr, -EIO, "the kernel gives no random bytes");
	rc = hr_guard_state_begin(&g->state, &boot, random, reterr);
	if (rc == 0)
		rc = hr_guard_zones_save(&g->zones, &g->state, reterr);
	if (rc == 0 && g->state.why_fresh[0] != '\0')
		hr_log(HR_LOG_ERROR,
		       "msg=\"the start counter is lost, the node takes a fresh identity and must "
		       "be admitted anew: %s\"",
		       g->state.why_fresh);
	return rc;
}

static int open_loop(struct hr_guard_shell *g, struct hr_err *reterr)
{
	const struct hr_conf_guard *conf = g->env->conf;
	sigset_t signals;
	int rc = g->listen_fd = hr_guard_peer_listen(conf, reterr);

	if (rc < 0)
		return rc;
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	g->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	/* A clock that runs through suspend: leases do. */
	g->timer_fd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	if (g->signal_fd < 0 || g->timer_fd < 0)
		return hr_err_set(reterr, -errno, "cannot make the tick: %s", strerror(errno));
	return 0;
}

static void start_core(struct hr_guard_shell *g)
{
	const struct hr_conf_guard *conf = g->env->conf;
	struct hr_guard_zone_conf zone[HR_ZONES_MAX];
	struct hr_guard_limit limit[HR_ZONES_MAX];
	struct hr_guard_conf core = {
	    .node = g->state.self.node,
	    .safe_uw = conf->safe_uw,
	    .floor_uw = conf->floor_uw,
	    .ceiling_uw = conf->ceiling_uw,
	    .boot_uw = conf->boot_uw,
	    .rest_uw = conf->rest_uw,
	    .efficiency_permille = conf->efficiency_permille,
	    .accept_ns = ACCEPT_NS,
	    .verify_ns = conf->verify_ns,
	    .settle_extra_ns = conf->settle_extra_ns,
	};
	char uuid[HR_UUID_TEXT_BYTES];

	hr_guard_zones_describe(&g->zones, &g->state, zone, limit);
	g->actions.n = 0;
	hr_guard_start(&g->core, &core, g->state.self, &g->state.mark, g->zones.n, zone, limit,
		       hr_now_read(), &g->actions);
	settle(g);
	hr_log(HR_LOG_NOTICE,
	       "msg=started node=%s incarnation=%" PRIu64 " zones=%zu epoch=%" PRIu64,
	       hr_uuid_format(&g->state.self.node, uuid), g->state.self.incarnation, g->zones.n,
	       g->core.heard.epoch);
	if (g->zones.n == 0)
		hr_log(HR_LOG_WARNING, "msg=\"this node has no limit that could be set; it is "
				       "charged what it can draw\"");
}

/* Sets the timer for the next instant at which something ends, is read again or tried again. */
static void wake_later(struct hr_guard_shell *g)
{
	int64_t tick_ns = g->env->conf->tick_ns;
	struct hr_now now = hr_now_read();
	int64_t wait_ns = hr_guard_wait_ns(&g->core, now, tick_ns);

	if (g->marks > 0 || g->restoring)
		wait_ns = hr_min_i64(wait_ns, tick_ns);
	if (g->notify.watchdog_ns > 0)
		wait_ns = hr_min_i64(wait_ns, g->notify.watchdog_ns / 2);
	int64_t at_ns = now.boot_ns + hr_max_i64(wait_ns, WAIT_LEAST_NS);
	int64_t moved_ns = at_ns - g->wake_boot_ns;

	if (g->wake_boot_ns > now.boot_ns && moved_ns > -WAIT_LEAST_NS && moved_ns < WAIT_LEAST_NS)
		return;
	struct itimerspec at = {.it_value = {
				    .tv_sec = at_ns / HR_NS_PER_S,
				    .tv_nsec = at_ns % HR_NS_PER_S,
				}};

	/* The instant is valid and so is the descriptor: nothing else can fail. */
	HR_CHECK(timerfd_settime(g->timer_fd, TFD_TIMER_ABSTIME, &at, NULL) == 0);
	g->wake_boot_ns = at_ns;
}

static void loop(struct hr_guard_shell *g)
{
	struct pollfd fd[3 + HR_GUARD_PEERS_MAX];

	while (!g->stop) {
		wake_later(g);
		fd[0] = (struct pollfd){.fd = g->timer_fd, .events = POLLIN};
		fd[1] = (struct pollfd){.fd = g->signal_fd, .events = POLLIN};
		fd[2] = (struct pollfd){.fd = g->listen_fd, .events = POLLIN};
		for (size_t i = 0; i < HR_GUARD_PEERS_MAX; i++)
			fd[3 + i] = (struct pollfd){.fd = g->peer[i].fd, .events = POLLIN};
		if (poll(fd, HR_ARRAY_LEN(fd), -1) < 0)
			continue;
		/* Leases first. */
		if (fd[0].revents != 0)
			tick(g);
		for (size_t i = 0; i < HR_GUARD_PEERS_MAX; i++)
			if (fd[3 + i].revents != 0 && g->peer[i].fd == fd[3 + i].fd)
				hr_guard_shell_hear(g, &g->peer[i]);
		if (fd[2].revents != 0)
			(void)hr_guard_peer_accept(g->listen_fd, g->peer);
		if (fd[1].revents != 0)
			g->stop = true;
	}
}

/* Without a leave the node keeps what it may have when nobody tells it otherwise (rule 10). */
static void stop(struct hr_guard_shell *g)
{
	char cap[HR_UNITS_TEXT_BYTES];

	if (!g->core.left && g->zones.n > 0) {
		g->actions.n = 0;
		memset(&g->event, 0, sizeof(g->event));
		g->event.kind = HR_GUARD_TICKET;
		hr_guard_step(&g->core, &g->event, hr_now_read(), &g->actions);
		int64_t safe_uw = g->actions.ticket.safe_uw;

		settle(g);
		memset(&g->event, 0, sizeof(g->event));
		g->event.kind = HR_GUARD_CLIENT;
		g->event.client = HR_GUARD_STOP_SLOT;
		g->event.client_cap_uw = hr_max_i64(safe_uw, 1);
		g->event.client_ttl_ns = HR_TTL_MAX_NS;
		hr_guard_shell_feed(g, &g->event);
	}
	hr_log(HR_LOG_NOTICE,
	       "msg=\"stopped; the limits stay: %s W; 'headroom node restore' puts the "
	       "original limits back\"",
	       hr_power_format_watts(hr_guard_applied_uw(&g->core), 1, cap));
}

static void close_all(struct hr_guard_shell *g)
{
	int fd[] = {g->listen_fd, g->timer_fd, g->signal_fd, g->root_fd};

	if (g->listen_fd >= 0)
		unlink(g->env->conf->socket);
	for (size_t i = 0; i < HR_GUARD_PEERS_MAX; i++)
		hr_guard_peer_drop(&g->peer[i]);
	for (size_t i = 0; i < HR_ARRAY_LEN(fd); i++)
		if (fd[i] >= 0)
			close(fd[i]);
	hr_guard_zones_close(&g->zones);
	hr_guard_state_close(&g->state);
	hr_notify_close(&g->notify);
}

static void init(struct hr_guard_shell *g, const struct hr_guard_env *env)
{
	memset(g, 0, sizeof(*g));
	g->env = env;
	g->listen_fd = g->timer_fd = g->signal_fd = g->root_fd = -1;
	g->notify.fd = -1;
	g->state.state_fd = g->state.run_fd = g->state.lock_fd = -1;
	for (size_t i = 0; i < HR_GUARD_PEERS_MAX; i++)
		g->peer[i].fd = -1;
	for (size_t i = 0; i < HR_ZONES_MAX; i++)
		g->zones.claim_fd[i] = -1;
}

/* One guard per process; large, and on no stack. */
static struct hr_guard_shell self;

int hr_guard_daemon_run(const struct hr_guard_env *env, struct hr_err *reterr)
{
	struct hr_guard_shell *g = &self;

	init(g, env);
	int rc = open_files(g, reterr);

	if (rc == 0)
		rc = begin(g, reterr);
	if (rc == 0)
		rc = open_loop(g, reterr);
	if (rc == 0) {
		hr_notify_open(&g->notify);
		start_core(g);
		hr_notify_say(&g->notify, "READY=1");
		loop(g);
		hr_notify_say(&g->notify, "STOPPING=1");
		stop(g);
	}
	close_all(g);
	return rc;
}

int hr_guard_daemon_restore(const struct hr_guard_env *env, size_t *ret_n, struct hr_err *reterr)
{
	struct hr_guard_shell *g = &self;

	init(g, env);
	int rc = open_files(g, reterr);

	*ret_n = g->state.n_originals;
	if (rc == 0 && g->state.n_originals == 0)
		rc = hr_err_set(
		    reterr, -ENOENT,
		    "no original limits are saved in %s: nothing was changed, or it was "
		    "put back already",
		    env->conf->state_dir);
	if (rc == 0)
		rc = hr_guard_zones_restore(&g->zones, &g->state, reterr);
	if (rc == 0)
		rc = hr_guard_state_originals_drop(&g->state, reterr);
	close_all(g);
	return rc;
}
