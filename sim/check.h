/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules as checkers: what the world's own eyes see against what the cores claim.
 *
 * They read registers, messages on their way and what is durable; of the cores they read only
 * what is claimed (charges, states). Each names the rule of docs/safety.md that it watches.
 */
#ifndef HR_SIM_CHECK_H
#define HR_SIM_CHECK_H

#include "sim/world_internal.h"

/*
 * The most a node may come to enforce without anything new being sent: what its registers allow
 * and every grant on its way that its guard could still accept.
 */
int64_t hr_check_possible_uw(const struct world *w, int node);

/* After every event. */
void hr_check_all(struct world *w);
/* Before a grant goes out: its charge is durable, and no limit is newly exceeded (rules 3, 4). */
void hr_check_send(struct world *w, int node, const struct hr_grant *g);
/* When a report has been taken: does the controller know now what the hardware allows? */
void hr_check_heard(struct world *w, int node, const struct hr_report *r);
/* When a row of the node has become durable: is that known there, too? */
void hr_check_durable(struct world *w, int node);
/* After every step of the controller: who was admitted fits (rule 10). */
void hr_check_admitted(struct world *w);
/* When a guard acts on a grant: strictly newer, its own incarnation, alive (rules 5, 6). */
void hr_check_accept(struct world *w, int node, const struct hr_grant *g);
/* The cap of the grant that is alive at the node now; 0: none is. */
int64_t hr_check_granted_uw(const struct world *w, int node);
/* The cap that the guard keeps without one: at most its safe cap. */
int64_t hr_check_kept_uw(const struct world *w, int node);
/*
 * Before a register is raised: only under a grant, or within a kept cap, of when the guard asked
 * for the write, under_uw (rule 7).
 */
void hr_check_raise(struct world *w, int node, int64_t wall_after_uw, int64_t under_uw);
/*
 * At a guard's tick: past its lease it is at min(cap, safe cap) (rules 6, 7); another client's
 * request is in force (rule 13); its claims cover the registers (rule 14).
 */
void hr_check_lease(struct world *w, int node);
/* At the end of the calm: nothing is over, nothing is lost for ever (rules 4, 8, 12). */
void hr_check_end(struct world *w);

#endif
