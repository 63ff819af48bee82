/* SPDX-License-Identifier: Apache-2.0 */
/* Random numbers: the published sequence, bounds, moments. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "base/rng.h"

/* Output of the authors' xoshiro256starstar.c for the state {1, 2, 3, 4}. */
static void the_published_sequence(void **state)
{
	static const uint64_t want[] = {
	    UINT64_C(11520),
	    UINT64_C(0),
	    UINT64_C(1509978240),
	    UINT64_C(1215971899390074240),
	    UINT64_C(1216172134540287360),
	    UINT64_C(607988272756665600),
	};
	struct hr_rng r = {{1, 2, 3, 4}};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(want) / sizeof(want[0]); i++)
		assert_true(hr_rng_next(&r) == want[i]);
}

static void one_seed_one_sequence(void **state)
{
	struct hr_rng a, b, c;
	int i, same = 0;

	(void)state;
	hr_rng_init(&a, 0);
	hr_rng_init(&b, 0);
	hr_rng_init(&c, 1);
	/* The first output of splitmix64 for the seed 0. */
	assert_true(a.s[0] == UINT64_C(0xe220a8397b1dcdaf));
	for (i = 0; i < 1000; i++) {
		uint64_t x = hr_rng_next(&a);

		assert_true(x == hr_rng_next(&b));
		same += x == hr_rng_next(&c);
	}
	assert_int_equal(same, 0);
}

static void bounds_hold_at_the_ends(void **state)
{
	int seen[6] = {0};
	struct hr_rng r;
	int i;

	(void)state;
	hr_rng_init(&r, 5);
	for (i = 0; i < 6000; i++) {
		double u = hr_rng_unit(&r);

		seen[hr_rng_below(&r, 6)]++;
		assert_true(u >= 0 && u < 1);
	}
	for (i = 0; i < 6; i++)
		assert_in_range(seen[i], 850, 1150);
	assert_true(hr_rng_below(&r, 1) == 0);
	assert_true(hr_rng_range(&r, -3, -3) == -3);
	assert_true(hr_rng_range(&r, INT64_MAX, INT64_MAX) == INT64_MAX);
	for (i = 0; i < 1000; i++) {
		int64_t x = hr_rng_range(&r, INT64_MIN, INT64_MIN + 2);

		assert_true(x <= INT64_MIN + 2);
		(void)hr_rng_range(&r, INT64_MIN, INT64_MAX);
	}
	assert_false(hr_rng_chance(&r, 0));
	assert_true(hr_rng_chance(&r, 1));
}

static void normal_has_its_moments(void **state)
{
	double sum = 0, squares = 0;
	struct hr_rng r;
	int i;

	(void)state;
	hr_rng_init(&r, 9);
	for (i = 0; i < 100000; i++) {
		double x = hr_rng_normal(&r);

		assert_true(isfinite(x));
		sum += x;
		squares += x * x;
	}
	assert_true(fabs(sum / 100000) < 0.02);
	assert_true(fabs(squares / 100000 - 1) < 0.03);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_published_sequence),
	    cmocka_unit_test(one_seed_one_sequence),
	    cmocka_unit_test(bounds_hold_at_the_ends),
	    cmocka_unit_test(normal_has_its_moments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
