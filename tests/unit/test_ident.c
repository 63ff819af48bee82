/* SPDX-License-Identifier: Apache-2.0 */
/* Names that may be used, and the order of marks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "model/ident.h"

static void names(void **state)
{
	static const char *const good[] = {"n1", "rack-1.node_02", "intel-rapl:0:1", "A", "_x"};
	static const char *const bad[] = {"",     ".",         "..",   "-x",  "a/b",  "a b",
					  "a\nb", "n\xc3\xa4", "a\"b", "a;b", "a{b}", "%s"};
	char longest[HR_NAME_BYTES + 1];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(hr_name_is_valid(good[i]));
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(hr_name_is_valid(bad[i]));
	assert_false(hr_name_is_valid(NULL));
	memset(longest, 'a', sizeof(longest));
	assert_false(hr_name_is_valid(longest));
	longest[HR_NAME_BYTES - 1] = '\0';
	assert_true(hr_name_is_valid(longest));
}

static void epoch_goes_before_sequence(void **state)
{
	(void)state;
	assert_true(hr_mark_compare((struct hr_mark){1, 9}, (struct hr_mark){2, 1}) < 0);
	assert_true(hr_mark_compare((struct hr_mark){2, 1}, (struct hr_mark){1, 9}) > 0);
	assert_true(hr_mark_compare((struct hr_mark){2, 1}, (struct hr_mark){2, 2}) < 0);
	assert_true(hr_mark_compare((struct hr_mark){2, UINT64_MAX}, (struct hr_mark){2, 0}) > 0);
	assert_true(hr_mark_compare((struct hr_mark){2, 1}, (struct hr_mark){2, 1}) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names),
	    cmocka_unit_test(epoch_goes_before_sequence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
