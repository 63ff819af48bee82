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
};

int64_t hr_world_random_ns(struct world *w, int64_t low_ns, int64_t high_ns);
void hr_world_push(struct world *w, int64_t in_ns, int kind, int node, uint32_t life, int slot);
int hr_world_slot(struct world *w, enum slot_kind kind, int node);
void hr_world_slot_free(struct world *w, int slot);
void hr_world_network(struct world *w, const struct slot *message, int kind);
void hr_world_guard_start(struct world *w, int node);
void hr_world_agent_start(struct world *w, int node);

/* world_controller.c */
void hr_world_controller_start(struct world *w);
void hr_world_controller_event(struct world *w, const struct hr_queue_event *ev);
void hr_world_controller_say(struct world *w, const struct hr_controller_event *ev);

/* world_faults.c: nodes, budget and the first fault; and everything that goes wrong. */
void hr_world_begin(struct world *w);
void hr_world_fault_event(struct world *w, const struct hr_queue_event *ev);

#endif
