/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dry run: the powercap actuator's eyes without its hands. See null.h.
 */
#include <errno.h>
#include <stdlib.h>

#include "hw/null.h"
#include "hw/powercap.h"

struct null_actuator {
	struct hr_actuator base;
	struct hr_actuator *seen; /* NULL: there is no tree */
};

static int null_open(const struct hr_actuator_conf *conf, struct hr_actuator **ret,
		     struct hr_err *reterr)
{
	struct null_actuator *a = calloc(1, sizeof(*a));
	int r;

	if (a == NULL)
		return hr_err_set(reterr, -ENOMEM, "no memory for the null actuator");
	r = hr_powercap_actuator_ops.open(conf, &a->seen, reterr);
	if (r < 0 && r != -ENODEV) {
		free(a);
		return r;
	}
	if (r == 0) {
		a->base = *a->seen;
		for (size_t i = 0; i < a->base.n_zones; i++) {
			a->base.zone[i].cappable = false;
			a->base.zone[i].not_cappable = HR_REASON_DENIED;
		}
	}
	a->base.ops = &hr_null_actuator_ops;
	*ret = &a->base;
	return 0;
}

static int null_get(struct hr_actuator *base, size_t zone, struct hr_limit *ret)
{
	struct null_actuator *a = (struct null_actuator *)base;

	*ret = (struct hr_limit){.fault = HR_REASON_IMPOSSIBLE};
	if (a->seen == NULL)
		return -EINVAL;
	return a->seen->ops->get(a->seen, zone, ret);
}

static int null_set(struct hr_actuator *base, size_t zone, int64_t want_uw, struct hr_limit *ret)
{
	int r = null_get(base, zone, ret);

	if (want_uw <= 0)
		return -EINVAL;
	if (ret->known && ret->limit_uw != want_uw)
		ret->fault = HR_REASON_DENIED;
	return r;
}

static int null_save(struct hr_actuator *base, size_t zone, struct hr_original *ret)
{
	struct null_actuator *a = (struct null_actuator *)base;

	*ret = (struct hr_original){.valid = false};
	if (a->seen == NULL)
		return -EINVAL;
	return a->seen->ops->save(a->seen, zone, ret);
}

/* Nothing was changed, so everything is as it was. */
static int null_restore(struct hr_actuator *base, size_t zone, const struct hr_original *original)
{
	return zone < base->n_zones && original->valid ? 0 : -EINVAL;
}

static void null_close(struct hr_actuator *base)
{
	struct null_actuator *a = (struct null_actuator *)base;

	if (a == NULL)
		return;
	if (a->seen != NULL)
		a->seen->ops->close(a->seen);
	free(a);
}

const struct hr_actuator_ops hr_null_actuator_ops = {
    .name = "null",
    .open = null_open,
    .set = null_set,
    .get = null_get,
    .save = null_save,
    .restore = null_restore,
    .close = null_close,
};
