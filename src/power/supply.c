/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Wall power and device power: two roundings, each on the side of drawing less than the budget
 * has charged. Nothing else belongs here.
 */
#include "power/supply.h"

#include "base/units.h"

#define PERMILLE 1000

int64_t hr_supply_wall_uw(int64_t device_uw, int64_t efficiency_permille, int64_t rest_uw)
{
	int64_t efficiency = hr_clamp_i64(efficiency_permille, 1, PERMILLE);

	return hr_add_sat(hr_muldiv_ceil(hr_max_i64(device_uw, 0), PERMILLE, efficiency),
			  hr_max_i64(rest_uw, 0));
}

int64_t hr_supply_device_uw(int64_t wall_uw, int64_t efficiency_permille, int64_t rest_uw)
{
	int64_t efficiency = hr_clamp_i64(efficiency_permille, 1, PERMILLE);
	int64_t rest = hr_max_i64(rest_uw, 0);

	if (wall_uw <= rest)
		return 0;
	return hr_muldiv_floor(wall_uw - rest, efficiency, PERMILLE);
}
