/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The physics of one processor package and its memory: draw under two power limits, energy and
 * progress of work. It knows no files, no faults and no clock; time comes in whole milliseconds,
 * and whole milliseconds are the granularity of its counters, as in RAPL.
 *
 * How a limit acts (RAPL's running average; the last point as measured in the data sets that
 * curve.h names, where 15 W gave 14.95 and 10 W 9.97, and 2 W gave 9.2 on one machine):
 * - A written limit reaches the package with a first-order lag of an eighth of its window, so that
 *   after one window 99.9 % of the step is in force; a raised one acts at once.
 * - The long-term limit binds the running average of the draw (first order, a quarter of the
 *   window). While the average is below it the draw may overshoot, up to the short-term limit,
 *   which binds the draw itself.
 * - Under a binding limit the average stays keep_permille of it; below floor_uw a limit is
 *   accepted and not met; nothing lowers static_uw.
 *
 * Invariants: static <= draw <= demand; draw <= max(short limit in force, floor); energy and work
 * never fall; the state after advancing to t does not depend on the steps by which it got there.
 * Integers throughout. No allocation.
 */
#ifndef HR_SIM_PACKAGE_H
#define HR_SIM_PACKAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/curve.h"
#include "sim/load.h"

enum hr_package_limit { HR_PACKAGE_LONG, HR_PACKAGE_SHORT, HR_PACKAGE_LIMITS };

struct hr_package_conf {
	int64_t static_uw;
	int64_t floor_uw;
	int64_t tdp_uw;  /* firmware's long-term limit */
	int64_t peak_uw; /* most that it can draw; firmware's short-term limit */
	int64_t dram_uw_idle;
	int64_t dram_uw_max;
	int64_t long_window_us; /* firmware's */
	int64_t short_window_us;
	int64_t keep_permille;
};

struct hr_package_register {
	int64_t limit_uw; /* as written */
	int64_t window_us;
	int64_t lag_q20;  /* part of a step that takes force in one millisecond */
	int64_t force_uw; /* what is in force */
};

struct hr_package {
	struct hr_package_conf conf;
	struct hr_load load;
	uint64_t key; /* of the noise */
	bool enabled;
	struct hr_package_register limit[HR_PACKAGE_LIMITS];
	int64_t average_q20; /* of the running average: weight of one millisecond */
	int64_t gain_q8;     /* how hard the draw answers to the average */
	int64_t average_uw;
	/* the last millisecond */
	int64_t t_ms;
	int64_t draw_uw;
	int64_t dram_uw;
	struct hr_load_demand demand;
	/* since the beginning; 1 nJ = 1 uW for 1 ms */
	int64_t energy_nj;
	int64_t dram_energy_nj;
	int64_t work; /* busy milliseconds at full speed, times HR_CURVE_ONE */
	int64_t busy_ms;
};

/* A package of a two-socket server: 165 W, of which 25 W static; floor 40 W. */
struct hr_package_conf hr_package_conf_default(void);

void hr_package_init(struct hr_package *p, const struct hr_package_conf *conf, uint64_t key,
		     int64_t t_ms);
/* Registers to what the firmware sets; the limits take force at once. */
void hr_package_reset(struct hr_package *p);
/* Write registers: what is written takes force from the next millisecond on. */
void hr_package_set_limit(struct hr_package *p, enum hr_package_limit which, int64_t limit_uw);
void hr_package_set_window(struct hr_package *p, enum hr_package_limit which, int64_t window_us);
void hr_package_set_enabled(struct hr_package *p, bool enabled);
/* Gives it other work from the time it has reached. */
void hr_package_set_load(struct hr_package *p, const struct hr_load *load);
/* Runs to t_ms; an earlier or equal time changes nothing. */
void hr_package_advance(struct hr_package *p, int64_t t_ms);

/*
 * The most that two limits allow under the windows of the registers, for an account of limits: the
 * lower of them if the short window is no longer than the long one, else the higher; within
 * [floor, peak]; peak where the limit is switched off.
 */
int64_t hr_package_allowed_uw(const struct hr_package *p, int64_t long_uw, int64_t short_uw);

#endif
