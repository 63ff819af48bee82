/* SPDX-License-Identifier: Apache-2.0 */
/* The physics of a package: limits within their windows, energy, work, and no memory of steps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "sim/package.h"

#define W INT64_C(1000000)

static struct hr_package made(int64_t demand_uw, int64_t limit_uw, int64_t window_us)
{
	struct hr_package_conf c = hr_package_conf_default();
	struct hr_load l = {.kind = HR_LOAD_FLAT, .high_uw = demand_uw};
	struct hr_package p;
	hr_package_init(&p, &c, 1, 0);
	if (limit_uw > 0) {
		hr_package_set_window(&p, HR_PACKAGE_LONG, window_us);
		for (int i = 0; i < HR_PACKAGE_LIMITS; i++)
			hr_package_set_limit(&p, (enum hr_package_limit)i, limit_uw);
	}
	hr_package_set_load(&p, &l);
	return p;
}

static void a_limit_above_the_demand_does_nothing(void **state)
{
	(void)state;
	struct hr_package p = made(90 * W, 120 * W, 9765);
	hr_package_advance(&p, 5000);
	assert_int_equal(p.draw_uw, 90 * W);
	assert_int_equal(p.energy_nj, 90 * W * 5000);
	assert_int_equal(p.work, (int64_t)5000 * HR_CURVE_ONE);
	assert_int_equal(p.busy_ms, 5000);
}

static void a_cut_is_met_after_one_window(void **state)
{
	(void)state;
	for (int64_t limit = 40 * W; limit <= 150 * W; limit += 10 * W) {
		struct hr_package p = made(160 * W, 155 * W, 9765);
		hr_package_advance(&p, 3000);
		for (int i = 0; i < HR_PACKAGE_LIMITS; i++)
			hr_package_set_limit(&p, (enum hr_package_limit)i, limit);
		hr_package_advance(&p, 3001);
		if (limit < 150 * W)
			assert_true(p.draw_uw > limit); /* not at once: the window's lag */
		for (int64_t t = 3010; t < 3500; t++) {
			hr_package_advance(&p, t);
			assert_true(p.draw_uw <= limit);
		}
		hr_package_advance(&p, 8000);
		assert_true(p.draw_uw > limit * 98 / 100);
	}
}

static void a_long_window_settles_within_itself(void **state)
{
	(void)state;
	struct hr_package p = made(160 * W, 150 * W, 999424);
	hr_package_set_window(&p, HR_PACKAGE_SHORT, 999424);
	hr_package_advance(&p, 5000);
	for (int i = 0; i < HR_PACKAGE_LIMITS; i++)
		hr_package_set_limit(&p, (enum hr_package_limit)i, 80 * W);
	hr_package_advance(&p, 5050);
	assert_true(p.draw_uw > 100 * W);
	hr_package_advance(&p, 6000);
	assert_true(p.draw_uw <= 80 * W);
}

static void overshoot_is_short_and_the_average_holds(void **state)
{
	(void)state;
	struct hr_package p = made(0, 100 * W, 999424);
	struct hr_load l = {.kind = HR_LOAD_FLAT, .high_uw = 190 * W};
	hr_package_set_limit(&p, HR_PACKAGE_SHORT, 120 * W);
	hr_package_advance(&p, 10000);
	hr_package_set_load(&p, &l);
	int64_t over_ms = 0;
	for (int64_t t = 10001; t <= 13000; t++) {
		hr_package_advance(&p, t);
		assert_true(p.draw_uw <= 120 * W);
		over_ms += p.draw_uw > 100 * W;
	}
	assert_in_range(over_ms, 50, 999);
	int64_t before = p.energy_nj;
	hr_package_advance(&p, 14000);
	assert_true(p.energy_nj - before <= 100 * W * 1000);
	assert_true(p.energy_nj - before >= 99 * W * 1000);
}

static void below_the_floor_a_limit_is_not_met(void **state)
{
	(void)state;
	struct hr_package p = made(150 * W, 10 * W, 9765);
	hr_package_advance(&p, 2000);
	assert_int_equal(p.draw_uw, p.conf.floor_uw);
	assert_int_equal(hr_package_allowed_uw(&p, 10 * W, 10 * W), p.conf.floor_uw);
	hr_package_set_enabled(&p, false);
	hr_package_advance(&p, 4000);
	assert_int_equal(p.draw_uw, 150 * W);
	assert_int_equal(hr_package_allowed_uw(&p, 10 * W, 10 * W), p.conf.peak_uw);
}

static void work_rises_with_the_limit(void **state)
{
	(void)state;
	int64_t last = 0;
	for (int64_t limit = 30 * W; limit <= 170 * W; limit += 5 * W) {
		struct hr_package p = made(150 * W, limit, 9765);
		hr_package_advance(&p, 5000);
		assert_true(p.work >= last);
		assert_true(p.work <= (int64_t)5000 * HR_CURVE_ONE);
		last = p.work;
	}
	assert_int_equal(last, (int64_t)5000 * HR_CURVE_ONE);
}

static void the_counted_limit_follows_the_windows(void **state)
{
	(void)state;
	struct hr_package p = made(150 * W, 100 * W, 9765);
	assert_int_equal(hr_package_allowed_uw(&p, 100 * W, 80 * W), 80 * W);
	assert_int_equal(hr_package_allowed_uw(&p, 100 * W, 120 * W), 100 * W);
	hr_package_set_window(&p, HR_PACKAGE_SHORT, 20000);
	assert_int_equal(hr_package_allowed_uw(&p, 100 * W, 80 * W), 100 * W);
	assert_int_equal(hr_package_allowed_uw(&p, 4000 * W, 4000 * W), p.conf.peak_uw);
}

/* The same events, reached by one step or by many, give the same state. */
static void steps_leave_no_trace(void **state)
{
	(void)state;
	struct hr_rng rng;
	hr_rng_init(&rng, 11);
	struct hr_package a = made(0, 0, 0);
	struct hr_load l = {.kind = HR_LOAD_FLAT,
			    .high_uw = 140 * W,
			    .noise_uw = 9 * W,
			    .noise_ms = 100,
			    .on_ms = 730,
			    .off_ms = 210};
	hr_package_set_load(&a, &l);
	struct hr_package b = a;
	int64_t t = 0;
	for (int i = 0; i < 300; i++) {
		int64_t next = t + hr_rng_range(&rng, 1, 400);
		hr_package_advance(&a, next);
		while (t < next) {
			t += hr_rng_range(&rng, 1, 30);
			hr_package_advance(&b, t < next ? t : next);
		}
		t = next;
		enum hr_package_limit which = hr_rng_chance(&rng, 0.5) ? HR_PACKAGE_LONG
								       : HR_PACKAGE_SHORT;
		int64_t uw = hr_rng_range(&rng, 30, 200) * W;
		int64_t us = hr_rng_range(&rng, 976, 1000000);
		hr_package_set_limit(&a, which, uw);
		hr_package_set_limit(&b, which, uw);
		hr_package_set_window(&a, which, us);
		hr_package_set_window(&b, which, us);
		assert_memory_equal(&a, &b, sizeof(a));
	}
}

static void bounds_hold_under_any_writes(void **state)
{
	(void)state;
	struct hr_rng rng;
	hr_rng_init(&rng, 12);
	struct hr_package p = made(0, 0, 0);
	for (int i = 0; i < 3000; i++) {
		struct hr_load l = {.kind = HR_LOAD_FLAT,
				    .high_uw = hr_rng_range(&rng, 0, 300) * W};
		enum hr_package_limit which = hr_rng_chance(&rng, 0.5) ? HR_PACKAGE_LONG
								       : HR_PACKAGE_SHORT;
		hr_package_set_load(&p, &l);
		hr_package_set_limit(&p, which, hr_rng_range(&rng, 0, 4095) * W);
		hr_package_set_window(&p, which, hr_rng_range(&rng, 1, 10000000));
		int64_t energy = p.energy_nj, work = p.work;
		hr_package_advance(&p, p.t_ms + hr_rng_range(&rng, 1, 200));
		assert_true(p.draw_uw >= p.conf.static_uw && p.draw_uw <= p.demand.power_uw);
		assert_true(p.draw_uw <= p.conf.peak_uw);
		assert_true(p.dram_uw >= p.conf.dram_uw_idle && p.dram_uw <= p.conf.dram_uw_max);
		assert_true(p.energy_nj > energy && p.work >= work);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_limit_above_the_demand_does_nothing),
	    cmocka_unit_test(a_cut_is_met_after_one_window),
	    cmocka_unit_test(a_long_window_settles_within_itself),
	    cmocka_unit_test(overshoot_is_short_and_the_average_holds),
	    cmocka_unit_test(below_the_floor_a_limit_is_not_met),
	    cmocka_unit_test(work_rises_with_the_limit),
	    cmocka_unit_test(the_counted_limit_follows_the_windows),
	    cmocka_unit_test(steps_leave_no_trace),
	    cmocka_unit_test(bounds_hold_under_any_writes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
