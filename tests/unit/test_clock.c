/* SPDX-License-Identifier: Apache-2.0 */
/* Time: the two monotonic clocks and what each role believes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/clock.h"

static void the_clocks_run_forward(void **state)
{
	struct hr_now a = hr_now_read(), b = hr_now_read();

	(void)state;
	assert_true(b.raw_ns >= a.raw_ns);
	assert_true(b.boot_ns >= a.boot_ns);
	/* 2020 to 2100: it is Unix time in nanoseconds. */
	assert_true(a.wall_ns > INT64_C(1577836800) * HR_NS_PER_S);
	assert_true(a.wall_ns < INT64_C(4102444800) * HR_NS_PER_S);
}

static void guard_and_controller_judge_differently(void **state)
{
	struct hr_now t = {.raw_ns = 100, .boot_ns = 1000};
	struct hr_now end = hr_now_add(t, 50);

	(void)state;
	assert_false(hr_now_past_either(t, end));
	t.boot_ns = 1050; /* the host slept: only one clock ran */
	assert_true(hr_now_past_either(t, end));
	assert_false(hr_now_past_both(t, end));
	t.raw_ns = 150;
	assert_true(hr_now_past_both(t, end));
	t.raw_ns = 149;
	t.boot_ns = 1049;
	assert_false(hr_now_past_either(t, end));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_clocks_run_forward),
	    cmocka_unit_test(guard_and_controller_judge_differently),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
