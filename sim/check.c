/* SPDX-License-Identifier: Apache-2.0 */
/* See check.h. A checker that cannot fail is worthless: tests/sim/plants breaks each rule once. */
#include "sim/check.h"

#include <string.h>

#include "base/units.h"
#include "sim/world_parts.h"

/* From a cut until the limits fit, if all can be reached (rule 12): the round, the way there. */
#define CUT_NS (250 * HR_NS_PER_MS + 2 * 20 * HR_NS_PER_MS + WORLD_WRITE_NS + WORLD_SETTLE_NS)
/* The same in the ledger, if silent nodes are believed after their lease (rules 6 and 12). */
#define LEDGER_NS \
	(500 * HR_NS_PER_MS + WORLD_TTL_NS + WORLD_TTL_NS * WORLD_DRIFT_PPM / 1000000 + \
	 WORLD_TICK_NS + WORLD_WRITE_NS + WORLD_SETTLE_NS + 100 * HR_NS_PER_MS)

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
	const struct hr_controller_node *c = &w->c->node[node];
	bool member = c->state == HR_CONTROLLER_MEMBER || c->state == HR_CONTROLLER_LEAVING ||
		      c->state == HR_CONTROLLER_LEFT;

	const struct world_node *n = &w->node[node];
	uint64_t before = n->released_epoch == w->c->core.epoch ? n->released_seq : 0;

	if (member && c->ledger.ack_seq > before)
		w->node[node].counted = true;
}

static int64_t charge_uw(const struct world *w, int node)
{
	return hr_ledger_charge_uw(&w->c->node[node].ledger, &w->c->core.conf.rules,
				   hr_world_controller_now(w, w->c));
}

static int64_t boot_charge_uw(const struct world *w, int node)
{
	return hr_ledger_boot_charge_uw(&w->c->node[node].ledger, &w->c->core.conf.rules,
					hr_world_controller_now(w, w->c));
}

/* What lying hardware allows beyond the charge is counted apart (rule 14). */
static int64_t honest_uw(const struct world *w, int node, int64_t uw)
{
	return w->node[node].lying ? hr_min_i64(uw, charge_uw(w, node)) : uw;
}

static int64_t excess_uw(const struct world *w, int node)
{
	int64_t uw = hr_world_enforced_uw(&w->node[node]);

	return w->node[node].lying ? hr_max_i64(uw - charge_uw(w, node), 0) : 0;
}

static void check_durable(struct world *w, int node)
{
	/* A reboot is charged by the successor, not in the row. */
	const struct hr_controller_row *row = &w->disk_row[node];
	int64_t durable_uw = hr_max_i64(row->charge_uw, row->boot_uw);

	if (!w->disk_has[node] || row->state == HR_CONTROLLER_RELEASED || w->node[node].lying_disk)
		return;
	int64_t possible_uw = hr_check_possible_uw(w, node);

	if (possible_uw > durable_uw)
		hr_world_violate(w, "rule 4: node %d may draw %lld uW, durable are %lld", node,
				 (long long)possible_uw, (long long)durable_uw);
}

/* Rules 1 and 12 for one domain: the limits of all below it, by the registers. */
static void check_domain(struct world *w, int domain)
{
	int64_t enforced_uw = 0, charged_uw = 0;
	bool reboots = false;
	const struct world_domain *d = &w->domain[domain];

	for (int i = 0; i < w->n_nodes; i++) {
		if (!counted(w, i))
			continue;
		int64_t uw = honest_uw(w, i, hr_world_enforced_uw(&w->node[i]));

		enforced_uw += hr_world_domains_part(w, domain, i, uw);
		charged_uw += hr_world_domains_part(w, domain, i, charge_uw(w, i));
		/* A long silence may hide a reboot; that is charged whatever was cut (rule 9). */
		reboots = reboots || (!w->conf.reserve_for_boot && boot_charge_uw(w, i) > 0);
	}
	int64_t reference_uw = hr_world_domains_reference(w, domain);

	if (enforced_uw > hr_max_i64(reference_uw, charged_uw))
		hr_world_violate(
		    w, "rule 1: limits below domain %d sum to %lld uW, budget %lld, charged %lld",
		    domain, (long long)enforced_uw, (long long)reference_uw, (long long)charged_uw);
	int64_t limit_uw = hr_world_domains_limit(w, domain);

	if (w->quiet_ns > 0 && w->now_ns >= w->quiet_ns && w->now_ns > d->changed_ns + CUT_NS &&
	    enforced_uw > limit_uw)
		hr_world_violate(w,
				 "rule 12: all can be reached, but limits below domain %d sum to "
				 "%lld uW, budget %lld",
				 domain, (long long)enforced_uw, (long long)limit_uw);
	bool believed = w->conf.silent == HR_SILENT_SAFE && !w->conf.crash_controller &&
			!w->conf.depose && !w->conf.leave;

	if (believed && !reboots && d->changed_ns > 0 && w->now_ns > d->changed_ns + LEDGER_NS &&
	    charged_uw > limit_uw)
		hr_world_violate(
		    w, "rule 12: charged %lld uW below domain %d long after the cut to %lld",
		    (long long)charged_uw, domain, (long long)limit_uw);
}

void hr_check_all(struct world *w)
{
	int64_t excess_sum_uw = 0;

	w->result->lie_overshoot_uj += hr_muldiv_floor(w->excess_uw, w->now_ns - w->excess_ns,
						       HR_NS_PER_S);
	w->excess_ns = w->now_ns;
	w->excess_uw = 0;
	for (int i = 0; i < w->n_nodes; i++) {
		check_durable(w, i);
		if (!w->c->up)
			continue;
		count(w, i);
		if (!counted(w, i))
			continue;
		int64_t possible_uw = honest_uw(w, i, hr_check_possible_uw(w, i));
		int64_t charged_uw = charge_uw(w, i);

		excess_sum_uw += excess_uw(w, i);
		if (possible_uw > charged_uw)
			hr_world_violate(w,
					 "rules 4, 6, 8, 9: node %d may draw %lld uW, charged %lld",
					 i, (long long)possible_uw, (long long)charged_uw);
	}
	w->excess_uw = excess_sum_uw;
	for (int d = 0; w->c->up && d < WORLD_DOMAINS; d++)
		if (w->domain[d].used)
			check_domain(w, d);
}

void hr_check_heard(struct world *w, int node, const struct hr_report *r)
{
	struct world_node *n = &w->node[node];
	const struct hr_ledger *l = &w->c->node[node].ledger;
	const struct birth *b = find_birth(n, r->from.incarnation, r->n);

	if (b && b->true_cap && n->raised_ns <= b->at_ns && l->heard_any && l->n == r->n &&
	    l->incarnation == r->from.incarnation)
		n->lying = false;
}

void hr_check_durable(struct world *w, int node)
{
	struct world_node *n = &w->node[node];

	if (!n->lying && w->disk_row[node].charge_uw >= hr_check_possible_uw(w, node))
		n->lying_disk = false;
}

void hr_check_admitted(struct world *w)
{
	struct world_ctl *c = w->c;
	bool news[HR_WORLD_NODES_MAX] = {false};

	for (int i = 0; i < w->n_nodes; i++) {
		bool outside = c->state[i] == HR_CONTROLLER_UNKNOWN ||
			       c->state[i] == HR_CONTROLLER_REFUSED ||
			       c->state[i] == HR_CONTROLLER_RELEASED;

		news[i] = outside && c->node[i].state == HR_CONTROLLER_MEMBER;
		c->state[i] = c->node[i].state;
	}
	for (int d = 0; d < WORLD_DOMAINS; d++) {
		int64_t sum_uw = 0, safe_uw = 0, own_uw = 0;

		for (int i = 0; i < w->n_nodes; i++) {
			if (c->state[i] == HR_CONTROLLER_MEMBER ||
			    c->state[i] == HR_CONTROLLER_LEAVING ||
			    c->state[i] == HR_CONTROLLER_LEFT) {
				sum_uw += hr_world_domains_part(w, d, i, c->leaf[i].charged_uw);
				safe_uw += hr_world_domains_part(w, d, i,
								 c->node[i].report.safe_uw);
			}
			if (news[i])
				own_uw += hr_world_domains_part(w, d, i, c->leaf[i].charged_uw);
		}
		int64_t limit_uw = hr_world_domains_limit(w, d);

		if (w->domain[d].used && own_uw > 0 && hr_max_i64(sum_uw, safe_uw) > limit_uw)
			hr_world_violate(w,
					 "rule 10: a node was admitted below domain %d: charged "
					 "%lld uW, safe caps %lld, budget %lld",
					 d, (long long)sum_uw, (long long)safe_uw,
					 (long long)limit_uw);
	}
}

/* More than the node could draw anyway: then all that all may draw must fit, in every domain. */
static void check_room(struct world *w, int node, int64_t cap_uw)
{
	for (int d = 0; d < WORLD_DOMAINS; d++) {
		int64_t sum_uw = 0, limit_uw = hr_world_domains_lowest(w, d);

		if (!w->domain[d].used || hr_world_domains_part(w, d, node, cap_uw) == 0)
			continue;
		for (int i = 0; i < w->n_nodes; i++) {
			int64_t uw = i == node ? cap_uw
					       : honest_uw(w, i, hr_check_possible_uw(w, i));

			if (counted(w, i))
				sum_uw += hr_world_domains_part(w, d, i, uw);
		}
		if (sum_uw > limit_uw)
			hr_world_violate(w,
					 "rule 3: grant of %lld uW to node %d while all below "
					 "domain %d may draw %lld of %lld",
					 (long long)cap_uw, node, d, (long long)sum_uw,
					 (long long)limit_uw);
	}
}

void hr_check_send(struct world *w, int node, const struct hr_grant *g)
{
	const struct hr_controller_node *c = &w->c->node[node];
	int64_t cap_uw = grant_uw(&w->node[node], g);

	if (!w->disk_has[node] || w->disk_row[node].charge_uw < cap_uw)
		hr_world_violate(w, "rule 4: grant of %lld uW to node %d before it was durable",
				 (long long)cap_uw, node);
	if (charge_uw(w, node) < cap_uw)
		hr_world_violate(w, "rule 4: grant of %lld uW to node %d is not charged",
				 (long long)cap_uw, node);
	if (cap_uw > hr_check_possible_uw(w, node) && cap_uw > c->report.cap_uw && counted(w, node))
		check_room(w, node, cap_uw);
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

/* Has nothing kept the guard from doing its work for so long? */
static bool undisturbed(const struct world *w, const struct world_node *n, int64_t span_ns)
{
	int64_t since_ns = hr_max_i64(n->paused_until_ns, n->asleep_until_ns);

	/* A guard that was stopped meanwhile had no time to find out. */
	if (n->lie_ended_ns > 0)
		since_ns = hr_max_i64(since_ns, n->lie_ended_ns) + 2 * WORLD_VERIFY_NS;
	return w->now_ns >= since_ns + span_ns;
}

void hr_check_raise(struct world *w, int node, int64_t wall_after_uw, int64_t under_uw)
{
	const struct world_node *n = &w->node[node];
	int64_t kept_uw = hr_check_kept_uw(w, node);

	/* A zone that lies may do so while another is raised on its word. */
	if (!undisturbed(w, n, 0) || wall_after_uw <= hr_world_registers_uw(n) ||
	    wall_after_uw <= hr_guard_floor_uw(&n->guard))
		return;
	under_uw = hr_max_i64(under_uw, hr_check_granted_uw(w, node));
	if (wall_after_uw > under_uw && wall_after_uw > kept_uw)
		hr_world_violate(w, "rule 7: node %d raised to %lld uW without a live grant", node,
				 (long long)wall_after_uw);
}

/* Rule 14: what the guard claims covers the registers, and an overwritten limit is put right. */
static void check_hardware(struct world *w, int node)
{
	struct world_node *n = &w->node[node];
	int64_t enforced_uw = hr_world_enforced_uw(n);
	int64_t claimed_uw = hr_guard_charged_uw(&n->guard);
	int64_t allowed_uw = hr_max_i64(n->guard.allowed_uw, hr_guard_floor_uw(&n->guard));
	bool moving = false;

	if (enforced_uw > claimed_uw)
		hr_world_violate(w, "rule 14: node %d at %lld uW, its guard claims %lld", node,
				 (long long)enforced_uw, (long long)claimed_uw);
	for (size_t z = 0; z < n->guard.n_zones; z++)
		moving = moving || n->guard.zone[z].busy || n->guard.zone[z].settling;
	if (n->overwritten && !moving) {
		n->overwritten = false;
		if (hr_world_registers_uw(n) > allowed_uw)
			hr_world_violate(
			    w, "rule 14: node %d was overwritten to %lld uW, and stays above %lld",
			    node, (long long)hr_world_registers_uw(n), (long long)allowed_uw);
	}
}

/* Rule 13: the tightest request is in force. */
static void check_client(struct world *w, int node)
{
	const struct world_node *n = &w->node[node];
	int64_t cap_uw = hr_max_i64(n->client_cap_uw, hr_guard_floor_uw(&n->guard));

	if (w->now_ns < n->client_set_ns + WORLD_SLACK_NS ||
	    w->now_ns >= n->client_ends_ns - WORLD_SETTLE_NS)
		return;
	if (hr_world_enforced_uw(n) > cap_uw)
		hr_world_violate(w, "rule 13: node %d at %lld uW, a client asks for %lld", node,
				 (long long)hr_world_enforced_uw(n), (long long)cap_uw);
}

void hr_check_lease(struct world *w, int node)
{
	const struct world_node *n = &w->node[node];

	if (n->left || n->guard.leaving || !undisturbed(w, n, WORLD_SLACK_NS))
		return;
	check_hardware(w, node);
	check_client(w, node);
	if (!n->has_grant || n->in_force.leave)
		return;
	const struct birth *b = find_birth(n, n->in_force.to.incarnation, n->in_force.echo_n);
	double age_ns = b ? (double)(w->now_ns - b->at_ns) * (1.0 + n->drift) : 1e30;

	if (age_ns < (double)(n->in_force.ttl_ns + WORLD_SLACK_NS))
		return;
	int64_t safe_uw = hr_max_i64(n->guard.conf.safe_uw, hr_guard_floor_uw(&n->guard));

	if (hr_world_enforced_uw(n) > safe_uw)
		hr_world_violate(w, "rule 7: node %d at %lld uW, its lease ended, safe cap %lld",
				 node, (long long)hr_world_enforced_uw(n), (long long)safe_uw);
}

static void check_end_domain(struct world *w, int domain)
{
	int64_t charged_uw = 0, limit_uw = hr_world_domains_limit(w, domain);

	for (int i = 0; i < w->n_nodes; i++)
		charged_uw += hr_world_domains_part(w, domain, i, charge_uw(w, i));
	if (charged_uw > limit_uw)
		hr_world_violate(w, "end: charged %lld uW below domain %d of a budget of %lld",
				 (long long)charged_uw, domain, (long long)limit_uw);
}

void hr_check_end(struct world *w)
{
	int64_t charged_sum_uw = 0, need_sum_uw = 0;

	for (int i = 0; i < w->n_nodes; i++) {
		const struct hr_controller_node *c = &w->c->node[i];

		charged_sum_uw += charge_uw(w, i);
		if (c->state != HR_CONTROLLER_MEMBER) {
			hr_world_violate(w, "end: node %d is %s after the calm", i,
					 hr_controller_state_name(c->state));
			return;
		}
		if (w->node[i].lying)
			hr_world_violate(w, "end: nobody knows what node %d allows itself", i);
		int64_t held_uw = charge_uw(w, i) - hr_max_i64(c->report.cap_uw, c->last_uw);

		if (held_uw > HR_UW_PER_W && !w->conf.reserve_for_boot)
			hr_world_violate(w, "end: node %d holds %lld uW more than its cap for ever",
					 i, (long long)held_uw);
		need_sum_uw += w->c->leaf[c->leaf].need_uw;
	}
	for (int d = 0; d < WORLD_DOMAINS; d++)
		if (w->domain[d].used)
			check_end_domain(w, d);
	int64_t could_uw = hr_min_i64(need_sum_uw, hr_world_domains_limit(w, 0));

	if (could_uw > 0)
		w->result->used = (double)charged_sum_uw / (double)could_uw;
}
