/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One reading of one zone. A value that could not be read is absent with a reason, never 0.
 */
#ifndef HR_MODEL_SAMPLE_H
#define HR_MODEL_SAMPLE_H

#include <stdint.h>

#include "model/reason.h"

enum hr_quality {
	HR_QUALITY_OK,
	HR_QUALITY_ESTIMATED,  /* computed from something else than a meter of this zone */
	HR_QUALITY_STALE,      /* older than its period allows */
	HR_QUALITY_UNREADABLE, /* no value; the fields below are 0 and mean nothing */
	HR_QUALITY__MAX
};

struct hr_sample {
	int zone; /* index into the meter's zones */
	enum hr_quality quality;
	enum hr_reason reason; /* NONE when ok */
	int64_t energy_uj;     /* since the meter was opened, unwrapped, never falling */
	int64_t power_uw;      /* mean over span_ns */
	int64_t span_ns;       /* measured distance to the reading before */
};

const char *hr_quality_name(enum hr_quality q);

#endif
