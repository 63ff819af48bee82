/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Filling a tree of limits: see the header for the method.
 *
 * The leaves are first brought into an order in which those of every domain are adjacent (its
 * own first, then those of its children), so that a domain is a range of the item array. Parents
 * have smaller indexes than their children, so that a loop over the indexes is a walk of the tree.
 */
#include "power/tree_allocate.h"

#include "base/units.h"

/* Refillings of the tree after feeds have been clipped, before the rest is dealt out in order. */
#define FEED_ROUNDS 4

struct pass {
	struct hr_tree *t;
	const struct hr_tree_scratch *s;
	uint32_t n;    /* items */
	bool feeds;    /* there are any with members */
	bool headroom; /* amounts are on top of what the leaf has, not totals */
};

static int64_t saturate(hr_tree_sum x)
{
	return x > INT64_MAX ? INT64_MAX : x < INT64_MIN ? INT64_MIN : (int64_t)x;
}

static int64_t floor_of(const struct hr_tree_leaf *l)
{
	return hr_max_i64(l->floor_uw, 0);
}

static int64_t ceiling_of(const struct hr_tree_leaf *l)
{
	return hr_max_i64(l->ceiling_uw, floor_of(l));
}

/* Counts the leaves of each domain (next: its own, end: all below) and members of each feed. */
static void count_leaves(struct hr_tree *t)
{
	for (int d = 0; d < t->n_domains; d++)
		t->domain[d].begin = t->domain[d].end = t->domain[d].next = 0;
	for (int i = 0; i < t->n_leaves; i++) {
		const struct hr_tree_leaf *l = &t->leaf[i];

		if (l->domain < 0)
			continue;
		t->domain[l->domain].next++;
		for (int f = 0; f < HR_TREE_FEEDS_MAX; f++)
			if (l->feed[f].domain >= 0)
				t->domain[l->feed[f].domain].next++;
	}
	for (int d = t->n_domains - 1; d >= 0; d--) {
		t->domain[d].end += t->domain[d].next;
		if (t->domain[d].parent >= 0)
			t->domain[t->domain[d].parent].end += t->domain[d].end;
	}
}

/* Turns the counts into ranges: of items for domains, of members for feeds. */
static void lay_out(struct pass *p)
{
	struct hr_tree *t = p->t;
	uint32_t items = 0, members = 0;

	for (int i = 0; i < t->n_domains; i++) {
		struct hr_tree_domain *d = &t->domain[i];
		uint32_t own = d->next, all = d->end;
		uint32_t *cursor = d->feed ? &members : &items;

		if (d->parent >= 0)
			cursor = &t->domain[d->parent].next;
		d->begin = *cursor;
		*cursor += all;
		d->end = d->begin + all;
		d->next = d->begin + own;
	}
	for (int d = 0; d < t->n_domains; d++)
		t->domain[d].next = t->domain[d].begin;
	p->n = items;
	p->feeds = members > 0;
}

/* Afterwards a domain's own leaves are the items begin..next. */
static void order_leaves(struct pass *p)
{
	struct hr_tree *t = p->t;

	count_leaves(t);
	lay_out(p);
	for (int i = 0; i < t->n_leaves; i++) {
		const struct hr_tree_leaf *l = &t->leaf[i];
		uint32_t k;

		if (l->domain < 0)
			continue;
		k = t->domain[l->domain].next++;
		p->s->order[k] = (uint32_t)i;
		p->s->have[k] = floor_of(l);
		for (int f = 0; f < HR_TREE_FEEDS_MAX; f++)
			if (l->feed[f].domain >= 0)
				p->s->member[t->domain[l->feed[f].domain].next++] =
				    (struct hr_tree_member){k, l->feed[f].share_permille};
	}
}

/* The sum of what the leaves have in every domain and feed, into its field wanted. */
static void sum_have(const struct pass *p)
{
	struct hr_tree *t = p->t;

	for (int i = 0; i < t->n_domains; i++)
		t->domain[i].wanted = 0;
	for (int i = t->n_domains - 1; i >= 0; i--) {
		struct hr_tree_domain *d = &t->domain[i];

		for (uint32_t k = d->begin; k < d->next; k++) {
			const struct hr_tree_member *m = &p->s->member[k];

			d->wanted += d->feed
					 ? hr_tree_feed_part(p->s->have[m->item], m->share_permille)
					 : p->s->have[k];
		}
		if (d->parent >= 0)
			t->domain[d->parent].wanted += d->wanted;
	}
}

/* What a domain or feed can give in this pass; meaningful after sum_have in a headroom pass. */
static int64_t amount_of(const struct pass *p, int domain, hr_tree_sum have)
{
	int64_t usable = hr_tree_usable(p->t, domain);

	if (usable == HR_TREE_NO_LIMIT || !p->headroom)
		return usable;
	return saturate(usable - have);
}

/* Fills the items below one domain to its limit, unless they fit; filled tells their sum. */
static void fill_domain(const struct pass *p, int domain)
{
	struct hr_tree_domain *d = &p->t->domain[domain];
	struct hr_allocate_item *item = p->s->item;
	int64_t amount = amount_of(p, domain, d->wanted);

	for (uint32_t k = d->begin; k < d->next; k++)
		d->filled += item[k].given_uw;
	if (amount == HR_TREE_NO_LIMIT || d->filled <= amount)
		return;
	for (uint32_t k = d->begin; k < d->end; k++)
		item[k].high_uw = item[k].given_uw;
	d->filled = amount -
		    hr_allocate_fill(amount, &item[d->begin], d->end - d->begin, p->s->active);
}

/* Fills the items up to the limits of the domains, deepest first; given is the result. */
static void fill_domains(const struct pass *p, const int64_t *bound)
{
	struct hr_tree *t = p->t;

	for (uint32_t k = 0; k < p->n; k++)
		p->s->item[k].given_uw = bound[k];
	if (p->headroom)
		sum_have(p);
	for (int d = 0; d < t->n_domains; d++)
		t->domain[d].filled = 0;
	for (int d = t->n_domains - 1; d >= 0; d--) {
		if (t->domain[d].feed)
			continue;
		fill_domain(p, d);
		if (t->domain[d].parent >= 0)
			t->domain[t->domain[d].parent].filled += t->domain[d].filled;
	}
}

/* Lowers what the members of one feed were given to its limit; tells whether it had to. */
static bool clip_feed(const struct pass *p, int feed, hr_tree_sum have)
{
	const struct hr_tree_domain *d = &p->t->domain[feed];
	const struct hr_tree_scratch *s = p->s;
	const struct hr_tree_member *m = &s->member[d->begin];
	uint32_t n = d->end - d->begin;
	int64_t amount = amount_of(p, feed, have);
	hr_tree_sum sum = 0;

	for (uint32_t k = 0; k < n; k++) {
		const struct hr_allocate_item *it = &s->item[m[k].item];

		s->feed_item[k] = (struct hr_allocate_item){
		    .low_uw = hr_tree_feed_part(it->low_uw, m[k].share_permille),
		    .high_uw = hr_tree_feed_part(it->given_uw, m[k].share_permille),
		    .weight = hr_max_i64(it->weight, 1) * m[k].share_permille,
		};
		sum += s->feed_item[k].high_uw;
	}
	if (sum <= amount)
		return false;
	hr_allocate_fill(amount, s->feed_item, n, s->active);
	for (uint32_t k = 0; k < n; k++) {
		struct hr_allocate_item *it = &s->item[m[k].item];
		hr_tree_sum most = (hr_tree_sum)s->feed_item[k].given_uw * HR_TREE_PERMILLE;

		if (s->feed_item[k].given_uw >= s->feed_item[k].high_uw)
			continue;
		/* rounded down, its part rounds up to no more than what the feed gave */
		it->given_uw = hr_max_i64(saturate(most / m[k].share_permille), it->low_uw);
		s->allowed[m[k].item] = it->given_uw;
	}
	return true;
}

static bool clip_feeds(const struct pass *p)
{
	bool clipped = false;

	if (p->headroom)
		sum_have(p);
	for (int d = 0; d < p->t->n_domains; d++)
		if (p->t->domain[d].feed && clip_feed(p, d, p->t->domain[d].wanted))
			clipped = true;
	return clipped;
}

/* What one leaf can still take by every limit above it; wanted holds the sums in use. */
static int64_t room_of(const struct hr_tree *t, const struct hr_tree_leaf *l, int64_t has_uw)
{
	hr_tree_sum room = INT64_MAX - has_uw;

	for (int i = l->domain; i >= 0; i = t->domain[i].parent) {
		int64_t usable = hr_tree_usable(t, i);

		if (usable != HR_TREE_NO_LIMIT && usable - t->domain[i].wanted < room)
			room = usable - t->domain[i].wanted;
	}
	for (int f = 0; f < HR_TREE_FEEDS_MAX; f++) {
		int feed = l->feed[f].domain;
		int32_t share = l->feed[f].share_permille;
		hr_tree_sum most;

		if (feed < 0 || hr_tree_usable(t, feed) == HR_TREE_NO_LIMIT)
			continue;
		most = hr_tree_feed_part(has_uw, share) + hr_tree_usable(t, feed) -
		       t->domain[feed].wanted;
		most = most * HR_TREE_PERMILLE / share - has_uw;
		room = most < room ? most : room;
	}
	return room < 0 ? 0 : (int64_t)room;
}

static void take(struct hr_tree *t, const struct hr_tree_leaf *l, int64_t has_uw, int64_t more_uw)
{
	for (int i = l->domain; i >= 0; i = t->domain[i].parent)
		t->domain[i].wanted += more_uw;
	for (int f = 0; f < HR_TREE_FEEDS_MAX; f++)
		if (l->feed[f].domain >= 0)
			t->domain[l->feed[f].domain]
			    .wanted += (hr_tree_sum)hr_tree_feed_part(has_uw + more_uw,
								      l->feed[f].share_permille) -
				       hr_tree_feed_part(has_uw, l->feed[f].share_permille);
}

/* Deals out, in order, what clipping left over. Here have is already what this pass came to. */
static void top_up(const struct pass *p)
{
	const struct hr_tree_scratch *s = p->s;

	sum_have(p);
	for (uint32_t k = 0; k < p->n; k++) {
		const struct hr_tree_leaf *l = &p->t->leaf[s->order[k]];
		int64_t more = s->want[k] - s->item[k].given_uw;

		if (more <= 0)
			continue;
		more = hr_min_i64(more, room_of(p->t, l, s->have[k]));
		take(p->t, l, s->have[k], more);
		s->have[k] += more;
	}
}

/* Gives the items what lies between their low bound and want; have is the result. */
static void run(const struct pass *p)
{
	const struct hr_tree_scratch *s = p->s;
	bool clipped = false;

	fill_domains(p, s->want);
	if (p->feeds) {
		for (uint32_t k = 0; k < p->n; k++)
			s->allowed[k] = s->want[k];
		for (int round = 0; round < FEED_ROUNDS && clip_feeds(p); round++) {
			clipped = true;
			fill_domains(p, s->allowed);
		}
		if (clipped)
			clip_feeds(p);
	}
	for (uint32_t k = 0; k < p->n; k++)
		s->have[k] = s->item[k].given_uw + (p->headroom ? s->have[k] : 0);
	if (clipped)
		top_up(p);
}

/*
 * Below a domain that has less than a microwatt for each leaf nobody wants anything in this pass;
 * false if nobody does anywhere. Spares most of the work where the budget is tight.
 */
static bool anyone_wants(const struct pass *p)
{
	struct hr_tree *t = p->t;
	bool any = false;

	sum_have(p);
	for (int i = 0; i < t->n_domains; i++) {
		struct hr_tree_domain *d = &t->domain[i];
		int64_t usable = hr_tree_usable(t, i);

		if (d->feed)
			continue;
		d->full = usable != HR_TREE_NO_LIMIT && usable - d->wanted < d->end - d->begin;
		d->full = d->full || (d->parent >= 0 && t->domain[d->parent].full);
		for (uint32_t k = d->begin; k < d->next; k++) {
			if (d->full)
				p->s->want[k] = p->s->item[k].low_uw;
			any |= p->s->want[k] > p->s->item[k].low_uw;
		}
	}
	return any;
}

static void run_class(struct pass *p, enum hr_class c)
{
	const struct hr_tree_scratch *s = p->s;

	for (uint32_t k = 0; k < p->n; k++) {
		const struct hr_tree_leaf *l = &p->t->leaf[s->order[k]];
		int64_t need = l->class == c ? hr_min_i64(l->need_uw, ceiling_of(l)) : 0;

		s->want[k] = hr_max_i64(need, s->have[k]);
		s->item[k] = (struct hr_allocate_item){.low_uw = s->have[k], .weight = l->weight};
	}
	if (anyone_wants(p))
		run(p);
}

static void run_headroom(struct pass *p)
{
	const struct hr_tree_scratch *s = p->s;

	p->headroom = true;
	for (uint32_t k = 0; k < p->n; k++) {
		const struct hr_tree_leaf *l = &p->t->leaf[s->order[k]];

		s->want[k] = ceiling_of(l) - s->have[k];
		s->item[k] = (struct hr_allocate_item){.weight = l->weight};
	}
	if (anyone_wants(p))
		run(p);
}

static struct hr_tree_outcome check_floors(const struct pass *p)
{
	struct hr_tree_outcome out = {.domain = -1};

	sum_have(p);
	for (int d = 0; d < p->t->n_domains; d++) {
		int64_t usable = hr_tree_usable(p->t, d);
		int64_t missing = saturate(p->t->domain[d].wanted - usable);

		if (usable != HR_TREE_NO_LIMIT && missing > out.shortfall_uw)
			out = (struct hr_tree_outcome){.shortfall_uw = missing, .domain = d};
	}
	return out;
}

struct hr_tree_outcome hr_tree_allocate(struct hr_tree *t, const struct hr_tree_scratch *s)
{
	struct pass p = {.t = t, .s = s};
	struct hr_tree_outcome out;

	order_leaves(&p);
	out = check_floors(&p);
	for (int c = 0; c < HR_CLASS__MAX; c++)
		run_class(&p, (enum hr_class)c);
	run_headroom(&p);
	for (uint32_t k = 0; k < p.n; k++)
		t->leaf[s->order[k]].share_uw = s->have[k];
	return out;
}
