/* SPDX-License-Identifier: Apache-2.0 */
/* See place.h. Only looks. */
#include "cli/place.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "hw/paths.h"

/* The directory of the running program; "" if it cannot be told. */
static void own_dir(char ret[HR_PLACE_BYTES])
{
	ssize_t n = readlink(HR_PATH_SHOWN(HR_PATH_SELF), ret, HR_PLACE_BYTES - 1);

	ret[n > 0 ? n : 0] = '\0';
	char *slash = strrchr(ret, '/');

	if (slash != NULL)
		*slash = '\0';
}

/* The first of "OWN/between/name" that is there; a path that begins with '/' is taken as it is. */
static int look(const char *const between[], size_t n, const char *name, int mode,
		char ret[HR_PLACE_BYTES], struct hr_err *reterr)
{
	char own[HR_PLACE_BYTES];

	own_dir(own);
	for (size_t i = 0; i < n; i++) {
		int k = between[i][0] == '/'
			    ? snprintf(ret, HR_PLACE_BYTES, "%s/%s", between[i], name)
			    : snprintf(ret, HR_PLACE_BYTES, "%s%s/%s", own, between[i] + 1, name);

		if (k > 0 && k < HR_PLACE_BYTES && access(ret, mode) == 0)
			return 0;
	}
	return hr_err_set(reterr, -ENOENT,
			  "%s is neither beside the program in %.120s nor in %.120s: build or "
			  "install all of Headroom",
			  name, own, between[n - 1]);
}

int hr_place_program(const char *name, char ret[HR_PLACE_BYTES], struct hr_err *reterr)
{
	static const char *const between[] = {".", "./src/cli", "./vhw", "./../libexec/headroom",
					      (HR_LIBEXECDIR "/headroom")};

	return look(between, HR_ARRAY_LEN(between), name, X_OK, ret, reterr);
}

int hr_place_data(const char *name, char ret[HR_PLACE_BYTES], struct hr_err *reterr)
{
	static const char *const between[] = {"./tests/data", "./../share/headroom",
					      (HR_DATADIR "/headroom")};

	return look(between, HR_ARRAY_LEN(between), name, R_OK, ret, reterr);
}
