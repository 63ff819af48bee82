/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Limits in the powercap tree: what is written, in what order, and what is answered by hardware
 * that clamps, rounds, locks, ignores or refuses. The driver's writes come past the hardware of
 * this file (the linker wraps pwrite), which decides what lands in the tree.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hw/paths.h"
#include "hw/powercap.h"
#include "tests/unit/sysfs_tree.h"

#define W INT64_C(1000000)
#define LONG0 "intel-rapl:0/constraint_0_power_limit_uw"
#define SHORT0 "intel-rapl:0/constraint_1_power_limit_uw"
#define WINDOW0 "intel-rapl:0/constraint_0_time_window_us"
#define ENABLED0 "intel-rapl:0/enabled"
#define MMIO_LONG "intel-rapl-mmio:0/constraint_0_power_limit_uw"
#define MMIO_SHORT "intel-rapl-mmio:0/constraint_1_power_limit_uw"

ssize_t __real_pwrite64(int fd, const void *buf, size_t n, off_t at);
ssize_t __wrap_pwrite64(int fd, const void *buf, size_t n, off_t at);

static struct sysfs_tree tree;
/* What the hardware makes of a value: the value to keep, or negative errno; KEEP_OLD: nothing. */
static int64_t (*hardware)(const char *file, int64_t value);
#define KEEP_OLD INT64_MIN
static char writes[512]; /* files written, one letter each: l s (limits) w (window) e (enabled) */

static const char *const known_files[] = {
    LONG0,
    SHORT0,
    WINDOW0,
    "intel-rapl:0/constraint_1_time_window_us",
    ENABLED0,
    MMIO_LONG,
    MMIO_SHORT,
    "intel-rapl-mmio:0/constraint_0_time_window_us",
    "intel-rapl-mmio:0/constraint_1_time_window_us",
    "intel-rapl-mmio:0/enabled",
};

static const char *file_of(int fd)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	for (size_t i = 0; i < HR_ARRAY_LEN(known_files); i++) {
		char path[256];
		struct stat of;

		(void)snprintf(path, sizeof(path), HR_PATH_POWERCAP "/%s", known_files[i]);
		if (fstatat(tree.fd, path, &of, 0) == 0 && of.st_ino == st.st_ino)
			return known_files[i];
	}
	return "?";
}

static void note_write(const char *file)
{
	size_t n = strlen(writes);
	char c = 'e';

	if (strstr(file, "constraint_0_power") != NULL)
		c = 'l';
	else if (strstr(file, "constraint_1_power") != NULL)
		c = 's';
	else if (strstr(file, "window") != NULL)
		c = 'w';
	if (n + 1 < sizeof(writes)) {
		writes[n] = c;
		writes[n + 1] = '\0';
	}
}

ssize_t __wrap_pwrite64(int fd, const void *buf, size_t n, off_t at)
{
	const char *file = file_of(fd);
	char text[32] = "";
	int64_t value;

	assert_true(n < sizeof(text));
	(void)memcpy(text, buf, n);
	value = strtoll(text, NULL, 10);
	note_write(file);
	if (hardware == NULL)
		return __real_pwrite64(fd, buf, n, at);
	value = hardware(file, value);
	if (value == KEEP_OLD)
		return (ssize_t)n;
	if (value < 0) {
		errno = (int)-value;
		return -1;
	}
	(void)snprintf(text, sizeof(text), "%0*lld\n", (int)n - 1, (long long)value);
	return __real_pwrite64(fd, text, n, at);
}

static struct hr_actuator *open_actuator(void)
{
	struct hr_actuator_conf conf = {.rootfd = tree.fd};
	struct hr_actuator *a = NULL;
	struct hr_err err = {0};

	if (hr_powercap_actuator_ops.open(&conf, &a, &err) < 0)
		fail_msg("%s", err.text);
	return a;
}

static int begin(void **state)
{
	(void)state;
	hardware = NULL;
	writes[0] = '\0';
	sysfs_tree_open(&tree);
	sysfs_tree_package(&tree, "intel-rapl:0", "package-0", 100 * W);
	return 0;
}

static int end(void **state)
{
	(void)state;
	sysfs_tree_close(&tree);
	return 0;
}

static void both_limits_are_set_and_answered(void **state)
{
	struct hr_limit l;
	struct hr_actuator *a;

	(void)state;
	sysfs_tree_put_number(&tree, ENABLED0, 0);
	a = open_actuator();
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

static void the_short_term_goes_first_down_and_last_up(void **state)
{
	struct hr_limit l;
	struct hr_actuator *a = open_actuator();

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
	struct hr_actuator *a = open_actuator();

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
	struct hr_actuator *a = open_actuator();

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

static int64_t locked(const char *file, int64_t value)
{
	(void)file;
	(void)value;
	return -EACCES;
}

static int64_t swallow(const char *file, int64_t value)
{
	(void)file;
	(void)value;
	return KEEP_OLD;
}

static void locks_are_told_whether_refused_or_without_effect(void **state)
{
	struct hr_limit l;
	struct hr_actuator *a = open_actuator();

	(void)state;
	hardware = locked;
	assert_int_equal(a->ops->set(a, 0, 60 * W, &l), 0);
	assert_true(l.known);
	assert_int_equal(l.limit_uw, 125 * W);
	assert_int_equal(l.fault, HR_REASON_LOCKED);
	hardware = swallow;
	assert_int_equal(a->ops->set(a, 0, 60 * W, &l), 0);
	assert_int_equal(l.limit_uw, 125 * W);
	assert_int_equal(l.fault, HR_REASON_LOCKED);
	/* the kernel shows a locked zone as switched off: then nothing is known to hold */
	hardware = locked;
	sysfs_tree_put_number(&tree, ENABLED0, 0);
	assert_int_equal(a->ops->set(a, 0, 60 * W, &l), 0);
	assert_false(l.known);
	assert_int_equal(l.fault, HR_REASON_LOCKED);
	a->ops->close(a);
}

static int64_t no_switch(const char *file, int64_t value)
{
	return strstr(file, "enabled") != NULL ? KEEP_OLD : value;
}

static void a_switch_that_stays_off_is_no_limit(void **state)
{
	struct hr_limit l;
	struct hr_actuator *a = open_actuator();

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
	struct hr_actuator *a = open_actuator();

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
	struct hr_actuator *a = open_actuator();

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
	struct hr_actuator *a = open_actuator();

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

static void unreadable_limits_are_unknown_and_come_back(void **state)
{
	struct hr_limit l;
	struct hr_original o;
	struct hr_actuator *a = open_actuator();

	(void)state;
	sysfs_tree_put(&tree, LONG0, "lots\n");
	assert_true(a->ops->get(a, 0, &l) < 0);
	assert_false(l.known);
	assert_int_equal(l.fault, HR_REASON_MALFORMED);
	assert_true(a->ops->save(a, 0, &o) < 0);
	assert_false(o.valid);
	sysfs_tree_put(&tree, LONG0, "");
	assert_true(a->ops->get(a, 0, &l) < 0);
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
	a = open_actuator();
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
	a = open_actuator();
	assert_int_equal(a->ops->save(a, 0, &o), 0);
	assert_true(o.valid && o.twin[0].valid && !o.twin[1].valid);
	assert_int_equal(a->ops->set(a, 0, 30 * W, &l), 0);
	assert_int_equal(sysfs_tree_number(&tree, "intel-rapl-mmio:0/enabled"), 1);
	a->ops->close(a);

	/* by another life of the guard */
	a = open_actuator();
	assert_int_equal(a->ops->restore(a, 0, &o), 0);
	assert_int_equal(sysfs_tree_number(&tree, LONG0), 100 * W);
	assert_int_equal(sysfs_tree_number(&tree, SHORT0), 125 * W);
	assert_int_equal(sysfs_tree_number(&tree, WINDOW0), 27983872);
	assert_int_equal(sysfs_tree_number(&tree, ENABLED0), 1);
	assert_int_equal(sysfs_tree_number(&tree, MMIO_LONG), 44 * W);
	assert_int_equal(sysfs_tree_number(&tree, "intel-rapl-mmio:0/enabled"), 0);

	hardware = locked;
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
	struct hr_actuator *a = open_actuator();

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
	a = open_actuator();
	assert_int_equal(a->ops->set(a, 0, 50 * W, &l), 0);
	assert_int_equal(l.settle_ns, INT64_C(500000000));
	a->ops->close(a);
	sysfs_tree_remove(&tree, WINDOW0);
	a = open_actuator();
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
	a = open_actuator();
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
	a = open_actuator();
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
	a = open_actuator();
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
	a = open_actuator();
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
	a = open_actuator();
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

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(both_limits_are_set_and_answered),
	    TEST(the_short_term_goes_first_down_and_last_up),
	    TEST(rounding_never_ends_above_what_was_asked),
	    TEST(a_clamp_is_told_with_what_holds),
	    TEST(locks_are_told_whether_refused_or_without_effect),
	    TEST(a_switch_that_stays_off_is_no_limit),
	    TEST(a_short_term_that_stays_high_is_charged),
	    TEST(limits_that_lean_on_each_other_are_set_in_two_rounds),
	    TEST(other_refusals_have_their_own_reasons),
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
