/* SPDX-License-Identifier: Apache-2.0 */
/* The parser of authorised keys: what it takes, and the sentence for everything it refuses. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "wire/authorized_keys.h"

#define K1 "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7" /* ZeroMQ RFC 26, client */
#define K2 "JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6"
#define NODE "6ba7b810-9dad-11d1-80b4-00c04fd430c8"

static int parse(const char *text, struct hr_authorized_key table[4], size_t *n, struct hr_err *err)
{
	return hr_authorized_keys_parse(text, strlen(text), "keys", table, 4, n, err);
}

static void test_good(void **state)
{
	(void)state;
	struct hr_authorized_key table[4];
	size_t n = 99;
	struct hr_err err = {0};
	static const char text[] = "# the rack\n\n"
				   "  " K1 "\t" NODE " agent rack-1 # node 1\r\n"
				   "#" K1 " " NODE " agent rack-1\n"
				   "########################################\n" K2
				   " * operator cluster";
	if (parse(text, table, &n, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(n, 2);
	const struct hr_authorized_key *e = hr_authorized_keys_find(table, n, K1);
	assert_non_null(e);
	assert_int_equal(e->role, HR_ROLE_AGENT);
	assert_string_equal(e->domain, "rack-1");
	assert_false(e->any_node);
	assert_int_equal(e->node.byte[0], 0x6b);
	assert_int_equal(e->line, 3);
	e = hr_authorized_keys_find(table, n, K2);
	assert_non_null(e);
	assert_true(e->any_node);
	assert_int_equal(e->role, HR_ROLE_OPERATOR);
	assert_null(hr_authorized_keys_find(table, n, "nobody"));
	assert_null(hr_authorized_keys_find(table, 0, K1));
	assert_int_equal(parse("", table, &n, &err), 0);
	assert_int_equal(n, 0);
}

static void test_bad(void **state)
{
	(void)state;
	static const struct {
		const char *text, *says;
	} bad[] = {
	    {K1 " " NODE " agent", "keys:1: 3 fields"},
	    {"\n\n" K1 " " NODE " agent rack-1 rack-2", "keys:3: more than four"},
	    {"short " NODE " agent rack-1", "keys:1: the first field"},
	    {K1 "x " NODE " agent rack-1", "keys:1: the first field"},
	    {"%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%% " NODE " agent rack-1", "first field"},
	    {K1 " rack agent rack-1", "keys:1: the second field"},
	    {K1 " 00000000-0000-0000-0000-000000000000 agent rack-1", "second field"},
	    {K1 " " NODE " king rack-1", "keys:1: the third field"},
	    {K1 " " NODE " none rack-1", "keys:1: the third field"},
	    {K1 " " NODE " agent ../rack", "keys:1: the fourth field"},
	    {K1 " " NODE " agent a\n" K2 " * agent a\n" K1 " * agent a",
	     "keys:3: the key stands in line 1"},
	};
	for (size_t i = 0; i < HR_ARRAY_LEN(bad); i++) {
		struct hr_authorized_key table[4];
		struct hr_err err = {0};
		size_t n = 99;
		if (parse(bad[i].text, table, &n, &err) != -EINVAL)
			fail_msg("taken: %s", bad[i].text);
		if (!strstr(err.text, bad[i].says))
			fail_msg("\"%s\" does not say \"%s\"", err.text, bad[i].says);
		assert_int_equal(n, 99);
		/* A secret pasted into the wrong file must not reach a log. */
		assert_null(strstr(err.text, "Lns47E1"));
	}
}

static void test_limits(void **state)
{
	(void)state;
	struct hr_authorized_key table[1];
	struct hr_err err = {0};
	size_t n;
	static const char two[] = K1 " * agent a\n" K2 " * agent a\n";
	assert_int_equal(hr_authorized_keys_parse(two, strlen(two), "keys", table, 1, &n, &err),
			 -E2BIG);
	assert_int_equal(hr_authorized_keys_count_lines(two, strlen(two)), 3);
	static const char zero[] = K1 " * agent a\0b\n";
	assert_int_equal(
	    hr_authorized_keys_parse(zero, sizeof(zero) - 1, "keys", table, 1, &n, &err), -EINVAL);
	assert_true(hr_authorized_keys_is_key(K1));
	/* the greatest key there is, and one more: so no key begins with '#' */
	assert_true(hr_authorized_keys_is_key("%nSc0%nSc0%nSc0%nSc0%nSc0%nSc0%nSc0%nSc0"));
	assert_false(hr_authorized_keys_is_key("%nSc0%nSc0%nSc0%nSc0%nSc0%nSc0%nSc0%nSc1"));
	assert_false(hr_authorized_keys_is_key(K1 "0"));
	assert_false(hr_authorized_keys_is_key(""));
	assert_false(hr_authorized_keys_is_key("rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf "));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_good),
	    cmocka_unit_test(test_bad),
	    cmocka_unit_test(test_limits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
