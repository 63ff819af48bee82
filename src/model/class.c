/* SPDX-License-Identifier: Apache-2.0 */
/* The names of the classes. Invariant: find(name(c)) == c. */
#include "model/class.h"

#include <stddef.h>
#include <string.h>

static const char *const names[HR_CLASS__MAX] = {
    [HR_CLASS_PRIMARY] = "primary",
    [HR_CLASS_REPLICA] = "replica",
};

const char *hr_class_name(enum hr_class c)
{
	return (unsigned)c < HR_CLASS__MAX ? names[c] : "unknown";
}

enum hr_class hr_class_find(const char *name)
{
	unsigned c;

	for (c = 0; name != NULL && c < HR_CLASS__MAX; c++)
		if (strcmp(names[c], name) == 0)
			return (enum hr_class)c;
	return HR_CLASS__MAX;
}
