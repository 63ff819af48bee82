/* SPDX-License-Identifier: Apache-2.0 */
/* The names of the kinds of zone, as used in labels, files and the API. */
#include "model/zone.h"

const char *hr_zone_kind_name(enum hr_zone_kind k)
{
	static const char *const name[HR_ZONE__MAX] = {
	    [HR_ZONE_PACKAGE] = "package", [HR_ZONE_DIE] = "die",     [HR_ZONE_CORE] = "core",
	    [HR_ZONE_UNCORE] = "uncore",   [HR_ZONE_DRAM] = "dram",   [HR_ZONE_PSYS] = "psys",
	    [HR_ZONE_GPU] = "gpu",         [HR_ZONE_OTHER] = "other",
	};

	return (unsigned)k < HR_ZONE__MAX ? name[k] : "unknown";
}
