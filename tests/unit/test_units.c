/* SPDX-License-Identifier: Apache-2.0 */
/* Amounts and their text, and the arithmetic that must not overflow. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/attr.h"
#include "base/rng.h"
#include "base/units.h"

static void power_is_read_exactly(void **state)
{
	static const struct {
		const char *text;
		int64_t uw;
	} good[] = {
	    {"250 W", 250000000},
	    {"1.2 kW", 1200000000},
	    {"1.2kW", 1200000000},
	    {"0.000001 W", 1},
	    {"1 uW", 1},
	    {"3 mW", 3000},
	    {"2 MW", INT64_C(2000000000000)},
	    {"0 W", 0},
	    {"-5 W", -5000000},
	    {"12.500000000000000000000000 W", 12500000},
	    {"9223372036854775807 uW", INT64_MAX},
	    {"-9223372.036854775808 MW", INT64_MIN},
	};
	size_t i;

	(void)state;
	for (i = 0; i < HR_ARRAY_LEN(good); i++) {
		struct hr_err err = {0};
		int64_t uw = -1;

		assert_int_equal(hr_power_parse(good[i].text, &uw, &err), 0);
		assert_true(uw == good[i].uw);
		assert_int_equal(err.code, 0);
	}
}

static void wrong_power_is_refused(void **state)
{
	static const struct {
		const char *text;
		int code;
		const char *says;
	} bad[] = {
	    {"", -EINVAL, "not a number"},
	    {"W", -EINVAL, "not a number"},
	    {"250", -EINVAL, "no unit"},
	    {"250 ", -EINVAL, "no unit"},
	    {"250 w", -EINVAL, "unknown unit"},
	    {"250 GW", -EINVAL, "unknown unit"},
	    {"250 W ", -EINVAL, "unknown unit"},
	    {"1e3 W", -EINVAL, "unknown unit"},
	    {"1,200 W", -EINVAL, "unknown unit"},
	    {"0x10 W", -EINVAL, "unknown unit"},
	    {"1. W", -EINVAL, "not a number"},
	    {".5 W", -EINVAL, "not a number"},
	    {"+5 W", -EINVAL, "not a number"},
	    {"--5 W", -EINVAL, "not a number"},
	    {"nan W", -EINVAL, "not a number"},
	    {"inf W", -EINVAL, "not a number"},
	    {" 5 W", -EINVAL, "not a number"},
	    {"500 ms", -EINVAL, "unknown unit"},
	    {"0.5 uW", -ERANGE, "finer"},
	    {"1.0000001 W", -ERANGE, "finer"},
	    {"1.00000000000000000000000000001 W", -ERANGE, "finer"},
	    {"9223372036854775808 uW", -ERANGE, "too large"},
	    {"9223373 MW", -ERANGE, "too large"},
	    {"99999999999999999999999999999999999999999999 W", -ERANGE, "too large"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < HR_ARRAY_LEN(bad); i++) {
		struct hr_err err = {0};
		int64_t uw = -77;

		assert_int_equal(hr_power_parse(bad[i].text, &uw, &err), bad[i].code);
		assert_int_equal(err.code, bad[i].code);
		assert_non_null(strstr(err.text, bad[i].says));
		assert_true(uw == -77);
		assert_int_equal(hr_power_parse(bad[i].text, &uw, NULL), bad[i].code);
	}
	assert_int_equal(hr_power_parse(NULL, &(int64_t){0}, NULL), -EINVAL);
}

static void spans_are_read(void **state)
{
	int64_t ns;

	(void)state;
	assert_int_equal(hr_span_parse("500 ms", &ns, NULL), 0);
	assert_true(ns == 500000000);
	assert_int_equal(hr_span_parse("1.5 h", &ns, NULL), 0);
	assert_true(ns == INT64_C(5400000000000));
	assert_int_equal(hr_span_parse("2 d", &ns, NULL), 0);
	assert_true(ns == INT64_C(172800000000000));
	assert_int_equal(hr_span_parse("0.00000000000001 d", &ns, NULL), -ERANGE);
	assert_int_equal(hr_span_parse("10 m", &ns, NULL), -EINVAL);
	assert_int_equal(hr_span_parse("10 W", &ns, NULL), -EINVAL);
}

static void format_is_short_and_exact(void **state)
{
	static const struct {
		int64_t x;
		const char *power;
		const char *span;
	} row[] = {
	    {0, "0 W", "0 s"},
	    {1, "1 uW", "1 ns"},
	    {500, "500 uW", "500 ns"},
	    {12500000, "12.5 W", "12.5 ms"},
	    {250000000, "250 W", "250 ms"},
	    {500000000, "500 W", "500 ms"},
	    {1200000000, "1.2 kW", "1.2 s"},
	    {1250000000, "1250 W", "1.25 s"},
	    {INT64_C(90000000000), "90 kW", "90 s"},
	    {INT64_C(3600000000000), "3.6 MW", "1 h"},
	    {-250000000, "-250 W", "-250 ms"},
	};
	char buf[HR_UNITS_TEXT_BYTES];
	size_t i;

	(void)state;
	for (i = 0; i < HR_ARRAY_LEN(row); i++) {
		assert_string_equal(hr_power_format(row[i].x, buf), row[i].power);
		assert_string_equal(hr_span_format(row[i].x, buf), row[i].span);
	}
}

static void what_was_formatted_reads_back(void **state)
{
	char buf[HR_UNITS_TEXT_BYTES];
	struct hr_rng rng;
	int i;

	(void)state;
	hr_rng_init(&rng, 1);
	for (i = 0; i < 20000; i++) {
		int64_t x = (int64_t)(hr_rng_next(&rng) >> hr_rng_below(&rng, 64)), back = 0;

		if (i == 0)
			x = INT64_MIN;
		if (i % 3 == 0 && x > INT64_MIN)
			x = -x;
		if (i % 5 == 0)
			x = x / 1000000 * 1000000;
		assert_int_equal(hr_power_parse(hr_power_format(x, buf), &back, NULL), 0);
		assert_true(back == x);
		assert_int_equal(hr_span_parse(hr_span_format(x, buf), &back, NULL), 0);
		assert_true(back == x);
	}
}

static void watts_are_rounded_away_from_zero(void **state)
{
	char buf[HR_UNITS_TEXT_BYTES];

	(void)state;
	assert_string_equal(hr_power_format_watts(1250000, 1, buf), "1.3");
	assert_string_equal(hr_power_format_watts(-1250000, 1, buf), "-1.3");
	assert_string_equal(hr_power_format_watts(1249999, 1, buf), "1.2");
	assert_string_equal(hr_power_format_watts(999999, 0, buf), "1");
	assert_string_equal(hr_power_format_watts(-400000, 0, buf), "0");
	assert_string_equal(hr_power_format_watts(1, 6, buf), "0.000001");
	assert_string_equal(hr_power_format_watts(INT64_MIN, 6, buf), "-9223372036854.775808");
}

static void products_round_the_right_way_and_saturate(void **state)
{
	(void)state;
	assert_true(hr_muldiv_floor(7, 1, 2) == 3);
	assert_true(hr_muldiv_ceil(7, 1, 2) == 4);
	assert_true(hr_muldiv_floor(-7, 1, 2) == -4);
	assert_true(hr_muldiv_ceil(-7, 1, 2) == -3);
	assert_true(hr_muldiv_floor(8, 1, 2) == 4);
	assert_true(hr_muldiv_ceil(8, 1, 2) == 4);
	assert_true(hr_muldiv_floor(INT64_MAX, INT64_MAX, INT64_MAX) == INT64_MAX);
	assert_true(hr_muldiv_floor(INT64_MAX, 3, 2) == INT64_MAX);
	assert_true(hr_muldiv_ceil(INT64_MIN, 3, 2) == INT64_MIN);
	assert_true(hr_muldiv_floor(INT64_MIN, INT64_MIN, 1) == INT64_MAX);
	assert_true(hr_add_sat(INT64_MAX, 1) == INT64_MAX);
	assert_true(hr_add_sat(INT64_MIN, -1) == INT64_MIN);
	assert_true(hr_add_sat(INT64_MAX, INT64_MIN) == -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(power_is_read_exactly),
	    cmocka_unit_test(wrong_power_is_refused),
	    cmocka_unit_test(spans_are_read),
	    cmocka_unit_test(format_is_short_and_exact),
	    cmocka_unit_test(what_was_formatted_reads_back),
	    cmocka_unit_test(watts_are_rounded_away_from_zero),
	    cmocka_unit_test(products_round_the_right_way_and_saturate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
