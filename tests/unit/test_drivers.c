/* SPDX-License-Identifier: Apache-2.0 */
/* Drivers by name and by probing; the null drivers touch nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "hw/drivers.h"
#include "tests/unit/sysfs_tree.h"

#define W INT64_C(1000000)

static void drivers_are_found_or_named(void **state)
{
	struct sysfs_tree t;
	struct hr_meter *m;
	struct hr_actuator *a;
	struct hr_meter_conf mc;
	struct hr_actuator_conf ac;
	struct hr_err err = {0};

	(void)state;
	sysfs_tree_open(&t);
	mc = (struct hr_meter_conf){.rootfd = t.fd};
	ac = (struct hr_actuator_conf){.rootfd = t.fd};
	assert_int_equal(hr_drivers_meter_open(&mc, NULL, &m, &err), -ENODEV);
	assert_true(strlen(err.text) > 0);
	assert_int_equal(hr_drivers_actuator_open(&ac, NULL, &a, &err), -ENODEV);
	assert_int_equal(hr_drivers_meter_open(&mc, "rapl", &m, &err), -EINVAL);
	assert_non_null(strstr(err.text, "powercap, replay, null"));
	assert_int_equal(hr_drivers_actuator_open(&ac, "rapl", &a, &err), -EINVAL);
	assert_int_equal(hr_drivers_meter_open(&mc, "null", &m, &err), 0);
	assert_string_equal(m->ops->name, "null");
	m->ops->close(m);

	sysfs_tree_package(&t, "intel-rapl:0", "package-0", 100 * W);
	assert_int_equal(hr_drivers_meter_open(&mc, NULL, &m, &err), 0);
	assert_string_equal(m->ops->name, "powercap");
	m->ops->close(m);
	assert_int_equal(hr_drivers_actuator_open(&ac, NULL, &a, &err), 0);
	assert_string_equal(a->ops->name, "powercap");
	a->ops->close(a);
	assert_string_equal(hr_drivers_meter_name(0), "powercap");
	assert_string_equal(hr_drivers_actuator_name(1), "null");
	assert_null(hr_drivers_meter_name(99));
	assert_null(hr_drivers_actuator_name(99));
	sysfs_tree_close(&t);
}

static void the_dry_run_looks_and_does_not_touch(void **state)
{
	struct sysfs_tree t;
	struct hr_actuator *a;
	struct hr_actuator_conf conf;
	struct hr_original o;
	struct hr_limit l;

	(void)state;
	sysfs_tree_open(&t);
	conf = (struct hr_actuator_conf){.rootfd = t.fd};
	assert_int_equal(hr_drivers_actuator_open(&conf, "null", &a, NULL), 0);
	assert_int_equal(a->n_zones, 0);
	assert_true(a->ops->set(a, 0, 50 * W, &l) < 0);
	assert_true(a->ops->save(a, 0, &o) < 0);
	a->ops->close(a);
	sysfs_tree_package(&t, "intel-rapl:0", "package-0", 100 * W);
	assert_int_equal(hr_drivers_actuator_open(&conf, "null", &a, NULL), 0);
	assert_int_equal(a->n_zones, 1);
	assert_false(a->zone[0].cappable);
	assert_int_equal(a->ops->save(a, 0, &o), 0);
	assert_int_equal(a->ops->set(a, 0, 50 * W, &l), 0);
	assert_true(l.known);
	assert_int_equal(l.limit_uw, 125 * W);
	assert_int_equal(l.fault, HR_REASON_DENIED);
	assert_int_equal(sysfs_tree_number(&t, "intel-rapl:0/constraint_0_power_limit_uw"),
			 100 * W);
	assert_int_equal(sysfs_tree_number(&t, "intel-rapl:0/constraint_0_time_window_us"), 999424);
	assert_int_equal(a->ops->restore(a, 0, &o), 0);
	a->ops->close(a);
	sysfs_tree_close(&t);
}

static void the_null_meter_reads_nothing(void **state)
{
	struct hr_sample s[HR_ZONES_MAX];
	struct hr_meter_conf conf = {.rootfd = -1};
	struct hr_meter *m;
	size_t n = 7;

	(void)state;
	assert_int_equal(hr_drivers_meter_open(&conf, "null", &m, NULL), 0);
	m->ops->read(m, (struct hr_now){0}, s, &n);
	assert_int_equal(n, 0);
	assert_int_equal(m->n_zones, 0);
	m->ops->close(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(drivers_are_found_or_named),
	    cmocka_unit_test(the_dry_run_looks_and_does_not_touch),
	    cmocka_unit_test(the_null_meter_reads_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
