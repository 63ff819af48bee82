/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The meter of a node without anything to read. See null.h.
 */
#include <errno.h>
#include <stdlib.h>

#include "hw/null.h"

static int null_open(const struct hr_meter_conf *conf, struct hr_meter **ret, struct hr_err *reterr)
{
	struct hr_meter *m = calloc(1, sizeof(*m));

	(void)conf;
	if (m == NULL)
		return hr_err_set(reterr, -ENOMEM, "no memory for the null meter");
	m->ops = &hr_null_meter_ops;
	*ret = m;
	return 0;
}

static void null_read(struct hr_meter *m, struct hr_now now, struct hr_sample ret[HR_ZONES_MAX],
		      size_t *ret_n)
{
	(void)m;
	(void)now;
	(void)ret;
	*ret_n = 0;
}

static void null_close(struct hr_meter *m)
{
	free(m);
}

const struct hr_meter_ops hr_null_meter_ops = {
    .name = "null",
    .open = null_open,
    .read = null_read,
    .close = null_close,
};
