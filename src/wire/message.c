/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The codec: checks of form, and the two functions around protobuf-c. What protobuf-c parses it
 * puts into a scratch area on the stack that only grows, so that no message, however odd, takes
 * memory of the process or more than the area.
 * Invariant: the checks are the same on the way out and on the way in.
 */
#include "wire/message.h"

#include <errno.h>
#include <stdalign.h>
#include <string.h>

#include "wire/message_pack.h"
#include "wire/message_unpack.h"

#define SCRATCH_BYTES 49152

static const char *const kind_names[HR_MESSAGE__MAX] = {
    [HR_MESSAGE_NONE] = "none",
    [HR_MESSAGE_HELLO] = "hello",
    [HR_MESSAGE_WELCOME] = "welcome",
    [HR_MESSAGE_REFUSE] = "refuse",
    [HR_MESSAGE_REPORT] = "report",
    [HR_MESSAGE_GRANT] = "grant",
    [HR_MESSAGE_TICKET_REQUEST] = "ticket_request",
    [HR_MESSAGE_TICKET] = "ticket",
    [HR_MESSAGE_SPLIT] = "split",
    [HR_MESSAGE_CLIENT_LIMIT] = "client_limit",
    [HR_MESSAGE_GUARD_COMMAND] = "guard_command",
    [HR_MESSAGE_GUARD_ANSWER] = "guard_answer",
    [HR_MESSAGE_LEAVE_REQUEST] = "leave_request",
};

const char *hr_message_kind_name(enum hr_message_kind k)
{
	return (unsigned)k < HR_MESSAGE__MAX ? kind_names[k] : "unknown";
}

static int bad(struct hr_err *reterr, const char *what)
{
	return hr_err_set(reterr, -EBADMSG, "%s", what);
}

static int check_name(const char *name, bool required, const char *field, struct hr_err *reterr)
{
	if (name[0] == '\0' && !required)
		return 0;
	if (memchr(name, '\0', HR_NAME_BYTES) == NULL || !hr_name_is_valid(name))
		return hr_err_set(reterr, -EBADMSG,
				  "%s is not a name (1 to %d of A-Z a-z 0-9 . _ : -)", field,
				  HR_NAME_BYTES - 1);
	return 0;
}

/* Text that may reach a terminal: no control characters. */
static int check_text(const char *text, struct hr_err *reterr)
{
	const char *end = memchr(text, '\0', HR_MESSAGE_TEXT_BYTES);
	if (!end)
		return bad(reterr, "text has no end");
	for (const char *c = text; c < end; c++) {
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			return bad(reterr, "text has a control character in it");
	}
	return 0;
}

static int check_reason(enum hr_reason r, const char *field, struct hr_err *reterr)
{
	if ((unsigned)r >= HR_REASON__MAX)
		return hr_err_set(reterr, -EBADMSG, "%s %d is not known", field, (int)r);
	return 0;
}

static int check_ident(const struct hr_ident *id, struct hr_err *reterr)
{
	if (hr_uuid_is_none(&id->node))
		return bad(reterr, "node is missing");
	if (hr_uuid_is_none(&id->boot))
		return bad(reterr, "boot is missing");
	if (id->incarnation == 0)
		return bad(reterr, "incarnation is missing");
	return 0;
}

/* A node speaks for itself only. */
static int check_origin(const struct hr_message *m, const struct hr_ident *id,
			struct hr_err *reterr)
{
	if (hr_uuid_compare(&m->sender, &id->node) != 0)
		return bad(reterr, "node is not the sender");
	return check_ident(id, reterr);
}

static int check_zones(const struct hr_zone_limit *zone, unsigned n, struct hr_err *reterr)
{
	if (n > HR_ZONES_MAX)
		return hr_err_set(reterr, -EBADMSG, "%u zones are listed, at most %d are allowed",
				  n, HR_ZONES_MAX);
	for (unsigned i = 0; i < n; i++) {
		int rc = check_name(zone[i].id, true, "zone id", reterr);
		if (rc == 0)
			rc = check_reason(zone[i].fault, "zone fault", reterr);
		if (rc < 0)
			return rc;
		for (unsigned k = 0; k < i; k++) {
			if (strcmp(zone[i].id, zone[k].id) == 0)
				return hr_err_set(reterr, -EBADMSG, "zone %s is listed twice",
						  zone[i].id);
		}
	}
	return 0;
}

static int check_report(const struct hr_message *m, const struct hr_report *r,
			struct hr_err *reterr)
{
	int rc = check_origin(m, &r->from, reterr);
	if (rc == 0)
		rc = check_reason(r->cap_reason, "cap_reason", reterr);
	if (rc == 0)
		rc = check_reason(r->fault, "fault", reterr);
	if (rc == 0 && (unsigned)r->draw_quality >= HR_QUALITY__MAX)
		rc = hr_err_set(reterr, -EBADMSG, "draw_quality %d is not known",
				(int)r->draw_quality);
	return rc;
}

static int check_grant(const struct hr_grant *g, struct hr_err *reterr)
{
	int rc = check_ident(&g->to, reterr);
	if (rc == 0 && (g->mark.epoch == 0 || g->mark.seq == 0))
		rc = bad(reterr, "mark is missing");
	if (rc == 0)
		rc = check_reason(g->reason, "reason", reterr);
	return rc;
}

static int check_hello(const struct hr_hello *h, struct hr_err *reterr)
{
	if (h->min_version == 0 || h->max_version < h->min_version)
		return hr_err_set(reterr, -EBADMSG, "versions %u to %u are no range",
				  h->min_version, h->max_version);
	if (h->role == HR_ROLE_NONE || (unsigned)h->role >= HR_ROLE__MAX)
		return hr_err_set(reterr, -EBADMSG, "role %d is not known", (int)h->role);
	int rc = check_name(h->name, false, "name", reterr);
	if (rc == 0)
		rc = check_name(h->software, false, "software", reterr);
	return rc;
}

static int check_refuse(const struct hr_refuse *r, struct hr_err *reterr)
{
	int rc = check_reason(r->reason, "reason", reterr);
	return rc < 0 ? rc : check_text(r->text, reterr);
}

static int check_verb(enum hr_guard_verb v, struct hr_err *reterr)
{
	if (v == HR_GUARD_VERB_NONE || (unsigned)v >= HR_GUARD_VERB__MAX)
		return hr_err_set(reterr, -EBADMSG, "command %d is not known", (int)v);
	return 0;
}

static int check_guard_command(const struct hr_guard_command *c, struct hr_err *reterr)
{
	int rc = check_verb(c->verb, reterr);
	return rc < 0 ? rc : check_name(c->by, false, "by", reterr);
}

static int check_guard_answer(const struct hr_guard_answer *a, struct hr_err *reterr)
{
	int rc = check_verb(a->verb, reterr);
	if (rc == 0)
		rc = check_reason(a->reason, "reason", reterr);
	return rc < 0 ? rc : check_text(a->text, reterr);
}

static int check_ticket(const struct hr_message *m, struct hr_err *reterr)
{
	int rc = check_report(m, &m->ticket.report, reterr);
	return rc < 0 ? rc : check_zones(m->ticket.zone, m->ticket.n_zones, reterr);
}

static int check_split(const struct hr_split *s, struct hr_err *reterr)
{
	int rc = check_zones(s->zone, s->n_zones, reterr);
	return rc == 0 && s->has_grant ? check_grant(&s->grant, reterr) : rc;
}

static int check_leave_request(const struct hr_message *m, struct hr_err *reterr)
{
	int rc = check_origin(m, &m->leave_request.from, reterr);
	return rc < 0 ? rc : check_name(m->leave_request.by, false, "by", reterr);
}

static int check_body(const struct hr_message *m, struct hr_err *reterr)
{
	switch (m->kind) {
	case HR_MESSAGE_HELLO:
		return check_hello(&m->hello, reterr);
	case HR_MESSAGE_WELCOME:
		return m->welcome.version == 0 ? bad(reterr, "version is missing") : 0;
	case HR_MESSAGE_REFUSE:
		return check_refuse(&m->refuse, reterr);
	case HR_MESSAGE_REPORT:
		return check_report(m, &m->report, reterr);
	case HR_MESSAGE_GRANT:
		return check_grant(&m->grant, reterr);
	case HR_MESSAGE_TICKET_REQUEST:
		return 0;
	case HR_MESSAGE_TICKET:
		return check_ticket(m, reterr);
	case HR_MESSAGE_SPLIT:
		return check_split(&m->split, reterr);
	case HR_MESSAGE_CLIENT_LIMIT:
		return check_name(m->client_limit.name, true, "name", reterr);
	case HR_MESSAGE_GUARD_COMMAND:
		return check_guard_command(&m->guard_command, reterr);
	case HR_MESSAGE_GUARD_ANSWER:
		return check_guard_answer(&m->guard_answer, reterr);
	case HR_MESSAGE_LEAVE_REQUEST:
		return check_leave_request(m, reterr);
	case HR_MESSAGE_NONE:
	case HR_MESSAGE__MAX:
		break;
	}
	return bad(reterr, "its kind is not known");
}

static int check_version(uint32_t version, bool any, struct hr_err *reterr)
{
	if (version == 0)
		return bad(reterr, "version is missing");
	if (!any && (version < HR_PROTOCOL_MIN || version > HR_PROTOCOL_MAX))
		return hr_err_set(reterr, -EPROTONOSUPPORT,
				  "it speaks protocol version %u, this build %d to %d", version,
				  HR_PROTOCOL_MIN, HR_PROTOCOL_MAX);
	return 0;
}

int hr_message_check(const struct hr_message *m, struct hr_err *reterr)
{
	bool any = m->kind == HR_MESSAGE_HELLO || m->kind == HR_MESSAGE_REFUSE;
	int rc = check_version(m->version, any, reterr);
	if (rc == 0 && hr_uuid_is_none(&m->sender))
		rc = bad(reterr, "sender is missing");
	if (rc == 0)
		rc = check_name(m->domain, false, "domain", reterr);
	if (rc == 0)
		rc = check_body(m, reterr);
	if (rc < 0)
		hr_err_prefix(reterr, "%s message refused", hr_message_kind_name(m->kind));
	return rc;
}

int hr_message_encode(const struct hr_message *m, uint8_t *buf, size_t size, size_t *ret_len,
		      struct hr_err *reterr)
{
	int rc = hr_message_check(m, reterr);
	if (rc < 0)
		return rc;
	struct hr_message_pack pack;
	hr_message_pack_fill(&pack, m);
	size_t len = headroom__envelope__get_packed_size(&pack.envelope);
	if (len > size)
		return hr_err_set(reterr, -ENOBUFS, "%s message takes %zu bytes, there are %zu",
				  hr_message_kind_name(m->kind), len, size);
	*ret_len = headroom__envelope__pack(&pack.envelope, buf);
	return 0;
}

struct scratch {
	alignas(max_align_t) uint8_t bytes[SCRATCH_BYTES];
	size_t used;
};

static void *scratch_alloc(void *data, size_t size)
{
	struct scratch *s = data;
	if (size > SCRATCH_BYTES - s->used)
		return NULL;
	void *p = s->bytes + s->used;
	size_t step = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
	s->used += step;
	if (s->used > SCRATCH_BYTES)
		s->used = SCRATCH_BYTES;
	return p;
}

static void scratch_free(void *data, void *pointer)
{
	(void)data;
	(void)pointer;
}

int hr_message_decode(const uint8_t *bytes, size_t size, struct hr_message *ret,
		      struct hr_err *reterr)
{
	if (size > HR_MESSAGE_MAX_BYTES)
		return hr_err_set(reterr, -EMSGSIZE,
				  "message refused: it has %zu bytes, at most %d are allowed", size,
				  HR_MESSAGE_MAX_BYTES);
	struct scratch scratch;
	scratch.used = 0;
	ProtobufCAllocator allocator = {scratch_alloc, scratch_free, &scratch};
	const Headroom__Envelope *e = headroom__envelope__unpack(&allocator, size, bytes);
	if (!e)
		return hr_err_set(reterr, -EBADMSG,
				  "message refused: its %zu bytes are not a Headroom envelope",
				  size);
	struct hr_message m;
	memset(&m, 0, sizeof(m));
	/* Before the body: one of a later version may hold what this build cannot read. */
	bool any = e->body_case == HEADROOM__ENVELOPE__BODY_HELLO ||
		   e->body_case == HEADROOM__ENVELOPE__BODY_REFUSE;
	int rc = check_version(e->version, any, reterr);
	if (rc == 0)
		rc = hr_message_unpack_fill(e, &m, reterr);
	if (rc < 0) {
		hr_err_prefix(reterr, "%s message refused", hr_message_kind_name(m.kind));
		return rc;
	}
	rc = hr_message_check(&m, reterr);
	if (rc == 0)
		memcpy(ret, &m, sizeof(m));
	return rc;
}

int hr_message_negotiate(const struct hr_hello *hello, uint32_t *ret_version, struct hr_err *reterr)
{
	uint32_t newest = hello->max_version < HR_PROTOCOL_MAX ? hello->max_version
							       : (uint32_t)HR_PROTOCOL_MAX;
	if (newest < HR_PROTOCOL_MIN || newest < hello->min_version)
		return hr_err_set(
		    reterr, -EPROTONOSUPPORT,
		    "no common protocol version: this side speaks %d to %d, the other "
		    "%u to %u; update the older of the two",
		    HR_PROTOCOL_MIN, HR_PROTOCOL_MAX, hello->min_version, hello->max_version);
	*ret_version = newest;
	return 0;
}
