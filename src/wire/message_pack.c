/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From hr_message to the structs that protoc-c made. It copies and converts, checks nothing and
 * takes no memory.
 * Invariant: nothing is written through the pointers into the message.
 */
#include "wire/message_pack.h"

#include "wire/message_enum.h"

/* protobuf-c has no const in its structs although packing only reads them. */
static char *text(const char *s)
{
	return (char *)(uintptr_t)s;
}

static ProtobufCBinaryData uuid(const struct hr_uuid *u)
{
	ProtobufCBinaryData d = {sizeof(u->byte), (uint8_t *)(uintptr_t)u->byte};
	return d;
}

static Headroom__Reason reason(enum hr_reason r)
{
	return hr_message_enum_reason_to_wire(r);
}

/* A mark that is none is left out. */
static Headroom__Mark *mark(Headroom__Mark *to, struct hr_mark from)
{
	if (from.epoch == 0 && from.seq == 0)
		return NULL;
	headroom__mark__init(to);
	to->epoch = from.epoch;
	to->seq = from.seq;
	return to;
}

static Headroom__ZoneLimit **zones(struct hr_message_pack *p, const struct hr_zone_limit *zone,
				   unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		Headroom__ZoneLimit *z = &p->zone[i];
		headroom__zone_limit__init(z);
		z->id = text(zone[i].id);
		z->limit_uw = zone[i].limit_uw;
		z->fault = reason(zone[i].fault);
		p->zone_ptr[i] = z;
	}
	return p->zone_ptr;
}

static Headroom__Report *report(struct hr_message_pack *p, const struct hr_report *r)
{
	Headroom__Report *w = &p->report;
	headroom__report__init(w);
	w->boot = uuid(&r->from.boot);
	w->incarnation = r->from.incarnation;
	w->n = r->n;
	w->oldest_n = r->oldest_n;
	w->ack = mark(&p->mark[0], r->ack);
	w->heard = mark(&p->mark[1], r->heard);
	w->cap_uw = r->cap_uw;
	w->applied_uw = r->applied_uw;
	w->floor_uw = r->floor_uw;
	w->ceiling_uw = r->ceiling_uw;
	w->safe_uw = r->safe_uw;
	w->boot_uw = r->boot_uw;
	w->uncapped_uw = r->uncapped_uw;
	w->draw_uw = r->draw_uw;
	w->need_uw = r->need_uw;
	w->settle_ns = r->settle_ns;
	w->cap_reason = reason(r->cap_reason);
	w->fault = reason(r->fault);
	w->left = r->left;
	w->in_force_known = r->in_force_known;
	w->draw_quality = (Headroom__Quality)r->draw_quality;
	w->hungry = r->hungry;
	w->over = r->over;
	w->energy_uj = r->energy_uj;
	return w;
}

static Headroom__Grant *grant(struct hr_message_pack *p, const struct hr_grant *g)
{
	Headroom__Grant *w = &p->grant;
	headroom__grant__init(w);
	w->node = uuid(&g->to.node);
	w->boot = uuid(&g->to.boot);
	w->incarnation = g->to.incarnation;
	w->echo_n = g->echo_n;
	w->mark = mark(&p->mark[0], g->mark);
	w->cap_uw = g->cap_uw;
	w->safe_uw = g->safe_uw;
	w->ttl_ns = g->ttl_ns;
	w->period_ns = g->period_ns;
	w->budget_version = g->budget_version;
	w->leave = g->leave;
	w->reason = reason(g->reason);
	return w;
}

static Headroom__Hello *hello(struct hr_message_pack *p, const struct hr_hello *h)
{
	Headroom__Hello *w = &p->body.hello;
	headroom__hello__init(w);
	w->min_version = h->min_version;
	w->max_version = h->max_version;
	w->role = (Headroom__Role)h->role;
	w->name = text(h->name);
	w->software = text(h->software);
	return w;
}

static Headroom__Welcome *welcome(struct hr_message_pack *p, const struct hr_welcome *h)
{
	Headroom__Welcome *w = &p->body.welcome;
	headroom__welcome__init(w);
	w->version = h->version;
	w->epoch = h->epoch;
	w->period_ns = h->period_ns;
	return w;
}

static Headroom__Refuse *refuse(struct hr_message_pack *p, const struct hr_refuse *r)
{
	Headroom__Refuse *w = &p->body.refuse;
	headroom__refuse__init(w);
	w->reason = reason(r->reason);
	w->text = text(r->text);
	w->min_version = r->min_version;
	w->max_version = r->max_version;
	return w;
}

static Headroom__Ticket *ticket(struct hr_message_pack *p, const struct hr_ticket *t)
{
	Headroom__Ticket *w = &p->body.ticket;
	headroom__ticket__init(w);
	w->report = report(p, &t->report);
	w->n_zones = t->n_zones;
	w->zones = zones(p, t->zone, t->n_zones);
	return w;
}

static Headroom__Split *split(struct hr_message_pack *p, const struct hr_split *s)
{
	Headroom__Split *w = &p->body.split;
	headroom__split__init(w);
	w->n_zones = s->n_zones;
	w->zones = zones(p, s->zone, s->n_zones);
	w->grant = s->has_grant ? grant(p, &s->grant) : NULL;
	return w;
}

static Headroom__ClientLimit *client_limit(struct hr_message_pack *p,
					   const struct hr_client_limit *c)
{
	Headroom__ClientLimit *w = &p->body.client_limit;
	headroom__client_limit__init(w);
	w->name = text(c->name);
	w->cap_uw = c->cap_uw;
	w->ttl_ns = c->ttl_ns;
	return w;
}

static Headroom__GuardCommand *guard_command(struct hr_message_pack *p,
					     const struct hr_guard_command *c)
{
	Headroom__GuardCommand *w = &p->body.guard_command;
	headroom__guard_command__init(w);
	w->command = (Headroom__Command)c->verb;
	w->by = text(c->by);
	return w;
}

static Headroom__GuardAnswer *guard_answer(struct hr_message_pack *p,
					   const struct hr_guard_answer *a)
{
	Headroom__GuardAnswer *w = &p->body.guard_answer;
	headroom__guard_answer__init(w);
	w->command = (Headroom__Command)a->verb;
	w->done = a->done;
	w->reason = reason(a->reason);
	w->text = text(a->text);
	return w;
}

static Headroom__LeaveRequest *leave_request(struct hr_message_pack *p,
					     const struct hr_leave_request *l)
{
	Headroom__LeaveRequest *w = &p->body.leave_request;
	headroom__leave_request__init(w);
	w->boot = uuid(&l->from.boot);
	w->incarnation = l->from.incarnation;
	w->by = text(l->by);
	return w;
}

static Headroom__TicketRequest *ticket_request(struct hr_message_pack *p)
{
	headroom__ticket_request__init(&p->body.ticket_request);
	return &p->body.ticket_request;
}

void hr_message_pack_fill(struct hr_message_pack *p, const struct hr_message *m)
{
	Headroom__Envelope *e = &p->envelope;
	headroom__envelope__init(e);
	e->version = m->version;
	e->sender = uuid(&m->sender);
	e->domain = text(m->domain);
#define FILL(KIND, field, value) \
	case HR_MESSAGE_##KIND: \
		e->body_case = HEADROOM__ENVELOPE__BODY_##KIND; \
		e->field = (value); \
		break
	switch (m->kind) {
		FILL(HELLO, hello, hello(p, &m->hello));
		FILL(WELCOME, welcome, welcome(p, &m->welcome));
		FILL(REFUSE, refuse, refuse(p, &m->refuse));
		FILL(REPORT, report, report(p, &m->report));
		FILL(GRANT, grant, grant(p, &m->grant));
		FILL(TICKET_REQUEST, ticket_request, ticket_request(p));
		FILL(TICKET, ticket, ticket(p, &m->ticket));
		FILL(SPLIT, split, split(p, &m->split));
		FILL(CLIENT_LIMIT, client_limit, client_limit(p, &m->client_limit));
		FILL(GUARD_COMMAND, guard_command, guard_command(p, &m->guard_command));
		FILL(GUARD_ANSWER, guard_answer, guard_answer(p, &m->guard_answer));
		FILL(LEAVE_REQUEST, leave_request, leave_request(p, &m->leave_request));
	case HR_MESSAGE_NONE:
	case HR_MESSAGE__MAX:
		break;
	}
#undef FILL
}
