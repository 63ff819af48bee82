/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a schedule is made of: the cluster at the start, what fails and when, and the calm in
 * which everything comes back.
 */
#include <string.h>

#include "base/units.h"
#include "power/supply.h"
#include "sim/world_parts.h"

enum fault {
	FAULT_DEMAND,
	FAULT_CRASH_GUARD,
	FAULT_CRASH_AGENT,
	FAULT_CRASH_CONTROLLER,
	FAULT_PAUSE_GUARD,
	FAULT_REBOOT,
	FAULT_PARTITION,
	FAULT_BUDGET,
	FAULT_LEAVE,
	FAULT__MAX
};

struct hr_world_conf hr_world_conf_random(uint64_t seed)
{
	struct hr_rng r;

	hr_rng_init(&r, seed ^ UINT64_C(0x9e3779b97f4a7c15));
	bool safe = hr_rng_chance(&r, 0.4);

	return (struct hr_world_conf){
	    .seed = seed,
	    .nodes = (int)hr_rng_range(&r, 3, HR_WORLD_NODES_MAX),
	    .silent = safe ? HR_SILENT_SAFE : HR_SILENT_HOLD,
	    .reserve_for_boot = hr_rng_chance(&r, 0.2),
	    .faults_ns = hr_rng_range(&r, 10, 25) * HR_NS_PER_S,
	    .calm_ns = 35 * HR_NS_PER_S,
	    .loss = hr_rng_chance(&r, 0.5) ? hr_rng_unit(&r) * 0.5 : 0.02,
	    .duplicate = hr_rng_unit(&r) * 0.3,
	    .late = hr_rng_unit(&r) * 0.3,
	    .late_most_ns = hr_rng_range(&r, 100, 12000) * HR_NS_PER_MS,
	    .fault_every_s = 0.3 + hr_rng_unit(&r) * 3,
	    /* safe-after-lease does not cover a guard that is not run (rule 8). */
	    .crash_guard = !safe && hr_rng_chance(&r, 0.7),
	    .crash_agent = hr_rng_chance(&r, 0.7),
	    .crash_controller = hr_rng_chance(&r, 0.6),
	    .pause_guard = !safe && hr_rng_chance(&r, 0.5),
	    .reboot = !safe && hr_rng_chance(&r, 0.4),
	    .partition = hr_rng_chance(&r, 0.7),
	    .cut = hr_rng_chance(&r, 0.6),
	    .leave = hr_rng_chance(&r, 0.2),
	};
}

/* The least budget that holds: the safe caps, or what boots draw where that is reserved. */
static int64_t least_budget_uw(const struct world *w)
{
	int64_t sum_uw = 0;

	for (int i = 0; i < w->n_nodes; i++) {
		const struct world_node *n = &w->node[i];
		int64_t boot_uw = hr_supply_wall_uw(WORLD_ZONES * n->original_uw, WORLD_EFFICIENCY,
						    WORLD_REST_UW);

		sum_uw += w->conf.reserve_for_boot ? boot_uw : n->guard.conf.safe_uw;
	}
	return sum_uw;
}

static void set_budget(struct world *w, int64_t uw)
{
	w->budget_before_uw = w->now_ns > 0 ? hr_max_i64(w->budget_uw, uw) : uw;
	w->budget_uw = uw;
	w->cut_at_ns = w->now_ns;
	w->disk_budget.limit_uw = uw;
	w->disk_budget.version++;
	struct hr_controller_event ev = {
	    .kind = HR_CONTROLLER_BUDGET, .domain = 0, .budget = &w->disk_budget};

	hr_world_controller_say(w, &ev);
}

static void new_demand(struct world *w, int node)
{
	w->node[node].demand_uw = hr_rng_range(&w->rng, 60, 280) * HR_UW_PER_W;
}

void hr_world_begin(struct world *w)
{
	w->n_nodes = w->conf.nodes;
	for (int i = 0; i < w->n_nodes; i++) {
		struct world_node *n = &w->node[i];

		n->uuid.byte[0] = 0xa0;
		n->uuid.byte[15] = (uint8_t)(i + 1);
		n->powered = true;
		n->boots = 1;
		n->drift = (hr_rng_unit(&w->rng) - 0.5) * 2 * WORLD_DRIFT_PPM / 1e6;
		n->clock_offset_ns = hr_world_random_ns(w, 0, 1000 * HR_NS_PER_S);
		n->floor_uw = hr_rng_range(&w->rng, 15, 30) * HR_UW_PER_W;
		n->original_uw = hr_rng_range(&w->rng, 80, 120) * HR_UW_PER_W;
		n->guard.conf = (struct hr_guard_conf){.node = n->uuid,
						       .safe_uw = hr_rng_range(&w->rng, 90, 130) *
								  HR_UW_PER_W,
						       .rest_uw = WORLD_REST_UW,
						       .efficiency_permille = WORLD_EFFICIENCY,
						       .accept_ns = 10 * HR_NS_PER_S,
						       .verify_ns = HR_NS_PER_S};
		for (int z = 0; z < WORLD_ZONES; z++)
			n->reg_uw[z] = n->eff_uw[z] = n->original_uw;
		new_demand(w, i);
		hr_world_push(w, hr_world_random_ns(w, 0, HR_NS_PER_S), EV_RESTART_GUARD, i, 0, -1);
		hr_world_push(w, hr_world_random_ns(w, 0, HR_NS_PER_S), EV_RESTART_AGENT, i, 0, -1);
	}
	set_budget(w, least_budget_uw(w) * hr_rng_range(&w->rng, 100, 170) / 100);
	hr_world_push(w, hr_world_random_ns(w, 0, HR_NS_PER_S), EV_RESTART_CONTROLLER, 0, 0, -1);
	hr_world_push(w, HR_NS_PER_S, EV_FAULT, 0, 0, -1);
	hr_world_push(w, w->conf.faults_ns, EV_CALM, 0, 0, -1);
}

static void stop_guard(struct world_node *n)
{
	n->guard_up = false;
	n->guard_life++;
}

static void stop_agent(struct world_node *n)
{
	n->agent_up = false;
	n->agent_life++;
}

static void reboot(struct world *w, int node)
{
	struct world_node *n = &w->node[node];

	if (!n->powered)
		return;
	stop_guard(n);
	stop_agent(n);
	n->powered = false;
	hr_world_push(w, hr_world_random_ns(w, WORLD_MIN_REBOOT_NS, 3 * WORLD_MIN_REBOOT_NS),
		      EV_POWER_ON, node, 0, -1);
}

/* Firmware defaults rule until the guard starts; what lay on the memory file system is gone. */
static void power_on(struct world *w, int node)
{
	struct world_node *n = &w->node[node];

	n->powered = true;
	n->boots++;
	n->run_mark = (struct hr_guard_mark){0};
	n->accepted = (struct hr_mark){0};
	n->has_grant = false;
	n->left = false;
	for (int z = 0; z < WORLD_ZONES; z++)
		n->reg_uw[z] = n->eff_uw[z] = n->original_uw;
	hr_world_push(w, hr_world_random_ns(w, 0, 3 * HR_NS_PER_S), EV_RESTART_GUARD, node, 0, -1);
	hr_world_push(w, hr_world_random_ns(w, 0, 3 * HR_NS_PER_S), EV_RESTART_AGENT, node, 0, -1);
}

static bool enabled(const struct hr_world_conf *c, enum fault f)
{
	const bool on[FAULT__MAX] = {
	    [FAULT_DEMAND] = true,
	    [FAULT_CRASH_GUARD] = c->crash_guard,
	    [FAULT_CRASH_AGENT] = c->crash_agent,
	    [FAULT_CRASH_CONTROLLER] = c->crash_controller,
	    [FAULT_PAUSE_GUARD] = c->pause_guard,
	    [FAULT_REBOOT] = c->reboot,
	    [FAULT_PARTITION] = c->partition,
	    [FAULT_BUDGET] = c->cut,
	    [FAULT_LEAVE] = c->leave,
	};

	return on[f];
}

static void one_fault(struct world *w, enum fault f, int node)
{
	struct world_node *n = &w->node[node];
	struct hr_controller_event ev = {.node = node};
	int64_t long_ns = hr_world_random_ns(w, 50 * HR_NS_PER_MS, 8 * HR_NS_PER_S);

	w->result->faults++;
	switch (f) {
	case FAULT_DEMAND:
		new_demand(w, node);
		break;
	case FAULT_CRASH_GUARD:
		stop_guard(n);
		hr_world_push(w, long_ns, EV_RESTART_GUARD, node, 0, -1);
		break;
	case FAULT_CRASH_AGENT:
		stop_agent(n);
		hr_world_push(w, long_ns, EV_RESTART_AGENT, node, 0, -1);
		break;
	case FAULT_CRASH_CONTROLLER:
		w->controller_up = false;
		w->controller_life++;
		hr_world_push(w, long_ns, EV_RESTART_CONTROLLER, 0, 0, -1);
		break;
	case FAULT_PAUSE_GUARD:
		n->paused_until_ns = hr_max_i64(n->paused_until_ns, w->now_ns + long_ns);
		break;
	case FAULT_REBOOT:
		reboot(w, node);
		break;
	case FAULT_PARTITION:
		n->cut_off = true;
		hr_world_push(w, long_ns, EV_HEAL, node, 0, -1);
		break;
	case FAULT_BUDGET:
		set_budget(w, least_budget_uw(w) * hr_rng_range(&w->rng, 100, 170) / 100);
		break;
	case FAULT_LEAVE:
		ev.kind = HR_CONTROLLER_LEAVE;
		hr_world_controller_say(w, &ev);
		break;
	case FAULT__MAX:
		break;
	}
}

/* Operators take back what they wanted to leave: who left already comes back by a restart. */
static void stay(struct world *w)
{
	for (int i = 0; i < w->n_nodes; i++) {
		struct hr_controller_event ev = {.kind = HR_CONTROLLER_STAY, .node = i};

		hr_world_controller_say(w, &ev);
	}
}

static void next_fault(struct world *w)
{
	if (w->calm)
		return;
	enum fault f = (enum fault)hr_rng_below(&w->rng, FAULT__MAX);

	if (enabled(&w->conf, f))
		one_fault(w, f, (int)hr_rng_below(&w->rng, (uint64_t)w->n_nodes));
	int64_t mean_ns = (int64_t)(w->conf.fault_every_s * 1e9);

	hr_world_push(w, hr_world_random_ns(w, 0, 2 * mean_ns), EV_FAULT, 0, 0, -1);
}

/* Everything returns: partitions heal, nodes that left are started anew, all is up again. */
static void calm(struct world *w)
{
	w->calm = true;
	stay(w);
	for (int i = 0; i < w->n_nodes; i++) {
		struct world_node *n = &w->node[i];

		n->cut_off = false;
		hr_world_push(w, 2 * WORLD_TTL_NS, EV_RESTART_GUARD, i, 0, -1);
		hr_world_push(w, WORLD_TTL_NS, EV_RESTART_AGENT, i, 0, -1);
	}
	hr_world_push(w, HR_NS_PER_S, EV_RESTART_CONTROLLER, 0, 0, -1);
}

void hr_world_fault_event(struct world *w, const struct hr_queue_event *ev)
{
	struct world_node *n = &w->node[ev->node];

	switch (ev->kind) {
	case EV_FAULT:
		next_fault(w);
		break;
	case EV_CALM:
		calm(w);
		break;
	case EV_RESTART_GUARD:
		if (n->left && w->calm)
			stop_guard(n);
		hr_world_guard_start(w, ev->node);
		break;
	case EV_RESTART_AGENT:
		hr_world_agent_start(w, ev->node);
		break;
	case EV_RESTART_CONTROLLER:
		hr_world_controller_start(w);
		if (w->calm)
			stay(w);
		break;
	case EV_HEAL:
		n->cut_off = false;
		break;
	case EV_POWER_ON:
		power_on(w, ev->node);
		break;
	default:
		break;
	}
}
