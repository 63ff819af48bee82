/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The controller's host in a world: its store, its commits that take time, its messages. A crash
 * loses what was not committed; a successor starts from the rows, with a greater epoch.
 */
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "sim/check.h"
#include "sim/world_parts.h"

#define CONTROLLER_TICK_NS (25 * HR_NS_PER_MS)

static void commit(struct world *w, uint64_t batch)
{
	int slot = hr_world_slot(w, SLOT_ROWS, 0);

	HR_CHECK(slot >= 0);
	struct slot *s = &w->slot[slot];

	s->batch = batch;
	s->n_rows = w->n_rows;
	memcpy(s->row, w->rows_open, sizeof(s->row));
	memcpy(s->row_node, w->row_node, sizeof(s->row_node));
	w->n_rows = 0;
	/* Commits end in the order in which they began. */
	hr_world_push(w, 5 * HR_NS_PER_MS, EV_COMMITTED, 0, w->controller_life, slot);
}

static void persist(struct world *w, int node, const struct hr_controller_row *row)
{
	for (size_t i = 0; i < w->n_rows; i++) {
		if (w->row_node[i] == node) {
			w->rows_open[i] = *row;
			return;
		}
	}
	HR_CHECK(w->n_rows < HR_WORLD_NODES_MAX);
	w->row_node[w->n_rows] = node;
	w->rows_open[w->n_rows++] = *row;
}

static void outranked(struct world *w, uint64_t epoch)
{
	if (epoch < w->controller.epoch)
		return;
	w->disk_epoch = (epoch > w->disk_epoch ? epoch : w->disk_epoch) + 1;
	hr_controller_reign(&w->controller, w->disk_epoch, false, hr_world_controller_now(w));
}

void hr_world_controller_say(struct world *w, const struct hr_controller_event *ev)
{
	struct hr_controller_actions out = {.max = HR_ARRAY_LEN(w->c_action),
					    .action = w->c_action};

	if (!w->controller_up)
		return;
	hr_controller_step(&w->controller, ev, hr_world_controller_now(w), &out);
	for (size_t i = 0; i < out.n; i++) {
		const struct hr_controller_action *a = &out.action[i];

		switch (a->kind) {
		case HR_CONTROLLER_DO_PERSIST:
			persist(w, a->node, &a->row);
			break;
		case HR_CONTROLLER_DO_COMMIT:
			commit(w, a->batch);
			break;
		case HR_CONTROLLER_DO_SEND: {
			struct slot s = {.kind = SLOT_GRANT, .node = a->node, .grant = a->grant};

			w->result->grants++;
			hr_check_send(w, a->node, &a->grant);
			hr_world_network(w, &s, EV_GRANT);
			break;
		}
		case HR_CONTROLLER_DO_OUTRANKED:
			outranked(w, a->epoch);
			break;
		case HR_CONTROLLER_DO_REFUSE:
		case HR_CONTROLLER_DO_EXPLAIN:
			break;
		}
	}
}

void hr_world_controller_start(struct world *w)
{
	struct hr_now now = hr_world_controller_now(w);
	struct hr_controller_conf conf = {.rules = {.silent = w->conf.silent,
						    .reserve_for_boot = w->conf.reserve_for_boot,
						    .min_reboot_ns = WORLD_MIN_REBOOT_NS,
						    .drift_ppm = WORLD_DRIFT_PPM,
						    .tick_ns = WORLD_TICK_NS,
						    .write_ns = WORLD_WRITE_NS},
					  .round_ns = 250 * HR_NS_PER_MS,
					  .ttl_ns = WORLD_TTL_NS,
					  .period_ns = HR_NS_PER_S,
					  .lead_ns = WORLD_TTL_NS + HR_NS_PER_S};
	struct hr_tree_scratch scratch = {.order = w->s_order,
					  .have = w->s_have,
					  .want = w->s_want,
					  .allowed = w->s_allowed,
					  .item = w->s_item,
					  .feed_item = w->s_feed_item,
					  .active = w->s_active,
					  .member = w->s_member};

	if (w->controller_up)
		return;
	w->controller_up = true;
	w->controller_life++;
	w->disk_epoch++;
	w->n_rows = 0;
	hr_tree_init(&w->tree, w->domain, HR_ARRAY_LEN(w->domain), w->leaf, HR_WORLD_NODES_MAX);
	int root = hr_tree_domain_add(&w->tree, "cluster", -1, false, HR_TREE_NO_LIMIT, 0, NULL);

	for (int i = 0; i < w->n_nodes; i++)
		if (w->disk_has[i])
			conf.wait_ns = WORLD_TTL_NS;
	hr_controller_init(&w->controller, &conf, w->disk_epoch, &w->tree, scratch, w->cnode,
			   HR_WORLD_NODES_MAX, now);
	for (int i = 0; i < w->n_nodes; i++) {
		struct hr_tree_leaf like = {.domain = root,
					    .feed = {{.domain = -1}, {.domain = -1}},
					    .class = i % 2 ? HR_CLASS_REPLICA : HR_CLASS_PRIMARY,
					    .weight = HR_WEIGHT_DEFAULT};
		int index = hr_controller_node_add(&w->controller, &w->node[i].uuid, &like, 0,
						   w->disk_has[i] ? &w->disk_row[i] : NULL, now,
						   NULL);

		HR_CHECK(index == i);
	}
	struct hr_controller_event ev = {
	    .kind = HR_CONTROLLER_BUDGET, .domain = root, .budget = &w->disk_budget};

	hr_world_controller_say(w, &ev);
	hr_world_push(w, CONTROLLER_TICK_NS, EV_CONTROLLER_TICK, 0, w->controller_life, -1);
}

void hr_world_controller_event(struct world *w, const struct hr_queue_event *ev)
{
	struct hr_controller_event say = {.kind = HR_CONTROLLER_TICK};

	if (!w->controller_up)
		return;
	if (ev->kind == EV_REPORT) {
		say.kind = HR_CONTROLLER_REPORT;
		say.node = ev->node;
		say.report = &w->slot[ev->slot].report;
		w->result->reports++;
		hr_world_controller_say(w, &say);
		return;
	}
	if (ev->life != w->controller_life)
		return;
	if (ev->kind == EV_COMMITTED) {
		const struct slot *s = &w->slot[ev->slot];

		for (size_t i = 0; i < s->n_rows; i++) {
			w->disk_row[s->row_node[i]] = s->row[i];
			w->disk_has[s->row_node[i]] = true;
		}
		say.kind = HR_CONTROLLER_COMMITTED;
		say.batch = s->batch;
	} else {
		hr_world_push(w, CONTROLLER_TICK_NS, EV_CONTROLLER_TICK, 0, w->controller_life, -1);
	}
	hr_world_controller_say(w, &say);
}
