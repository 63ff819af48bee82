/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The limit of a budget at an instant and over a span of time, and what to do when the wall clock
 * jumps.
 *
 * A budget is the least of its standing limit, every daily window (UTC) that covers the instant,
 * and the announced step in force. To lower in time, a controller grants under the lowest limit of
 * the span ahead of it; to be safe from a wall clock that was set, it takes for a while the lowest
 * limit between where the clock was and where it is now (rule 12).
 *
 * Pure: the caller tells the time. The budget must have passed hr_budget_validate.
 */
#ifndef HR_POWER_SCHEDULE_H
#define HR_POWER_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "model/budget.h"

#define HR_SCHEDULE_NEVER INT64_MAX
/* The wall clock may part from CLOCK_BOOTTIME by this much between two steps. */
#define HR_SCHEDULE_JUMP_NS HR_NS_PER_S
/* After a jump both times are thought possible for this long. */
#define HR_SCHEDULE_DOUBT_NS (600 * HR_NS_PER_S)

/* The limit at one instant of the wall clock (Unix time). */
int64_t hr_schedule_limit_at(const struct hr_budget *b, int64_t wall_ns);
/* The lowest limit at any instant of [from, to]. */
int64_t hr_schedule_lowest(const struct hr_budget *b, int64_t from_ns, int64_t to_ns);
/*
 * The limit under which grants may be made now: the lowest of [now, now + lead], so that an
 * announced lowering begins lead_ns before its time (worst lease plus settling).
 */
int64_t hr_schedule_limit_for_grants(const struct hr_budget *b, int64_t wall_ns, int64_t lead_ns);
/* The first instant after wall_ns at which the limit may be another; HR_SCHEDULE_NEVER. */
int64_t hr_schedule_next_change(const struct hr_budget *b, int64_t wall_ns);
/*
 * How long from wall_ns until the limit is below limit_uw; 0 if it is now, HR_SCHEDULE_NEVER if it
 * never will be. A grant under a total of limit_uw must not live longer.
 */
int64_t hr_schedule_span_above(const struct hr_budget *b, int64_t wall_ns, int64_t limit_uw);

/* What the wall clock may be: CLOCK_BOOTTIME plus something between two offsets. */
struct hr_schedule {
	bool started;
	int64_t offset_ns; /* wall clock less CLOCK_BOOTTIME at the newest step */
	int64_t least_ns;  /* offsets thought possible; equal unless in doubt */
	int64_t most_ns;
	int64_t sure_ns; /* CLOCK_BOOTTIME at which doubt ends */
};

void hr_schedule_init(struct hr_schedule *s);
/* Takes note of the time; call at every step of the owner. True if the wall clock jumped. */
bool hr_schedule_step(struct hr_schedule *s, struct hr_now now);
bool hr_schedule_in_doubt(const struct hr_schedule *s);
/* As the functions above, over every time that may be now; after hr_schedule_step of that now. */
int64_t hr_schedule_limit_now(const struct hr_schedule *s, const struct hr_budget *b,
			      struct hr_now now, int64_t lead_ns);
int64_t hr_schedule_ttl_most(const struct hr_schedule *s, const struct hr_budget *b,
			     struct hr_now now, int64_t limit_uw);

#endif
