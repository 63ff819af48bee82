/* SPDX-License-Identifier: Apache-2.0 */
/* Every enumerator has a name that is unique and fit for a label (also class, role, sample, zone).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "model/class.h"
#include "model/reason.h"
#include "model/role.h"
#include "model/sample.h"
#include "model/zone.h"

static void fit_for_a_label(const char *name)
{
	assert_non_null(name);
	assert_true(name[0] >= 'a' && name[0] <= 'z');
	assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz_"), strlen(name));
}

static void reasons(void **state)
{
	unsigned i, j;

	(void)state;
	for (i = 0; i < HR_REASON__MAX; i++) {
		const char *sentence = hr_reason_sentence((enum hr_reason)i);

		fit_for_a_label(hr_reason_name((enum hr_reason)i));
		assert_true(strlen(sentence) > 10);
		assert_true(sentence[strlen(sentence) - 1] != '.');
		for (j = 0; j < i; j++)
			assert_string_not_equal(hr_reason_name((enum hr_reason)i),
						hr_reason_name((enum hr_reason)j));
	}
	assert_string_equal(hr_reason_name(HR_REASON_LEASE_ENDED), "lease_ended");
	assert_string_equal(hr_reason_name(HR_REASON__MAX), "unknown");
	assert_non_null(hr_reason_sentence(HR_REASON__MAX));
}

static void classes(void **state)
{
	unsigned i;

	(void)state;
	for (i = 0; i < HR_CLASS__MAX; i++) {
		fit_for_a_label(hr_class_name((enum hr_class)i));
		assert_int_equal(hr_class_find(hr_class_name((enum hr_class)i)), i);
	}
	assert_int_equal(hr_class_find("Primary"), HR_CLASS__MAX);
	assert_int_equal(hr_class_find(""), HR_CLASS__MAX);
	assert_int_equal(hr_class_find(NULL), HR_CLASS__MAX);
	assert_string_equal(hr_class_name(HR_CLASS__MAX), "unknown");
}

static void roles(void **state)
{
	unsigned i;

	(void)state;
	for (i = 0; i < HR_ROLE__MAX; i++)
		fit_for_a_label(hr_role_name((enum hr_role)i));
	for (i = HR_ROLE_NONE + 1; i < HR_ROLE__MAX; i++)
		assert_int_equal(hr_role_find(hr_role_name((enum hr_role)i)), i);
	assert_int_equal(hr_role_find("none"), HR_ROLE__MAX);
	assert_int_equal(hr_role_find("Agent"), HR_ROLE__MAX);
	assert_int_equal(hr_role_find(""), HR_ROLE__MAX);
	assert_string_equal(hr_role_name(HR_ROLE__MAX), "unknown");
}

static void qualities_and_kinds_of_zone(void **state)
{
	unsigned i;

	(void)state;
	for (i = 0; i < HR_QUALITY__MAX; i++)
		fit_for_a_label(hr_quality_name((enum hr_quality)i));
	for (i = 0; i < HR_ZONE__MAX; i++)
		fit_for_a_label(hr_zone_kind_name((enum hr_zone_kind)i));
	assert_string_equal(hr_quality_name(HR_QUALITY__MAX), "unknown");
	assert_string_equal(hr_zone_kind_name(HR_ZONE__MAX), "unknown");
	assert_string_equal(hr_zone_kind_name(HR_ZONE_PSYS), "psys");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reasons),
	    cmocka_unit_test(classes),
	    cmocka_unit_test(roles),
	    cmocka_unit_test(qualities_and_kinds_of_zone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
