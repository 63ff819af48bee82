/* SPDX-License-Identifier: Apache-2.0 */
/* A node's budget over its zones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/attr.h"
#include "base/rng.h"
#include "base/units.h"
#include "power/split.h"

#define W HR_UW_PER_W

static void the_busy_package_gets_the_watts(void **state)
{
	const struct hr_split_zone zone[2] = {
	    {.floor_uw = 30 * W, .ceiling_uw = 150 * W, .need_uw = 45 * W},
	    {.floor_uw = 30 * W, .ceiling_uw = 150 * W, .need_uw = 90 * W, .hungry = true},
	};
	int64_t out[2];

	(void)state;
	assert_int_equal(hr_split_zones(160 * W, zone, 2, out), 0);
	assert_int_equal(out[0], 45 * W);
	assert_int_equal(out[1], 115 * W);
	assert_int_equal(hr_split_zones(400 * W, zone, 2, out), 100 * W);
	assert_int_equal(out[0], 150 * W);
	assert_int_equal(hr_split_zones(50 * W, zone, 2, out), -10 * W);
	assert_int_equal(out[0], 30 * W);
	assert_int_equal(out[1], 30 * W);
}

static void equals_share_equally(void **state)
{
	const struct hr_split_zone zone[2] = {
	    {.floor_uw = 30 * W, .ceiling_uw = 150 * W}, /* not known yet */
	    {.floor_uw = 30 * W, .ceiling_uw = 150 * W, .need_uw = 99 * W, .hungry = true},
	};
	int64_t out[2];

	(void)state;
	assert_int_equal(hr_split_zones(200 * W, zone, 2, out), 0);
	assert_int_equal(out[0], 100 * W);
	assert_int_equal(out[1], 100 * W);
	assert_int_equal(hr_split_zones(200 * W, zone, 0, out), 200 * W);
}

static void the_sum_never_exceeds_the_budget(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 5000; seed++) {
		struct hr_split_zone zone[HR_ZONES_MAX] = {0};
		int64_t out[HR_ZONES_MAX], floors = 0, sum = 0, budget, left;
		struct hr_rng r;
		size_t n;

		hr_rng_init(&r, seed);
		n = 1 + hr_rng_below(&r, HR_ZONES_MAX);
		for (size_t i = 0; i < n; i++) {
			zone[i].floor_uw = hr_rng_range(&r, 0, 60 * W);
			zone[i].ceiling_uw = zone[i].floor_uw + hr_rng_range(&r, 0, 200 * W);
			zone[i].need_uw = hr_rng_range(&r, -5 * W, 300 * W);
			zone[i].hungry = hr_rng_chance(&r, 0.3);
			floors += zone[i].floor_uw;
		}
		budget = hr_rng_range(&r, 0, 250 * W * (int64_t)n);
		left = hr_split_zones(budget, zone, n, out);
		for (size_t i = 0; i < n; i++) {
			if (out[i] < zone[i].floor_uw || out[i] > zone[i].ceiling_uw)
				fail_msg("seed %llu: zone %zu", (unsigned long long)seed, i);
			sum += out[i];
		}
		if (sum + left != budget || (left < 0 && sum != floors))
			fail_msg("seed %llu: sum", (unsigned long long)seed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_busy_package_gets_the_watts),
	    cmocka_unit_test(equals_share_equally),
	    cmocka_unit_test(the_sum_never_exceeds_the_budget),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
