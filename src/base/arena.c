/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bump arena. No growth, no system allocator. Invariant: used <= size, and every block given
 * out begins at a multiple of the strictest alignment, even if the buffer does not.
 */
#include "base/arena.h"

#include <stdint.h>
#include <string.h>

void hr_arena_init(struct hr_arena *a, void *buf, size_t size)
{
	*a = (struct hr_arena){.buf = buf, .size = size};
}

void *hr_arena_alloc(struct hr_arena *a, size_t n)
{
	size_t misfit = ((uintptr_t)a->buf + a->used) % _Alignof(max_align_t);
	size_t pad = misfit == 0 ? 0 : _Alignof(max_align_t) - misfit;
	unsigned char *block;

	if (pad > a->size - a->used || n > a->size - a->used - pad) {
		a->n_failed++;
		return NULL;
	}
	block = a->buf + a->used + pad;
	a->used += pad + n;
	if (a->used > a->peak)
		a->peak = a->used;
	memset(block, 0, n);
	return block;
}

void *hr_arena_array(struct hr_arena *a, size_t count, size_t size)
{
	size_t n;

	if (__builtin_mul_overflow(count, size, &n)) {
		a->n_failed++;
		return NULL;
	}
	return hr_arena_alloc(a, n);
}

char *hr_arena_text(struct hr_arena *a, const char *text, size_t n)
{
	size_t length = strnlen(text, n);
	char *copy;

	if (length == SIZE_MAX)
		return NULL;
	copy = hr_arena_alloc(a, length + 1);
	if (copy != NULL)
		memcpy(copy, text, length);
	return copy;
}

size_t hr_arena_mark(const struct hr_arena *a)
{
	return a->used;
}

void hr_arena_rewind(struct hr_arena *a, size_t mark)
{
	HR_CHECK(mark <= a->used);
	a->used = mark;
}
