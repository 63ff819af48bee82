/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The directories of the powercap tree, before anyone asks what they are: every directory whose
 * name belongs to a control type that Headroom knows, each once, whether the kernel lists it flat
 * (as the class directory does) or only inside its parent.
 */
#ifndef HR_HW_POWERCAP_SCAN_H
#define HR_HW_POWERCAP_SCAN_H

#include <stddef.h>

#include "base/err.h"
#include "hw/sysfs.h"
#include "model/ident.h"

#define HR_POWERCAP_DIRS_MAX 512

struct hr_powercap_dir {
	char id[HR_NAME_BYTES];         /* its own name, "intel-rapl:0:1" */
	char path[HR_SYSFS_PATH_BYTES]; /* relative to the root */
	int control;                    /* rank of the control type: lower is better for energy */
};

struct hr_powercap_scan {
	size_t n;
	struct hr_powercap_dir dir[HR_POWERCAP_DIRS_MAX];
};

/*
 * Fills *ret (about 150 kB), sorted by control type, then by id with parents before children. 0;
 * -ENODEV without a powercap directory; -E2BIG; or what opening it answered.
 */
int hr_powercap_scan_read(int rootfd, struct hr_powercap_scan *ret,
			  struct hr_err *reterr) HR_MUST_CHECK;

#endif
