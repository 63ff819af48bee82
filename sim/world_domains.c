/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The power tree as the world itself knows it: the cluster, in some schedules two racks and a
 * feed that carries a share of some nodes, and the budget of each over time. It does its own sums
 * from the registers, and never looks at the controller's tree.
 */
#include "base/units.h"
#include "power/schedule.h"
#include "power/supply.h"
#include "power/tree.h"
#include "sim/world_parts.h"

#define FEED 3

int64_t hr_world_domains_part(const struct world *w, int domain, int node, int64_t uw)
{
	const struct world_node *n = &w->node[node];

	if (domain == 0)
		return uw;
	if (domain == FEED)
		return hr_tree_feed_part(uw, n->fed_permille);
	return n->rack == domain ? uw : 0;
}

int64_t hr_world_domains_limit(const struct world *w, int domain)
{
	return hr_schedule_limit_at(&w->domain[domain].budget, w->now_ns);
}

int64_t hr_world_domains_lowest(const struct world *w, int domain)
{
	return hr_schedule_lowest(&w->domain[domain].budget, w->now_ns, w->now_ns + WORLD_TTL_NS);
}

/* The greatest budget that grants still on their way may have been made under. */
int64_t hr_world_domains_reference(const struct world *w, int domain)
{
	const struct world_domain *d = &w->domain[domain];
	int64_t bound_ns = WORLD_TTL_NS + WORLD_SLACK_NS + 2 * WORLD_TICK_NS;
	int64_t limit_uw = hr_world_domains_limit(w, domain);

	if (w->now_ns < d->changed_ns + bound_ns)
		return hr_max_i64(limit_uw, d->before_uw);
	return limit_uw;
}

int64_t hr_world_domains_random_uw(struct world *w, int domain)
{
	int64_t sum_uw = 0;

	for (int i = 0; i < w->n_nodes; i++) {
		const struct world_node *n = &w->node[i];
		int64_t boot_uw = hr_supply_wall_uw(WORLD_ZONES * n->original_uw, WORLD_EFFICIENCY,
						    WORLD_REST_UW);
		int64_t least_uw = w->conf.reserve_for_boot ? boot_uw : n->guard.conf.safe_uw;

		sum_uw += hr_world_domains_part(w, domain, i, least_uw);
	}
	return hr_max_i64(sum_uw, HR_UW_PER_W) * hr_rng_range(&w->rng, 100, 170) / 100;
}

static void say(struct world *w, int domain)
{
	struct world_domain *d = &w->domain[domain];
	struct hr_controller_event ev = {
	    .kind = HR_CONTROLLER_BUDGET, .domain = domain, .budget = &d->budget};

	d->budget.version++;
	hr_world_controller_say(w, &ev);
}

void hr_world_domains_set(struct world *w, int domain, int64_t uw)
{
	struct world_domain *d = &w->domain[domain];
	int64_t before_uw = d->used ? hr_world_domains_reference(w, domain) : uw;

	d->used = true;
	d->before_uw = hr_max_i64(before_uw, uw);
	d->changed_ns = w->now_ns;
	d->budget.limit_uw = uw;
	/* Announced steps that are over would hold for ever: a new standing limit ends them. */
	d->budget.n_steps = 0;
	say(w, domain);
}

void hr_world_domains_announce(struct world *w, int domain, int64_t uw, int64_t at_ns)
{
	struct hr_budget *b = &w->domain[domain].budget;

	if (b->n_steps == HR_BUDGET_STEPS_MAX ||
	    (b->n_steps > 0 && b->step[b->n_steps - 1].at_ns >= at_ns))
		return;
	b->step[b->n_steps++] = (struct hr_budget_step){.at_ns = at_ns, .limit_uw = uw};
	say(w, domain);
}

void hr_world_domains_begin(struct world *w)
{
	for (int i = 0; w->conf.racks && i < w->n_nodes; i++) {
		w->node[i].rack = 1 + (int)hr_rng_below(&w->rng, 2);
		if (hr_rng_chance(&w->rng, 0.7))
			w->node[i].fed_permille = (int32_t)hr_rng_range(&w->rng, 200, 1000);
	}
	for (int d = 0; d < (w->conf.racks ? WORLD_DOMAINS : 1); d++)
		hr_world_domains_set(w, d, hr_world_domains_random_uw(w, d));
}
