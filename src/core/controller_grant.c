/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the controller may send, and when: one grant at a time, in answer to the newest report of
 * a node, never adding to what is charged above any limit, never before its charge is durable.
 */
#include <string.h>

#include "base/units.h"
#include "core/controller_internal.h"

/* A smaller increase is not worth a write unless it is all that is wanted: room comes free node by
   node, and crumbs of it wait for each other. */
#define STEP_LEAST_UW HR_UW_PER_W

void hr_controller_grant_row(struct hr_controller *c, int node, struct hr_controller_actions *out)
{
	struct hr_controller_node *n = &c->node[node];
	struct hr_controller_action *a = hr_controller_act(out, HR_CONTROLLER_DO_PERSIST, node);
	const struct hr_report *r = &n->report;

	a->row = (struct hr_controller_row){
	    .node = n->uuid,
	    .state = n->state,
	    .charge_uw = c->tree->leaf[n->leaf].charged_uw,
	    .safe_uw = n->ledger.safe_uw,
	    .boot_uw = n->ledger.boot_uw,
	    .worst_uw = hr_max_i64(hr_max_i64(r->ceiling_uw, r->boot_uw), r->uncapped_uw),
	};
	n->durable_uw = a->row.charge_uw;
	if (!c->rows_open) {
		c->rows_open = true;
		c->batch++;
	}
}

/*
 * The cap that may be granted now. With a limit above exceeded, nothing beyond what the node has
 * acknowledged; otherwise as much of its target as has room, the charge being counted already.
 */
int64_t hr_controller_grant_cap_uw(const struct hr_controller *c, int node)
{
	const struct hr_controller_node *n = &c->node[node];
	int64_t charged_uw = c->tree->leaf[n->leaf].charged_uw;
	/* Of what it acknowledged, the part that it may have lost with its lease was given away. */
	int64_t has_uw = hr_min_i64(n->ledger.cap_uw, charged_uw);

	if (n->target_uw <= has_uw)
		return n->target_uw;
	if (hr_controller_over_above(c, n->leaf))
		return has_uw;
	int64_t most_uw = hr_add_sat(charged_uw, hr_tree_room(c->tree, n->leaf));
	int64_t cap_uw = hr_min_i64(n->target_uw, most_uw);

	if (c->unstored)
		cap_uw = hr_min_i64(cap_uw, n->durable_uw);
	int64_t least_uw = cap_uw < n->target_uw ? STEP_LEAST_UW : STEP_LEAST_UW / 2;

	return cap_uw < hr_add_sat(has_uw, least_uw) ? has_uw : cap_uw;
}

static void explain(struct hr_controller *c, int node, int64_t cap_uw,
		    struct hr_controller_actions *out)
{
	struct hr_controller_node *n = &c->node[node];

	if (cap_uw == n->last_uw)
		return;
	struct hr_controller_action *a = hr_controller_act(out, HR_CONTROLLER_DO_EXPLAIN, node);

	a->before_uw = n->last_uw;
	a->after_uw = cap_uw;
	a->reason = n->reason;
	n->last_uw = cap_uw;
}

static void send(struct hr_controller *c, int node, const struct hr_grant *g,
		 struct hr_controller_actions *out)
{
	c->grants++;
	hr_controller_act(out, HR_CONTROLLER_DO_SEND, node)->grant = *g;
}

void hr_controller_grant_make(struct hr_controller *c, int node, struct hr_now now,
			      struct hr_controller_actions *out)
{
	struct hr_controller_node *n = &c->node[node];

	if (!c->granting || n->holds || !hr_controller_reachable(c, node, now))
		return;
	/* Not even its admission is durable. */
	if (c->unstored && n->durable_uw < 0)
		return;
	if (n->state != HR_CONTROLLER_MEMBER && n->state != HR_CONTROLLER_LEAVING)
		return;

	struct hr_grant g = {
	    .to = n->report.from,
	    .echo_n = n->report.n,
	    .mark = {.epoch = c->epoch, .seq = n->ledger.last_seq + 1},
	    .cap_uw = hr_controller_grant_cap_uw(c, node),
	    .safe_uw = n->safe_conf_uw,
	    .ttl_ns = c->conf.ttl_ns,
	    .period_ns = c->conf.period_ns,
	    .budget_version = c->n_budgets > 0 ? c->budget[0].budget.version : 0,
	    .reason = n->reason,
	};
	if (c->unstored)
		g.cap_uw = hr_min_i64(g.cap_uw, n->durable_uw);
	if (n->state == HR_CONTROLLER_LEAVING && !c->unstored) {
		int64_t more_uw = n->report.uncapped_uw - c->tree->leaf[n->leaf].charged_uw;

		/* Not while a limit is exceeded, even if so much is charged already. */
		if (!hr_controller_over_above(c, n->leaf) &&
		    hr_tree_room(c->tree, n->leaf) >= more_uw) {
			g.leave = true;
			g.cap_uw = n->report.uncapped_uw;
			g.reason = HR_REASON_LEFT;
		}
	}
	g.cap_uw = hr_max_i64(g.cap_uw, 0);
	hr_ledger_open(&n->ledger, &g, &c->conf.rules, now);
	int64_t charge_uw = hr_controller_charge(c, node, now);

	explain(c, node, g.cap_uw, out);
	if (charge_uw <= n->durable_uw || c->unstored) {
		send(c, node, &g, out);
		return;
	}
	n->stored_uw = n->durable_uw;
	hr_controller_grant_row(c, node, out);
	n->holds = true;
	n->held = g;
	n->batch = c->batch;
	if (!n->linked) {
		n->linked = true;
		n->next_held = c->first_held;
		c->first_held = node;
	}
}

/* A grant that was not sent is not charged; what it would have changed is as it was. */
static void withdraw(struct hr_controller *c, int node, struct hr_now now)
{
	struct hr_controller_node *n = &c->node[node];

	hr_ledger_cancel(&n->ledger, n->held.mark.seq);
	n->last_uw = n->ledger.cap_uw;
	hr_controller_charge(c, node, now);
}

void hr_controller_grant_withdraw(struct hr_controller *c, struct hr_now now,
				  struct hr_controller_actions *out)
{
	while (c->first_held >= 0) {
		int node = c->first_held;
		struct hr_controller_node *n = &c->node[node];

		c->first_held = n->next_held;
		n->next_held = -1;
		n->linked = false;
		if (!n->holds)
			continue;
		n->holds = false;
		n->durable_uw = n->stored_uw;
		withdraw(c, node, now);
		hr_controller_grant_make(c, node, now, out);
	}
}

void hr_controller_grant_release(struct hr_controller *c, uint64_t batch, struct hr_now now,
				 struct hr_controller_actions *out)
{
	int *link = &c->first_held;

	while (*link >= 0) {
		int node = *link;
		struct hr_controller_node *n = &c->node[node];

		if (n->batch > batch) {
			link = &n->next_held;
			continue;
		}
		*link = n->next_held;
		n->next_held = -1;
		n->linked = false;
		if (!n->holds)
			continue;
		n->holds = false;
		/* The budget was cut meanwhile: what has not been sent is not given. */
		if (n->held.cap_uw > n->ledger.cap_uw && hr_controller_over_above(c, n->leaf)) {
			withdraw(c, node, now);
			hr_controller_grant_make(c, node, now, out);
			continue;
		}
		send(c, node, &n->held, out);
	}
}
