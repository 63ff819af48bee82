/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long a guard may sleep: never beyond the end of a lease by either clock, never longer than a
 * tick while something is under way, and long when nothing is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/guard.h"
#include "tests/unit/guard_case.h"

#define TICK (100 * MS)

static int64_t wait_ns(const struct node *n)
{
	return hr_guard_wait_ns(&n->g, n->now, TICK);
}

static void a_guard_at_rest_wakes_to_read_its_limits(void **state)
{
	struct node n;

	(void)state;
	begin(&n);
	n.now = n.g.last_verify;
	assert_int_equal(wait_ns(&n), VERIFY);
	n.now = hr_now_add(n.now, 300 * MS);
	assert_int_equal(wait_ns(&n), VERIFY - 300 * MS);
	n.now = hr_now_add(n.now, VERIFY);
	assert_true(wait_ns(&n) <= 0);
}

static void it_wakes_at_the_end_of_its_lease_by_either_clock(void **state)
{
	struct node n;

	(void)state;
	begin(&n);
	run_under(&n, 100 * W);
	n.g.last_verify = hr_now_add(n.g.lease_ends, S);
	n.now = hr_now_add(n.g.lease_ends, -50 * MS);
	assert_int_equal(wait_ns(&n), 50 * MS);
	/* It was suspended: one clock has gone on. */
	n.now.boot_ns += 30 * MS;
	assert_int_equal(wait_ns(&n), 20 * MS);
	n.now.boot_ns += 30 * MS;
	assert_true(wait_ns(&n) <= 0);
	tick(&n);
	assert_false(n.g.leased);
}

static void it_wakes_at_the_end_of_a_clients_request(void **state)
{
	const struct hr_guard_event ev = {.kind = HR_GUARD_CLIENT,
					  .client = 1,
					  .client_cap_uw = 50 * W,
					  .client_ttl_ns = 400 * MS};
	struct node n;

	(void)state;
	begin(&n);
	run_under(&n, 100 * W);
	step(&n, &ev);
	obey(&n);
	pass(&n, 2 * SETTLE);
	n.g.last_verify = n.now;
	assert_int_equal(wait_ns(&n), 400 * MS - 2 * SETTLE);
}

static void it_ticks_while_something_is_under_way(void **state)
{
	struct node n;

	(void)state;
	begin(&n);
	run_under(&n, 100 * W);
	n.g.last_verify = n.now;
	assert_true(wait_ns(&n) > TICK);
	n.g.zone[1].settling = true;
	n.g.zone[1].settles = hr_now_add(n.now, 30 * MS);
	assert_int_equal(wait_ns(&n), 30 * MS);
	/* It has settled only when both clocks say so. */
	n.now.boot_ns += 10 * MS;
	assert_int_equal(wait_ns(&n), 30 * MS);
	n.g.zone[1].settling = false;
	n.g.zone[0].wait = true;
	assert_int_equal(wait_ns(&n), TICK);
	n.g.zone[0].wait = false;
	n.g.persisting = 1;
	assert_int_equal(wait_ns(&n), TICK);
}

static void after_a_leave_it_sleeps(void **state)
{
	struct node n;

	(void)state;
	begin(&n);
	n.g.leaving = true;
	n.now = hr_now_add(n.g.last_verify, 10 * VERIFY);
	assert_int_equal(wait_ns(&n), TICK);
	n.g.leaving = false;
	n.g.left = true;
	assert_int_equal(wait_ns(&n), S);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_guard_at_rest_wakes_to_read_its_limits),
	    cmocka_unit_test(it_wakes_at_the_end_of_its_lease_by_either_clock),
	    cmocka_unit_test(it_wakes_at_the_end_of_a_clients_request),
	    cmocka_unit_test(it_ticks_while_something_is_under_way),
	    cmocka_unit_test(after_a_leave_it_sleeps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
