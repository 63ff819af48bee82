/* SPDX-License-Identifier: Apache-2.0 */
/* The bump arena: limits, alignment, rewinding. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/arena.h"

static void blocks_are_aligned_zeroed_and_apart(void **state)
{
	unsigned char buf[256];
	struct hr_arena a;
	unsigned char *x, *y;

	(void)state;
	memset(buf, 0xa5, sizeof(buf));
	hr_arena_init(&a, buf + 1, sizeof(buf) - 1);
	x = hr_arena_alloc(&a, 3);
	y = hr_arena_alloc(&a, 5);
	assert_non_null(x);
	assert_non_null(y);
	assert_int_equal((uintptr_t)x % _Alignof(max_align_t), 0);
	assert_int_equal((uintptr_t)y % _Alignof(max_align_t), 0);
	assert_true(y >= x + 3);
	assert_int_equal(x[0] | x[1] | x[2] | y[0] | y[4], 0);
}

static void a_full_arena_refuses(void **state)
{
	_Alignas(max_align_t) unsigned char buf[64];
	struct hr_arena a;

	(void)state;
	hr_arena_init(&a, buf, sizeof(buf));
	assert_null(hr_arena_alloc(&a, 65));
	assert_null(hr_arena_alloc(&a, SIZE_MAX));
	assert_null(hr_arena_array(&a, SIZE_MAX / 2, 3));
	assert_int_equal(a.n_failed, 3);
	assert_non_null(hr_arena_alloc(&a, 64));
	assert_null(hr_arena_alloc(&a, 1));
	assert_non_null(hr_arena_alloc(&a, 0));
	assert_int_equal(a.peak, 64);
}

static void a_tail_shorter_than_the_padding_is_refused(void **state)
{
	_Alignas(max_align_t) unsigned char buf[20];
	struct hr_arena a;

	(void)state;
	hr_arena_init(&a, buf, sizeof(buf));
	assert_non_null(hr_arena_alloc(&a, 17));
	assert_null(hr_arena_alloc(&a, 1));
}

static void rewinding_gives_back(void **state)
{
	_Alignas(max_align_t) unsigned char buf[64];
	struct hr_arena a;
	size_t mark;

	(void)state;
	hr_arena_init(&a, buf, sizeof(buf));
	assert_non_null(hr_arena_alloc(&a, 16));
	mark = hr_arena_mark(&a);
	assert_non_null(hr_arena_alloc(&a, 48));
	hr_arena_rewind(&a, mark);
	assert_non_null(hr_arena_alloc(&a, 48));
	hr_arena_rewind(&a, 0);
	assert_non_null(hr_arena_alloc(&a, 64));
}

static void text_is_copied_with_its_end(void **state)
{
	unsigned char buf[64];
	struct hr_arena a;

	(void)state;
	hr_arena_init(&a, buf, sizeof(buf));
	assert_string_equal(hr_arena_text(&a, "package", 4), "pack");
	assert_string_equal(hr_arena_text(&a, "dram", 100), "dram");
	hr_arena_init(&a, buf, 4);
	assert_null(hr_arena_text(&a, "dram", 4));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(blocks_are_aligned_zeroed_and_apart),
	    cmocka_unit_test(a_full_arena_refuses),
	    cmocka_unit_test(a_tail_shorter_than_the_padding_is_refused),
	    cmocka_unit_test(rewinding_gives_back),
	    cmocka_unit_test(text_is_copied_with_its_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
