/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages between roles: bytes on the wire to structs and back (docs/protocol.md).
 *
 * The codec answers for form: version, identity, lengths, enumerators, names. It does not answer
 * for sense: whether the numbers of a report or a grant are believable is hr_report_validate's and
 * hr_grant_validate's question, which whoever acts on them must ask; and whether the sender may
 * say so is asked of its key.
 *
 * Invariant: hr_message_decode(hr_message_encode(m)) == m for every m that encodes, and what
 * decodes encodes again.
 */
#ifndef HR_WIRE_MESSAGE_H
#define HR_WIRE_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/uuid.h"
#include "model/grant.h"
#include "model/ident.h"
#include "model/reason.h"
#include "model/report.h"
#include "model/role.h"
#include "model/zone.h"

#define HR_PROTOCOL_MIN 1 /* the versions that this build speaks */
#define HR_PROTOCOL_MAX 1

#define HR_MESSAGE_MAX_BYTES 8192 /* no message is larger; a ticket of 64 zones fits */
#define HR_MESSAGE_TEXT_BYTES 256 /* sentences, with the final zero */

/* Both ends say it first; version, sender and domain stand in the envelope. */
struct hr_hello {
	uint32_t min_version;
	uint32_t max_version;
	enum hr_role role;
	char name[HR_NAME_BYTES];     /* of the node, "" if it has none */
	char software[HR_NAME_BYTES]; /* "0.1.0" */
};

struct hr_welcome {
	uint32_t version;  /* to be spoken from now on */
	uint64_t epoch;    /* of the controller's reign */
	int64_t period_ns; /* how often it wants reports */
};

struct hr_refuse {
	enum hr_reason reason;
	char text[HR_MESSAGE_TEXT_BYTES];
	uint32_t min_version; /* what the refuser speaks */
	uint32_t max_version;
};

struct hr_zone_limit {
	char id[HR_NAME_BYTES];
	int64_t limit_uw;
	enum hr_reason fault; /* what is wrong with the limit; NONE: nothing is */
};

/* Guard to agent: the guard's half of the next report. The agent's half of it is 0. */
struct hr_ticket {
	struct hr_report report;
	unsigned n_zones;
	struct hr_zone_limit zone[HR_ZONES_MAX]; /* as read back */
};

/* Agent to guard: how the node's cap is to be divided over all zones that can be capped. */
struct hr_split {
	bool has_grant; /* the grant is to be put in force together with this division */
	struct hr_grant grant;
	unsigned n_zones;
	struct hr_zone_limit zone[HR_ZONES_MAX];
};

/* Another client of the guard (a frequency tuner) asks for a cap of its own, with a lease. */
struct hr_client_limit {
	char name[HR_NAME_BYTES];
	int64_t cap_uw;
	int64_t ttl_ns; /* from the moment the guard read it; 0: take the limit back */
};

enum hr_guard_verb {
	HR_GUARD_VERB_NONE,
	HR_GUARD_VERB_RESTORE, /* put the original limits back */
	HR_GUARD_VERB_STOP,
	HR_GUARD_VERB__MAX
};

struct hr_guard_command {
	enum hr_guard_verb verb;
	char by[HR_NAME_BYTES]; /* the operator */
};

struct hr_guard_answer {
	enum hr_guard_verb verb;
	bool done;
	enum hr_reason reason; /* why not */
	char text[HR_MESSAGE_TEXT_BYTES];
};

/* Agent to controller: this node wants to leave the budget (DESIGN rule 10). */
struct hr_leave_request {
	struct hr_ident from;
	char by[HR_NAME_BYTES]; /* the operator */
};

enum hr_message_kind {
	HR_MESSAGE_NONE,
	HR_MESSAGE_HELLO,
	HR_MESSAGE_WELCOME,
	HR_MESSAGE_REFUSE,
	HR_MESSAGE_REPORT,
	HR_MESSAGE_GRANT,
	HR_MESSAGE_TICKET_REQUEST,
	HR_MESSAGE_TICKET,
	HR_MESSAGE_SPLIT,
	HR_MESSAGE_CLIENT_LIMIT,
	HR_MESSAGE_GUARD_COMMAND,
	HR_MESSAGE_GUARD_ANSWER,
	HR_MESSAGE_LEAVE_REQUEST,
	HR_MESSAGE__MAX
};

struct hr_message {
	uint32_t version;           /* HR_PROTOCOL_MAX, or what was negotiated */
	struct hr_uuid sender;      /* in reports, tickets and leave requests also the node */
	char domain[HR_NAME_BYTES]; /* "": the root */
	enum hr_message_kind kind;
	union {
		struct hr_hello hello;
		struct hr_welcome welcome;
		struct hr_refuse refuse;
		struct hr_report report;
		struct hr_grant grant;
		struct hr_ticket ticket;
		struct hr_split split;
		struct hr_client_limit client_limit;
		struct hr_guard_command guard_command;
		struct hr_guard_answer guard_answer;
		struct hr_leave_request leave_request;
	};
};

/* Never NULL; "unknown" for a number outside the list. */
const char *hr_message_kind_name(enum hr_message_kind k);

/*
 * The form of a message, asked by both functions below: 0, -EPROTONOSUPPORT (a version that this
 * build does not speak; hello and refuse may be of any) or -EBADMSG, with the field named.
 */
int hr_message_check(const struct hr_message *m, struct hr_err *reterr) HR_MUST_CHECK;

/*
 * Writes m to buf (HR_MESSAGE_MAX_BYTES always suffice) and its length to *ret_len. The same
 * message always gives the same bytes. 0, -ENOBUFS, or an error of hr_message_check.
 */
int hr_message_encode(const struct hr_message *m, uint8_t *buf, size_t size, size_t *ret_len,
		      struct hr_err *reterr) HR_MUST_CHECK;

/*
 * Reads one message. Takes no memory but a bounded scratch area on the stack (48 KiB). *ret is
 * written on success only. 0, -EMSGSIZE (longer than HR_MESSAGE_MAX_BYTES), -EBADMSG (not a
 * message, an unknown kind or enumerator, an identity missing, a wrong length) or
 * -EPROTONOSUPPORT, with the sentence. Fields that this version does not know are skipped.
 */
int hr_message_decode(const uint8_t *bytes, size_t size, struct hr_message *ret,
		      struct hr_err *reterr) HR_MUST_CHECK;

/*
 * The newest version that this build and the sender of the hello both speak; 0 or
 * -EPROTONOSUPPORT with a sentence fit for a refusal.
 */
int hr_message_negotiate(const struct hr_hello *hello, uint32_t *ret_version,
			 struct hr_err *reterr) HR_MUST_CHECK;

#endif
