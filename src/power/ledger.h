/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ledger of one node: what it counts against the budget, and why.
 *
 * The charge of a node is the maximum of what its newest report says it may be enforcing, of every
 * grant that it may still accept (an open grant), of what the ledger of earlier reigns says until
 * the node acknowledges a grant of this one, and of what it can draw after a reboot that cannot
 * be excluded (rules 4, 8, 9 and 11 of docs/safety.md). Passing time never lowers a charge, except
 * under "safe-after-lease", where the lease of a grant, believed ended by both clocks, leaves
 * min(cap, safe cap).
 *
 * Pure. The caller keeps the structs and tells the time. Grants that no longer fit the list are
 * merged into the one before them, on the side of charging more and longer.
 */
#ifndef HR_POWER_LEDGER_H
#define HR_POWER_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "model/grant.h"
#include "model/report.h"

#define HR_LEDGER_OPEN_MAX 8

/* What a silent node is believed to do once its lease has ended. */
enum hr_silent {
	HR_SILENT_HOLD, /* keeps its charge */
	HR_SILENT_SAFE, /* runs at min(cap in force, safe cap) */
	HR_SILENT__MAX
};

struct hr_ledger_rules {
	enum hr_silent silent;
	bool reserve_for_boot; /* boot_uw is charged always */
	int64_t min_reboot_ns; /* the shortest possible reboot */
	int64_t drift_ppm;     /* most that a node's clock runs slow against ours */
	int64_t tick_ns;       /* longest distance between two steps of a guard */
	int64_t write_ns;      /* longest time a guard needs to write all its limits */
};

/* A grant that was sent (or is about to be) and is not discharged. */
struct hr_ledger_grant {
	uint64_t seq;
	int64_t cap_uw;
	uint64_t echo_incarnation;
	uint64_t echo_n;
	struct hr_now sent;
	struct hr_now ends; /* when the lease is believed to be over, if leased */
	bool leased;        /* false: a leave; its charge does not end by time */
};

struct hr_ledger {
	/* newest report of this reign; heard_any false: none yet, the next three mean nothing */
	bool heard_any;
	uint64_t incarnation;
	uint64_t n;
	struct hr_now heard;
	struct hr_uuid boot;
	/* what it said */
	int64_t cap_uw;
	int64_t safe_uw; /* the greatest safe cap that may be in force at the guard */
	int64_t boot_uw;
	int64_t settle_ns;
	uint64_t ack_seq;        /* newest grant of this reign that it acknowledged; 0: none */
	struct hr_now boot_from; /* from then on a reboot cannot be excluded: the shortest possible
				    one after that grant was sent */
	struct hr_now ack_ends;  /* end of its lease as the controller believes it */
	bool ack_leased;
	/* from earlier reigns; 0: nothing */
	int64_t base_uw;
	/* grants out */
	uint64_t last_seq;
	unsigned n_open;
	struct hr_ledger_grant open[HR_LEDGER_OPEN_MAX]; /* rising seq */
};

/*
 * A node at takeover: base_uw is what the ledger read then says (rule 11), and a reboot cannot be
 * excluded from the start. base_uw 0: a node that joins; it is load that is not managed until it
 * acknowledges its first grant, and the clock of its reboots starts with the sending of that.
 */
void hr_ledger_init(struct hr_ledger *l, int64_t base_uw, int64_t safe_uw, int64_t boot_uw,
		    struct hr_now takeover);

/*
 * Takes a validated report received now. 0; or -ESTALE when a newer one was seen, or the
 * incarnation is an older one: then nothing changed. The reign's epoch decides what counts as an
 * acknowledgement.
 */
int hr_ledger_report(struct hr_ledger *l, const struct hr_report *r, uint64_t epoch,
		     const struct hr_ledger_rules *rules, struct hr_now now) HR_MUST_CHECK;

/*
 * An operator released the node: nothing is charged any more, but reports older than the newest
 * seen stay refused.
 */
void hr_ledger_release(struct hr_ledger *l);

/*
 * Notes a grant of this reign before it is sent; g->mark.seq must be last_seq + 1 and g must echo
 * the newest report. From here on it is charged.
 */
void hr_ledger_open(struct hr_ledger *l, const struct hr_grant *g,
		    const struct hr_ledger_rules *rules, struct hr_now now);

/* The newest grant, of that sequence, was not sent after all: it is no longer charged. */
void hr_ledger_cancel(struct hr_ledger *l, uint64_t seq);

/* The charge now. */
int64_t hr_ledger_charge_uw(const struct hr_ledger *l, const struct hr_ledger_rules *rules,
			    struct hr_now now);

/* The part of the charge that a reboot that cannot be excluded accounts for; 0: none. */
int64_t hr_ledger_boot_charge_uw(const struct hr_ledger *l, const struct hr_ledger_rules *rules,
				 struct hr_now now);

/*
 * Can the node still accept a grant that echoes its newest report, with this ttl? Judged at the
 * controller, on the safe side, by time since the report was received.
 */
bool hr_ledger_reachable(const struct hr_ledger *l, int64_t ttl_ns, struct hr_now now);

/* The greatest cap among the grants in force or open, not counting base and boot. */
int64_t hr_ledger_granted_uw(const struct hr_ledger *l);

#endif
