/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the name of a zone says: its kind, package and die. The kernel's names (package-N,
 * package-N-die-M, core, uncore, dram, psys) and, for traces, dram-N and gpu-N. Pure.
 */
#ifndef HR_HW_ZONE_NAME_H
#define HR_HW_ZONE_NAME_H

#include "model/zone.h"

/* Sets kind, package and die from name; OTHER, -1 and -1 for a name that says nothing. */
void hr_zone_name_apply(struct hr_zone *z);

#endif
