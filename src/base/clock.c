/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The only place where a clock of the host is read. It does not wait and does not convert to
 * calendar time. Invariant: the three readings of one hr_now are taken back to back.
 */
#include "base/clock.h"

#include <time.h>

#include "base/attr.h"

static int64_t read_ns(clockid_t id)
{
	struct timespec t;

	/* These clocks exist on every kernel that the program can start on. */
	HR_CHECK(clock_gettime(id, &t) == 0);
	return (int64_t)t.tv_sec * HR_NS_PER_S + t.tv_nsec;
}

struct hr_now hr_now_read(void)
{
	struct hr_now now;

	now.raw_ns = read_ns(CLOCK_MONOTONIC_RAW);
	now.boot_ns = read_ns(CLOCK_BOOTTIME);
	now.wall_ns = read_ns(CLOCK_REALTIME);
	return now;
}
