/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The registers of a node, honest or not (rule 14): writes that fail half way, limits that are
 * clamped, locked, rounded, lost, or overwritten by another program. What the hardware allows by
 * itself is marked, so that the checkers count it apart until the controller has been told.
 */
#include "base/units.h"
#include "power/supply.h"
#include "sim/check.h"
#include "sim/world_parts.h"

/* Registers: a raise holds at once, a lower value when it has settled. */
void hr_world_register_set(struct world *w, int node, size_t zone, int64_t uw)
{
	struct world_node *n = &w->node[node];
	int64_t held_uw = hr_max_i64(n->eff_uw[zone], n->reg_uw[zone]);

	n->reg_uw[zone] = uw;
	n->eff_uw[zone] = hr_max_i64(held_uw, uw);
	/* A little sooner than the actuator says: it measures by a clock that drifts. */
	int64_t settle_ns = WORLD_SETTLE_NS - HR_NS_PER_MS;

	n->settles_ns[zone] = w->now_ns + settle_ns;
	hr_world_push(w, settle_ns, EV_SETTLE, node, 0, (int)zone);
}

/* The same, by the hardware's or another program's own will. */
static void deviate(struct world *w, int node, size_t zone, int64_t uw)
{
	struct world_node *n = &w->node[node];

	if (uw > n->reg_uw[zone]) {
		n->raised_ns = w->now_ns;
		n->lying = true;
		n->lying_disk = true;
	}
	hr_world_register_set(w, node, zone, uw);
}

static enum world_lie lie_now(const struct world *w, int node, size_t zone)
{
	const struct world_zone_lie *l = &w->node[node].lie[zone];

	return w->now_ns < l->ends_ns ? l->kind : LIE_NONE;
}

static void write_checked(struct world *w, int node, size_t zone, int64_t uw, int64_t under_uw)
{
	const struct world_node *n = &w->node[node];
	int64_t sum_uw = uw;

	for (size_t z = 0; z < WORLD_ZONES; z++)
		if (z != zone)
			sum_uw += n->reg_uw[z];
	if (uw > n->reg_uw[zone])
		hr_check_raise(w, node, hr_supply_wall_uw(sum_uw, WORLD_EFFICIENCY, WORLD_REST_UW),
			       under_uw);
	w->result->writes++;
	hr_world_register_set(w, node, zone, uw);
}

struct hr_guard_limit hr_world_limit_read(const struct world *w, int node, size_t zone)
{
	enum world_lie lie = lie_now(w, node, zone);
	struct hr_guard_limit l = {.known = lie != LIE_READ_EIO && lie != LIE_LOST,
				   .limit_uw = w->node[node].reg_uw[zone],
				   .settle_ns = WORLD_SETTLE_NS};

	if (!l.known) {
		l.limit_uw = 0;
		l.fault = lie == LIE_LOST ? HR_REASON_LOST : HR_REASON_IO_ERROR;
	}
	return l;
}

struct hr_guard_limit hr_world_limit_write(struct world *w, int node, size_t zone, int64_t uw,
					   int64_t under_uw)
{
	struct world_node *n = &w->node[node];
	const struct world_zone_lie *lie = &n->lie[zone];
	enum hr_reason fault = HR_REASON_NONE;

	switch (lie_now(w, node, zone)) {
	case LIE_WRITE_EIO:
		if (hr_rng_chance(&w->rng, 0.5))
			write_checked(w, node, zone, uw, under_uw);
		return (struct hr_guard_limit){.settle_ns = WORLD_SETTLE_NS,
					       .fault = HR_REASON_IO_ERROR};
	case LIE_CLAMPED:
		if (uw >= lie->least_uw) {
			write_checked(w, node, zone, uw, under_uw);
			break;
		}
		fault = HR_REASON_CLAMPED;
		w->result->writes++;
		deviate(w, node, zone, lie->least_uw);
		break;
	case LIE_LOCKED:
		fault = uw == n->reg_uw[zone] ? HR_REASON_NONE : HR_REASON_LOCKED;
		break;
	case LIE_ROUNDED:
		write_checked(w, node, zone, uw - uw % HR_UW_PER_W, under_uw);
		break;
	case LIE_LOST:
		break;
	case LIE_NONE:
	case LIE_READ_EIO:
	case LIE__MAX:
		write_checked(w, node, zone, uw, under_uw);
		break;
	}
	struct hr_guard_limit l = hr_world_limit_read(w, node, zone);

	if (l.known)
		l.fault = fault;
	return l;
}

void hr_world_lie(struct world *w, int node)
{
	struct world_node *n = &w->node[node];
	size_t zone = (size_t)hr_rng_below(&w->rng, WORLD_ZONES);
	struct world_zone_lie *l = &n->lie[zone];
	int64_t some_uw = hr_rng_range(&w->rng, n->floor_uw, n->original_uw);

	if (!n->powered || w->now_ns < l->ends_ns)
		return;
	l->kind = (enum world_lie)hr_rng_below(&w->rng, LIE__MAX);
	l->ends_ns = w->now_ns + hr_world_random_ns(w, 0, 6 * HR_NS_PER_S);
	l->least_uw = some_uw;
	if (l->kind == LIE_NONE) {
		/* Somebody else writes, upward or downward, once. */
		l->ends_ns = w->now_ns;
		deviate(w, node, zone, some_uw);
		n->overwritten = true;
	} else if (l->kind == LIE_LOST) {
		deviate(w, node, zone, n->original_uw);
	}
	n->lie_ended_ns = hr_max_i64(n->lie_ended_ns, l->ends_ns);
}
