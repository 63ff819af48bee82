/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a report must look like before a controller looks at it. Whether it is fresh and whom it
 * discharges is the ledger's decision, not made here. Invariant: every amount of a report that
 * passed is from 0 to HR_NODE_POWER_MAX_UW, so a few million of them can be added in 64 bits.
 */
#include "model/report.h"

#include <errno.h>
#include <inttypes.h>

#include "base/attr.h"

#define SETTLE_MAX_NS INT64_C(600000000000) /* ten minutes: no actuator is slower */

struct amount {
	const char *name;
	int64_t value;
	int64_t high;
};

static int check_identity(const struct hr_report *r, struct hr_err *reterr)
{
	if (hr_uuid_is_none(&r->from.node))
		return hr_err_set(reterr, -EINVAL, "report: from.node is missing");
	if (hr_uuid_is_none(&r->from.boot))
		return hr_err_set(reterr, -EINVAL, "report: from.boot is missing");
	if (r->from.incarnation == 0)
		return hr_err_set(reterr, -EINVAL,
				  "report: from.incarnation is 0: it counts from 1");
	if (r->n == 0)
		return hr_err_set(reterr, -EINVAL, "report: n is 0: reports count from 1");
	if (r->oldest_n > r->n && r->oldest_n - r->n > 1)
		return hr_err_set(reterr, -EINVAL,
				  "report: oldest_n is %" PRIu64
				  ": it must be at most one more than n, which is %" PRIu64,
				  r->oldest_n, r->n);
	return 0;
}

static int check_marks(const struct hr_report *r, struct hr_err *reterr)
{
	if (r->ack.epoch == 0 && r->ack.seq != 0)
		return hr_err_set(reterr, -EINVAL, "report: ack has a sequence but no epoch");
	if (r->heard.epoch == 0 && r->heard.seq != 0)
		return hr_err_set(reterr, -EINVAL, "report: heard has a sequence but no epoch");
	if (hr_mark_compare(r->ack, r->heard) > 0)
		return hr_err_set(reterr, -EINVAL,
				  "report: ack %" PRIu64 ".%" PRIu64 " is newer than heard %" PRIu64
				  ".%" PRIu64,
				  r->ack.epoch, r->ack.seq, r->heard.epoch, r->heard.seq);
	return 0;
}

static int check_amounts(const struct hr_report *r, struct hr_err *reterr)
{
	const struct amount amount[] = {
	    {"cap_uw", r->cap_uw, HR_NODE_POWER_MAX_UW},
	    {"applied_uw", r->applied_uw, HR_NODE_POWER_MAX_UW},
	    {"floor_uw", r->floor_uw, HR_NODE_POWER_MAX_UW},
	    {"ceiling_uw", r->ceiling_uw, HR_NODE_POWER_MAX_UW},
	    {"safe_uw", r->safe_uw, HR_NODE_POWER_MAX_UW},
	    {"boot_uw", r->boot_uw, HR_NODE_POWER_MAX_UW},
	    {"uncapped_uw", r->uncapped_uw, HR_NODE_POWER_MAX_UW},
	    {"settle_ns", r->settle_ns, SETTLE_MAX_NS},
	    {"draw_uw", r->draw_uw, HR_NODE_POWER_MAX_UW},
	    {"need_uw", r->need_uw, HR_NODE_POWER_MAX_UW},
	    {"energy_uj", r->energy_uj, INT64_MAX},
	};
	size_t i;

	for (i = 0; i < HR_ARRAY_LEN(amount); i++)
		if (amount[i].value < 0 || amount[i].value > amount[i].high)
			return hr_err_set(reterr, -EINVAL,
					  "report: %s is %" PRId64 ": it must be 0 to %" PRId64,
					  amount[i].name, amount[i].value, amount[i].high);
	return 0;
}

static int check_order(const struct hr_report *r, struct hr_err *reterr)
{
	if (r->floor_uw > r->ceiling_uw)
		return hr_err_set(reterr, -EINVAL,
				  "report: floor_uw %" PRId64 " is above ceiling_uw %" PRId64,
				  r->floor_uw, r->ceiling_uw);
	if (r->safe_uw < r->floor_uw)
		return hr_err_set(reterr, -EINVAL,
				  "report: safe_uw %" PRId64 " is below floor_uw %" PRId64,
				  r->safe_uw, r->floor_uw);
	if (r->in_force_known && r->applied_uw > r->cap_uw)
		return hr_err_set(reterr, -EINVAL,
				  "report: applied_uw %" PRId64 " is above cap_uw %" PRId64,
				  r->applied_uw, r->cap_uw);
	return 0;
}

int hr_report_validate(const struct hr_report *r, struct hr_err *reterr)
{
	int e = check_identity(r, reterr);

	if (e == 0)
		e = check_marks(r, reterr);
	if (e == 0)
		e = check_amounts(r, reterr);
	if (e == 0)
		e = check_order(r, reterr);
	if (e < 0)
		return e;
	if ((unsigned)r->cap_reason >= HR_REASON__MAX)
		return hr_err_set(reterr, -EINVAL, "report: cap_reason %d is not in the list",
				  (int)r->cap_reason);
	if ((unsigned)r->fault >= HR_REASON__MAX)
		return hr_err_set(reterr, -EINVAL, "report: fault %d is not in the list",
				  (int)r->fault);
	if ((unsigned)r->draw_quality >= HR_QUALITY__MAX)
		return hr_err_set(reterr, -EINVAL, "report: draw_quality %d is not in the list",
				  (int)r->draw_quality);
	return 0;
}
