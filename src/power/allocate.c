/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The allocation rule: filling to a common level, class after class.
 *
 * The level is an integer, microwatts per unit of weight. It is found by halving an interval in
 * which it is known to lie; an item whose part of the sum is a constant or a straight line over
 * the whole interval is folded into two accumulators and not looked at again, so that nothing has
 * to be sorted. All sums are 128-bit and exact, hence independent of the order of the items.
 */
#include "power/allocate.h"

#include <stdbool.h>

#include "base/units.h"

typedef __int128 wide;

/* The interval that holds the level, and the sum of everything already folded away. */
struct search {
	wide constant; /* of items that sit at a bound throughout */
	wide slope;    /* sum of the weights of items between their bounds throughout */
	int64_t low;   /* the sum at this level is at most the amount */
	int64_t high;  /* the sum at this level is above the amount */
	size_t n_active;
};

static int64_t saturate(wide x)
{
	return x > INT64_MAX ? INT64_MAX : x < INT64_MIN ? INT64_MIN : (int64_t)x;
}

static int64_t at_level(const struct hr_allocate_item *it, int64_t level)
{
	int64_t x;

	if (__builtin_mul_overflow(level, it->weight, &x))
		return it->high_uw;
	return hr_clamp_i64(x, it->low_uw, it->high_uw);
}

/* Mends bounds and weights and sums the bounds up. */
static void sum_bounds(struct hr_allocate_item *item, size_t n, wide *ret_low, wide *ret_high)
{
	wide low = 0, high = 0;

	for (size_t i = 0; i < n; i++) {
		struct hr_allocate_item *it = &item[i];

		it->low_uw = hr_max_i64(it->low_uw, 0);
		it->high_uw = hr_max_i64(it->high_uw, it->low_uw);
		it->weight = hr_max_i64(it->weight, 1);
		low += it->low_uw;
		high += it->high_uw;
	}
	*ret_low = low;
	*ret_high = high;
}

static struct search search_begin(const struct hr_allocate_item *item, size_t n,
				  struct hr_allocate_active *active)
{
	struct search s = {.high = 0};

	for (size_t i = 0; i < n; i++) {
		const struct hr_allocate_item *it = &item[i];
		struct hr_allocate_active *a = &active[s.n_active];

		if (it->low_uw == it->high_uw) {
			s.constant += it->low_uw;
			continue;
		}
		a->from = it->low_uw / it->weight;
		a->to = (it->high_uw - 1) / it->weight + 1;
		a->index = (uint32_t)i;
		s.high = hr_max_i64(s.high, a->to);
		s.n_active++;
	}
	return s;
}

static wide sum_at(const struct search *s, int64_t level, const struct hr_allocate_item *item,
		   const struct hr_allocate_active *active)
{
	wide sum = s->constant + s->slope * level;

	for (size_t k = 0; k < s->n_active; k++) {
		const struct hr_allocate_active *a = &active[k];
		const struct hr_allocate_item *it = &item[a->index];

		if (level <= a->from)
			sum += it->low_uw;
		else if (level >= a->to)
			sum += it->high_uw;
		else
			sum += it->weight * level;
	}
	return sum;
}

static void fold(struct search *s, const struct hr_allocate_item *item,
		 struct hr_allocate_active *active)
{
	size_t kept = 0;

	for (size_t k = 0; k < s->n_active; k++) {
		const struct hr_allocate_active *a = &active[k];
		const struct hr_allocate_item *it = &item[a->index];

		if (a->to <= s->low)
			s->constant += it->high_uw;
		else if (a->from >= s->high)
			s->constant += it->low_uw;
		else if (a->from <= s->low && a->to >= s->high)
			s->slope += it->weight;
		else
			active[kept++] = *a;
	}
	s->n_active = kept;
}

/* The highest level inside the interval when nothing in it bends any more. */
static int64_t solve_line(const struct search *s, int64_t amount_uw)
{
	wide left = (wide)amount_uw - s->constant;

	if (left < 0)
		return s->low;
	if (s->slope == 0 || left / s->slope >= s->high)
		return s->high - 1;
	return hr_max_i64((int64_t)(left / s->slope), s->low);
}

static int64_t find_level(int64_t amount_uw, const struct hr_allocate_item *item, size_t n,
			  struct hr_allocate_active *active)
{
	struct search s = search_begin(item, n, active);

	while (s.high - s.low > 1) {
		int64_t middle;

		fold(&s, item, active);
		if (s.n_active == 0)
			return solve_line(&s, amount_uw);
		middle = s.low + (s.high - s.low) / 2;
		if (sum_at(&s, middle, item, active) <= amount_uw)
			s.low = middle;
		else
			s.high = middle;
	}
	return s.low;
}

/* Gives everyone the level and divides what is left in proportion to the next step of it. */
static int64_t give(int64_t amount_uw, int64_t level, struct hr_allocate_item *item, size_t n)
{
	wide rest = amount_uw, steps = 0, part;
	int64_t spent = 0;

	for (size_t i = 0; i < n; i++) {
		struct hr_allocate_item *it = &item[i];

		it->given_uw = at_level(it, level);
		rest -= it->given_uw;
		steps += at_level(it, level + 1) - it->given_uw;
	}
	if (steps == 0)
		return saturate(rest);
	for (size_t i = 0; i < n; i++) {
		struct hr_allocate_item *it = &item[i];
		int64_t step = at_level(it, level + 1) - it->given_uw;

		/* rest < steps, so that the narrow product cannot overflow */
		part = steps <= INT32_MAX ? (int64_t)rest * step / (int64_t)steps
					  : rest * step / steps;
		it->given_uw += (int64_t)part;
		spent += (int64_t)part;
	}
	return saturate(rest - spent);
}

int64_t hr_allocate_fill(int64_t amount_uw, struct hr_allocate_item *item, size_t n,
			 struct hr_allocate_active *active)
{
	wide low, high;

	sum_bounds(item, n, &low, &high);
	if (amount_uw <= low || high <= amount_uw) {
		bool all = high <= amount_uw;

		for (size_t i = 0; i < n; i++)
			item[i].given_uw = all ? item[i].high_uw : item[i].low_uw;
		return saturate(amount_uw - (all ? high : low));
	}
	return give(amount_uw, find_level(amount_uw, item, n, active), item, n);
}

static void fill_class(int64_t amount_uw, enum hr_class c, struct hr_allocate_child *child,
		       size_t n, struct hr_allocate_scratch s)
{
	for (size_t i = 0; i < n; i++) {
		const struct hr_allocate_child *ch = &child[i];

		s.item[i] = (struct hr_allocate_item){
		    .low_uw = ch->given_uw,
		    .high_uw = hr_min_i64(ch->need_uw[c], ch->ceiling_uw),
		    .weight = ch->weight[c],
		};
	}
	hr_allocate_fill(amount_uw, s.item, n, s.active);
	for (size_t i = 0; i < n; i++)
		child[i].given_uw = s.item[i].given_uw;
}

static int64_t fill_headroom(int64_t left_uw, struct hr_allocate_child *child, size_t n,
			     struct hr_allocate_scratch s)
{
	for (size_t i = 0; i < n; i++) {
		const struct hr_allocate_child *ch = &child[i];
		int64_t weight = 1;

		for (int c = 0; c < HR_CLASS__MAX; c++)
			weight = hr_max_i64(weight, ch->weight[c]);
		s.item[i] = (struct hr_allocate_item){
		    .high_uw = ch->ceiling_uw - ch->given_uw,
		    .weight = weight,
		};
	}
	left_uw = hr_allocate_fill(left_uw, s.item, n, s.active);
	for (size_t i = 0; i < n; i++)
		child[i].given_uw += s.item[i].given_uw;
	return left_uw;
}

int64_t hr_allocate_divide(int64_t amount_uw, struct hr_allocate_child *child, size_t n,
			   struct hr_allocate_scratch scratch)
{
	wide left = amount_uw;

	for (size_t i = 0; i < n; i++) {
		struct hr_allocate_child *ch = &child[i];

		ch->floor_uw = hr_max_i64(ch->floor_uw, 0);
		ch->ceiling_uw = hr_max_i64(ch->ceiling_uw, ch->floor_uw);
		ch->given_uw = ch->floor_uw;
		left -= ch->floor_uw;
	}
	if (left <= 0)
		return saturate(left);
	for (int c = 0; c < HR_CLASS__MAX; c++)
		fill_class(amount_uw, (enum hr_class)c, child, n, scratch);
	left = amount_uw;
	for (size_t i = 0; i < n; i++)
		left -= child[i].given_uw;
	return fill_headroom(saturate(left), child, n, scratch);
}
