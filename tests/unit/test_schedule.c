/* SPDX-License-Identifier: Apache-2.0 */
/* Budgets over time: windows, steps, early lowering, and a wall clock that jumps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/attr.h"
#include "base/rng.h"
#include "base/units.h"
#include "power/schedule.h"

#define W HR_UW_PER_W
#define S HR_NS_PER_S
#define DAY (86400 * S)
#define T0 (20000 * DAY) /* a midnight, UTC */
#define H(hours) ((int64_t)((hours)*3600) * S)

static struct hr_budget budget(void)
{
	return (struct hr_budget){
	    .limit_uw = 1000 * W,
	    .n_windows = 2,
	    .window = {{8 * 3600, 18 * 3600, 800 * W}, {22 * 3600, 6 * 3600, 900 * W}},
	    .n_steps = 2,
	    .step = {{T0 + H(12), 600 * W}, {T0 + H(13), 2000 * W}},
	};
}

static void limits_of_a_day(void **state)
{
	const struct hr_budget b = budget();
	static const struct {
		int64_t at, watts;
	} want[] = {
	    {H(-26), 900},     {H(-18), 1000},     {H(-18) - 1, 900}, {H(0), 900},
	    {H(6) - 1, 900},   {H(6), 1000},       {H(8) - 1, 1000},  {H(8), 800},
	    {H(12) - 1, 800},  {H(12), 600},       {H(13) - 1, 600},  {H(13), 800},
	    {H(18) - 1, 800},  {H(18), 1000},      {H(22) - 1, 1000}, {H(22), 900},
	    {H(24) - 1, 900},  {H(24), 900},       {H(30), 1000},     {-T0, 900},
	    {-T0 - H(1), 900}, {-T0 - H(12), 800},
	};

	(void)state;
	for (size_t i = 0; i < HR_ARRAY_LEN(want); i++)
		assert_int_equal(hr_schedule_limit_at(&b, T0 + want[i].at), want[i].watts * W);
}

/* The lowest over a span and the next change agree with looking at every second of the day. */
static void spans_agree_with_a_search(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 60; seed++) {
		struct hr_budget b = {.limit_uw = 900 * W};
		struct hr_rng r;
		int64_t from, to, lowest = INT64_MAX, first_below = HR_SCHEDULE_NEVER, limit;
		int64_t changed = HR_SCHEDULE_NEVER;

		hr_rng_init(&r, seed);
		b.n_windows = (unsigned)hr_rng_below(&r, 5);
		for (unsigned i = 0; i < b.n_windows; i++) {
			b.window[i].from_s = (int32_t)hr_rng_range(&r, 0, 86399);
			b.window[i].to_s = (int32_t)hr_rng_range(&r, 0, 86400);
			b.window[i].to_s += b.window[i].to_s == b.window[i].from_s;
			b.window[i].limit_uw = hr_rng_range(&r, 100, 1000) * W;
		}
		b.n_steps = (unsigned)hr_rng_below(&r, 4);
		for (unsigned i = 0; i < b.n_steps; i++) {
			b.step[i].at_ns = T0 + (int64_t)i * DAY + hr_rng_range(&r, 0, 86399) * S;
			b.step[i].limit_uw = hr_rng_range(&r, 100, 1000) * W;
		}
		from = T0 + hr_rng_range(&r, -86400, 86400) * S;
		to = from + hr_rng_range(&r, 0, 2 * 86400) * S;
		limit = hr_rng_range(&r, 100, 1000) * W;
		for (int64_t t = from; t <= to; t += S) {
			int64_t l = hr_schedule_limit_at(&b, t);

			lowest = hr_min_i64(lowest, l);
			if (l < limit && first_below == HR_SCHEDULE_NEVER)
				first_below = t - from;
			if (l != hr_schedule_limit_at(&b, from) && changed == HR_SCHEDULE_NEVER)
				changed = t;
		}
		if (hr_schedule_lowest(&b, from, to) != lowest)
			fail_msg("seed %llu: lowest", (unsigned long long)seed);
		if (first_below != HR_SCHEDULE_NEVER
			? hr_schedule_span_above(&b, from, limit) != first_below
			: hr_schedule_span_above(&b, from, limit) <= to - from)
			fail_msg("seed %llu: span above", (unsigned long long)seed);
		if (hr_schedule_next_change(&b, from) > changed)
			fail_msg("seed %llu: a change was missed", (unsigned long long)seed);
	}
}

static void a_step_down_is_begun_early(void **state)
{
	const struct hr_budget b = budget();

	(void)state;
	assert_int_equal(hr_schedule_limit_for_grants(&b, T0 + H(12) - 3 * S - 1, 3 * S), 800 * W);
	assert_int_equal(hr_schedule_limit_for_grants(&b, T0 + H(12) - 3 * S, 3 * S), 600 * W);
	/* a step up is not */
	assert_int_equal(hr_schedule_limit_for_grants(&b, T0 + H(13) - 1, 3 * S), 600 * W);
	assert_int_equal(hr_schedule_span_above(&b, T0 + H(11.5), 700 * W), H(0.5));
	assert_int_equal(hr_schedule_span_above(&b, T0 + H(11.5), 801 * W), 0);
	assert_int_equal(hr_schedule_span_above(&b, T0 + H(11.5), 600 * W), HR_SCHEDULE_NEVER);
	assert_int_equal(hr_schedule_next_change(&b, T0 + H(11.5)), T0 + H(12));
	assert_int_equal(hr_schedule_next_change(&b, T0 + H(22)), T0 + H(30));
}

static struct hr_now at(int64_t wall, int64_t boot)
{
	return (struct hr_now){.wall_ns = wall, .boot_ns = boot, .raw_ns = boot};
}

static void a_jump_takes_the_lower_budget(void **state)
{
	static const int64_t jumps[] = {H(4), H(-4)};
	const struct hr_budget b = budget();

	(void)state;
	for (size_t j = 0; j < HR_ARRAY_LEN(jumps); j++) {
		int64_t start = T0 + (jumps[j] > 0 ? H(9) : H(13.5)), jump = jumps[j];
		struct hr_schedule s;

		hr_schedule_init(&s);
		assert_false(hr_schedule_step(&s, at(start, 5 * S)));
		assert_int_equal(hr_schedule_limit_now(&s, &b, at(start, 5 * S), 0), 800 * W);
		/* slow clocks are no jump */
		assert_false(hr_schedule_step(&s, at(start + 10 * S + S / 2, 15 * S)));
		assert_false(hr_schedule_in_doubt(&s));
		/* 9:00 to 13:00 or back: the step to 600 W at 12:00 lies between */
		assert_true(hr_schedule_step(&s, at(start + jump + 11 * S, 16 * S)));
		assert_true(hr_schedule_in_doubt(&s));
		assert_int_equal(
		    hr_schedule_limit_now(&s, &b, at(start + jump + 11 * S, 16 * S), 0), 600 * W);
		assert_int_equal(
		    hr_schedule_ttl_most(&s, &b, at(start + jump + 11 * S, 16 * S), 700 * W), 0);
		/* until it has been steady for long enough */
		assert_false(hr_schedule_step(&s, at(start + jump + 610 * S, 615 * S)));
		assert_int_equal(
		    hr_schedule_limit_now(&s, &b, at(start + jump + 610 * S, 615 * S), 0), 600 * W);
		assert_false(hr_schedule_step(&s, at(start + jump + 612 * S, 617 * S)));
		assert_false(hr_schedule_in_doubt(&s));
		assert_int_equal(
		    hr_schedule_limit_now(&s, &b, at(start + jump + 612 * S, 617 * S), 0), 800 * W);
	}
}

static void jumping_there_and_back_stays_in_doubt(void **state)
{
	const struct hr_budget b = budget();
	struct hr_schedule s;

	(void)state;
	hr_schedule_init(&s);
	hr_schedule_step(&s, at(T0 + H(9), 0));
	assert_true(hr_schedule_step(&s, at(T0 + H(12.5), S)));
	assert_true(hr_schedule_step(&s, at(T0 + H(9) + 2 * S, 2 * S)));
	assert_int_equal(hr_schedule_limit_now(&s, &b, at(T0 + H(9) + 2 * S, 2 * S), 0), 600 * W);
	assert_false(hr_schedule_step(&s, at(T0 + H(9) + 603 * S, 603 * S)));
	assert_int_equal(hr_schedule_limit_now(&s, &b, at(T0 + H(9) + 603 * S, 603 * S), 0),
			 800 * W);
	assert_int_equal(hr_schedule_ttl_most(&s, &b, at(T0 + H(9) + 603 * S, 603 * S), 700 * W),
			 H(3) - 603 * S);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(limits_of_a_day),
	    cmocka_unit_test(spans_agree_with_a_search),
	    cmocka_unit_test(a_step_down_is_begun_early),
	    cmocka_unit_test(a_jump_takes_the_lower_budget),
	    cmocka_unit_test(jumping_there_and_back_stays_in_doubt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
