/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agent's end of the guard's socket: connects, says hello, passes tickets, grants and
 * divisions. Never waits. Invariant: the core hears of the guard only after the names of its zones
 * are known, so that its indexes mean the same on both sides.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "role/agent_internal.h"

#define RETRY_MS 500
#define REFUSED_MS 5000 /* after a refusal */

static struct hr_message *compose(struct hr_agent_shell *a, enum hr_message_kind kind)
{
	memset(&a->out, 0, sizeof(a->out));
	a->out.version = HR_PROTOCOL_MAX;
	a->out.sender = a->node;
	a->out.kind = kind;
	return &a->out;
}

static int give(struct hr_agent_shell *a)
{
	uint8_t bytes[HR_MESSAGE_MAX_BYTES];
	struct hr_err err;
	size_t n;
	int rc = hr_message_encode(&a->out, bytes, sizeof(bytes), &n, &err);

	if (rc < 0) {
		hr_log(HR_LOG_ERROR, "msg=\"to the guard: %s\"", err.text);
		return rc;
	}
	return send(a->guard_fd, bytes, n, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno : 0;
}

void hr_agent_guard_ask(struct hr_agent_shell *a)
{
	if (a->guard < HR_AGENT_GUARD_ZONES)
		return;
	(void)compose(a, HR_MESSAGE_TICKET_REQUEST);
	/* Lost is lost: the core asks again. */
	(void)give(a);
}

void hr_agent_guard_split(struct hr_agent_shell *a, const struct hr_grant *grant)
{
	if (a->guard != HR_AGENT_GUARD_UP)
		return;
	struct hr_split *s = &compose(a, HR_MESSAGE_SPLIT)->split;

	s->has_grant = grant != NULL;
	if (grant != NULL)
		s->grant = *grant;
	if (a->actions.n_split == a->n_zones)
		s->n_zones = (unsigned)a->n_zones;
	for (unsigned i = 0; i < s->n_zones; i++) {
		memcpy(s->zone[i].id, a->zone_id[i], sizeof(s->zone[i].id));
		s->zone[i].limit_uw = a->actions.split_uw[i];
	}
	(void)give(a);
}

static void poll_closed(uv_handle_t *h)
{
	free(h);
}

void hr_agent_guard_close(struct hr_agent_shell *a)
{
	bool was_up = a->guard == HR_AGENT_GUARD_UP;

	if (a->guard_poll != NULL) {
		uv_poll_stop(a->guard_poll);
		uv_close((uv_handle_t *)a->guard_poll, poll_closed);
	}
	a->guard_poll = NULL;
	if (a->guard_fd >= 0)
		close(a->guard_fd);
	a->guard_fd = -1;
	a->guard = HR_AGENT_GUARD_DOWN;
	a->guard_try_ms = uv_now(a->env->loop) + RETRY_MS;
	if (was_up) {
		hr_log(HR_LOG_WARNING, "msg=\"the guard has gone; trying to reach it again\"");
		hr_agent_shell_feed_up(a, HR_AGENT_GUARD, false);
	}
}

static void on_ticket(struct hr_agent_shell *a, const struct hr_ticket *t)
{
	int64_t limit_uw[HR_ZONES_MAX];

	if (a->guard == HR_AGENT_GUARD_ZONES) {
		hr_agent_shell_zones(a, t);
		a->guard = HR_AGENT_GUARD_UP;
		a->guard_told = false;
		hr_log(HR_LOG_INFO, "msg=\"the guard is reached\" zones=%zu", a->n_zones);
		hr_agent_controller_try(a);
		hr_agent_shell_feed_up(a, HR_AGENT_GUARD, true);
		return;
	}
	if (a->guard != HR_AGENT_GUARD_UP || t->n_zones != a->n_zones)
		return;
	for (unsigned i = 0; i < t->n_zones; i++)
		limit_uw[i] = t->zone[i].limit_uw;
	struct hr_agent_event ev = {
	    .kind = HR_AGENT_TICKET,
	    .ticket = &t->report,
	    .limit_uw = limit_uw,
	    .n_limits = t->n_zones,
	};

	hr_agent_shell_feed(a, &ev);
}

/* Says why, once, and tries again later. */
HR_PRINTF(2, 3)
static void turn_away(struct hr_agent_shell *a, const char *fmt, ...)
{
	char text[HR_MESSAGE_TEXT_BYTES + 64];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (!a->guard_told)
		hr_log(HR_LOG_ERROR, "%s", text);
	a->guard_told = true;
	hr_agent_guard_close(a);
	a->guard_try_ms = uv_now(a->env->loop) + REFUSED_MS;
}

static void on_welcome(struct hr_agent_shell *a)
{
	if (a->guard != HR_AGENT_GUARD_HELLO)
		return;
	const struct hr_uuid *wanted = &a->env->conf->node;

	if (!hr_uuid_is_none(wanted) && hr_uuid_compare(wanted, &a->in.sender) != 0) {
		char is[HR_UUID_TEXT_BYTES], should[HR_UUID_TEXT_BYTES];

		turn_away(a,
			  "msg=\"the guard is of node %s, key 'agent.node' is %s: nothing is "
			  "reported\"",
			  hr_uuid_format(&a->in.sender, is), hr_uuid_format(wanted, should));
		return;
	}
	a->node = a->in.sender;
	a->guard = HR_AGENT_GUARD_ZONES;
	hr_agent_guard_ask(a);
}

static void on_message(struct hr_agent_shell *a)
{
	switch (a->in.kind) {
	case HR_MESSAGE_WELCOME:
		on_welcome(a);
		break;
	case HR_MESSAGE_TICKET:
		on_ticket(a, &a->in.ticket);
		break;
	case HR_MESSAGE_TICKET_REQUEST:
		if (a->guard == HR_AGENT_GUARD_UP) {
			struct hr_agent_event ev = {.kind = HR_AGENT_NOTIFY};

			hr_agent_shell_feed(a, &ev);
		}
		break;
	case HR_MESSAGE_REFUSE:
		turn_away(a, "msg=\"the guard refuses: %s\"", a->in.refuse.text);
		break;
	case HR_MESSAGE_NONE:
	case HR_MESSAGE_HELLO:
	case HR_MESSAGE_REPORT:
	case HR_MESSAGE_GRANT:
	case HR_MESSAGE_SPLIT:
	case HR_MESSAGE_CLIENT_LIMIT:
	case HR_MESSAGE_GUARD_COMMAND:
	case HR_MESSAGE_GUARD_ANSWER:
	case HR_MESSAGE_LEAVE_REQUEST:
	case HR_MESSAGE__MAX:
		a->bad_messages++;
		break;
	}
}

static void on_readable(uv_poll_t *h, int status, int events)
{
	struct hr_agent_shell *a = h->data;
	uint8_t bytes[HR_MESSAGE_MAX_BYTES + 1];

	(void)events;
	while (a->guard_poll == h) {
		ssize_t n = status < 0 ? 0 : recv(a->guard_fd, bytes, sizeof(bytes), MSG_DONTWAIT);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n <= 0)
			hr_agent_guard_close(a);
		else if (hr_message_decode(bytes, (size_t)n, &a->in, NULL) == 0)
			on_message(a);
		else
			a->bad_messages++;
	}
}

static int reach(struct hr_agent_shell *a)
{
	const char *path = a->env->conf->guard_socket;
	struct sockaddr_un at = {.sun_family = AF_UNIX};

	if (strlen(path) >= sizeof(at.sun_path))
		return -ENAMETOOLONG;
	memcpy(at.sun_path, path, strlen(path));
	a->guard_fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (a->guard_fd < 0 || connect(a->guard_fd, (struct sockaddr *)&at, sizeof(at)) < 0)
		return -errno;
	uv_poll_t *h = malloc(sizeof(*h));

	if (h == NULL)
		return -ENOMEM;
	int rc = uv_poll_init(a->env->loop, h, a->guard_fd);

	if (rc < 0) {
		free(h);
		return rc;
	}
	h->data = a;
	a->guard_poll = h;
	return uv_poll_start(h, UV_READABLE, on_readable);
}

void hr_agent_guard_try(struct hr_agent_shell *a)
{
	if (a->guard != HR_AGENT_GUARD_DOWN || uv_now(a->env->loop) < a->guard_try_ms)
		return;
	int rc = reach(a);

	if (rc == 0) {
		struct hr_hello *h = &compose(a, HR_MESSAGE_HELLO)->hello;

		/* Who says hello before it knows its node makes a name up. */
		if (hr_uuid_is_none(&a->out.sender)) {
			uint8_t random[16];

			if (getrandom(random, sizeof(random), 0) == (ssize_t)sizeof(random))
				a->out.sender = hr_uuid_from_random(random);
		}
		h->min_version = HR_PROTOCOL_MIN;
		h->max_version = HR_PROTOCOL_MAX;
		h->role = HR_ROLE_AGENT;
		snprintf(h->name, sizeof(h->name), "%s", a->env->conf->name);
		snprintf(h->software, sizeof(h->software), HR_VERSION);
		a->guard = HR_AGENT_GUARD_HELLO;
		rc = give(a);
	}
	if (rc < 0) {
		if (!a->guard_told)
			hr_log(HR_LOG_ERROR, "msg=\"the guard cannot be reached at %s: %s\"",
			       a->env->conf->guard_socket, strerror(-rc));
		a->guard_told = true;
		hr_agent_guard_close(a);
	}
}
