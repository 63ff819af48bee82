/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See world.h. The hosts: what carries out the actions of guards and agents, and brings their
 * events. The controller's host is in world_controller.c, what goes wrong in world_faults.c.
 *
 * An action that takes time is a slot under way; when the process that asked for it dies first,
 * it never happens.
 */
#include "sim/world.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "power/supply.h"
#include "sim/check.h"
#include "sim/world_parts.h"

#define IPC_NS (200 * HR_NS_PER_US)
#define AGENT_TICK_NS (200 * HR_NS_PER_MS)

void hr_world_violate(struct world *w, const char *fmt, ...)
{
	if (w->result->violated)
		return;
	va_list ap;

	w->result->violated = true;
	w->result->at_ns = w->now_ns;
	va_start(ap, fmt);
	vsnprintf(w->result->text, sizeof(w->result->text), fmt, ap);
	va_end(ap);
}

int64_t hr_world_registers_uw(const struct world_node *n)
{
	int64_t sum_uw = 0;

	for (int z = 0; z < WORLD_ZONES; z++)
		sum_uw += n->reg_uw[z];
	return hr_supply_wall_uw(sum_uw, WORLD_EFFICIENCY, WORLD_REST_UW);
}

int64_t hr_world_enforced_uw(const struct world_node *n)
{
	int64_t sum_uw = 0;

	if (!n->powered)
		return 0;
	for (int z = 0; z < WORLD_ZONES; z++)
		sum_uw += hr_max_i64(n->eff_uw[z], n->reg_uw[z]);
	return hr_supply_wall_uw(sum_uw, WORLD_EFFICIENCY, WORLD_REST_UW);
}

/* A host that was suspended: CLOCK_MONOTONIC_RAW stood still meanwhile. */
struct hr_now hr_world_node_now(const struct world *w, int node)
{
	const struct world_node *n = &w->node[node];
	int64_t t = n->clock_offset_ns + w->now_ns + (int64_t)((double)w->now_ns * n->drift);

	return (struct hr_now){t - n->asleep_ns, t, w->now_ns};
}

struct hr_now hr_world_controller_now(const struct world *w, const struct world_ctl *c)
{
	int64_t t = w->now_ns + (int64_t)((double)w->now_ns * w->controller_drift);

	return (struct hr_now){t - c->asleep_ns, t, w->now_ns};
}

int64_t hr_world_random_ns(struct world *w, int64_t low_ns, int64_t high_ns)
{
	return hr_rng_range(&w->rng, low_ns, high_ns);
}

void hr_world_push(struct world *w, int64_t in_ns, int kind, int node, uint32_t life, int slot)
{
	struct hr_queue_event ev = {
	    .at_ns = w->now_ns + in_ns, .kind = kind, .node = node, .life = life, .slot = slot};

	HR_CHECK(hr_queue_push(&w->queue, ev));
}

/* Full: the oldest would be lost on a real network; here the new one is. Returns -1. */
int hr_world_slot(struct world *w, enum slot_kind kind, int node)
{
	if (w->n_free == 0)
		return -1;
	int i = w->free_slot[--w->n_free];

	if (i >= w->slots_used)
		w->slots_used = i + 1;
	memset(&w->slot[i], 0, sizeof(w->slot[i]));
	w->slot[i].kind = kind;
	w->slot[i].node = node;
	return i;
}

void hr_world_slot_free(struct world *w, int slot)
{
	if (slot < 0)
		return;
	w->slot[slot].kind = SLOT_FREE;
	w->free_slot[w->n_free++] = slot;
}

/* One message over the network: lost, late or twice, as the schedule has it. */
void hr_world_network(struct world *w, const struct slot *message, int kind)
{
	int copies = hr_rng_chance(&w->rng, w->calm ? 0 : w->conf.duplicate) ? 2 : 1;

	if (w->node[message->node].cut_off)
		return;
	for (int i = 0; i < copies; i++) {
		if (!w->calm && hr_rng_chance(&w->rng, w->conf.loss))
			continue;
		int64_t delay_ns = hr_world_random_ns(w, 200 * HR_NS_PER_US, 20 * HR_NS_PER_MS);

		if (!w->calm && hr_rng_chance(&w->rng, w->conf.late))
			delay_ns = hr_world_random_ns(w, 0, w->conf.late_most_ns);
		int slot = hr_world_slot(w, message->kind, message->node);

		if (slot < 0)
			return;
		w->slot[slot] = *message;
		hr_world_push(w, delay_ns, kind, message->node, 0, slot);
	}
}

static void guard_event(struct world *w, int node, const struct hr_guard_event *ev);

static void push_guard(struct world *w, int64_t in_ns, int node, const struct hr_guard_event *ev,
		       const struct hr_guard_action *a)
{
	int slot = hr_world_slot(w, SLOT_GUARD, node);

	HR_CHECK(slot >= 0);
	w->slot[slot].guard = *ev;
	if (a) {
		w->slot[slot].mark = a->mark;
		w->slot[slot].write_uw = a->limit_uw;
		w->slot[slot].write_under_uw = hr_max_i64(hr_check_granted_uw(w, node),
							  hr_check_kept_uw(w, node));
	}
	hr_world_push(w, in_ns, EV_GUARD, node, w->node[node].guard_life, slot);
}

/* The half of a report that the guard makes: here the lease of its answer begins. */
static void give_ticket(struct world *w, int node, const struct hr_report *ticket)
{
	struct world_node *n = &w->node[node];
	bool true_cap = ticket->cap_uw >= hr_world_enforced_uw(n);

	/* Knows, not: happens to claim enough, because another value is still settling. */
	for (size_t z = 0; z < WORLD_ZONES; z++)
		true_cap = true_cap &&
			   (!n->guard.zone[z].known || n->guard.zone[z].limit_uw >= n->reg_uw[z]);
	n->birth[ticket->n % WORLD_BIRTHS] = (struct birth){.incarnation = ticket->from.incarnation,
							    .n = ticket->n,
							    .at_ns = w->now_ns,
							    .true_cap = true_cap};
	int slot = hr_world_slot(w, SLOT_TICKET, node);

	if (slot < 0)
		return;
	w->slot[slot].report = *ticket;
	w->slot[slot].n_limits = WORLD_ZONES;
	for (size_t z = 0; z < WORLD_ZONES; z++)
		w->slot[slot].limit_uw[z] = n->reg_uw[z];
	hr_world_push(w, IPC_NS, EV_TICKET, node, n->agent_life, slot);
}

/* Carries a guard's actions out: each begins when the one before it has ended. */
static void guard_actions(struct world *w, int node)
{
	struct hr_guard_actions *out = &w->g_actions;
	struct world_node *n = &w->node[node];
	int64_t in_ns = 0;

	for (size_t i = 0; i < out->n; i++) {
		const struct hr_guard_action *a = &out->action[i];
		struct hr_guard_event ev = {.zone = a->zone};

		in_ns += hr_world_random_ns(w, 10 * HR_NS_PER_US, 2 * HR_NS_PER_MS);
		switch (a->kind) {
		case HR_GUARD_DO_PERSIST:
			ev.kind = HR_GUARD_PERSISTED;
			push_guard(w, in_ns, node, &ev, a);
			break;
		case HR_GUARD_DO_WRITE:
			ev.kind = HR_GUARD_LIMIT;
			ev.was_write = true;
			push_guard(w, in_ns, node, &ev, a);
			break;
		case HR_GUARD_DO_READ:
			ev.kind = HR_GUARD_LIMIT;
			push_guard(w, in_ns, node, &ev, a);
			break;
		case HR_GUARD_DO_RESTORE:
			ev.kind = HR_GUARD_RESTORED;
			push_guard(w, in_ns, node, &ev, a);
			break;
		case HR_GUARD_DO_TICKET:
			give_ticket(w, node, &out->ticket);
			break;
		case HR_GUARD_DO_NOTIFY:
			hr_world_push(w, IPC_NS, EV_NOTIFY, node, n->agent_life, -1);
			break;
		case HR_GUARD_DO_REJECT:
		case HR_GUARD_DO_EXPLAIN:
			break;
		}
	}
}

/* The guard acts on a grant: from here on it may raise its limits. */
static void note_taken(struct world *w, int node)
{
	struct world_node *n = &w->node[node];

	if (hr_mark_compare(n->guard.taken, n->taken) == 0)
		return;
	n->taken = n->guard.taken;
	hr_check_accept(w, node, &n->guard.pending);
	n->accepted = n->taken;
	n->in_force = n->guard.pending;
	n->has_grant = true;
}

static void guard_event(struct world *w, int node, const struct hr_guard_event *ev)
{
	w->g_actions.n = 0;
	hr_guard_step(&w->node[node].guard, ev, hr_world_node_now(w, node), &w->g_actions);
	note_taken(w, node);
	guard_actions(w, node);
}

static struct hr_ident identity(const struct world_node *n)
{
	struct hr_ident id = {.node = n->uuid, .incarnation = n->disk_counter};

	id.boot.byte[0] = 1;
	memcpy(&id.boot.byte[8], &n->boots, sizeof(n->boots));
	return id;
}

void hr_world_guard_start(struct world *w, int node)
{
	struct world_node *n = &w->node[node];
	struct hr_guard_zone_conf zone[WORLD_ZONES];
	struct hr_guard_limit limit[WORLD_ZONES];

	if (!n->powered || n->guard_up)
		return;
	n->guard_up = true;
	n->guard_life++;
	n->disk_counter++;
	n->paused_until_ns = 0;
	n->left = false;
	n->has_grant = false;
	n->client_ends_ns = 0;
	n->taken = (struct hr_mark){0};
	for (int z = 0; z < WORLD_ZONES; z++) {
		zone[z] = (struct hr_guard_zone_conf){.floor_uw = n->floor_uw,
						      .ceiling_uw = n->original_uw,
						      .uncapped_uw = n->original_uw};
		limit[z] = hr_world_limit_read(w, node, (size_t)z);
	}
	/* A crash leaves the mark on the memory file system; a reboot only the epoch on disk. */
	struct hr_guard_mark mark = n->run_mark;

	if (mark.heard.epoch < n->disk_epoch)
		mark.heard = (struct hr_mark){.epoch = n->disk_epoch};
	w->g_actions.n = 0;
	hr_guard_start(&n->guard, &n->guard.conf, identity(n), &mark, WORLD_ZONES, zone, limit,
		       hr_world_node_now(w, node), &w->g_actions);
	guard_actions(w, node);
	hr_world_push(w, WORLD_TICK_NS, EV_GUARD_TICK, node, n->guard_life, -1);
}

void hr_world_agent_start(struct world *w, int node)
{
	struct world_node *n = &w->node[node];
	struct hr_agent_conf conf = {.rest_uw = WORLD_REST_UW,
				     .efficiency_permille = WORLD_EFFICIENCY,
				     .period_ns = HR_NS_PER_S,
				     .report_least_ns = 50 * HR_NS_PER_MS,
				     .ticket_timeout_ns = HR_NS_PER_S};
	struct hr_agent_zone_conf zone[WORLD_ZONES];

	if (!n->powered || n->agent_up)
		return;
	n->agent_up = true;
	n->agent_life++;
	for (int z = 0; z < WORLD_ZONES; z++)
		zone[z] = (struct hr_agent_zone_conf){
		    .meter = z, .floor_uw = n->floor_uw, .ceiling_uw = n->original_uw};
	hr_agent_init(&n->agent, &conf, WORLD_ZONES, zone, hr_world_node_now(w, node));
	hr_world_push(w, IPC_NS, EV_AGENT_TICK, node, n->agent_life, -1);
}

static void agent_event(struct world *w, int node, const struct hr_agent_event *ev)
{
	struct world_node *n = &w->node[node];
	struct hr_agent_actions *out = &w->a_actions;
	struct hr_guard_event to_guard = {0};

	out->n = 0;
	out->n_split = 0;
	hr_agent_step(&n->agent, ev, hr_world_node_now(w, node), out);
	for (size_t i = 0; i < out->n; i++) {
		const struct hr_agent_action *a = &out->action[i];

		if (a->kind == HR_AGENT_DO_REPORT) {
			struct slot s = {.kind = SLOT_REPORT, .node = node, .report = out->report};

			hr_world_network(w, &s, EV_REPORT);
			continue;
		}
		if (!n->guard_up)
			continue;
		to_guard.kind = a->kind == HR_AGENT_DO_ASK_TICKET ? HR_GUARD_TICKET
				: a->kind == HR_AGENT_DO_GRANT    ? HR_GUARD_GRANT
								  : HR_GUARD_SPLIT;
		to_guard.grant = a->grant;
		to_guard.n_split = out->n_split;
		memcpy(to_guard.split_uw, out->split_uw, sizeof(to_guard.split_uw));
		push_guard(w, IPC_NS, node, &to_guard, NULL);
	}
}

static void agent_tick(struct world *w, int node)
{
	struct world_node *n = &w->node[node];
	struct hr_sample sample[WORLD_ZONES];
	struct hr_zone zone[WORLD_ZONES];
	struct hr_agent_event up = {.kind = HR_AGENT_GUARD, .up = n->guard_up};

	hr_world_push(w, AGENT_TICK_NS, EV_AGENT_TICK, node, n->agent_life, -1);
	if (n->agent.guard != n->guard_up)
		agent_event(w, node, &up);
	if (!n->agent.link) {
		up.kind = HR_AGENT_LINK;
		up.up = true;
		agent_event(w, node, &up);
	}
	int64_t wants_uw = hr_supply_device_uw(n->demand_uw, WORLD_EFFICIENCY, WORLD_REST_UW);

	memset(zone, 0, sizeof(zone));
	for (int z = 0; z < WORLD_ZONES; z++) {
		int64_t draw_uw = hr_min_i64(wants_uw / WORLD_ZONES, n->reg_uw[z]);

		draw_uw += hr_rng_range(&w->rng, -HR_UW_PER_W, HR_UW_PER_W);
		draw_uw = hr_clamp_i64(draw_uw, 0, n->reg_uw[z]);
		zone[z] = (struct hr_zone){.counts = true, .cappable = true, .parent = -1};
		sample[z] = (struct hr_sample){.zone = z,
					       .quality = HR_QUALITY_OK,
					       .power_uw = draw_uw,
					       .span_ns = AGENT_TICK_NS};
	}
	struct hr_agent_event ev = {
	    .kind = HR_AGENT_SAMPLES, .sample = sample, .zone = zone, .n_samples = WORLD_ZONES};
	agent_event(w, node, &ev);
}

/* Something that a guard had asked for is done, or a message from its agent arrives. */
static void guard_slot(struct world *w, int node, struct slot *s)
{
	struct world_node *n = &w->node[node];
	struct hr_guard_event ev = s->guard;

	switch (ev.kind) {
	case HR_GUARD_PERSISTED:
		n->run_mark = s->mark;
		n->disk_epoch = s->mark.heard.epoch;
		break;
	case HR_GUARD_LIMIT:
		ev.limit = ev.was_write ? hr_world_limit_write(w, node, ev.zone, s->write_uw,
							       s->write_under_uw)
					: hr_world_limit_read(w, node, ev.zone);
		break;
	case HR_GUARD_RESTORED:
		for (size_t z = 0; z < WORLD_ZONES; z++)
			hr_world_register_set(w, node, z, n->original_uw);
		n->left = true;
		break;
	case HR_GUARD_TICK:
	case HR_GUARD_TICKET:
	case HR_GUARD_GRANT:
	case HR_GUARD_SPLIT:
	case HR_GUARD_CLIENT:
		break;
	}
	guard_event(w, node, &ev);
}

void hr_world_guard_say(struct world *w, int node, const struct hr_guard_event *ev)
{
	if (w->node[node].guard_up)
		push_guard(w, IPC_NS, node, ev, NULL);
}

/* When an event is due to whom it concerns: now (0), never (-1) or later; that was pushed. */
static int64_t due_ns(const struct world *w, const struct hr_queue_event *ev)
{
	const struct world_node *n = &w->node[ev->node];
	const struct world_ctl *c = w->c;
	int64_t later_ns = 0;

	switch (ev->kind) {
	case EV_GUARD:
	case EV_GUARD_TICK:
		if (!n->guard_up || ev->life != n->guard_life)
			return -1;
		later_ns = hr_max_i64(n->paused_until_ns, n->asleep_until_ns);
		break;
	case EV_AGENT_TICK:
	case EV_TICKET:
	case EV_NOTIFY:
		if (!n->agent_up || ev->life != n->agent_life)
			return -1;
		later_ns = n->asleep_until_ns;
		break;
	case EV_GRANT:
		later_ns = n->asleep_until_ns;
		break;
	case EV_CONTROLLER_TICK:
	case EV_COMMITTED:
		c = &w->ctl[ev->node];
		later_ns = c->up ? c->paused_until_ns : 0;
		break;
	case EV_REPORT:
		later_ns = c->up ? c->paused_until_ns : 0;
		break;
	default:
		break;
	}
	return later_ns > w->now_ns ? later_ns : 0;
}

static void node_event(struct world *w, const struct hr_queue_event *ev)
{
	struct world_node *n = &w->node[ev->node];
	struct hr_guard_event tick = {.kind = HR_GUARD_TICK};
	struct hr_agent_event news = {.kind = HR_AGENT_NOTIFY};

	switch (ev->kind) {
	case EV_GUARD_TICK:
		hr_world_push(w, WORLD_TICK_NS, EV_GUARD_TICK, ev->node, n->guard_life, -1);
		guard_event(w, ev->node, &tick);
		hr_check_lease(w, ev->node);
		break;
	case EV_GUARD:
		guard_slot(w, ev->node, &w->slot[ev->slot]);
		break;
	case EV_AGENT_TICK:
		agent_tick(w, ev->node);
		break;
	case EV_TICKET:
		news.kind = HR_AGENT_TICKET;
		news.ticket = &w->slot[ev->slot].report;
		news.limit_uw = w->slot[ev->slot].limit_uw;
		news.n_limits = w->slot[ev->slot].n_limits;
		agent_event(w, ev->node, &news);
		break;
	case EV_NOTIFY:
		agent_event(w, ev->node, &news);
		break;
	case EV_GRANT:
		news.kind = HR_AGENT_GRANT;
		news.grant = &w->slot[ev->slot].grant;
		if (n->agent_up)
			agent_event(w, ev->node, &news);
		break;
	case EV_SETTLE:
		if (w->now_ns >= n->settles_ns[ev->slot])
			n->eff_uw[ev->slot] = n->reg_uw[ev->slot];
		break;
	default:
		break;
	}
}

static bool carries_slot(int kind)
{
	return kind == EV_GUARD || kind == EV_TICKET || kind == EV_GRANT || kind == EV_REPORT ||
	       kind == EV_COMMITTED;
}

static void one_event(struct world *w, const struct hr_queue_event *ev)
{
	int64_t due = due_ns(w, ev);

	if (due > 0) {
		struct hr_queue_event later = *ev;

		later.at_ns = due;
		HR_CHECK(hr_queue_push(&w->queue, later));
		return;
	}
	switch (ev->kind) {
	case EV_CONTROLLER_TICK:
	case EV_REPORT:
	case EV_COMMITTED:
	case EV_DEPOSED_GONE:
		hr_world_controller_event(w, ev);
		break;
	case EV_FAULT:
	case EV_CALM:
	case EV_CALM_BUDGET:
	case EV_RESTART_GUARD:
	case EV_RESTART_AGENT:
	case EV_RESTART_CONTROLLER:
	case EV_HEAL:
	case EV_POWER_ON:
		hr_world_fault_event(w, ev);
		break;
	default:
		if (due == 0)
			node_event(w, ev);
	}
	if (carries_slot(ev->kind))
		hr_world_slot_free(w, ev->slot);
}

static void run(struct world *w)
{
	struct hr_queue_event ev;
	int64_t end_ns = w->conf.faults_ns + w->conf.calm_ns;

	while (!w->result->violated && hr_queue_pop(&w->queue, &ev) && ev.at_ns <= end_ns) {
		w->now_ns = ev.at_ns;
		w->result->events++;
		one_event(w, &ev);
		hr_check_all(w);
	}
	w->now_ns = end_ns;
	if (!w->result->violated)
		hr_check_end(w);
}

int hr_world_run(const struct hr_world_conf *conf, struct hr_world_result *ret)
{
	struct world *w = calloc(1, sizeof(*w));

	if (!w)
		return -ENOMEM;
	memset(ret, 0, sizeof(*ret));
	w->conf = *conf;
	w->result = ret;
	hr_rng_init(&w->rng, conf->seed);
	hr_queue_init(&w->queue, w->events, WORLD_EVENTS_MAX);
	for (int i = WORLD_SLOTS_MAX; i > 0; i--)
		w->free_slot[w->n_free++] = i - 1;
	w->c = &w->ctl[0];
	hr_world_begin(w);
	run(w);
	free(w);
	return 0;
}
