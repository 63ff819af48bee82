/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agent's end of the network: hello and welcome, reports out, grants in. Invariant: nothing but
 * hello is said before the controller has answered with a version that both speak.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "role/agent_internal.h"

#define HELLO_MS 1000 /* an unanswered hello is said again */
#define REFUSED_MS 5000
#define REFUSED_MOST_MS 60000

static int give(struct hr_agent_shell *a)
{
	uint8_t bytes[HR_MESSAGE_MAX_BYTES];
	struct hr_err err;
	size_t n;
	int rc = hr_message_encode(&a->out, bytes, sizeof(bytes), &n, &err);

	if (rc < 0) {
		hr_log(HR_LOG_ERROR, "msg=\"to the controller: %s\"", err.text);
		return rc;
	}
	/* Any message may be lost: what counts is said again. */
	return hr_transport_client_send(a->env->client, bytes, n);
}

static struct hr_message *compose(struct hr_agent_shell *a, enum hr_message_kind kind)
{
	memset(&a->out, 0, sizeof(a->out));
	a->out.version = HR_PROTOCOL_MAX;
	a->out.sender = a->node;
	a->out.kind = kind;
	return &a->out;
}

void hr_agent_controller_try(struct hr_agent_shell *a)
{
	uint64_t now_ms = uv_now(a->env->loop);

	if (!a->connected || a->link == HR_AGENT_LINK_UP || hr_uuid_is_none(&a->node) ||
	    now_ms < a->hello_at_ms)
		return;
	struct hr_hello *h = &compose(a, HR_MESSAGE_HELLO)->hello;

	h->min_version = HR_PROTOCOL_MIN;
	h->max_version = HR_PROTOCOL_MAX;
	h->role = HR_ROLE_AGENT;
	snprintf(h->name, sizeof(h->name), "%s", a->env->conf->name);
	snprintf(h->software, sizeof(h->software), HR_VERSION);
	a->link = HR_AGENT_LINK_HELLO;
	a->hello_at_ms = now_ms + HELLO_MS;
	(void)give(a);
}

void hr_agent_controller_report(struct hr_agent_shell *a, const struct hr_report *r)
{
	if (a->link != HR_AGENT_LINK_UP)
		return;
	compose(a, HR_MESSAGE_REPORT)->report = *r;
	(void)give(a);
}

static void on_welcome(struct hr_agent_shell *a)
{
	if (a->link == HR_AGENT_LINK_UP || a->link == HR_AGENT_LINK_DOWN)
		return;
	a->link = HR_AGENT_LINK_UP;
	a->refused_told = false;
	a->hello_wait_ms = REFUSED_MS;
	hr_log(HR_LOG_NOTICE, "msg=\"the controller is reached\" epoch=%" PRIu64,
	       a->in.welcome.epoch);
	hr_notify_say(&a->notify, "STATUS=connected to the controller");
	hr_agent_shell_feed_up(a, HR_AGENT_LINK, true);
}

static void link_down(struct hr_agent_shell *a, enum hr_agent_link_state state)
{
	bool was_up = a->link == HR_AGENT_LINK_UP;

	a->link = state;
	if (was_up)
		hr_agent_shell_feed_up(a, HR_AGENT_LINK, false);
}

static void on_refuse(struct hr_agent_shell *a)
{
	const struct hr_refuse *r = &a->in.refuse;

	/* What refuses a report (an old epoch, no room) is the core's business, not the link's. */
	if (r->reason != HR_REASON_NOT_AUTHORISED && a->link == HR_AGENT_LINK_UP) {
		hr_log(HR_LOG_WARNING, "msg=\"the controller refuses: %s\" reason=%s", r->text,
		       hr_reason_name(r->reason));
		return;
	}
	if (!a->refused_told)
		hr_log(HR_LOG_ERROR, "msg=\"the controller refuses this node: %s\" reason=%s",
		       r->text, hr_reason_name(r->reason));
	a->refused_told = true;
	link_down(a, HR_AGENT_LINK_OPEN);
	a->hello_at_ms = uv_now(a->env->loop) + a->hello_wait_ms;
	a->hello_wait_ms = a->hello_wait_ms < REFUSED_MOST_MS ? 2 * a->hello_wait_ms
							      : REFUSED_MOST_MS;
}

static void on_grant(struct hr_agent_shell *a)
{
	struct hr_agent_event ev = {.kind = HR_AGENT_GRANT, .grant = &a->in.grant};

	if (hr_grant_validate(&a->in.grant, NULL) < 0)
		a->bad_messages++;
	else
		hr_agent_shell_feed(a, &ev);
}

static void on_message(void *ctx, const uint8_t *bytes, size_t size)
{
	struct hr_agent_shell *a = ctx;

	if (hr_message_decode(bytes, size, &a->in, NULL) < 0)
		a->bad_messages++;
	else if (a->in.kind == HR_MESSAGE_WELCOME)
		on_welcome(a);
	else if (a->in.kind == HR_MESSAGE_REFUSE)
		on_refuse(a);
	else if (a->in.kind == HR_MESSAGE_GRANT && a->link == HR_AGENT_LINK_UP)
		on_grant(a);
	else
		a->bad_messages++;
}

static void on_up(void *ctx)
{
	struct hr_agent_shell *a = ctx;

	a->connected = true;
	a->link = HR_AGENT_LINK_OPEN;
	a->hello_at_ms = 0;
	a->hello_wait_ms = REFUSED_MS;
	hr_agent_controller_try(a);
}

static void on_down(void *ctx, const char *why)
{
	struct hr_agent_shell *a = ctx;

	hr_log(HR_LOG_WARNING, "msg=\"no connection to the controller: %s\"", why);
	hr_notify_say(&a->notify, "STATUS=no connection to the controller: %s", why);
	a->connected = false;
	link_down(a, HR_AGENT_LINK_DOWN);
}

const struct hr_transport_client_events hr_agent_controller_events = {
    .on_message = on_message,
    .on_up = on_up,
    .on_down = on_down,
};
