/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the name of a zone says. See the header.
 */
#include "hw/zone_name.h"

#include <stdbool.h>
#include <string.h>

#define NUMBER_MAX 65535 /* of a package or die; more is not a number of ours */

/* Eats prefix and a decimal number from *text. */
static bool eat_number(const char **text, const char *prefix, int *ret)
{
	const char *p = *text;
	int value = 0;

	if (strncmp(p, prefix, strlen(prefix)) != 0)
		return false;
	p += strlen(prefix);
	if (*p < '0' || *p > '9')
		return false;
	for (; *p >= '0' && *p <= '9'; p++) {
		value = value * 10 + (*p - '0');
		if (value > NUMBER_MAX)
			return false;
	}
	*text = p;
	*ret = value;
	return true;
}

static bool is_numbered(const char *name, const char *prefix, int *ret)
{
	return eat_number(&name, prefix, ret) && *name == '\0';
}

static enum hr_zone_kind plain_kind(const char *name)
{
	static const struct {
		const char *name;
		enum hr_zone_kind kind;
	} plain[] = {{"core", HR_ZONE_CORE},
		     {"uncore", HR_ZONE_UNCORE},
		     {"dram", HR_ZONE_DRAM},
		     {"psys", HR_ZONE_PSYS}};

	for (size_t i = 0; i < HR_ARRAY_LEN(plain); i++) {
		if (strcmp(name, plain[i].name) == 0)
			return plain[i].kind;
	}
	return HR_ZONE_OTHER;
}

void hr_zone_name_apply(struct hr_zone *z)
{
	const char *p = z->name;
	int package = -1;
	int die = -1;

	z->kind = plain_kind(z->name);
	z->package = -1;
	z->die = -1;
	if (is_numbered(z->name, "dram-", &package)) {
		z->kind = HR_ZONE_DRAM;
		z->package = package;
	} else if (is_numbered(z->name, "gpu-", &package)) {
		z->kind = HR_ZONE_GPU;
	} else if (is_numbered(z->name, "package-", &package)) {
		z->kind = HR_ZONE_PACKAGE;
		z->package = package;
	} else if (eat_number(&p, "package-", &package) && is_numbered(p, "-die-", &die)) {
		z->kind = HR_ZONE_DIE;
		z->package = package;
		z->die = die;
	}
}
