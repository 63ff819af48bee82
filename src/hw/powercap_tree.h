/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the Linux powercap tree offers: zones found by what their "name" files say, at any depth,
 * with one entry per physical place even if the kernel reaches it through several interfaces
 * (intel-rapl and intel-rapl-mmio). Looks only, and only when called; not the meter and not the
 * actuator, which share it.
 *
 * Facts of the hardware that the kernel's tree does not show: DRAM hangs under its package but is
 * not part of the package's energy, so it counts by itself and has no parent here; the platform
 * (psys) contains packages and DRAM, and counts only where no package is seen. Limits of several
 * interfaces to one place hold together: the lowest wins.
 */
#ifndef HR_HW_POWERCAP_TREE_H
#define HR_HW_POWERCAP_TREE_H

#include <stddef.h>

#include "base/err.h"
#include "hw/sysfs.h"
#include "model/zone.h"

#define HR_POWERCAP_MEMBERS_MAX 3

/* One directory: one interface to a place. */
struct hr_powercap_member {
	char dir[HR_SYSFS_PATH_BYTES]; /* relative to the root */
	int long_n;                    /* N of constraint_N_* of the long-term limit; -1: none. A
					  zone with a single limit of whatever name has it here */
	int short_n;                   /* of the short-term limit; -1: none */
	int peak_n;                    /* of the peak limit, never written; -1: none */
	bool has_energy;               /* there is an energy_uj, readable or not */
};

/* One physical place. */
struct hr_powercap_place {
	struct hr_zone zone;
	size_t n_members; /* at least 1; best for energy first */
	struct hr_powercap_member member[HR_POWERCAP_MEMBERS_MAX];
};

struct hr_powercap_tree {
	size_t n;
	struct hr_powercap_place place[HR_ZONES_MAX];
	size_t n_nameless; /* directories without a usable name file, left out */
	size_t n_left_out; /* core and uncore zones left out because HR_ZONES_MAX was reached */
};

/*
 * Fills *ret (about 60 kB: not for the stack). 0; -ENODEV if there is no powercap directory or no
 * zone in it; -E2BIG if even without core and uncore zones there are more than HR_ZONES_MAX;
 * another negative errno if the directory cannot be read.
 */
int hr_powercap_tree_read(int rootfd, struct hr_powercap_tree *ret,
			  struct hr_err *reterr) HR_MUST_CHECK;

/* "dir/constraint_N_item". As hr_sysfs_path. */
int hr_powercap_tree_constraint(char ret[HR_SYSFS_PATH_BYTES], const char *dir, int n,
				const char *item) HR_MUST_CHECK;

#endif
