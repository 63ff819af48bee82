/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A node as a powercap tree sees it: packages with their registers, counters and faults, behind a
 * power supply, plus the rest of the machine. Pure: no clock, no file; the caller says what time
 * it is, and everything is computed from the last event to now, so an idle reader costs nothing.
 * The same seed and the same calls give the same answers.
 *
 * Zones are numbered as in the tree: 2 p is package p ("intel-rapl:p"), 2 p + 1 its memory
 * ("intel-rapl:p:0"). All register functions answer 0 or the negative errno that the kernel would.
 *
 * Wall power, rounded up:	devices * 1000 / efficiency_permille + rest
 *
 * Registers keep what the hardware can hold, as Linux' intel_rapl driver converts it: powers in
 * steps of 1/8 W rounded down; windows as (1 + f/4) 2^y units of 976 us, first rounded down to
 * whole units (so the 2,440 us that firmware sets reads 1,952 once written back); energies in steps
 * of 61 uJ. (Intel SDM volume 3, MSR_PKG_POWER_LIMIT; drivers/powercap/intel_rapl_common.c.)
 */
#ifndef HR_SIM_PLANT_H
#define HR_SIM_PLANT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/uuid.h"
#include "sim/package.h"

#define HR_PLANT_PACKAGES_MAX 8
#define HR_PLANT_ZONES_MAX (2 * HR_PLANT_PACKAGES_MAX)
#define HR_PLANT_ENERGY_RANGE_UJ INT64_C(262143328850)
#define HR_PLANT_POWER_STEP_UW INT64_C(125000)
#define HR_PLANT_POWER_MAX_UW (INT64_C(32767) * HR_PLANT_POWER_STEP_UW)

enum hr_plant_fault {
	HR_PLANT_OK,
	HR_PLANT_EIO,    /* every read and write of a value: EIO */
	HR_PLANT_EACCES, /* every read and write of a value: EACCES */
	HR_PLANT_LOCKED, /* writes of limits: EACCES, as a limit locked by firmware */
	HR_PLANT_CLAMP,  /* a limit below the argument (uW) becomes the argument */
	HR_PLANT_IGNORE, /* writes of limits answer 0 and change nothing */
	HR_PLANT_LIE,    /* writes read back, and the package goes on under the old limit */
	HR_PLANT_FREEZE, /* the counter stands still */
	HR_PLANT_JUMP,   /* once: the counter leaps by the argument (uJ); not a lasting state */
	HR_PLANT__MAX
};

struct hr_plant_conf {
	int n_packages; /* 1 to HR_PLANT_PACKAGES_MAX */
	struct hr_package_conf package;
	int64_t efficiency_permille; /* of the supply, 1 to 1000 */
	int64_t rest_uw;             /* fans, disks, board: constant */
	int64_t energy_range_uj;     /* the counters wrap after this value */
	uint64_t seed;
};

struct hr_plant_zone {
	enum hr_plant_fault fault;
	int64_t argument;
	int64_t frozen_uj;
	int64_t leapt_uj;
	int64_t zero_uj;                     /* counted before the last boot */
	int64_t shown_uw[HR_PACKAGE_LIMITS]; /* what the registers read under HR_PLANT_LIE */
};

struct hr_plant {
	struct hr_plant_conf conf;
	struct hr_package package[HR_PLANT_PACKAGES_MAX];
	struct hr_plant_zone zone[HR_PLANT_ZONES_MAX];
	struct hr_load load[HR_PLANT_PACKAGES_MAX]; /* what runs again after a boot */
	int64_t zero_ns;                            /* time 0 of the packages */
	int64_t now_ns;
	uint64_t boots;
	int64_t boot_until_ns; /* until then the node is down: -ENODEV, and no work */
};

struct hr_plant_conf hr_plant_conf_default(void);
/* "eio", "lie" ...; -1 if there is no such fault; "none" is HR_PLANT_OK. */
int hr_plant_fault_find(const char *name);

/* 0 or -EINVAL if the configuration makes no sense. */
int hr_plant_init(struct hr_plant *p, const struct hr_plant_conf *conf,
		  int64_t now_ns) HR_MUST_CHECK;
/* Computes up to now; earlier times change nothing. */
void hr_plant_advance(struct hr_plant *p, int64_t now_ns);
/* Gives a package (or with -1 all of them) other work, from now on. */
void hr_plant_set_load(struct hr_plant *p, int package, const struct hr_load *load);

int hr_plant_energy(struct hr_plant *p, int zone, int64_t *ret_uj) HR_MUST_CHECK;
int hr_plant_limit(const struct hr_plant *p, int zone, enum hr_package_limit which,
		   int64_t *ret_uw) HR_MUST_CHECK;
int hr_plant_window(const struct hr_plant *p, int zone, enum hr_package_limit which,
		    int64_t *ret_us) HR_MUST_CHECK;
int hr_plant_enabled(const struct hr_plant *p, int zone, bool *ret) HR_MUST_CHECK;
int hr_plant_set_limit(struct hr_plant *p, int zone, enum hr_package_limit which,
		       int64_t uw) HR_MUST_CHECK;
int hr_plant_set_window(struct hr_plant *p, int zone, enum hr_package_limit which,
			int64_t us) HR_MUST_CHECK;
int hr_plant_set_enabled(struct hr_plant *p, int zone, bool enabled) HR_MUST_CHECK;

/* Puts a zone under a fault (or with HR_PLANT_OK ends it). */
void hr_plant_set_fault(struct hr_plant *p, int zone, enum hr_plant_fault fault, int64_t argument);
/* Another program writes the limit, past every fault. */
void hr_plant_overwrite(struct hr_plant *p, int zone, enum hr_package_limit which, int64_t uw);
/* Reboots: registers to firmware's values, counters to 0, no work for span_ns. */
void hr_plant_boot(struct hr_plant *p, int64_t span_ns);

/* The identity of its present boot: differs between nodes, boots and beginnings. */
struct hr_uuid hr_plant_boot_id(const struct hr_plant *p);

/* The most that the node may draw by what its registers read; hr_package_allowed_uw says how. */
int64_t hr_plant_limit_wall_uw(const struct hr_plant *p);
/* Of the last millisecond computed. */
int64_t hr_plant_draw_wall_uw(const struct hr_plant *p);
/* What it would draw with no limit. */
int64_t hr_plant_demand_wall_uw(const struct hr_plant *p);
/* The most that everything but the packages' limits can draw: rest and memory. */
int64_t hr_plant_rest_bound_uw(const struct hr_plant *p);
/* The limit of one package so that hr_plant_limit_wall_uw is at most wall_uw, all packages alike;
 * what the registers can hold, rounded down, at least 0. */
int64_t hr_plant_share_uw(const struct hr_plant *p, int64_t wall_uw);
/* Energy from the wall, rest included, since the beginning. */
int64_t hr_plant_wall_energy_uj(const struct hr_plant *p);
/* Milliseconds of work at full speed done by all packages, times HR_CURVE_ONE. */
int64_t hr_plant_work(const struct hr_plant *p);

#endif
