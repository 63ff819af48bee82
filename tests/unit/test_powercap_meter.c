/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Energy out of the powercap tree: captured trees, counters that move, vanish, return, hold
 * garbage or may not be read; and no allocation in a steady tick (the linker wraps malloc).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hw/powercap.h"
#include "tests/unit/sysfs_tree.h"

#define W INT64_C(1000000)
#define ENERGY0 "intel-rapl:0/energy_uj"

void *__real_malloc(size_t n);
void *__wrap_malloc(size_t n);
void *__real_calloc(size_t n, size_t m);
void *__wrap_calloc(size_t n, size_t m);
void *__real_realloc(void *p, size_t n);
void *__wrap_realloc(void *p, size_t n);

static unsigned n_allocations;

void *__wrap_malloc(size_t n)
{
	n_allocations++;
	return __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t m)
{
	n_allocations++;
	return __real_calloc(n, m);
}

void *__wrap_realloc(void *p, size_t n)
{
	n_allocations++;
	return __real_realloc(p, n);
}

static struct sysfs_tree tree;
static struct hr_sample s[HR_ZONES_MAX];
static size_t n;

static struct hr_now at_ms(int64_t ms)
{
	return (struct hr_now){.raw_ns = ms * HR_NS_PER_MS, .boot_ns = ms * HR_NS_PER_MS};
}

static struct hr_meter *open_meter(void)
{
	struct hr_meter_conf conf = {.rootfd = tree.fd};
	struct hr_meter *m = NULL;
	struct hr_err err = {0};

	if (hr_powercap_meter_ops.open(&conf, &m, &err) < 0)
		fail_msg("%s", err.text);
	return m;
}

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

static void energy_of_a_captured_tree_that_comes_alive(void **state)
{
	struct hr_meter *m;
	int64_t range = INT64_C(262143328850);

	(void)state;
	sysfs_tree_close(&tree);
	sysfs_tree_open_copy(&tree, "sysfs-procfs");
	m = open_meter();
	assert_int_equal(m->n_zones, 3);
	m->ops->read(m, at_ms(1000), s, &n);
	assert_int_equal(n, 3);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(s[i].zone, i);
		assert_int_equal(s[i].reason, HR_REASON_FIRST);
	}
	sysfs_tree_put_number(&tree, ENERGY0, INT64_C(240422366267) + 8 * W);
	m->ops->read(m, at_ms(1100), s, &n);
	assert_int_equal(s[0].quality, HR_QUALITY_OK);
	assert_int_equal(s[0].power_uw, 80 * W);
	/* the other package stands still, which no package does; the core may */
	assert_int_equal(s[2].quality, HR_QUALITY_UNREADABLE);
	assert_int_equal(s[1].quality, HR_QUALITY_OK);
	assert_int_equal(s[1].power_uw, 0);
	/* up to the top, and round */
	m->ops->close(m);
	sysfs_tree_put_number(&tree, ENERGY0, range - W);
	m = open_meter();
	m->ops->read(m, at_ms(0), s, &n);
	sysfs_tree_put_number(&tree, ENERGY0, 4 * W - 1);
	m->ops->read(m, at_ms(100), s, &n);
	assert_int_equal(s[0].quality, HR_QUALITY_OK);
	assert_int_equal(s[0].energy_uj, 5 * W);
	m->ops->close(m);
}

static void a_package_shown_twice_is_counted_once(void **state)
{
	struct hr_meter *m;
	size_t counting = 0;

	(void)state;
	sysfs_tree_close(&tree);
	sysfs_tree_open_copy(&tree, "sysfs-kepler");
	m = open_meter();
	m->ops->read(m, at_ms(0), s, &n);
	assert_int_equal(n, 3);
	for (size_t i = 0; i < n; i++)
		counting += m->zone[s[i].zone].counts;
	assert_int_equal(counting, 2);
	sysfs_tree_put_number(&tree, "intel-rapl-mmio:0/energy_uj", 1);
	sysfs_tree_put_number(&tree, ENERGY0, INT64_C(240422366267) + 8 * W);
	m->ops->read(m, at_ms(100), s, &n);
	assert_int_equal(s[0].power_uw, 80 * W);
	m->ops->close(m);
	/* where MSR cannot be read, MMIO will do */
	sysfs_tree_put(&tree, ENERGY0, "garbage\n");
	m = open_meter();
	m->ops->read(m, at_ms(0), s, &n);
	assert_int_equal(s[0].reason, HR_REASON_FIRST);
	sysfs_tree_put_number(&tree, "intel-rapl-mmio:0/energy_uj", 1 + 9 * W);
	m->ops->read(m, at_ms(100), s, &n);
	assert_int_equal(s[0].power_uw, 90 * W);
	m->ops->close(m);
}

/* AMD as turbostat shows it (tests/data/amd-turbostat-cap15w): zones, and no limit at all. */
static void amd_is_metered(void **state)
{
	struct hr_meter *m;

	(void)state;
	sysfs_tree_zone(&tree, "intel-rapl:0", "package-0");
	sysfs_tree_zone(&tree, "intel-rapl:0:0", "core");
	sysfs_tree_put_number(&tree, "intel-rapl:0/enabled", 0);
	sysfs_tree_put_number(&tree, "intel-rapl:0/max_energy_range_uj", INT64_C(65532610987));
	m = open_meter();
	assert_false(m->zone[0].cappable);
	assert_int_equal(m->zone[0].not_cappable, HR_REASON_IMPOSSIBLE);
	m->ops->read(m, at_ms(0), s, &n);
	sysfs_tree_put_number(&tree, ENERGY0, 1000000 + 970000);
	m->ops->read(m, at_ms(1000), s, &n);
	assert_int_equal(s[0].power_uw, 970000);
	m->ops->close(m);
}

static void zones_without_a_counter_have_no_sample(void **state)
{
	struct hr_meter_conf conf = {.rootfd = tree.fd};
	struct hr_meter *m;
	struct hr_err err = {0};

	(void)state;
	sysfs_tree_zone(&tree, "intel-rapl:0", "package-0");
	sysfs_tree_zone(&tree, "intel-rapl:1", "package-1");
	sysfs_tree_remove(&tree, ENERGY0);
	m = open_meter();
	assert_int_equal(m->n_zones, 2);
	assert_int_equal(m->zone[0].energy_range_uj, 0);
	m->ops->read(m, at_ms(0), s, &n);
	assert_int_equal(n, 1);
	assert_int_equal(s[0].zone, 1);
	m->ops->close(m);
	sysfs_tree_remove(&tree, "intel-rapl:1/energy_uj");
	assert_int_equal(hr_powercap_meter_ops.open(&conf, &m, &err), -ENODEV);
	assert_non_null(strstr(err.text, "counter"));
}

static void what_cannot_be_read_is_absent_with_its_reason(void **state)
{
	struct hr_meter *m;

	(void)state;
	sysfs_tree_zone(&tree, "intel-rapl:0", "package-0");
	m = open_meter();
	m->ops->read(m, at_ms(0), s, &n);
	sysfs_tree_put(&tree, ENERGY0, "nan\n");
	m->ops->read(m, at_ms(100), s, &n);
	assert_int_equal(s[0].quality, HR_QUALITY_UNREADABLE);
	assert_int_equal(s[0].reason, HR_REASON_MALFORMED);
	assert_int_equal(s[0].power_uw, 0);
	sysfs_tree_put(&tree, ENERGY0, "");
	m->ops->read(m, at_ms(200), s, &n);
	assert_int_equal(s[0].reason, HR_REASON_UNREADABLE);
	sysfs_tree_put(&tree, ENERGY0, "-5\n");
	m->ops->read(m, at_ms(300), s, &n);
	assert_int_equal(s[0].reason, HR_REASON_ABSURD);
	sysfs_tree_put_number(&tree, ENERGY0, INT64_C(262143328851));
	m->ops->read(m, at_ms(400), s, &n);
	assert_int_equal(s[0].reason, HR_REASON_ABSURD);
	/* back: the mean over all the time that was not seen */
	sysfs_tree_put_number(&tree, ENERGY0, 1000000 + 40 * W);
	m->ops->read(m, at_ms(500), s, &n);
	assert_int_equal(s[0].quality, HR_QUALITY_OK);
	assert_int_equal(s[0].power_uw, 80 * W);
	m->ops->close(m);
}

static void a_counter_that_was_not_there_is_found_later(void **state)
{
	struct hr_meter *m;

	(void)state;
	sysfs_tree_zone(&tree, "intel-rapl:0", "package-0");
	sysfs_tree_put(&tree, ENERGY0, "gone soon");
	m = open_meter();
	sysfs_tree_remove(&tree, "intel-rapl:0");
	m->ops->read(m, at_ms(0), s, &n);
	assert_int_equal(n, 1);
	assert_int_equal(s[0].reason, HR_REASON_LOST);
	/* another package under the same index is not ours */
	sysfs_tree_zone(&tree, "intel-rapl:0", "package-1");
	m->ops->read(m, at_ms(100), s, &n);
	assert_int_equal(s[0].reason, HR_REASON_LOST);
	sysfs_tree_remove(&tree, "intel-rapl:0");
	sysfs_tree_zone(&tree, "intel-rapl:0", "package-0");
	m->ops->read(m, at_ms(200), s, &n);
	assert_int_equal(s[0].reason, HR_REASON_FIRST);
	sysfs_tree_put_number(&tree, ENERGY0, 1000000 + 5 * W);
	m->ops->read(m, at_ms(300), s, &n);
	assert_int_equal(s[0].quality, HR_QUALITY_OK);
	assert_int_equal(s[0].power_uw, 50 * W);
	m->ops->close(m);
}

static void a_steady_tick_allocates_nothing(void **state)
{
	struct hr_meter *m;
	unsigned before;

	(void)state;
	sysfs_tree_package(&tree, "intel-rapl:0", "package-0", 100 * W);
	sysfs_tree_package(&tree, "intel-rapl:1", "package-1", 100 * W);
	sysfs_tree_zone(&tree, "intel-rapl:1:0", "dram");
	m = open_meter();
	assert_true(n_allocations > 0); /* the wrapping works */
	sysfs_tree_remove(&tree, "intel-rapl:1:0");
	before = n_allocations;
	for (int i = 0; i < 1000; i++)
		m->ops->read(m, at_ms(i), s, &n);
	assert_int_equal(n_allocations, before);
	m->ops->close(m);
}

static void check_as_nobody(void)
{
	struct hr_meter *m;

	if (setresgid(65534, 65534, 65534) < 0 || setresuid(65534, 65534, 65534) < 0)
		_exit(2);
	m = open_meter();
	m->ops->read(m, at_ms(0), s, &n);
	if (n != 2 || s[0].quality != HR_QUALITY_UNREADABLE ||
	    s[0].reason != HR_REASON_NO_PERMISSION)
		_exit(3);
	if (s[1].reason != HR_REASON_FIRST)
		_exit(4);
	m->ops->close(m);
	_exit(0);
}

static void a_counter_for_root_only_says_so(void **state)
{
	int status = -1;
	pid_t child;

	(void)state;
	if (geteuid() != 0) {
		print_message("# must be root to become nobody\n");
		skip();
	}
	sysfs_tree_zone(&tree, "intel-rapl:0", "package-0");
	sysfs_tree_zone(&tree, "intel-rapl:1", "package-1");
	sysfs_tree_chmod(&tree, ENERGY0, 0400);
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
	    TEST(energy_of_a_captured_tree_that_comes_alive),
	    TEST(a_package_shown_twice_is_counted_once),
	    TEST(amd_is_metered),
	    TEST(zones_without_a_counter_have_no_sample),
	    TEST(what_cannot_be_read_is_absent_with_its_reason),
	    TEST(a_counter_that_was_not_there_is_found_later),
	    TEST(a_steady_tick_allocates_nothing),
	    TEST(a_counter_for_root_only_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
