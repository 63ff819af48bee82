/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of relative performance: ends, order, names, and what the measurements say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sim/curve.h"

#define W INT64_C(1000000)

static void ends_are_exact(void **state)
{
	(void)state;
	for (int k = 0; k < HR_CURVE__MAX; k++) {
		enum hr_curve_kind kind = (enum hr_curve_kind)k;
		assert_int_equal(hr_curve_perf(kind, 150 * W, 150 * W, 25 * W), HR_CURVE_ONE);
		assert_int_equal(hr_curve_perf(kind, 200 * W, 150 * W, 25 * W), HR_CURVE_ONE);
		assert_int_equal(hr_curve_perf(kind, 25 * W, 150 * W, 25 * W), 0);
		assert_int_equal(hr_curve_perf(kind, 0, 150 * W, 25 * W), 0);
		/* nothing dynamic to limit */
		assert_int_equal(hr_curve_perf(kind, 10 * W, 25 * W, 25 * W), HR_CURVE_ONE);
	}
}

static void more_power_is_never_slower(void **state)
{
	(void)state;
	for (int k = 0; k < HR_CURVE__MAX; k++) {
		int32_t last = 0;
		for (int64_t uw = 25 * W; uw <= 150 * W; uw += 100003) {
			int32_t perf = hr_curve_perf((enum hr_curve_kind)k, uw, 150 * W, 25 * W);
			assert_true(perf >= last && perf <= HR_CURVE_ONE);
			if (uw > 27 * W)
				assert_true(perf > 0);
			last = perf;
		}
	}
}

static void agrees_with_what_was_measured(void **state)
{
	(void)state;
	/* Ada binary-trees, uncapped 37.94 W: 0.725 at 24.35 W, 0.454 at 14.94 W (cpu.csv) */
	double a = hr_curve_perf(HR_CURVE_TYPICAL, 24350, 37940, 7600) / (double)HR_CURVE_ONE;
	double b = hr_curve_perf(HR_CURVE_TYPICAL, 14940, 37940, 7600) / (double)HR_CURVE_ONE;
	assert_true(a > 0.70 && a < 0.78);
	assert_true(b > 0.42 && b < 0.52);
	/* at one cap the kinds lie apart, steep lowest */
	int32_t steep = hr_curve_perf(HR_CURVE_STEEP, 15000, 37940, 7600);
	int32_t shallow = hr_curve_perf(HR_CURVE_SHALLOW, 15000, 37940, 7600);
	assert_true(steep < hr_curve_perf(HR_CURVE_TYPICAL, 15000, 37940, 7600));
	assert_true(shallow > hr_curve_perf(HR_CURVE_TYPICAL, 15000, 37940, 7600));
}

static void names_are_found(void **state)
{
	(void)state;
	for (int k = 0; k < HR_CURVE__MAX; k++)
		assert_int_equal(hr_curve_find(hr_curve_name((enum hr_curve_kind)k)), k);
	assert_int_equal(hr_curve_find("flat"), -1);
	assert_int_equal(hr_curve_find(""), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(ends_are_exact),
	    cmocka_unit_test(more_power_is_never_slower),
	    cmocka_unit_test(agrees_with_what_was_measured),
	    cmocka_unit_test(names_are_found),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
