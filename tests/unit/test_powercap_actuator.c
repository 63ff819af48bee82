/* SPDX-License-Identifier: Apache-2.0 */
/* Limits in the powercap tree: what is written, in what state, and what is answered. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hw/powercap.h"
#include "tests/unit/sysfs_tree.h"

#define W INT64_C(1000000)

static struct hr_actuator *open_actuator(const struct sysfs_tree *t)
{
	struct hr_actuator_conf conf = {.rootfd = t->fd};
	struct hr_actuator *a = NULL;
	struct hr_err err = {0};

	if (hr_powercap_actuator_ops.open(&conf, &a, &err) < 0)
		fail_msg("%s", err.text);
	return a;
}

static void both_limits_are_set_and_answered(void **state)
{
	struct sysfs_tree t;
	struct hr_limit l;
	struct hr_actuator *a;

	(void)state;
	sysfs_tree_open(&t);
	sysfs_tree_package(&t, "intel-rapl:0", "package-0", 100 * W);
	sysfs_tree_put_number(&t, "intel-rapl:0/enabled", 0);
	a = open_actuator(&t);
	assert_int_equal(a->n_zones, 1);
	assert_true(a->zone[0].cappable);
	assert_int_equal(a->ops->get(a, 0, &l), 0);
	assert_false(l.known);
	assert_int_equal(l.fault, HR_REASON_DISABLED);

	assert_int_equal(a->ops->set(a, 0, 60 * W, &l), 0);
	assert_true(l.known);
	assert_int_equal(l.limit_uw, 60 * W);
	assert_int_equal(l.settle_ns, 10 * 1000000);
	assert_int_equal(l.fault, HR_REASON_NONE);
	assert_int_equal(sysfs_tree_number(&t, "intel-rapl:0/enabled"), 1);
	assert_int_equal(sysfs_tree_number(&t, "intel-rapl:0/constraint_0_power_limit_uw"), 60 * W);
	assert_int_equal(sysfs_tree_number(&t, "intel-rapl:0/constraint_1_power_limit_uw"), 60 * W);
	assert_int_equal(sysfs_tree_number(&t, "intel-rapl:0/constraint_0_time_window_us"), 10000);
	assert_int_equal(sysfs_tree_number(&t, "intel-rapl:0/constraint_1_time_window_us"), 2440);
	a->ops->close(a);
	sysfs_tree_close(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(both_limits_are_set_and_answered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
