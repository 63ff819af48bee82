/* SPDX-License-Identifier: Apache-2.0 */
/* Instants against known values and against the C library's calendar. */
#include "conf_case.h"

#include <time.h>

#include "base/clock.h"
#include "base/rng.h"
#include "conf/rfc3339.h"

static void test_known(void **state)
{
	static const struct {
		const char *text;
		int64_t s;
		int64_t ns;
	} cases[] = {
	    {"1970-01-01T00:00:00Z", 0, 0},
	    {"1970-01-01T01:00:00+01:00", 0, 0},
	    {"1969-12-31T23:59:59Z", -1, 0},
	    {"2000-02-29T00:00:00Z", 951782400, 0},
	    {"2026-03-29t08:00:00z", 1774771200, 0},
	    {"2026-03-29 08:00:00.25Z", 1774771200, 250000000},
	    {"2026-03-29T08:00:00.000000001-00:30", 1774773000, 1},
	    {"2016-12-31T23:59:60Z", 1483228800, 0},
	};

	(void)state;
	for (size_t i = 0; i < HR_ARRAY_LEN(cases); i++) {
		int64_t ns = 0;
		int rc = hr_rfc3339_parse(cases[i].text, &ns);

		assert_int_equal(rc, cases[i].s < 0 ? -ERANGE : 0);
		if (rc == 0)
			assert_true(ns == cases[i].s * HR_NS_PER_S + cases[i].ns);
	}
}

static void test_bad(void **state)
{
	static const char *const shape[] = {"",
					    "2026-03-29",
					    "2026-03-29T08:00Z",
					    "2026-03-29T08:00:00",
					    "2026-3-29T08:00:00Z",
					    "2026-03-29T08:00:00.Z",
					    "2026-03-29T08:00:00+0100",
					    "2026-03-29T08:00:00Zx",
					    "2026-03-29T08:00:00.0123456789Z",
					    "2026-03-29T08:00:00+24:00",
					    " 2026-03-29T08:00:00Z",
					    "2026-03-29X08:00:00Z",
					    "2026/03/29T08:00:00Z"};
	static const char *const date[] = {
	    "2026-02-29T08:00:00Z", "2100-02-29T00:00:00Z",     "2026-13-01T00:00:00Z",
	    "2026-00-01T00:00:00Z", "2026-01-00T00:00:00Z",     "2026-04-31T00:00:00Z",
	    "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z",     "2026-01-01T00:00:61Z",
	    "2262-01-01T00:00:00Z", "1970-01-01T00:00:00+00:01"};
	int64_t ns = 77;

	(void)state;
	for (size_t i = 0; i < HR_ARRAY_LEN(shape); i++)
		assert_int_equal(hr_rfc3339_parse(shape[i], &ns), -EINVAL);
	for (size_t i = 0; i < HR_ARRAY_LEN(date); i++)
		assert_int_equal(hr_rfc3339_parse(date[i], &ns), -ERANGE);
	assert_int_equal(ns, 77);
}

static void test_against_the_c_library(void **state)
{
	struct hr_rng r;

	(void)state;
	hr_rng_init(&r, 3339);
	for (int i = 0; i < 20000; i++) {
		int64_t s = hr_rng_range(&r, 0, INT64_C(9214646399)); /* end of 2261 */
		int64_t part = i % 2 == 0 ? 0 : hr_rng_range(&r, 0, HR_NS_PER_S - 1);
		char text[HR_RFC3339_BYTES];
		char want[HR_RFC3339_BYTES];
		struct tm tm;
		time_t t = (time_t)s;
		int64_t back = -1;

		assert_non_null(gmtime_r(&t, &tm));
		assert_true(strftime(want, sizeof(want), "%Y-%m-%dT%H:%M:%SZ", &tm) > 0);
		if (part == 0)
			assert_string_equal(hr_rfc3339_format(s * HR_NS_PER_S, text), want);
		hr_rfc3339_format(s * HR_NS_PER_S + part, text);
		assert_int_equal(hr_rfc3339_parse(text, &back), 0);
		assert_true(back == s * HR_NS_PER_S + part);
	}
}

static void test_format(void **state)
{
	char text[HR_RFC3339_BYTES];

	(void)state;
	assert_string_equal(hr_rfc3339_format(INT64_MIN, text), "1970-01-01T00:00:00Z");
	assert_string_equal(hr_rfc3339_format(1500000000, text), "1970-01-01T00:00:01.5Z");
	assert_string_equal(hr_rfc3339_format(INT64_MAX, text), "2262-04-11T23:47:16.854775807Z");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_known),
	    cmocka_unit_test(test_bad),
	    cmocka_unit_test(test_against_the_c_library),
	    cmocka_unit_test(test_format),
	};
	return cmocka_run_group_tests_name("rfc3339", tests, NULL, NULL);
}
