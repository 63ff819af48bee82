/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hardware in memory: the zones and their physics. See the header.
 */
#include "hw/fake.h"

#include <errno.h>
#include <stdio.h>

#include "base/units.h"

#define RANGE_UJ INT64_C(262143328850)
#define PJ_PER_UJ INT64_C(1000000)

void hr_fake_init(struct hr_fake *f)
{
	*f = (struct hr_fake){.n = 0};
}

int hr_fake_add(struct hr_fake *f, const char *name, enum hr_zone_kind kind, int package,
		int64_t ceiling_uw)
{
	struct hr_fake_zone *z;

	if (f->n == HR_ZONES_MAX)
		return -ENOSPC;
	z = &f->zone[f->n];
	*z = (struct hr_fake_zone){
	    .zone = {.kind = kind,
		     .package = package,
		     .die = -1,
		     .parent = -1,
		     .counts = kind != HR_ZONE_PSYS,
		     .cappable = true,
		     .ceiling_uw = ceiling_uw,
		     .energy_range_uj = RANGE_UJ},
	    .limit_uw = ceiling_uw,
	    .settle_ns = 10 * HR_NS_PER_MS,
	    .enabled = true,
	};
	(void)snprintf(z->zone.id, sizeof(z->zone.id), "fake:%zu", f->n);
	(void)snprintf(z->zone.name, sizeof(z->zone.name), "%s", name);
	return (int)f->n++;
}

int64_t hr_fake_draw_uw(const struct hr_fake_zone *z)
{
	if (!z->enabled || z->lie == HR_FAKE_IGNORED || z->lie == HR_FAKE_DISABLED)
		return z->demand_uw;
	return hr_min_i64(z->demand_uw, z->limit_uw);
}

void hr_fake_run(struct hr_fake *f, int64_t span_ns)
{
	for (size_t i = 0; i < f->n; i++) {
		struct hr_fake_zone *z = &f->zone[i];
		int64_t drawn_pj;

		if (z->lie == HR_FAKE_FROZEN)
			continue;
		/* 1 uW for 1000 ns is 1 pJ */
		drawn_pj = hr_muldiv_floor(hr_fake_draw_uw(z), span_ns, HR_NS_PER_US) + z->rest_pj;
		z->rest_pj = drawn_pj % PJ_PER_UJ;
		z->counter_uj = (z->counter_uj + drawn_pj / PJ_PER_UJ) %
				(z->zone.energy_range_uj + 1);
	}
}
