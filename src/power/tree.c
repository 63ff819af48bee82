/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The power tree: the arrays, the incremental sums and the room below every limit.
 *
 * It holds no policy. The sums are 128-bit, so that no charge, however absurd, can make an
 * addition wrap and a later subtraction wrong.
 */
#include "power/tree.h"

#include <errno.h>
#include <string.h>

#include "base/units.h"

static int64_t saturate(hr_tree_sum x)
{
	return x > INT64_MAX ? INT64_MAX : x < INT64_MIN ? INT64_MIN : (int64_t)x;
}

int64_t hr_tree_feed_part(int64_t uw, int32_t share_permille)
{
	hr_tree_sum x = (hr_tree_sum)uw * share_permille + HR_TREE_PERMILLE - 1;

	/* amounts that occur need no long division */
	if (x >= 0 && x <= INT64_MAX)
		return (int64_t)x / HR_TREE_PERMILLE;
	return saturate(x / HR_TREE_PERMILLE);
}

void hr_tree_init(struct hr_tree *t, struct hr_tree_domain *domain, int domains_max,
		  struct hr_tree_leaf *leaf, int leaves_max)
{
	*t = (struct hr_tree){
	    .domain = domain,
	    .domains_max = domains_max,
	    .leaf = leaf,
	    .leaves_max = leaves_max,
	    .free_leaf = -1,
	};
}

int hr_tree_domain_find(const struct hr_tree *t, const char *name)
{
	for (int d = 0; d < t->n_domains; d++)
		if (strcmp(t->domain[d].name, name) == 0)
			return d;
	return -1;
}

static bool is_domain(const struct hr_tree *t, int d, bool feed)
{
	return d >= 0 && d < t->n_domains && t->domain[d].feed == feed;
}

static int check_domain(const struct hr_tree *t, const char *name, int parent, bool feed,
			struct hr_err *reterr)
{
	if (!hr_name_is_valid(name))
		return hr_err_set(reterr, -EINVAL,
				  "domain \"%s\": not a name; use 1 to %d of A-Z a-z 0-9 . _ : -",
				  name, HR_NAME_BYTES - 1);
	if (hr_tree_domain_find(t, name) >= 0)
		return hr_err_set(reterr, -EEXIST, "domain %s: there are two of that name", name);
	if (feed && parent >= 0)
		return hr_err_set(reterr, -EINVAL, "feed %s: a feed has no parent", name);
	if (parent >= 0 && !is_domain(t, parent, false))
		return hr_err_set(reterr, -EINVAL, "domain %s: its parent does not exist", name);
	if (parent >= 0 && t->domain[parent].depth >= HR_TREE_DEPTH_MAX)
		return hr_err_set(reterr, -EINVAL, "domain %s: deeper than %d levels below %s",
				  name, HR_TREE_DEPTH_MAX, t->domain[parent].name);
	if (t->n_domains >= t->domains_max)
		return hr_err_set(reterr, -ENOSPC, "domain %s: more than %d domains", name,
				  t->domains_max);
	return 0;
}

int hr_tree_domain_add(struct hr_tree *t, const char *name, int parent, bool feed, int64_t limit_uw,
		       int64_t reserve_uw, struct hr_err *reterr)
{
	struct hr_tree_domain *d;
	int r = check_domain(t, name, parent, feed, reterr);

	if (r < 0)
		return r;
	if (limit_uw < 0 || reserve_uw < 0)
		return hr_err_set(reterr, -EINVAL, "domain %s: a limit or reserve below 0", name);
	d = &t->domain[t->n_domains];
	*d = (struct hr_tree_domain){
	    .parent = parent < 0 ? -1 : parent,
	    .depth = parent < 0 ? 1 : t->domain[parent].depth + 1,
	    .feed = feed,
	    .limit_uw = limit_uw,
	    .reserve_uw = reserve_uw,
	};
	/* the name was checked to fit with its final zero */
	memcpy(d->name, name, strlen(name));
	return t->n_domains++;
}

void hr_tree_limit_set(struct hr_tree *t, int domain, int64_t limit_uw)
{
	t->domain[domain].limit_uw = hr_max_i64(limit_uw, 0);
}

int64_t hr_tree_usable(const struct hr_tree *t, int domain)
{
	const struct hr_tree_domain *d = &t->domain[domain];

	if (d->limit_uw == HR_TREE_NO_LIMIT)
		return HR_TREE_NO_LIMIT;
	return hr_max_i64(d->limit_uw - d->reserve_uw, 0);
}

int64_t hr_tree_charged(const struct hr_tree *t, int domain)
{
	return saturate(t->domain[domain].charged);
}

int64_t hr_tree_over(const struct hr_tree *t, int domain)
{
	const struct hr_tree_domain *d = &t->domain[domain];

	if (d->limit_uw == HR_TREE_NO_LIMIT)
		return 0;
	return hr_max_i64(saturate(d->charged + d->reserve_uw - d->limit_uw), 0);
}

static int check_leaf(const struct hr_tree *t, const struct hr_tree_leaf *like,
		      struct hr_err *reterr)
{
	if (!is_domain(t, like->domain, false))
		return hr_err_set(reterr, -EINVAL, "a node's domain must be a domain of the tree");
	for (int f = 0; f < HR_TREE_FEEDS_MAX; f++) {
		const struct hr_tree_feed *feed = &like->feed[f];

		if (feed->domain < 0)
			continue;
		if (!is_domain(t, feed->domain, true))
			return hr_err_set(reterr, -EINVAL,
					  "a node's feed must be a feed of the tree");
		if (feed->share_permille < 1 || feed->share_permille > HR_TREE_PERMILLE)
			return hr_err_set(
			    reterr, -EINVAL, "feed %s: a share of %d permille; allowed is 1 to %d",
			    t->domain[feed->domain].name, feed->share_permille, HR_TREE_PERMILLE);
	}
	if (like->feed[0].domain >= 0 && like->feed[0].domain == like->feed[1].domain)
		return hr_err_set(reterr, -EINVAL, "feed %s: named twice for one node",
				  t->domain[like->feed[0].domain].name);
	if ((unsigned)like->class >= HR_CLASS__MAX)
		return hr_err_set(reterr, -EINVAL, "a node's class is not one of the classes");
	return 0;
}

int hr_tree_leaf_add(struct hr_tree *t, const struct hr_tree_leaf *like, struct hr_err *reterr)
{
	int r = check_leaf(t, like, reterr);
	int i = t->free_leaf;

	if (r < 0)
		return r;
	if (i >= 0)
		t->free_leaf = t->leaf[i].next_free;
	else if (t->n_leaves < t->leaves_max)
		i = t->n_leaves++;
	else
		return hr_err_set(reterr, -ENOSPC, "the power tree holds at most %d nodes",
				  t->leaves_max);
	t->leaf[i] = *like;
	t->leaf[i].charged_uw = 0;
	t->leaf[i].share_uw = 0;
	t->leaf[i].next_free = -1;
	return i;
}

void hr_tree_leaf_remove(struct hr_tree *t, int leaf)
{
	struct hr_tree_leaf *l = &t->leaf[leaf];

	if (l->domain < 0)
		return;
	hr_tree_charge_set(t, leaf, 0);
	*l = (struct hr_tree_leaf){
	    .domain = -1,
	    .feed = {{.domain = -1}, {.domain = -1}},
	    .next_free = t->free_leaf,
	};
	t->free_leaf = leaf;
}

void hr_tree_charge_set(struct hr_tree *t, int leaf, int64_t uw)
{
	struct hr_tree_leaf *l = &t->leaf[leaf];

	uw = hr_max_i64(uw, 0);
	for (int d = l->domain; d >= 0; d = t->domain[d].parent)
		t->domain[d].charged += (hr_tree_sum)uw - l->charged_uw;
	for (int f = 0; f < HR_TREE_FEEDS_MAX; f++) {
		const struct hr_tree_feed *feed = &l->feed[f];

		if (feed->domain < 0)
			continue;
		t->domain[feed->domain].charged += (hr_tree_sum)hr_tree_feed_part(
						       uw, feed->share_permille) -
						   hr_tree_feed_part(l->charged_uw,
								     feed->share_permille);
	}
	l->charged_uw = uw;
}

/* What a domain can still take; negative if it is over. */
static hr_tree_sum spare(const struct hr_tree *t, int domain)
{
	int64_t usable = hr_tree_usable(t, domain);

	return usable == HR_TREE_NO_LIMIT ? INT64_MAX : usable - t->domain[domain].charged;
}

int64_t hr_tree_room(const struct hr_tree *t, int leaf)
{
	const struct hr_tree_leaf *l = &t->leaf[leaf];
	hr_tree_sum room = (hr_tree_sum)INT64_MAX - l->charged_uw;

	for (int d = l->domain; d >= 0; d = t->domain[d].parent) {
		hr_tree_sum s = spare(t, d);

		room = s < room ? s : room;
	}
	for (int f = 0; f < HR_TREE_FEEDS_MAX; f++) {
		const struct hr_tree_feed *feed = &l->feed[f];
		hr_tree_sum most;

		if (feed->domain < 0 || hr_tree_usable(t, feed->domain) == HR_TREE_NO_LIMIT)
			continue;
		/* the largest charge whose rounded-up part still fits, less the present charge */
		most = hr_tree_feed_part(l->charged_uw, feed->share_permille) +
		       spare(t, feed->domain);
		most = most * HR_TREE_PERMILLE / feed->share_permille - l->charged_uw;
		room = most < room ? most : room;
	}
	return room < 0 ? 0 : (int64_t)room;
}

/* What of the leaf's power a domain or feed carries, in permille; 0: nothing. */
static int32_t carried(const struct hr_tree *t, const struct hr_tree_leaf *l, int domain)
{
	for (int d = l->domain; d >= 0; d = t->domain[d].parent)
		if (d == domain)
			return HR_TREE_PERMILLE;
	for (int f = 0; f < HR_TREE_FEEDS_MAX; f++)
		if (l->feed[f].domain == domain)
			return l->feed[f].share_permille;
	return 0;
}

struct hr_tree_sums hr_tree_sums_of(const struct hr_tree *t, int domain)
{
	hr_tree_sum floors = 0, safe = 0;

	for (int i = 0; i < t->n_leaves; i++) {
		const struct hr_tree_leaf *l = &t->leaf[i];
		int32_t share = l->domain < 0 ? 0 : carried(t, l, domain);
		int64_t floor_uw = hr_max_i64(l->floor_uw, 0);

		floors += hr_tree_feed_part(floor_uw, share);
		safe += hr_tree_feed_part(hr_max_i64(l->safe_uw, floor_uw), share);
	}
	return (struct hr_tree_sums){
	    .domain = domain,
	    .floors_uw = saturate(floors),
	    .safe_uw = saturate(safe),
	    .reserve_uw = t->domain[domain].reserve_uw,
	};
}

int hr_tree_limit_check(const struct hr_tree *t, int domain, int64_t limit_uw,
			struct hr_tree_sums *ret, struct hr_err *reterr)
{
	struct hr_tree_sums s = hr_tree_sums_of(t, domain);
	char limit[HR_UNITS_TEXT_BYTES], floors[HR_UNITS_TEXT_BYTES];
	char safe[HR_UNITS_TEXT_BYTES], reserve[HR_UNITS_TEXT_BYTES];

	if (ret != NULL)
		*ret = s;
	/* the sum of the safe caps is never below that of the floors */
	if (limit_uw == HR_TREE_NO_LIMIT ||
	    (hr_tree_sum)limit_uw - s.reserve_uw >= (hr_tree_sum)s.safe_uw)
		return 0;
	return hr_err_set(
	    reterr, -ERANGE,
	    "domain %s: a budget of %s less its reserve of %s is below the sum of the %s: "
	    "floors %s, safe caps %s; raise the budget or lower the safe caps",
	    t->domain[domain].name, hr_power_format(limit_uw, limit),
	    hr_power_format(s.reserve_uw, reserve),
	    (hr_tree_sum)limit_uw - s.reserve_uw < s.floors_uw ? "floors" : "safe caps",
	    hr_power_format(s.floors_uw, floors), hr_power_format(s.safe_uw, safe));
}
