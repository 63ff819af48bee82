/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the structs that protoc-c made to hr_message. Everything here came from a stranger: it is
 * copied with its length checked, and converted with its range checked.
 * Invariant: on success every text ends inside its array and every enumerator is inside its enum.
 */
#include "wire/message_unpack.h"

#include <errno.h>
#include <string.h>

#include "wire/message_enum.h"

static int uuid(const ProtobufCBinaryData *from, const char *field, struct hr_uuid *ret,
		struct hr_err *reterr)
{
	if (from->len != sizeof(ret->byte))
		return hr_err_set(reterr, -EBADMSG, "%s has %zu bytes instead of %zu", field,
				  from->len, sizeof(ret->byte));
	memcpy(ret->byte, from->data, sizeof(ret->byte));
	return 0;
}

static int text(const char *from, const char *field, char *ret, size_t size, struct hr_err *reterr)
{
	size_t len = strlen(from);
	if (len >= size)
		return hr_err_set(reterr, -EBADMSG, "%s has %zu bytes, at most %zu are allowed",
				  field, len, size - 1);
	memcpy(ret, from, len + 1);
	return 0;
}

static int reason(Headroom__Reason from, const char *field, enum hr_reason *ret,
		  struct hr_err *reterr)
{
	*ret = hr_message_enum_reason_from_wire(from);
	if (*ret == HR_REASON__MAX)
		return hr_err_set(reterr, -EBADMSG, "%s %d is not known", field, (int)from);
	return 0;
}

static struct hr_mark mark(const Headroom__Mark *from)
{
	return from ? (struct hr_mark){from->epoch, from->seq} : (struct hr_mark){0, 0};
}

static int zones(Headroom__ZoneLimit *const *from, size_t n, struct hr_zone_limit *ret,
		 unsigned *ret_n, struct hr_err *reterr)
{
	if (n > HR_ZONES_MAX)
		return hr_err_set(reterr, -EBADMSG, "%zu zones are listed, at most %d are allowed",
				  n, HR_ZONES_MAX);
	for (size_t i = 0; i < n; i++) {
		int rc = text(from[i]->id, "zone id", ret[i].id, sizeof(ret[i].id), reterr);
		if (rc == 0)
			rc = reason(from[i]->fault, "zone fault", &ret[i].fault, reterr);
		if (rc < 0)
			return rc;
		ret[i].limit_uw = from[i]->limit_uw;
	}
	*ret_n = (unsigned)n;
	return 0;
}

static int report(const Headroom__Report *w, const struct hr_uuid *sender, struct hr_report *ret,
		  struct hr_err *reterr)
{
	int rc = uuid(&w->boot, "boot", &ret->from.boot, reterr);
	if (rc == 0)
		rc = reason(w->cap_reason, "cap_reason", &ret->cap_reason, reterr);
	if (rc == 0)
		rc = reason(w->fault, "fault", &ret->fault, reterr);
	if (rc < 0)
		return rc;
	ret->from.node = *sender;
	ret->from.incarnation = w->incarnation;
	ret->n = w->n;
	ret->oldest_n = w->oldest_n;
	ret->ack = mark(w->ack);
	ret->heard = mark(w->heard);
	ret->cap_uw = w->cap_uw;
	ret->applied_uw = w->applied_uw;
	ret->floor_uw = w->floor_uw;
	ret->ceiling_uw = w->ceiling_uw;
	ret->safe_uw = w->safe_uw;
	ret->boot_uw = w->boot_uw;
	ret->uncapped_uw = w->uncapped_uw;
	ret->draw_uw = w->draw_uw;
	ret->need_uw = w->need_uw;
	ret->settle_ns = w->settle_ns;
	ret->left = w->left;
	ret->in_force_known = w->in_force_known;
	ret->draw_quality = (enum hr_quality)w->draw_quality;
	ret->hungry = w->hungry;
	ret->over = w->over;
	ret->energy_uj = w->energy_uj;
	return 0;
}

static int grant(const Headroom__Grant *w, struct hr_grant *ret, struct hr_err *reterr)
{
	int rc = uuid(&w->node, "node", &ret->to.node, reterr);
	if (rc == 0)
		rc = uuid(&w->boot, "boot", &ret->to.boot, reterr);
	if (rc == 0)
		rc = reason(w->reason, "reason", &ret->reason, reterr);
	if (rc < 0)
		return rc;
	ret->to.incarnation = w->incarnation;
	ret->echo_n = w->echo_n;
	ret->mark = mark(w->mark);
	ret->cap_uw = w->cap_uw;
	ret->safe_uw = w->safe_uw;
	ret->ttl_ns = w->ttl_ns;
	ret->period_ns = w->period_ns;
	ret->budget_version = w->budget_version;
	ret->leave = w->leave;
	return 0;
}

static int hello(const Headroom__Hello *w, struct hr_hello *ret, struct hr_err *reterr)
{
	ret->min_version = w->min_version;
	ret->max_version = w->max_version;
	ret->role = (enum hr_role)w->role;
	int rc = text(w->name, "name", ret->name, sizeof(ret->name), reterr);
	if (rc == 0)
		rc = text(w->software, "software", ret->software, sizeof(ret->software), reterr);
	return rc;
}

static int welcome(const Headroom__Welcome *w, struct hr_welcome *ret)
{
	ret->version = w->version;
	ret->epoch = w->epoch;
	ret->period_ns = w->period_ns;
	return 0;
}

static int refuse(const Headroom__Refuse *w, struct hr_refuse *ret, struct hr_err *reterr)
{
	ret->min_version = w->min_version;
	ret->max_version = w->max_version;
	int rc = reason(w->reason, "reason", &ret->reason, reterr);
	if (rc == 0)
		rc = text(w->text, "text", ret->text, sizeof(ret->text), reterr);
	return rc;
}

static int ticket(const Headroom__Ticket *w, const struct hr_uuid *sender, struct hr_ticket *ret,
		  struct hr_err *reterr)
{
	if (!w->report)
		return hr_err_set(reterr, -EBADMSG, "report is missing");
	int rc = report(w->report, sender, &ret->report, reterr);
	if (rc == 0)
		rc = zones(w->zones, w->n_zones, ret->zone, &ret->n_zones, reterr);
	return rc;
}

static int split(const Headroom__Split *w, struct hr_split *ret, struct hr_err *reterr)
{
	int rc = zones(w->zones, w->n_zones, ret->zone, &ret->n_zones, reterr);
	ret->has_grant = w->grant != NULL;
	if (rc == 0 && w->grant)
		rc = grant(w->grant, &ret->grant, reterr);
	return rc;
}

static int client_limit(const Headroom__ClientLimit *w, struct hr_client_limit *ret,
			struct hr_err *reterr)
{
	ret->cap_uw = w->cap_uw;
	ret->ttl_ns = w->ttl_ns;
	return text(w->name, "name", ret->name, sizeof(ret->name), reterr);
}

static int guard_command(const Headroom__GuardCommand *w, struct hr_guard_command *ret,
			 struct hr_err *reterr)
{
	ret->verb = (enum hr_guard_verb)w->command;
	return text(w->by, "by", ret->by, sizeof(ret->by), reterr);
}

static int guard_answer(const Headroom__GuardAnswer *w, struct hr_guard_answer *ret,
			struct hr_err *reterr)
{
	ret->verb = (enum hr_guard_verb)w->command;
	ret->done = w->done;
	int rc = reason(w->reason, "reason", &ret->reason, reterr);
	if (rc == 0)
		rc = text(w->text, "text", ret->text, sizeof(ret->text), reterr);
	return rc;
}

static int leave_request(const Headroom__LeaveRequest *w, const struct hr_uuid *sender,
			 struct hr_leave_request *ret, struct hr_err *reterr)
{
	ret->from.node = *sender;
	ret->from.incarnation = w->incarnation;
	int rc = uuid(&w->boot, "boot", &ret->from.boot, reterr);
	if (rc == 0)
		rc = text(w->by, "by", ret->by, sizeof(ret->by), reterr);
	return rc;
}

static int body(const Headroom__Envelope *e, struct hr_message *ret, struct hr_err *reterr)
{
#define BODY(KIND, call) \
	case HEADROOM__ENVELOPE__BODY_##KIND: \
		ret->kind = HR_MESSAGE_##KIND; \
		return call
	switch (e->body_case) {
		BODY(HELLO, hello(e->hello, &ret->hello, reterr));
		BODY(WELCOME, welcome(e->welcome, &ret->welcome));
		BODY(REFUSE, refuse(e->refuse, &ret->refuse, reterr));
		BODY(REPORT, report(e->report, &ret->sender, &ret->report, reterr));
		BODY(GRANT, grant(e->grant, &ret->grant, reterr));
		BODY(TICKET_REQUEST, 0);
		BODY(TICKET, ticket(e->ticket, &ret->sender, &ret->ticket, reterr));
		BODY(SPLIT, split(e->split, &ret->split, reterr));
		BODY(CLIENT_LIMIT, client_limit(e->client_limit, &ret->client_limit, reterr));
		BODY(GUARD_COMMAND, guard_command(e->guard_command, &ret->guard_command, reterr));
		BODY(GUARD_ANSWER, guard_answer(e->guard_answer, &ret->guard_answer, reterr));
		BODY(LEAVE_REQUEST,
		     leave_request(e->leave_request, &ret->sender, &ret->leave_request, reterr));
	case HEADROOM__ENVELOPE__BODY__NOT_SET:
	case _HEADROOM__ENVELOPE__BODY__CASE_IS_INT_SIZE:
		break;
	}
#undef BODY
	return hr_err_set(reterr, -EBADMSG, "it has no body of a kind that version %d knows",
			  HR_PROTOCOL_MAX);
}

int hr_message_unpack_fill(const Headroom__Envelope *e, struct hr_message *ret,
			   struct hr_err *reterr)
{
	ret->version = e->version;
	int rc = uuid(&e->sender, "sender", &ret->sender, reterr);
	if (rc == 0)
		rc = text(e->domain, "domain", ret->domain, sizeof(ret->domain), reterr);
	if (rc == 0)
		rc = body(e, ret, reterr);
	return rc;
}
