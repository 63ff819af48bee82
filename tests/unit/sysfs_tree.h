/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Trees of sysfs files for tests: an empty temporary directory, a copy of a captured tree from
 * tests/data, and files put into it. Every failure fails the running test. Not for anything but
 * tests: plain files take what the kernel would refuse.
 */
#ifndef HR_TESTS_UNIT_SYSFS_TREE_H
#define HR_TESTS_UNIT_SYSFS_TREE_H

#include <stdint.h>

struct sysfs_tree {
	char path[128];
	int fd; /* the root to inject */
};

void sysfs_tree_open(struct sysfs_tree *t);
/* The same, filled with a copy of tests/data/<name>/sys. */
void sysfs_tree_open_copy(struct sysfs_tree *t, const char *name);
/* The same, made from the output of powercap-info(1) in tests/data, with energy_uj 0. */
void sysfs_tree_open_info(struct sysfs_tree *t, const char *file);
void sysfs_tree_close(struct sysfs_tree *t);

/* Writes a file of "sys/class/powercap", making directories; text as it is. */
void sysfs_tree_put(const struct sysfs_tree *t, const char *file, const char *text);
void sysfs_tree_put_number(const struct sysfs_tree *t, const char *file, int64_t value);
/* Reads a number back; fails the test if there is none. */
int64_t sysfs_tree_number(const struct sysfs_tree *t, const char *file);
void sysfs_tree_remove(const struct sysfs_tree *t, const char *file);
void sysfs_tree_chmod(const struct sysfs_tree *t, const char *file, unsigned mode);

/* name, energy_uj 1000000, max_energy_range_uj 262143328850, enabled 1. */
void sysfs_tree_zone(const struct sysfs_tree *t, const char *id, const char *name);
/* constraint_<n>_name, _power_limit_uw, _time_window_us, _max_power_uw (if > 0). */
void sysfs_tree_constraint(const struct sysfs_tree *t, const char *id, int n, const char *name,
			   int64_t limit_uw, int64_t window_us, int64_t max_uw);
/* A package as servers have it: long and short term, max_power_uw of the long one. */
void sysfs_tree_package(const struct sysfs_tree *t, const char *id, const char *name,
			int64_t limit_uw);

#endif
