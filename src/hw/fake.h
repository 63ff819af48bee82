/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hardware in memory, for tests: zones that draw what they are told to, under limits that hold or
 * lie in every way that real ones do. A meter and an actuator look at the same struct, which
 * belongs to the caller and must outlive them.
 */
#ifndef HR_HW_FAKE_H
#define HR_HW_FAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hw/actuator.h"
#include "hw/meter.h"

enum hr_fake_lie {
	HR_FAKE_HONEST,
	HR_FAKE_LOCKED,      /* writes are refused */
	HR_FAKE_STUCK,       /* writes are accepted and change nothing */
	HR_FAKE_CLAMPED,     /* no limit below lie_uw */
	HR_FAKE_IGNORED,     /* reads back right, and the draw does not care */
	HR_FAKE_OVERWRITTEN, /* after every set another program writes lie_uw */
	HR_FAKE_DISABLED,    /* the limit is off and cannot be switched on */
	HR_FAKE_IO_ERROR,    /* every access of meter and actuator fails */
	HR_FAKE_LOST,        /* the device is not there */
	HR_FAKE_FROZEN,      /* the counter stands still, the limit works */
	HR_FAKE_JUMPING,     /* the counter leaps by lie_uw worth of a second at every read */
};

struct hr_fake_zone {
	struct hr_zone zone;
	int64_t demand_uw; /* what it would draw without a limit */
	int64_t limit_uw;  /* both terms */
	int64_t settle_ns;
	int64_t step_uw; /* limits are rounded down to this; 0: to nothing */
	bool enabled;
	enum hr_fake_lie lie;
	int64_t lie_uw;
	int64_t counter_uj; /* wraps at zone.energy_range_uj */
	int64_t rest_pj;    /* of the last microjoule; 10^-12 J */
	unsigned n_sets;    /* accesses that would have written */
};

struct hr_fake {
	size_t n;
	struct hr_fake_zone zone[HR_ZONES_MAX];
};

void hr_fake_init(struct hr_fake *f);
/*
 * Adds a package (or what else kind says) "<name>" that is honest, enabled, limited to ceiling_uw
 * and draws nothing. Its index, or -ENOSPC.
 */
int hr_fake_add(struct hr_fake *f, const char *name, enum hr_zone_kind kind, int package,
		int64_t ceiling_uw);
/* What the zone draws now. */
int64_t hr_fake_draw_uw(const struct hr_fake_zone *z);
/* Lets time pass: counters grow by draw times span. */
void hr_fake_run(struct hr_fake *f, int64_t span_ns);

/* 0 or -ENOMEM; closed through their ops. (The ops' own open answers -ENODEV.) */
int hr_fake_meter_new(struct hr_fake *f, struct hr_meter **ret);
int hr_fake_actuator_new(struct hr_fake *f, struct hr_actuator **ret);

#endif
