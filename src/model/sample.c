/* SPDX-License-Identifier: Apache-2.0 */
/* The names of the qualities of a sample, as used in labels, files and the API. */
#include "model/sample.h"

const char *hr_quality_name(enum hr_quality q)
{
	static const char *const name[HR_QUALITY__MAX] = {
	    [HR_QUALITY_OK] = "ok",
	    [HR_QUALITY_ESTIMATED] = "estimated",
	    [HR_QUALITY_STALE] = "stale",
	    [HR_QUALITY_UNREADABLE] = "unreadable",
	};

	return (unsigned)q < HR_QUALITY__MAX ? name[q] : "unknown";
}
