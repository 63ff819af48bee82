/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the controller core share; nobody else includes it. */
#ifndef HR_CORE_CONTROLLER_INTERNAL_H
#define HR_CORE_CONTROLLER_INTERNAL_H

#include "core/controller.h"

/* Adds a cleared action; the caller has sized the list for the most that a step can need. */
struct hr_controller_action *hr_controller_act(struct hr_controller_actions *out,
					       enum hr_controller_action_kind kind, int node);

/* Brings the tree's charge of a node up to the ledger's. Returns the charge. */
int64_t hr_controller_charge(struct hr_controller *c, int node, struct hr_now now);

/* Does a node count as able to take an answer to its newest report now? */
bool hr_controller_reachable(const struct hr_controller *c, int node, struct hr_now now);

/* Is some domain or feed above the leaf over its limit? */
bool hr_controller_over_above(const struct hr_controller *c, int leaf);

/* Puts into the tree what a live node says of its bounds and its need. */
void hr_controller_describe(struct hr_controller *c, int node);

/* controller_grant.c: the cap that could be granted to the node now. */
int64_t hr_controller_grant_cap_uw(const struct hr_controller *c, int node);
/* Makes a grant in answer to the node's newest report, if one may be sent. */
void hr_controller_grant_make(struct hr_controller *c, int node, struct hr_now now,
			      struct hr_controller_actions *out);
/* Sends the grants whose charges are durable up to that batch. */
void hr_controller_grant_release(struct hr_controller *c, uint64_t batch, struct hr_now now,
				 struct hr_controller_actions *out);
/* Takes back the grants that wait, and makes those of which enough is durable. */
void hr_controller_grant_withdraw(struct hr_controller *c, struct hr_now now,
				  struct hr_controller_actions *out);
/* Notes a row of a node to be made durable in this step's batch. */
void hr_controller_grant_row(struct hr_controller *c, int node, struct hr_controller_actions *out);

/* controller_round.c: divides the budget; sends decreases; gives what has room. */
void hr_controller_round_run(struct hr_controller *c, struct hr_now now,
			     struct hr_controller_actions *out);
/* Raises whoever waits and now has room. */
void hr_controller_round_give(struct hr_controller *c, struct hr_now now,
			      struct hr_controller_actions *out);
/* Reads every budget's limit at this time into the tree; notes why, if one changed. */
void hr_controller_round_limits(struct hr_controller *c, struct hr_now now);

#endif
