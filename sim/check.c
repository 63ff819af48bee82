/* SPDX-License-Identifier: Apache-2.0 */
/* See check.h. A checker that cannot fail is worthless: tests/sim/plants breaks each rule once. */
#include "sim/check.h"

#include <string.h>

#include "base/units.h"

/* Room for the guard's own reaction: two ticks, its writes, settling. */
#define LEASE_SLACK_NS (2 * WORLD_TICK_NS + WORLD_WRITE_NS + WORLD_SETTLE_NS)

static const struct birth *find_birth(const struct world_node *n, uint64_t incarnation,
				      uint64_t number)
{
	const struct birth *b = &n->birth[number % WORLD_BIRTHS];

	return b->incarnation == incarnation && b->n == number ? b : NULL;
}

/* Is the lease of this grant still running by the clock of the node? */
static bool alive(const struct world *w, const struct world_node *n, const struct hr_grant *g)
{
	const struct birth *b = find_birth(n, g->to.incarnation, g->echo_n);
	double age_ns = b ? (double)(w->now_ns - b->at_ns) * (1.0 + n->drift) : 1e30;

	return age_ns < (double)g->ttl_ns;
}

/* Could the guard, as it is or after what is under way, still accept this grant? */
static bool acceptable(const struct world *w, const struct world_node *n, const struct hr_grant *g)
{
	return n->powered && n->guard_up && !n->left && g->to.incarnation == n->disk_counter &&
	       hr_mark_compare(g->mark, n->accepted) > 0 && alive(w, n, g);
}

static int64_t grant_uw(const struct world_node *n, const struct hr_grant *g)
{
	return g->leave ? hr_guard_uncapped_uw(&n->guard) : g->cap_uw;
}

int64_t hr_check_possible_uw(const struct world *w, int node)
{
	const struct world_node *n = &w->node[node];
	int64_t possible_uw = hr_world_enforced_uw(n);

	if (n->guard_up && n->has_grant && alive(w, n, &n->in_force))
		possible_uw = hr_max_i64(possible_uw, grant_uw(n, &n->in_force));
	for (int i = 0; i < w->slots_used; i++) {
		const struct slot *s = &w->slot[i];
		const struct hr_grant *g = NULL;

		if (s->node != node)
			continue;
		if (s->kind == SLOT_GRANT)
			g = &s->grant;
		else if (s->kind == SLOT_GUARD && s->guard.kind == HR_GUARD_GRANT)
			g = &s->guard.grant;
		if (g && acceptable(w, n, g))
			possible_uw = hr_max_i64(possible_uw, grant_uw(n, g));
	}
	if (n->guard_up && n->guard.persisting > 0 && acceptable(w, n, &n->guard.pending))
		possible_uw = hr_max_i64(possible_uw, grant_uw(n, &n->guard.pending));
	return possible_uw;
}

/* Has a controller taken this node into the budget: is promise 1 about it? */
static bool counted(const struct world *w, int node)
{
	return w->node[node].counted;
}

/* Members are so from their first acknowledgement on, whatever a successor remembers. */
static void count(struct world *w, int node)
{
	const struct hr_controller_node *c = &w->cnode[node];
	bool member = c->state == HR_CONTROLLER_MEMBER || c->state == HR_CONTROLLER_LEAVING ||
		      c->state == HR_CONTROLLER_LEFT;

	if (member && c->ledger.ack_seq > 0)
		w->node[node].counted = true;
}

static int64_t charge_uw(const struct world *w, int node)
{
	return hr_ledger_charge_uw(&w->cnode[node].ledger, &w->controller.conf.rules,
				   hr_world_controller_now(w));
}

/* The greatest budget that grants still on their way may have been made under. */
static int64_t budget_reference_uw(const struct world *w)
{
	int64_t bound_ns = WORLD_TTL_NS + LEASE_SLACK_NS + 2 * WORLD_TICK_NS;

	if (w->now_ns < w->cut_at_ns + bound_ns)
		return hr_max_i64(w->budget_uw, w->budget_before_uw);
	return w->budget_uw;
}

void hr_check_all(struct world *w)
{
	int64_t enforced_sum_uw = 0, charged_sum_uw = 0;

	for (int i = 0; i < w->n_nodes; i++) {
		const struct world_node *n = &w->node[i];

		if (w->disk_has[i] && w->disk_row[i].state != HR_CONTROLLER_RELEASED) {
			/* A reboot is charged by the successor, not in the row. */
			int64_t durable_uw = hr_max_i64(w->disk_row[i].charge_uw,
							w->disk_row[i].boot_uw);
			int64_t possible_uw = hr_check_possible_uw(w, i);

			if (possible_uw > durable_uw)
				hr_world_violate(
				    w, "rule 4: node %d may draw %lld uW, durable are %lld", i,
				    (long long)possible_uw, (long long)durable_uw);
		}
		if (!w->controller_up)
			continue;
		count(w, i);
		if (!counted(w, i))
			continue;
		int64_t possible_uw = hr_check_possible_uw(w, i), charged_uw = charge_uw(w, i);

		if (possible_uw > charged_uw)
			hr_world_violate(w,
					 "rules 4, 6, 8, 9: node %d may draw %lld uW, charged %lld",
					 i, (long long)possible_uw, (long long)charged_uw);
		enforced_sum_uw += hr_world_enforced_uw(n);
		charged_sum_uw += charged_uw;
	}
	if (w->controller_up &&
	    enforced_sum_uw > hr_max_i64(budget_reference_uw(w), charged_sum_uw))
		hr_world_violate(w, "rule 1: limits sum to %lld uW, budget %lld, charged %lld",
				 (long long)enforced_sum_uw, (long long)budget_reference_uw(w),
				 (long long)charged_sum_uw);
}

void hr_check_send(struct world *w, int node, const struct hr_grant *g)
{
	const struct hr_controller_node *c = &w->cnode[node];
	int64_t cap_uw = grant_uw(&w->node[node], g);

	if (!w->disk_has[node] || w->disk_row[node].charge_uw < cap_uw)
		hr_world_violate(w, "rule 4: grant of %lld uW to node %d before it was durable",
				 (long long)cap_uw, node);
	if (charge_uw(w, node) < cap_uw)
		hr_world_violate(w, "rule 4: grant of %lld uW to node %d is not charged",
				 (long long)cap_uw, node);
	/* More than the node could draw anyway: then all that all may draw must fit. */
	int64_t before_uw = hr_check_possible_uw(w, node), sum_uw = 0;

	if (cap_uw <= before_uw || !counted(w, node))
		return;
	for (int i = 0; i < w->n_nodes; i++)
		if (counted(w, i))
			sum_uw += i == node ? cap_uw : hr_check_possible_uw(w, i);
	if (sum_uw > w->budget_uw && cap_uw > c->report.cap_uw)
		hr_world_violate(
		    w, "rule 3: grant of %lld uW to node %d while all may draw %lld of %lld",
		    (long long)cap_uw, node, (long long)sum_uw, (long long)w->budget_uw);
}

void hr_check_accept(struct world *w, int node, const struct hr_grant *g)
{
	const struct world_node *n = &w->node[node];

	if (g->to.incarnation != n->disk_counter || !find_birth(n, g->to.incarnation, g->echo_n))
		hr_world_violate(w, "rule 5: node %d took a grant for incarnation %llu in %llu",
				 node, (unsigned long long)g->to.incarnation,
				 (unsigned long long)n->disk_counter);
	if (hr_mark_compare(g->mark, n->accepted) <= 0)
		hr_world_violate(w, "rule 5: node %d took grant %llu.%llu after %llu.%llu", node,
				 (unsigned long long)g->mark.epoch, (unsigned long long)g->mark.seq,
				 (unsigned long long)n->accepted.epoch,
				 (unsigned long long)n->accepted.seq);
	if (!alive(w, n, g))
		hr_world_violate(w, "rule 6: node %d took a grant whose lease had ended", node);
}

int64_t hr_check_granted_uw(const struct world *w, int node)
{
	const struct world_node *n = &w->node[node];

	if (!n->has_grant || !alive(w, n, &n->in_force))
		return 0;
	return grant_uw(n, &n->in_force);
}

int64_t hr_check_kept_uw(const struct world *w, int node)
{
	const struct world_node *n = &w->node[node];
	int64_t floor_uw = hr_guard_floor_uw(&n->guard);

	return hr_min_i64(n->guard.granted_uw, hr_max_i64(n->guard.conf.safe_uw, floor_uw));
}

void hr_check_raise(struct world *w, int node, int64_t wall_after_uw, int64_t under_uw)
{
	const struct world_node *n = &w->node[node];
	int64_t kept_uw = hr_check_kept_uw(w, node);

	if (wall_after_uw <= hr_world_registers_uw(n) ||
	    wall_after_uw <= hr_guard_floor_uw(&n->guard))
		return;
	under_uw = hr_max_i64(under_uw, hr_check_granted_uw(w, node));
	if (wall_after_uw > under_uw && wall_after_uw > kept_uw)
		hr_world_violate(w, "rule 7: node %d raised to %lld uW without a live grant", node,
				 (long long)wall_after_uw);
}

void hr_check_lease(struct world *w, int node)
{
	const struct world_node *n = &w->node[node];

	if (!n->has_grant || n->left || n->in_force.leave)
		return;
	const struct birth *b = find_birth(n, n->in_force.to.incarnation, n->in_force.echo_n);
	double age_ns = b ? (double)(w->now_ns - b->at_ns) * (1.0 + n->drift) : 1e30;

	if (age_ns < (double)(n->in_force.ttl_ns + LEASE_SLACK_NS) ||
	    w->now_ns < n->paused_until_ns + LEASE_SLACK_NS)
		return;
	int64_t safe_uw = hr_max_i64(n->guard.conf.safe_uw, hr_guard_floor_uw(&n->guard));

	if (hr_world_enforced_uw(n) > safe_uw)
		hr_world_violate(w, "rule 7: node %d at %lld uW, its lease ended, safe cap %lld",
				 node, (long long)hr_world_enforced_uw(n), (long long)safe_uw);
}

void hr_check_end(struct world *w)
{
	int64_t charged_sum_uw = 0, need_sum_uw = 0;

	for (int i = 0; i < w->n_nodes; i++) {
		const struct hr_controller_node *c = &w->cnode[i];

		charged_sum_uw += charge_uw(w, i);
		if (c->state != HR_CONTROLLER_MEMBER) {
			hr_world_violate(w, "end: node %d is %s after the calm", i,
					 hr_controller_state_name(c->state));
			return;
		}
		int64_t held_uw = charge_uw(w, i) - hr_max_i64(c->report.cap_uw, c->last_uw);

		if (held_uw > HR_UW_PER_W && !w->conf.reserve_for_boot)
			hr_world_violate(w, "end: node %d holds %lld uW more than its cap for ever",
					 i, (long long)held_uw);
		need_sum_uw += w->leaf[c->leaf].need_uw;
	}
	if (charged_sum_uw > w->budget_uw)
		hr_world_violate(w, "end: charged %lld uW of a budget of %lld",
				 (long long)charged_sum_uw, (long long)w->budget_uw);
	int64_t could_uw = hr_min_i64(need_sum_uw, w->budget_uw);

	if (could_uw > 0)
		w->result->used = (double)charged_sum_uw / (double)could_uw;
}
