/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time. Only clock.c reads a clock; everything else is handed a struct hr_now.
 *
 * raw_ns  CLOCK_MONOTONIC_RAW: does not run while the host is suspended, is never slewed
 * boot_ns CLOCK_BOOTTIME: runs through suspend
 * wall_ns CLOCK_REALTIME, Unix time: for people and for budget schedules only; it may jump
 *
 * A lease ends for a guard when either of the first two says so, for a controller only when both
 * do (hr_now_past_either, hr_now_past_both).
 */
#ifndef HR_BASE_CLOCK_H
#define HR_BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#define HR_NS_PER_US INT64_C(1000)
#define HR_NS_PER_MS INT64_C(1000000)
#define HR_NS_PER_S INT64_C(1000000000)

struct hr_now {
	int64_t raw_ns;
	int64_t boot_ns;
	int64_t wall_ns;
};

/* Reads all three clocks of the host. Impure: for shells only. */
struct hr_now hr_now_read(void);

/* The time a span after t, on all three clocks. */
static inline struct hr_now hr_now_add(struct hr_now t, int64_t span_ns)
{
	return (struct hr_now){t.raw_ns + span_ns, t.boot_ns + span_ns, t.wall_ns + span_ns};
}

/* Has the instant t passed (now >= t) by either monotonic clock? For the guard's leases. */
static inline bool hr_now_past_either(struct hr_now now, struct hr_now t)
{
	return now.raw_ns >= t.raw_ns || now.boot_ns >= t.boot_ns;
}

/* Has the instant t passed by both monotonic clocks? For what a controller believes. */
static inline bool hr_now_past_both(struct hr_now now, struct hr_now t)
{
	return now.raw_ns >= t.raw_ns && now.boot_ns >= t.boot_ns;
}

#endif
