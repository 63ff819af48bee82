/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Heapsort over untyped elements. Invariant: at every moment the array is a permutation of what
 * was handed in, even if the comparison contradicts itself.
 */
#include "base/sort.h"

#include <string.h>

struct job {
	unsigned char *base;
	size_t size;
	hr_sort_compare *compare;
	void *ctx;
};

static unsigned char *at(const struct job *j, size_t i)
{
	return j->base + i * j->size;
}

static void swap(const struct job *j, size_t a, size_t b)
{
	unsigned char *x = at(j, a), *y = at(j, b);
	unsigned char chunk[64];
	size_t left, n;

	for (left = j->size; left > 0; left -= n, x += n, y += n) {
		n = left < sizeof(chunk) ? left : sizeof(chunk);
		memcpy(chunk, x, n);
		memcpy(x, y, n);
		memcpy(y, chunk, n);
	}
}

/* Lets element i sink until no child within the first n is greater. */
static void sink(const struct job *j, size_t i, size_t n)
{
	while (i < n / 2) {
		size_t child = 2 * i + 1;

		if (child + 1 < n && j->compare(at(j, child), at(j, child + 1), j->ctx) < 0)
			child++;
		if (j->compare(at(j, i), at(j, child), j->ctx) >= 0)
			return;
		swap(j, i, child);
		i = child;
	}
}

void hr_sort(void *base, size_t n, size_t size, hr_sort_compare *compare, void *ctx)
{
	struct job j = {.base = base, .size = size, .compare = compare, .ctx = ctx};
	size_t i;

	if (n < 2 || size == 0)
		return;
	for (i = n / 2; i > 0; i--)
		sink(&j, i - 1, n);
	for (i = n - 1; i > 0; i--) {
		swap(&j, 0, i);
		sink(&j, 0, i);
	}
}
