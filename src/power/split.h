/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A node's device budget divided over its zones (packages, GPUs) by what each of them needs: the
 * same rule as between nodes, with one class and equal weights.
 *
 * It says what the limits should be in the end. In which order they are written, lower ones first,
 * and that a limit is read back, is the guard's matter.
 */
#ifndef HR_POWER_SPLIT_H
#define HR_POWER_SPLIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/zone.h"

struct hr_split_zone {
	int64_t floor_uw;
	int64_t ceiling_uw;
	int64_t need_uw; /* <= 0: not known, read as the ceiling */
	bool hungry;     /* wants up to its ceiling */
};

/*
 * Writes ret_uw[0..n), each within floor and ceiling of its zone and all together at most the
 * budget. n above HR_ZONES_MAX is read as HR_ZONES_MAX. Returns what no zone can take, >= 0; or,
 * if the budget does not reach the floors, gives the floors and returns the negative shortfall.
 */
int64_t hr_split_zones(int64_t device_uw, const struct hr_split_zone *zone, size_t n,
		       int64_t *ret_uw);

#endif
