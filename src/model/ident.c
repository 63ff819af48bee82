/* SPDX-License-Identifier: Apache-2.0 */
/* Which names may be used. Invariant: a valid name is safe as a file name, a label, a URL part. */
#include "model/ident.h"

#include <string.h>

static bool fits(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       c == '.' || c == '_' || c == ':' || c == '-';
}

bool hr_name_is_valid(const char *name)
{
	size_t i, n;

	if (name == NULL)
		return false;
	n = strnlen(name, HR_NAME_BYTES);
	if (n == 0 || n == HR_NAME_BYTES || name[0] == '.' || name[0] == '-')
		return false;
	for (i = 0; i < n; i++)
		if (!fits(name[i]))
			return false;
	return true;
}
