/* SPDX-License-Identifier: Apache-2.0 */
/* A message laid out as protobuf-c wants it. Only the codec uses it. */
#ifndef HR_WIRE_MESSAGE_PACK_H
#define HR_WIRE_MESSAGE_PACK_H

#include "headroom.pb-c.h"
#include "wire/message.h"

/* Room for one message of any kind; it points into the message that it was filled from. */
struct hr_message_pack {
	Headroom__Envelope envelope;
	union {
		Headroom__Hello hello;
		Headroom__Welcome welcome;
		Headroom__Refuse refuse;
		Headroom__TicketRequest ticket_request;
		Headroom__Ticket ticket;
		Headroom__Split split;
		Headroom__ClientLimit client_limit;
		Headroom__GuardCommand guard_command;
		Headroom__GuardAnswer guard_answer;
		Headroom__LeaveRequest leave_request;
	} body;
	Headroom__Report report; /* a body, or inside a ticket */
	Headroom__Grant grant;   /* a body, or inside a split */
	Headroom__Mark mark[2];
	Headroom__ZoneLimit zone[HR_ZONES_MAX];
	Headroom__ZoneLimit *zone_ptr[HR_ZONES_MAX];
};

/* m must have passed hr_message_check and must outlive *p. */
void hr_message_pack_fill(struct hr_message_pack *p, const struct hr_message *m);

#endif
