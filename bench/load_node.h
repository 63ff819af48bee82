/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One simulated node for load: the very cores of guard and agent around two registers and a draw.
 * No socket; what the node wants to say is handed to report. Registers take a limit at once, so
 * what is measured is the controller and the network, not virtual hardware.
 */
#ifndef HR_BENCH_LOAD_NODE_H
#define HR_BENCH_LOAD_NODE_H

#include "base/rng.h"
#include "core/agent.h"
#include "core/guard.h"

#define HR_LOAD_ZONES 2

enum hr_load_node_demand {
	HR_LOAD_NODE_FLAT,
	HR_LOAD_NODE_LIVELY, /* jumps once in five seconds, and noisy */
	HR_LOAD_NODE_HUNGRY, /* all that the node can draw */
};

struct hr_load_node {
	size_t index;
	struct hr_guard guard;
	struct hr_agent agent;
	struct hr_rng rng;
	int64_t reg_uw[HR_LOAD_ZONES];
	int64_t demand_uw[HR_LOAD_ZONES];
	int64_t energy_uj[HR_LOAD_ZONES];
	struct hr_now sampled;
	int64_t limit_uw;   /* wall power that the registers allow */
	uint64_t decreases; /* writes that lowered a register */
	uint64_t increases;
	int64_t lowered_raw_ns; /* the first since this was set to 0 */
	/* the node's report is to be sent now */
	void (*report)(void *ctx, struct hr_load_node *n, const struct hr_report *r);
	void *ctx;
};

void hr_load_node_start(struct hr_load_node *n, size_t index, uint64_t seed);
void hr_load_node_link(struct hr_load_node *n, bool up);
void hr_load_node_grant(struct hr_load_node *n, const struct hr_grant *g);
/* Ten times a second: the meter. */
void hr_load_node_sample(struct hr_load_node *n, enum hr_load_node_demand demand);
/* The guard's clocks. Returns how long it may sleep. */
int64_t hr_load_node_tick(struct hr_load_node *n);

#endif
