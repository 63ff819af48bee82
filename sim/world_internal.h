/* SPDX-License-Identifier: Apache-2.0 */
/* The insides of a world, for world.c and the checkers only. */
#ifndef HR_SIM_WORLD_INTERNAL_H
#define HR_SIM_WORLD_INTERNAL_H

#include "base/rng.h"
#include "core/agent.h"
#include "core/controller.h"
#include "core/guard.h"
#include "sim/queue.h"
#include "sim/world.h"

#define WORLD_ZONES 2
#define WORLD_EVENTS_MAX 16384
#define WORLD_SLOTS_MAX 4096
#define WORLD_BIRTHS 256
#define WORLD_EFFICIENCY 900
#define WORLD_REST_UW (20 * HR_UW_PER_W)
#define WORLD_TTL_NS (2 * HR_NS_PER_S)
#define WORLD_TICK_NS (100 * HR_NS_PER_MS)
#define WORLD_WRITE_NS (50 * HR_NS_PER_MS)
#define WORLD_SETTLE_NS (20 * HR_NS_PER_MS)
#define WORLD_MIN_REBOOT_NS (5 * HR_NS_PER_S)
#define WORLD_DRIFT_PPM 400

/* When a report was made, by the world's own time: what the lease of its answer is judged by. */
struct birth {
	uint64_t incarnation;
	uint64_t n;
	int64_t at_ns;
};

struct world_node {
	struct hr_uuid uuid;
	/* host */
	bool powered;
	uint64_t boots;
	double drift; /* its clocks run at 1 + drift */
	int64_t clock_offset_ns;
	bool cut_off;
	int64_t demand_uw; /* wall power it would draw uncapped */
	/* registers, device power: written, and still allowed while a lower value settles */
	int64_t floor_uw, original_uw;
	int64_t reg_uw[WORLD_ZONES];
	int64_t eff_uw[WORLD_ZONES];
	int64_t settles_ns[WORLD_ZONES];
	/* what survives: a crash; a reboot */
	struct hr_guard_mark run_mark;
	uint64_t disk_counter, disk_epoch;
	/* guard */
	bool guard_up;
	uint32_t guard_life;
	int64_t paused_until_ns;
	struct hr_mark taken; /* the guard's, when last seen */
	struct hr_guard guard;
	/* agent */
	bool agent_up;
	uint32_t agent_life;
	struct hr_agent agent;
	bool left;    /* the originals were restored after a granted leave */
	bool counted; /* has been taken into the budget, whoever forgot it since */
	/* what the world knows */
	struct birth birth[WORLD_BIRTHS];
	struct hr_mark accepted;  /* newest mark acted on in this boot */
	struct hr_grant in_force; /* the grant acted on */
	int64_t in_force_ends_ns; /* its lease by the world's time, slowest clock */
	bool has_grant;
};

enum slot_kind { SLOT_FREE, SLOT_REPORT, SLOT_GRANT, SLOT_GUARD, SLOT_ROWS, SLOT_TICKET };

/* Something on its way. */
struct slot {
	enum slot_kind kind;
	int node;
	struct hr_report report;
	struct hr_grant grant;
	struct hr_guard_event guard;
	struct hr_guard_mark mark;
	int64_t write_uw;
	int64_t write_under_uw; /* cap of the live grant when the write was asked for */
	uint64_t batch;
	size_t n_rows;
	int row_node[HR_WORLD_NODES_MAX];
	struct hr_controller_row row[HR_WORLD_NODES_MAX];
	size_t n_limits;
	int64_t limit_uw[WORLD_ZONES];
};

struct world {
	struct hr_world_conf conf;
	struct hr_world_result *result;
	struct hr_rng rng;
	int64_t now_ns;
	bool calm;

	struct hr_queue queue;
	struct hr_queue_event events[WORLD_EVENTS_MAX];
	struct slot slot[WORLD_SLOTS_MAX];
	int free_slot[WORLD_SLOTS_MAX];
	int n_free;
	int slots_used; /* no slot at or above this was ever taken */

	int n_nodes;
	struct world_node node[HR_WORLD_NODES_MAX];

	/* controller process */
	bool controller_up;
	uint32_t controller_life;
	struct hr_controller controller;
	struct hr_tree tree;
	struct hr_tree_domain domain[4];
	struct hr_tree_leaf leaf[HR_WORLD_NODES_MAX];
	struct hr_controller_node cnode[HR_WORLD_NODES_MAX];
	uint32_t s_order[HR_WORLD_NODES_MAX];
	int64_t s_have[HR_WORLD_NODES_MAX], s_want[HR_WORLD_NODES_MAX];
	int64_t s_allowed[HR_WORLD_NODES_MAX];
	struct hr_allocate_item s_item[HR_WORLD_NODES_MAX], s_feed_item[HR_WORLD_NODES_MAX];
	struct hr_allocate_active s_active[HR_WORLD_NODES_MAX];
	struct hr_tree_member s_member[HR_WORLD_NODES_MAX * HR_TREE_FEEDS_MAX];
	struct hr_controller_action c_action[4 * HR_WORLD_NODES_MAX + 64];
	struct hr_guard_actions g_actions;
	struct hr_agent_actions a_actions;
	size_t n_rows;
	int row_node[HR_WORLD_NODES_MAX];
	struct hr_controller_row rows_open[HR_WORLD_NODES_MAX];
	/* what survives the controller */
	uint64_t disk_epoch;
	struct hr_budget disk_budget;
	bool disk_has[HR_WORLD_NODES_MAX];
	struct hr_controller_row disk_row[HR_WORLD_NODES_MAX];

	/* budgets of the recent past, for the bound of a cut */
	int64_t budget_uw, budget_before_uw, cut_at_ns;
};

/* Wall power that the registers allow, and what they allow while something settles. */
int64_t hr_world_registers_uw(const struct world_node *n);
int64_t hr_world_enforced_uw(const struct world_node *n);
/* The world's time on the clocks of a host. */
struct hr_now hr_world_node_now(const struct world *w, int node);
struct hr_now hr_world_controller_now(const struct world *w);

/* Notes the first violation of a run. */
void hr_world_violate(struct world *w, const char *fmt, ...) HR_PRINTF(2, 3);

#endif
