/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of the controller share: a controller over one domain and a few nodes that report
 * and obey when a test says so. After every step the charges must fit what the test allows.
 */
#ifndef HR_TESTS_RACK_CASE_H
#define HR_TESTS_RACK_CASE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/attr.h"
#include "base/units.h"
#include "core/controller.h"

#define W HR_UW_PER_W
#define MS HR_NS_PER_MS
#define S HR_NS_PER_S
#define NODES 4
#define TTL (2 * S)
#define EPOCH 5

struct rack {
	struct hr_controller c;
	struct hr_controller_conf conf;
	struct hr_tree tree;
	struct hr_tree_domain domain[2];
	struct hr_tree_leaf leaf[NODES];
	struct hr_controller_node node[NODES];
	uint32_t order[NODES];
	int64_t have[NODES], want[NODES], allowed[NODES];
	struct hr_allocate_item item[NODES], feed_item[NODES];
	struct hr_allocate_active active[NODES];
	struct hr_tree_member member[NODES * HR_TREE_FEEDS_MAX];
	struct hr_controller_action action[4 * NODES + 16];
	struct hr_now now;
	struct hr_budget budget;

	struct hr_report says[NODES]; /* the next report of each */
	/* seen */
	struct hr_grant sent[NODES]; /* the newest to each */
	int sends[NODES];
	int total_sends, refused, outranked, persisted;
	enum hr_reason refusal, explained[NODES];
	uint64_t hears_epoch;
	/* the store */
	struct hr_controller_row row[NODES];
	bool has_row[NODES];
	bool slow_store; /* commits end when the test says so */
	uint64_t batch;
	bool may_be_over; /* the test expects charges above the limit */
};

static inline struct hr_uuid rack_uuid(int node)
{
	return (struct hr_uuid){{1, (uint8_t)(node + 1)}};
}

static inline int64_t rack_charged(const struct rack *r)
{
	return hr_tree_charged(&r->tree, 0);
}

static inline void rack_say(struct rack *r, const struct hr_controller_event *ev);

static inline void rack_commit(struct rack *r)
{
	const struct hr_controller_event ev = {.kind = HR_CONTROLLER_COMMITTED, .batch = r->batch};

	rack_say(r, &ev);
}

static inline void rack_see(struct rack *r, const struct hr_controller_action *a)
{
	switch (a->kind) {
	case HR_CONTROLLER_DO_PERSIST:
		r->row[a->node] = a->row;
		r->has_row[a->node] = true;
		r->persisted++;
		break;
	case HR_CONTROLLER_DO_COMMIT:
		r->batch = a->batch;
		break;
	case HR_CONTROLLER_DO_SEND:
		r->sent[a->node] = a->grant;
		r->sends[a->node]++;
		r->total_sends++;
		/* Rule 4: charged, and durable, before it is sent. */
		assert_true(r->leaf[r->node[a->node].leaf].charged_uw >= a->grant.cap_uw);
		assert_true(r->has_row[a->node] && r->row[a->node].charge_uw >= a->grant.cap_uw);
		break;
	case HR_CONTROLLER_DO_REFUSE:
		r->refused++;
		r->refusal = a->reason;
		break;
	case HR_CONTROLLER_DO_OUTRANKED:
		r->outranked++;
		r->hears_epoch = a->epoch;
		break;
	case HR_CONTROLLER_DO_EXPLAIN:
		r->explained[a->node] = a->reason;
		break;
	default:
		break;
	}
}

static inline void rack_say(struct rack *r, const struct hr_controller_event *ev)
{
	struct hr_controller_actions out = {.max = HR_ARRAY_LEN(r->action), .action = r->action};
	uint64_t batch = r->batch;

	hr_controller_step(&r->c, ev, r->now, &out);
	for (size_t i = 0; i < out.n; i++)
		rack_see(r, &out.action[i]);
	if (!r->may_be_over)
		assert_int_equal(hr_tree_over(&r->tree, 0), 0);
	if (r->batch != batch && !r->slow_store)
		rack_commit(r);
}

static inline void rack_event(struct rack *r, enum hr_controller_event_kind kind, int node)
{
	const struct hr_controller_event ev = {.kind = kind, .node = node};

	rack_say(r, &ev);
}

static inline void rack_pass(struct rack *r, int64_t ns)
{
	r->now = hr_now_add(r->now, ns);
	rack_event(r, HR_CONTROLLER_TICK, -1);
}

static inline void rack_budget(struct rack *r, int64_t uw)
{
	const struct hr_controller_event ev = {
	    .kind = HR_CONTROLLER_BUDGET, .domain = 0, .budget = &r->budget};

	r->budget.limit_uw = uw;
	r->budget.version++;
	rack_say(r, &ev);
}

static inline void rack_report(struct rack *r, int node)
{
	const struct hr_controller_event ev = {
	    .kind = HR_CONTROLLER_REPORT, .node = node, .report = &r->says[node]};

	r->says[node].n++;
	rack_say(r, &ev);
}

/* The node has done what the newest grant says, and says so. */
static inline void rack_obey(struct rack *r, int node)
{
	struct hr_report *says = &r->says[node];

	says->ack = says->heard = r->sent[node].mark;
	says->cap_uw = says->applied_uw = r->sent[node].cap_uw;
	says->left = r->sent[node].leave;
	rack_report(r, node);
}

/* Nodes obey and report, rounds pass, until nothing moves any more. */
static inline void rack_run(struct rack *r, int nodes)
{
	for (int round = 0; round < 12; round++) {
		for (int i = 0; i < nodes; i++)
			if (r->sends[i] > 0)
				rack_obey(r, i);
		rack_pass(r, 250 * MS);
	}
}

/* A node at this cap, that needs that much; floor 10 W, ceiling 100 W, safe cap 20 W. */
static inline void rack_node(struct rack *r, int node, int64_t cap_uw, int64_t need_uw)
{
	r->says[node] = (struct hr_report){.from = {rack_uuid(node), {{9}}, 1},
					   .oldest_n = 1,
					   .cap_uw = cap_uw,
					   .applied_uw = cap_uw,
					   .floor_uw = 10 * W,
					   .ceiling_uw = 100 * W,
					   .safe_uw = 20 * W,
					   .boot_uw = 120 * W,
					   .uncapped_uw = 120 * W,
					   .in_force_known = true,
					   .need_uw = need_uw,
					   .draw_uw = hr_min_i64(need_uw, cap_uw)};
}

/* A controller of epoch EPOCH; rows: what its store holds. The first node is primary. */
static inline void rack_start(struct rack *r, const struct hr_controller_row *const rows[NODES])
{
	struct hr_tree_scratch scratch = {.order = r->order,
					  .have = r->have,
					  .want = r->want,
					  .allowed = r->allowed,
					  .item = r->item,
					  .feed_item = r->feed_item,
					  .active = r->active,
					  .member = r->member};

	hr_tree_init(&r->tree, r->domain, HR_ARRAY_LEN(r->domain), r->leaf, NODES);
	assert_int_equal(
	    hr_tree_domain_add(&r->tree, "cluster", -1, false, HR_TREE_NO_LIMIT, 0, NULL), 0);
	hr_controller_init(&r->c, &r->conf, EPOCH, &r->tree, scratch, r->node, NODES, r->now);
	for (int i = 0; i < NODES; i++) {
		struct hr_tree_leaf like = {.feed = {{.domain = -1}, {.domain = -1}},
					    .class = i ? HR_CLASS_REPLICA : HR_CLASS_PRIMARY,
					    .weight = HR_WEIGHT_DEFAULT};
		struct hr_uuid uuid = rack_uuid(i);

		assert_int_equal(hr_controller_node_add(&r->c, &uuid, &like, 0,
							rows ? rows[i] : NULL, r->now, NULL),
				 i);
	}
}

static inline void rack_begin(struct rack *r, int64_t budget_uw)
{
	memset(r, 0, sizeof(*r));
	r->now = (struct hr_now){1000 * S, 1000 * S, 100000 * S};
	r->conf = (struct hr_controller_conf){.rules = {.min_reboot_ns = 100000 * S,
							.drift_ppm = 400,
							.tick_ns = 100 * MS,
							.write_ns = 50 * MS},
					      .round_ns = 250 * MS,
					      .ttl_ns = TTL,
					      .period_ns = S,
					      .lead_ns = 3 * S};
	rack_start(r, NULL);
	rack_budget(r, budget_uw);
	rack_pass(r, MS);
}

#endif
