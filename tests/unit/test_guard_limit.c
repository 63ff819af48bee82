/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the guard makes of a cap: the limits of the zones, their order, other clients, and hardware
 * that does not do as it is told (rules 1, 3, 13, 14 of docs/safety.md).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/guard.h"
#include "tests/unit/guard_case.h"

static void starts_at_the_floor_when_a_limit_is_unknown(void **state)
{
	struct hr_guard_limit limit[ZONES] = {{true, 20 * W, SETTLE, HR_REASON_NONE},
					      {.fault = HR_REASON_UNREADABLE}};
	struct node n;

	(void)state;
	begin(&n);
	n.reg_uw[1] = 100 * W;
	start(&n, 8, limit);
	/* Until the unknown limit was written, the most it can draw counts. */
	assert_int_equal(hr_guard_charged_uw(&n.g), 140 * W);
	assert_int_equal(asked(&n, HR_GUARD_DO_EXPLAIN)->reason, HR_REASON_CAP_UNKNOWN);
	obey(&n);
	pass(&n, 100 * MS);
	assert_int_equal(in_force_uw(&n), 2 * FLOOR);
	assert_int_equal(hr_guard_charged_uw(&n.g), 2 * FLOOR);
}

/* Rules 3 and 14 inside the node: one zone settles before the other is raised. */
static void lowers_first_then_raises_across_zones(void **state)
{
	struct hr_guard_event ev = {
	    .kind = HR_GUARD_SPLIT, .n_split = ZONES, .split_uw = {15 * W, 45 * W}};
	struct node n;

	(void)state;
	begin(&n);
	assert_int_equal(n.reg_uw[0], 30 * W);
	step(&n, &ev);
	assert_int_equal(asks(&n, HR_GUARD_DO_WRITE), 1);
	assert_int_equal(asked(&n, HR_GUARD_DO_WRITE)->zone, 0);
	assert_int_equal(asked(&n, HR_GUARD_DO_WRITE)->limit_uw, 15 * W);

	ev = limit_event(0, true, 15 * W);
	step(&n, &ev);
	assert_int_equal(asks(&n, HR_GUARD_DO_WRITE), 0);
	/* Read back, but not yet settled: the old limit still counts. */
	assert_int_equal(hr_guard_charged_uw(&n.g), SAFE);
	n.now = hr_now_add(n.now, SETTLE - 1);
	tick(&n);
	assert_int_equal(asks(&n, HR_GUARD_DO_WRITE), 0);
	n.now = hr_now_add(n.now, 1);
	tick(&n);
	assert_int_equal(asked(&n, HR_GUARD_DO_WRITE)->zone, 1);
	assert_int_equal(asked(&n, HR_GUARD_DO_WRITE)->limit_uw, 45 * W);
}

/* Rule 7: what is in force is not known, so nothing may be assumed to be lower. */
static void lease_end_with_an_unknown_cap_means_the_floor(void **state)
{
	struct hr_guard_event lost = limit_event(1, false, 0);
	struct node n;

	(void)state;
	begin(&n);
	run_under(&n, 150 * W);
	lost.limit = (struct hr_guard_limit){.fault = HR_REASON_LOST};
	step(&n, &lost);
	assert_int_equal(hr_guard_charged_uw(&n.g), 75 * W + 120 * W);
	assert_false(ticket(&n).in_force_known);
	n.now = hr_now_add(n.now, TTL);
	tick(&n);
	assert_int_equal(asked(&n, HR_GUARD_DO_EXPLAIN)->after_uw, 2 * FLOOR);
}

/* Rule 13: the tightest request is in force, and frees no watts of the agent's grant. */
static void the_tightest_client_is_in_force(void **state)
{
	struct hr_guard_event ev = {
	    .kind = HR_GUARD_CLIENT, .client = 1, .client_cap_uw = 50 * W, .client_ttl_ns = S};
	struct node n;

	(void)state;
	begin(&n);
	run_under(&n, 100 * W);
	step(&n, &ev);
	obey(&n);
	assert_int_equal(n.explained, HR_REASON_CLIENT_LIMIT);
	ev.client = 2;
	ev.client_cap_uw = 80 * W;
	step(&n, &ev);
	obey(&n);
	assert_int_equal(in_force_uw(&n), 50 * W);
	pass(&n, 2 * SETTLE);
	struct hr_report r = ticket(&n);

	assert_int_equal(r.cap_uw, 100 * W);
	assert_int_equal(r.applied_uw, 50 * W);

	/* Withdrawn, the next one holds; ended by time, the grant. */
	ev.client = 1;
	ev.client_cap_uw = 0;
	step(&n, &ev);
	obey(&n);
	assert_int_equal(in_force_uw(&n), 80 * W);
	pass(&n, S);
	assert_int_equal(in_force_uw(&n), 100 * W);
}

static void a_client_cannot_raise_and_is_checked(void **state)
{
	const struct hr_guard_event bad[] = {
	    {.kind = HR_GUARD_CLIENT, .client = HR_GUARD_CLIENTS, .client_cap_uw = W},
	    {.kind = HR_GUARD_CLIENT, .client_cap_uw = -1},
	    {.kind = HR_GUARD_CLIENT, .client_cap_uw = W, .client_ttl_ns = -1},
	    {.kind = HR_GUARD_CLIENT, .client_cap_uw = W, .client_ttl_ns = HR_TTL_MAX_NS + 1},
	};
	const struct hr_guard_event more = {
	    .kind = HR_GUARD_CLIENT, .client_cap_uw = 190 * W, .client_ttl_ns = S};
	struct node n;

	(void)state;
	begin(&n);
	for (size_t i = 0; i < HR_ARRAY_LEN(bad); i++) {
		forget(&n);
		step(&n, &bad[i]);
		obey(&n);
		assert_int_equal(n.rejected, HR_REASON_ABSURD);
	}
	step(&n, &more);
	obey(&n);
	assert_int_equal(in_force_uw(&n), SAFE);
}

/* Rule 14: another program wrote; ours is put back, and it is told until it stays. */
static void an_overwritten_limit_is_rewritten_and_told(void **state)
{
	struct node n;

	(void)state;
	begin(&n);
	run_under(&n, 50 * W);
	n.reg_uw[0] = 90 * W;
	forget(&n);
	n.now = hr_now_add(n.now, VERIFY);
	tick(&n);
	assert_int_equal(asks(&n, HR_GUARD_DO_READ), 2);
	obey(&n);
	assert_int_equal(n.reg_uw[0], 25 * W);
	assert_true(n.seen[HR_GUARD_DO_NOTIFY] > 0);
	struct hr_report r = ticket(&n);

	assert_int_equal(r.fault, HR_REASON_OVERWRITTEN);
	/* What was found counts until our own value has settled again. */
	assert_int_equal(r.cap_uw, 90 * W + 25 * W);
	n.now = hr_now_add(n.now, VERIFY);
	tick(&n);
	obey(&n);
	r = ticket(&n);
	assert_int_equal(r.fault, HR_REASON_NONE);
	assert_int_equal(r.cap_uw, 50 * W);
}

/* Rule 14: a write that failed leaves the old charge and is tried again once per tick. */
static void a_failed_write_is_tried_again_once_per_tick(void **state)
{
	struct hr_guard_event failed = limit_event(0, true, 0);
	struct node n;

	(void)state;
	begin(&n);
	(void)ticket(&n);
	struct hr_grant g = answer(&n, 40 * W);

	failed.limit = (struct hr_guard_limit){.fault = HR_REASON_IO_ERROR};
	give(&n, &g);
	n.out.n = 0;
	const struct hr_guard_event persisted = {.kind = HR_GUARD_PERSISTED};

	step(&n, &persisted);
	assert_int_equal(asks(&n, HR_GUARD_DO_WRITE), 2);
	for (int i = 0; i < 5; i++) {
		step(&n, &failed);
		assert_int_equal(asks(&n, HR_GUARD_DO_WRITE), 0);
		assert_int_equal(ticket(&n).fault, HR_REASON_IO_ERROR);
		assert_int_equal(hr_guard_charged_uw(&n.g), SAFE);
		n.now = hr_now_add(n.now, 10 * MS);
		tick(&n);
		assert_int_equal(asks(&n, HR_GUARD_DO_WRITE), 1);
		assert_int_equal(asked(&n, HR_GUARD_DO_WRITE)->zone, 0);
	}
	assert_int_equal(ticket(&n).ack.seq, 0);
}

/*
 * Rule 14: what the hardware insists on is the floor, and the other zone makes room for it. It is
 * asked for less once in a while only, and when it takes less the floor is the old one again.
 */
static void a_clamped_limit_moves_the_floor_and_the_other_zone(void **state)
{
	struct node n;

	(void)state;
	begin(&n);
	run_under(&n, 80 * W);
	n.least_uw = 30 * W;
	run_under(&n, 50 * W);
	assert_int_equal(n.reg_uw[0], 30 * W);
	assert_int_equal(n.reg_uw[1], 20 * W);
	struct hr_report r = ticket(&n);

	assert_int_equal(r.fault, HR_REASON_CLAMPED);
	assert_int_equal(r.floor_uw, 30 * W + FLOOR);
	assert_int_equal(r.cap_uw, 50 * W);
	assert_int_equal(r.ack.seq, 2);

	forget(&n);
	pass(&n, VERIFY);
	assert_int_equal(n.seen[HR_GUARD_DO_WRITE], 1);
	assert_int_equal(n.reg_uw[0], 30 * W);
	assert_int_equal(n.seen[HR_GUARD_DO_NOTIFY], 0);
	n.least_uw = 0;
	pass(&n, VERIFY);
	assert_int_equal(hr_guard_floor_uw(&n.g), 2 * FLOOR);
	assert_int_equal(ticket(&n).fault, HR_REASON_NONE);
	run_under(&n, 30 * W);
	assert_true(n.reg_uw[0] < 30 * W);
}

/* The same with a limit that nothing moves: charged where it is, whatever was granted. */
static void a_locked_limit_is_charged_where_it_is(void **state)
{
	struct node n;

	(void)state;
	begin(&n);
	run_under(&n, 80 * W);
	n.locked = true;
	run_under(&n, 30 * W);
	assert_int_equal(n.reg_uw[0], 40 * W);
	assert_int_equal(n.reg_uw[1], FLOOR);
	assert_int_equal(ticket(&n).cap_uw, 50 * W);
	/* A raise that is not taken and a new decrease: the other zone makes room again. */
	run_under(&n, 120 * W);
	assert_int_equal(n.reg_uw[0], 40 * W);
	run_under(&n, 60 * W);
	assert_true(in_force_uw(&n) <= 60 * W);
	struct hr_report r = ticket(&n);

	assert_int_equal(r.fault, HR_REASON_LOCKED);
	assert_int_equal(r.cap_uw, 60 * W);
	assert_int_equal(r.floor_uw, 40 * W + FLOOR);
}

/* The agent's wish is made to fit the cap; an absurd one is refused. */
static void a_split_that_does_not_fit_is_shrunk(void **state)
{
	struct hr_guard_event ev = {
	    .kind = HR_GUARD_SPLIT, .n_split = ZONES, .split_uw = {100 * W, 40 * W}};
	struct node n;

	(void)state;
	begin(&n);
	step(&n, &ev);
	obey(&n);
	pass(&n, 2 * SETTLE);
	/* 40 W above the floors, in the proportion 90 to 30. */
	assert_int_equal(n.reg_uw[0], 40 * W);
	assert_int_equal(n.reg_uw[1], 20 * W);
	ev.split_uw[0] = -1;
	step(&n, &ev);
	assert_int_equal(asked(&n, HR_GUARD_DO_REJECT)->reason, HR_REASON_ABSURD);
	ev.split_uw[0] = 10 * W;
	ev.n_split = 1;
	step(&n, &ev);
	assert_int_equal(asked(&n, HR_GUARD_DO_REJECT)->reason, HR_REASON_ABSURD);
	/* Below the floors there is nothing to divide. */
	run_under(&n, 5 * W);
	assert_int_equal(in_force_uw(&n), 2 * FLOOR);
}

/* Rule 1: the cap is wall power; limits are what is left after supply and rest, rounded down. */
static void the_cap_is_wall_power(void **state)
{
	struct hr_guard_limit limit[ZONES] = {{true, CEILING, SETTLE, HR_REASON_NONE},
					      {true, CEILING, SETTLE, HR_REASON_NONE}};
	struct node n;

	(void)state;
	begin(&n);
	n.conf.efficiency_permille = 900;
	n.conf.rest_uw = 20 * W;
	start(&n, 8, limit);
	obey(&n);
	pass(&n, 100 * MS);
	assert_int_equal(in_force_uw(&n), 36 * W);
	assert_int_equal(hr_guard_charged_uw(&n.g), SAFE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(starts_at_the_floor_when_a_limit_is_unknown),
	    cmocka_unit_test(lowers_first_then_raises_across_zones),
	    cmocka_unit_test(lease_end_with_an_unknown_cap_means_the_floor),
	    cmocka_unit_test(the_tightest_client_is_in_force),
	    cmocka_unit_test(a_client_cannot_raise_and_is_checked),
	    cmocka_unit_test(an_overwritten_limit_is_rewritten_and_told),
	    cmocka_unit_test(a_failed_write_is_tried_again_once_per_tick),
	    cmocka_unit_test(a_clamped_limit_moves_the_floor_and_the_other_zone),
	    cmocka_unit_test(a_locked_limit_is_charged_where_it_is),
	    cmocka_unit_test(a_split_that_does_not_fit_is_shrunk),
	    cmocka_unit_test(the_cap_is_wall_power),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
