/* SPDX-License-Identifier: Apache-2.0 */
/* Single values: every type's text, its limits, and its way back. */
#include "conf_case.h"

#include "conf/value.h"

static const struct hr_conf_choice colours[] = {
    {"red", 3, "red"}, {"null", 7, "a word that YAML would not take for text"}, {NULL, 0, NULL}};

union field {
	bool b;
	int choice;
	int32_t s;
	int64_t v;
	char text[16];
	struct hr_uuid uuid;
	struct hr_conf_endpoint endpoint;
};

static struct hr_conf_key key_of(enum hr_conf_type type)
{
	struct hr_conf_key k = {.name = "k", .type = type, .choice = colours, .help = "Help."};

	k.bytes = type == HR_CONF_BOOL       ? sizeof(bool)
		  : type == HR_CONF_CHOICE   ? sizeof(int)
		  : type == HR_CONF_DAYTIME  ? sizeof(int32_t)
		  : type == HR_CONF_UUID     ? sizeof(struct hr_uuid)
		  : type == HR_CONF_ENDPOINT ? sizeof(struct hr_conf_endpoint)
		  : type == HR_CONF_STRING || type == HR_CONF_NAME || type == HR_CONF_PATH
		      ? 16
		      : sizeof(int64_t);
	k.max = type == HR_CONF_DAYTIME    ? 86400
		: type == HR_CONF_ENDPOINT ? 0
					   : INT64_C(5000000000);
	return k;
}

static int parse(enum hr_conf_type type, const char *text, union field *ret)
{
	const struct hr_conf_key k = key_of(type);

	return hr_conf_value_parse(&k, text, strlen(text), ret, NULL);
}

static void test_round_trip(void **state)
{
	static const struct {
		enum hr_conf_type type;
		const char *text;
		const char *back;
	} cases[] = {
	    {HR_CONF_BOOL, "true", "true"},
	    {HR_CONF_BOOL, "false", "false"},
	    {HR_CONF_INTEGER, "0", "0"},
	    {HR_CONF_INTEGER, "5000000000", "5000000000"},
	    {HR_CONF_PERMILLE, "0.9", "0.9"},
	    {HR_CONF_PERMILLE, "0.905", "0.905"},
	    {HR_CONF_PERMILLE, "1", "1"},
	    {HR_CONF_PERMILLE, "1.000", "1"},
	    {HR_CONF_PERMILLE, "10.01", "10.01"},
	    {HR_CONF_POWER, "1200 W", "1.2 kW"},
	    {HR_CONF_POWER, "0 W", "0 W"},
	    {HR_CONF_SPAN, "1.5 s", "1.5 s"},
	    {HR_CONF_CHOICE, "red", "red"},
	    {HR_CONF_CHOICE, "null", "\"null\""},
	    {HR_CONF_STRING, "", "\"\""},
	    {HR_CONF_STRING, "plain", "plain"},
	    {HR_CONF_STRING, "a: b #c", "\"a: b #c\""},
	    {HR_CONF_STRING, "\"\\", "\"\\\"\\\\\""},
	    {HR_CONF_STRING, "No", "\"No\""},
	    {HR_CONF_STRING, "1e3", "1e3"},
	    {HR_CONF_STRING, "1.5", "\"1.5\""},
	    {HR_CONF_STRING, "-", "\"-\""},
	    {HR_CONF_STRING, "\xe2\x82\xac", "\"\xe2\x82\xac\""},
	    {HR_CONF_NAME, "node-07.a:b", "\"node-07.a:b\""},
	    {HR_CONF_PATH, "/run/x", "/run/x"},
	    {HR_CONF_PATH, "", "\"\""},
	    {HR_CONF_UUID, "", "\"\""},
	    {HR_CONF_UUID, "1B4E28BA-2fa1-41d2-883f-0016d3cca427",
	     "1b4e28ba-2fa1-41d2-883f-0016d3cca427"},
	    {HR_CONF_ENDPOINT, "tcp://[::1]:80", "\"[::1]:80\""},
	    {HR_CONF_ENDPOINT, "", "\"\""},
	    {HR_CONF_TIME, "2026-03-29T08:00:00+01:00", "\"2026-03-29T07:00:00Z\""},
	    {HR_CONF_DAYTIME, "08:00", "\"08:00\""},
	    {HR_CONF_DAYTIME, "23:59:59", "\"23:59:59\""},
	    {HR_CONF_DAYTIME, "24:00", "\"24:00\""},
	};

	(void)state;
	for (size_t i = 0; i < HR_ARRAY_LEN(cases); i++) {
		const struct hr_conf_key k = key_of(cases[i].type);
		char text[HR_CONF_VALUE_BYTES];
		union field f;

		memset(&f, 0xa5, sizeof(f));
		assert_int_equal(parse(cases[i].type, cases[i].text, &f), 0);
		assert_string_equal(hr_conf_value_format(&k, &f, text), cases[i].back);
	}
}

static const struct {
	enum hr_conf_type type;
	const char *text;
} refused[] = {
    {HR_CONF_BOOL, "yes"},
    {HR_CONF_BOOL, "True"},
    {HR_CONF_BOOL, ""},
    {HR_CONF_INTEGER, ""},
    {HR_CONF_INTEGER, "-"},
    {HR_CONF_INTEGER, "1.0"},
    {HR_CONF_INTEGER, "0x10"},
    {HR_CONF_INTEGER, "-1"},
    {HR_CONF_INTEGER, "5000000001"},
    {HR_CONF_INTEGER, "99999999999999999999999"},
    {HR_CONF_INTEGER, " 1"},
    {HR_CONF_PERMILLE, "0.9001"},
    {HR_CONF_PERMILLE, ".9"},
    {HR_CONF_PERMILLE, "1."},
    {HR_CONF_PERMILLE, "1.2.3"},
    {HR_CONF_PERMILLE, "90%"},
    {HR_CONF_PERMILLE, "-1"},
    {HR_CONF_PERMILLE, "1234567890123"},
    {HR_CONF_POWER, "1200"},
    {HR_CONF_POWER, "1 w"},
    {HR_CONF_POWER, "5001 W"},
    {HR_CONF_POWER, "-1 W"},
    {HR_CONF_POWER, "nan W"},
    {HR_CONF_SPAN, "1 year"},
    {HR_CONF_SPAN, "6 s"},
    {HR_CONF_CHOICE, "blue"},
    {HR_CONF_STRING, "sixteen bytes..."},
    {HR_CONF_STRING, "a\nb"},
    {HR_CONF_STRING, "\x1b[31m"},
    {HR_CONF_STRING, "\xff"},
    {HR_CONF_STRING, "\xc0\x80"},
    {HR_CONF_STRING, "\xe2\x80\xa8"},
    {HR_CONF_STRING, "\xed\xa0\x80"},
    {HR_CONF_STRING, "\xe2\x82"},
    {HR_CONF_STRING, "0\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80"},
    {HR_CONF_NAME, "a b"},
    {HR_CONF_NAME, "-a"},
    {HR_CONF_PATH, "etc/x"},
    {HR_CONF_UUID, "1b4e28ba"},
    {HR_CONF_ENDPOINT, "host"},
    {HR_CONF_TIME, "tomorrow"},
    {HR_CONF_DAYTIME, "8:00"},
    {HR_CONF_DAYTIME, "24:01"},
    {HR_CONF_DAYTIME, "25:00"},
    {HR_CONF_DAYTIME, "99:99"},
    {HR_CONF_DAYTIME, "12:60"},
    {HR_CONF_DAYTIME, "12-00"},
    {HR_CONF_DAYTIME, "0800:"},
    {HR_CONF_LIST, "x"},
};

static void test_refused_and_untouched(void **state)
{
	(void)state;
	for (size_t i = 0; i < HR_ARRAY_LEN(refused); i++) {
		const struct hr_conf_key k = key_of(refused[i].type);
		struct hr_err err = {0};
		union field f;
		union field before;

		memset(&f, 0xa5, sizeof(f));
		before = f;
		int rc = hr_conf_value_parse(&k, refused[i].text, strlen(refused[i].text), &f,
					     &err);
		if (rc >= 0)
			fail_msg("'%s' was taken", refused[i].text);
		assert_int_equal(rc, err.code);
		assert_true(strncmp(err.text, "found ", 6) == 0);
		assert_non_null(strstr(err.text, ", expected "));
		assert_memory_equal(&f, &before, sizeof(f));
	}
}

static void test_sentences(void **state)
{
	struct hr_conf_key k = key_of(HR_CONF_POWER);
	struct hr_err err;
	union field f;

	(void)state;
	assert_int_equal(hr_conf_value_parse(&k, "1200", 4, &f, &err), -EINVAL);
	assert_string_equal(err.text, "found '1200', which has no unit, expected a power; write "
				      "1200 W or 1.2 kW");
	assert_int_equal(hr_conf_value_parse(&k, "6 kW", 4, &f, &err), -ERANGE);
	assert_string_equal(err.text,
			    "found '6 kW', expected a power with its unit from 0 W to 5 kW");
	k = key_of(HR_CONF_CHOICE);
	assert_int_equal(hr_conf_value_parse(&k, "rde", 3, &f, &err), -EINVAL);
	assert_string_equal(err.text, "found 'rde', expected red or null");
	k = key_of(HR_CONF_STRING);
	assert_int_equal(hr_conf_value_parse(&k, "a", 2, &f, &err), -EINVAL);
	assert_string_equal(err.text, "found a zero byte, expected printable text");
}

static void test_required_text_is_not_empty(void **state)
{
	struct hr_conf_key k = key_of(HR_CONF_PATH);
	union field f;

	(void)state;
	assert_int_equal(hr_conf_value_parse(&k, "", 0, &f, NULL), 0);
	k.required = true;
	assert_int_equal(hr_conf_value_parse(&k, "", 0, &f, NULL), -EINVAL);
}

static void test_type_names(void **state)
{
	(void)state;
	for (int t = 0; t < HR_CONF__MAX; t++)
		assert_non_null(hr_conf_type_name((enum hr_conf_type)t));
	assert_string_equal(hr_conf_type_name(HR_CONF__MAX), "unknown");
	assert_false(hr_conf_type_is_scalar(HR_CONF_LIST));
	assert_true(hr_conf_type_is_scalar(HR_CONF_UUID));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_round_trip), cmocka_unit_test(test_refused_and_untouched),
	    cmocka_unit_test(test_sentences),  cmocka_unit_test(test_required_text_is_not_empty),
	    cmocka_unit_test(test_type_names),
	};
	return cmocka_run_group_tests_name("value", tests, NULL, NULL);
}
