/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of reasons and the proof that the other enums agree. A reason that was added to
 * model/reason.h and not to headroom.proto stops the build here.
 * Invariant: from_wire(to_wire(r)) == r for every reason.
 */
#include "wire/message_enum.h"

#include "base/attr.h"
#include "model/role.h"
#include "model/sample.h"
#include "wire/message.h"

#define SAME(ours, theirs) _Static_assert((int)(ours) == (int)(theirs), #ours " is not " #theirs)

SAME(HR_ROLE_NONE, HEADROOM__ROLE__ROLE_NONE);
SAME(HR_ROLE_CONTROLLER, HEADROOM__ROLE__ROLE_CONTROLLER);
SAME(HR_ROLE_AGENT, HEADROOM__ROLE__ROLE_AGENT);
SAME(HR_ROLE_GUARD, HEADROOM__ROLE__ROLE_GUARD);
SAME(HR_ROLE_TUNER, HEADROOM__ROLE__ROLE_TUNER);
SAME(HR_ROLE_OPERATOR, HEADROOM__ROLE__ROLE_OPERATOR);
SAME(HR_ROLE__MAX, HEADROOM__ROLE__ROLE_OPERATOR + 1);
SAME(HR_QUALITY_OK, HEADROOM__QUALITY__QUALITY_OK);
SAME(HR_QUALITY_ESTIMATED, HEADROOM__QUALITY__QUALITY_ESTIMATED);
SAME(HR_QUALITY_STALE, HEADROOM__QUALITY__QUALITY_STALE);
SAME(HR_QUALITY_UNREADABLE, HEADROOM__QUALITY__QUALITY_UNREADABLE);
SAME(HR_QUALITY__MAX, HEADROOM__QUALITY__QUALITY_UNREADABLE + 1);
SAME(HR_GUARD_VERB_NONE, HEADROOM__COMMAND__COMMAND_NONE);
SAME(HR_GUARD_VERB_RESTORE, HEADROOM__COMMAND__COMMAND_RESTORE);
SAME(HR_GUARD_VERB_STOP, HEADROOM__COMMAND__COMMAND_STOP);
SAME(HR_GUARD_VERB__MAX, HEADROOM__COMMAND__COMMAND_STOP + 1);

static const Headroom__Reason reasons[HR_REASON__MAX] = {
#define X(id, name, sentence) [HR_REASON_##id] = HEADROOM__REASON__REASON_##id,
    HR_REASON_LIST(X)
#undef X
};

Headroom__Reason hr_message_enum_reason_to_wire(enum hr_reason r)
{
	HR_CHECK((unsigned)r < HR_REASON__MAX);
	return reasons[r];
}

enum hr_reason hr_message_enum_reason_from_wire(Headroom__Reason r)
{
	/* The two orders agree unless someone sorted the list anew. */
	if ((unsigned)r < HR_REASON__MAX && reasons[r] == r)
		return (enum hr_reason)r;
	for (unsigned i = 0; i < HR_REASON__MAX; i++) {
		if (reasons[i] == r)
			return (enum hr_reason)i;
	}
	return HR_REASON__MAX;
}
