/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The controllers' hosts in a world: the store, commits that take time, messages. A crash loses
 * what was not committed; a successor starts from the rows, with a greater epoch. A controller
 * that was deposed goes on for a while, as one does that was stopped and runs again: the store is
 * closed to it, the network is not.
 */
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "sim/check.h"
#include "sim/world_parts.h"

#define CONTROLLER_TICK_NS (25 * HR_NS_PER_MS)

static int index_of(const struct world *w, const struct world_ctl *c)
{
	return (int)(c - w->ctl);
}

static void commit(struct world *w, struct world_ctl *c, uint64_t batch)
{
	int slot = hr_world_slot(w, SLOT_ROWS, 0);

	HR_CHECK(slot >= 0);
	struct slot *s = &w->slot[slot];

	s->batch = batch;
	s->n_rows = c->n_rows;
	memcpy(s->row, c->rows_open, sizeof(s->row));
	memcpy(s->row_node, c->row_node, sizeof(s->row_node));
	c->n_rows = 0;
	/* Commits end in the order in which they began. */
	hr_world_push(w, 5 * HR_NS_PER_MS, EV_COMMITTED, index_of(w, c), c->life, slot);
}

static void persist(struct world_ctl *c, int node, const struct hr_controller_row *row)
{
	for (size_t i = 0; i < c->n_rows; i++) {
		if (c->row_node[i] == node) {
			c->rows_open[i] = *row;
			return;
		}
	}
	HR_CHECK(c->n_rows < HR_WORLD_NODES_MAX);
	c->row_node[c->n_rows] = node;
	c->rows_open[c->n_rows++] = *row;
}

/* Only who reigns can take a greater epoch; one that was deposed gets none. */
static void outranked(struct world *w, struct world_ctl *c, uint64_t epoch)
{
	if (c != w->c || epoch < c->core.epoch)
		return;
	w->disk_epoch = (epoch > w->disk_epoch ? epoch : w->disk_epoch) + 1;
	hr_controller_reign(&c->core, w->disk_epoch, false, hr_world_controller_now(w, c));
}

static void send(struct world *w, const struct world_ctl *c, const struct hr_controller_action *a)
{
	struct slot s = {.kind = SLOT_GRANT, .node = a->node, .grant = a->grant};

	w->result->grants++;
	/* What a deposed one sends is judged where it arrives. */
	if (c == w->c)
		hr_check_send(w, a->node, &a->grant);
	hr_world_network(w, &s, EV_GRANT);
}

static void step(struct world *w, struct world_ctl *c, const struct hr_controller_event *ev)
{
	struct hr_controller_actions out = {.max = HR_ARRAY_LEN(c->action), .action = c->action};

	if (!c->up)
		return;
	hr_controller_step(&c->core, ev, hr_world_controller_now(w, c), &out);
	if (c == w->c)
		hr_check_admitted(w);
	for (size_t i = 0; i < out.n; i++) {
		const struct hr_controller_action *a = &out.action[i];

		switch (a->kind) {
		case HR_CONTROLLER_DO_PERSIST:
			persist(c, a->node, &a->row);
			break;
		case HR_CONTROLLER_DO_COMMIT:
			commit(w, c, a->batch);
			break;
		case HR_CONTROLLER_DO_SEND:
			send(w, c, a);
			break;
		case HR_CONTROLLER_DO_OUTRANKED:
			outranked(w, c, a->epoch);
			break;
		case HR_CONTROLLER_DO_REFUSE:
		case HR_CONTROLLER_DO_EXPLAIN:
			break;
		}
	}
}

void hr_world_controller_say(struct world *w, const struct hr_controller_event *ev)
{
	step(w, w->c, ev);
}

static void add_domains(struct world_ctl *c)
{
	static const char *const name[WORLD_DOMAINS] = {"cluster", "rack1", "rack2", "feed"};

	hr_tree_init(&c->tree, c->domain, HR_ARRAY_LEN(c->domain), c->leaf, HR_WORLD_NODES_MAX);
	for (int d = 0; d < WORLD_DOMAINS; d++) {
		bool top = d == 0 || d == WORLD_DOMAINS - 1;
		int at = hr_tree_domain_add(&c->tree, name[d], top ? -1 : 0, d > 0 && top,
					    HR_TREE_NO_LIMIT, 0, NULL);

		HR_CHECK(at == d);
	}
}

static void add_nodes(struct world *w, struct world_ctl *c, struct hr_now now)
{
	for (int i = 0; i < w->n_nodes; i++) {
		const struct world_node *n = &w->node[i];
		struct hr_tree_leaf like = {.domain = n->rack,
					    .feed = {{.domain = -1}, {.domain = -1}},
					    .class = i % 2 ? HR_CLASS_REPLICA : HR_CLASS_PRIMARY,
					    .weight = HR_WEIGHT_DEFAULT};

		if (n->fed_permille > 0)
			like.feed[0] = (struct hr_tree_feed){.domain = WORLD_DOMAINS - 1,
							     .share_permille = n->fed_permille};
		int index = hr_controller_node_add(&c->core, &n->uuid, &like, 0,
						   w->disk_has[i] ? &w->disk_row[i] : NULL, now,
						   NULL);

		HR_CHECK(index == i);
		c->state[i] = c->node[i].state;
	}
}

void hr_world_controller_start(struct world *w)
{
	struct world_ctl *c = w->c;
	struct hr_now now = hr_world_controller_now(w, c);
	struct hr_controller_conf conf = {.rules = {.silent = w->conf.silent,
						    .reserve_for_boot = w->conf.reserve_for_boot,
						    .min_reboot_ns = WORLD_MIN_REBOOT_NS,
						    .drift_ppm = WORLD_DRIFT_PPM,
						    .tick_ns = WORLD_TICK_NS,
						    .write_ns = WORLD_WRITE_NS},
					  .round_ns = 250 * HR_NS_PER_MS,
					  .ttl_ns = WORLD_TTL_NS,
					  .period_ns = HR_NS_PER_S};
	struct hr_tree_scratch scratch = {.order = c->s_order,
					  .have = c->s_have,
					  .want = c->s_want,
					  .allowed = c->s_allowed,
					  .item = c->s_item,
					  .feed_item = c->s_feed_item,
					  .active = c->s_active,
					  .member = c->s_member};

	if (c->up)
		return;
	c->up = true;
	c->life++;
	c->paused_until_ns = 0;
	w->disk_epoch++;
	c->n_rows = 0;
	for (int i = 0; i < w->n_nodes; i++) {
		if (w->disk_has[i])
			conf.wait_ns = WORLD_TTL_NS;
		/* What only the one before it had been told is news again. */
		w->node[i].lying = w->node[i].lying || w->node[i].lying_disk;
	}
	add_domains(c);
	hr_controller_init(&c->core, &conf, w->disk_epoch, &c->tree, scratch, c->node,
			   HR_WORLD_NODES_MAX, now);
	add_nodes(w, c, now);
	for (int d = 0; d < WORLD_DOMAINS; d++) {
		struct hr_controller_event ev = {
		    .kind = HR_CONTROLLER_BUDGET, .domain = d, .budget = &w->domain[d].budget};

		if (w->domain[d].used)
			hr_world_controller_say(w, &ev);
	}
	hr_world_push(w, CONTROLLER_TICK_NS, EV_CONTROLLER_TICK, index_of(w, c), c->life, -1);
}

void hr_world_controller_stop(struct world *w)
{
	w->c->up = false;
	w->c->life++;
}

void hr_world_controller_depose(struct world *w)
{
	struct world_ctl *old = w->c;

	if (!old->up)
		return;
	hr_world_push(w, hr_world_random_ns(w, 0, 6 * HR_NS_PER_S), EV_DEPOSED_GONE,
		      index_of(w, old), old->life, -1);
	w->c = &w->ctl[1 - index_of(w, old)];
	/* At most one that was deposed is left. */
	hr_world_controller_stop(w);
	hr_world_controller_start(w);
}

/* Rows count only if nobody with a greater epoch has opened the store since. */
static void committed(struct world *w, struct world_ctl *c, const struct slot *s)
{
	struct hr_controller_event say = {.kind = HR_CONTROLLER_COMMITTED, .batch = s->batch};

	if (c->core.epoch < w->disk_epoch)
		return;
	for (size_t i = 0; i < s->n_rows; i++) {
		int node = s->row_node[i];

		w->disk_row[node] = s->row[i];
		w->disk_has[node] = true;
		hr_check_durable(w, node);
	}
	step(w, c, &say);
}

static void report(struct world *w, const struct hr_queue_event *ev)
{
	const struct hr_report *r = &w->slot[ev->slot].report;
	struct world_ctl *old = &w->ctl[1 - index_of(w, w->c)];
	struct hr_controller_event say = {
	    .kind = HR_CONTROLLER_REPORT, .node = ev->node, .report = r};

	if (old->up && hr_rng_chance(&w->rng, 0.5))
		step(w, old, &say);
	if (!w->c->up)
		return;
	w->result->reports++;
	hr_world_controller_say(w, &say);
	hr_check_heard(w, ev->node, r);
}

void hr_world_controller_event(struct world *w, const struct hr_queue_event *ev)
{
	struct hr_controller_event say = {.kind = HR_CONTROLLER_TICK};

	if (ev->kind == EV_REPORT) {
		report(w, ev);
		return;
	}
	struct world_ctl *c = &w->ctl[ev->node];

	if (!c->up || ev->life != c->life)
		return;
	switch (ev->kind) {
	case EV_COMMITTED:
		committed(w, c, &w->slot[ev->slot]);
		break;
	case EV_DEPOSED_GONE:
		c->up = c == w->c;
		break;
	default:
		hr_world_push(w, CONTROLLER_TICK_NS, EV_CONTROLLER_TICK, ev->node, c->life, -1);
		step(w, c, &say);
		break;
	}
}
