/* SPDX-License-Identifier: Apache-2.0 */
/* The first look at a text: syntax with its line, and no shape that costs more than its length. */
#include "conf_case.h"

#include "conf/shape.h"

static int check(const char *text, struct hr_err *err)
{
	*err = (struct hr_err){0};
	return hr_conf_shape_check(text, strlen(text), "t.conf", err);
}

static void refused(const char *text, const char *sentence)
{
	struct hr_err err;

	assert_int_equal(check(text, &err), -EINVAL);
	assert_string_equal(err.text, sentence);
}

static void test_syntax_names_the_line(void **state)
{
	(void)state;
	refused(
	    "agent:\n\tname: a\n",
	    "t.conf:2: found text that is not YAML: found character that cannot start any token "
	    "while scanning for the next token; indent with spaces, and put texts that begin with "
	    "a sign in quotes");
	refused("agent:\n  name: a\n\trate_hz: 1\n",
		"t.conf:3: found text that is not YAML: found a tab character that violates "
		"indentation while scanning a plain scalar; indent with spaces");
	refused("agent: {name: a\n",
		"t.conf:2: found text that is not YAML: did not find expected ',' "
		"or '}' while parsing a flow mapping");
	refused(
	    "agent:\n  name: \"a\xff\"\n",
	    "t.conf: found bytes that are not printable UTF-8 text: invalid leading UTF-8 octet "
	    "at byte 17");
}

static void test_shapes(void **state)
{
	struct hr_err err;

	(void)state;
	assert_int_equal(check("", &err), 0);
	assert_int_equal(check("a: [1, {b: c}]\n", &err), 0);
	assert_int_equal(check("[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]", &err), 0);
	refused("\n[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]",
		"t.conf:2: found lists and mappings nested deeper than 16, expected fewer");
	refused("a: &x n1\n", "t.conf:1: found an anchor (&name), expected each value written out");
	refused("a: 1\nb: *x\n",
		"t.conf:2: found an alias (*name), expected the value written out");
	refused("a: !!str x\n", "t.conf:1: found a tag (!name), expected a plain value");
	refused("a: 1\n---\nb: 1\n", "t.conf:2: found a second document ('---'), expected one");
}

/* libyaml alone takes minutes for each of these. */
static void test_hostile_texts_end_at_once(void **state)
{
	static const char *const piece[] = {"[", "{a: ", "- ", "? ", "&a x\n", "[*a,", "a: "};
	enum { BYTES = 4 << 20 };
	char *text = malloc(BYTES);
	struct hr_err err;

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < HR_ARRAY_LEN(piece); i++) {
		size_t n = strlen(piece[i]);

		for (size_t at = 0; at + n <= BYTES; at += n)
			memcpy(text + at, piece[i], n);
		assert_int_equal(hr_conf_shape_check(text, BYTES - BYTES % n, "t.conf", &err),
				 -EINVAL);
	}
	free(text);
	assert_int_equal(hr_conf_shape_check("", HR_CONF_TEXT_BYTES_MAX + 1, "t.conf", &err),
			 -E2BIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_syntax_names_the_line),
	    cmocka_unit_test(test_shapes),
	    cmocka_unit_test(test_hostile_texts_end_at_once),
	};
	return cmocka_run_group_tests_name("shape", tests, NULL, NULL);
}
