/* SPDX-License-Identifier: Apache-2.0 */
/* Sets of names: what they expand to, and that no text makes more than the bound. */
#include "conf_case.h"

#include "base/rng.h"
#include "conf/nodeset.h"

static void expand(const char *text, const char *want)
{
	struct hr_nodeset s;
	struct hr_err err = {0};
	char all[2048] = "";
	size_t n = 0;

	if (hr_nodeset_parse(text, &s, &err) < 0)
		fail_msg("%s: %s", text, err.text);
	for (size_t i = 0; i < s.n; i++) {
		char name[HR_NAME_BYTES];

		hr_nodeset_name(&s, i, name);
		assert_true(hr_name_is_valid(name));
		assert_true(n + strlen(name) + 2 < sizeof(all));
		memcpy(all + n, name, strlen(name));
		n += strlen(name);
		all[n++] = ' ';
	}
	all[n > 0 ? n - 1 : 0] = '\0';
	assert_string_equal(all, want);
}

static void test_expansion(void **state)
{
	(void)state;
	expand("node7", "node7");
	expand("node[08-11]", "node08 node09 node10 node11");
	expand("node[8-11]", "node8 node9 node10 node11");
	expand("node[01-03,90]", "node01 node02 node03 node90");
	expand("n[0-8/4]x", "n0x n4x n8x");
	expand("r[1-2]n[01-02]", "r1n01 r1n02 r2n01 r2n02");
	expand("a1,b[2-3],c", "a1 b2 b3 c");
	expand("a[1,3]b[5]c[007]d", "a1b5c007d a3b5c007d");
	expand("[1-2]", "1 2");
	expand("n[9-10]", "n9 n10");
	expand("n[99-101]", "n99 n100 n101");
}

static void test_refused(void **state)
{
	static const char *const cases[] = {
	    "",
	    "n[",
	    "n[]",
	    "n[1",
	    "n[1-]",
	    "n[-1]",
	    "n[2-1]",
	    "n]",
	    "n[1]]",
	    "n[1,]",
	    "n[a]",
	    "n[1-2/0]",
	    "a,,b",
	    ",a",
	    "a,",
	    "n[1 - 2]",
	    "-n[1-2]",
	    "n[1-2",
	    "n[01-002]",
	    "n[0-9999999999]",
	    "a b",
	    "n[1]n[1]n[1]n[1]",
	    "n[0-65536]",
	    "n[0-999]x[0-999]",
	    "n[0-40000],m[0-40000]",
	    "n[[1]]",
	    "a-name-that-is-longer-than-sixty-three-bytes-with-its-number-x[1-10]"};
	struct hr_nodeset s;

	(void)state;
	for (size_t i = 0; i < HR_ARRAY_LEN(cases); i++) {
		struct hr_err err = {0};
		if (hr_nodeset_parse(cases[i], &s, &err) >= 0)
			fail_msg("'%s' was taken", cases[i]);
		assert_non_null(strstr(err.text, ", expected "));
	}
}

static void test_bounds(void **state)
{
	struct hr_nodeset s;
	char name[HR_NAME_BYTES];
	char text[HR_NODESET_TEXT_BYTES + 1];

	(void)state;
	assert_int_equal(hr_nodeset_parse("n[0-65535]", &s, NULL), 0);
	assert_int_equal(s.n, 65536);
	assert_string_equal(hr_nodeset_name(&s, 65535, name), "n65535");
	assert_int_equal(hr_nodeset_parse("n[0-65535],m", &s, NULL), -E2BIG);
	memset(text, 'a', sizeof(text));
	text[HR_NODESET_TEXT_BYTES] = '\0';
	assert_int_equal(hr_nodeset_parse(text, &s, NULL), -E2BIG);
	memset(text, ',', sizeof(text));
	text[HR_NODESET_TEXT_BYTES - 1] = '\0';
	for (size_t i = 0; i < 40; i += 2)
		text[i] = 'a';
	assert_int_equal(hr_nodeset_parse(text, &s, NULL), -E2BIG);
}

/* Whatever the text, every name of a set that was taken is valid. */
static void test_random_texts(void **state)
{
	static const char chars[] = "ab01239[]-,/.";
	struct hr_rng r;
	int taken = 0;

	(void)state;
	hr_rng_init(&r, 80);
	for (int i = 0; i < 200000; i++) {
		char text[24];
		char name[HR_NAME_BYTES];
		struct hr_nodeset s;
		size_t n = (size_t)hr_rng_range(&r, 1, 14);

		for (size_t j = 0; j < n; j++)
			text[j] = chars[hr_rng_below(&r, sizeof(chars) - 1)];
		text[n] = '\0';
		if (hr_nodeset_parse(text, &s, NULL) < 0)
			continue;
		taken++;
		assert_true(s.n >= 1 && s.n <= HR_NODESET_NAMES_MAX);
		assert_true(hr_name_is_valid(hr_nodeset_name(&s, 0, name)));
		assert_true(hr_name_is_valid(hr_nodeset_name(&s, s.n - 1, name)));
		assert_true(hr_name_is_valid(hr_nodeset_name(&s, s.n / 2, name)));
	}
	assert_true(taken > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_expansion),
	    cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_bounds),
	    cmocka_unit_test(test_random_texts),
	};
	return cmocka_run_group_tests_name("nodeset", tests, NULL, NULL);
}
