/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a budget must look like before anything trusts it. The limit at an instant is computed
 * elsewhere (power/); here is only what needs no time. Invariant: a budget that passed can be
 * indexed and summed without overflow.
 */
#include "model/budget.h"

#include <errno.h>
#include <inttypes.h>

#include "base/units.h"

#define DAY_S 86400

static int check_limit(const char *field, unsigned index, int64_t uw, struct hr_err *reterr)
{
	if (uw >= 1 && uw <= HR_BUDGET_MAX_UW)
		return 0;
	return hr_err_set(reterr, -EINVAL,
			  "budget: %s %u is %" PRId64 " uW: a limit is from 1 uW to 10000 MW",
			  field, index, uw);
}

static int check_window(const struct hr_budget_window *w, unsigned i, struct hr_err *reterr)
{
	if (w->from_s < 0 || w->from_s >= DAY_S)
		return hr_err_set(reterr, -EINVAL,
				  "budget: window %u begins at second %" PRId32
				  " of the day: it must be 0 to 86399",
				  i, w->from_s);
	if (w->to_s < 0 || w->to_s > DAY_S)
		return hr_err_set(reterr, -EINVAL,
				  "budget: window %u ends at second %" PRId32
				  " of the day: it must be 0 to 86400",
				  i, w->to_s);
	if (w->from_s == w->to_s)
		return hr_err_set(reterr, -EINVAL,
				  "budget: window %u begins and ends at second %" PRId32
				  ": for a whole day write 0 to 86400",
				  i, w->from_s);
	return check_limit("limit of window", i, w->limit_uw, reterr);
}

static int check_steps(const struct hr_budget *b, struct hr_err *reterr)
{
	unsigned i;

	for (i = 0; i < b->n_steps; i++) {
		int r;

		if (b->step[i].at_ns <= 0)
			return hr_err_set(reterr, -EINVAL, "budget: step %u has no time", i);
		if (i > 0 && b->step[i].at_ns <= b->step[i - 1].at_ns)
			return hr_err_set(reterr, -EINVAL,
					  "budget: step %u is not later than the one before it", i);
		r = check_limit("limit of step", i, b->step[i].limit_uw, reterr);
		if (r < 0)
			return r;
	}
	return 0;
}

int hr_budget_validate(const struct hr_budget *b, struct hr_err *reterr)
{
	unsigned i;

	if (b->domain[0] != '\0' && !hr_name_is_valid(b->domain))
		return hr_err_set(reterr, -EINVAL,
				  "budget: domain is not a name (1 to %d of A-Z a-z 0-9 . _ : -)",
				  HR_NAME_BYTES - 1);
	if (b->limit_uw < 1 || b->limit_uw > HR_BUDGET_MAX_UW)
		return hr_err_set(reterr, -EINVAL,
				  "budget: limit is %" PRId64
				  " uW: a standing limit is from 1 uW to 10000 MW",
				  b->limit_uw);
	if (b->n_windows > HR_BUDGET_WINDOWS_MAX)
		return hr_err_set(reterr, -EINVAL, "budget: %u windows: at most %d are possible",
				  b->n_windows, HR_BUDGET_WINDOWS_MAX);
	if (b->n_steps > HR_BUDGET_STEPS_MAX)
		return hr_err_set(reterr, -EINVAL, "budget: %u steps: at most %d are possible",
				  b->n_steps, HR_BUDGET_STEPS_MAX);
	for (i = 0; i < b->n_windows; i++) {
		int r = check_window(&b->window[i], i, reterr);

		if (r < 0)
			return r;
	}
	return check_steps(b, reterr);
}

int64_t hr_budget_lowest_uw(const struct hr_budget *b)
{
	int64_t lowest = b->limit_uw;
	unsigned i;

	for (i = 0; i < b->n_windows; i++)
		lowest = hr_min_i64(lowest, b->window[i].limit_uw);
	for (i = 0; i < b->n_steps; i++)
		lowest = hr_min_i64(lowest, b->step[i].limit_uw);
	return lowest;
}
