/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The controller's events: what a report, a tick, an operator's word or a finished commit does to
 * the ledger. How watts are divided is in controller_round.c, what may be sent in
 * controller_grant.c.
 */
#include "core/controller.h"

#include <errno.h>
#include <string.h>

#include "base/units.h"
#include "core/controller_internal.h"

/* Freed watts are given after this, so that acknowledgements that come together are one pass. */
#define GIVE_DELAY_NS (5 * HR_NS_PER_MS)
/* Lowered charges are made durable this often; only raised ones are urgent. */
#define FLUSH_NS (10 * HR_NS_PER_S)
#define EPOCH_LEAP_MOST (UINT64_C(1) << 32)
/* A hungry node asks for this much of its cap: 20 W to 200 W in six rounds. */
#define HUNGRY_STEP_PERMILLE 1500

static const struct hr_now never = {INT64_MAX, INT64_MAX, INT64_MAX};

const char *hr_controller_state_name(enum hr_controller_state s)
{
	switch (s) {
	case HR_CONTROLLER_UNKNOWN:
		return "unknown";
	case HR_CONTROLLER_REFUSED:
		return "refused";
	case HR_CONTROLLER_MEMBER:
		return "member";
	case HR_CONTROLLER_LEAVING:
		return "leaving";
	case HR_CONTROLLER_LEFT:
		return "left";
	case HR_CONTROLLER_RELEASED:
		return "released";
	case HR_CONTROLLER_STATE__MAX:
		break;
	}
	return "invalid";
}

struct hr_controller_action *hr_controller_act(struct hr_controller_actions *out,
					       enum hr_controller_action_kind kind, int node)
{
	HR_CHECK(out->n < out->max);
	struct hr_controller_action *a = &out->action[out->n++];

	memset(a, 0, sizeof(*a));
	a->kind = kind;
	a->node = node;
	return a;
}

void hr_controller_init(struct hr_controller *c, const struct hr_controller_conf *conf,
			uint64_t epoch, struct hr_tree *tree, struct hr_tree_scratch scratch,
			struct hr_controller_node *nodes, int nodes_max, struct hr_now now)
{
	memset(c, 0, sizeof(*c));
	c->conf = *conf;
	/* Charges grow at rounds; none may be missing in between. */
	c->conf.rules.min_reboot_ns = hr_max_i64(conf->rules.min_reboot_ns - conf->round_ns, 0);
	c->epoch = epoch;
	c->reign_began = now;
	c->tree = tree;
	c->scratch = scratch;
	c->node = nodes;
	c->nodes_max = nodes_max;
	c->round_at = now;
	c->give_at = never;
	c->flush_at = hr_now_add(now, FLUSH_NS);
	c->first_held = -1;
}

int hr_controller_node_add(struct hr_controller *c, const struct hr_uuid *uuid,
			   const struct hr_tree_leaf *like, int64_t safe_conf_uw,
			   const struct hr_controller_row *row, struct hr_now now,
			   struct hr_err *reterr)
{
	if (c->n_nodes == c->nodes_max)
		return hr_err_set(reterr, -ENOSPC, "the controller keeps at most %d nodes",
				  c->nodes_max);
	int leaf = hr_tree_leaf_add(c->tree, like, reterr);

	if (leaf < 0)
		return leaf;
	int index = c->n_nodes++;
	struct hr_controller_node *n = &c->node[index];

	memset(n, 0, sizeof(*n));
	n->uuid = *uuid;
	n->leaf = leaf;
	n->safe_conf_uw = safe_conf_uw;
	n->floor_conf_uw = like->floor_uw;
	n->ceiling_conf_uw = like->ceiling_uw;
	n->durable_uw = -1;
	n->next_held = -1;
	n->state = HR_CONTROLLER_UNKNOWN;
	if (row) {
		n->state = row->state == HR_CONTROLLER_REFUSED ? HR_CONTROLLER_UNKNOWN : row->state;
		n->durable_uw = row->charge_uw;
		hr_ledger_init(&n->ledger, row->charge_uw, row->safe_uw, row->boot_uw, now);
	} else {
		hr_ledger_init(&n->ledger, 0, 0, 0, now);
	}
	hr_controller_charge(c, index, now);
	return index;
}

/* The most a node can draw, as far as anybody knows. */
static int64_t worst_uw(const struct hr_controller_node *n)
{
	const struct hr_report *r = &n->report;

	return hr_max_i64(hr_max_i64(r->ceiling_uw, r->boot_uw),
			  hr_max_i64(r->uncapped_uw, n->durable_uw));
}

void hr_controller_reign(struct hr_controller *c, uint64_t epoch, bool proven, struct hr_now now)
{
	HR_CHECK(epoch > c->epoch);
	c->epoch = epoch;
	c->reign_began = now;
	c->granting = false;
	c->unproven = !proven;
	c->first_held = -1;
	c->round_at = now;
	c->give_at = never;
	for (int i = 0; i < c->n_nodes; i++) {
		struct hr_controller_node *n = &c->node[i];
		int64_t base_uw = hr_ledger_charge_uw(&n->ledger, &c->conf.rules, now);

		n->holds = false;
		n->linked = false;
		n->live = false;
		if (n->state == HR_CONTROLLER_REFUSED)
			n->state = HR_CONTROLLER_UNKNOWN;
		if (n->state == HR_CONTROLLER_UNKNOWN || n->state == HR_CONTROLLER_RELEASED)
			base_uw = 0;
		else if (!proven)
			base_uw = hr_max_i64(base_uw, worst_uw(n));
		hr_ledger_init(&n->ledger, base_uw, n->ledger.safe_uw, n->ledger.boot_uw, now);
		hr_controller_charge(c, i, now);
	}
}

int hr_controller_budget_check(const struct hr_controller *c, int domain,
			       const struct hr_budget *budget, struct hr_err *reterr)
{
	return hr_tree_limit_check(c->tree, domain, hr_budget_lowest_uw(budget), NULL, reterr);
}

/* An unadmitted node counts as load that is not managed: what it says that it runs under. */
int64_t hr_controller_charge(struct hr_controller *c, int node, struct hr_now now)
{
	struct hr_controller_node *n = &c->node[node];
	int64_t charge_uw = hr_ledger_charge_uw(&n->ledger, &c->conf.rules, now);

	switch (n->state) {
	case HR_CONTROLLER_UNKNOWN:
	case HR_CONTROLLER_RELEASED:
		charge_uw = 0;
		break;
	case HR_CONTROLLER_REFUSED:
		charge_uw = n->report.cap_uw;
		break;
	case HR_CONTROLLER_MEMBER:
	case HR_CONTROLLER_LEAVING:
	case HR_CONTROLLER_LEFT:
	case HR_CONTROLLER_STATE__MAX:
		break;
	}
	hr_tree_charge_set(c->tree, n->leaf, charge_uw);
	return charge_uw;
}

bool hr_controller_reachable(const struct hr_controller *c, int node, struct hr_now now)
{
	return hr_ledger_reachable(&c->node[node].ledger, c->conf.ttl_ns, now);
}

bool hr_controller_over_above(const struct hr_controller *c, int leaf)
{
	const struct hr_tree_leaf *l = &c->tree->leaf[leaf];

	for (int d = l->domain; d >= 0; d = c->tree->domain[d].parent)
		if (hr_tree_over(c->tree, d) > 0)
			return true;
	for (size_t i = 0; i < HR_TREE_FEEDS_MAX; i++)
		if (l->feed[i].domain >= 0 && hr_tree_over(c->tree, l->feed[i].domain) > 0)
			return true;
	return false;
}

/*
 * May the node be admitted: does its safe cap fit beside what the others are charged, in every
 * domain above it, and beside their safe caps under the lowest budget to come?
 */
static bool admissible(struct hr_controller *c, int node)
{
	struct hr_controller_node *n = &c->node[node];
	int64_t own_uw = c->tree->leaf[n->leaf].charged_uw;
	int64_t need_uw = hr_max_i64(n->report.cap_uw, n->report.safe_uw);

	if (c->conf.rules.reserve_for_boot)
		need_uw = hr_max_i64(need_uw, n->report.boot_uw);
	hr_tree_charge_set(c->tree, n->leaf, 0);
	bool fits = !hr_controller_over_above(c, n->leaf) &&
		    hr_tree_room(c->tree, n->leaf) >= need_uw;
	hr_tree_charge_set(c->tree, n->leaf, own_uw);
	for (int i = 0; fits && i < c->n_budgets; i++)
		fits = hr_controller_budget_check(c, c->budget[i].domain, &c->budget[i].budget,
						  NULL) == 0;
	return fits;
}

void hr_controller_describe(struct hr_controller *c, int node)
{
	struct hr_controller_node *n = &c->node[node];
	struct hr_tree_leaf *leaf = &c->tree->leaf[n->leaf];
	const struct hr_report *r = &n->report;

	int64_t ceiling_uw = r->ceiling_uw;

	/* The roster may narrow what the hardware allows, never widen it. */
	if (n->ceiling_conf_uw > 0)
		ceiling_uw = hr_min_i64(ceiling_uw, n->ceiling_conf_uw);
	leaf->ceiling_uw = hr_max_i64(ceiling_uw, r->floor_uw);
	leaf->floor_uw = hr_clamp_i64(n->floor_conf_uw, r->floor_uw, leaf->ceiling_uw);
	leaf->safe_uw = hr_max_i64(r->safe_uw, n->safe_conf_uw);
	/* A node whose draw cannot be read keeps the need it had (rule 15). */
	if (r->draw_quality == HR_QUALITY_UNREADABLE)
		return;
	/* Demand above the cap is unknown: asked for in steps, so that noise that looks like
	   hunger for a moment does not take a full share from those who are hungry for long. */
	int64_t step_uw = hr_muldiv_floor(r->cap_uw, HUNGRY_STEP_PERMILLE, 1000);

	leaf->need_uw = r->hungry ? hr_min_i64(leaf->ceiling_uw, hr_max_i64(step_uw, r->need_uw))
				  : r->need_uw;
}

/* Moves the node to another state if what it reports calls for it; says whether to answer. */
static bool follow_state(struct hr_controller *c, int node, struct hr_controller_actions *out)
{
	struct hr_controller_node *n = &c->node[node];

	switch (n->state) {
	case HR_CONTROLLER_UNKNOWN:
	case HR_CONTROLLER_RELEASED:
	case HR_CONTROLLER_REFUSED:
		if (n->report.left || !admissible(c, node)) {
			n->state = HR_CONTROLLER_REFUSED;
			n->refusals++;
			c->refused++;
			hr_controller_act(out, HR_CONTROLLER_DO_REFUSE, node)
			    ->reason = n->report.left ? HR_REASON_LEFT : HR_REASON_NO_ROOM;
			/* Its safe cap does not count among those of the members. */
			c->tree->leaf[n->leaf].safe_uw = 0;
			return false;
		}
		n->state = HR_CONTROLLER_MEMBER;
		return true;
	case HR_CONTROLLER_MEMBER:
	case HR_CONTROLLER_LEAVING:
		if (n->report.left) {
			n->state = HR_CONTROLLER_LEFT;
			hr_controller_grant_row(c, node, out);
		}
		return !n->report.left;
	case HR_CONTROLLER_LEFT:
		/* A guard started again: it caps itself and takes part. */
		if (!n->report.left)
			n->state = HR_CONTROLLER_MEMBER;
		return !n->report.left;
	case HR_CONTROLLER_STATE__MAX:
		break;
	}
	return false;
}

static void outranked(struct hr_controller *c, int node, uint64_t epoch,
		      struct hr_controller_actions *out)
{
	c->outranked++;
	hr_controller_act(out, HR_CONTROLLER_DO_OUTRANKED, node)->epoch = epoch;
}

static void on_report(struct hr_controller *c, int node, const struct hr_report *r,
		      struct hr_now now, struct hr_controller_actions *out)
{
	struct hr_controller_node *n = &c->node[node];

	c->reports++;
	if (hr_uuid_compare(&r->from.node, &n->uuid) != 0 || hr_report_validate(r, NULL) < 0) {
		n->refusals++;
		n->invalid++;
		c->reports_invalid++;
		return;
	}
	/* Another reign, or grants of this one that we do not remember: ours is not the newest. */
	uint64_t epoch = r->heard.epoch > r->ack.epoch ? r->heard.epoch : r->ack.epoch;

	/* No reign is that far ahead: a node that lies must not use up the epochs there are. */
	if (epoch > c->epoch && epoch - c->epoch > EPOCH_LEAP_MOST) {
		n->refusals++;
		return;
	}
	if (epoch > c->epoch || (r->heard.epoch == c->epoch && r->heard.seq > n->ledger.last_seq)) {
		outranked(c, node, epoch, out);
		return;
	}
	int64_t before_uw = c->tree->leaf[n->leaf].charged_uw;

	if (hr_ledger_report(&n->ledger, r, c->epoch, &c->conf.rules, now) < 0) {
		c->reports_old++;
		return;
	}
	n->report = *r;
	hr_controller_describe(c, node);
	bool answer = follow_state(c, node, out);
	int64_t after_uw = hr_controller_charge(c, node, now);

	if (n->ledger.n_open == 0)
		n->last_uw = r->cap_uw;
	if (!n->live) {
		/* It took no part in the last division: until the next it keeps what it has, or
		   its safe cap while a limit is exceeded. */
		n->live = true;
		n->target_uw = hr_controller_over_above(c, n->leaf)
				   ? hr_min_i64(r->cap_uw, r->safe_uw)
				   : r->cap_uw;
	}
	if (after_uw < before_uw && c->give_at.raw_ns == INT64_MAX)
		c->give_at = hr_now_add(now, GIVE_DELAY_NS);
	if (answer)
		hr_controller_grant_make(c, node, now, out);
}

static void on_budget(struct hr_controller *c, int domain, const struct hr_budget *budget,
		      struct hr_now now)
{
	struct hr_controller_budget *b = NULL;

	for (int i = 0; i < c->n_budgets; i++)
		if (c->budget[i].domain == domain)
			b = &c->budget[i];
	if (!b) {
		HR_CHECK(c->n_budgets < HR_CONTROLLER_BUDGETS_MAX);
		b = &c->budget[c->n_budgets++];
		b->domain = domain;
		hr_schedule_init(&b->schedule);
	}
	b->budget = *budget;
	hr_controller_round_limits(c, now);
	c->urgent = true;
}

static void on_release(struct hr_controller *c, int node, struct hr_now now,
		       struct hr_controller_actions *out)
{
	struct hr_controller_node *n = &c->node[node];

	n->state = HR_CONTROLLER_RELEASED;
	n->live = false;
	n->holds = false;
	hr_ledger_release(&n->ledger);
	hr_controller_charge(c, node, now);
	hr_controller_grant_row(c, node, out);
	c->give_at = now;
}

/* Lowered charges, once in a while; a charge too high in the ledger is safe, only wasteful. */
static void flush(struct hr_controller *c, struct hr_now now, struct hr_controller_actions *out)
{
	if (!hr_now_past_either(now, c->flush_at))
		return;
	c->flush_at = hr_now_add(now, FLUSH_NS);
	for (int i = 0; i < c->n_nodes; i++) {
		const struct hr_controller_node *n = &c->node[i];

		if (n->durable_uw > c->tree->leaf[n->leaf].charged_uw && !n->holds)
			hr_controller_grant_row(c, i, out);
	}
}

static void on_tick(struct hr_controller *c, struct hr_now now, struct hr_controller_actions *out)
{
	if (!c->granting && hr_now_past_both(now, hr_now_add(c->reign_began, c->conf.wait_ns))) {
		c->granting = true;
		c->urgent = true;
	}
	if (!c->urgent && hr_now_past_either(now, c->give_at))
		hr_controller_round_give(c, now, out);
	flush(c, now, out);
}

/* A crash must not bring back the charges of a ledger that was found not to be the newest. */
static void persist_raised(struct hr_controller *c, struct hr_controller_actions *out)
{
	c->unproven = false;
	for (int i = 0; i < c->n_nodes; i++)
		if (c->tree->leaf[c->node[i].leaf].charged_uw > c->node[i].durable_uw &&
		    c->node[i].state != HR_CONTROLLER_UNKNOWN &&
		    c->node[i].state != HR_CONTROLLER_REFUSED)
			hr_controller_grant_row(c, i, out);
}

/*
 * A round is due: whatever the event is, it meets the limits and charges of now, not those of
 * before a pause of the controller.
 */
static void catch_up(struct hr_controller *c, struct hr_now now)
{
	if (!hr_now_past_either(now, c->round_at))
		return;
	hr_controller_round_limits(c, now);
	for (int i = 0; i < c->n_nodes; i++)
		hr_controller_charge(c, i, now);
	c->urgent = true;
}

void hr_controller_step(struct hr_controller *c, const struct hr_controller_event *ev,
			struct hr_now now, struct hr_controller_actions *out)
{
	bool about_node = ev->kind == HR_CONTROLLER_REPORT || ev->kind == HR_CONTROLLER_LEAVE ||
			  ev->kind == HR_CONTROLLER_STAY || ev->kind == HR_CONTROLLER_RELEASE;
	HR_CHECK(!about_node || (ev->node >= 0 && ev->node < c->n_nodes));
	struct hr_controller_node *n = about_node ? &c->node[ev->node] : NULL;

	catch_up(c, now);
	switch (ev->kind) {
	case HR_CONTROLLER_TICK:
		on_tick(c, now, out);
		break;
	case HR_CONTROLLER_REPORT:
		on_report(c, ev->node, ev->report, now, out);
		break;
	case HR_CONTROLLER_COMMITTED:
		c->urgent = c->urgent || c->unstored;
		c->unstored = false;
		hr_controller_grant_release(c, ev->batch, now, out);
		break;
	case HR_CONTROLLER_UNSTORED:
		c->unstored = true;
		hr_controller_grant_withdraw(c, now, out);
		break;
	case HR_CONTROLLER_BUDGET:
		on_budget(c, ev->domain, ev->budget, now);
		break;
	case HR_CONTROLLER_LEAVE:
		if (n->state == HR_CONTROLLER_MEMBER)
			n->state = HR_CONTROLLER_LEAVING;
		c->urgent = true;
		break;
	case HR_CONTROLLER_STAY:
		if (n->state == HR_CONTROLLER_LEAVING)
			n->state = HR_CONTROLLER_MEMBER;
		break;
	case HR_CONTROLLER_RELEASE:
		on_release(c, ev->node, now, out);
		break;
	}
	if (c->urgent)
		hr_controller_round_run(c, now, out);
	if (c->unproven)
		persist_raised(c, out);
	if (c->rows_open) {
		c->rows_open = false;
		hr_controller_act(out, HR_CONTROLLER_DO_COMMIT, -1)->batch = c->batch;
	}
}

int64_t hr_controller_wake_raw_ns(const struct hr_controller *c)
{
	int64_t wake_ns = hr_min_i64(c->round_at.raw_ns, c->give_at.raw_ns);

	if (!c->granting)
		wake_ns = hr_min_i64(wake_ns, c->reign_began.raw_ns + c->conf.wait_ns);
	return wake_ns;
}
