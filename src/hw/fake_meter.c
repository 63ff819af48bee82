/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The meter of hardware in memory. See fake.h.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/units.h"
#include "hw/counter.h"
#include "hw/fake.h"

#define MOST_UW (INT64_C(2000) * HR_UW_PER_W)

struct fake_meter {
	struct hr_meter base;
	struct hr_fake *hardware;
	struct hr_counter counter[HR_ZONES_MAX];
};

static int fake_open(const struct hr_meter_conf *conf, struct hr_meter **ret, struct hr_err *reterr)
{
	(void)conf;
	(void)ret;
	return hr_err_set(reterr, -ENODEV, "hardware in memory is made by a test, not found");
}

static void fake_read(struct hr_meter *base, struct hr_now now, struct hr_sample ret[HR_ZONES_MAX],
		      size_t *ret_n)
{
	struct fake_meter *m = (struct fake_meter *)base;

	for (size_t i = 0; i < base->n_zones; i++) {
		struct hr_fake_zone *z = &m->hardware->zone[i];

		ret[i].zone = (int)i;
		if (z->lie == HR_FAKE_JUMPING)
			z->counter_uj = (z->counter_uj + z->lie_uw) % z->zone.energy_range_uj;
		if (z->lie == HR_FAKE_IO_ERROR)
			hr_counter_miss(&ret[i], HR_REASON_IO_ERROR);
		else if (z->lie == HR_FAKE_LOST)
			hr_counter_miss(&ret[i], HR_REASON_LOST);
		else
			hr_counter_step(&m->counter[i], z->counter_uj, now, &ret[i]);
	}
	*ret_n = base->n_zones;
}

static void fake_close(struct hr_meter *base)
{
	free(base);
}

static const struct hr_meter_ops fake_ops = {
    .name = "fake",
    .open = fake_open,
    .read = fake_read,
    .close = fake_close,
};

int hr_fake_meter_new(struct hr_fake *f, struct hr_meter **ret)
{
	struct fake_meter *m = calloc(1, sizeof(*m));

	if (m == NULL)
		return -ENOMEM;
	m->base.ops = &fake_ops;
	m->hardware = f;
	m->base.n_zones = f->n;
	for (size_t i = 0; i < f->n; i++) {
		m->base.zone[i] = f->zone[i].zone;
		hr_counter_init(&m->counter[i], f->zone[i].zone.energy_range_uj, MOST_UW, true);
	}
	*ret = &m->base;
	return 0;
}
