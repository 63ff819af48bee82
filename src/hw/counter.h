/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From an energy counter's readings to samples: unwrapping, and telling a plausible reading from
 * an absurd, frozen or jumping one. Pure: no I/O, no clock. Not an estimator: what a reading does
 * not support is absent with its reason.
 *
 * Invariant: energy_uj never falls, and grows only by what the device can have drawn.
 */
#ifndef HR_HW_COUNTER_H
#define HR_HW_COUNTER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "model/sample.h"

/* A live counter that stood still for this long has frozen (RAPL moves about every ms). */
#define HR_COUNTER_STILL_NS HR_NS_PER_S

struct hr_counter {
	/* fixed by _init */
	int64_t range_uj; /* highest value; the next one is 0 again. INT64_MAX: never wraps */
	int64_t most_uw;  /* no reading may imply more power than this */
	bool live;        /* what it counts always draws, so standing still is a fault */
	/* state */
	bool primed;
	int64_t raw_uj;   /* last reading that moved */
	struct hr_now at; /* when */
	bool has_power;
	int64_t power_uw;
	int64_t span_ns;
	int64_t energy_uj;
};

void hr_counter_init(struct hr_counter *c, int64_t range_uj, int64_t most_uw, bool live);

/*
 * Takes a reading and fills the sample, all but its zone. The span is by whichever monotonic clock
 * moved more, so that a suspended host does not make a jump of an honest counter. When the span is
 * so long that the counter may have gone round more than once, the number of rounds that fits the
 * last known power best is taken, and the sample is ESTIMATED.
 */
void hr_counter_step(struct hr_counter *c, int64_t raw_uj, struct hr_now now,
		     struct hr_sample *ret);

/* The reading failed: an UNREADABLE sample with that reason. The counter goes on where it was. */
void hr_counter_miss(struct hr_sample *ret, enum hr_reason reason);

#endif
