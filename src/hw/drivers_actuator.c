/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The actuators that this program has, in probe order. See drivers.h.
 */
#include <errno.h>
#include <string.h>

#include "hw/drivers.h"
#include "hw/null.h"
#include "hw/powercap.h"

static const struct {
	const struct hr_actuator_ops *ops;
	bool finds; /* looks for hardware by itself */
} drivers[] = {
    {&hr_powercap_actuator_ops, true},
    {&hr_null_actuator_ops, false},
};

const char *hr_drivers_actuator_name(size_t i)
{
	return i < HR_ARRAY_LEN(drivers) ? drivers[i].ops->name : NULL;
}

static int open_first(const struct hr_actuator_conf *conf, struct hr_actuator **ret,
		      struct hr_err *reterr)
{
	int r = -ENODEV;

	for (size_t i = 0; i < HR_ARRAY_LEN(drivers) && r == -ENODEV; i++) {
		if (drivers[i].finds)
			r = drivers[i].ops->open(conf, ret, reterr);
	}
	return r;
}

int hr_drivers_actuator_open(const struct hr_actuator_conf *conf, const char *name,
			     struct hr_actuator **ret, struct hr_err *reterr)
{
	if (name == NULL)
		return open_first(conf, ret, reterr);
	for (size_t i = 0; i < HR_ARRAY_LEN(drivers); i++) {
		if (strcmp(drivers[i].ops->name, name) == 0)
			return drivers[i].ops->open(conf, ret, reterr);
	}
	return hr_err_set(reterr, -EINVAL,
			  "there is no actuator called \"%s\"; there are: powercap, null", name);
}
