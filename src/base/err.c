/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Filling the caller's struct hr_err. Nothing is printed or allocated here. Invariant: the text
 * is always terminated; what does not fit is cut at the end, so the context in front survives.
 */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int hr_err_set(struct hr_err *reterr, int code, const char *fmt, ...)
{
	va_list args;

	if (reterr == NULL)
		return code;
	reterr->code = code;
	va_start(args, fmt);
	if (vsnprintf(reterr->text, sizeof(reterr->text), fmt, args) < 0)
		reterr->text[0] = '\0';
	va_end(args);
	return code;
}

int hr_err_prefix(struct hr_err *reterr, const char *fmt, ...)
{
	char text[HR_ERR_TEXT_BYTES];
	size_t used, rest;
	va_list args;

	if (reterr == NULL)
		return 0;
	va_start(args, fmt);
	if (vsnprintf(text, sizeof(text), fmt, args) < 0)
		text[0] = '\0';
	va_end(args);
	used = strlen(text);
	rest = sizeof(text) - 1 - used;
	if (rest >= 2) {
		size_t n = strnlen(reterr->text, sizeof(reterr->text) - 1);

		if (n > rest - 2)
			n = rest - 2;
		memcpy(text + used, ": ", 2);
		memcpy(text + used + 2, reterr->text, n);
		text[used + 2 + n] = '\0';
	}
	memcpy(reterr->text, text, sizeof(text));
	return reterr->code;
}
