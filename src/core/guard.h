/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guard's state machine: the only writer of limits on its node and the keeper of the lease.
 *
 * Event and time in, actions out; no clock, no file, no socket. The shell carries the actions out
 * in order and answers each with its event: PERSIST with PERSISTED, WRITE and READ with LIMIT. It
 * must not drop an action. The simulator does the same and crashes in between.
 *
 * What it promises (rules 5, 6, 7, 10, 13, 14 of docs/safety.md):
 * - the wall power that the limits in force allow never exceeds the cap allowed now, except while
 *   a lowered limit settles or the hardware lies; a limit is raised only when the others have
 *   settled below;
 * - only a fresh grant raises the cap: an echo of a report of this incarnation that is still
 *   accepted, a mark strictly newer than any before, a lease that has not ended by either clock;
 * - when the lease ends, or the guard has not been run for longer than a lease, or it has just
 *   started, the cap becomes min(cap, safe cap), the floor if the cap in force is unknown;
 * - what it reports as cap_uw is the most that it may be enforcing.
 */
#ifndef HR_CORE_GUARD_H
#define HR_CORE_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "model/grant.h"
#include "model/report.h"
#include "model/zone.h"

#define HR_GUARD_ANCHORS 64 /* reports whose echo is still accepted */
#define HR_GUARD_CLIENTS 4  /* others that may ask for less */
#define HR_GUARD_ACTIONS_MAX (2 * HR_ZONES_MAX + 8)

struct hr_guard_conf {
	struct hr_uuid node;
	int64_t safe_uw;    /* configured safe cap, wall power; 0: the floor */
	int64_t floor_uw;   /* configured narrowing, wall power; 0: the hardware's */
	int64_t ceiling_uw; /* the same; 0: the hardware's */
	int64_t boot_uw;    /* wall power; 0: what the original limits allow */
	int64_t rest_uw;    /* upper bound of what the node draws beside its capped devices */
	int64_t efficiency_permille; /* of the supply, 1 to 1000 */
	int64_t accept_ns;           /* echoes of older reports are refused; no lease is longer */
	int64_t verify_ns;           /* every limit is read again this often */
	int64_t settle_extra_ns;     /* added to what the actuator says */
};

/* One capped zone as the shell found it. Device power, not wall power. */
struct hr_guard_zone_conf {
	int64_t floor_uw;
	int64_t ceiling_uw;
	int64_t uncapped_uw; /* the most it draws under its original limit */
};

/* What survives a crash of the guard; written by the shell on PERSIST. */
struct hr_guard_mark {
	struct hr_mark heard;
	int64_t safe_uw; /* safe cap set by a grant; 0: never set */
	bool left;
};

/* What the hardware said after a write or a read. */
struct hr_guard_limit {
	bool known;
	int64_t limit_uw; /* device power that the limits together allow */
	int64_t settle_ns;
	enum hr_reason fault;
};

enum hr_guard_event_kind {
	HR_GUARD_TICK,
	HR_GUARD_TICKET, /* the agent wants to report */
	HR_GUARD_GRANT,
	HR_GUARD_SPLIT,     /* the agent divides the cap anew */
	HR_GUARD_CLIENT,    /* another client asks for less, or renews */
	HR_GUARD_PERSISTED, /* the mark is durable */
	HR_GUARD_LIMIT,     /* a write or read of one zone has completed */
	HR_GUARD_RESTORED,  /* the originals are back */
};

struct hr_guard_event {
	enum hr_guard_event_kind kind;
	/* GRANT; with GRANT and SPLIT also split_uw, by zone, device power; n_split 0: none */
	struct hr_grant grant;
	size_t n_split;
	int64_t split_uw[HR_ZONES_MAX];
	/* CLIENT: slot is the client's, cap in wall power, 0: withdrawn */
	size_t client;
	int64_t client_cap_uw;
	int64_t client_ttl_ns;
	/* LIMIT */
	size_t zone;
	bool was_write;
	struct hr_guard_limit limit;
};

enum hr_guard_action_kind {
	HR_GUARD_DO_PERSIST, /* make mark durable, then event PERSISTED */
	HR_GUARD_DO_WRITE,   /* set zone to limit_uw, read it back, then event LIMIT */
	HR_GUARD_DO_READ,    /* read zone, then event LIMIT */
	HR_GUARD_DO_RESTORE, /* put the originals back, then event RESTORED */
	HR_GUARD_DO_TICKET,  /* give the agent the guard's half of a report */
	HR_GUARD_DO_NOTIFY,  /* tell the agent that something worth a report has changed */
	HR_GUARD_DO_REJECT,  /* a grant or request was refused: count it, with the reason */
	HR_GUARD_DO_EXPLAIN, /* the cap allowed changed: before, after, reason */
};

struct hr_guard_action {
	enum hr_guard_action_kind kind;
	size_t zone;
	int64_t limit_uw;
	enum hr_reason reason;
	int64_t before_uw; /* EXPLAIN, wall power */
	int64_t after_uw;
	struct hr_guard_mark mark; /* PERSIST */
};

/* Set n to 0 before a step; a step adds to it. */
struct hr_guard_actions {
	size_t n;
	struct hr_guard_action action[HR_GUARD_ACTIONS_MAX];
	struct hr_report ticket; /* of DO_TICKET: the fields "from the guard" */
};

struct hr_guard_zone {
	struct hr_guard_zone_conf conf;
	int64_t target_uw;  /* what it should be */
	int64_t asked_uw;   /* what was last written; -1: nothing, or it did not last */
	int64_t limit_uw;   /* as last read back; meaningless until known */
	int64_t charged_uw; /* the most it may be enforcing */
	int64_t insists_uw; /* it refused to be lower than this; 0: it refused nothing */
	bool known;
	bool busy; /* a write or read is under way */
	bool wait; /* the last write or read failed: tried again at the next tick */
	bool settling;
	struct hr_now settles;
	enum hr_reason fault;
};

struct hr_guard_client {
	bool used;
	int64_t cap_uw;
	struct hr_now ends;
};

struct hr_guard_anchor {
	uint64_t n;
	struct hr_now at;
};

struct hr_guard {
	struct hr_guard_conf conf;
	struct hr_ident self;
	size_t n_zones;
	struct hr_guard_zone zone[HR_ZONES_MAX];

	uint64_t n; /* newest report */
	uint64_t oldest_n;
	struct hr_guard_anchor anchor[HR_GUARD_ANCHORS];

	struct hr_mark heard; /* newest grant accepted */
	struct hr_mark ack;   /* newest grant settled */
	struct hr_mark taken; /* newest grant that took effect: alive when its mark was durable */
	unsigned persisting;  /* marks under way; the newest grant waits in pending */
	struct hr_grant pending;
	size_t n_pending_split;
	int64_t pending_split_uw[HR_ZONES_MAX];
	bool left;
	bool leaving;

	int64_t granted_uw; /* the agent's cap, wall power */
	bool leased;
	struct hr_now lease_ends;
	int64_t lease_ns;        /* its length, for the gap rule */
	int64_t safe_granted_uw; /* 0: the configured one holds */
	struct hr_guard_client client[HR_GUARD_CLIENTS];

	int64_t allowed_uw; /* the tightest request */
	enum hr_reason reason;
	int64_t settle_ns; /* longest settling time seen */
	size_t n_split;    /* the agent's wish, device power */
	int64_t split_uw[HR_ZONES_MAX];

	struct hr_now last_step;
	struct hr_now last_verify;
	int64_t told_uw; /* cap_uw of the newest ticket */
	bool notify;     /* something worth a report has changed in this step */
};

/*
 * A guard that has just started: self.incarnation is fresh and durable; mark is what was stored
 * (zeros if nothing, or after a reboot); limits are the zones' limits as read now. Takes
 * min(cap in force, safe cap) and asks for the writes. n_zones <= HR_ZONES_MAX; a node without a
 * capped zone is possible and reports itself as such.
 */
void hr_guard_start(struct hr_guard *g, const struct hr_guard_conf *conf, struct hr_ident self,
		    const struct hr_guard_mark *mark, size_t n_zones,
		    const struct hr_guard_zone_conf zones[], const struct hr_guard_limit limits[],
		    struct hr_now now, struct hr_guard_actions *out);

/* Any event, at any time. Input is checked, never asserted. */
void hr_guard_step(struct hr_guard *g, const struct hr_guard_event *ev, struct hr_now now,
		   struct hr_guard_actions *out);

/*
 * How long the guard may sleep until its next TICK, unless another event comes; 0 or less: not at
 * all. tick_ns: the longest while something is under way or is tried again.
 */
int64_t hr_guard_wait_ns(const struct hr_guard *g, struct hr_now now, int64_t tick_ns);

/* Wall power: least cap, greatest useful cap, the most under the original limits. */
int64_t hr_guard_floor_uw(const struct hr_guard *g);
int64_t hr_guard_ceiling_uw(const struct hr_guard *g);
int64_t hr_guard_uncapped_uw(const struct hr_guard *g);
/* The most that the node may be enforcing now: what a report carries as cap_uw. */
int64_t hr_guard_charged_uw(const struct hr_guard *g);
/* The cap in force as read back. */
int64_t hr_guard_applied_uw(const struct hr_guard *g);

#endif
