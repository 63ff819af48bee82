/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The allocation rule applied to a power tree: what each leaf's cap should be.
 *
 * Class after class, and then for the headroom, the leaves below each domain are filled to a
 * common level by hr_allocate_fill, from the deepest domains up: what a domain's limit takes away
 * is the upper bound with which its leaves take part one level higher. For limits that form a tree
 * this is the weighted max-min over all leaves. Feeds lie across the tree: the leaves of one that
 * is over are filled anew to its limit and the tree is filled again, a bounded number of times; in
 * the end what is left goes to whoever can take it, in the order of the domains.
 *
 * It decides only; whether an increase may be sent now is hr_tree_room's and the ledger's matter.
 *
 * Invariants: in every domain and feed the shares fit limit less reserve, unless the floors alone
 * do not; no leaf is above its ceiling or below its floor; in a class pass nobody is left wanting
 * while every limit above it has room for him (up to one microwatt per leaf).
 */
#ifndef HR_POWER_TREE_ALLOCATE_H
#define HR_POWER_TREE_ALLOCATE_H

#include "power/allocate.h"
#include "power/tree.h"

struct hr_tree_member {
	uint32_t item;
	int32_t share_permille;
};

/* Working memory: every array as long as the tree's leaves_max, member HR_TREE_FEEDS_MAX times. */
struct hr_tree_scratch {
	uint32_t *order;  /* leaf of each item; the items of a domain are adjacent */
	int64_t *have;    /* given so far */
	int64_t *want;    /* upper bound in the present pass */
	int64_t *allowed; /* the same, as lowered by feeds */
	struct hr_allocate_item *item;
	struct hr_allocate_item *feed_item;
	struct hr_allocate_active *active;
	struct hr_tree_member *member;
};

struct hr_tree_outcome {
	int64_t shortfall_uw; /* by how much the floors exceed what is usable; 0: they fit */
	int domain;           /* where that is worst; -1: nowhere */
};

/* Writes share_uw of every leaf; linear in the number of leaves for each level that binds. */
struct hr_tree_outcome hr_tree_allocate(struct hr_tree *t, const struct hr_tree_scratch *s);

#endif
