/* SPDX-License-Identifier: Apache-2.0 */
/* The allocation rule on one level: bounds, sums, fairness, order. HR_TEST_SEED=N repeats a run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/rng.h"
#include "base/units.h"
#include "power/allocate.h"

#define N_MAX 40
#define W HR_UW_PER_W

static uint64_t first_seed(void)
{
	const char *text = getenv("HR_TEST_SEED");

	return text != NULL ? strtoull(text, NULL, 0) : 1;
}

static void random_items(struct hr_rng *r, struct hr_allocate_item *item, size_t n)
{
	int64_t unit = hr_rng_chance(r, 0.3) ? 1 : hr_rng_chance(r, 0.5) ? W / 7 : W;

	for (size_t i = 0; i < n; i++) {
		item[i].low_uw = hr_rng_chance(r, 0.3) ? 0 : hr_rng_range(r, 0, 50) * unit;
		item[i].high_uw = item[i].low_uw + hr_rng_range(r, 0, 300) * unit;
		if (hr_rng_chance(r, 0.05))
			item[i].high_uw = INT64_MAX;
		item[i].weight = hr_rng_chance(r, 0.5) ? 100 : hr_rng_range(r, 1, HR_WEIGHT_MAX);
	}
}

/* No item below its high bound is poorer, by more than one step, than one above its low bound. */
static void check_fair(const struct hr_allocate_item *item, size_t n, uint64_t seed)
{
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < n; j++) {
			const struct hr_allocate_item *a = &item[i], *b = &item[j];
			__int128 rich = (__int128)b->given_uw * a->weight;
			__int128 poor = (__int128)a->given_uw * b->weight;

			if (a->given_uw < a->high_uw && b->given_uw > b->low_uw &&
			    rich > poor + (__int128)a->weight * b->weight)
				fail_msg("seed %llu: item %zu is poorer than %zu",
					 (unsigned long long)seed, i, j);
		}
}

static void check_fill(uint64_t seed)
{
	struct hr_allocate_item item[N_MAX];
	struct hr_allocate_active active[N_MAX];
	struct hr_rng r;
	size_t n, full = 0;
	int64_t amount, left;
	__int128 low = 0, sum = 0;

	hr_rng_init(&r, seed);
	n = 1 + hr_rng_below(&r, N_MAX);
	random_items(&r, item, n);
	for (size_t i = 0; i < n; i++)
		low += item[i].low_uw;
	amount = (int64_t)low + hr_rng_range(&r, -20, 400) * (int64_t)n * W / 4;
	if (hr_rng_chance(&r, 0.1))
		amount = (int64_t)low + hr_rng_range(&r, 0, 2 * (int64_t)n);
	left = hr_allocate_fill(amount, item, n, active);
	for (size_t i = 0; i < n; i++) {
		if (item[i].given_uw < item[i].low_uw || item[i].given_uw > item[i].high_uw)
			fail_msg("seed %llu: item %zu out of bounds", (unsigned long long)seed, i);
		full += item[i].given_uw == item[i].high_uw;
		sum += item[i].given_uw;
	}
	if (sum + left != amount)
		fail_msg("seed %llu: given and left do not sum to the amount",
			 (unsigned long long)seed);
	if (left < 0 && sum != low)
		fail_msg("seed %llu: more than the floors on a shortfall",
			 (unsigned long long)seed);
	if (left >= (int64_t)n && full < n)
		fail_msg("seed %llu: %lld uW unspent", (unsigned long long)seed, (long long)left);
	if (left >= 0)
		check_fair(item, n, seed);
}

static void filling_keeps_its_promises(void **state)
{
	(void)state;
	for (uint64_t seed = first_seed(); seed < first_seed() + 20000; seed++)
		check_fill(seed);
}

static void filling_is_exact_on_known_cases(void **state)
{
	struct hr_allocate_item item[3] = {
	    {.low_uw = 10 * W, .high_uw = 100 * W, .weight = 1},
	    {.low_uw = 0, .high_uw = 20 * W, .weight = 1},
	    {.low_uw = 0, .high_uw = 100 * W, .weight = 2},
	};
	struct hr_allocate_active active[3];

	(void)state;
	assert_in_range(hr_allocate_fill(100 * W, item, 3, active), 0, 2);
	assert_int_equal(item[1].given_uw, 20 * W);
	assert_int_equal(item[0].given_uw, 80 * W / 3);
	assert_in_range(item[2].given_uw, 160 * W / 3, 160 * W / 3 + 1);
	assert_int_equal(hr_allocate_fill(4 * W, item, 3, active), -6 * W);
	assert_int_equal(item[0].given_uw, 10 * W);
	assert_int_equal(item[2].given_uw, 0);
	assert_int_equal(hr_allocate_fill(500 * W, item, 3, active), 280 * W);
	assert_int_equal(hr_allocate_fill(7, item, 0, active), 7);
}

static void filling_survives_absurd_values(void **state)
{
	struct hr_allocate_item item[3] = {
	    {.low_uw = -5, .high_uw = INT64_MAX, .weight = 0},
	    {.low_uw = 9, .high_uw = 3, .weight = -1},
	    {.low_uw = 0, .high_uw = INT64_MAX, .weight = INT64_MAX},
	};
	struct hr_allocate_active active[3];

	(void)state;
	assert_true(hr_allocate_fill(INT64_MAX, item, 3, active) < 3);
	assert_int_equal(item[1].given_uw, 9);
	assert_true(hr_allocate_fill(1000, item, 3, active) < 3);
	assert_int_equal(hr_allocate_fill(INT64_MIN, item, 3, active), INT64_MIN);
}

static void divide(int64_t amount, struct hr_allocate_child *child, size_t n, int64_t *ret_left)
{
	struct hr_allocate_item item[N_MAX];
	struct hr_allocate_active active[N_MAX];

	*ret_left = hr_allocate_divide(
	    amount, child, n, (struct hr_allocate_scratch){.item = item, .active = active});
}

static void classes_are_served_in_order(void **state)
{
	struct hr_allocate_child child[3] = {
	    {.floor_uw = 20 * W,
	     .ceiling_uw = 200 * W,
	     .need_uw = {120 * W, 120 * W},
	     .weight = {100, 100}},
	    {.floor_uw = 20 * W,
	     .ceiling_uw = 200 * W,
	     .need_uw = {0, 150 * W},
	     .weight = {100, 100}},
	    {.floor_uw = 20 * W,
	     .ceiling_uw = 200 * W,
	     .need_uw = {80 * W, 90 * W},
	     .weight = {100, 100}},
	};
	int64_t left;

	(void)state;
	divide(240 * W, child, 3, &left);
	assert_int_equal(left, 0);
	assert_int_equal(child[0].given_uw, 120 * W);
	assert_int_equal(child[1].given_uw, 40 * W);
	assert_int_equal(child[2].given_uw, 80 * W);
	divide(180 * W, child, 3, &left);
	assert_int_equal(child[0].given_uw, 80 * W);
	assert_int_equal(child[1].given_uw, 20 * W);
	assert_int_equal(child[2].given_uw, 80 * W);
	divide(50 * W, child, 3, &left);
	assert_int_equal(left, -10 * W);
	assert_int_equal(child[1].given_uw, 20 * W);
}

static void the_rest_is_headroom(void **state)
{
	struct hr_allocate_child child[2] = {
	    {.floor_uw = 10 * W,
	     .ceiling_uw = 200 * W,
	     .need_uw = {40 * W, 40 * W},
	     .weight = {100, 100}},
	    {.floor_uw = 10 * W,
	     .ceiling_uw = 90 * W,
	     .need_uw = {60 * W, 60 * W},
	     .weight = {300, 300}},
	};
	int64_t left;

	(void)state;
	divide(120 * W, child, 2, &left);
	assert_int_equal(child[0].given_uw, 45 * W);
	assert_int_equal(child[1].given_uw, 75 * W);
	divide(1000 * W, child, 2, &left);
	assert_int_equal(left, 710 * W);
	assert_int_equal(child[0].given_uw, 200 * W);
	assert_int_equal(child[1].given_uw, 90 * W);
}

static void order_does_not_matter(void **state)
{
	(void)state;
	for (uint64_t seed = first_seed(); seed < first_seed() + 2000; seed++) {
		struct hr_allocate_child a[N_MAX] = {0}, b[N_MAX];
		struct hr_rng r;
		size_t n;
		int64_t left_a, left_b, amount;

		hr_rng_init(&r, seed);
		n = 2 + hr_rng_below(&r, N_MAX - 2);
		for (size_t i = 0; i < n; i++) {
			a[i].floor_uw = hr_rng_range(&r, 0, 30) * W;
			a[i].ceiling_uw = hr_rng_range(&r, 30, 300) * W;
			a[i].need_uw[0] = hr_rng_range(&r, 0, 300) * W / 3;
			a[i].need_uw[1] = a[i].need_uw[0] + hr_rng_range(&r, 0, 200) * W / 3;
			a[i].weight[0] = hr_rng_range(&r, 1, 300);
			a[i].weight[1] = hr_rng_range(&r, 1, 300);
		}
		amount = hr_rng_range(&r, 0, 200) * (int64_t)n * W + 17;
		for (size_t i = 0; i < n; i++)
			b[i] = a[n - 1 - i];
		divide(amount, a, n, &left_a);
		divide(amount, b, n, &left_b);
		assert_int_equal(left_a, left_b);
		for (size_t i = 0; i < n; i++)
			if (a[i].given_uw != b[n - 1 - i].given_uw)
				fail_msg("seed %llu: child %zu", (unsigned long long)seed, i);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(filling_keeps_its_promises),
	    cmocka_unit_test(filling_is_exact_on_known_cases),
	    cmocka_unit_test(filling_survives_absurd_values),
	    cmocka_unit_test(classes_are_served_in_order),
	    cmocka_unit_test(the_rest_is_headroom),
	    cmocka_unit_test(order_does_not_matter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
