/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a node (or one zone of it) would use, from what it draws under the cap in force.
 *
 * The level of the draw is a mean over the samples since the load last changed; a change is found
 * by a two-sided cumulative sum test (Page 1954) whose steps scale with the noise measured in the
 * samples themselves. The need is the level plus a margin of 1.7 deviations, or of a little over
 * 1 W + 2 % where there is no noise, and is held until that leaves a band: steady load, however
 * noisy, does not move it. A rise is followed at once, a large drop after three samples, a small
 * one after fifty; a load that rises again soon after it was lowered is waited for longer the next
 * time. A draw that presses against the cap makes the node hungry: its demand
 * is unknown above the cap. With noise that could press by chance, the need is first raised by a
 * margin, and the node is hungry if it uses that too. A limiter cuts the noise off with the draw:
 * none is learned while hungry, and after long hunger it is guessed anew.
 *
 * It does not divide watts (allocate.h) and reads no clock: one step per sample.
 *
 * Invariant: a sample that is missing, stale, not positive or absurd changes nothing but quality.
 */
#ifndef HR_POWER_DEMAND_H
#define HR_POWER_DEMAND_H

#include <stdbool.h>
#include <stdint.h>

#include "model/sample.h"

#define HR_DEMAND_SETTLE_NS INT64_C(500000000)

struct hr_demand_in {
	int64_t draw_uw; /* mean over dt_ns */
	int64_t cap_uw;  /* in force, same measure as the draw; <= 0: none or not known */
	int64_t dt_ns;   /* since the sample before; <= 0 makes the sample a bad one */
	enum hr_quality quality;
};

struct hr_demand {
	/* results */
	int64_t need_uw;         /* 0 until the first good sample */
	bool hungry;             /* presses against the cap; need_uw is then a lower bound */
	bool idle;               /* needs less than three quarters of its cap */
	bool over;               /* has drawn more than its cap for longer than settle_ns */
	bool changed;            /* one of these is new since the step before: worth telling now */
	enum hr_quality quality; /* of the newest sample */
	int64_t noise_uw;        /* standard deviation of a sample around its level */
	int64_t level_uw;

	/* settings */
	int64_t settle_ns; /* how long the draw may take to follow the cap */
	int64_t most_uw;   /* a greater draw is absurd */

	/* the test for a change: sums since they were last 0, and of how many samples */
	int64_t up_uw, down_uw;
	int64_t up_sum_uw, down_sum_uw;
	int up_n, down_n;
	/* the estimates */
	int64_t level_nuw; /* level_uw in thousandths of a microwatt */
	int level_n;       /* samples that the level is the mean of, up to a limit */
	int64_t diff_uw;   /* mean distance between successive samples */
	int64_t dist_uw;   /* mean distance of a sample from the level */
	int noise_n;
	int64_t slack_permille; /* noise that successive samples share shows only in relapses */
	int64_t last_uw;
	int64_t cap_uw;
	/* delays */
	int64_t raised_ns; /* since the cap was raised while hungry */
	int64_t over_ns;   /* since the draw went above the cap */
	int64_t fell_ns;   /* since the need was last lowered */
	int64_t calm_ns;   /* since what relapses have taught was last forgotten in part */
	int64_t hungry_ns; /* how long it has been hungry */
	/* a little more that was asked for to see whether it is used */
	int64_t probe_cap_uw; /* the cap when it was asked for; 0: none is under way */
	bool probe_raised;
	int probe_ticks;
	int probe_used, probe_unused; /* samples under the raised cap */
	int hard_ticks;               /* samples in a row at the cap */
	bool fell_little;             /* by no more than noise may do */
	int low_ticks;                /* samples in a row that ask for a lower need, or no hunger */
	int64_t low_uw;               /* the most that one of them asked for */
	int64_t peak_uw;              /* the most asked for while hungry */
	int low_least;                /* that many make it so; grows while lowerings do not last */
};

/* settle_ns <= 0: HR_DEMAND_SETTLE_NS; most_uw <= 0: HR_NODE_POWER_MAX_UW. */
void hr_demand_init(struct hr_demand *d, int64_t settle_ns, int64_t most_uw);

/* Takes one sample and brings the results up to date. */
void hr_demand_step(struct hr_demand *d, const struct hr_demand_in *in);

#endif
