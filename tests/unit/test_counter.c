/* SPDX-License-Identifier: Apache-2.0 */
/* Energy counters: wraps, jumps, stillness, suspends, absurd readings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <inttypes.h>
#include <stdlib.h>

#include "base/rng.h"
#include "base/units.h"
#include "hw/counter.h"

#define RANGE INT64_C(262143328850)
#define W INT64_C(1000000)
#define MS HR_NS_PER_MS

static struct hr_now at(int64_t ns)
{
	return (struct hr_now){.raw_ns = 5 * HR_NS_PER_S + ns, .boot_ns = 9 * HR_NS_PER_S + ns};
}

static void the_first_reading_has_no_power(void **state)
{
	struct hr_counter c;
	struct hr_sample s = {.zone = 3};

	(void)state;
	hr_counter_init(&c, RANGE, 2000 * W, true);
	hr_counter_step(&c, 77, at(0), &s);
	assert_int_equal(s.quality, HR_QUALITY_UNREADABLE);
	assert_int_equal(s.reason, HR_REASON_FIRST);
	assert_int_equal(s.zone, 3);
	hr_counter_step(&c, 77 + 10 * W, at(100 * MS), &s);
	assert_int_equal(s.quality, HR_QUALITY_OK);
	assert_int_equal(s.power_uw, 100 * W);
	assert_int_equal(s.span_ns, 100 * MS);
	assert_int_equal(s.energy_uj, 10 * W);
}

static void energy_is_exact_over_many_wraps(void **state)
{
	const char *seed_text = getenv("HR_TEST_SEED");
	uint64_t seed = seed_text != NULL ? strtoull(seed_text, NULL, 10) : 20261121;
	struct hr_counter c;
	struct hr_sample s = {0};
	struct hr_rng rng;
	int64_t raw;
	int64_t total = 0;
	int64_t t = 0;

	(void)state;
	print_message("# seed %" PRIu64 "\n", seed);
	hr_rng_init(&rng, seed);
	/* a counter that wraps every second or so */
	hr_counter_init(&c, 200 * W - 1, 1000 * W, true);
	raw = hr_rng_range(&rng, 0, 200 * W - 1);
	hr_counter_step(&c, raw, at(0), &s);
	for (int i = 0; i < 20000; i++) {
		int64_t span = hr_rng_range(&rng, 1 * MS, 150 * MS);
		int64_t uj = hr_muldiv_floor(hr_rng_range(&rng, 1 * W, 900 * W), span, HR_NS_PER_S);

		t += span;
		total += uj;
		raw = (raw + uj) % (200 * W);
		hr_counter_step(&c, raw, at(t), &s);
		assert_int_equal(s.quality, HR_QUALITY_OK);
		assert_int_equal(s.energy_uj, total);
	}
}

static void a_wrap_unseen_is_estimated_by_the_last_power(void **state)
{
	struct hr_counter c;
	struct hr_sample s = {0};

	(void)state;
	hr_counter_init(&c, 100 * W - 1, 500 * W, true);
	hr_counter_step(&c, 0, at(0), &s);
	hr_counter_step(&c, 20 * W, at(100 * MS), &s); /* 200 W */
	/* 200 W for 2 s are 400 J, four rounds: the counter shows 20 again, or nearly */
	hr_counter_step(&c, 23 * W, at(2100 * MS), &s);
	assert_int_equal(s.quality, HR_QUALITY_ESTIMATED);
	assert_int_equal(s.energy_uj, 423 * W);
	assert_int_equal(s.power_uw, 403 * W / 2);
}

static void a_jump_adds_nothing(void **state)
{
	struct hr_counter c;
	struct hr_sample s = {0};

	(void)state;
	hr_counter_init(&c, RANGE, 1000 * W, true);
	hr_counter_step(&c, 50000 * W, at(0), &s);
	hr_counter_step(&c, 50010 * W, at(100 * MS), &s);
	assert_int_equal(s.energy_uj, 10 * W);
	/* forward */
	hr_counter_step(&c, 90000 * W, at(200 * MS), &s);
	assert_int_equal(s.quality, HR_QUALITY_UNREADABLE);
	assert_int_equal(s.reason, HR_REASON_JUMPED);
	assert_int_equal(s.power_uw, 0);
	hr_counter_step(&c, 90010 * W, at(300 * MS), &s);
	assert_int_equal(s.quality, HR_QUALITY_OK);
	assert_int_equal(s.energy_uj, 20 * W);
	/* back: the driver was loaded anew */
	hr_counter_step(&c, 5, at(400 * MS), &s);
	assert_int_equal(s.reason, HR_REASON_JUMPED);
	hr_counter_step(&c, 5 + 10 * W, at(500 * MS), &s);
	assert_int_equal(s.energy_uj, 30 * W);
	assert_int_equal(s.power_uw, 100 * W);
}

static void a_counter_without_range_does_not_wrap(void **state)
{
	struct hr_counter c;
	struct hr_sample s = {0};

	(void)state;
	hr_counter_init(&c, INT64_MAX, 1000 * W, true);
	hr_counter_step(&c, 100 * W, at(0), &s);
	hr_counter_step(&c, 1, at(100 * MS), &s);
	assert_int_equal(s.reason, HR_REASON_JUMPED);
	hr_counter_step(&c, 1 + W, at(200 * MS), &s);
	assert_int_equal(s.quality, HR_QUALITY_OK);
	assert_int_equal(s.power_uw, 10 * W);
}

static void readings_above_the_range_are_absurd(void **state)
{
	struct hr_counter c;
	struct hr_sample s = {0};

	(void)state;
	hr_counter_init(&c, RANGE, 1000 * W, true);
	hr_counter_step(&c, 100, at(0), &s);
	hr_counter_step(&c, RANGE + 1, at(100 * MS), &s);
	assert_int_equal(s.quality, HR_QUALITY_UNREADABLE);
	assert_int_equal(s.reason, HR_REASON_ABSURD);
	hr_counter_step(&c, -1, at(150 * MS), &s);
	assert_int_equal(s.reason, HR_REASON_ABSURD);
	/* and leave the counter where it was */
	hr_counter_step(&c, 100 + 20 * W, at(200 * MS), &s);
	assert_int_equal(s.quality, HR_QUALITY_OK);
	assert_int_equal(s.power_uw, 100 * W);
}

static void a_live_counter_that_stands_still_is_never_zero_watts(void **state)
{
	struct hr_counter c;
	struct hr_sample s = {0};

	(void)state;
	hr_counter_init(&c, RANGE, 1000 * W, true);
	hr_counter_step(&c, 100, at(0), &s);
	hr_counter_step(&c, 100, at(10 * MS), &s);
	assert_int_equal(s.quality, HR_QUALITY_UNREADABLE);
	hr_counter_step(&c, 100 + 10 * W, at(100 * MS), &s);
	hr_counter_step(&c, 100 + 10 * W, at(200 * MS), &s);
	assert_int_equal(s.quality, HR_QUALITY_STALE);
	assert_int_equal(s.power_uw, 100 * W);
	assert_int_equal(s.energy_uj, 10 * W);
	hr_counter_step(&c, 100 + 10 * W, at(1099 * MS), &s);
	assert_int_equal(s.quality, HR_QUALITY_STALE);
	hr_counter_step(&c, 100 + 10 * W, at(1100 * MS), &s);
	assert_int_equal(s.quality, HR_QUALITY_UNREADABLE);
	assert_int_equal(s.reason, HR_REASON_FROZEN);
	/* thawed: the mean over all the time it stood still */
	hr_counter_step(&c, 100 + 30 * W, at(2100 * MS), &s);
	assert_int_equal(s.quality, HR_QUALITY_OK);
	assert_int_equal(s.power_uw, 10 * W);
	assert_int_equal(s.energy_uj, 30 * W);
}

static void a_resting_core_draws_nothing(void **state)
{
	struct hr_counter c;
	struct hr_sample s = {0};

	(void)state;
	hr_counter_init(&c, RANGE, 1000 * W, false);
	hr_counter_step(&c, 100, at(0), &s);
	hr_counter_step(&c, 100, at(5000 * MS), &s);
	assert_int_equal(s.quality, HR_QUALITY_OK);
	assert_int_equal(s.power_uw, 0);
}

static void clocks_may_stand_still_or_leap(void **state)
{
	struct hr_counter c;
	struct hr_sample s = {0};
	struct hr_now now;

	(void)state;
	hr_counter_init(&c, RANGE, 1000 * W, true);
	hr_counter_step(&c, 100, at(0), &s);
	hr_counter_step(&c, 100 + 10 * W, at(100 * MS), &s);
	/* no time passed */
	hr_counter_step(&c, 100 + 11 * W, at(100 * MS), &s);
	assert_int_equal(s.quality, HR_QUALITY_STALE);
	assert_int_equal(s.energy_uj, 10 * W);
	/* back in time */
	hr_counter_step(&c, 100 + 11 * W, at(50 * MS), &s);
	assert_int_equal(s.quality, HR_QUALITY_STALE);
	/* suspended for 100 s at 3 W: only one clock ran */
	now = at(200 * MS);
	now.boot_ns += 100 * HR_NS_PER_S;
	hr_counter_step(&c, 100 + 320 * W, now, &s);
	assert_int_equal(s.quality, HR_QUALITY_OK);
	assert_int_equal(s.energy_uj, 320 * W);
	assert_true(s.power_uw < 4 * W);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_first_reading_has_no_power),
	    cmocka_unit_test(energy_is_exact_over_many_wraps),
	    cmocka_unit_test(a_wrap_unseen_is_estimated_by_the_last_power),
	    cmocka_unit_test(a_jump_adds_nothing),
	    cmocka_unit_test(a_counter_without_range_does_not_wrap),
	    cmocka_unit_test(readings_above_the_range_are_absurd),
	    cmocka_unit_test(a_live_counter_that_stands_still_is_never_zero_watts),
	    cmocka_unit_test(a_resting_core_draws_nothing),
	    cmocka_unit_test(clocks_may_stand_still_or_leap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
