/* SPDX-License-Identifier: Apache-2.0 */
/* The events of a world and what its files call of each other; nobody else includes it. */
#ifndef HR_SIM_WORLD_PARTS_H
#define HR_SIM_WORLD_PARTS_H

#include "sim/world_internal.h"

enum world_event {
	EV_GUARD, /* slot: done for the guard, or from its agent */
	EV_GUARD_TICK,
	EV_AGENT_TICK,
	EV_TICKET, /* slot: guard to agent */
	EV_NOTIFY,
	EV_REPORT, /* slot: arrives at the controller */
	EV_GRANT,  /* slot: arrives at the agent */
	EV_SETTLE, /* slot: the zone */
	EV_CONTROLLER_TICK,
	EV_COMMITTED, /* slot: rows are durable */
	EV_FAULT,
	EV_CALM,
	EV_RESTART_GUARD,
	EV_RESTART_AGENT,
	EV_RESTART_CONTROLLER,
	EV_HEAL,
	EV_POWER_ON,
	EV_DEPOSED_GONE,
	EV_CALM_BUDGET, /* a cut or an announced step while all is well; slot: the domain */
};

int64_t hr_world_random_ns(struct world *w, int64_t low_ns, int64_t high_ns);
void hr_world_push(struct world *w, int64_t in_ns, int kind, int node, uint32_t life, int slot);
int hr_world_slot(struct world *w, enum slot_kind kind, int node);
void hr_world_slot_free(struct world *w, int slot);
void hr_world_network(struct world *w, const struct slot *message, int kind);
void hr_world_guard_start(struct world *w, int node);
void hr_world_agent_start(struct world *w, int node);

/* A message of the agent or another client to the guard. */
void hr_world_guard_say(struct world *w, int node, const struct hr_guard_event *ev);

/* world_controller.c */
void hr_world_controller_start(struct world *w);
void hr_world_controller_stop(struct world *w);
/* The controller goes on for a while, but another reigns from now on. */
void hr_world_controller_depose(struct world *w);
void hr_world_controller_event(struct world *w, const struct hr_queue_event *ev);
void hr_world_controller_say(struct world *w, const struct hr_controller_event *ev);

/* world_domains.c: the tree as the world sees it. */
void hr_world_domains_begin(struct world *w);
/* A new standing limit of a domain, now; or announced, from at_ns on. */
void hr_world_domains_set(struct world *w, int domain, int64_t uw);
void hr_world_domains_announce(struct world *w, int domain, int64_t uw, int64_t at_ns);
/* A limit that fits the safe caps below the domain (or the boots), with something to spare. */
int64_t hr_world_domains_random_uw(struct world *w, int domain);
/* What the domain carries of so much power of the node. */
int64_t hr_world_domains_part(const struct world *w, int domain, int node, int64_t uw);
/* The limit now, the lowest until the end of a lease that begins now, and in a transition. */
int64_t hr_world_domains_limit(const struct world *w, int domain);
int64_t hr_world_domains_lowest(const struct world *w, int domain);
int64_t hr_world_domains_reference(const struct world *w, int domain);

/* world_lies.c: the registers, honest or not. */
void hr_world_register_set(struct world *w, int node, size_t zone, int64_t uw);
struct hr_guard_limit hr_world_limit_write(struct world *w, int node, size_t zone, int64_t uw,
					   int64_t under_uw);
struct hr_guard_limit hr_world_limit_read(const struct world *w, int node, size_t zone);
/* A zone begins to lie, or somebody overwrites its limit. */
void hr_world_lie(struct world *w, int node);

/* world_faults.c: nodes, budget and the first fault; and everything that goes wrong. */
void hr_world_begin(struct world *w);
void hr_world_fault_event(struct world *w, const struct hr_queue_event *ev);

#endif
