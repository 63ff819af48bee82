/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the guard accepts and for how long: grants, marks, leases, gaps, leave and restart (rules
 * 5, 6, 7, 10, 13 of docs/safety.md), one by one. Limits are in test_guard_limit.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/guard.h"
#include "tests/unit/guard_case.h"

static void starts_at_the_lower_of_cap_and_safe_cap(void **state)
{
	struct hr_guard_limit low[ZONES] = {{true, 20 * W, SETTLE, HR_REASON_NONE},
					    {true, 15 * W, SETTLE, HR_REASON_NONE}};
	struct node n;

	(void)state;
	begin(&n);
	assert_int_equal(in_force_uw(&n), SAFE);
	n.reg_uw[0] = 20 * W;
	n.reg_uw[1] = 15 * W;
	start(&n, 8, low);
	obey(&n);
	assert_int_equal(n.explained, HR_REASON_NONE);
	assert_int_equal(in_force_uw(&n), 35 * W);
	assert_int_equal(hr_guard_charged_uw(&n.g), 35 * W);
}

enum wrong {
	OTHER_NODE,
	OTHER_BOOT,
	OLD_LIFE,
	LATER_LIFE,
	OLD_REIGN,
	REPEATED,
	OLDER,
	NO_SUCH_REPORT,
	TOO_LONG,
	NEGATIVE,
	NO_SEQUENCE,
	WRONG__MAX
};

static enum hr_reason make_wrong(struct hr_grant *g, enum wrong how)
{
	switch (how) {
	case OTHER_NODE:
		g->to.node.byte[0]++;
		return HR_REASON_OLD_INCARNATION;
	case OTHER_BOOT:
		g->to.boot.byte[0]++;
		return HR_REASON_OLD_INCARNATION;
	case OLD_LIFE:
		g->to.incarnation--;
		return HR_REASON_OLD_INCARNATION;
	case LATER_LIFE:
		g->to.incarnation++;
		return HR_REASON_OLD_INCARNATION;
	case OLD_REIGN:
		g->mark = (struct hr_mark){2, 1000};
		return HR_REASON_OLD_EPOCH;
	case REPEATED:
		g->mark.seq = 1;
		return HR_REASON_OLD_GRANT;
	case OLDER:
		g->mark.seq = 1;
		g->cap_uw++;
		return HR_REASON_OLD_GRANT;
	case NO_SUCH_REPORT:
		g->echo_n++;
		return HR_REASON_OLD_REPORT;
	case TOO_LONG:
		g->ttl_ns = ACCEPT + 1;
		return HR_REASON_DEAD_GRANT;
	case NEGATIVE:
		g->cap_uw = -1;
		return HR_REASON_ABSURD;
	case NO_SEQUENCE:
		g->mark.seq = 0;
		return HR_REASON_ABSURD;
	case WRONG__MAX:
		break;
	}
	return HR_REASON_NONE;
}

static void refuses_a_grant_for_each_reason(void **state)
{
	struct node n;

	(void)state;
	begin(&n);
	run_under(&n, 50 * W);
	(void)ticket(&n);
	for (enum wrong how = 0; how < WRONG__MAX; how++) {
		struct hr_grant g = answer(&n, 90 * W);
		enum hr_reason want = make_wrong(&g, how);

		forget(&n);
		give(&n, &g);
		obey(&n);
		if (n.rejected != want)
			fail_msg("case %d: %s", (int)how, hr_reason_name(n.rejected));
		assert_int_equal(n.seen[HR_GUARD_DO_PERSIST] + n.seen[HR_GUARD_DO_WRITE], 0);
		assert_int_equal(in_force_uw(&n), 50 * W);
	}
	/* The same, unspoilt, is taken: nothing of the above has burnt a sequence number. */
	struct hr_grant good = answer(&n, 90 * W);

	give(&n, &good);
	obey(&n);
	assert_int_equal(n.seen[HR_GUARD_DO_PERSIST], 1);
	assert_int_equal(n.g.granted_uw, 90 * W);
}

/* Rule 6: late on its way is dead, whichever of the two clocks says so. */
static void refuses_a_dead_lease_by_either_clock(void **state)
{
	struct node n;

	(void)state;
	for (int clock = 0; clock < 3; clock++) {
		begin(&n);
		(void)ticket(&n);
		struct hr_grant g = answer(&n, 90 * W);

		if (clock < 2)
			*(clock ? &n.now.boot_ns : &n.now.raw_ns) += TTL;
		else
			n.now = hr_now_add(n.now, TTL - 1);
		give(&n, &g);
		obey(&n);
		assert_int_equal(n.rejected, clock < 2 ? HR_REASON_DEAD_GRANT : HR_REASON_NONE);
		assert_int_equal(n.g.granted_uw, clock < 2 ? SAFE : 90 * W);
	}
}

/* The lease runs from the report, not from the arrival of its answer. */
static void the_lease_is_anchored_at_the_report(void **state)
{
	struct node n;

	(void)state;
	begin(&n);
	(void)ticket(&n);
	struct hr_grant g = answer(&n, 90 * W);

	pass(&n, TTL - 100 * MS);
	give(&n, &g);
	obey(&n);
	assert_int_equal(n.g.granted_uw, 90 * W);
	pass(&n, 100 * MS);
	assert_int_equal(in_force_uw(&n), SAFE);
}

static void refuses_an_echo_outside_the_accepted_window(void **state)
{
	struct node n;

	(void)state;
	begin(&n);
	assert_int_equal(ticket(&n).oldest_n, 1);
	struct hr_grant g = answer(&n, 90 * W);

	g.ttl_ns = ACCEPT;
	pass(&n, ACCEPT);
	assert_int_equal(ticket(&n).oldest_n, 2);
	give(&n, &g);
	obey(&n);
	assert_int_equal(n.rejected, HR_REASON_OLD_REPORT);

	/* And by number: as many as can be remembered, all made at one moment. */
	g = answer(&n, 90 * W);
	for (int i = 0; i < HR_GUARD_ANCHORS; i++)
		(void)ticket(&n);
	assert_int_equal(n.g.oldest_n, n.g.n - HR_GUARD_ANCHORS + 1);
	forget(&n);
	give(&n, &g);
	obey(&n);
	assert_int_equal(n.rejected, HR_REASON_OLD_REPORT);
	assert_int_equal(in_force_uw(&n), SAFE);
}

/* Rule 5: the mark is stored before the grant takes effect, and both before it is acknowledged. */
static void the_mark_is_durable_before_it_takes_effect(void **state)
{
	const struct hr_guard_event persisted = {.kind = HR_GUARD_PERSISTED};
	struct node n;

	(void)state;
	begin(&n);
	(void)ticket(&n);
	struct hr_grant g = answer(&n, 90 * W);

	give(&n, &g);
	assert_int_equal(n.out.n, 1);
	assert_int_equal(asked(&n, HR_GUARD_DO_PERSIST)->mark.heard.seq, g.mark.seq);
	n.out.n = 0;
	assert_int_equal(ticket(&n).heard.seq, 0);
	assert_int_equal(n.g.granted_uw, SAFE);

	step(&n, &persisted);
	assert_int_equal(n.g.granted_uw, 90 * W);
	assert_int_equal(asks(&n, HR_GUARD_DO_WRITE), 2);
	struct hr_guard_actions writes = n.out;

	assert_int_equal(ticket(&n).heard.seq, g.mark.seq);
	assert_int_equal(ticket(&n).ack.seq, 0);
	n.out = writes;
	obey(&n);
	pass(&n, 2 * SETTLE);
	assert_int_equal(ticket(&n).ack.seq, g.mark.seq);
}

/* Storing can take long. What was alive when it came may be dead when it would take effect. */
static void a_lease_that_ends_while_the_mark_is_stored_gives_nothing(void **state)
{
	const struct hr_guard_event persisted = {.kind = HR_GUARD_PERSISTED};
	struct node n;

	(void)state;
	begin(&n);
	(void)ticket(&n);
	struct hr_grant g = answer(&n, 90 * W);

	give(&n, &g);
	n.now = hr_now_add(n.now, TTL);
	step(&n, &persisted);
	assert_int_equal(asked(&n, HR_GUARD_DO_REJECT)->reason, HR_REASON_DEAD_GRANT);
	obey(&n);
	assert_int_equal(in_force_uw(&n), SAFE);
	/* It is acknowledged all the same: it cannot take effect any more. */
	assert_int_equal(ticket(&n).ack.seq, g.mark.seq);
}

/* Rule 3: watts are freed by an acknowledgement, and that comes after settling. */
static void a_decrease_is_acknowledged_when_it_has_settled(void **state)
{
	struct node n;

	(void)state;
	begin(&n);
	(void)ticket(&n);
	struct hr_grant g = answer(&n, 40 * W);

	give(&n, &g);
	obey(&n);
	assert_int_equal(in_force_uw(&n), 40 * W);
	struct hr_report r = ticket(&n);

	assert_int_equal(r.ack.seq, 0);
	assert_int_equal(r.cap_uw, SAFE);
	forget(&n);
	pass(&n, SETTLE);
	assert_int_equal(n.seen[HR_GUARD_DO_NOTIFY], 1);
	r = ticket(&n);
	assert_int_equal(r.ack.seq, g.mark.seq);
	assert_int_equal(r.cap_uw, 40 * W);
}

/* Rule 7, both halves: from above down to the safe cap, from below not up to it. */
static void lease_end_takes_the_lower_of_cap_and_safe_cap(void **state)
{
	struct node n;

	(void)state;
	for (int high = 0; high < 2; high++) {
		begin(&n);
		run_under(&n, high ? 150 * W : 40 * W);
		assert_int_equal(in_force_uw(&n), high ? 150 * W : 40 * W);
		forget(&n);
		pass(&n, TTL);
		assert_int_equal(in_force_uw(&n), high ? SAFE : 40 * W);
		assert_int_equal(n.explained, high ? HR_REASON_LEASE_ENDED : HR_REASON_NONE);
		assert_true(n.seen[HR_GUARD_DO_NOTIFY] > 0);
		assert_false(n.g.leased);
	}
}

static void a_suspended_host_loses_its_lease(void **state)
{
	struct node n;

	(void)state;
	begin(&n);
	run_under(&n, 150 * W);
	/* CLOCK_MONOTONIC_RAW stood still. */
	n.now.boot_ns += TTL;
	tick(&n);
	obey(&n);
	assert_int_equal(in_force_uw(&n), SAFE);
}

/* Rule 13: stopped for longer than a lease, the first thing is rule 7, whatever is waiting. */
static void a_gap_in_its_ticks_ends_the_lease_first(void **state)
{
	struct node n;

	(void)state;
	begin(&n);
	run_under(&n, 150 * W);
	(void)ticket(&n);
	struct hr_grant late = answer(&n, 180 * W);

	forget(&n);
	n.now = hr_now_add(n.now, 3 * S);
	give(&n, &late);
	assert_int_equal(n.out.action[0].kind, HR_GUARD_DO_EXPLAIN);
	assert_int_equal(n.out.action[0].reason, HR_REASON_GUARD_PAUSED);
	obey(&n);
	assert_int_equal(n.rejected, HR_REASON_DEAD_GRANT);
	assert_int_equal(in_force_uw(&n), SAFE);
}

/* Rule 10: originals come back after a granted leave only, and its charge never ends by time. */
static void a_leave_restores_and_stays_charged(void **state)
{
	const struct hr_guard_event restored = {.kind = HR_GUARD_RESTORED};
	const struct hr_guard_event persisted = {.kind = HR_GUARD_PERSISTED};
	struct node n;

	(void)state;
	begin(&n);
	step(&n, &restored);
	assert_false(n.g.left);
	run_under(&n, 50 * W);
	(void)ticket(&n);
	struct hr_grant g = answer(&n, 240 * W);

	g.leave = true;
	give(&n, &g);
	assert_true(asked(&n, HR_GUARD_DO_PERSIST)->mark.left);
	step(&n, &persisted);
	assert_int_equal(asks(&n, HR_GUARD_DO_RESTORE), 1);
	assert_int_equal(ticket(&n).ack.seq, 1);
	assert_int_equal(ticket(&n).cap_uw, 240 * W);
	step(&n, &restored);
	obey(&n);
	forget(&n);
	pass(&n, 5 * S);
	assert_int_equal(n.seen[HR_GUARD_DO_WRITE], 0);
	struct hr_report r = ticket(&n);

	assert_true(r.left);
	assert_int_equal(r.ack.seq, 2);
	assert_int_equal(r.cap_uw, 240 * W);
	g = answer(&n, 50 * W);
	give(&n, &g);
	obey(&n);
	assert_int_equal(n.rejected, HR_REASON_LEFT);
}

/* Rule 5: a restart keeps the mark and the granted safe cap; answers to the old life are void. */
static void a_restart_keeps_what_it_heard(void **state)
{
	struct hr_guard_limit limit[ZONES];
	struct node n;

	(void)state;
	begin(&n);
	(void)ticket(&n);
	struct hr_grant g = answer(&n, 150 * W);

	g.safe_uw = 45 * W;
	give(&n, &g);
	obey(&n);
	struct hr_grant late = answer(&n, 190 * W);

	for (int i = 0; i < ZONES; i++)
		limit[i] = (struct hr_guard_limit){
		    .known = true, .limit_uw = n.reg_uw[i], .settle_ns = SETTLE};
	start(&n, 8, limit);
	obey(&n);
	assert_int_equal(in_force_uw(&n), 45 * W);
	assert_int_equal(ticket(&n).heard.seq, g.mark.seq);
	give(&n, &late);
	obey(&n);
	assert_int_equal(n.rejected, HR_REASON_OLD_INCARNATION);
	g = answer(&n, 100 * W);
	g.mark.seq = 1;
	give(&n, &g);
	obey(&n);
	assert_int_equal(n.rejected, HR_REASON_OLD_GRANT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(starts_at_the_lower_of_cap_and_safe_cap),
	    cmocka_unit_test(refuses_a_grant_for_each_reason),
	    cmocka_unit_test(refuses_a_dead_lease_by_either_clock),
	    cmocka_unit_test(the_lease_is_anchored_at_the_report),
	    cmocka_unit_test(refuses_an_echo_outside_the_accepted_window),
	    cmocka_unit_test(the_mark_is_durable_before_it_takes_effect),
	    cmocka_unit_test(a_lease_that_ends_while_the_mark_is_stored_gives_nothing),
	    cmocka_unit_test(a_decrease_is_acknowledged_when_it_has_settled),
	    cmocka_unit_test(lease_end_takes_the_lower_of_cap_and_safe_cap),
	    cmocka_unit_test(a_suspended_host_loses_its_lease),
	    cmocka_unit_test(a_gap_in_its_ticks_ends_the_lease_first),
	    cmocka_unit_test(a_leave_restores_and_stays_charged),
	    cmocka_unit_test(a_restart_keeps_what_it_heard),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
