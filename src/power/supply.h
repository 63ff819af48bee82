/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Wall power and device power of one node. The budget counts wall power: the devices' power
 * through the supply's efficiency plus an upper bound of the node's rest (fans, board, disks).
 *
 * Wall power is rounded up, device power down, so that turning an amount there and back never
 * finds watts that were not there:
 *
 *   device(wall(x)) >= x     the caps that a charge was computed from fit into that charge
 *   wall(device(w)) <= w     caps derived from a grant (above the rest) never charge more than it
 *
 * An efficiency outside 1 to 1000 permille and negative amounts are read as the nearest bound.
 */
#ifndef HR_POWER_SUPPLY_H
#define HR_POWER_SUPPLY_H

#include <stdint.h>

/* ceil(device * 1000 / efficiency) + rest, saturated. */
int64_t hr_supply_wall_uw(int64_t device_uw, int64_t efficiency_permille, int64_t rest_uw);
/* floor((wall - rest) * efficiency / 1000), not below 0. */
int64_t hr_supply_device_uw(int64_t wall_uw, int64_t efficiency_permille, int64_t rest_uw);

#endif
