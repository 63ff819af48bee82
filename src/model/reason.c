/* SPDX-License-Identifier: Apache-2.0 */
/* The texts of the reasons, made from the list in the header, so none can be forgotten. */
#include "model/reason.h"

const char *hr_reason_name(enum hr_reason r)
{
	static const char *const name[HR_REASON__MAX] = {
#define X(id, name, sentence) [HR_REASON_##id] = (name),
	    HR_REASON_LIST(X)
#undef X
	};

	return (unsigned)r < HR_REASON__MAX ? name[r] : "unknown";
}

const char *hr_reason_sentence(enum hr_reason r)
{
	static const char *const sentence[HR_REASON__MAX] = {
#define X(id, name, sentence) [HR_REASON_##id] = (sentence),
	    HR_REASON_LIST(X)
#undef X
	};

	return (unsigned)r < HR_REASON__MAX ? sentence[r] : "a reason unknown to this version";
}
