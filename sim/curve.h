/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How fast work goes when its power is limited. Not a model of clocks and voltages: a table of
 * relative performance against the share of the dynamic power that is allowed,
 *
 *	x = (draw - static) / (demand - static)		0 <= x <= 1
 *	perf(x) = x ^ beta				perf(0) = 0, perf(1) = 1
 *
 * with three values of beta. "typical" and "steep" are the median and the 90th percentile of fits
 * over 137 programs under package power limits (data set Energy-Languages-PowerCap of Cunha and
 * others, SLE 2024, doi 10.1145/3687997.3695638, MIT licence); "shallow", for work that waits for
 * memory, is the median over 47 trainings under GPU power limits (Zeus, NSDI 2023, Apache-2.0).
 * tools/fit_curves.py makes the fit from tests/data/cap-curves; curve_table.h states its errors.
 * The runs of cpu-cap-cses are not in it: nearly all of their limits do not bind.
 *
 * Fixed point with 16 bits of fraction, so that two machines compute the same. Never falls when x
 * rises, and is never 0 above x = 0.
 */
#ifndef HR_SIM_CURVE_H
#define HR_SIM_CURVE_H

#include <stdint.h>

#define HR_CURVE_ONE 65536
#define HR_CURVE_STEPS 64

enum hr_curve_kind { HR_CURVE_TYPICAL, HR_CURVE_STEEP, HR_CURVE_SHALLOW, HR_CURVE__MAX };

/* "typical", "steep", "shallow". */
const char *hr_curve_name(enum hr_curve_kind k);
/* The kind with that name, or -1. */
int hr_curve_find(const char *name);
/* Relative performance in 1/65536 for draw under a demand; 65536 where nothing is missing. */
int32_t hr_curve_perf(enum hr_curve_kind k, int64_t draw_uw, int64_t demand_uw, int64_t static_uw);

#endif
