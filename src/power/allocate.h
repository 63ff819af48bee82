/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one rule by which watts are divided, at every level: among the domains of a cluster, the
 * nodes of a rack, the packages of a node.
 *
 * Floors come first, then the classes strictly in order, weighted max-min inside a class up to
 * each child's need, and what is left over as headroom, by weight, up to the ceilings. It does
 * not know trees (tree_allocate.h applies it to one) and does not estimate needs (demand.h).
 *
 * Invariants: nothing is given above a bound; the sum given never exceeds the amount unless the
 * floors alone do; fewer than n microwatts stay unspent while a child could take one. The result
 * depends on the values of the children only, never on their order.
 */
#ifndef HR_POWER_ALLOCATE_H
#define HR_POWER_ALLOCATE_H

#include <stddef.h>
#include <stdint.h>

#include "model/class.h"

/* One that shares in a filling; 0 <= low <= high (else read as the nearest such pair). */
struct hr_allocate_item {
	int64_t low_uw;   /* has at least this */
	int64_t high_uw;  /* takes no more than this */
	int64_t weight;   /* 1 to INT32_MAX, else read as the nearest */
	int64_t given_uw; /* the result, low..high */
};

/* Working memory of a filling, one per item; the contents mean nothing between calls. */
struct hr_allocate_active {
	int64_t low_uw;
	int64_t high_uw;
	int64_t weight;
};

/*
 * Weighted max-min with bounds: gives clamp(level * weight, low, high) to each, with the highest
 * level that the amount allows, and divides the rest of less than one step of the level in
 * proportion. Linear in n: an item is looked at until it is known on which side of its bounds the
 * level lies, at most 126 times and in practice about five.
 *
 * Returns what is unspent, >= 0; or, if the amount does not reach the low bounds, gives those and
 * returns the (negative) difference.
 */
int64_t hr_allocate_fill(int64_t amount_uw, struct hr_allocate_item *item, size_t n,
			 struct hr_allocate_active *active);

struct hr_allocate_child {
	int64_t floor_uw;
	int64_t ceiling_uw; /* below the floor: read as the floor */
	/* Cumulative: what the child would use if it were served up to and including that class.
	   A node of class c has its need from c on and 0 before. */
	int64_t need_uw[HR_CLASS__MAX];
	int64_t weight[HR_CLASS__MAX]; /* the greatest of them shares out the headroom */
	int64_t given_uw;              /* the result */
};

struct hr_allocate_scratch {
	struct hr_allocate_item *item;     /* at least n */
	struct hr_allocate_active *active; /* at least n */
};

/*
 * Divides an amount among n children by the whole rule. Returns what is unspent, >= 0; or, if the
 * amount does not reach the floors, gives every child its floor (hardware goes no lower) and
 * returns the negative shortfall.
 */
int64_t hr_allocate_divide(int64_t amount_uw, struct hr_allocate_child *child, size_t n,
			   struct hr_allocate_scratch scratch);

#endif
