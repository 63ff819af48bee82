/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Limits in the powercap tree: what is written, in what order, what is answered, and how originals
 * come back.
 */
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

static void both_limits_are_set_and_answered(void **state)
{
	struct hr_limit l;
	struct hr_actuator *a;

	(void)state;
	sysfs_tree_put_number(&tree, ENABLED0, 0);
	a = powercap_hardware_actuator();
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
	assert_int_equal(sysfs_tree_number(&tree, ENABLED0), 1);
	assert_int_equal(sysfs_tree_number(&tree, LONG0), 60 * W);
	assert_int_equal(sysfs_tree_number(&tree, SHORT0), 60 * W);
	assert_int_equal(sysfs_tree_number(&tree, WINDOW0), 10000);
	/* short already: left alone; the switch comes last */
	assert_string_equal(writes, "wsle");
	a->ops->close(a);
}

/* RAPL keeps limits in eighths of a watt. */
static int64_t in_eighths(const char *file, int64_t value)
{
	return strstr(file, "power_limit_uw") != NULL ? value - value % (W / 8) : value;
}

static void what_was_rounded_down_is_not_written_again(void **state)
{
	struct hr_limit l;
	struct hr_actuator *a = powercap_hardware_actuator();

	(void)state;
	assert_int_equal(a->ops->set(a, 0, 70 * W, &l), 0);
	hardware = in_eighths;
	writes[0] = '\0';
	assert_int_equal(a->ops->set(a, 0, 60 * W + 200000, &l), 0);
	assert_int_equal(l.limit_uw, 60 * W + W / 8);
	assert_int_equal(l.fault, HR_REASON_NONE);
	assert_string_equal(writes, "sl");
	a->ops->close(a);
}

static void the_short_term_goes_first_down_and_last_up(void **state)
{
	struct hr_limit l;
	struct hr_actuator *a = powercap_hardware_actuator();

	(void)state;
	assert_int_equal(a->ops->get(a, 0, &l), 0);
	assert_int_equal(l.limit_uw, 125 * W); /* the short term may be drawn */
	assert_int_equal(l.settle_ns, INT64_C(999424000));
	assert_int_equal(a->ops->set(a, 0, 60 * W, &l), 0);
	assert_string_equal(writes, "wsl");
	writes[0] = '\0';
	assert_int_equal(a->ops->set(a, 0, 80 * W, &l), 0);
	assert_string_equal(writes, "ls");
	assert_int_equal(l.limit_uw, 80 * W);
	a->ops->close(a);
}

static void unreadable_limits_are_unknown_and_come_back(void **state)
{
	struct hr_limit l;
	struct hr_original o;
	struct hr_actuator *a = powercap_hardware_actuator();

	(void)state;
	sysfs_tree_put(&tree, LONG0, "lots\n");
	assert_true(a->ops->get(a, 0, &l) < 0);
	assert_false(l.known);
	assert_int_equal(l.fault, HR_REASON_MALFORMED);
	assert_true(a->ops->save(a, 0, &o) < 0);
	assert_false(o.valid);
	sysfs_tree_put(&tree, LONG0, "");
	assert_true(a->ops->get(a, 0, &l) < 0);
	/* and yet it can be set */
	assert_int_equal(a->ops->set(a, 0, 55 * W, &l), 0);
	assert_int_equal(l.limit_uw, 55 * W);
	assert_int_equal(l.fault, HR_REASON_NONE);
	sysfs_tree_put_number(&tree, LONG0, 0);
	assert_true(a->ops->get(a, 0, &l) < 0);
	assert_int_equal(l.fault, HR_REASON_ABSURD);
	sysfs_tree_put_number(&tree, LONG0, INT64_C(900000000000000000));
	assert_true(a->ops->get(a, 0, &l) < 0);
	assert_int_equal(l.fault, HR_REASON_ABSURD);
	/* gone, another zone in its place, and back; a plain file stays readable through an open
	   descriptor, so what makes the driver look again is garbage */
	sysfs_tree_put(&tree, LONG0, "lots\n");
	sysfs_tree_remove(&tree, "intel-rapl:0");
	sysfs_tree_package(&tree, "intel-rapl:0", "package-1", 70 * W);
	assert_true(a->ops->get(a, 0, &l) < 0);
	assert_int_equal(l.fault, HR_REASON_LOST);
	assert_true(a->ops->set(a, 0, 60 * W, &l) < 0);
	assert_int_equal(l.fault, HR_REASON_LOST);
	assert_int_equal(sysfs_tree_number(&tree, LONG0), 70 * W);
	sysfs_tree_remove(&tree, "intel-rapl:0");
	assert_true(a->ops->get(a, 0, &l) < 0);
	sysfs_tree_package(&tree, "intel-rapl:0", "package-0", 70 * W);
	assert_int_equal(a->ops->get(a, 0, &l), 0);
	assert_true(l.known);
	assert_int_equal(l.limit_uw, 70 * W / 4 * 5);
	a->ops->close(a);
}

static void add_mmio(int64_t limit_uw)
{
	sysfs_tree_package(&tree, "intel-rapl-mmio:0", "package-0", limit_uw);
}

static int64_t msr_locked(const char *file, int64_t value)
{
	return strncmp(file, "intel-rapl:", 11) == 0 ? -EACCES : value;
}

static void twins_are_both_written_and_the_lower_holds(void **state)
{
	struct hr_limit l;
	struct hr_actuator *a;

	(void)state;
	add_mmio(90 * W);
	a = powercap_hardware_actuator();
	assert_int_equal(a->n_zones, 1);
	assert_int_equal(a->ops->get(a, 0, &l), 0);
	assert_int_equal(l.limit_uw, 90 * W / 4 * 5);
	assert_int_equal(a->ops->set(a, 0, 60 * W, &l), 0);
	assert_int_equal(l.limit_uw, 60 * W);
	assert_int_equal(sysfs_tree_number(&tree, LONG0), 60 * W);
	assert_int_equal(sysfs_tree_number(&tree, MMIO_LONG), 60 * W);
	assert_int_equal(sysfs_tree_number(&tree, MMIO_SHORT), 60 * W);
	/* one locked: down works through the other, up does not */
	hardware = msr_locked;
	assert_int_equal(a->ops->set(a, 0, 50 * W, &l), 0);
	assert_int_equal(l.limit_uw, 50 * W);
	assert_int_equal(l.fault, HR_REASON_NONE);
	assert_int_equal(a->ops->set(a, 0, 80 * W, &l), 0);
	assert_int_equal(l.limit_uw, 60 * W);
	assert_int_equal(l.fault, HR_REASON_LOCKED);
	/* one switched off for good: the other holds */
	hardware = NULL;
	sysfs_tree_put_number(&tree, ENABLED0, 0);
	assert_int_equal(a->ops->get(a, 0, &l), 0);
	assert_true(l.known);
	assert_int_equal(l.limit_uw, 80 * W);
	a->ops->close(a);
}

static void originals_of_every_interface_come_back(void **state)
{
	struct hr_original o;
	struct hr_limit l;
	struct hr_actuator *a;

	(void)state;
	add_mmio(44 * W);
	sysfs_tree_put_number(&tree, "intel-rapl-mmio:0/enabled", 0);
	/* an original with long below short, and a window of seconds */
	sysfs_tree_put_number(&tree, WINDOW0, 27983872);
	a = powercap_hardware_actuator();
	assert_int_equal(a->ops->save(a, 0, &o), 0);
	assert_true(o.valid && o.twin[0].valid && !o.twin[1].valid);
	assert_int_equal(a->ops->set(a, 0, 30 * W, &l), 0);
	assert_int_equal(sysfs_tree_number(&tree, "intel-rapl-mmio:0/enabled"), 1);
	a->ops->close(a);

	/* by another life of the guard */
	a = powercap_hardware_actuator();
	assert_int_equal(a->ops->restore(a, 0, &o), 0);
	assert_int_equal(sysfs_tree_number(&tree, LONG0), 100 * W);
	assert_int_equal(sysfs_tree_number(&tree, SHORT0), 125 * W);
	assert_int_equal(sysfs_tree_number(&tree, WINDOW0), 27983872);
	assert_int_equal(sysfs_tree_number(&tree, ENABLED0), 1);
	assert_int_equal(sysfs_tree_number(&tree, MMIO_LONG), 44 * W);
	assert_int_equal(sysfs_tree_number(&tree, "intel-rapl-mmio:0/enabled"), 0);

	hardware = powercap_hardware_locked;
	assert_int_equal(a->ops->set(a, 0, 30 * W, &l), 0);
	o.long_uw = 70 * W;
	assert_int_equal(a->ops->restore(a, 0, &o), -EACCES);
	o.long_uw = -1;
	assert_int_equal(a->ops->restore(a, 0, &o), -EINVAL);
	o.valid = false;
	assert_int_equal(a->ops->restore(a, 0, &o), -EINVAL);
	a->ops->close(a);
}

/* As RAPL stores it: 2^Y * (1 + Z/4) units of 976.5625 us, rounded down. */
static int64_t coarse_window(const char *file, int64_t value)
{
	int64_t best = 976;

	if (strstr(file, "window") == NULL)
		return value;
	for (int y = 0; y < 32; y++) {
		for (int z = 0; z < 4; z++) {
			int64_t us = (int64_t)((double)(INT64_C(1) << y) * (1 + z / 4.0) *
					       976.5625);

			if (us <= value && us > best)
				best = us;
		}
	}
	return best;
}

static void windows_are_read_back_as_the_hardware_rounds_them(void **state)
{
	struct hr_original o;
	struct hr_limit l;
	struct hr_actuator *a = powercap_hardware_actuator();

	(void)state;
	hardware = coarse_window;
	sysfs_tree_put_number(&tree, WINDOW0, 27999999); /* not a value it would store itself */
	assert_int_equal(a->ops->save(a, 0, &o), 0);
	assert_int_equal(a->ops->set(a, 0, 50 * W, &l), 0);
	assert_int_equal(l.settle_ns, 9765 * 1000);
	assert_int_equal(a->ops->restore(a, 0, &o), 0);
	assert_int_equal(sysfs_tree_number(&tree, LONG0), 100 * W);
	assert_in_range(sysfs_tree_number(&tree, WINDOW0), 27000000, 29000000);
	a->ops->close(a);
}

static void least_windows_and_missing_ones_count_as_settling(void **state)
{
	struct hr_limit l;
	struct hr_actuator *a;

	(void)state;
	sysfs_tree_put_number(&tree, "intel-rapl:0/constraint_0_min_time_window_us", 500000);
	a = powercap_hardware_actuator();
	assert_int_equal(a->ops->set(a, 0, 50 * W, &l), 0);
	assert_int_equal(l.settle_ns, INT64_C(500000000));
	a->ops->close(a);
	sysfs_tree_remove(&tree, WINDOW0);
	a = powercap_hardware_actuator();
	assert_int_equal(a->ops->set(a, 0, 50 * W, &l), 0);
	assert_int_equal(l.settle_ns, INT64_C(10000000000));
	a->ops->close(a);
}

static void peak_power_is_never_touched(void **state)
{
	struct hr_limit l;
	struct hr_actuator *a;

	(void)state;
	sysfs_tree_constraint(&tree, "intel-rapl:0", 2, "peak_power", 300 * W, 0, 0);
	a = powercap_hardware_actuator();
	assert_int_equal(a->ops->set(a, 0, 50 * W, &l), 0);
	assert_int_equal(l.limit_uw, 50 * W);
	assert_int_equal(sysfs_tree_number(&tree, "intel-rapl:0/constraint_2_power_limit_uw"),
			 300 * W);
	a->ops->close(a);
}

static void a_single_limit_of_any_name_will_do(void **state)
{
	struct hr_limit l;
	struct hr_original o;
	struct hr_actuator *a;

	(void)state;
	sysfs_tree_remove(&tree, "intel-rapl:0");
	sysfs_tree_zone(&tree, "intel-rapl:0", "package-0");
	sysfs_tree_constraint(&tree, "intel-rapl:0", 1, "short_term", 4095 * W, 2440, 0);
	sysfs_tree_remove(&tree, ENABLED0);
	a = powercap_hardware_actuator();
	assert_int_equal(a->ops->get(a, 0, &l), 0);
	assert_int_equal(l.limit_uw, 4095 * W);
	assert_int_equal(a->ops->save(a, 0, &o), 0);
	assert_false(o.has_short);
	assert_int_equal(a->ops->set(a, 0, 50 * W, &l), 0);
	assert_int_equal(l.limit_uw, 50 * W);
	assert_int_equal(l.settle_ns, 2440 * 1000);
	assert_int_equal(a->ops->restore(a, 0, &o), 0);
	assert_int_equal(sysfs_tree_number(&tree, SHORT0), 4095 * W);
	a->ops->close(a);
}

static void captured_trees_can_be_capped_or_say_why_not(void **state)
{
	struct hr_actuator_conf conf;
	struct hr_actuator *a = NULL;
	struct hr_err err = {0};
	struct hr_limit l;

	(void)state;
	sysfs_tree_close(&tree);
	sysfs_tree_open_copy(&tree, "sysfs-procfs");
	a = powercap_hardware_actuator();
	assert_int_equal(a->n_zones, 2);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(a->ops->get(a, i, &l), 0);
		assert_int_equal(l.limit_uw, 4090 * W);
		assert_int_equal(a->ops->set(a, i, 70 * W, &l), 0);
		assert_int_equal(l.limit_uw, 70 * W);
	}
	a->ops->close(a);
	sysfs_tree_close(&tree);
	sysfs_tree_open_info(&tree, "powercap-info-desktop/iotlab1-powercap-info.txt");
	a = powercap_hardware_actuator();
	/* the package only: cores, memory and the disabled platform stay as firmware left them */
	assert_int_equal(a->n_zones, 1);
	assert_int_equal(a->ops->get(a, 0, &l), 0);
	assert_int_equal(l.limit_uw, 81250000);
	assert_int_equal(l.settle_ns, INT64_C(7995392000));
	a->ops->close(a);
	sysfs_tree_close(&tree);
	sysfs_tree_open_copy(&tree, "sysfs-kepler");
	conf = (struct hr_actuator_conf){.rootfd = tree.fd};
	assert_int_equal(hr_powercap_actuator_ops.open(&conf, &a, &err), -ENODEV);
	assert_true(strlen(err.text) > 0);
}

static void check_as_nobody(void)
{
	struct hr_limit l;
	struct hr_actuator *a;

	if (setresgid(65534, 65534, 65534) < 0 || setresuid(65534, 65534, 65534) < 0)
		_exit(2);
	a = powercap_hardware_actuator();
	if (a->zone[0].cappable || a->zone[0].not_cappable != HR_REASON_DENIED)
		_exit(3);
	if (a->ops->get(a, 0, &l) != 0 || l.limit_uw != 125 * W)
		_exit(4);
	if (a->ops->set(a, 0, 60 * W, &l) != 0 || l.fault != HR_REASON_DENIED ||
	    l.limit_uw != 125 * W)
		_exit(5);
	a->ops->close(a);
	_exit(0);
}

static void without_rights_limits_are_denied_not_locked(void **state)
{
	int status = -1;
	pid_t child;

	(void)state;
	if (geteuid() != 0) {
		print_message("# must be root to become nobody\n");
		skip();
	}
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		check_as_nobody();
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, powercap_hardware_begin, powercap_hardware_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(both_limits_are_set_and_answered),
	    TEST(what_was_rounded_down_is_not_written_again),
	    TEST(the_short_term_goes_first_down_and_last_up),
	    TEST(unreadable_limits_are_unknown_and_come_back),
	    TEST(twins_are_both_written_and_the_lower_holds),
	    TEST(originals_of_every_interface_come_back),
	    TEST(windows_are_read_back_as_the_hardware_rounds_them),
	    TEST(least_windows_and_missing_ones_count_as_settling),
	    TEST(peak_power_is_never_touched),
	    TEST(a_single_limit_of_any_name_will_do),
	    TEST(captured_trees_can_be_capped_or_say_why_not),
	    TEST(without_rights_limits_are_denied_not_locked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
