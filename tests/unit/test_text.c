/* SPDX-License-Identifier: Apache-2.0 */
/* A text that grows. */
#include "conf_case.h"

#include "conf/text.h"

static void test_grows(void **state)
{
	struct hr_text t = {0};

	(void)state;
	for (int i = 0; i < 10000; i++)
		hr_text_add(&t, "%d,", i % 10);
	assert_int_equal(t.n, 20000);
	char *text = hr_text_take(&t);
	assert_non_null(text);
	assert_int_equal(strlen(text), 20000);
	assert_memory_equal(text + 19996, "8,9,", 5);
	free(text);
	assert_null(t.data);
	assert_int_equal(t.n, 0);
}

static void test_a_failure_stays(void **state)
{
	struct hr_text t = {0};

	(void)state;
	hr_text_add(&t, "%s", "abc");
	t.failed = true;
	hr_text_add(&t, "%s", "def");
	assert_int_equal(t.n, 3);
	assert_null(hr_text_take(&t));
	hr_text_done(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_grows),
	    cmocka_unit_test(test_a_failure_stays),
	};
	return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
