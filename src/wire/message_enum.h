/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Enumerators as numbers of the wire and back. Only the codec uses it.
 *
 * The number of a reason on the wire never changes, whatever the order of HR_REASON_LIST. The
 * other enums have the same numbers on both sides, which the compiler checks.
 */
#ifndef HR_WIRE_MESSAGE_ENUM_H
#define HR_WIRE_MESSAGE_ENUM_H

#include <stdint.h>

#include "headroom.pb-c.h"
#include "model/reason.h"

/* r must be in the list. */
Headroom__Reason hr_message_enum_reason_to_wire(enum hr_reason r);
/* HR_REASON__MAX for a number that this build does not know. */
enum hr_reason hr_message_enum_reason_from_wire(Headroom__Reason r);

#endif
