/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A budget: the limit an operator sets on a domain, standing or over time.
 *
 * The limit at an instant is the least of: the standing limit; every daily window that covers the
 * instant; the announced step in force. A daily window may cross midnight. Times of day are UTC.
 */
#ifndef HR_MODEL_BUDGET_H
#define HR_MODEL_BUDGET_H

#include <stdint.h>

#include "base/err.h"
#include "model/ident.h"

#define HR_BUDGET_WINDOWS_MAX 24
#define HR_BUDGET_STEPS_MAX 64
/* 10 GW: no limit is higher, so that limits can be added without overflow. */
#define HR_BUDGET_MAX_UW (INT64_C(10000000000) * 1000000)

struct hr_budget_window {
	int32_t from_s; /* second of the day, 0 to 86399 */
	int32_t to_s;   /* exclusive, to 86400; smaller than from_s: crosses midnight */
	int64_t limit_uw;
};

struct hr_budget_step {
	int64_t at_ns; /* wall clock, Unix time; steps are in rising order */
	int64_t limit_uw;
};

struct hr_budget {
	char domain[HR_NAME_BYTES]; /* "" or "cluster": the root */
	uint64_t version;           /* from the elector; grows with every change */
	int64_t limit_uw;           /* standing limit */
	unsigned n_windows;
	struct hr_budget_window window[HR_BUDGET_WINDOWS_MAX];
	unsigned n_steps;
	struct hr_budget_step step[HR_BUDGET_STEPS_MAX];
};

/* 0 or -EINVAL with the field named. */
int hr_budget_validate(const struct hr_budget *b, struct hr_err *reterr) HR_MUST_CHECK;

/* The lowest limit that the budget has at any time to come: what safe caps must fit. */
int64_t hr_budget_lowest_uw(const struct hr_budget *b);

#endif
