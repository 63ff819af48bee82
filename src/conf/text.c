/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A text that grows on the heap, doubling. Not for input: only for what is made from the tables.
 * Invariant: data is NULL or ends in a zero at data[n].
 */
#include "conf/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static bool make_room(struct hr_text *t, size_t more)
{
	size_t bytes = t->bytes > 0 ? t->bytes : 1024;

	while (bytes < t->n + more + 1)
		bytes *= 2;
	if (bytes == t->bytes)
		return true;
	char *data = realloc(t->data, bytes);
	if (data == NULL) {
		t->failed = true;
		return false;
	}
	t->data = data;
	t->bytes = bytes;
	return true;
}

void hr_text_add(struct hr_text *t, const char *fmt, ...)
{
	va_list args;

	if (t->failed)
		return;
	va_start(args, fmt);
	int n = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (n < 0 || !make_room(t, (size_t)n)) {
		t->failed = true;
		return;
	}
	va_start(args, fmt);
	(void)vsnprintf(t->data + t->n, t->bytes - t->n, fmt, args);
	va_end(args);
	t->n += (size_t)n;
}

char *hr_text_take(struct hr_text *t)
{
	char *data = t->data;

	if (t->failed) {
		free(data);
		data = NULL;
	}
	*t = (struct hr_text){0};
	return data;
}

void hr_text_done(struct hr_text *t)
{
	free(hr_text_take(t));
}
