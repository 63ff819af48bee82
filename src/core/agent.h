/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agent's state machine: measures, estimates what the node needs, reports, passes grants on
 * to the guard, and divides the node's cap among its zones by need.
 *
 * Event and time in, actions out. It holds no limit and no lease: whatever it does, says or omits,
 * the guard keeps the cap. A report is made in two halves: the agent asks the guard for a ticket
 * (identity, number, what is in force), which anchors the lease, and adds what it measured.
 */
#ifndef HR_CORE_AGENT_H
#define HR_CORE_AGENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "model/grant.h"
#include "model/report.h"
#include "model/sample.h"
#include "model/zone.h"
#include "power/demand.h"

#define HR_AGENT_ACTIONS_MAX 8

struct hr_agent_conf {
	int64_t rest_uw; /* upper bound of what the node draws beside its zones */
	int64_t efficiency_permille;
	int64_t period_ns;         /* of reports until a grant names another */
	int64_t report_least_ns;   /* two reports are at least this far apart */
	int64_t ticket_timeout_ns; /* the guard is asked again after this */
};

/* A zone whose limit the guard holds, in the guard's order; meter: index of the meter's zone. */
struct hr_agent_zone_conf {
	int meter;
	int64_t floor_uw;
	int64_t ceiling_uw;
};

enum hr_agent_event_kind {
	HR_AGENT_SAMPLES, /* the meter was read */
	HR_AGENT_TICKET,  /* the guard's half of a report, and its zones */
	HR_AGENT_NOTIFY,  /* the guard has news */
	HR_AGENT_GRANT,   /* from the controller */
	HR_AGENT_LINK,    /* up: the controller was reached; down: lost */
	HR_AGENT_GUARD,   /* up: the guard was reached; down: lost */
};

struct hr_agent_event {
	enum hr_agent_event_kind kind;
	/* SAMPLES: every metered zone; counts: it adds to the node's device power */
	const struct hr_sample *sample;
	const struct hr_zone *zone; /* of the meter */
	size_t n_samples;
	/* TICKET */
	const struct hr_report *ticket;
	const int64_t *limit_uw; /* in force, by guard zone, device power */
	size_t n_limits;
	/* GRANT */
	const struct hr_grant *grant;
	/* LINK, GUARD */
	bool up;
};

enum hr_agent_action_kind {
	HR_AGENT_DO_ASK_TICKET,
	HR_AGENT_DO_REPORT, /* send report to the controller */
	HR_AGENT_DO_GRANT,  /* give grant and split to the guard */
	HR_AGENT_DO_SPLIT,  /* give split to the guard */
};

struct hr_agent_action {
	enum hr_agent_action_kind kind;
	struct hr_grant grant;
};

/* Set n to 0 before a step. */
struct hr_agent_actions {
	size_t n;
	struct hr_agent_action action[HR_AGENT_ACTIONS_MAX];
	struct hr_report report; /* of DO_REPORT */
	size_t n_split;          /* of DO_GRANT and DO_SPLIT; 0: no wish */
	int64_t split_uw[HR_ZONES_MAX];
};

struct hr_agent_zone {
	struct hr_agent_zone_conf conf;
	struct hr_demand demand;
	int64_t limit_uw; /* in force, as the guard said; 0: not known */
	int64_t draw_uw;
	int64_t energy_uj; /* of the newest sample */
	bool readable;
};

struct hr_agent {
	struct hr_agent_conf conf;
	size_t n_zones;
	struct hr_agent_zone zone[HR_ZONES_MAX];

	/* the node */
	struct hr_demand demand;
	enum hr_quality quality;
	int64_t draw_uw;     /* wall power, newest sample */
	int64_t energy_uj;   /* wall energy since the start, as the supply's efficiency gives */
	int64_t draw_sum_uj; /* since the newest report, and over how long */
	int64_t draw_span_ns;
	struct hr_now told;
	int64_t over_ns; /* how long it has drawn more than its cap */

	bool link;
	bool guard;
	bool asked; /* a ticket is under way */
	struct hr_now asked_at;
	bool due; /* something to say, at due_at */
	struct hr_now due_at;
	bool ever_told;
	int64_t period_ns;
	struct hr_now sampled;
	int64_t applied_uw;             /* of the newest ticket, wall power */
	int64_t cap_uw;                 /* of the newest grant */
	uint64_t epoch;                 /* of the newest grant */
	int64_t split_uw[HR_ZONES_MAX]; /* last given */
	bool split_given;
	struct hr_now split_at;
};

void hr_agent_init(struct hr_agent *a, const struct hr_agent_conf *conf, size_t n_zones,
		   const struct hr_agent_zone_conf zones[], struct hr_now now);

/* Any event at any time; input is checked, never asserted. */
void hr_agent_step(struct hr_agent *a, const struct hr_agent_event *ev, struct hr_now now,
		   struct hr_agent_actions *out);

#endif
