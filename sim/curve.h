/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How fast work goes when its power is limited. Not a model of clocks and voltages: a table of
 * relative performance against the share of the dynamic power that is allowed,
 *
 *	x = (draw - static) / (demand - static)		0 <= x <= 1
 *	perf(x) = x ^ beta				perf(0) = 0, perf(1) = 1
 *
 * with three values of beta: a work that is limited by its arithmetic (steep), a typical one, and
 * one that waits for memory (shallow). They are the 90th, 50th and 10th percentile of the fits
 * that tools/fit-curves.py makes over measured runs under package power limits (data set
 * Energy-Languages-PowerCap of Cunha and others, SLE 2024, doi 10.1145/3687997.3695638, MIT
 * licence; the fit, its errors and a comparison with GPU curves stand in curve_table.h).
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
