/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a schedule is made of: the cluster at the start, what fails and when, and the calm in
 * which everything comes back.
 */
#include <string.h>

#include "base/units.h"
#include "sim/world_parts.h"

/* After this long without faults everybody is back, and every charge is settled. */
#define QUIET_NS (24 * HR_NS_PER_S)

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
	FAULT_RELEASE,
	FAULT_STEP,
	FAULT_LIE,
	FAULT_CLIENT,
	FAULT_SUSPEND,
	FAULT_DEPOSE,
	FAULT__MAX
};

struct hr_world_conf hr_world_conf_random(uint64_t seed)
{
	struct hr_rng r;

	hr_rng_init(&r, seed ^ UINT64_C(0x9e3779b97f4a7c15));
	bool safe = hr_rng_chance(&r, 0.4);
	bool lies = !safe && hr_rng_chance(&r, 0.3);
	struct hr_world_conf conf = {
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
	    .release = !safe && hr_rng_chance(&r, 0.3),
	    .steps = hr_rng_chance(&r, 0.4),
	    .lies = lies,
	    .clients = hr_rng_chance(&r, 0.3),
	    .suspend = !safe && hr_rng_chance(&r, 0.3),
	    .depose = hr_rng_chance(&r, 0.3),
	    .racks = hr_rng_chance(&r, 0.5),
	};

	return conf;
}

static void new_demand(struct world *w, int node)
{
	w->node[node].demand_uw = hr_rng_range(&w->rng, 60, 280) * HR_UW_PER_W;
}

void hr_world_begin(struct world *w)
{
	w->n_nodes = w->conf.nodes;
	w->controller_drift = (hr_rng_unit(&w->rng) - 0.5) * WORLD_DRIFT_PPM / 1e6;
	for (int i = 0; i < w->n_nodes; i++) {
		struct world_node *n = &w->node[i];

		n->uuid.byte[0] = 0xa0;
		n->uuid.byte[15] = (uint8_t)(i + 1);
		n->powered = true;
		n->boots = 1;
		n->drift = (hr_rng_unit(&w->rng) - 0.5) * WORLD_DRIFT_PPM / 1e6;
		n->clock_offset_ns = hr_world_random_ns(w, 0, 1000 * HR_NS_PER_S);
		n->floor_uw = hr_rng_range(&w->rng, 15, 30) * HR_UW_PER_W;
		n->original_uw = hr_rng_range(&w->rng, 80, 120) * HR_UW_PER_W;
		n->guard.conf = (struct hr_guard_conf){.node = n->uuid,
						       .safe_uw = hr_rng_range(&w->rng, 90, 130) *
								  HR_UW_PER_W,
						       .rest_uw = WORLD_REST_UW,
						       .efficiency_permille = WORLD_EFFICIENCY,
						       .accept_ns = 10 * HR_NS_PER_S,
						       .verify_ns = WORLD_VERIFY_NS};
		for (int z = 0; z < WORLD_ZONES; z++)
			n->reg_uw[z] = n->eff_uw[z] = n->original_uw;
		new_demand(w, i);
		hr_world_push(w, hr_world_random_ns(w, 0, HR_NS_PER_S), EV_RESTART_GUARD, i, 0, -1);
		hr_world_push(w, hr_world_random_ns(w, 0, HR_NS_PER_S), EV_RESTART_AGENT, i, 0, -1);
	}
	hr_world_domains_begin(w);
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

static void power_off(struct world *w, int node, int64_t for_ns)
{
	struct world_node *n = &w->node[node];

	if (!n->powered)
		return;
	stop_guard(n);
	stop_agent(n);
	n->powered = false;
	hr_world_push(w, for_ns, EV_POWER_ON, node, 0, -1);
}

/*
 * A node is taken out: switched off, and released by an operator who has looked. It comes back
 * after long, as one that nobody counts until it is admitted anew.
 */
static void release(struct world *w, int node)
{
	struct world_node *n = &w->node[node];
	struct hr_controller_event ev = {.kind = HR_CONTROLLER_RELEASE, .node = node};
	bool was_on = n->powered;

	/* Not while another controller might still tell it something else. */
	if (!w->c->up || w->c->paused_until_ns > w->now_ns)
		return;
	power_off(w, node, hr_world_random_ns(w, 6 * HR_NS_PER_S, 15 * HR_NS_PER_S));
	if (was_on) {
		hr_world_controller_say(w, &ev);
		n->counted = false;
		n->released_epoch = w->c->core.epoch;
		n->released_seq = w->c->node[node].ledger.last_seq;
	}
}

/* Firmware defaults rule until the guard starts; what lay on the memory file system is gone. */
static void power_on(struct world *w, int node)
{
	struct world_node *n = &w->node[node];

	n->powered = true;
	n->boots++;
	n->run_mark = (struct hr_guard_mark){0};
	n->asleep_until_ns = 0;
	memset(n->lie, 0, sizeof(n->lie));
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
	    [FAULT_RELEASE] = c->release,
	    [FAULT_STEP] = c->steps,
	    [FAULT_LIE] = c->lies,
	    [FAULT_CLIENT] = c->clients,
	    [FAULT_SUSPEND] = c->suspend,
	    [FAULT_DEPOSE] = c->depose,
	};

	return on[f];
}

/* The frequency tuner asks for less, for a while, or takes that back. */
static void client(struct world *w, int node)
{
	struct world_node *n = &w->node[node];
	int64_t ttl_ns = hr_world_random_ns(w, 500 * HR_NS_PER_MS, 10 * HR_NS_PER_S);
	struct hr_guard_event ev = {.kind = HR_GUARD_CLIENT, .client_ttl_ns = ttl_ns};

	if (!n->guard_up || n->paused_until_ns > w->now_ns || n->asleep_until_ns > w->now_ns)
		return;
	if (!hr_rng_chance(&w->rng, 0.3))
		ev.client_cap_uw = hr_rng_range(&w->rng, 40, 200) * HR_UW_PER_W;
	n->client_cap_uw = ev.client_cap_uw;
	n->client_set_ns = w->now_ns;
	n->client_ends_ns = ev.client_cap_uw > 0 ? w->now_ns + ttl_ns : 0;
	hr_world_guard_say(w, node, &ev);
}

/* A host is not run: of a controller's, half the time only the process is stopped. */
static void suspend(struct world *w, int node, int64_t for_ns)
{
	struct world_node *n = &w->node[node];
	struct world_ctl *c = w->c;

	if (hr_rng_chance(&w->rng, 0.3)) {
		if (!c->up || c->paused_until_ns > w->now_ns)
			return;
		c->paused_until_ns = w->now_ns + for_ns;
		if (hr_rng_chance(&w->rng, 0.5))
			c->asleep_ns += for_ns;
		return;
	}
	if (!n->powered || n->asleep_until_ns > w->now_ns)
		return;
	n->asleep_until_ns = w->now_ns + for_ns;
	n->asleep_ns += for_ns;
}

static int random_domain(struct world *w)
{
	return w->conf.racks ? (int)hr_rng_below(&w->rng, WORLD_DOMAINS) : 0;
}

static void announce(struct world *w, int domain)
{
	int64_t in_ns = WORLD_LEAD_NS + hr_world_random_ns(w, HR_NS_PER_S, 4 * HR_NS_PER_S);

	hr_world_domains_announce(w, domain, hr_world_domains_random_uw(w, domain),
				  w->now_ns + in_ns);
}

static void one_fault(struct world *w, enum fault f, int node)
{
	struct world_node *n = &w->node[node];
	struct hr_controller_event ev = {.node = node};
	int64_t long_ns = hr_world_random_ns(w, 50 * HR_NS_PER_MS, 8 * HR_NS_PER_S);
	int domain = random_domain(w);

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
		hr_world_controller_stop(w);
		hr_world_push(w, long_ns, EV_RESTART_CONTROLLER, 0, 0, -1);
		break;
	case FAULT_PAUSE_GUARD:
		n->paused_until_ns = hr_max_i64(n->paused_until_ns, w->now_ns + long_ns);
		break;
	case FAULT_REBOOT:
		power_off(w, node,
			  hr_world_random_ns(w, WORLD_MIN_REBOOT_NS, 3 * WORLD_MIN_REBOOT_NS));
		break;
	case FAULT_PARTITION:
		n->cut_off = true;
		hr_world_push(w, long_ns, EV_HEAL, node, 0, -1);
		break;
	case FAULT_BUDGET:
		hr_world_domains_set(w, domain, hr_world_domains_random_uw(w, domain));
		break;
	case FAULT_LEAVE:
		ev.kind = HR_CONTROLLER_LEAVE;
		hr_world_controller_say(w, &ev);
		break;
	case FAULT_RELEASE:
		release(w, node);
		break;
	case FAULT_STEP:
		announce(w, domain);
		break;
	case FAULT_LIE:
		hr_world_lie(w, node);
		break;
	case FAULT_CLIENT:
		client(w, node);
		break;
	case FAULT_SUSPEND:
		suspend(w, node, long_ns);
		break;
	case FAULT_DEPOSE:
		hr_world_controller_depose(w);
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
	/* All is well from QUIET_NS on; then the budget is cut, and a step announced. */
	w->quiet_ns = w->now_ns + QUIET_NS;
	hr_world_push(w, QUIET_NS + hr_world_random_ns(w, 0, HR_NS_PER_S), EV_CALM_BUDGET, 0, 0,
		      random_domain(w));
}

/* First a cut, which must be felt at once; then an announced step, and it must be in time. */
static void calm_budget(struct world *w, const struct hr_queue_event *ev)
{
	if (ev->node > 0) {
		announce(w, ev->slot);
		return;
	}
	hr_world_domains_set(w, ev->slot, hr_world_domains_random_uw(w, ev->slot));
	hr_world_push(w, 2 * HR_NS_PER_S, EV_CALM_BUDGET, 1, 0, ev->slot);
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
	case EV_CALM_BUDGET:
		calm_budget(w, ev);
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
