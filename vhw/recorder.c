/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counts the intervals in which the registers allow more than the budget. Reads nothing itself.
 * Invariant: sum_uw and judged_uw are the exact sums over the nodes.
 */
#include "vhw/recorder.h"

#include "base/attr.h"
#include "base/clock.h"
#include "base/units.h"

void hr_recorder_init(struct hr_recorder *r, struct hr_recorder_node *node, size_t n)
{
	*r = (struct hr_recorder){.n = n, .node = node, .over_since_ns = -1};
	for (size_t i = 0; i < n; i++)
		node[i] = (struct hr_recorder_node){0};
}

/* Charges the span since the last event with the sums as they were in it. */
static void account(struct hr_recorder *r, int64_t t_ns)
{
	int64_t span = t_ns - r->last_ns;
	if (span <= 0)
		return;
	if (r->armed && !r->transition && r->judged_uw <= r->bound_uw && r->sum_uw > r->bound_uw)
		r->excused_uws += hr_muldiv_floor(r->sum_uw - r->bound_uw, span, HR_NS_PER_S);
	r->last_ns = t_ns;
}

static void note_cuts(struct hr_recorder *r, int64_t t_ns)
{
	for (size_t i = 0; i < r->n_cuts; i++)
		if (r->cut[i].capped_ns < 0 && r->judged_uw <= r->cut[i].budget_uw)
			r->cut[i].capped_ns = t_ns - r->cut[i].t_ns;
}

/* Draws the conclusions after any change of the sums or the bound. */
static void judge(struct hr_recorder *r, int64_t t_ns)
{
	if (!r->armed)
		return;
	note_cuts(r, t_ns);
	if (r->transition && r->judged_uw <= r->budget_uw) {
		r->transition = false;
		r->bound_uw = r->budget_uw;
	}
	if (!r->transition)
		r->sum_uw_max = hr_max_i64(r->sum_uw_max, r->judged_uw);
	bool over = r->judged_uw > r->bound_uw;
	if (over) {
		r->over_uw_max = hr_max_i64(r->over_uw_max, r->judged_uw - r->bound_uw);
		if (r->over_since_ns < 0) {
			r->over_since_ns = t_ns;
			r->violations++;
		}
	} else if (r->over_since_ns >= 0) {
		r->violation_ns += t_ns - r->over_since_ns;
		r->over_since_ns = -1;
	}
}

static void set_node(struct hr_recorder *r, size_t node, int64_t limit_uw, int64_t judged_uw)
{
	struct hr_recorder_node *n = &r->node[node];
	r->sum_uw += limit_uw - n->limit_uw;
	r->judged_uw += judged_uw - n->judged_uw;
	n->limit_uw = limit_uw;
	n->judged_uw = judged_uw;
}

void hr_recorder_write(struct hr_recorder *r, int64_t t_ns, size_t node, int64_t limit_uw)
{
	HR_CHECK(node < r->n);
	struct hr_recorder_node *n = &r->node[node];
	account(r, t_ns);
	if (limit_uw > n->limit_uw || limit_uw <= n->judged_uw)
		n->excused = false;
	set_node(r, node, limit_uw, n->excused ? n->judged_uw : limit_uw);
	n->writes++;
	r->writes++;
	judge(r, t_ns);
}

void hr_recorder_disturb(struct hr_recorder *r, int64_t t_ns, size_t node, int64_t limit_uw)
{
	HR_CHECK(node < r->n);
	struct hr_recorder_node *n = &r->node[node];
	account(r, t_ns);
	n->excused = r->armed && limit_uw > n->judged_uw;
	set_node(r, node, limit_uw, n->excused ? n->judged_uw : limit_uw);
	judge(r, t_ns);
}

static void begin_cut(struct hr_recorder *r, int64_t t_ns)
{
	size_t i = r->n_cuts < HR_RECORDER_CUTS_MAX ? r->n_cuts++ : HR_RECORDER_CUTS_MAX - 1;
	r->cut[i] = (struct hr_recorder_cut){
	    .t_ns = t_ns, .budget_uw = r->budget_uw, .capped_ns = -1, .settled_ns = -1};
}

void hr_recorder_budget(struct hr_recorder *r, int64_t t_ns, int64_t budget_uw)
{
	account(r, t_ns);
	bool cut = budget_uw < r->budget_uw;
	r->budget_uw = budget_uw;
	if (!r->armed || !cut) {
		/* a raise inside a transition does not lower the bound that still holds */
		r->bound_uw = r->transition ? hr_max_i64(r->bound_uw, budget_uw) : budget_uw;
	} else {
		begin_cut(r, t_ns);
		if (r->judged_uw > budget_uw)
			r->transition = true;
		else
			r->bound_uw = budget_uw;
	}
	judge(r, t_ns);
}

void hr_recorder_draw(struct hr_recorder *r, int64_t t_ns, int64_t draw_uw)
{
	account(r, t_ns);
	for (size_t i = 0; i < r->n_cuts; i++)
		if (r->cut[i].settled_ns < 0 && draw_uw <= r->cut[i].budget_uw)
			r->cut[i].settled_ns = t_ns - r->cut[i].t_ns;
}

void hr_recorder_arm(struct hr_recorder *r, int64_t t_ns)
{
	if (r->armed)
		return;
	account(r, t_ns);
	r->armed = true;
	r->writes = 0;
	for (size_t i = 0; i < r->n; i++)
		r->node[i].writes = 0;
	r->last_ns = t_ns;
	judge(r, t_ns);
}

bool hr_recorder_waits(const struct hr_recorder *r)
{
	for (size_t i = 0; i < r->n_cuts; i++)
		if (r->cut[i].capped_ns < 0 || r->cut[i].settled_ns < 0)
			return true;
	return false;
}
