/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bump arena over the caller's buffer: memory with a limit that is known beforehand, given back
 * all at once. For decoding messages and for steady ticks that must not allocate.
 *
 * The buffer belongs to the caller and must outlive everything taken from it. There is no single
 * free. What is given out is zeroed.
 */
#ifndef HR_BASE_ARENA_H
#define HR_BASE_ARENA_H

#include <stddef.h>

#include "base/attr.h"

struct hr_arena {
	unsigned char *buf;
	size_t size;
	size_t used;
	size_t peak;       /* most that was ever used: for choosing the size */
	unsigned n_failed; /* requests refused since _init */
};

void hr_arena_init(struct hr_arena *a, void *buf, size_t size);

/* n bytes, aligned for any type; NULL if they do not fit. n = 0 gives a valid empty block. */
void *hr_arena_alloc(struct hr_arena *a, size_t n);
/* count elements of the given size; NULL also if the product overflows. */
void *hr_arena_array(struct hr_arena *a, size_t count, size_t size);
/* The first n bytes of text (fewer if it ends before) and a final zero; NULL if too long. */
char *hr_arena_text(struct hr_arena *a, const char *text, size_t n);

/* Everything taken after the mark is given back by _rewind; _rewind(a, 0) gives back all. */
size_t hr_arena_mark(const struct hr_arena *a);
void hr_arena_rewind(struct hr_arena *a, size_t mark);

#endif
