/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The names of the roles, as they stand in key files and metrics. It is not a list of verbs: a
 * verb may play no role on the network.
 * Invariant: every enumerator has a name, and no two share one.
 */
#include "model/role.h"

#include <string.h>

#include "base/attr.h"

static const char *const names[HR_ROLE__MAX] = {
    [HR_ROLE_NONE] = "none",   [HR_ROLE_CONTROLLER] = "controller", [HR_ROLE_AGENT] = "agent",
    [HR_ROLE_GUARD] = "guard", [HR_ROLE_TUNER] = "tuner",           [HR_ROLE_OPERATOR] = "operator",
};

const char *hr_role_name(enum hr_role r)
{
	return (unsigned)r < HR_ROLE__MAX ? names[r] : "unknown";
}

enum hr_role hr_role_find(const char *name)
{
	for (unsigned i = HR_ROLE_NONE + 1; i < HR_ROLE__MAX; i++) {
		if (strcmp(name, names[i]) == 0)
			return (enum hr_role)i;
	}
	return HR_ROLE__MAX;
}
