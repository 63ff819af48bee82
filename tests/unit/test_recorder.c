/* SPDX-License-Identifier: Apache-2.0 */
/* The judge of the sum of limits: violations, transitions of cuts, excuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/rng.h"
#include "vhw/recorder.h"

#define W INT64_C(1000000)
#define MS HR_NS_PER_MS

static struct hr_recorder_node nodes[3];

/* Three nodes at 100 W each, a budget of 320 W, counting from 0. */
static struct hr_recorder made(void)
{
	struct hr_recorder r;
	hr_recorder_init(&r, nodes, 3);
	for (size_t i = 0; i < 3; i++)
		hr_recorder_disturb(&r, 0, i, 500 * W);
	hr_recorder_budget(&r, 0, 320 * W);
	for (size_t i = 0; i < 3; i++)
		hr_recorder_write(&r, 0, i, 100 * W);
	hr_recorder_arm(&r, 0);
	return r;
}

static void nothing_counts_before_arming(void **state)
{
	(void)state;
	struct hr_recorder r = made();
	assert_int_equal(r.violations, 0);
	assert_int_equal(r.sum_uw_max, 300 * W);
	assert_int_equal(r.writes, 0);
	assert_int_equal(r.n_cuts, 0);
	assert_false(hr_recorder_waits(&r));
}

static void a_violation_is_a_maximal_interval(void **state)
{
	(void)state;
	struct hr_recorder r = made();
	hr_recorder_write(&r, 10 * MS, 0, 120 * W);
	assert_int_equal(r.violations, 0); /* exactly the budget fits */
	hr_recorder_write(&r, 20 * MS, 1, 100 * W + 1);
	assert_int_equal(r.violations, 1);
	hr_recorder_write(&r, 30 * MS, 1, 130 * W);
	hr_recorder_write(&r, 40 * MS, 2, 90 * W);
	assert_int_equal(r.violations, 1); /* still the same one */
	assert_int_equal(r.over_uw_max, 30 * W);
	hr_recorder_write(&r, 50 * MS, 1, 100 * W);
	assert_int_equal(r.violation_ns, 30 * MS);
	assert_int_equal(r.over_since_ns, -1);
	hr_recorder_write(&r, 60 * MS, 1, 200 * W);
	assert_int_equal(r.violations, 2);
	assert_int_equal(r.sum_uw_max, 410 * W);
	assert_int_equal(r.writes, 6);
	assert_int_equal(nodes[1].writes, 4);
}

static void giving_before_taking_is_caught(void **state)
{
	(void)state;
	struct hr_recorder r = made();
	hr_recorder_write(&r, 1 * MS, 0, 110 * W);
	hr_recorder_write(&r, 1 * MS, 1, 110 * W);
	hr_recorder_write(&r, 2 * MS, 0, 150 * W);
	hr_recorder_write(&r, 2 * MS, 1, 70 * W); /* within the same millisecond, but after */
	assert_int_equal(r.violations, 1);
	assert_int_equal(r.violation_ns, 0);
}

static void a_cut_has_a_transition(void **state)
{
	(void)state;
	struct hr_recorder r = made();
	hr_recorder_budget(&r, 100 * MS, 240 * W);
	assert_true(r.transition && hr_recorder_waits(&r));
	hr_recorder_write(&r, 110 * MS, 0, 80 * W);
	hr_recorder_draw(&r, 115 * MS, 290 * W);
	hr_recorder_write(&r, 120 * MS, 1, 80 * W);
	assert_true(r.transition);
	hr_recorder_write(&r, 130 * MS, 2, 80 * W);
	assert_false(r.transition);
	assert_int_equal(r.violations, 0);
	assert_int_equal(r.cut[0].capped_ns, 30 * MS);
	assert_int_equal(r.cut[0].settled_ns, -1);
	assert_true(hr_recorder_waits(&r));
	hr_recorder_draw(&r, 145 * MS, 239 * W);
	assert_int_equal(r.cut[0].settled_ns, 45 * MS);
	assert_false(hr_recorder_waits(&r));
	hr_recorder_write(&r, 200 * MS, 2, 81 * W);
	assert_int_equal(r.violations, 1);
}

static void inside_a_transition_the_old_budget_still_binds(void **state)
{
	(void)state;
	struct hr_recorder r = made();
	hr_recorder_budget(&r, 100 * MS, 240 * W);
	hr_recorder_write(&r, 110 * MS, 0, 121 * W);
	assert_int_equal(r.violations, 1);
	hr_recorder_write(&r, 120 * MS, 0, 40 * W);
	assert_int_equal(r.violations, 1);
	assert_false(r.transition);
}

static void a_cut_that_fits_at_once_has_none(void **state)
{
	(void)state;
	struct hr_recorder r = made();
	hr_recorder_budget(&r, 100 * MS, 300 * W);
	assert_false(r.transition);
	assert_int_equal(r.cut[0].capped_ns, 0);
	hr_recorder_write(&r, 110 * MS, 0, 101 * W);
	assert_int_equal(r.violations, 1);
}

static void cuts_may_follow_each_other_and_a_raise_may_end_one(void **state)
{
	(void)state;
	struct hr_recorder r = made();
	hr_recorder_budget(&r, 100 * MS, 280 * W);
	hr_recorder_budget(&r, 110 * MS, 200 * W);
	for (size_t i = 0; i < 3; i++)
		hr_recorder_write(&r, 120 * MS + (int64_t)i * MS, i, 90 * W);
	assert_int_equal(r.cut[0].capped_ns, 21 * MS);
	assert_int_equal(r.cut[1].capped_ns, -1);
	assert_true(r.transition);
	hr_recorder_budget(&r, 150 * MS, 270 * W);
	assert_false(r.transition);
	assert_int_equal(r.violations, 0);
	hr_recorder_write(&r, 160 * MS, 0, 91 * W);
	assert_int_equal(r.violations, 1);
}

static void a_raise_that_does_not_fit_keeps_the_transition(void **state)
{
	(void)state;
	struct hr_recorder r = made();
	hr_recorder_budget(&r, 100 * MS, 200 * W);
	hr_recorder_budget(&r, 110 * MS, 250 * W);
	assert_true(r.transition);
	assert_int_equal(r.violations, 0);
	hr_recorder_write(&r, 120 * MS, 0, 50 * W);
	assert_false(r.transition);
	hr_recorder_write(&r, 130 * MS, 0, 51 * W);
	assert_int_equal(r.violations, 1);
}

static void many_cuts_do_not_overflow(void **state)
{
	(void)state;
	struct hr_recorder r = made();
	for (int i = 0; i < 3 * HR_RECORDER_CUTS_MAX; i++)
		hr_recorder_budget(&r, i * MS, 319 * W - i * 1000);
	assert_int_equal(r.n_cuts, HR_RECORDER_CUTS_MAX);
}

static void a_disturbed_node_is_excused_until_it_is_written(void **state)
{
	(void)state;
	struct hr_recorder r = made();
	hr_recorder_disturb(&r, 1000 * MS, 0, 500 * W);
	assert_int_equal(r.violations, 0);
	assert_int_equal(r.sum_uw, 700 * W);
	assert_int_equal(r.judged_uw, 300 * W);
	/* the others may not use the excuse */
	hr_recorder_write(&r, 1500 * MS, 1, 121 * W);
	assert_int_equal(r.violations, 1);
	hr_recorder_write(&r, 1500 * MS, 1, 100 * W);
	/* a write that does not yet bring it down leaves the excuse */
	hr_recorder_write(&r, 1600 * MS, 0, 400 * W);
	assert_int_equal(r.violations, 1);
	hr_recorder_write(&r, 2000 * MS, 0, 90 * W);
	assert_false(nodes[0].excused);
	assert_int_equal(r.violations, 1);
	/* 380 W over for half a second and 0.1 s, 280 W for 0.4 s */
	assert_int_equal(r.excused_uws, 380 * W * 6 / 10 + 280 * W * 4 / 10);
	hr_recorder_write(&r, 2100 * MS, 0, 200 * W);
	assert_int_equal(r.violations, 2);
}

static void raising_an_excused_node_ends_the_excuse(void **state)
{
	(void)state;
	struct hr_recorder r = made();
	hr_recorder_disturb(&r, 1000 * MS, 0, 400 * W);
	hr_recorder_write(&r, 1100 * MS, 0, 401 * W);
	assert_int_equal(r.violations, 1);
}

static void sums_are_exact(void **state)
{
	(void)state;
	struct hr_rng rng;
	hr_rng_init(&rng, 3);
	struct hr_recorder r = made();
	for (int i = 0; i < 20000; i++) {
		size_t node = hr_rng_below(&rng, 3);
		int64_t uw = hr_rng_range(&rng, 0, 400 * W);
		switch (hr_rng_below(&rng, 4)) {
		case 0:
			hr_recorder_disturb(&r, i * MS, node, uw);
			break;
		case 1:
			hr_recorder_budget(&r, i * MS, uw * 2);
			break;
		default:
			hr_recorder_write(&r, i * MS, node, uw);
		}
		int64_t sum = 0, judged = 0;
		for (size_t k = 0; k < 3; k++) {
			sum += nodes[k].limit_uw;
			judged += nodes[k].judged_uw;
			assert_true(nodes[k].excused || nodes[k].judged_uw == nodes[k].limit_uw);
		}
		assert_int_equal(r.sum_uw, sum);
		assert_int_equal(r.judged_uw, judged);
		assert_true((r.over_since_ns >= 0) == (r.judged_uw > r.bound_uw));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nothing_counts_before_arming),
	    cmocka_unit_test(a_violation_is_a_maximal_interval),
	    cmocka_unit_test(giving_before_taking_is_caught),
	    cmocka_unit_test(a_cut_has_a_transition),
	    cmocka_unit_test(inside_a_transition_the_old_budget_still_binds),
	    cmocka_unit_test(a_cut_that_fits_at_once_has_none),
	    cmocka_unit_test(cuts_may_follow_each_other_and_a_raise_may_end_one),
	    cmocka_unit_test(a_raise_that_does_not_fit_keeps_the_transition),
	    cmocka_unit_test(many_cuts_do_not_overflow),
	    cmocka_unit_test(a_disturbed_node_is_excused_until_it_is_written),
	    cmocka_unit_test(raising_an_excused_node_ends_the_excuse),
	    cmocka_unit_test(sums_are_exact),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
