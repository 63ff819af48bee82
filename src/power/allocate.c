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
	wide low_sum;  /* of the low bounds of all items */
	wide high_sum; /* of their high bounds */
	wide constant; /* of items that sit at a bound throughout */
	wide slope;    /* sum of the weights of items between their bounds throughout */
	int64_t low;   /* the sum at this level is at most the amount */
	int64_t high;  /* the sum at this level is above the amount */
	int64_t equal; /* the weight that all items have; 0: they differ */
	size_t n_active;
};

static int64_t saturate(wide x)
{
	return x > INT64_MAX ? INT64_MAX : x < INT64_MIN ? INT64_MIN : (int64_t)x;
}

static int64_t clamp_level(int64_t level, int64_t weight, int64_t low_uw, int64_t high_uw)
{
	int64_t x;

	if (__builtin_mul_overflow(level, weight, &x))
		return high_uw;
	return hr_clamp_i64(x, low_uw, high_uw);
}

/* Equal weights count as 1, which makes the level exact to the microwatt. */
static int64_t at_level(const struct search *s, const struct hr_allocate_item *it, int64_t level)
{
	if (s->equal != 0)
		return hr_clamp_i64(level, it->low_uw, it->high_uw);
	return clamp_level(level, it->weight, it->low_uw, it->high_uw);
}

/* Mends the items, sums them up and lists those that can change. */
static struct search search_begin(struct hr_allocate_item *item, size_t n,
				  struct hr_allocate_active *active)
{
	struct search s = {.high = 1};
	int64_t least = INT64_MAX, most = 1;

	for (size_t i = 0; i < n; i++) {
		struct hr_allocate_item *it = &item[i];

		it->low_uw = hr_max_i64(it->low_uw, 0);
		it->high_uw = hr_max_i64(it->high_uw, it->low_uw);
		it->weight = hr_clamp_i64(it->weight, 1, INT32_MAX);
		s.low_sum += it->low_uw;
		s.high_sum += it->high_uw;
		if (it->low_uw == it->high_uw) {
			s.constant += it->low_uw;
			continue;
		}
		least = hr_min_i64(least, it->weight);
		most = hr_max_i64(most, it->weight);
		active[s.n_active++] = (struct hr_allocate_active){it->low_uw, it->high_uw,
								   it->weight};
	}
	s.equal = least == most ? most : 0;
	return s;
}

static wide sum_at(const struct search *s, int64_t level, const struct hr_allocate_active *active)
{
	wide sum = s->constant + s->slope * level;

	if (s->equal != 0) {
		for (size_t k = 0; k < s->n_active; k++)
			sum += hr_clamp_i64(level, active[k].low_uw, active[k].high_uw);
		return sum;
	}
	for (size_t k = 0; k < s->n_active; k++)
		sum += clamp_level(level, active[k].weight, active[k].low_uw, active[k].high_uw);
	return sum;
}

/* What can no longer bend between the ends of the interval goes into the accumulators. */
static void fold(struct search *s, struct hr_allocate_active *active)
{
	size_t kept = 0;

	for (size_t k = 0; k < s->n_active; k++) {
		const struct hr_allocate_active a = active[k];
		int64_t weight = s->equal != 0 ? 1 : a.weight;
		int64_t at_low = clamp_level(s->low, weight, 0, INT64_MAX);
		int64_t at_high = clamp_level(s->high, weight, 0, INT64_MAX);

		if (at_low >= a.high_uw)
			s->constant += a.high_uw;
		else if (at_high <= a.low_uw)
			s->constant += a.low_uw;
		else if (at_low >= a.low_uw && at_high <= a.high_uw)
			s->slope += weight;
		else
			active[kept++] = a;
	}
	s->n_active = kept;
}

/* Finds ends of the interval, near the level that there would be without bounds. */
static void bracket(struct search *s, wide amount, struct hr_allocate_active *active)
{
	wide weights = 0;

	for (size_t k = 0; k < s->n_active; k++)
		weights += s->equal != 0 ? 1 : active[k].weight;
	s->high = hr_max_i64(saturate((amount - s->constant) / weights), 1);
	/* the sum of the high bounds is above the amount, so that this ends */
	while (sum_at(s, s->high, active) <= amount) {
		s->low = s->high;
		s->high += hr_min_i64(s->high / 4 + 1, INT64_MAX - s->high);
	}
}

/* The highest level inside the interval when nothing in it bends any more. */
static int64_t solve_line(const struct search *s, wide amount)
{
	wide left = amount - s->constant;

	if (left < 0)
		return s->low;
	if (s->slope == 0 || left / s->slope >= s->high)
		return s->high - 1;
	return hr_max_i64((int64_t)(left / s->slope), s->low);
}

static int64_t find_level(struct search *s, wide amount, struct hr_allocate_active *active)
{
	bracket(s, amount, active);
	while (s->high - s->low > 1) {
		int64_t middle;

		fold(s, active);
		if (s->n_active == 0)
			return solve_line(s, amount);
		middle = s->low + (s->high - s->low) / 2;
		if (sum_at(s, middle, active) <= amount)
			s->low = middle;
		else
			s->high = middle;
	}
	return s->low;
}

/* Divides a rest that is less than one step of the level in proportion to each item's step. */
static int64_t give_rest(const struct search *s, int64_t rest, int64_t steps, int64_t level,
			 struct hr_allocate_item *item, size_t n)
{
	int64_t spent = 0;

	for (size_t i = 0; i < n; i++) {
		struct hr_allocate_item *it = &item[i];
		int64_t step = at_level(s, it, level + 1) - it->given_uw;
		int64_t part = hr_muldiv_floor(rest, step, steps);

		it->given_uw += part;
		spent += part;
	}
	return rest - spent;
}

/* Gives everyone the level, and then the rest. */
static int64_t give(const struct search *s, wide amount, int64_t level,
		    struct hr_allocate_item *item, size_t n)
{
	wide rest = amount, steps = 0, most = 0;

	for (size_t i = 0; i < n; i++) {
		struct hr_allocate_item *it = &item[i];
		int64_t step;

		it->given_uw = at_level(s, it, level);
		step = at_level(s, it, level + 1) - it->given_uw;
		rest -= it->given_uw;
		steps += step;
		most = step > most ? step : most;
	}
	if (rest * most < steps)
		return saturate(rest); /* no one's part is a whole microwatt */
	return give_rest(s, saturate(rest), saturate(steps), level, item, n);
}

int64_t hr_allocate_fill(int64_t amount_uw, struct hr_allocate_item *item, size_t n,
			 struct hr_allocate_active *active)
{
	struct search s = search_begin(item, n, active);
	bool all = s.high_sum <= amount_uw;

	/* less than a microwatt each is not worth a search */
	if (all || amount_uw < s.low_sum + (wide)n) {
		for (size_t i = 0; i < n; i++)
			item[i].given_uw = all ? item[i].high_uw : item[i].low_uw;
		return saturate(amount_uw - (all ? s.high_sum : s.low_sum));
	}
	return give(&s, amount_uw, find_level(&s, amount_uw, active), item, n);
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
