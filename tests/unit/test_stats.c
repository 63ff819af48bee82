/* SPDX-License-Identifier: Apache-2.0 */
/* Running statistics against values computed by hand and against known distributions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "base/rng.h"
#include "base/stats.h"

#define MS INT64_C(1000000)

static void near(double x, double want, double by)
{
	assert_true(fabs(x - want) <= by);
}

static void mean_and_variance(void **state)
{
	static const double x[] = {2, 4, 4, 4, 5, 5, 7, 9};
	struct hr_stats s;
	size_t i;

	(void)state;
	hr_stats_init(&s);
	near(hr_stats_variance(&s), 0, 0);
	for (i = 0; i < 8; i++)
		hr_stats_add(&s, x[i]);
	hr_stats_add(&s, NAN);
	hr_stats_add(&s, INFINITY);
	assert_int_equal(s.n, 8);
	near(s.mean, 5, 1e-12);
	near(hr_stats_variance(&s), 32.0 / 7, 1e-12);
	near(s.least, 2, 0);
	near(s.most, 9, 0);
}

static void a_large_offset_does_not_drown_the_variance(void **state)
{
	struct hr_stats s;
	int i;

	(void)state;
	hr_stats_init(&s);
	for (i = 0; i < 1000; i++)
		hr_stats_add(&s, 1e12 + (i % 2 == 0 ? 1 : -1));
	near(hr_stats_deviation(&s), 1, 1e-3);
}

static void ewma_follows_and_measures_noise(void **state)
{
	struct hr_stats_ewma e;
	struct hr_rng rng;
	int i;

	(void)state;
	hr_rng_init(&rng, 3);
	hr_stats_ewma_init(&e, 5000 * MS);
	for (i = 0; i < 5000; i++)
		hr_stats_ewma_add(&e, 100 + 5 * hr_rng_normal(&rng), 100 * MS);
	near(e.mean, 100, 3);
	near(hr_stats_ewma_deviation(&e), 5, 1.5);
	for (i = 0; i < 50; i++)
		hr_stats_ewma_add(&e, 200, 100 * MS);
	near(e.mean, 200 - 100 * exp(-1), 3);
}

static void ewma_weighs_by_time_not_by_count(void **state)
{
	struct hr_stats_ewma few, many;
	int i;

	(void)state;
	hr_stats_ewma_init(&few, 1000 * MS);
	hr_stats_ewma_init(&many, 1000 * MS);
	hr_stats_ewma_add(&few, 0, MS);
	hr_stats_ewma_add(&many, 0, MS);
	hr_stats_ewma_add(&few, 10, 1000 * MS);
	for (i = 0; i < 100; i++)
		hr_stats_ewma_add(&many, 10, 10 * MS);
	near(few.mean, many.mean, 1e-9);
	hr_stats_ewma_add(&few, NAN, MS);
	hr_stats_ewma_add(&few, 5, 0);
	hr_stats_ewma_add(&few, 5, -MS);
	near(few.mean, many.mean, 1e-9);
}

static void percentiles_of_the_last_values(void **state)
{
	struct hr_stats_ring r;
	int64_t i;

	(void)state;
	hr_stats_ring_init(&r);
	assert_int_equal(hr_stats_ring_percentile(&r, 500), 0);
	hr_stats_ring_add(&r, -7);
	assert_int_equal(hr_stats_ring_percentile(&r, 0), -7);
	assert_int_equal(hr_stats_ring_percentile(&r, 1000), -7);
	for (i = 1000; i > 0; i--)
		hr_stats_ring_add(&r, i);
	assert_int_equal(r.n, HR_STATS_RING);
	assert_int_equal(hr_stats_ring_percentile(&r, 0), 1);
	assert_int_equal(hr_stats_ring_percentile(&r, 500), 64);
	assert_int_equal(hr_stats_ring_percentile(&r, 990), 127);
	assert_int_equal(hr_stats_ring_percentile(&r, 1000), 128);
	assert_int_equal(hr_stats_ring_percentile(&r, 5000), 128);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(mean_and_variance),
	    cmocka_unit_test(a_large_offset_does_not_drown_the_variance),
	    cmocka_unit_test(ewma_follows_and_measures_noise),
	    cmocka_unit_test(ewma_weighs_by_time_not_by_count),
	    cmocka_unit_test(percentiles_of_the_last_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
