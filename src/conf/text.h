/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A text that grows on the heap. After the first failed allocation it takes nothing more and
 * hr_text_take gives NULL, so that callers check once, at the end.
 */
#ifndef HR_CONF_TEXT_H
#define HR_CONF_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

struct hr_text {
	char *data; /* with a final zero, or NULL while empty */
	size_t n;
	size_t bytes; /* allocated */
	bool failed;
};

void hr_text_add(struct hr_text *t, const char *fmt, ...) HR_PRINTF(2, 3);
/* The text, to be freed by the caller, or NULL; leaves t empty. */
char *hr_text_take(struct hr_text *t);
void hr_text_done(struct hr_text *t);

#endif
