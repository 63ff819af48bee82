/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The meters that this program has, in probe order. See drivers.h.
 */
#include <errno.h>
#include <string.h>

#include "hw/drivers.h"
#include "hw/null.h"
#include "hw/powercap.h"
#include "hw/replay.h"

static const struct {
	const struct hr_meter_ops *ops;
	bool finds; /* looks for hardware by itself */
} drivers[] = {
    {&hr_powercap_meter_ops, true},
    {&hr_replay_meter_ops, false},
    {&hr_null_meter_ops, false},
};

const char *hr_drivers_meter_name(size_t i)
{
	return i < HR_ARRAY_LEN(drivers) ? drivers[i].ops->name : NULL;
}

static int open_first(const struct hr_meter_conf *conf, struct hr_meter **ret,
		      struct hr_err *reterr)
{
	int r = -ENODEV;

	for (size_t i = 0; i < HR_ARRAY_LEN(drivers) && r == -ENODEV; i++) {
		if (drivers[i].finds)
			r = drivers[i].ops->open(conf, ret, reterr);
	}
	return r;
}

int hr_drivers_meter_open(const struct hr_meter_conf *conf, const char *name, struct hr_meter **ret,
			  struct hr_err *reterr)
{
	if (name == NULL)
		return open_first(conf, ret, reterr);
	for (size_t i = 0; i < HR_ARRAY_LEN(drivers); i++) {
		if (strcmp(drivers[i].ops->name, name) == 0)
			return drivers[i].ops->open(conf, ret, reterr);
	}
	return hr_err_set(reterr, -EINVAL,
			  "there is no meter called \"%s\"; there are: powercap, replay, null",
			  name);
}
