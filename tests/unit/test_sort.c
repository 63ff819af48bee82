/* SPDX-License-Identifier: Apache-2.0 */
/* Sorting in place: order, permutation, odd sizes, a comparison that lies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/rng.h"
#include "base/sort.h"

struct row {
	int64_t key;
	uint32_t id;
	char pad[91]; /* larger than the chunk that is swapped at once */
};

static int by_key_then_id(const void *a, const void *b, void *ctx)
{
	const struct row *x = a, *y = b;

	++*(unsigned *)ctx;
	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return (x->id > y->id) - (x->id < y->id);
}

static void rows_come_out_in_order(void **state)
{
	static struct row row[1000];
	struct hr_rng rng;
	size_t n, i;

	(void)state;
	hr_rng_init(&rng, 42);
	for (n = 0; n < 1000; n = n < 20 ? n + 1 : n * 2) {
		unsigned compared = 0;
		uint64_t ids = 0, want = 0;

		for (i = 0; i < n; i++) {
			row[i].key = hr_rng_range(&rng, -5, 5);
			row[i].id = (uint32_t)i;
			memset(row[i].pad, (int)(i & 0x7f), sizeof(row[i].pad));
			want += i * i;
		}
		hr_sort(row, n, sizeof(row[0]), by_key_then_id, &compared);
		for (i = 0; i < n; i++) {
			ids += (uint64_t)row[i].id * row[i].id;
			assert_int_equal(row[i].pad[0], row[i].id & 0x7f);
			assert_int_equal(row[i].pad[90], row[i].id & 0x7f);
			if (i > 0)
				assert_true(by_key_then_id(&row[i - 1], &row[i], &compared) < 0);
		}
		assert_int_equal(ids, want);
		assert_true(compared <= 2 * n * 11 + n);
	}
}

static int lies(const void *a, const void *b, void *ctx)
{
	(void)a;
	(void)b;
	return (int)hr_rng_below(ctx, 3) - 1;
}

static void a_lying_comparison_loses_nothing(void **state)
{
	unsigned char value[64];
	struct hr_rng rng;
	unsigned i, sum = 0;

	(void)state;
	hr_rng_init(&rng, 7);
	for (i = 0; i < sizeof(value); i++)
		value[i] = (unsigned char)i;
	hr_sort(value, sizeof(value), 1, lies, &rng);
	for (i = 0; i < sizeof(value); i++)
		sum += value[i];
	assert_int_equal(sum, 63 * 64 / 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rows_come_out_in_order),
	    cmocka_unit_test(a_lying_comparison_loses_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
