/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The power tree: domains with limits, leaves (nodes) that are charged against them.
 *
 * Every domain but the first level has a parent that was added before it. A feed is a domain
 * outside the chain of parents: a leaf may hang on two, each carrying a share of its power. The
 * tree keeps the sum of the charges of every domain, so that "may this node have 10 W more" costs
 * one walk to the root. It does not decide who gets what (tree_allocate.h) nor what a node is
 * charged (ledger.h).
 *
 * Invariant: the charged sum of a domain is exactly the sum of the charges of the leaves below it;
 * of a feed, the sum over its leaves of ceil(charge * share / 1000).
 *
 * All memory is the caller's. Indexes handed to these functions must come from them; everything
 * else is checked.
 */
#ifndef HR_POWER_TREE_H
#define HR_POWER_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "model/class.h"
#include "model/ident.h"

#define HR_TREE_DEPTH_MAX 8 /* domains from a leaf's parent to the root */
#define HR_TREE_FEEDS_MAX 2 /* of one leaf */
#define HR_TREE_NO_LIMIT INT64_MAX
#define HR_TREE_PERMILLE 1000

typedef __int128 hr_tree_sum;

struct hr_tree_domain {
	char name[HR_NAME_BYTES];
	int parent; /* -1: none */
	int depth;  /* 1: has no parent */
	bool feed;
	int64_t limit_uw;    /* HR_TREE_NO_LIMIT: none */
	int64_t reserve_uw;  /* load that is not managed; taken off the limit */
	hr_tree_sum charged; /* of the leaves below, without the reserve */
	/* working fields of hr_tree_allocate */
	uint32_t begin, end, next;
	hr_tree_sum wanted, filled;
	bool full;
};

struct hr_tree_feed {
	int domain;             /* index of a feed; -1: none */
	int32_t share_permille; /* part of the leaf's power that it carries, 1 to 1000 */
};

struct hr_tree_leaf {
	/* set by hr_tree_leaf_add, then fixed */
	int domain; /* -1: the slot is free */
	struct hr_tree_feed feed[HR_TREE_FEEDS_MAX];
	/* may be changed by the owner of the tree at any time; bad values are read as the nearest
	   good ones */
	int64_t floor_uw;
	int64_t ceiling_uw;
	int64_t safe_uw;
	int64_t need_uw; /* what it would use; for a hungry node its ceiling */
	enum hr_class class;
	int64_t weight;
	/* kept by the tree */
	int64_t charged_uw;
	int64_t share_uw; /* result of hr_tree_allocate */
	int next_free;
};

struct hr_tree {
	struct hr_tree_domain *domain;
	int n_domains, domains_max;
	struct hr_tree_leaf *leaf;
	int n_leaves; /* slots ever used; free ones have domain -1 */
	int leaves_max;
	int free_leaf; /* head of the list of freed slots; -1: none */
};

/* The arrays stay the caller's and must outlive the tree. */
void hr_tree_init(struct hr_tree *t, struct hr_tree_domain *domain, int domains_max,
		  struct hr_tree_leaf *leaf, int leaves_max);

/*
 * Adds a domain; limit and reserve in microwatts of wall power. Returns its index, or -EINVAL
 * (name, parent, limit, too deep, a feed with a parent), -EEXIST (the name is taken), -ENOSPC.
 */
int hr_tree_domain_add(struct hr_tree *t, const char *name, int parent, bool feed, int64_t limit_uw,
		       int64_t reserve_uw, struct hr_err *reterr) HR_MUST_CHECK;
/* The index of the domain of that name, or -1. */
int hr_tree_domain_find(const struct hr_tree *t, const char *name);
void hr_tree_limit_set(struct hr_tree *t, int domain, int64_t limit_uw);
/* The limit less the reserve, not below 0; HR_TREE_NO_LIMIT if there is none. */
int64_t hr_tree_usable(const struct hr_tree *t, int domain);
/* The sum of the charges below a domain, saturated. */
int64_t hr_tree_charged(const struct hr_tree *t, int domain);
/* By how much charges and reserve exceed the limit; 0 if they fit. */
int64_t hr_tree_over(const struct hr_tree *t, int domain);

/*
 * Adds a leaf with the settings in *like (its charge begins at 0) and returns its index, or
 * -EINVAL (domain, feeds, class), -ENOSPC. Slots of removed leaves are used again.
 */
int hr_tree_leaf_add(struct hr_tree *t, const struct hr_tree_leaf *like,
		     struct hr_err *reterr) HR_MUST_CHECK;
/* Takes the leaf and its charge out; its index may come back from hr_tree_leaf_add. */
void hr_tree_leaf_remove(struct hr_tree *t, int leaf);

/* Charges a leaf with uw (negative counts as 0) in place of what it was charged. */
void hr_tree_charge_set(struct hr_tree *t, int leaf, int64_t uw);
/*
 * The most by which the charge of one leaf can grow so that every domain above it and every feed
 * of it stays within its limit less its reserve; 0 if one of them is full or over.
 */
int64_t hr_tree_room(const struct hr_tree *t, int leaf);

struct hr_tree_sums {
	int domain; /* the one that the sums are of */
	int64_t floors_uw;
	int64_t safe_uw;
	int64_t reserve_uw;
};

/* The sums of floors and safe caps below one domain (of a feed: of the shares), saturated. */
struct hr_tree_sums hr_tree_sums_of(const struct hr_tree *t, int domain);
/*
 * Can the domain stand at this limit: is it at least the reserve plus the sum of the floors, and
 * plus the sum of the safe caps? 0, or -ERANGE with both sums in the sentence; *ret (may be NULL)
 * is filled either way.
 */
int hr_tree_limit_check(const struct hr_tree *t, int domain, int64_t limit_uw,
			struct hr_tree_sums *ret, struct hr_err *reterr) HR_MUST_CHECK;

/* What a feed carries of a leaf's power: ceil(uw * share / 1000). */
int64_t hr_tree_feed_part(int64_t uw, int32_t share_permille);

#endif
