/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The drivers for the Linux powercap tree (Intel and AMD RAPL). The meter and the actuator live in
 * different libraries. conf.option is not used by either.
 *
 * The meter keeps one descriptor per zone open and preads it; a counter that cannot be read is
 * tried again, and opened anew (checking that the zone still has its name) at every read until it
 * answers.
 */
#ifndef HR_HW_POWERCAP_H
#define HR_HW_POWERCAP_H

#include "hw/actuator.h"
#include "hw/meter.h"

/* 10 ms: what the window of a limit is set to unless the hardware's least is more. */
#define HR_POWERCAP_WINDOW_US INT64_C(10000)

extern const struct hr_meter_ops hr_powercap_meter_ops;
extern const struct hr_actuator_ops hr_powercap_actuator_ops;

#endif
