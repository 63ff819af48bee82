/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where this installation keeps its small executables and its data: beside the program itself, in
 * the build directory or under the prefix, so that a tree that was moved still works.
 */
#ifndef HR_CLI_PLACE_H
#define HR_CLI_PLACE_H

#include <stddef.h>

#include "base/err.h"

#define HR_PLACE_BYTES 4096

/* The path of an executable such as "headroom-agent". 0, or -ENOENT that says where was looked. */
int hr_place_program(const char *name, char ret[HR_PLACE_BYTES],
		     struct hr_err *reterr) HR_MUST_CHECK;

/* The path of a directory of data such as "traces". 0 or -ENOENT. */
int hr_place_data(const char *name, char ret[HR_PLACE_BYTES], struct hr_err *reterr) HR_MUST_CHECK;

#endif
