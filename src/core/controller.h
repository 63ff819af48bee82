/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The controller's state machine: keeps every domain within its budget, lowers first and then
 * gives, answers each report with a grant.
 *
 * Event and time in, actions out; no clock, no file, no socket, no allocation. The shell carries
 * the actions out in order: PERSIST rows are collected until COMMIT, made durable together, and
 * answered with the event COMMITTED; only then does the core send the grants that they stand for.
 * If that fails the event is UNSTORED, and from then until the next COMMITTED nodes are granted no
 * more than what is durable of them.
 *
 * What it promises (rules 3, 4, 8 to 12 of docs/safety.md): no grant raises the charged sum of any
 * domain or feed above its limit; no grant is sent before what it may add to the charge is
 * durable; what is over a limit all the same (a cut, silent nodes, reboots) is not added to, and
 * every reachable node is lowered as far as needed, to its floor at most.
 */
#ifndef HR_CORE_CONTROLLER_H
#define HR_CORE_CONTROLLER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "model/budget.h"
#include "model/grant.h"
#include "model/report.h"
#include "power/ledger.h"
#include "power/schedule.h"
#include "power/tree.h"
#include "power/tree_allocate.h"

#define HR_CONTROLLER_BUDGETS_MAX 64

struct hr_controller_conf {
	struct hr_ledger_rules rules;
	int64_t round_ns;  /* distance between divisions */
	int64_t ttl_ns;    /* of every lease */
	int64_t period_ns; /* how often nodes are asked to report */
	int64_t wait_ns;   /* after takeover, before the first grant: rule 11 */
	int64_t lead_ns;   /* announced steps down start this early; 0: worst lease + settling */
};

enum hr_controller_state {
	HR_CONTROLLER_UNKNOWN, /* on the roster, never heard and in no ledger */
	HR_CONTROLLER_REFUSED, /* heard; its safe cap does not fit; charged as unmanaged */
	HR_CONTROLLER_MEMBER,
	HR_CONTROLLER_LEAVING,  /* an operator wants it to leave */
	HR_CONTROLLER_LEFT,     /* uncapped, charged so until released */
	HR_CONTROLLER_RELEASED, /* fenced until it is admitted anew */
	HR_CONTROLLER_STATE__MAX
};

/* What is durable of a node. */
struct hr_controller_row {
	struct hr_uuid node;
	enum hr_controller_state state;
	int64_t charge_uw;
	int64_t safe_uw;
	int64_t boot_uw;
	int64_t worst_uw; /* max(ceiling, boot, uncapped): its charge when no ledger is believed */
};

struct hr_controller_node {
	struct hr_uuid uuid;
	int leaf; /* in the tree */
	enum hr_controller_state state;
	int64_t safe_conf_uw;    /* safe cap the roster wants it to have; 0: its own */
	int64_t floor_conf_uw;   /* the roster's narrowing of what the node reports; 0: none */
	int64_t ceiling_conf_uw; /* the same */
	struct hr_ledger ledger;
	struct hr_report report; /* the newest; meaningless until ledger.heard_any */
	bool live;               /* it can still accept an answer to its newest report */
	int64_t target_uw;       /* its share in the last division */
	int64_t last_uw;         /* cap of the newest grant, or reported, if none */
	enum hr_reason reason;   /* of the newest change */
	int64_t durable_uw;      /* charge in the last committed row; -1: none */
	int64_t stored_uw; /* durable_uw as it was before the row that a held grant waits for */
	bool holds;        /* a grant waits for its charge to be durable */
	uint64_t batch;    /* the commit it waits for */
	struct hr_grant held;
	bool linked; /* in the list of those that hold */
	int next_held;
	uint64_t refusals; /* reports refused, of any kind */
	uint64_t invalid;  /* reports of these that no honest node could make */
};

struct hr_controller_budget {
	int domain;
	struct hr_budget budget;
	struct hr_schedule schedule;
};

enum hr_controller_event_kind {
	HR_CONTROLLER_TICK,
	HR_CONTROLLER_REPORT,    /* node, report */
	HR_CONTROLLER_COMMITTED, /* batch */
	HR_CONTROLLER_UNSTORED,  /* batch: it could not be made durable; it is tried again */
	HR_CONTROLLER_BUDGET,    /* domain, budget: durable already, checked already */
	HR_CONTROLLER_LEAVE,     /* node */
	HR_CONTROLLER_STAY,      /* node: takes a LEAVE back that was not granted yet */
	HR_CONTROLLER_RELEASE,   /* node */
};

struct hr_controller_event {
	enum hr_controller_event_kind kind;
	int node;
	const struct hr_report *report;
	uint64_t batch;
	int domain;
	const struct hr_budget *budget;
};

enum hr_controller_action_kind {
	HR_CONTROLLER_DO_PERSIST,   /* node, row */
	HR_CONTROLLER_DO_COMMIT,    /* batch: all rows since the last COMMIT */
	HR_CONTROLLER_DO_SEND,      /* node, grant */
	HR_CONTROLLER_DO_REFUSE,    /* node, reason: tell it */
	HR_CONTROLLER_DO_OUTRANKED, /* epoch: a node has heard this epoch or used up ours; take a
				       greater one, durable, then hr_controller_reign */
	HR_CONTROLLER_DO_EXPLAIN,   /* node, before, after, reason */
};

struct hr_controller_action {
	enum hr_controller_action_kind kind;
	int node;
	enum hr_reason reason;
	uint64_t batch;
	uint64_t epoch;
	int64_t before_uw, after_uw;
	struct hr_controller_row row;
	struct hr_grant grant;
};

/* n is set to 0 by the caller before a step. max at least 4 x nodes + 16. */
struct hr_controller_actions {
	size_t n, max;
	struct hr_controller_action *action;
};

struct hr_controller {
	struct hr_controller_conf conf;
	uint64_t epoch;
	struct hr_now reign_began;
	bool granting; /* the wait of rule 11 is over */
	bool unproven; /* the worst is charged, and not yet durable */

	struct hr_tree *tree;
	struct hr_tree_scratch scratch;
	struct hr_controller_node *node;
	int n_nodes, nodes_max;

	int n_budgets;
	struct hr_controller_budget budget[HR_CONTROLLER_BUDGETS_MAX];

	struct hr_now round_at; /* next division */
	struct hr_now give_at;  /* next look at who waits for freed watts; raw_ns INT64_MAX: none */
	struct hr_now flush_at; /* next writing of lowered charges */
	bool urgent;            /* divide in this very step */
	enum hr_reason why;     /* of the next division: BUDGET_CUT, BUDGET_RAISED or NONE */

	uint64_t batch; /* newest COMMIT asked for */
	bool rows_open; /* rows in this step without their COMMIT */
	bool unstored;  /* the newest commit failed: nothing is granted beyond what is durable */
	int first_held; /* -1: none */

	/* counters for metrics; reports counts all, old and invalid ones among them */
	uint64_t rounds, grants, reports, reports_old, reports_invalid, refused, outranked;
};

/*
 * Takes the tree (domains added, no leaves yet) and arrays, all the caller's. The reign begins
 * now with the epoch given.
 */
void hr_controller_init(struct hr_controller *c, const struct hr_controller_conf *conf,
			uint64_t epoch, struct hr_tree *tree, struct hr_tree_scratch scratch,
			struct hr_controller_node *nodes, int nodes_max, struct hr_now now);

/*
 * Adds a node of the roster before or while running. like: its place, class and weight, floor and
 * ceiling narrowing (0 and 0: its own). row: what the ledger says, or NULL if it knows nothing of
 * the node. Returns the index, or -ENOSPC or the error of the tree.
 */
int hr_controller_node_add(struct hr_controller *c, const struct hr_uuid *uuid,
			   const struct hr_tree_leaf *like, int64_t safe_conf_uw,
			   const struct hr_controller_row *row, struct hr_now now,
			   struct hr_err *reterr) HR_MUST_CHECK;

/*
 * A new reign over the same nodes. proven: the ledger in memory is the newest there is; if not,
 * every node is charged its worst until it acknowledges a grant of this reign.
 */
void hr_controller_reign(struct hr_controller *c, uint64_t epoch, bool proven, struct hr_now now);

/*
 * Can the domain stand at the lowest limit of this budget? 0, or -ERANGE with both sums, floors
 * and safe caps, in the sentence. For standing budgets; an emergency is applied without it.
 */
int hr_controller_budget_check(const struct hr_controller *c, int domain,
			       const struct hr_budget *budget, struct hr_err *reterr) HR_MUST_CHECK;

void hr_controller_step(struct hr_controller *c, const struct hr_controller_event *ev,
			struct hr_now now, struct hr_controller_actions *out);

/* When the next TICK is due, by CLOCK_MONOTONIC_RAW. */
int64_t hr_controller_wake_raw_ns(const struct hr_controller *c);

const char *hr_controller_state_name(enum hr_controller_state s);

#endif
