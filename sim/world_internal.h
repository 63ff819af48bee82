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
#define WORLD_DRIFT_PPM 400 /* of two clocks against each other; of one, half of it */
#define WORLD_LEAD_NS (WORLD_TTL_NS + HR_NS_PER_S)
#define WORLD_VERIFY_NS HR_NS_PER_S
#define WORLD_DOMAINS 4 /* the cluster, two racks, a feed */
/* Room for the guard's own reaction: two ticks, its writes, settling. */
#define WORLD_SLACK_NS (2 * WORLD_TICK_NS + WORLD_WRITE_NS + WORLD_SETTLE_NS)

/* When a report was made, by the world's own time: what the lease of its answer is judged by. */
struct birth {
	uint64_t incarnation;
	uint64_t n;
	int64_t at_ns;
	bool true_cap; /* it said at least what the registers allowed */
};

/* What the hardware does to a write or read (rule 14). */
enum world_lie {
	LIE_NONE,
	LIE_WRITE_EIO, /* the register holds the old value or the new one */
	LIE_READ_EIO,  /* reads fail, also that which follows a write */
	LIE_CLAMPED,   /* takes nothing below a minimum */
	LIE_LOCKED,    /* keeps what it has, and says so */
	LIE_ROUNDED,   /* rounds down to whole watts */
	LIE_LOST,      /* the device is gone and draws what it did uncapped */
	LIE__MAX
};

struct world_zone_lie {
	enum world_lie kind;
	int64_t ends_ns;
	int64_t least_uw; /* CLAMPED */
};

/* A domain of the world's own tree: its budget, and what it was before the newest change. */
struct world_domain {
	bool used;
	struct hr_budget budget; /* durable */
	int64_t before_uw, changed_ns;
};

struct world_node {
	struct hr_uuid uuid;
	/* host */
	bool powered;
	uint64_t boots;
	double drift; /* its clocks run at 1 + drift */
	int64_t clock_offset_ns;
	int64_t asleep_ns;       /* of its life, by CLOCK_MONOTONIC_RAW that did not run */
	int64_t asleep_until_ns; /* neither guard nor agent runs before */
	bool cut_off;
	int rack;             /* 1, 2; 0: hangs on the cluster */
	int32_t fed_permille; /* what the feed carries; 0: nothing */
	int64_t demand_uw;    /* wall power it would draw uncapped */
	/* registers, device power: written, and still allowed while a lower value settles */
	int64_t floor_uw, original_uw;
	int64_t reg_uw[WORLD_ZONES];
	int64_t eff_uw[WORLD_ZONES];
	int64_t settles_ns[WORLD_ZONES];
	struct world_zone_lie lie[WORLD_ZONES];
	int64_t lie_ended_ns;   /* the end of the last one, or when a limit was last overwritten */
	int64_t raised_ns;      /* when the hardware last allowed more by itself */
	bool lying, lying_disk; /* and the controller, its store do not know yet */
	bool overwritten;       /* the guard has to put it right */
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
	int64_t client_cap_uw, client_set_ns, client_ends_ns; /* by the world's time */
	/* an operator released it: acknowledgements of what was granted before do not count */
	uint64_t released_epoch, released_seq;
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

/* A controller process and what it has in memory. */
struct world_ctl {
	bool up;
	uint32_t life;
	int64_t paused_until_ns;
	int64_t asleep_ns; /* as of a node */
	struct hr_controller core;
	struct hr_tree tree;
	struct hr_tree_domain domain[WORLD_DOMAINS];
	struct hr_tree_leaf leaf[HR_WORLD_NODES_MAX];
	struct hr_controller_node node[HR_WORLD_NODES_MAX];
	enum hr_controller_state state[HR_WORLD_NODES_MAX]; /* when the checkers last looked */
	uint32_t s_order[HR_WORLD_NODES_MAX];
	int64_t s_have[HR_WORLD_NODES_MAX], s_want[HR_WORLD_NODES_MAX];
	int64_t s_allowed[HR_WORLD_NODES_MAX];
	struct hr_allocate_item s_item[HR_WORLD_NODES_MAX], s_feed_item[HR_WORLD_NODES_MAX];
	struct hr_allocate_active s_active[HR_WORLD_NODES_MAX];
	struct hr_tree_member s_member[HR_WORLD_NODES_MAX * HR_TREE_FEEDS_MAX];
	struct hr_controller_action action[4 * HR_WORLD_NODES_MAX + 64];
	size_t n_rows;
	int row_node[HR_WORLD_NODES_MAX];
	struct hr_controller_row rows_open[HR_WORLD_NODES_MAX];
};

struct world {
	struct hr_world_conf conf;
	double controller_drift;
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

	/* controllers: the one that reigns; the one before it may still be running */
	struct world_ctl ctl[2];
	struct world_ctl *c;
	struct hr_guard_actions g_actions;
	struct hr_agent_actions a_actions;
	/* what survives the controller */
	uint64_t disk_epoch;
	struct world_domain domain[WORLD_DOMAINS];
	bool disk_has[HR_WORLD_NODES_MAX];
	struct hr_controller_row disk_row[HR_WORLD_NODES_MAX];

	int64_t excess_uw, excess_ns; /* what lies allow above the charges, and since when */
	/* since when nothing goes wrong and everybody is there: the strict bounds hold (rule 12) */
	int64_t quiet_ns;
};

/* Wall power that the registers allow, and what they allow while something settles. */
int64_t hr_world_registers_uw(const struct world_node *n);
int64_t hr_world_enforced_uw(const struct world_node *n);
/* The world's time on the clocks of a host. */
struct hr_now hr_world_node_now(const struct world *w, int node);
struct hr_now hr_world_controller_now(const struct world *w, const struct world_ctl *c);

/* Notes the first violation of a run. */
void hr_world_violate(struct world *w, const char *fmt, ...) HR_PRINTF(2, 3);

#endif
