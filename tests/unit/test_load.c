/* SPDX-License-Identifier: Apache-2.0 */
/* Demand as a function of time: mapping, pauses, noise, and how long an answer holds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sim/load.h"

#define W INT64_C(1000000)

static const struct hr_load_idle idle = {25 * W, 5 * W, 20 * W};
static struct hr_trace_sample samples[] = {{70000, 10000}, {80000, 15000}, {90000, 20000}};
static const struct hr_trace trace = {.name = "t",
				      .step_ms = 100,
				      .n = 3,
				      .sample = samples,
				      .low = {70000, 10000},
				      .high = {90000, 20000}};

static void idle_draws_the_idle_power(void **state)
{
	(void)state;
	struct hr_load l = {.kind = HR_LOAD_IDLE};
	struct hr_load_demand d = hr_load_at(&l, 1, idle, 12345);
	assert_false(d.busy);
	assert_int_equal(d.power_uw, 25 * W);
	assert_int_equal(d.dram_uw, 5 * W);
	assert_true(d.until_ms > 12345);
}

static void trace_is_scaled_or_mapped_and_repeats(void **state)
{
	(void)state;
	struct hr_load l = {.kind = HR_LOAD_TRACE, .trace = &trace, .scale_permille = 1500};
	assert_int_equal(hr_load_at(&l, 1, idle, 0).power_uw, 105 * W);
	assert_int_equal(hr_load_at(&l, 1, idle, 299).power_uw, 135 * W);
	assert_int_equal(hr_load_at(&l, 1, idle, 300).power_uw, 105 * W);
	assert_int_equal(hr_load_at(&l, 1, idle, 150).until_ms, 200);
	l.low_uw = 40 * W;
	l.high_uw = 160 * W;
	assert_int_equal(hr_load_at(&l, 1, idle, 0).power_uw, 40 * W);
	assert_int_equal(hr_load_at(&l, 1, idle, 100).power_uw, 100 * W);
	assert_int_equal(hr_load_at(&l, 1, idle, 250).power_uw, 160 * W);
	assert_int_equal(hr_load_at(&l, 1, idle, 0).dram_uw, 5 * W);
	assert_int_equal(hr_load_at(&l, 1, idle, 250).dram_uw, 20 * W);
	assert_true(hr_load_at(&l, 1, idle, 0).busy);
	/* the least of the trace lies at the idle power if nothing else is said: a pause */
	l.low_uw = 0;
	assert_int_equal(hr_load_at(&l, 1, idle, 0).power_uw, 25 * W);
	assert_false(hr_load_at(&l, 1, idle, 0).busy);
}

static void speed_shortens_the_steps(void **state)
{
	(void)state;
	struct hr_load l = {
	    .kind = HR_LOAD_TRACE, .trace = &trace, .scale_permille = 1000, .speed_permille = 3000};
	assert_int_equal(hr_load_at(&l, 1, idle, 0).until_ms, 34);
	assert_int_equal(hr_load_at(&l, 1, idle, 33).power_uw, 70 * W);
	assert_int_equal(hr_load_at(&l, 1, idle, 34).power_uw, 80 * W);
	assert_int_equal(hr_load_at(&l, 1, idle, 67).power_uw, 90 * W);
	assert_int_equal(hr_load_at(&l, 1, idle, 100).power_uw, 70 * W);
}

static void works_and_rests_in_turn(void **state)
{
	(void)state;
	struct hr_load l = {.kind = HR_LOAD_FLAT,
			    .high_uw = 100 * W,
			    .on_ms = 1000,
			    .off_ms = 500,
			    .phase_ms = 200,
			    .start_ms = 10000};
	assert_false(hr_load_at(&l, 1, idle, 0).busy);
	assert_true(hr_load_at(&l, 1, idle, 10000).busy);
	assert_int_equal(hr_load_at(&l, 1, idle, 10000).until_ms, 10800);
	assert_false(hr_load_at(&l, 1, idle, 10800).busy);
	assert_int_equal(hr_load_at(&l, 1, idle, 10800).power_uw, 25 * W);
	assert_int_equal(hr_load_at(&l, 1, idle, 10801).until_ms, 11300);
	assert_true(hr_load_at(&l, 1, idle, 11300).busy);
}

static void noise_is_bounded_centred_and_repeatable(void **state)
{
	(void)state;
	struct hr_load l = {
	    .kind = HR_LOAD_FLAT, .high_uw = 100 * W, .noise_uw = 5 * W, .noise_ms = 100};
	int64_t sum = 0, least = INT64_MAX, most = 0;
	int differ = 0;
	for (int64_t t = 0; t < 100000; t += 100) {
		struct hr_load_demand d = hr_load_at(&l, 7, idle, t);
		assert_int_equal(d.until_ms, t + 100);
		assert_int_equal(hr_load_at(&l, 7, idle, t + 99).power_uw, d.power_uw);
		differ += hr_load_at(&l, 8, idle, t).power_uw != d.power_uw;
		sum += d.power_uw;
		least = d.power_uw < least ? d.power_uw : least;
		most = d.power_uw > most ? d.power_uw : most;
	}
	assert_true(least >= 95 * W && least < 96 * W);
	assert_true(most <= 105 * W && most > 104 * W);
	assert_in_range(sum / 1000, 99 * W, 101 * W);
	assert_true(differ > 990);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(idle_draws_the_idle_power),
	    cmocka_unit_test(trace_is_scaled_or_mapped_and_repeats),
	    cmocka_unit_test(speed_shortens_the_steps),
	    cmocka_unit_test(works_and_rests_in_turn),
	    cmocka_unit_test(noise_is_bounded_centred_and_repeatable),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
