/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A report: what a node says of itself. The guard makes its identity and what concerns caps, the
 * agent adds what it measured.
 *
 * All power is wall power of the node (DESIGN rule 1) in microwatts.
 */
#ifndef HR_MODEL_REPORT_H
#define HR_MODEL_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "model/ident.h"
#include "model/reason.h"
#include "model/sample.h"

/* No single node draws more; anything above is an absurd reading (1 MW). */
#define HR_NODE_POWER_MAX_UW (INT64_C(1000000) * 1000000)

struct hr_report {
	/* from the guard */
	struct hr_ident from;
	uint64_t n;                /* number of this report within the incarnation, from 1 */
	uint64_t oldest_n;         /* the guard takes echoes of no report older than this */
	struct hr_mark ack;        /* newest grant that is written, read back and settled */
	struct hr_mark heard;      /* newest grant accepted; heard.epoch is the epoch adopted */
	int64_t cap_uw;            /* the most the node may be enforcing now: the greater of the
				      agent's grant, the cap in force and what is not yet settled */
	int64_t applied_uw;        /* the cap in force as read back; <= cap_uw */
	int64_t floor_uw;          /* least cap of the node */
	int64_t ceiling_uw;        /* most cap that makes a difference */
	int64_t safe_uw;           /* the safe cap in force at the guard */
	int64_t boot_uw;           /* most it can draw before its guard starts */
	int64_t uncapped_uw;       /* most it draws under its original limits */
	int64_t settle_ns;         /* longest settling time of its actuators */
	enum hr_reason cap_reason; /* of the last change of the cap in force */
	enum hr_reason fault;      /* what is wrong with a limit; NONE: nothing is */
	bool left;                 /* originals restored after a granted leave */
	bool in_force_known;       /* every zone's limit could be read back */
	/* from the agent */
	enum hr_quality draw_quality;
	int64_t draw_uw;   /* mean since the report before; absent if quality is unreadable */
	int64_t need_uw;   /* what the node would use; for a hungry node a lower bound */
	bool hungry;       /* draws what its cap allows: demand unknown above */
	bool over;         /* draws more than its cap */
	int64_t energy_uj; /* of the node since the agent started */
};

/*
 * Checks everything a stranger could get wrong: ranges, order of bounds, enumerators, n >= 1,
 * oldest_n <= n + 1. 0 or -EINVAL with the field named.
 */
int hr_report_validate(const struct hr_report *r, struct hr_err *reterr) HR_MUST_CHECK;

#endif
