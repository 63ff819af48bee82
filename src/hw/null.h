/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Measure, never touch.
 *
 * The null meter finds no zones and succeeds: for a node that has nothing to read. The null
 * actuator is a dry run: it shows the limits of the powercap tree as they are (no zones where
 * there is no tree), and answers every set with what is in force and DENIED. It writes nothing.
 */
#ifndef HR_HW_NULL_H
#define HR_HW_NULL_H

#include "hw/actuator.h"
#include "hw/meter.h"

extern const struct hr_meter_ops hr_null_meter_ops;
extern const struct hr_actuator_ops hr_null_actuator_ops;

#endif
