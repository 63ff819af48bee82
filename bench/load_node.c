/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See load_node.h. The shells' work in small: every action is carried out in order and answered
 * with its event at once. Invariant: limit_uw is what reg_uw allows.
 */
#include "bench/load_node.h"

#include <string.h>

#include "base/units.h"
#include "power/supply.h"

#define W HR_UW_PER_W
#define REST (104 * W)
#define EFFICIENCY 920
#define FLOOR (40 * W)
#define CEILING (165 * W)
#define PEAK (198 * W)
#define SAFE (220 * W)
#define SETTLE_NS (20 * HR_NS_PER_MS)
#define TICK_NS (100 * HR_NS_PER_MS)

static void agent_feed(struct hr_load_node *n, const struct hr_agent_event *ev);
static void guard_feed(struct hr_load_node *n, const struct hr_guard_event *ev);

static struct hr_guard_event write_zone(struct hr_load_node *n, size_t zone, int64_t uw)
{
	bool lower = uw < n->reg_uw[zone];

	n->decreases += lower;
	n->increases += !lower;
	n->reg_uw[zone] = uw;
	n->limit_uw = hr_supply_wall_uw(n->reg_uw[0] + n->reg_uw[1], EFFICIENCY, REST);
	if (lower && n->lowered_raw_ns == 0)
		n->lowered_raw_ns = hr_now_read().raw_ns;
	return (struct hr_guard_event){
	    .kind = HR_GUARD_LIMIT,
	    .zone = zone,
	    .was_write = true,
	    .limit = {.known = true, .limit_uw = uw, .settle_ns = SETTLE_NS},
	};
}

static void hand_ticket(struct hr_load_node *n, const struct hr_report *ticket)
{
	const struct hr_agent_event ev = {
	    .kind = HR_AGENT_TICKET,
	    .ticket = ticket,
	    .limit_uw = n->reg_uw,
	    .n_limits = HR_LOAD_ZONES,
	};

	agent_feed(n, &ev);
}

static void guard_do(struct hr_load_node *n, const struct hr_guard_actions *all, size_t i,
		     struct hr_guard_actions *out)
{
	const struct hr_guard_action *a = &all->action[i];
	const struct hr_agent_event news = {.kind = HR_AGENT_NOTIFY};
	struct hr_guard_event ev = {.kind = HR_GUARD_PERSISTED};

	switch (a->kind) {
	case HR_GUARD_DO_PERSIST:
		break;
	case HR_GUARD_DO_WRITE:
		ev = write_zone(n, a->zone, a->limit_uw);
		break;
	case HR_GUARD_DO_READ:
		ev.kind = HR_GUARD_LIMIT;
		ev.zone = a->zone;
		ev.limit = (struct hr_guard_limit){
		    .known = true, .limit_uw = n->reg_uw[a->zone], .settle_ns = SETTLE_NS};
		break;
	case HR_GUARD_DO_RESTORE:
		ev.kind = HR_GUARD_RESTORED;
		break;
	case HR_GUARD_DO_TICKET:
		hand_ticket(n, &all->ticket);
		return;
	case HR_GUARD_DO_NOTIFY:
		agent_feed(n, &news);
		return;
	case HR_GUARD_DO_REJECT:
	case HR_GUARD_DO_EXPLAIN:
		return;
	}
	hr_guard_step(&n->guard, &ev, hr_now_read(), out);
}

static void guard_obey(struct hr_load_node *n, struct hr_guard_actions *out)
{
	while (out->n > 0) {
		struct hr_guard_actions todo = *out;

		out->n = 0;
		for (size_t i = 0; i < todo.n; i++)
			guard_do(n, &todo, i, out);
	}
}

static void guard_feed(struct hr_load_node *n, const struct hr_guard_event *ev)
{
	struct hr_guard_actions out;

	out.n = 0;
	hr_guard_step(&n->guard, ev, hr_now_read(), &out);
	guard_obey(n, &out);
}

static void agent_feed(struct hr_load_node *n, const struct hr_agent_event *ev)
{
	struct hr_agent_actions out;
	struct hr_guard_event to_guard;

	out.n = out.n_split = 0;
	hr_agent_step(&n->agent, ev, hr_now_read(), &out);
	for (size_t i = 0; i < out.n; i++) {
		const struct hr_agent_action *a = &out.action[i];

		memset(&to_guard, 0, sizeof(to_guard));
		switch (a->kind) {
		case HR_AGENT_DO_REPORT:
			n->report(n->ctx, n, &out.report);
			continue;
		case HR_AGENT_DO_ASK_TICKET:
			to_guard.kind = HR_GUARD_TICKET;
			break;
		case HR_AGENT_DO_GRANT:
			to_guard.kind = HR_GUARD_GRANT;
			to_guard.grant = a->grant;
			break;
		case HR_AGENT_DO_SPLIT:
			to_guard.kind = HR_GUARD_SPLIT;
			break;
		}
		to_guard.n_split = a->kind == HR_AGENT_DO_ASK_TICKET ? 0 : out.n_split;
		memcpy(to_guard.split_uw, out.split_uw, sizeof(to_guard.split_uw));
		guard_feed(n, &to_guard);
	}
}

void hr_load_node_start(struct hr_load_node *n, size_t index, uint64_t seed)
{
	const struct hr_agent_conf agent = {
	    .rest_uw = REST,
	    .efficiency_permille = EFFICIENCY,
	    .period_ns = HR_NS_PER_S,
	    .report_least_ns = 20 * HR_NS_PER_MS,
	    .ticket_timeout_ns = 500 * HR_NS_PER_MS,
	};
	struct hr_guard_conf guard = {
	    .safe_uw = SAFE,
	    .rest_uw = REST,
	    .efficiency_permille = EFFICIENCY,
	    .accept_ns = 30 * HR_NS_PER_S,
	    .verify_ns = HR_NS_PER_S,
	};
	const struct hr_agent_zone_conf meter[HR_LOAD_ZONES] = {{0, FLOOR, CEILING},
								{1, FLOOR, CEILING}};
	const struct hr_guard_zone_conf zone[HR_LOAD_ZONES] = {{FLOOR, CEILING, PEAK},
							       {FLOOR, CEILING, PEAK}};
	struct hr_guard_limit limit[HR_LOAD_ZONES];
	struct hr_guard_mark mark = {.safe_uw = 0};
	struct hr_guard_actions out;
	struct hr_ident self = {.incarnation = 1};

	n->index = index;
	hr_rng_init(&n->rng, seed + index);
	for (size_t i = 0; i < sizeof(self.node.byte); i++)
		self.node.byte[i] = (uint8_t)hr_rng_next(&n->rng);
	self.boot = guard.node = self.node;
	for (size_t i = 0; i < HR_LOAD_ZONES; i++) {
		n->reg_uw[i] = CEILING;
		n->demand_uw[i] = hr_rng_range(&n->rng, 50 * W, 140 * W);
		limit[i] = (struct hr_guard_limit){
		    .known = true, .limit_uw = CEILING, .settle_ns = SETTLE_NS};
	}
	n->sampled = hr_now_read();
	hr_agent_init(&n->agent, &agent, HR_LOAD_ZONES, meter, n->sampled);
	out.n = 0;
	hr_guard_start(&n->guard, &guard, self, &mark, HR_LOAD_ZONES, zone, limit, n->sampled,
		       &out);
	const struct hr_agent_event up = {.kind = HR_AGENT_GUARD, .up = true};

	guard_obey(n, &out);
	agent_feed(n, &up);
}

void hr_load_node_link(struct hr_load_node *n, bool up)
{
	const struct hr_agent_event ev = {.kind = HR_AGENT_LINK, .up = up};

	agent_feed(n, &ev);
}

void hr_load_node_grant(struct hr_load_node *n, const struct hr_grant *g)
{
	const struct hr_agent_event ev = {.kind = HR_AGENT_GRANT, .grant = g};

	agent_feed(n, &ev);
}

void hr_load_node_sample(struct hr_load_node *n, enum hr_load_node_demand demand)
{
	struct hr_sample sample[HR_LOAD_ZONES];
	struct hr_now now = hr_now_read();
	int64_t span_ns = now.raw_ns - n->sampled.raw_ns;
	const struct hr_agent_event ev = {
	    .kind = HR_AGENT_SAMPLES, .sample = sample, .n_samples = HR_LOAD_ZONES};

	bool lively = demand == HR_LOAD_NODE_LIVELY;

	n->sampled = now;
	for (int i = 0; i < HR_LOAD_ZONES; i++) {
		if (lively && hr_rng_below(&n->rng, 100) == 0)
			n->demand_uw[i] = hr_rng_range(&n->rng, 30 * W, CEILING);
		int64_t noise_uw = lively ? hr_rng_range(&n->rng, -2 * W, 2 * W) : 0;
		int64_t want_uw = demand == HR_LOAD_NODE_HUNGRY ? CEILING : n->demand_uw[i];
		int64_t draw_uw = hr_min_i64(want_uw + noise_uw, n->reg_uw[i]);

		n->energy_uj[i] += hr_muldiv_floor(draw_uw, span_ns, HR_NS_PER_S);
		sample[i] = (struct hr_sample){
		    .zone = i,
		    .energy_uj = n->energy_uj[i],
		    .power_uw = draw_uw,
		    .span_ns = span_ns,
		};
	}
	agent_feed(n, &ev);
}

int64_t hr_load_node_tick(struct hr_load_node *n)
{
	const struct hr_guard_event ev = {.kind = HR_GUARD_TICK};
	int64_t wait_ns = hr_guard_wait_ns(&n->guard, hr_now_read(), TICK_NS);

	if (wait_ns > 0)
		return wait_ns;
	guard_feed(n, &ev);
	return hr_guard_wait_ns(&n->guard, hr_now_read(), TICK_NS);
}
