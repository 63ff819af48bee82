/* SPDX-License-Identifier: Apache-2.0 */
/* Wall and device power: there and back loses nothing on the wrong side. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/attr.h"
#include "base/rng.h"
#include "base/units.h"
#include "power/supply.h"

#define W HR_UW_PER_W

static void known_amounts(void **state)
{
	(void)state;
	assert_int_equal(hr_supply_wall_uw(90 * W, 900, 20 * W), 120 * W);
	assert_int_equal(hr_supply_device_uw(120 * W, 900, 20 * W), 90 * W);
	assert_int_equal(hr_supply_wall_uw(1, 999, 0), 2);
	assert_int_equal(hr_supply_wall_uw(0, 900, 20 * W), 20 * W);
	assert_int_equal(hr_supply_device_uw(20 * W, 900, 20 * W), 0);
	assert_int_equal(hr_supply_device_uw(19 * W, 900, 20 * W), 0);
}

static void absurd_amounts_are_bounded(void **state)
{
	(void)state;
	assert_int_equal(hr_supply_wall_uw(INT64_MAX, 1, INT64_MAX), INT64_MAX);
	assert_int_equal(hr_supply_wall_uw(-5, 900, -5), 0);
	assert_int_equal(hr_supply_wall_uw(5, 0, 0), 5000);
	assert_int_equal(hr_supply_wall_uw(5, 4000, 0), 5);
	assert_int_equal(hr_supply_device_uw(INT64_MIN, 900, 20 * W), 0);
	assert_int_equal(hr_supply_device_uw(INT64_MAX, 1000, -1), INT64_MAX);
}

static void there_and_back_is_safe(void **state)
{
	struct hr_rng r;

	(void)state;
	hr_rng_init(&r, 1);
	for (int i = 0; i < 200000; i++) {
		int64_t e = hr_rng_range(&r, 1, 1000);
		int64_t rest = hr_rng_range(&r, 0, 500 * W);
		int64_t x = hr_rng_range(&r, 0, i % 2 ? 5000 : 5000 * W);
		int64_t wall = hr_supply_wall_uw(x, e, rest);
		int64_t w = rest + x;

		if (hr_supply_device_uw(wall, e, rest) < x)
			fail_msg("device(wall(%lld)) is less, at %lld", (long long)x, (long long)e);
		if (hr_supply_wall_uw(hr_supply_device_uw(w, e, rest), e, rest) > w)
			fail_msg("wall(device(%lld)) is more, at %lld", (long long)w, (long long)e);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(known_amounts),
	    cmocka_unit_test(absurd_amounts_are_bounded),
	    cmocka_unit_test(there_and_back_is_safe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
