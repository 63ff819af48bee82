/* SPDX-License-Identifier: Apache-2.0 */
/* Identifiers: text form, comparison, version 4. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/uuid.h"

#define TEXT "123e4567-e89b-12d3-a456-426614174000"

static void text_and_back(void **state)
{
	char buf[HR_UUID_TEXT_BYTES];
	struct hr_uuid u, v;

	(void)state;
	assert_int_equal(hr_uuid_parse(TEXT, &u), 0);
	assert_int_equal(u.byte[0], 0x12);
	assert_int_equal(u.byte[15], 0x00);
	assert_int_equal(u.byte[10], 0x42);
	assert_string_equal(hr_uuid_format(&u, buf), TEXT);
	assert_int_equal(hr_uuid_parse("123E4567-E89B-12D3-A456-426614174000", &v), 0);
	assert_int_equal(hr_uuid_compare(&u, &v), 0);
}

static void other_texts_are_refused(void **state)
{
	static const char *const bad[] = {
	    "",
	    "123e4567",
	    "123e4567-e89b-12d3-a456-4266141740000",
	    "123e4567-e89b-12d3-a456-42661417400",
	    "123e4567-e89b-12d3-a456-42661417400g",
	    "123e4567e-89b-12d3-a456-426614174000",
	    "123e4567-e89b-12d3-a456_426614174000",
	    "123e4567 e89b 12d3 a456 426614174000",
	    "{23e4567-e89b-12d3-a456-42661417400}",
	};
	struct hr_uuid u;
	size_t i;

	(void)state;
	memset(&u, 0x5a, sizeof(u));
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(hr_uuid_parse(bad[i], &u), -EINVAL);
	assert_int_equal(hr_uuid_parse(NULL, &u), -EINVAL);
	assert_int_equal(u.byte[0], 0x5a);
}

static void none_and_order(void **state)
{
	struct hr_uuid a = {{0}}, b = {{0}};

	(void)state;
	assert_true(hr_uuid_is_none(&a));
	b.byte[15] = 1;
	assert_false(hr_uuid_is_none(&b));
	assert_true(hr_uuid_compare(&a, &b) < 0);
	assert_true(hr_uuid_compare(&b, &a) > 0);
}

static void random_bytes_become_version_4(void **state)
{
	uint8_t ones[16];
	char buf[HR_UUID_TEXT_BYTES];
	struct hr_uuid u;

	(void)state;
	memset(ones, 0xff, sizeof(ones));
	u = hr_uuid_from_random(ones);
	assert_string_equal(hr_uuid_format(&u, buf), "ffffffff-ffff-4fff-bfff-ffffffffffff");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(text_and_back),
	    cmocka_unit_test(other_texts_are_refused),
	    cmocka_unit_test(none_and_order),
	    cmocka_unit_test(random_bytes_become_version_4),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
