/* SPDX-License-Identifier: Apache-2.0 */
/* What protobuf-c has parsed, as a message. Only the codec uses it. */
#ifndef HR_WIRE_MESSAGE_UNPACK_H
#define HR_WIRE_MESSAGE_UNPACK_H

#include "headroom.pb-c.h"
#include "wire/message.h"

/*
 * Fills *ret whose bytes are all 0; nothing in it points into *e. 0, or -EBADMSG with the field
 * named: a uuid that is not 16 bytes, a text or list too long, a reason that is not known. The
 * rest is hr_message_check's.
 */
int hr_message_unpack_fill(const Headroom__Envelope *e, struct hr_message *ret,
			   struct hr_err *reterr) HR_MUST_CHECK;

#endif
