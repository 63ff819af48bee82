/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a grant must look like before a guard looks at it. Whether it is fresh, meant for this
 * guard and still alive is the guard's decision, not made here.
 */
#include "model/grant.h"

#include <errno.h>
#include <inttypes.h>

#include "base/clock.h"
#include "model/report.h"

static int check_range(const char *field, int64_t x, int64_t low, int64_t high,
		       struct hr_err *reterr)
{
	if (x >= low && x <= high)
		return 0;
	return hr_err_set(reterr, -EINVAL,
			  "grant: %s is %" PRId64 ": it must be %" PRId64 " to %" PRId64, field, x,
			  low, high);
}

static int check_identity(const struct hr_grant *g, struct hr_err *reterr)
{
	if (hr_uuid_is_none(&g->to.node))
		return hr_err_set(reterr, -EINVAL, "grant: to.node is missing");
	if (hr_uuid_is_none(&g->to.boot))
		return hr_err_set(reterr, -EINVAL, "grant: to.boot is missing");
	if (g->to.incarnation == 0)
		return hr_err_set(reterr, -EINVAL, "grant: to.incarnation is 0: it counts from 1");
	if (g->echo_n == 0)
		return hr_err_set(reterr, -EINVAL, "grant: echo_n is 0: reports count from 1");
	if (g->mark.epoch == 0 || g->mark.seq == 0)
		return hr_err_set(reterr, -EINVAL,
				  "grant: mark is %" PRIu64 ".%" PRIu64 ": both count from 1",
				  g->mark.epoch, g->mark.seq);
	return 0;
}

int hr_grant_validate(const struct hr_grant *g, struct hr_err *reterr)
{
	int r = check_identity(g, reterr);

	if (r < 0)
		return r;
	r = check_range("cap_uw", g->cap_uw, 0, HR_NODE_POWER_MAX_UW, reterr);
	if (r < 0)
		return r;
	r = check_range("safe_uw", g->safe_uw, 0, HR_NODE_POWER_MAX_UW, reterr);
	if (r < 0)
		return r;
	r = check_range("ttl_ns", g->ttl_ns, g->leave ? 0 : 1, HR_TTL_MAX_NS, reterr);
	if (r < 0)
		return r;
	/* Faster than a millisecond is no wish but an attempt to drown the node in work. */
	r = check_range("period_ns", g->period_ns, HR_NS_PER_MS, HR_TTL_MAX_NS, reterr);
	if (r < 0)
		return r;
	if ((unsigned)g->reason >= HR_REASON__MAX)
		return hr_err_set(reterr, -EINVAL, "grant: reason %d is not in the list",
				  (int)g->reason);
	return 0;
}
