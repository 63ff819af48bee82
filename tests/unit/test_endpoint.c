/* SPDX-License-Identifier: Apache-2.0 */
/* host:port in every form that people write, and what is no address. */
#include "conf_case.h"

#include "conf/endpoint.h"

static void test_good(void **state)
{
	static const struct {
		const char *text;
		const char *host;
		unsigned port;
		const char *back;
	} cases[] = {
	    {"127.0.0.1:80", "127.0.0.1", 80, "127.0.0.1:80"},
	    {"tcp://power.example.org:65535", "power.example.org", 65535,
	     "power.example.org:65535"},
	    {"n1", "n1", 7710, "n1:7710"},
	    {"*:1", "*", 1, "*:1"},
	    {"[::1]:80", "::1", 80, "[::1]:80"},
	    {"[fe80::1%eth0]", "fe80::1%eth0", 7710, "[fe80::1%eth0]:7710"},
	    {"tcp://[::]:5", "::", 5, "[::]:5"},
	    {"", "", 0, ""},
	};

	(void)state;
	for (size_t i = 0; i < HR_ARRAY_LEN(cases); i++) {
		struct hr_conf_endpoint e;
		char text[HR_CONF_ENDPOINT_BYTES];

		assert_int_equal(hr_conf_endpoint_parse(cases[i].text, 7710, &e), 0);
		assert_string_equal(e.host, cases[i].host);
		assert_int_equal(e.port, cases[i].port);
		assert_string_equal(hr_conf_endpoint_format(&e, text), cases[i].back);
		assert_true(hr_conf_endpoint_is_none(&e) == (cases[i].text[0] == '\0'));
	}
}

static void test_bad(void **state)
{
	static const char *const cases[] = {
	    ":80",     "a:",      "a:0",      "a:65536",  "a:123456", "a:8x",       "a b:80",
	    "::1:80",  "[::1:80", "[]:80",    "[a.b]:80", "[::1]80",  "-a:80",      "udp://a:1",
	    "a:80:90", "**:80",   "[::1%]:8", "a:-1",     "a: 80",    "[fe80::g]:1"};
	char longest[HR_CONF_HOST_BYTES + 8];
	struct hr_conf_endpoint e;

	(void)state;
	for (size_t i = 0; i < HR_ARRAY_LEN(cases); i++)
		if (hr_conf_endpoint_parse(cases[i], 7710, &e) != -EINVAL)
			fail_msg("'%s' was taken", cases[i]);
	assert_int_equal(hr_conf_endpoint_parse("host", 0, &e), -EINVAL);
	memset(longest, 'a', sizeof(longest));
	longest[HR_CONF_HOST_BYTES] = '\0';
	assert_int_equal(hr_conf_endpoint_parse(longest, 1, &e), -EINVAL);
	longest[HR_CONF_HOST_BYTES - 1] = '\0';
	assert_int_equal(hr_conf_endpoint_parse(longest, 1, &e), 0);
}

static void test_loopback(void **state)
{
	static const char *const inside[] = {"127.0.0.1:1", "127.1.2.3:1", "[::1]:1",
					     "localhost:1"};
	static const char *const outside[] = {"0.0.0.0:1",       "*:1",      "128.0.0.1:1",
					      "127.evil.org:1",  "[::]:1",   "host:1",
					      "127.0.0.1.org:1", "127.0.0:1"};
	struct hr_conf_endpoint e;

	(void)state;
	for (size_t i = 0; i < HR_ARRAY_LEN(inside); i++) {
		assert_int_equal(hr_conf_endpoint_parse(inside[i], 0, &e), 0);
		assert_true(hr_conf_endpoint_is_loopback(&e));
	}
	for (size_t i = 0; i < HR_ARRAY_LEN(outside); i++) {
		assert_int_equal(hr_conf_endpoint_parse(outside[i], 0, &e), 0);
		assert_false(hr_conf_endpoint_is_loopback(&e));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_good),
	    cmocka_unit_test(test_bad),
	    cmocka_unit_test(test_loopback),
	};
	return cmocka_run_group_tests_name("endpoint", tests, NULL, NULL);
}
