/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The drivers that this program has: two explicit lists in probe order, in two libraries. The
 * command line picks from them and hands the result to the roles.
 *
 * conf.option goes to the driver as it is. Without a name the drivers that find hardware by
 * themselves are tried in order, and the first that finds any is taken; "null" and "replay" are
 * taken only by name.
 */
#ifndef HR_HW_DRIVERS_H
#define HR_HW_DRIVERS_H

#include <stddef.h>

#include "hw/actuator.h"
#include "hw/meter.h"

/*
 * 0; -EINVAL for an unknown name (the sentence lists the known ones); -ENODEV if nothing was
 * found (with what the last one tried said); another negative errno of the driver.
 */
int hr_drivers_meter_open(const struct hr_meter_conf *conf, const char *name, struct hr_meter **ret,
			  struct hr_err *reterr) HR_MUST_CHECK;
int hr_drivers_actuator_open(const struct hr_actuator_conf *conf, const char *name,
			     struct hr_actuator **ret, struct hr_err *reterr) HR_MUST_CHECK;

/* Names in probe order; NULL past the end. */
const char *hr_drivers_meter_name(size_t i);
const char *hr_drivers_actuator_name(size_t i);

#endif
