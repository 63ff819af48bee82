/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The allocation over random trees: limits, bounds, class order, fairness, nothing wasted.
 * HR_TEST_SEED=N repeats a run.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/rng.h"
#include "base/units.h"
#include "power/tree_allocate.h"

#define W HR_UW_PER_W
#define DOMAINS 20
#define LEAVES 60
/* rounding: one microwatt per leaf and level that filled, and one step of the level */
#define SLACK_UW (LEAVES * HR_TREE_DEPTH_MAX)

struct world {
	struct hr_tree t;
	struct hr_tree_domain domain[DOMAINS];
	struct hr_tree_leaf leaf[LEAVES];
	uint32_t order[LEAVES];
	int64_t have[LEAVES], want[LEAVES], allowed[LEAVES];
	struct hr_allocate_item item[LEAVES], feed_item[LEAVES];
	struct hr_allocate_active active[LEAVES];
	struct hr_tree_member member[LEAVES * HR_TREE_FEEDS_MAX];
	struct hr_tree_outcome out;
	uint64_t seed;
	int n_feeds;
};

static void allocate(struct world *w)
{
	struct hr_tree_scratch s = {w->order, w->have,      w->want,   w->allowed,
				    w->item,  w->feed_item, w->active, w->member};

	w->out = hr_tree_allocate(&w->t, &s);
}

static uint64_t first_seed(void)
{
	const char *text = getenv("HR_TEST_SEED");

	return text != NULL ? strtoull(text, NULL, 0) : 1;
}

static struct hr_tree_leaf random_leaf(struct world *w, struct hr_rng *r, int n_plain)
{
	struct hr_tree_leaf l = {
	    .domain = (int)hr_rng_below(r, (uint64_t)n_plain),
	    .feed = {{-1, 0}, {-1, 0}},
	    .floor_uw = hr_rng_range(r, 0, 50) * W,
	    .class = hr_rng_chance(r, 0.5) ? HR_CLASS_PRIMARY : HR_CLASS_REPLICA,
	    .weight = hr_rng_chance(r, 0.5) ? HR_WEIGHT_DEFAULT : hr_rng_range(r, 1, 500),
	};

	l.ceiling_uw = l.floor_uw + hr_rng_range(r, 0, 300) * W;
	l.need_uw = hr_rng_range(r, 0, 400) * W + hr_rng_range(r, 0, 999);
	if (w->n_feeds > 0 && hr_rng_chance(r, 0.7)) {
		int first = (int)hr_rng_below(r, (uint64_t)w->n_feeds);

		l.feed[0].domain = n_plain + first;
		l.feed[0].share_permille = (int32_t)hr_rng_range(r, 1, 1000);
		if (w->n_feeds > 1 && hr_rng_chance(r, 0.7)) {
			l.feed[1].domain = n_plain + (first + 1) % w->n_feeds;
			l.feed[1].share_permille = (int32_t)hr_rng_range(r, 1, 1000);
		}
	}
	return l;
}

static void random_world(struct world *w, uint64_t seed, int n_feeds)
{
	struct hr_rng r;
	int n_plain, n_leaves;

	hr_rng_init(&r, seed);
	w->seed = seed;
	w->n_feeds = n_feeds;
	hr_tree_init(&w->t, w->domain, DOMAINS, w->leaf, LEAVES);
	n_plain = 1 + (int)hr_rng_below(&r, (uint64_t)(DOMAINS - n_feeds));
	n_leaves = 1 + (int)hr_rng_below(&r, LEAVES);
	for (int d = 0; d < n_plain + n_feeds; d++) {
		char name[16];
		bool feed = d >= n_plain;
		int parent = d == 0 || feed ? -1
					    : (int)hr_rng_range(&r, hr_max_i64(0, d - 4), d - 1);
		int64_t limit = hr_rng_range(&r, 20, 300) * W * (n_leaves / 2 + 1) / (d / 2 + 1);

		if (parent >= 0 && w->domain[parent].depth >= HR_TREE_DEPTH_MAX)
			parent = 0;
		if (hr_rng_chance(&r, 0.3))
			limit = HR_TREE_NO_LIMIT;
		snprintf(name, sizeof(name), "d%d", d);
		assert_int_equal(hr_tree_domain_add(&w->t, name, parent, feed, limit,
						    hr_rng_chance(&r, 0.2) ? 13 * W : 0, NULL),
				 d);
	}
	for (int i = 0; i < n_leaves; i++) {
		struct hr_tree_leaf l = random_leaf(w, &r, n_plain);

		assert_int_equal(hr_tree_leaf_add(&w->t, &l, NULL), i);
	}
	for (int i = 0; i < n_leaves; i++)
		if (hr_rng_chance(&r, 0.1))
			hr_tree_leaf_remove(&w->t, i);
}

/* What a domain or feed carries of one microwatt-amount of a leaf; -1: it is not above it. */
static int64_t part_on(const struct world *w, int leaf, int domain, int64_t uw)
{
	const struct hr_tree_leaf *l = &w->leaf[leaf];

	for (int d = l->domain; d >= 0; d = w->domain[d].parent)
		if (d == domain)
			return uw;
	for (int f = 0; f < HR_TREE_FEEDS_MAX; f++)
		if (l->feed[f].domain == domain && l->domain >= 0)
			return hr_tree_feed_part(uw, l->feed[f].share_permille);
	return -1;
}

/* Usable less the shares in it; INT64_MAX: no limit. */
static int64_t spare_in(const struct world *w, int domain)
{
	int64_t spare = hr_tree_usable(&w->t, domain);

	for (int i = 0; i < w->t.n_leaves && spare != HR_TREE_NO_LIMIT; i++)
		if (part_on(w, i, domain, 0) >= 0)
			spare -= part_on(w, i, domain, w->leaf[i].share_uw);
	return spare;
}

static int64_t floors_in(const struct world *w, int domain)
{
	int64_t sum = 0;

	for (int i = 0; i < w->t.n_leaves; i++)
		if (part_on(w, i, domain, 0) >= 0)
			sum += part_on(w, i, domain, w->leaf[i].floor_uw);
	return sum;
}

/* Is there a full limit above leaf i that leaf j (-1: any) does not hang on? */
static bool held_back(const struct world *w, const int64_t *spare, int i, int j)
{
	for (int d = 0; d < w->t.n_domains; d++)
		if (part_on(w, i, d, 0) >= 0 && spare[d] <= SLACK_UW &&
		    (j < 0 || part_on(w, j, d, 0) < 0))
			return true;
	return false;
}

static int64_t wanted_by(const struct hr_tree_leaf *l)
{
	return hr_clamp_i64(l->need_uw, l->floor_uw, l->ceiling_uw);
}

#define BAD(w, what, i) fail_msg("seed %llu: %s (%d)", (unsigned long long)(w)->seed, what, i)

static void check_limits(const struct world *w, int64_t *spare)
{
	int64_t shortfall = 0;

	for (int d = 0; d < w->t.n_domains; d++) {
		int64_t usable = hr_tree_usable(&w->t, d), floors = floors_in(w, d);

		spare[d] = spare_in(w, d);
		if (usable == HR_TREE_NO_LIMIT)
			continue;
		shortfall = hr_max_i64(shortfall, floors - usable);
		if (spare[d] < 0 && floors <= usable)
			BAD(w, "limit exceeded", d);
		if (floors > usable && spare[d] != usable - floors)
			BAD(w, "not at the floors in a domain that is short", d);
	}
	if (shortfall != w->out.shortfall_uw)
		BAD(w, "shortfall told wrong", w->out.domain);
	for (int i = 0; i < w->t.n_leaves; i++)
		if (w->leaf[i].domain >= 0 && (w->leaf[i].share_uw < w->leaf[i].floor_uw ||
					       w->leaf[i].share_uw > w->leaf[i].ceiling_uw))
			BAD(w, "leaf out of bounds", i);
}

/* Nobody is left wanting, and no headroom unspent, while every limit above has room. */
static void check_nothing_wasted(const struct world *w, const int64_t *spare)
{
	for (int i = 0; i < w->t.n_leaves; i++)
		if (w->leaf[i].domain >= 0 && w->leaf[i].share_uw < w->leaf[i].ceiling_uw &&
		    !held_back(w, spare, i, -1))
			BAD(w, "leaf could take more", i);
}

static void check_classes(const struct world *w, const int64_t *spare)
{
	for (int i = 0; i < w->t.n_leaves; i++) {
		const struct hr_tree_leaf *a = &w->leaf[i];

		if (a->domain < 0 || a->share_uw >= wanted_by(a) - SLACK_UW)
			continue;
		for (int j = 0; j < w->t.n_leaves; j++) {
			const struct hr_tree_leaf *b = &w->leaf[j];

			if (b->domain < 0 || b->class <= a->class ||
			    b->share_uw <= b->floor_uw + SLACK_UW)
				continue;
			if (!held_back(w, spare, i, j))
				BAD(w, "a replica has what a primary could use", i);
		}
	}
}

static void check_fair(const struct world *w, const int64_t *spare)
{
	for (int i = 0; i < w->t.n_leaves; i++) {
		const struct hr_tree_leaf *a = &w->leaf[i];

		if (a->domain < 0 || a->share_uw >= wanted_by(a))
			continue;
		for (int j = 0; j < w->t.n_leaves; j++) {
			const struct hr_tree_leaf *b = &w->leaf[j];
			__int128 rich = (__int128)(b->share_uw - SLACK_UW) * a->weight;
			__int128 poor = (__int128)a->share_uw * b->weight;
			__int128 steps = (__int128)a->weight * b->weight * HR_TREE_DEPTH_MAX;

			if (b->domain < 0 || b->class != a->class || b->share_uw <= b->floor_uw)
				continue;
			if (rich > poor + steps && !held_back(w, spare, i, j))
				BAD(w, "a richer leaf has what a poorer could use", i);
		}
	}
}

static void random_trees_without_feeds(void **state)
{
	struct world w;
	int64_t spare[DOMAINS];

	(void)state;
	for (uint64_t seed = first_seed(); seed < first_seed() + 3000; seed++) {
		random_world(&w, seed, 0);
		allocate(&w);
		check_limits(&w, spare);
		check_nothing_wasted(&w, spare);
		check_classes(&w, spare);
		check_fair(&w, spare);
	}
}

static void random_trees_with_feeds(void **state)
{
	struct world w;
	int64_t spare[DOMAINS];

	(void)state;
	for (uint64_t seed = first_seed(); seed < first_seed() + 3000; seed++) {
		random_world(&w, seed, 1 + (int)(seed % 4));
		allocate(&w);
		check_limits(&w, spare);
		check_nothing_wasted(&w, spare);
		check_classes(&w, spare);
	}
}

static void the_order_of_adding_does_not_matter(void **state)
{
	static struct world a, b;

	(void)state;
	for (uint64_t seed = first_seed(); seed < first_seed() + 1000; seed++) {
		int n;

		random_world(&a, seed, 0);
		b = a;
		hr_tree_init(&b.t, b.domain, DOMAINS, b.leaf, LEAVES);
		b.t.n_domains = a.t.n_domains;
		n = a.t.n_leaves;
		for (int i = n - 1; i >= 0; i--)
			if (a.leaf[i].domain >= 0)
				assert_true(hr_tree_leaf_add(&b.t, &a.leaf[i], NULL) >= 0);
		allocate(&a);
		allocate(&b);
		for (int i = n - 1, k = 0; i >= 0; i--)
			if (a.leaf[i].domain >= 0 && a.leaf[i].share_uw != b.leaf[k++].share_uw)
				BAD(&a, "another order gives another share", i);
		b = a;
		allocate(&a);
		assert_memory_equal(a.leaf, b.leaf, sizeof(a.leaf));
	}
}

/* One domain is the plain rule: both ways give the same but for what rounding left over. */
static void one_domain_is_the_plain_rule(void **state)
{
	static struct world w;

	(void)state;
	for (uint64_t seed = first_seed(); seed < first_seed() + 1000; seed++) {
		struct hr_allocate_child child[LEAVES] = {0};
		struct hr_allocate_scratch s = {.item = w.item, .active = w.active};
		struct hr_rng r;
		int n = 1 + (int)(seed % LEAVES);
		int64_t amount;

		memset(&w, 0, sizeof(w));
		hr_rng_init(&r, seed);
		hr_tree_init(&w.t, w.domain, DOMAINS, w.leaf, LEAVES);
		amount = hr_rng_range(&r, 0, 300) * n * W;
		assert_int_equal(hr_tree_domain_add(&w.t, "cluster", -1, false, amount, 0, NULL),
				 0);
		for (int i = 0; i < n; i++) {
			struct hr_tree_leaf l = random_leaf(&w, &r, 1);

			assert_int_equal(hr_tree_leaf_add(&w.t, &l, NULL), i);
			child[i].floor_uw = l.floor_uw;
			child[i].ceiling_uw = l.ceiling_uw;
			for (int c = 0; c < HR_CLASS__MAX; c++) {
				child[i].need_uw[c] = c >= (int)l.class ? l.need_uw : 0;
				child[i].weight[c] = l.weight;
			}
		}
		allocate(&w);
		hr_allocate_divide(amount, child, (size_t)n, s);
		for (int i = 0; i < n; i++)
			if (llabs(w.leaf[i].share_uw - child[i].given_uw) > n)
				fail_msg("seed %llu: leaf %d", (unsigned long long)seed, i);
	}
}

/* Wattson's own example: 100 W, three nodes at 50/25/25, one gives and one takes: 60/15/25. */
static void the_example_of_three_nodes(void **state)
{
	static struct world w;
	static const int64_t need_w[3] = {60, 15, 25};

	(void)state;
	memset(&w, 0, sizeof(w));
	hr_tree_init(&w.t, w.domain, DOMAINS, w.leaf, LEAVES);
	assert_int_equal(hr_tree_domain_add(&w.t, "cluster", -1, false, 100 * W, 0, NULL), 0);
	for (int i = 0; i < 3; i++) {
		struct hr_tree_leaf l = {.feed = {{-1, 0}, {-1, 0}},
					 .floor_uw = 10 * W,
					 .ceiling_uw = 90 * W,
					 .need_uw = need_w[i] * W,
					 .weight = 100};

		assert_int_equal(hr_tree_leaf_add(&w.t, &l, NULL), i);
	}
	allocate(&w);
	for (int i = 0; i < 3; i++)
		assert_int_equal(w.leaf[i].share_uw, need_w[i] * W);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(random_trees_without_feeds),
	    cmocka_unit_test(random_trees_with_feeds),
	    cmocka_unit_test(the_order_of_adding_does_not_matter),
	    cmocka_unit_test(one_domain_is_the_plain_rule),
	    cmocka_unit_test(the_example_of_three_nodes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
