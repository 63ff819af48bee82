/* SPDX-License-Identifier: Apache-2.0 */
/* Limits of hardware that clamps, rounds, locks, leans, ignores or refuses what is written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hw/powercap.h"
#include "tests/unit/powercap_hardware.h"

static int64_t round_down(const char *file, int64_t value)
{
	return strstr(file, "power") != NULL ? value - value % 125000 : value;
}

static int64_t round_up(const char *file, int64_t value)
{
	return strstr(file, "power") != NULL ? (value + 124999) / 125000 * 125000 : value;
}

static void rounding_never_ends_above_what_was_asked(void **state)
{
	struct hr_limit l;
	struct hr_actuator *a = powercap_hardware_actuator();

	(void)state;
	hardware = round_down;
	assert_int_equal(a->ops->set(a, 0, 60 * W + 124999, &l), 0);
	assert_int_equal(l.limit_uw, 60 * W);
	assert_int_equal(l.fault, HR_REASON_NONE);
	hardware = round_up;
	for (int64_t want = 61 * W; want < 61 * W + 250000; want += 999) {
		assert_int_equal(a->ops->set(a, 0, want, &l), 0);
		assert_true(l.known && l.limit_uw <= want && want - l.limit_uw <= 250000);
		assert_int_equal(l.fault, HR_REASON_NONE);
	}
	a->ops->close(a);
}

static int64_t clamp_at_40(const char *file, int64_t value)
{
	return strstr(file, "power") != NULL && value < 40 * W ? 40 * W : value;
}

static void a_clamp_is_told_with_what_holds(void **state)
{
	struct hr_limit l;
	struct hr_actuator *a = powercap_hardware_actuator();

	(void)state;
	hardware = clamp_at_40;
	assert_int_equal(a->ops->set(a, 0, 20 * W, &l), 0);
	assert_true(l.known);
	assert_int_equal(l.limit_uw, 40 * W);
	assert_int_equal(l.fault, HR_REASON_CLAMPED);
	/* at the clamp already: it has obeyed before, so it is no lock */
	assert_int_equal(a->ops->set(a, 0, 30 * W, &l), 0);
	assert_int_equal(l.fault, HR_REASON_CLAMPED);
	assert_int_equal(a->ops->set(a, 0, 50 * W, &l), 0);
	assert_int_equal(l.fault, HR_REASON_NONE);
	a->ops->close(a);
}

static int64_t swallow(const char *file, int64_t value)
{
	(void)file;
	(void)value;
	return POWERCAP_KEEP_OLD;
}

static void locks_are_told_whether_refused_or_without_effect(void **state)
{
	struct hr_limit l;
	struct hr_actuator *a = powercap_hardware_actuator();

	(void)state;
	hardware = powercap_hardware_locked;
	assert_int_equal(a->ops->set(a, 0, 60 * W, &l), 0);
	assert_true(l.known);
	assert_int_equal(l.limit_uw, 125 * W);
	assert_int_equal(l.fault, HR_REASON_LOCKED);
	hardware = swallow;
	assert_int_equal(a->ops->set(a, 0, 60 * W, &l), 0);
	assert_int_equal(l.limit_uw, 125 * W);
	assert_int_equal(l.fault, HR_REASON_LOCKED);
	/* also after it has obeyed for a while */
	hardware = NULL;
	assert_int_equal(a->ops->set(a, 0, 70 * W, &l), 0);
	assert_int_equal(l.fault, HR_REASON_NONE);
	hardware = swallow;
	assert_int_equal(a->ops->set(a, 0, 60 * W, &l), 0);
	assert_int_equal(l.limit_uw, 70 * W);
	assert_int_equal(l.fault, HR_REASON_LOCKED);
	/* the kernel shows a locked zone as switched off: then nothing is known to hold */
	hardware = powercap_hardware_locked;
	sysfs_tree_put_number(&tree, ENABLED0, 0);
	assert_int_equal(a->ops->set(a, 0, 60 * W, &l), 0);
	assert_false(l.known);
	assert_int_equal(l.fault, HR_REASON_LOCKED);
	a->ops->close(a);
}

static int64_t no_switch(const char *file, int64_t value)
{
	return strstr(file, "enabled") != NULL ? POWERCAP_KEEP_OLD : value;
}

static void a_switch_that_stays_off_is_no_limit(void **state)
{
	struct hr_limit l;
	struct hr_actuator *a = powercap_hardware_actuator();

	(void)state;
	sysfs_tree_put_number(&tree, ENABLED0, 0);
	hardware = no_switch;
	assert_int_equal(a->ops->set(a, 0, 60 * W, &l), 0);
	assert_false(l.known);
	assert_int_equal(l.fault, HR_REASON_DISABLED);
	a->ops->close(a);
}

static int64_t short_stays(const char *file, int64_t value)
{
	return strcmp(file, SHORT0) == 0 ? -EACCES : value;
}

static void a_short_term_that_stays_high_is_charged(void **state)
{
	struct hr_limit l;
	struct hr_actuator *a = powercap_hardware_actuator();

	(void)state;
	hardware = short_stays;
	assert_int_equal(a->ops->set(a, 0, 60 * W, &l), 0);
	assert_true(l.known);
	assert_int_equal(l.limit_uw, 125 * W);
	assert_int_equal(l.fault, HR_REASON_LOCKED);
	a->ops->close(a);
}

/* Hardware that keeps the short term at or above the long one. */
static int64_t leaning(const char *file, int64_t value)
{
	if (strcmp(file, SHORT0) == 0 && value < sysfs_tree_number(&tree, LONG0))
		return sysfs_tree_number(&tree, LONG0);
	if (strcmp(file, LONG0) == 0 && value > sysfs_tree_number(&tree, SHORT0))
		return sysfs_tree_number(&tree, SHORT0);
	return value;
}

static void limits_that_lean_on_each_other_are_set_in_two_rounds(void **state)
{
	struct hr_limit l;
	struct hr_original o;
	struct hr_actuator *a = powercap_hardware_actuator();

	(void)state;
	hardware = leaning;
	assert_int_equal(a->ops->save(a, 0, &o), 0);
	assert_int_equal(a->ops->set(a, 0, 60 * W, &l), 0);
	assert_int_equal(l.limit_uw, 60 * W);
	assert_int_equal(l.fault, HR_REASON_NONE);
	assert_int_equal(a->ops->set(a, 0, 90 * W, &l), 0);
	assert_int_equal(l.limit_uw, 90 * W);
	assert_int_equal(l.fault, HR_REASON_NONE);
	assert_int_equal(a->ops->restore(a, 0, &o), 0);
	assert_int_equal(sysfs_tree_number(&tree, LONG0), 100 * W);
	assert_int_equal(sysfs_tree_number(&tree, SHORT0), 125 * W);
	a->ops->close(a);
}

static int64_t eio(const char *file, int64_t value)
{
	(void)file;
	(void)value;
	return -EIO;
}

static int64_t einval(const char *file, int64_t value)
{
	(void)value;
	return strstr(file, "power") != NULL ? -EINVAL : value;
}

static void other_refusals_have_their_own_reasons(void **state)
{
	struct hr_limit l;
	struct hr_actuator *a = powercap_hardware_actuator();

	(void)state;
	hardware = eio;
	assert_int_equal(a->ops->set(a, 0, 60 * W, &l), 0);
	assert_true(l.known); /* it can still be read */
	assert_int_equal(l.limit_uw, 125 * W);
	assert_int_equal(l.fault, HR_REASON_IO_ERROR);
	hardware = einval;
	assert_int_equal(a->ops->set(a, 0, 60 * W, &l), 0);
	assert_int_equal(l.fault, HR_REASON_CLAMPED);
	assert_int_equal(a->ops->set(a, 0, 0, &l), -EINVAL);
	assert_int_equal(a->ops->set(a, 0, -5, &l), -EINVAL);
	assert_int_equal(a->ops->set(a, 1, 60 * W, &l), -EINVAL);
	assert_int_equal(a->ops->get(a, 1, &l), -EINVAL);
	a->ops->close(a);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, powercap_hardware_begin, powercap_hardware_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(rounding_never_ends_above_what_was_asked),
	    TEST(a_clamp_is_told_with_what_holds),
	    TEST(locks_are_told_whether_refused_or_without_effect),
	    TEST(a_switch_that_stays_off_is_no_limit),
	    TEST(a_short_term_that_stays_high_is_charged),
	    TEST(limits_that_lean_on_each_other_are_set_in_two_rounds),
	    TEST(other_refusals_have_their_own_reasons),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
