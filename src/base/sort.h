/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sorting in place, without memory, in O(n log n) at worst: heapsort (Williams 1964, Floyd 1964).
 * It is not stable: where the order of equals matters, the comparison must decide it, which also
 * makes the result the same on every machine.
 */
#ifndef HR_BASE_SORT_H
#define HR_BASE_SORT_H

#include <stddef.h>

/* <0, 0, >0 as memcmp; must be a strict weak order. ctx is handed through. */
typedef int hr_sort_compare(const void *a, const void *b, void *ctx);

/* Sorts n elements of size bytes at base into rising order. */
void hr_sort(void *base, size_t n, size_t size, hr_sort_compare *compare, void *ctx);

#endif
