/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looks up and interpolates the tables of curve_table.h. Not the fit itself. Invariant: the result
 * lies in [0, HR_CURVE_ONE] and never falls when the draw rises.
 */
#include "sim/curve.h"

#include <string.h>

#include "sim/curve_table.h"

static const char *const names[HR_CURVE__MAX] = {"typical", "steep", "shallow"};

const char *hr_curve_name(enum hr_curve_kind k)
{
	return k < HR_CURVE__MAX ? names[k] : "unknown";
}

int hr_curve_find(const char *name)
{
	for (int k = 0; k < HR_CURVE__MAX; k++)
		if (strcmp(name, names[k]) == 0)
			return k;
	return -1;
}

int32_t hr_curve_perf(enum hr_curve_kind k, int64_t draw_uw, int64_t demand_uw, int64_t static_uw)
{
	if (draw_uw >= demand_uw || demand_uw <= static_uw)
		return HR_CURVE_ONE;
	if (draw_uw <= static_uw)
		return 0;
	/* x in 1/65536 of one step of the table */
	int64_t x = (draw_uw - static_uw) * (HR_CURVE_STEPS * 65536) / (demand_uw - static_uw);
	size_t i = (size_t)(x >> 16);
	if (i >= HR_CURVE_STEPS)
		return HR_CURVE_ONE;
	int64_t low = curve_table[k][i], high = curve_table[k][i + 1];
	return (int32_t)(low + (high - low) * (x & 65535) / 65536);
}
