/* SPDX-License-Identifier: Apache-2.0 */
/* Recorded demands: the files of tests/data/traces, and every way a text can be wrong. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "sim/trace.h"

#define HEADER "t_ms,package_mw,dram_mw\n"

static char text[1 << 20];

static size_t read_file(const char *name)
{
	char path[512];
	snprintf(path, sizeof(path), HR_TEST_DATA "/traces/%s", name);
	FILE *f = fopen(path, "re");
	assert_non_null(f);
	size_t n = fread(text, 1, sizeof(text), f);
	assert_true(n > 0 && n < sizeof(text));
	fclose(f);
	return n;
}

static void reads_the_recordings(void **state)
{
	(void)state;
	const struct {
		const char *file;
		int64_t step_ms;
		size_t n;
		int32_t low_mw, high_mw;
	} files[] = {
	    {"ep.csv", 100, 493, 70845, 87027},
	    {"lu.csv", 100, 271, 78604, 92677},
	    {"mg.csv", 100, 1149, 70628, 96648},
	    {"session.csv", 1000, 568, 60000, 100000},
	};
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct hr_trace t;
		size_t n = read_file(files[i].file);
		assert_int_equal(hr_trace_parse(files[i].file, text, n, &t, NULL), 0);
		assert_int_equal(t.step_ms, files[i].step_ms);
		assert_in_range(t.n, files[i].n - 2, files[i].n + 2);
		assert_true(t.low.package_mw >= files[i].low_mw);
		assert_true(t.high.package_mw <= files[i].high_mw);
		assert_true(t.low.dram_mw > 10000 && t.high.dram_mw < 32000);
		hr_trace_done(&t);
	}
}

static void reads_one_sample_and_odd_line_ends(void **state)
{
	(void)state;
	struct hr_trace t;
	const char *s = "# note\r\n\r\nt_ms,package_mw,dram_mw\r\n# more\n0,5000,700";
	assert_int_equal(hr_trace_parse("x", s, strlen(s), &t, NULL), 0);
	assert_int_equal(t.n, 1);
	assert_int_equal(t.step_ms, 1000);
	assert_int_equal(t.sample[0].package_mw, 5000);
	assert_int_equal(t.sample[0].dram_mw, 700);
	assert_string_equal(t.name, "x");
	hr_trace_done(&t);
}

static void refuses_with_the_line(void **state)
{
	(void)state;
	const struct {
		const char *text;
		const char *says;
	} bad[] = {
	    {"", "header"},
	    {"0,1,2\n", "header"},
	    {"t_ms,package_mw\n0,1\n", "header"},
	    {HEADER, "no sample"},
	    {HEADER "0,1\n", "line 2"},
	    {HEADER "0,1,2,3\n", "line 2"},
	    {HEADER "0,1,2\n100,-1,2\n", "line 3"},
	    {HEADER "0,1,2\n100,1.5,2\n", "line 3"},
	    {HEADER "0,1,2\n100,nan,2\n", "line 3"},
	    {HEADER "0,1,2\n100,1,\n", "line 3"},
	    {HEADER "0,10000001,2\n", "line 2"},
	    {HEADER "0,99999999999999999999999,2\n", "line 2"},
	    {HEADER "0,1,2\n0,1,2\n", "line 3"},
	    {HEADER "0,1,2\n100,1,2\n201,1,2\n", "line 4"},
	    {HEADER "100,1,2\n0,1,2\n", "line 3"},
	    {HEADER "0,1,2\n3600001,1,2\n", "line 3"},
	    {HEADER "0,1,2 \n", "line 2"},
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct hr_err err = {0};
		struct hr_trace t = {.n = 77};
		assert_int_equal(hr_trace_parse("x", bad[i].text, strlen(bad[i].text), &t, &err),
				 -EINVAL);
		assert_non_null(strstr(err.text, bad[i].says));
		assert_int_equal(t.n, 77);
	}
	struct hr_trace t;
	assert_int_equal(hr_trace_parse("x", HEADER "0,1\0002,3\n", sizeof(HEADER) + 9, &t, NULL),
			 -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_the_recordings),
	    cmocka_unit_test(reads_one_sample_and_odd_line_ends),
	    cmocka_unit_test(refuses_with_the_line),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
