/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One round: limits as of now, charges as of now, the division, decreases out at once, increases
 * as far as there is room. What waits for room is given when acknowledgements free it.
 */
#include "base/units.h"
#include "core/controller_internal.h"

/* A share that moved by less than these is left as it is, or steady load would cause writes. */
#define SAME_UW HR_UW_PER_W
#define SAME_HEADROOM_PERMILLE 50
/* Given up beside a small decrease. */
#define RESERVE_UW (SAME_UW / 2)

/* How early an announced lowering begins: every lease under the old limit is over by then. */
static int64_t lead_ns(const struct hr_controller *c)
{
	const struct hr_ledger_rules *rules = &c->conf.rules;
	int64_t settle_ns = 0;

	if (c->conf.lead_ns > 0)
		return c->conf.lead_ns;
	for (int i = 0; i < c->n_nodes; i++)
		settle_ns = hr_max_i64(settle_ns, c->node[i].ledger.settle_ns);
	int64_t lease_ns = hr_add_sat(c->conf.ttl_ns,
				      hr_muldiv_ceil(c->conf.ttl_ns, rules->drift_ppm, 1000000));

	/* Limits are looked at once a round. */
	return hr_add_sat(lease_ns,
			  rules->tick_ns + rules->write_ns + settle_ns + c->conf.round_ns);
}

void hr_controller_round_limits(struct hr_controller *c, struct hr_now now)
{
	int64_t early_ns = lead_ns(c);

	for (int i = 0; i < c->n_budgets; i++) {
		struct hr_controller_budget *b = &c->budget[i];
		int64_t before_uw = c->tree->domain[b->domain].limit_uw;

		hr_schedule_step(&b->schedule, now);
		int64_t limit_uw = hr_schedule_limit_now(&b->schedule, &b->budget, now, early_ns);

		if (limit_uw == before_uw)
			continue;
		hr_tree_limit_set(c->tree, b->domain, limit_uw);
		c->why = limit_uw < before_uw ? HR_REASON_BUDGET_CUT : HR_REASON_BUDGET_RAISED;
		c->urgent = true;
	}
}

/* A node that cannot be told anything now is load that is there: fixed at its charge. */
static void fix(struct hr_tree_leaf *leaf, int64_t uw)
{
	leaf->floor_uw = uw;
	leaf->ceiling_uw = uw;
	leaf->need_uw = uw;
}

/* Charges grow with time (reboots) and fall with it (safe-after-lease); reachability ends. */
static void refresh(struct hr_controller *c, struct hr_now now)
{
	for (int i = 0; i < c->n_nodes; i++) {
		struct hr_controller_node *n = &c->node[i];
		struct hr_tree_leaf *leaf = &c->tree->leaf[n->leaf];
		int64_t charge_uw = hr_controller_charge(c, i, now);
		const struct hr_report *r = &n->report;

		n->live = hr_controller_reachable(c, i, now);
		switch (n->state) {
		case HR_CONTROLLER_MEMBER:
			if (!n->live) {
				fix(leaf, charge_uw);
				break;
			}
			hr_controller_describe(c, i);
			break;
		case HR_CONTROLLER_LEAVING:
			fix(leaf, hr_max_i64(charge_uw, r->uncapped_uw));
			break;
		case HR_CONTROLLER_REFUSED:
			/* Room is made for the safe cap that it wants to join with. */
			fix(leaf, hr_max_i64(charge_uw, r->safe_uw));
			break;
		case HR_CONTROLLER_UNKNOWN:
		case HR_CONTROLLER_RELEASED:
		case HR_CONTROLLER_LEFT:
		case HR_CONTROLLER_STATE__MAX:
			fix(leaf, charge_uw);
			break;
		}
	}
}

/*
 * Below a limit that is exceeded nobody rises: each may keep what it was told to have. Otherwise a
 * need that rose meanwhile would move the lowering to a node that must be told anew, and a lost
 * message to that one would put off the end of the excess by another lease (rule 12).
 */
static void hold_while_over(struct hr_controller *c)
{
	for (int i = 0; i < c->n_nodes; i++) {
		const struct hr_controller_node *n = &c->node[i];
		struct hr_tree_leaf *leaf = &c->tree->leaf[n->leaf];

		if (n->state != HR_CONTROLLER_MEMBER || !n->live ||
		    !hr_controller_over_above(c, n->leaf))
			continue;
		int64_t keeps_uw = hr_min_i64(leaf->charged_uw, n->target_uw);

		leaf->ceiling_uw = hr_clamp_i64(keeps_uw, leaf->floor_uw,
						hr_max_i64(leaf->ceiling_uw, leaf->floor_uw));
	}
}

/* Does anybody who could be served lack watts? Then small change is worth moving. */
static bool somebody_lacks(const struct hr_controller *c)
{
	for (int i = 0; i < c->n_nodes; i++) {
		const struct hr_controller_node *n = &c->node[i];
		const struct hr_tree_leaf *leaf = &c->tree->leaf[n->leaf];

		if (n->state == HR_CONTROLLER_MEMBER && n->live && leaf->share_uw < leaf->need_uw)
			return true;
	}
	return false;
}

static enum hr_reason why(const struct hr_controller *c, const struct hr_controller_node *n,
			  int64_t share_uw)
{
	const struct hr_tree_leaf *leaf = &c->tree->leaf[n->leaf];

	if (share_uw < n->target_uw) {
		if (c->why == HR_REASON_BUDGET_CUT)
			return HR_REASON_BUDGET_CUT;
		if (share_uw >= leaf->need_uw)
			return HR_REASON_NEED_FELL;
		return leaf->class == HR_CLASS_PRIMARY ? HR_REASON_NEED_ROSE : HR_REASON_PRIORITY;
	}
	return c->why == HR_REASON_BUDGET_RAISED ? HR_REASON_BUDGET_RAISED : HR_REASON_NEED_ROSE;
}

/* Takes over the new share as the target, unless it is the same for all that it matters. */
static void retarget(struct hr_controller *c, struct hr_controller_node *n, bool lacking)
{
	const struct hr_tree_leaf *leaf = &c->tree->leaf[n->leaf];
	int64_t share_uw = leaf->share_uw;
	int64_t moved_uw = share_uw - n->target_uw;
	bool satisfied = n->target_uw >= leaf->need_uw && share_uw >= leaf->need_uw;

	if (moved_uw >= 0 && moved_uw < SAME_UW)
		return;
	if (!hr_controller_over_above(c, n->leaf)) {
		int64_t headroom_uw = hr_muldiv_floor(n->target_uw, SAME_HEADROOM_PERMILLE, 1000);

		if (satisfied && moved_uw > -headroom_uw && moved_uw < headroom_uw &&
		    (!lacking || moved_uw > 0))
			return;
	}
	n->reason = why(c, n, share_uw);
	/* One that lacks watts gives up a little more than it must: the next small need of another
	   is then met without a write at every node. */
	if (moved_uw < 0 && moved_uw > -SAME_UW && share_uw < leaf->need_uw)
		share_uw = hr_max_i64(share_uw - RESERVE_UW, hr_min_i64(leaf->floor_uw, share_uw));
	n->target_uw = share_uw;
}

void hr_controller_round_give(struct hr_controller *c, struct hr_now now,
			      struct hr_controller_actions *out)
{
	c->give_at = (struct hr_now){INT64_MAX, INT64_MAX, INT64_MAX};
	for (int class = 0; class < HR_CLASS__MAX; class ++) {
		for (int i = 0; i < c->n_nodes; i++) {
			const struct hr_controller_node *n = &c->node[i];

			if (n->live && (int)c->tree->leaf[n->leaf].class == class &&
			    n->target_uw > n->last_uw &&
			    hr_controller_grant_cap_uw(c, i) > n->last_uw)
				hr_controller_grant_make(c, i, now, out);
		}
	}
}

void hr_controller_round_run(struct hr_controller *c, struct hr_now now,
			     struct hr_controller_actions *out)
{
	c->urgent = false;
	c->round_at = hr_now_add(now, c->conf.round_ns);
	c->rounds++;
	refresh(c, now);
	hold_while_over(c);
	hr_tree_allocate(c->tree, &c->scratch);
	bool lacking = somebody_lacks(c);

	for (int i = 0; i < c->n_nodes; i++) {
		struct hr_controller_node *n = &c->node[i];

		if (n->state != HR_CONTROLLER_MEMBER)
			continue;
		retarget(c, n, lacking);
		/* Decreases at once; a node that is told already is told again with its report. */
		if (n->live && n->target_uw < n->last_uw)
			hr_controller_grant_make(c, i, now, out);
	}
	for (int i = 0; i < c->n_nodes; i++)
		if (c->node[i].state == HR_CONTROLLER_LEAVING && c->node[i].live)
			hr_controller_grant_make(c, i, now, out);
	hr_controller_round_give(c, now, out);
	c->why = HR_REASON_NONE;
}
