/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What agents say, and what is said to them. Invariant: a message reaches the core only if the key
 * that it came with may speak for the node that it claims to be (rule 16).
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/units.h"
#include "role/controller_internal.h"

static int give(struct hr_controller_shell *s, uint64_t peer)
{
	uint8_t bytes[HR_MESSAGE_MAX_BYTES];
	struct hr_err err;
	size_t n;
	int rc = hr_message_encode(&s->out, bytes, sizeof(bytes), &n, &err);

	if (rc < 0) {
		hr_log(HR_LOG_ERROR, "msg=\"to a node: %s\"", err.text);
		return rc;
	}
	return hr_transport_server_send(s->env.server, peer, bytes, n);
}

/* The controller has no identity but its key; its uuid only says that it is one. */
static struct hr_message *compose(struct hr_controller_shell *s, enum hr_message_kind kind)
{
	memset(&s->out, 0, sizeof(s->out));
	s->out.version = HR_PROTOCOL_MAX;
	memset(s->out.sender.byte, 0xff, sizeof(s->out.sender.byte));
	s->out.kind = kind;
	return &s->out;
}

void hr_controller_talk_grant(struct hr_controller_shell *s, struct hr_controller_entry *e,
			      const struct hr_grant *g)
{
	compose(s, HR_MESSAGE_GRANT)->grant = *g;
	e->grants++;
	if (!e->has_peer || give(s, e->peer) < 0)
		e->lost++;
}

static void refuse_peer(struct hr_controller_shell *s, uint64_t peer, enum hr_reason why,
			const char *text)
{
	struct hr_refuse *r = &compose(s, HR_MESSAGE_REFUSE)->refuse;

	r->reason = why;
	r->min_version = HR_PROTOCOL_MIN;
	r->max_version = HR_PROTOCOL_MAX;
	snprintf(r->text, sizeof(r->text), "%.255s", text);
	(void)give(s, peer);
}

void hr_controller_talk_refuse(struct hr_controller_shell *s, struct hr_controller_entry *e,
			       enum hr_reason why)
{
	if (e->refused != why)
		hr_log(HR_LOG_WARNING, "msg=\"a node is refused\" node=%s reason=%s: %s", e->name,
		       hr_reason_name(why), hr_reason_sentence(why));
	if (e->refused != why && e->has_peer)
		refuse_peer(s, e->peer, why, hr_reason_sentence(why));
	e->refused = why;
}

/* Is the domain that of the key, or below it? */
static bool covers(const struct hr_controller_shell *s, const struct hr_authorized_key *who,
		   const char *domain)
{
	int root = hr_tree_domain_find(&s->tree, who->domain);

	for (int d = hr_tree_domain_find(&s->tree, domain); d >= 0; d = s->tree.domain[d].parent)
		if (d == root)
			return true;
	return false;
}

static bool may_speak(const struct hr_controller_shell *s, const struct hr_authorized_key *who,
		      const struct hr_uuid *node, const struct hr_controller_entry *e)
{
	if (who->role != HR_ROLE_AGENT)
		return false;
	if (!who->any_node && hr_uuid_compare(&who->node, node) != 0)
		return false;
	return covers(s, who, e->conf.domain[0] != '\0' ? e->conf.domain : HR_CONF_ROOT_DOMAIN);
}

static void refuse_hello(struct hr_controller_shell *s, uint64_t peer, const struct hr_hello *h,
			 enum hr_reason why, const char *text)
{
	hr_log(HR_LOG_WARNING, "msg=\"a node is refused: %s\" node=%s reason=%s", text, h->name,
	       hr_reason_name(why));
	refuse_peer(s, peer, why, text);
}

/* The entry that a node that says hello belongs to, bound; or NULL, and it was refused. */
static struct hr_controller_entry *admit(struct hr_controller_shell *s, uint64_t peer,
					 const struct hr_authorized_key *who,
					 const struct hr_hello *h)
{
	const struct hr_uuid *node = &s->in.sender;
	struct hr_controller_entry *e = hr_controller_roster_by_node(s, node);
	struct hr_err err = {0};

	if (e == NULL)
		e = hr_controller_roster_by_name(s, h->name);
	if (e == NULL || (!e->listed && e->core < 0)) {
		s->counts.unknown++;
		refuse_hello(s, peer, h, HR_REASON_NOT_AUTHORISED,
			     "the node is not on the roster: add it to 'nodes' of the controller");
		return NULL;
	}
	if (!may_speak(s, who, node, e)) {
		s->counts.impostors++;
		refuse_hello(s, peer, h, HR_REASON_NOT_AUTHORISED,
			     "the key may not speak for this node");
		return NULL;
	}
	if (hr_uuid_compare(&e->node, node) == 0)
		return e;
	if (e->core >= 0 && !e->placeholder &&
	    s->core.node[e->core].state != HR_CONTROLLER_RELEASED &&
	    s->core.node[e->core].state != HR_CONTROLLER_UNKNOWN) {
		refuse_hello(s, peer, h, HR_REASON_FENCED,
			     "the name is bound to another identity that is still charged: release "
			     "it first (headroom node release)");
		return NULL;
	}
	if ((!hr_uuid_is_none(&e->conf.uuid) && hr_uuid_compare(&e->conf.uuid, node) != 0) ||
	    hr_controller_roster_bind(s, e, node, &err) < 0) {
		refuse_hello(s, peer, h, HR_REASON_NOT_AUTHORISED,
			     err.text[0] != '\0' ? err.text : "the roster gives it another uuid");
		return NULL;
	}
	char uuid[HR_UUID_TEXT_BYTES];

	hr_log(HR_LOG_NOTICE, "msg=\"a node joins the roster\" node=%s uuid=%s", e->name,
	       hr_uuid_format(node, uuid));
	return e;
}

static void on_hello(struct hr_controller_shell *s, uint64_t peer,
		     const struct hr_authorized_key *who)
{
	struct hr_hello h = s->in.hello;
	uint32_t version;
	struct hr_err err;

	if (hr_message_negotiate(&h, &version, &err) < 0) {
		refuse_hello(s, peer, &h, HR_REASON_NONE, err.text);
		return;
	}
	struct hr_controller_entry *e = admit(s, peer, who, &h);

	if (e == NULL)
		return;
	e->has_peer = true;
	e->peer = peer;
	e->refused = HR_REASON_NONE;
	snprintf(e->software, sizeof(e->software), "%s", h.software);
	struct hr_welcome *w = &compose(s, HR_MESSAGE_WELCOME)->welcome;

	w->version = version;
	w->epoch = s->core.epoch;
	w->period_ns = s->core.conf.period_ns;
	(void)give(s, peer);
}

static struct hr_controller_entry *speaker(struct hr_controller_shell *s, uint64_t peer,
					   const struct hr_authorized_key *who)
{
	struct hr_controller_entry *e = hr_controller_roster_by_node(s, &s->in.sender);

	if (e == NULL || e->core < 0) {
		s->counts.unknown++;
		return NULL;
	}
	if (!may_speak(s, who, &s->in.sender, e)) {
		if (s->counts.impostors++ == 0)
			hr_log(HR_LOG_ERROR,
			       "msg=\"a key speaks for a node that it may not speak "
			       "for\" node=%s key_line=%u",
			       e->name, who->line);
		return NULL;
	}
	e->has_peer = true;
	e->peer = peer;
	return e;
}

static void on_report(struct hr_controller_shell *s, uint64_t peer,
		      const struct hr_authorized_key *who)
{
	struct hr_controller_entry *e = speaker(s, peer, who);

	if (e == NULL)
		return;
	s->in.report.boot_uw = hr_max_i64(s->in.report.boot_uw, e->conf.boot_uw);
	if (s->in.report.settle_ns == 0)
		s->in.report.settle_ns = s->env.conf->settle_ns;
	struct hr_controller_event ev = {
	    .kind = HR_CONTROLLER_REPORT,
	    .node = e->core,
	    .report = &s->in.report,
	};

	e->heard_wall_ns = hr_now_read().wall_ns;
	hr_controller_shell_feed(s, &ev);
}

static void on_leave(struct hr_controller_shell *s, uint64_t peer,
		     const struct hr_authorized_key *who)
{
	struct hr_controller_entry *e = speaker(s, peer, who);

	if (e == NULL)
		return;
	struct hr_controller_event ev = {.kind = HR_CONTROLLER_LEAVE, .node = e->core};

	hr_controller_shell_audit(s, s->in.leave_request.by, "leave", e->name, "", "", "asked");
	hr_controller_shell_feed(s, &ev);
}

static void on_message(void *ctx, uint64_t peer, const struct hr_authorized_key *who,
		       const uint8_t *bytes, size_t size)
{
	struct hr_controller_shell *s = ctx;

	if (hr_message_decode(bytes, size, &s->in, NULL) < 0) {
		s->counts.malformed++;
		return;
	}
	s->counts.received[s->in.kind]++;
	if (s->in.kind == HR_MESSAGE_REPORT)
		on_report(s, peer, who);
	else if (s->in.kind == HR_MESSAGE_HELLO)
		on_hello(s, peer, who);
	else if (s->in.kind == HR_MESSAGE_LEAVE_REQUEST)
		on_leave(s, peer, who);
	else
		s->counts.strange++;
}

static void on_refused(void *ctx, const char *key, const char *address)
{
	(void)ctx;
	hr_log(HR_LOG_WARNING, "msg=\"a key that is not authorised was refused\" key=%s address=%s",
	       key, address);
}

const struct hr_transport_server_events hr_controller_talk_events = {
    .on_message = on_message,
    .on_refused = on_refused,
};
