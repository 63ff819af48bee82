/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The actuator of hardware in memory, with its lies. See fake.h.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/units.h"
#include "hw/fake.h"

struct fake_actuator {
	struct hr_actuator base;
	struct hr_fake *hardware;
};

static int fake_open(const struct hr_actuator_conf *conf, struct hr_actuator **ret,
		     struct hr_err *reterr)
{
	(void)conf;
	(void)ret;
	return hr_err_set(reterr, -ENODEV, "hardware in memory is made by a test, not found");
}

static struct hr_fake_zone *find(struct hr_actuator *base, size_t zone)
{
	struct fake_actuator *a = (struct fake_actuator *)base;

	return zone < base->n_zones ? &a->hardware->zone[zone] : NULL;
}

static int fake_get(struct hr_actuator *base, size_t zone, struct hr_limit *ret)
{
	const struct hr_fake_zone *z = find(base, zone);

	*ret = (struct hr_limit){.fault = HR_REASON_IMPOSSIBLE};
	if (z == NULL)
		return -EINVAL;
	if (z->lie == HR_FAKE_IO_ERROR) {
		ret->fault = HR_REASON_IO_ERROR;
		return -EIO;
	}
	if (z->lie == HR_FAKE_LOST) {
		ret->fault = HR_REASON_LOST;
		return -EIO;
	}
	if (!z->enabled || z->lie == HR_FAKE_DISABLED) {
		ret->fault = HR_REASON_DISABLED;
		return 0;
	}
	*ret = (struct hr_limit){.known = true, .limit_uw = z->limit_uw, .settle_ns = z->settle_ns};
	return 0;
}

static int fake_set(struct hr_actuator *base, size_t zone, int64_t want_uw, struct hr_limit *ret)
{
	struct hr_fake_zone *z = find(base, zone);
	int64_t took_uw = want_uw;
	enum hr_reason fault = HR_REASON_NONE;
	int r;

	*ret = (struct hr_limit){.fault = HR_REASON_IMPOSSIBLE};
	if (z == NULL || want_uw <= 0)
		return -EINVAL;
	z->n_sets++;
	if (z->step_uw > 0)
		took_uw -= took_uw % z->step_uw;
	if (z->lie == HR_FAKE_CLAMPED && took_uw < z->lie_uw) {
		took_uw = z->lie_uw;
		fault = HR_REASON_CLAMPED;
	}
	if (z->lie == HR_FAKE_LOCKED || z->lie == HR_FAKE_STUCK) {
		fault = z->limit_uw == want_uw ? HR_REASON_NONE : HR_REASON_LOCKED;
	} else if (z->lie != HR_FAKE_IO_ERROR && z->lie != HR_FAKE_LOST) {
		z->limit_uw = took_uw;
		z->enabled = true;
	}
	r = fake_get(base, zone, ret);
	if (ret->fault == HR_REASON_NONE)
		ret->fault = fault;
	if (z->lie == HR_FAKE_OVERWRITTEN)
		z->limit_uw = z->lie_uw;
	return r;
}

static int fake_save(struct hr_actuator *base, size_t zone, struct hr_original *ret)
{
	const struct hr_fake_zone *z = find(base, zone);

	*ret = (struct hr_original){.valid = false};
	if (z == NULL)
		return -EINVAL;
	if (z->lie == HR_FAKE_IO_ERROR || z->lie == HR_FAKE_LOST)
		return -EIO;
	*ret = (struct hr_original){.valid = true,
				    .enabled = z->enabled,
				    .long_uw = z->limit_uw,
				    .long_window_us = z->settle_ns / HR_NS_PER_US};
	return 0;
}

static int fake_restore(struct hr_actuator *base, size_t zone, const struct hr_original *original)
{
	struct hr_fake_zone *z = find(base, zone);

	if (z == NULL || !original->valid)
		return -EINVAL;
	if (z->lie == HR_FAKE_IO_ERROR || z->lie == HR_FAKE_LOST)
		return -EIO;
	z->n_sets++;
	if (z->lie == HR_FAKE_LOCKED || z->lie == HR_FAKE_STUCK)
		return z->limit_uw == original->long_uw ? 0 : -EACCES;
	z->limit_uw = original->long_uw;
	z->settle_ns = original->long_window_us * HR_NS_PER_US;
	z->enabled = original->enabled;
	return 0;
}

static void fake_close(struct hr_actuator *base)
{
	free(base);
}

static const struct hr_actuator_ops fake_ops = {
    .name = "fake",
    .open = fake_open,
    .set = fake_set,
    .get = fake_get,
    .save = fake_save,
    .restore = fake_restore,
    .close = fake_close,
};

int hr_fake_actuator_new(struct hr_fake *f, struct hr_actuator **ret)
{
	struct fake_actuator *a = calloc(1, sizeof(*a));

	if (a == NULL)
		return -ENOMEM;
	a->base.ops = &fake_ops;
	a->hardware = f;
	a->base.n_zones = f->n;
	for (size_t i = 0; i < f->n; i++)
		a->base.zone[i] = f->zone[i].zone;
	*ret = &a->base;
	return 0;
}
