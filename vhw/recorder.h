/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The judge of promise 1: was the sum of the nodes' wall power, as the registers allow it, ever
 * above the budget in force? It believes no controller; it is told of every register write and of
 * nothing else. Pure: no clock, no file, no allocation; the caller lends the arrays.
 *
 * Nothing is counted before hr_recorder_arm. From then on a *violation* is a maximal interval in
 * which the sum is above the bound. The bound is the budget, except in the *transition* of a cut
 * (rule 12): from the cut until the sum first fits the new budget the bound is the one from before
 * the cut. For each cut it notes how long the sum took to fit (capped) and how long the draw took
 * (settled).
 *
 * Not counted as violations, but apart: limits that no guard wrote, as after a reboot or when
 * another program overwrites a register (rules 9 and 14). Such a node is *excused*: it is judged
 * with its limit from before, until a write through the tree brings its limit down to that, or
 * raises it.
 */
#ifndef HR_VHW_RECORDER_H
#define HR_VHW_RECORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HR_RECORDER_CUTS_MAX 64

struct hr_recorder_cut {
	int64_t t_ns;
	int64_t budget_uw;
	int64_t capped_ns;  /* span until the sum of limits fitted; -1: not yet */
	int64_t settled_ns; /* span until the draw fitted; -1: not yet */
};

struct hr_recorder_node {
	int64_t limit_uw;  /* wall power that its registers allow */
	int64_t judged_uw; /* what it is judged with: the same unless excused */
	bool excused;
	uint64_t writes;
};

struct hr_recorder {
	size_t n;
	struct hr_recorder_node *node; /* borrowed */
	int64_t sum_uw;
	int64_t judged_uw;
	bool armed;
	int64_t budget_uw;
	int64_t bound_uw; /* the budget, or in a transition that of before */
	bool transition;
	/* figures, all since arming */
	int64_t sum_uw_max; /* outside transitions, as judged */
	uint64_t violations;
	int64_t violation_ns; /* total time of those that have ended */
	int64_t over_uw_max;  /* worst excess over the bound */
	int64_t excused_uws; /* microwatts times seconds over the budget because of excused nodes */
	uint64_t writes;     /* through the tree */
	int64_t over_since_ns; /* of the violation that lasts; -1: none */
	int64_t last_ns;
	size_t n_cuts; /* further ones replace the last */
	struct hr_recorder_cut cut[HR_RECORDER_CUTS_MAX];
};

/* node: n entries, lent until the recorder is no longer used; limits start at 0. */
void hr_recorder_init(struct hr_recorder *r, struct hr_recorder_node *node, size_t n);
/* A limit was written through the tree; limit_uw is what the node's registers now allow. */
void hr_recorder_write(struct hr_recorder *r, int64_t t_ns, size_t node, int64_t limit_uw);
/* The registers changed otherwise: firmware at a reboot, another program. */
void hr_recorder_disturb(struct hr_recorder *r, int64_t t_ns, size_t node, int64_t limit_uw);
/* The budget in force from t_ns on; lower than the sum begins a transition. */
void hr_recorder_budget(struct hr_recorder *r, int64_t t_ns, int64_t budget_uw);
/* The draw of all nodes at t_ns. */
void hr_recorder_draw(struct hr_recorder *r, int64_t t_ns, int64_t draw_uw);
/* Begins to count; a sum over the budget now is a violation from now. */
void hr_recorder_arm(struct hr_recorder *r, int64_t t_ns);
/* Is a cut waiting for limits or draw to fit? */
bool hr_recorder_waits(const struct hr_recorder *r);

#endif
