/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The work that one package is given: what it would draw if nothing limited it, as a function of
 * time. Not what it does draw (package.h). Invariant: a demand depends on the load, the key and
 * the time alone, so asking twice or in another order answers the same.
 */
#ifndef HR_SIM_LOAD_H
#define HR_SIM_LOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/curve.h"
#include "sim/trace.h"

enum hr_load_kind {
	HR_LOAD_IDLE, /* no work: the static power and idle memory */
	HR_LOAD_FLAT, /* high_uw all the time */
	HR_LOAD_TRACE,
};

struct hr_load {
	enum hr_load_kind kind;
	enum hr_curve_kind curve;
	const struct hr_trace *trace; /* TRACE; borrowed */
	/* FLAT: high_uw. TRACE: with high_uw > 0 the least and most of the trace are mapped to
	 * low_uw (at least the idle power) and high_uw; with high_uw 0 its values are multiplied
	 * by scale_permille. speed_permille: 2000 runs it at twice its recorded speed. */
	int64_t low_uw;
	int64_t high_uw;
	int64_t scale_permille;
	int64_t speed_permille; /* TRACE; 0 counts as 1000 */
	/* on_ms > 0: works for on_ms, then is idle for off_ms, and so on; the trace starts again
	 * with each on. phase_ms shifts the start. */
	int64_t on_ms;
	int64_t off_ms;
	int64_t phase_ms;
	int64_t start_ms; /* time 0 of the load */
	/* uniform noise of plus or minus noise_uw, drawn anew every noise_ms; 0: none */
	int64_t noise_uw;
	int64_t noise_ms;
};

struct hr_load_demand {
	bool busy;        /* there is work that a limit would slow down */
	int64_t power_uw; /* of the package, at least its idle_uw */
	int64_t dram_uw;
	int64_t until_ms; /* the answer holds until then; later than the time asked for */
};

/* What a package draws when it has nothing to do, and the range of its memory. */
struct hr_load_idle {
	int64_t power_uw;
	int64_t dram_uw;
	int64_t dram_uw_max;
};

struct hr_load_demand hr_load_at(const struct hr_load *l, uint64_t key, struct hr_load_idle idle,
				 int64_t t_ms);

#endif
