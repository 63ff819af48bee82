/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of the guard share: a node of two zones whose hardware and disk do at once what
 * the guard asks for. Wall power is device power here, except where a test says so.
 */
#ifndef HR_TESTS_GUARD_CASE_H
#define HR_TESTS_GUARD_CASE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/attr.h"
#include "base/units.h"
#include "core/guard.h"

#define W HR_UW_PER_W
#define MS HR_NS_PER_MS
#define S HR_NS_PER_S
#define ZONES 2
#define FLOOR (10 * W)    /* of a zone */
#define CEILING (100 * W) /* of a zone */
#define SAFE (60 * W)     /* of the node */
#define TTL (2 * S)
#define ACCEPT (10 * S)
#define VERIFY S
#define SETTLE (20 * MS)

struct node {
	struct hr_guard g;
	struct hr_guard_conf conf;
	struct hr_now now;
	struct hr_guard_actions out;
	/* hardware and disk */
	int64_t reg_uw[ZONES];
	int64_t least_uw; /* zone 0 takes no less, 0: it does */
	bool locked;      /* zone 0 takes nothing */
	struct hr_guard_mark disk;
	/* seen since the last look */
	int seen[HR_GUARD_DO_EXPLAIN + 1];
	enum hr_reason rejected, explained;
	uint64_t seq;
};

static const struct hr_guard_zone_conf zones[ZONES] = {{FLOOR, CEILING, 120 * W},
						       {FLOOR, CEILING, 120 * W}};

static inline struct hr_ident identity(uint64_t incarnation)
{
	return (struct hr_ident){.node = {{1}}, .boot = {{2}}, .incarnation = incarnation};
}

static inline struct hr_guard_event limit_event(size_t zone, bool was_write, int64_t uw)
{
	return (struct hr_guard_event){
	    .kind = HR_GUARD_LIMIT,
	    .zone = zone,
	    .was_write = was_write,
	    .limit = {.known = true, .limit_uw = uw, .settle_ns = SETTLE}};
}

/* One step; what the guard asks for is left in out. */
static inline void step(struct node *n, const struct hr_guard_event *ev)
{
	n->out.n = 0;
	hr_guard_step(&n->g, ev, n->now, &n->out);
}

static inline int asks(const struct node *n, enum hr_guard_action_kind kind)
{
	int count = 0;

	for (size_t i = 0; i < n->out.n; i++)
		count += n->out.action[i].kind == kind;
	return count;
}

static inline const struct hr_guard_action *asked(const struct node *n,
						  enum hr_guard_action_kind kind)
{
	for (size_t i = 0; i < n->out.n; i++)
		if (n->out.action[i].kind == kind)
			return &n->out.action[i];
	fail_msg("the guard did not ask for action %d", (int)kind);
	return n->out.action;
}

static inline struct hr_guard_event write_limit(struct node *n, size_t zone, int64_t uw)
{
	enum hr_reason fault = HR_REASON_NONE;

	if (zone == 0 && n->locked) {
		fault = n->reg_uw[0] == uw ? HR_REASON_NONE : HR_REASON_LOCKED;
		uw = n->reg_uw[0];
	} else if (zone == 0 && uw < n->least_uw) {
		fault = HR_REASON_CLAMPED;
		uw = n->least_uw;
	}
	struct hr_guard_event ev = limit_event(zone, true, uw);

	n->reg_uw[zone] = uw;
	ev.limit.fault = fault;
	return ev;
}

/* Does one thing that the guard asked for; the answer may make it ask for more. */
static inline void do_one(struct node *n, const struct hr_guard_action *a)
{
	struct hr_guard_event ev;

	n->seen[a->kind]++;
	switch (a->kind) {
	case HR_GUARD_DO_PERSIST:
		n->disk = a->mark;
		ev = (struct hr_guard_event){.kind = HR_GUARD_PERSISTED};
		break;
	case HR_GUARD_DO_WRITE:
		ev = write_limit(n, a->zone, a->limit_uw);
		break;
	case HR_GUARD_DO_READ:
		ev = limit_event(a->zone, false, n->reg_uw[a->zone]);
		break;
	case HR_GUARD_DO_RESTORE:
		ev = (struct hr_guard_event){.kind = HR_GUARD_RESTORED};
		break;
	case HR_GUARD_DO_REJECT:
		n->rejected = a->reason;
		return;
	case HR_GUARD_DO_EXPLAIN:
		n->explained = a->reason;
		return;
	case HR_GUARD_DO_TICKET:
	case HR_GUARD_DO_NOTIFY:
	default:
		return;
	}
	hr_guard_step(&n->g, &ev, n->now, &n->out);
}

/* Honest hardware that obeys at once, until the guard asks for nothing more. */
static inline void obey(struct node *n)
{
	for (int rounds = 0; n->out.n > 0; rounds++) {
		struct hr_guard_actions todo = n->out;

		if (rounds > 20)
			fail_msg("the guard asks for more without end");

		n->out.n = 0;
		for (size_t i = 0; i < todo.n; i++)
			do_one(n, &todo.action[i]);
	}
}

static inline void forget(struct node *n)
{
	memset(n->seen, 0, sizeof(n->seen));
	n->rejected = n->explained = HR_REASON_NONE;
}

static inline void tick(struct node *n)
{
	const struct hr_guard_event ev = {.kind = HR_GUARD_TICK};

	step(n, &ev);
}

/* Lets time pass at a guard that ticks every 100 ms. */
static inline void pass(struct node *n, int64_t ns)
{
	for (int64_t done = 0; done < ns; done += hr_min_i64(100 * MS, ns - done)) {
		n->now = hr_now_add(n->now, hr_min_i64(100 * MS, ns - done));
		tick(n);
		obey(n);
	}
}

static inline struct hr_report ticket(struct node *n)
{
	const struct hr_guard_event ev = {.kind = HR_GUARD_TICKET};

	step(n, &ev);
	(void)asked(n, HR_GUARD_DO_TICKET);
	struct hr_report r = n->out.ticket;

	assert_int_equal(hr_report_validate(&r, NULL), 0);
	obey(n);
	return r;
}

/* A grant that answers the newest report. */
static inline struct hr_grant answer(struct node *n, int64_t cap_uw)
{
	return (struct hr_grant){.to = n->g.self,
				 .echo_n = n->g.n,
				 .mark = {3, ++n->seq},
				 .cap_uw = cap_uw,
				 .ttl_ns = TTL,
				 .period_ns = S};
}

static inline void give(struct node *n, const struct hr_grant *g)
{
	const struct hr_guard_event ev = {.kind = HR_GUARD_GRANT, .grant = *g};

	step(n, &ev);
}

/* Report and answer, obeyed and settled. */
static inline void run_under(struct node *n, int64_t cap_uw)
{
	(void)ticket(n);
	struct hr_grant g = answer(n, cap_uw);

	give(n, &g);
	obey(n);
	pass(n, 2 * SETTLE);
}

static inline void start(struct node *n, uint64_t incarnation,
			 const struct hr_guard_limit limit[ZONES])
{
	n->out.n = 0;
	hr_guard_start(&n->g, &n->conf, identity(incarnation), &n->disk, ZONES, zones, limit,
		       n->now, &n->out);
}

/* A node that has started with both limits at 100 W, and is now at its safe cap. */
static inline void begin(struct node *n)
{
	struct hr_guard_limit limit[ZONES];

	memset(n, 0, sizeof(*n));
	n->conf = (struct hr_guard_conf){.node = {{1}},
					 .safe_uw = SAFE,
					 .efficiency_permille = 1000,
					 .accept_ns = ACCEPT,
					 .verify_ns = VERIFY};
	n->now = (struct hr_now){1000 * S, 5000 * S, 0};
	for (int i = 0; i < ZONES; i++) {
		n->reg_uw[i] = CEILING;
		limit[i] = (struct hr_guard_limit){
		    .known = true, .limit_uw = CEILING, .settle_ns = SETTLE};
	}
	start(n, 7, limit);
	obey(n);
	pass(n, 100 * MS);
	forget(n);
}

static inline int64_t in_force_uw(const struct node *n)
{
	return n->reg_uw[0] + n->reg_uw[1];
}

#endif
