/* SPDX-License-Identifier: Apache-2.0 */
/* What the doctor is told: one finding for each lack, each with its fix. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hw/probe.h"
#include "tests/unit/sysfs_tree.h"

#define W INT64_C(1000000)

static struct hr_probe p;
static struct sysfs_tree tree;

static int begin(void **state)
{
	(void)state;
	sysfs_tree_open(&tree);
	return 0;
}

static int end(void **state)
{
	(void)state;
	sysfs_tree_close(&tree);
	return 0;
}

static const struct hr_probe_finding *find(const char *zone, const char *what)
{
	for (size_t i = 0; i < p.n; i++) {
		if (strcmp(p.finding[i].zone, zone) == 0 && strstr(p.finding[i].what, what) != NULL)
			return &p.finding[i];
	}
	return NULL;
}

/* The level and fix of a finding that must be there. */
static void expect(const char *zone, const char *what, enum hr_probe_level level, const char *fix)
{
	const struct hr_probe_finding *f = find(zone, what);

	if (f == NULL) {
		fail_msg("nothing is said of %s: %s", zone, what);
		return;
	}
	assert_int_equal(f->level, level);
	if (strstr(f->fix, fix) == NULL)
		fail_msg("the fix of \"%s\" is \"%s\", without \"%s\"", f->what, f->fix, fix);
	if (level == HR_PROBE_PROBLEM)
		assert_true(strlen(f->fix) > 0);
}

static void put_cpuinfo(const char *text)
{
	int fd;

	(void)mkdirat(tree.fd, "proc", 0755);
	fd = openat(tree.fd, "proc/cpuinfo", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	(void)close(fd);
}

static void nothing_at_all_has_a_reason(void **state)
{
	(void)state;
	put_cpuinfo("vendor_id : GenuineIntel\nflags : fpu hypervisor rdtscp\n");
	assert_int_equal(hr_probe_run(tree.fd, &p), 0);
	assert_int_equal(p.n_metered, 0);
	assert_int_equal(p.n_capped, 0);
	expect("", "powercap", HR_PROBE_PROBLEM, "virtual machine");
	put_cpuinfo("vendor_id : GenuineIntel\nflags : fpu rdtscp\n");
	assert_int_equal(hr_probe_run(tree.fd, &p), 0);
	expect("", "powercap", HR_PROBE_PROBLEM, "CONFIG_POWERCAP");
	put_cpuinfo("CPU implementer : 0x41\n");
	assert_int_equal(hr_probe_run(tree.fd, &p), 0);
	expect("", "powercap", HR_PROBE_PROBLEM, "no RAPL");
	put_cpuinfo("vendor_id : GenuineIntel\nflags : fpu rdtscp\n");
	sysfs_tree_put(&tree, "intel-rapl/enabled", "1\n");
	assert_int_equal(hr_probe_run(tree.fd, &p), 0);
	expect("", "no zone", HR_PROBE_PROBLEM, "modprobe intel_rapl_msr");
}

static void a_healthy_server_is_all_well(void **state)
{
	(void)state;
	sysfs_tree_package(&tree, "intel-rapl:0", "package-0", 165 * W);
	sysfs_tree_package(&tree, "intel-rapl:1", "package-1", 165 * W);
	sysfs_tree_zone(&tree, "intel-rapl:1:0", "dram");
	assert_int_equal(hr_probe_run(tree.fd, &p), 0);
	assert_int_equal(p.n_metered, 3);
	assert_int_equal(p.n_capped, 2);
	for (size_t i = 0; i < p.n; i++)
		assert_int_equal(p.finding[i].level, HR_PROBE_OK);
	expect("intel-rapl:0", "up to 165 W", HR_PROBE_OK, "");
	expect("intel-rapl:1:0", "can be read", HR_PROBE_OK, "");
}

static void oddities_are_told(void **state)
{
	(void)state;
	sysfs_tree_package(&tree, "intel-rapl:0", "package-0", 165 * W);
	sysfs_tree_put_number(&tree, "intel-rapl:0/enabled", 0);
	sysfs_tree_put_number(&tree, "intel-rapl:0/constraint_0_max_power_uw", 0);
	sysfs_tree_put_number(&tree, "intel-rapl:0/constraint_0_min_time_window_us", 250000);
	sysfs_tree_remove(&tree, "intel-rapl:0/max_energy_range_uj");
	sysfs_tree_package(&tree, "intel-rapl-mmio:0", "package-0", 165 * W);
	sysfs_tree_remove(&tree, "intel-rapl-mmio:0/constraint_0_max_power_uw");
	sysfs_tree_remove(&tree, "intel-rapl-mmio:0/max_energy_range_uj");
	sysfs_tree_zone(&tree, "intel-rapl:1", "package-1");
	sysfs_tree_put(&tree, "intel-rapl:1/energy_uj", "?\n");
	sysfs_tree_put(&tree, "intel-rapl:2/name", "\n");
	assert_int_equal(hr_probe_run(tree.fd, &p), 0);
	expect("intel-rapl:0", "switched off", HR_PROBE_NOTE, "BIOS");
	expect("intel-rapl:0", "does not say its most", HR_PROBE_NOTE, "ceiling");
	expect("intel-rapl:0", "250000 us", HR_PROBE_NOTE, "");
	expect("intel-rapl:0", "wraps", HR_PROBE_NOTE, "");
	expect("intel-rapl:0", "2 interfaces", HR_PROBE_NOTE, "");
	expect("intel-rapl:1", "no number", HR_PROBE_PROBLEM, "kernel");
	expect("intel-rapl:1", "no power limit", HR_PROBE_PROBLEM, "measured");
	expect("", "1 powercap directories", HR_PROBE_NOTE, "");
}

static void captured_trees_are_judged(void **state)
{
	(void)state;
	sysfs_tree_close(&tree);
	sysfs_tree_open_info(&tree, "powercap-info-desktop/iotlab1-powercap-info.txt");
	assert_int_equal(hr_probe_run(tree.fd, &p), 0);
	assert_int_equal(p.n_metered, 5);
	assert_int_equal(p.n_capped, 1);
	sysfs_tree_close(&tree);
	sysfs_tree_open_copy(&tree, "sysfs-kepler");
	assert_int_equal(hr_probe_run(tree.fd, &p), 0);
	assert_int_equal(p.n_capped, 0);
	expect("intel-rapl:0", "no power limit", HR_PROBE_PROBLEM, "AMD");
}

static void check_as_nobody(void)
{
	if (setresgid(65534, 65534, 65534) < 0 || setresuid(65534, 65534, 65534) < 0)
		_exit(2);
	if (hr_probe_run(tree.fd, &p) != 0 || p.n_metered != 0 || p.n_capped != 0)
		_exit(3);
	expect("intel-rapl:0", "energy may not be read", HR_PROBE_PROBLEM, "chgrp powercap /sys");
	expect("intel-rapl:0", "limit may not be written", HR_PROBE_PROBLEM, "root");
	_exit(0);
}

static void lack_of_rights_has_an_exact_fix(void **state)
{
	int status = -1;
	pid_t child;

	(void)state;
	if (geteuid() != 0) {
		print_message("# must be root to become nobody\n");
		skip();
	}
	sysfs_tree_package(&tree, "intel-rapl:0", "package-0", 165 * W);
	sysfs_tree_chmod(&tree, "intel-rapl:0/energy_uj", 0400);
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		check_as_nobody();
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(nothing_at_all_has_a_reason),
	    TEST(a_healthy_server_is_all_well),
	    TEST(oddities_are_told),
	    TEST(captured_trees_are_judged),
	    TEST(lack_of_rights_has_an_exact_fix),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
