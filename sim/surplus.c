/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See surplus.h. Messages take one step each way; limits hold SETTLE_NS after they are written;
 * a limiter cuts every sample off at its limit. Nothing is lost, late or restarted here: that is
 * world.h.
 */
#include "sim/surplus.h"

#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "base/units.h"
#include "core/agent.h"
#include "core/controller.h"
#include "core/guard.h"
#include "power/supply.h"

#define NODES 20
#define ZONES 2
#define STEP_NS (10 * HR_NS_PER_MS)
#define ROUND_NS (250 * HR_NS_PER_MS)
#define SETTLE_NS (20 * HR_NS_PER_MS)
#define EFFICIENCY 900
#define REST_UW (30 * HR_UW_PER_W)
#define HUNGRY_UW (400 * HR_UW_PER_W)
/* Device power of one socket while the other is busy or not. */
#define BUSY_UW (180 * HR_UW_PER_W)
#define IDLE_UW (40 * HR_UW_PER_W)
#define CHANGES 10
#define CHANGE_NS (20 * HR_NS_PER_S)
#define STEADY_MIN 5
#define QUEUE 8

struct node {
	struct hr_agent agent;
	struct hr_guard guard;
	int64_t reg_uw[ZONES];
	int64_t demand_uw[ZONES]; /* device power */
	uint64_t writes;
	bool has_grant;
	struct hr_grant grant;
	bool has_report;
	struct hr_report report;
};

struct loop {
	struct hr_rng rng;
	struct hr_surplus_case what;
	struct hr_now now;
	int64_t t; /* steps done */
	struct node node[NODES];
	struct hr_controller controller;
	struct hr_tree tree;
	struct hr_tree_domain domain[1];
	struct hr_tree_leaf leaf[NODES];
	struct hr_controller_node cnode[NODES];
	uint32_t order[NODES];
	int64_t have[NODES], want[NODES], allowed[NODES];
	struct hr_allocate_item item[NODES], feed_item[NODES];
	struct hr_allocate_active active[NODES];
	struct hr_tree_member member[NODES * HR_TREE_FEEDS_MAX];
	struct hr_controller_action action[4 * NODES + 16];
	struct hr_guard_actions guard_out[QUEUE];
	struct hr_agent_actions agent_out;
	int depth;
};

static void guard_say(struct loop *l, int i, const struct hr_guard_event *ev);

static void agent_say(struct loop *l, int i, const struct hr_agent_event *ev)
{
	struct node *n = &l->node[i];
	struct hr_agent_actions *out = &l->agent_out;

	out->n = 0;
	out->n_split = 0;
	hr_agent_step(&n->agent, ev, l->now, out);
	struct hr_agent_actions did = *out;

	for (size_t k = 0; k < did.n; k++) {
		struct hr_guard_event to_guard = {.grant = did.action[k].grant,
						  .n_split = did.n_split};

		memcpy(to_guard.split_uw, did.split_uw, sizeof(to_guard.split_uw));
		switch (did.action[k].kind) {
		case HR_AGENT_DO_REPORT:
			n->report = did.report;
			n->has_report = true;
			break;
		case HR_AGENT_DO_ASK_TICKET:
			to_guard.kind = HR_GUARD_TICKET;
			guard_say(l, i, &to_guard);
			break;
		case HR_AGENT_DO_GRANT:
			to_guard.kind = HR_GUARD_GRANT;
			guard_say(l, i, &to_guard);
			break;
		case HR_AGENT_DO_SPLIT:
			to_guard.kind = HR_GUARD_SPLIT;
			guard_say(l, i, &to_guard);
			break;
		}
	}
}

static void guard_do(struct loop *l, int i, const struct hr_guard_actions *out)
{
	struct node *n = &l->node[i];
	struct hr_agent_event to_agent = {.kind = HR_AGENT_NOTIFY};

	for (size_t k = 0; k < out->n; k++) {
		const struct hr_guard_action *a = &out->action[k];
		struct hr_guard_event done = {.kind = HR_GUARD_LIMIT, .zone = a->zone};

		switch (a->kind) {
		case HR_GUARD_DO_PERSIST:
			done.kind = HR_GUARD_PERSISTED;
			guard_say(l, i, &done);
			break;
		case HR_GUARD_DO_WRITE:
			n->writes++;
			n->reg_uw[a->zone] = a->limit_uw;
			done.was_write = true;
			/* fall through */
		case HR_GUARD_DO_READ:
			done.limit = (struct hr_guard_limit){
			    .known = true, .limit_uw = n->reg_uw[a->zone], .settle_ns = SETTLE_NS};
			guard_say(l, i, &done);
			break;
		case HR_GUARD_DO_TICKET:
			to_agent.kind = HR_AGENT_TICKET;
			to_agent.ticket = &out->ticket;
			to_agent.limit_uw = n->reg_uw;
			to_agent.n_limits = ZONES;
			agent_say(l, i, &to_agent);
			break;
		case HR_GUARD_DO_NOTIFY:
			to_agent.kind = HR_AGENT_NOTIFY;
			agent_say(l, i, &to_agent);
			break;
		case HR_GUARD_DO_RESTORE:
		case HR_GUARD_DO_REJECT:
		case HR_GUARD_DO_EXPLAIN:
			break;
		}
	}
}

static void guard_say(struct loop *l, int i, const struct hr_guard_event *ev)
{
	HR_CHECK(l->depth < QUEUE);
	struct hr_guard_actions *out = &l->guard_out[l->depth++];

	out->n = 0;
	hr_guard_step(&l->node[i].guard, ev, l->now, out);
	guard_do(l, i, out);
	l->depth--;
}

static void controller_say(struct loop *l, const struct hr_controller_event *ev)
{
	struct hr_controller_actions out = {.max = HR_ARRAY_LEN(l->action), .action = l->action};

	hr_controller_step(&l->controller, ev, l->now, &out);
	for (size_t k = 0; k < out.n; k++) {
		const struct hr_controller_action *a = &out.action[k];

		if (a->kind == HR_CONTROLLER_DO_SEND) {
			l->node[a->node].grant = a->grant;
			l->node[a->node].has_grant = true;
		}
	}
	for (size_t k = 0; k < out.n; k++) {
		if (out.action[k].kind == HR_CONTROLLER_DO_COMMIT) {
			struct hr_controller_event done = {.kind = HR_CONTROLLER_COMMITTED,
							   .batch = out.action[k].batch};

			controller_say(l, &done);
			return;
		}
	}
}

static void sample(struct loop *l, int i)
{
	struct node *n = &l->node[i];
	struct hr_sample s[ZONES];
	struct hr_zone z[ZONES] = {{.counts = true}, {.counts = true}};
	struct hr_agent_event ev = {
	    .kind = HR_AGENT_SAMPLES, .sample = s, .zone = z, .n_samples = ZONES};

	/* The noise is the node's, by wall power; its zones share it. */
	int64_t noise_uw = hr_rng_range(&l->rng, -l->what.noise_uw, l->what.noise_uw) * EFFICIENCY /
			   1000;

	for (int k = 0; k < ZONES; k++) {
		int64_t wants_uw = n->demand_uw[k] + noise_uw / ZONES;

		s[k] = (struct hr_sample){.zone = k,
					  .power_uw = hr_min_i64(wants_uw, n->reg_uw[k]),
					  .span_ns = 100 * HR_NS_PER_MS};
	}
	agent_say(l, i, &ev);
}

static void step(struct loop *l)
{
	int64_t t = l->t++;
	struct hr_guard_event tick = {.kind = HR_GUARD_TICK};
	struct hr_controller_event round = {.kind = HR_CONTROLLER_TICK};

	l->now = hr_now_add((struct hr_now){0}, HR_NS_PER_S + t * STEP_NS);
	for (int i = 0; i < NODES; i++) {
		struct node *n = &l->node[i];

		if (n->has_grant) {
			struct hr_agent_event ev = {.kind = HR_AGENT_GRANT, .grant = &n->grant};

			n->has_grant = false;
			agent_say(l, i, &ev);
		}
		if ((t + i) % 10 == 0)
			sample(l, i);
		if ((t + i) % 10 == 5)
			guard_say(l, i, &tick);
	}
	for (int i = 0; i < NODES; i++) {
		struct hr_controller_event ev = {
		    .kind = HR_CONTROLLER_REPORT, .node = i, .report = &l->node[i].report};

		if (l->node[i].has_report) {
			l->node[i].has_report = false;
			controller_say(l, &ev);
		}
	}
	if (l->now.raw_ns >= hr_controller_wake_raw_ns(&l->controller))
		controller_say(l, &round);
}

static struct hr_uuid uuid(int i)
{
	struct hr_uuid u = {{0xb0}};

	u.byte[15] = (uint8_t)(i + 1);
	return u;
}

static void begin_node(struct loop *l, int i)
{
	struct node *n = &l->node[i];
	struct hr_guard_conf gc = {.node = uuid(i),
				   .safe_uw = l->what.fair_uw,
				   .rest_uw = REST_UW,
				   .efficiency_permille = EFFICIENCY,
				   .accept_ns = 10 * HR_NS_PER_S,
				   .verify_ns = HR_NS_PER_S};
	struct hr_agent_conf ac = {.rest_uw = REST_UW,
				   .efficiency_permille = EFFICIENCY,
				   .period_ns = HR_NS_PER_S,
				   .report_least_ns = 50 * HR_NS_PER_MS,
				   .ticket_timeout_ns = HR_NS_PER_S};
	struct hr_guard_zone_conf gz[ZONES];
	struct hr_agent_zone_conf az[ZONES];
	struct hr_guard_limit lim[ZONES];
	struct hr_agent_event up = {.kind = HR_AGENT_GUARD, .up = true};

	for (int k = 0; k < ZONES; k++) {
		n->reg_uw[k] = 200 * HR_UW_PER_W;
		gz[k] = (struct hr_guard_zone_conf){30 * HR_UW_PER_W, n->reg_uw[k], n->reg_uw[k]};
		az[k] = (struct hr_agent_zone_conf){k, 30 * HR_UW_PER_W, n->reg_uw[k]};
		lim[k] = (struct hr_guard_limit){true, n->reg_uw[k], SETTLE_NS, HR_REASON_NONE};
	}
	struct hr_guard_actions *out = &l->guard_out[l->depth++];

	out->n = 0;
	hr_guard_start(&n->guard, &gc, (struct hr_ident){uuid(i), uuid(99), 1},
		       &(struct hr_guard_mark){0}, ZONES, gz, lim, l->now, out);
	hr_agent_init(&n->agent, &ac, ZONES, az, l->now);
	guard_do(l, i, out);
	l->depth--;
	agent_say(l, i, &up);
	up.kind = HR_AGENT_LINK;
	agent_say(l, i, &up);
}

static void begin(struct loop *l, const struct hr_surplus_case *what)
{
	struct hr_controller_conf conf = {.rules = {.min_reboot_ns = 30 * HR_NS_PER_S,
						    .drift_ppm = 200,
						    .tick_ns = 100 * HR_NS_PER_MS},
					  .round_ns = ROUND_NS,
					  .ttl_ns = 2 * HR_NS_PER_S,
					  .period_ns = HR_NS_PER_S};
	struct hr_tree_scratch scratch = {l->order, l->have,      l->want,   l->allowed,
					  l->item,  l->feed_item, l->active, l->member};
	struct hr_budget budget = {.limit_uw = NODES * what->fair_uw, .version = 1};

	memset(l, 0, sizeof(*l));
	hr_rng_init(&l->rng, what->seed);
	l->what = *what;
	l->now = hr_now_add(l->now, HR_NS_PER_S);
	hr_tree_init(&l->tree, l->domain, 1, l->leaf, NODES);
	int root = hr_tree_domain_add(&l->tree, "cluster", -1, false, HR_TREE_NO_LIMIT, 0, NULL);

	HR_CHECK(root == 0);
	hr_controller_init(&l->controller, &conf, 1, &l->tree, scratch, l->cnode, NODES, l->now);
	for (int i = 0; i < NODES; i++) {
		struct hr_uuid u = uuid(i);
		struct hr_tree_leaf like = {.feed = {{.domain = -1}, {.domain = -1}},
					    .weight = HR_WEIGHT_DEFAULT};

		HR_CHECK(hr_controller_node_add(&l->controller, &u, &like, 0, NULL, l->now, NULL) ==
			 i);
	}
	struct hr_controller_event ev = {.kind = HR_CONTROLLER_BUDGET, .budget = &budget};

	controller_say(l, &ev);
	for (int i = 0; i < NODES; i++)
		begin_node(l, i);
}

static int64_t run(struct loop *l, int64_t ns)
{
	int64_t end = l->t + ns / STEP_NS;

	while (l->t < end)
		step(l);
	return l->t;
}

static void set_zones(struct node *n, int64_t first_uw, int64_t second_uw)
{
	n->demand_uw[0] = first_uw;
	n->demand_uw[1] = second_uw;
}

/* The hungry want more than they can get, alike on both sockets. */
static void set_load(struct loop *l, int64_t donors_uw)
{
	for (int i = 0; i < NODES; i++) {
		int64_t wall_uw = i % 2 ? HUNGRY_UW : donors_uw;
		int64_t zone_uw = hr_supply_device_uw(wall_uw, EFFICIENCY, REST_UW) / ZONES;

		set_zones(&l->node[i], zone_uw, zone_uw);
	}
}

/* Held above fair by the hungry, over what the donors leave below it; by the registers. */
static int64_t delivered_permille(const struct loop *l)
{
	int64_t held_uw = 0, freed_uw = 0;

	for (int i = 0; i < NODES; i++) {
		const struct node *n = &l->node[i];
		int64_t cap_uw = hr_supply_wall_uw(n->reg_uw[0] + n->reg_uw[1], EFFICIENCY,
						   REST_UW);

		if (i % 2)
			held_uw += cap_uw - l->what.fair_uw;
		else
			freed_uw += l->what.fair_uw - l->what.low_uw;
	}
	return held_uw * 1000 / freed_uw;
}

static uint64_t writes(const struct loop *l)
{
	uint64_t sum = 0;

	for (int i = 0; i < NODES; i++)
		sum += l->node[i].writes;
	return sum;
}

/* The donors' load has just fallen: watches what becomes of it until the next change. */
static void watch(struct loop *l, struct hr_surplus_figures *f, int64_t *sum, int64_t *n)
{
	int64_t begin_t = l->t, at_90_ns = -1;

	while (l->t < begin_t + CHANGE_NS / STEP_NS) {
		int64_t ns = (l->t - begin_t) * STEP_NS;

		step(l);
		int64_t d = delivered_permille(l);

		if (at_90_ns < 0 && d >= 900)
			at_90_ns = ns;
		if (ns < 3 * ROUND_NS + SETTLE_NS)
			continue;
		*sum += d;
		++*n;
		f->least_permille = hr_min_i64(f->least_permille, d);
	}
	f->to_90_ns = hr_max_i64(f->to_90_ns, at_90_ns < 0 ? CHANGE_NS : at_90_ns);
}

static struct loop *new_loop(const struct hr_surplus_case *what)
{
	struct loop *l = calloc(1, sizeof(*l));

	HR_CHECK(l);
	begin(l, what);
	return l;
}

struct hr_surplus_figures hr_surplus_run(const struct hr_surplus_case *what)
{
	struct hr_surplus_figures f = {.round_ns = ROUND_NS, .least_permille = INT64_MAX};
	struct loop *l = new_loop(what);
	int64_t sum = 0, n = 0;

	for (int change = 0; change < CHANGES; change++) {
		set_load(l, 380 * HR_UW_PER_W);
		run(l, CHANGE_NS);
		set_load(l, what->low_uw);
		watch(l, &f, &sum, &n);
	}
	f.delivered_permille = sum / n;
	/* ten seconds to come to rest */
	run(l, 10 * HR_NS_PER_S);
	uint64_t before = writes(l);

	run(l, STEADY_MIN * 60 * HR_NS_PER_S);
	f.writes_permille = (int64_t)(writes(l) - before) * 1000 / NODES / STEADY_MIN;
	free(l);
	return f;
}

/* What the busy zone of node i holds, of what is left for it when the other has its draw. */
static int64_t busy_permille(const struct loop *l, int i, int busy, int64_t cap_uw)
{
	const struct node *n = &l->node[i];
	int64_t device_uw = hr_supply_device_uw(cap_uw, EFFICIENCY, REST_UW);

	return n->reg_uw[busy] * 1000 /
	       hr_min_i64(device_uw - n->demand_uw[1 - busy], n->demand_uw[busy]);
}

int64_t hr_surplus_imbalance_ns(const struct hr_surplus_case *what)
{
	struct loop *l = new_loop(what);
	int64_t worst_ns = 0;

	for (int change = 0; change < CHANGES; change++) {
		int busy = change % 2;
		int64_t begin_t, at_ns[NODES];

		/* Alike first, and little: the node's cap is tight when the one socket starts. */
		for (int i = 0; i < NODES; i++) {
			set_zones(&l->node[i], IDLE_UW, IDLE_UW);
			at_ns[i] = -1;
		}
		run(l, CHANGE_NS);
		for (int i = 0; i < NODES; i++)
			set_zones(&l->node[i], busy ? IDLE_UW : BUSY_UW, busy ? BUSY_UW : IDLE_UW);
		begin_t = l->t;
		while (l->t < begin_t + CHANGE_NS / STEP_NS) {
			step(l);
			for (int i = 0; i < NODES; i++)
				if (at_ns[i] < 0 && busy_permille(l, i, busy, what->fair_uw) >= 950)
					at_ns[i] = (l->t - begin_t) * STEP_NS;
		}
		for (int i = 0; i < NODES; i++)
			worst_ns = hr_max_i64(worst_ns, at_ns[i] < 0 ? CHANGE_NS : at_ns[i]);
	}
	free(l);
	return worst_ns;
}
