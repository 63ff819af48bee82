/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One error for two readers: a negative errno for the program, one sentence for the person.
 *
 * The sentence says what was tried, where, what was found and what to do; it has no final newline.
 * The struct belongs to the caller and is written only on failure. Every function that takes one
 * accepts NULL.
 */
#ifndef HR_BASE_ERR_H
#define HR_BASE_ERR_H

#include "base/attr.h"

#define HR_ERR_TEXT_BYTES 400

struct hr_err {
	int code; /* negative errno, 0 if nothing was set */
	char text[HR_ERR_TEXT_BYTES];
};

/* Fills *reterr (if not NULL) and returns code, so that "return hr_err_set(...)" reads well. */
int hr_err_set(struct hr_err *reterr, int code, const char *fmt, ...) HR_PRINTF(3, 4);

/* Puts "context: " before the text already in *reterr; returns reterr->code. */
int hr_err_prefix(struct hr_err *reterr, const char *fmt, ...) HR_PRINTF(2, 3);

#endif
