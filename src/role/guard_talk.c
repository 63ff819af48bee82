/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What peers of the guard say, turned into events of the core, and what the guard says to them.
 * Not a judge of grants and amounts: the core is. Invariant: a peer that has not said hello, or
 * says what its role may not, loses its connection and has changed nothing.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "role/guard_internal.h"

#define MESSAGES_AT_ONCE 16 /* then the clock is looked at again */

static struct hr_message *answer(struct hr_guard_shell *g, enum hr_message_kind kind)
{
	memset(&g->answer, 0, sizeof(g->answer));
	g->answer.version = HR_PROTOCOL_MAX;
	g->answer.sender = g->state.self.node;
	g->answer.kind = kind;
	return &g->answer;
}

static struct hr_guard_peer *agent(struct hr_guard_shell *g)
{
	for (size_t i = 0; i < HR_GUARD_PEERS_MAX; i++)
		if (g->peer[i].fd >= 0 && g->peer[i].role == HR_ROLE_AGENT)
			return &g->peer[i];
	return NULL;
}

void hr_guard_shell_ticket(struct hr_guard_shell *g, const struct hr_report *report)
{
	struct hr_guard_peer *p = agent(g);

	if (p == NULL)
		return;
	struct hr_message *m = answer(g, HR_MESSAGE_TICKET);

	m->ticket.report = *report;
	m->ticket.n_zones = (unsigned)g->zones.n;
	for (size_t i = 0; i < g->zones.n; i++) {
		struct hr_zone_limit *z = &m->ticket.zone[i];

		snprintf(z->id, sizeof(z->id), "%s", hr_guard_zones_zone(&g->zones, i)->id);
		z->limit_uw = g->core.zone[i].known ? g->core.zone[i].limit_uw : 0;
		z->fault = g->core.zone[i].fault;
	}
	/* Lost if the agent does not read: it asks again. */
	(void)hr_guard_peer_send(p, m);
}

void hr_guard_shell_news(struct hr_guard_shell *g)
{
	struct hr_guard_peer *p = agent(g);

	if (p != NULL)
		(void)hr_guard_peer_send(p, answer(g, HR_MESSAGE_TICKET_REQUEST));
}

static void refuse(struct hr_guard_shell *g, struct hr_guard_peer *p, const char *text)
{
	struct hr_message *m = answer(g, HR_MESSAGE_REFUSE);

	m->refuse.reason = HR_REASON_NOT_AUTHORISED;
	m->refuse.min_version = HR_PROTOCOL_MIN;
	m->refuse.max_version = HR_PROTOCOL_MAX;
	snprintf(m->refuse.text, sizeof(m->refuse.text), "%.255s", text);
	(void)hr_guard_peer_send(p, m);
	hr_log(HR_LOG_WARNING, "msg=\"a client was refused: %s\" pid=%ld uid=%ld", text,
	       (long)p->pid, (long)p->uid);
	hr_guard_peer_drop(p);
}

static void on_hello(struct hr_guard_shell *g, struct hr_guard_peer *p, const struct hr_hello *h)
{
	struct hr_guard_peer *other = agent(g);
	struct hr_err err;
	char text[160];
	uint32_t version;

	if (hr_message_negotiate(h, &version, &err) < 0) {
		refuse(g, p, err.text);
		return;
	}
	if (!hr_guard_peer_may(p, h->role, g->env->conf)) {
		snprintf(text, sizeof(text), "user %ld may not be %s", (long)p->uid,
			 hr_role_name(h->role));
		refuse(g, p, text);
		return;
	}
	if (h->role == HR_ROLE_AGENT && other != NULL && other != p) {
		snprintf(text, sizeof(text), "another agent is connected (pid %ld)",
			 (long)other->pid);
		refuse(g, p, text);
		return;
	}
	p->role = h->role;
	struct hr_message *m = answer(g, HR_MESSAGE_WELCOME);

	m->welcome.version = version;
	m->welcome.epoch = g->core.heard.epoch;
	m->welcome.period_ns = g->env->conf->tick_ns;
	(void)hr_guard_peer_send(p, m);
	hr_log(HR_LOG_INFO, "msg=\"a client connected\" role=%s pid=%ld", hr_role_name(h->role),
	       (long)p->pid);
}

static void on_split(struct hr_guard_shell *g, const struct hr_split *s)
{
	struct hr_guard_event *ev = &g->event;

	memset(ev, 0, sizeof(*ev));
	ev->kind = s->has_grant ? HR_GUARD_GRANT : HR_GUARD_SPLIT;
	ev->grant = s->grant;
	ev->n_split = s->n_zones > 0 ? g->zones.n : 0;
	for (size_t i = 0; i < g->zones.n; i++) {
		ev->split_uw[i] = g->core.zone[i].target_uw;
		for (unsigned k = 0; k < s->n_zones; k++)
			if (strcmp(s->zone[k].id, hr_guard_zones_zone(&g->zones, i)->id) == 0)
				ev->split_uw[i] = s->zone[k].limit_uw;
	}
	if (s->has_grant || ev->n_split > 0)
		hr_guard_shell_feed(g, ev);
}

/* The slot of that name, or a free one; HR_GUARD_STOP_SLOT if there is none. */
static size_t client_slot(struct hr_guard_shell *g, const char *name)
{
	size_t unused = HR_GUARD_STOP_SLOT;

	for (size_t i = 0; i < HR_GUARD_STOP_SLOT; i++) {
		if (strcmp(g->client[i], name) == 0)
			return i;
		if (!g->core.client[i].used && unused == HR_GUARD_STOP_SLOT)
			unused = i;
	}
	if (unused < HR_GUARD_STOP_SLOT)
		snprintf(g->client[unused], sizeof(g->client[unused]), "%s", name);
	return unused;
}

static void on_client_limit(struct hr_guard_shell *g, struct hr_guard_peer *p,
			    const struct hr_client_limit *c)
{
	struct hr_guard_event *ev = &g->event;
	size_t slot = client_slot(g, c->name);

	if (slot == HR_GUARD_STOP_SLOT) {
		refuse(g, p, "too many clients hold a limit");
		return;
	}
	memset(ev, 0, sizeof(*ev));
	ev->kind = HR_GUARD_CLIENT;
	ev->client = slot;
	ev->client_cap_uw = c->ttl_ns > 0 ? c->cap_uw : 0;
	ev->client_ttl_ns = c->ttl_ns;
	hr_guard_shell_feed(g, ev);
}

static void on_command(struct hr_guard_shell *g, struct hr_guard_peer *p,
		       const struct hr_guard_command *c)
{
	struct hr_message *m = answer(g, HR_MESSAGE_GUARD_ANSWER);
	struct hr_guard_answer *a = &m->guard_answer;

	a->verb = c->verb;
	a->done = c->verb == HR_GUARD_VERB_STOP || g->core.left;
	if (c->verb == HR_GUARD_VERB_STOP)
		g->stop = true;
	else if (!a->done)
		snprintf(a->text, sizeof(a->text),
			 "the guard keeps this node under a budget: ask for a leave first "
			 "(headroom node leave), or stop the guard");
	hr_log(HR_LOG_NOTICE, "msg=\"a command came\" verb=%d by=%s done=%d", (int)c->verb, c->by,
	       a->done);
	(void)hr_guard_peer_send(p, m);
}

static bool may_say(enum hr_role role, enum hr_message_kind kind)
{
	if (kind == HR_MESSAGE_TICKET_REQUEST || kind == HR_MESSAGE_SPLIT)
		return role == HR_ROLE_AGENT;
	if (kind == HR_MESSAGE_CLIENT_LIMIT)
		return role == HR_ROLE_TUNER;
	return kind == HR_MESSAGE_GUARD_COMMAND && role == HR_ROLE_OPERATOR;
}

static void on_message(struct hr_guard_shell *g, struct hr_guard_peer *p)
{
	const struct hr_message *m = &g->message;

	if (m->kind == HR_MESSAGE_HELLO) {
		on_hello(g, p, &m->hello);
		return;
	}
	if (!may_say(p->role, m->kind)) {
		refuse(g, p, "its role may not say that");
		return;
	}
	if (m->kind == HR_MESSAGE_SPLIT) {
		on_split(g, &m->split);
	} else if (m->kind == HR_MESSAGE_CLIENT_LIMIT) {
		on_client_limit(g, p, &m->client_limit);
	} else if (m->kind == HR_MESSAGE_GUARD_COMMAND) {
		on_command(g, p, &m->guard_command);
	} else {
		memset(&g->event, 0, sizeof(g->event));
		g->event.kind = HR_GUARD_TICKET;
		hr_guard_shell_feed(g, &g->event);
	}
}

void hr_guard_shell_hear(struct hr_guard_shell *g, struct hr_guard_peer *p)
{
	struct hr_err err;

	for (int i = 0; i < MESSAGES_AT_ONCE && p->fd >= 0; i++) {
		int rc = hr_guard_peer_receive(p, &g->message, &err);

		if (rc == 0)
			return;
		if (rc > 0) {
			on_message(g, p);
			continue;
		}
		if (rc != -ECONNRESET) {
			g->bad_messages++;
			refuse(g, p, err.text);
		} else {
			if (p->role == HR_ROLE_AGENT)
				hr_log(HR_LOG_WARNING, "msg=\"the agent has gone\" pid=%ld",
				       (long)p->pid);
			hr_guard_peer_drop(p);
		}
	}
}
