/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A grant: the permission to run under a cap until a lease ends. It echoes one report; the lease
 * is anchored at the moment the guard made that report, which the guard alone knows, so that a
 * grant that was late on its way is dead when it arrives.
 */
#ifndef HR_MODEL_GRANT_H
#define HR_MODEL_GRANT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "model/ident.h"
#include "model/reason.h"

#define HR_TTL_DEFAULT_NS INT64_C(2000000000)
#define HR_TTL_MAX_NS INT64_C(600000000000)

struct hr_grant {
	struct hr_ident to;  /* node, boot and incarnation of the report echoed */
	uint64_t echo_n;     /* its number */
	struct hr_mark mark; /* strictly newer than any the guard has accepted */
	int64_t cap_uw;      /* wall power */
	int64_t safe_uw;     /* the safe cap from now on; 0: leave it as it is */
	int64_t ttl_ns;      /* lease, from the anchor of the report echoed */
	int64_t period_ns;   /* how often the controller wants reports */
	uint64_t budget_version;
	bool leave;            /* restore the original limits; such a grant has no lease */
	enum hr_reason reason; /* why the cap is what it is */
};

/* 0 or -EINVAL with the field named. */
int hr_grant_validate(const struct hr_grant *g, struct hr_err *reterr) HR_MUST_CHECK;

#endif
