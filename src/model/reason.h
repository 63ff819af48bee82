/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why a cap changed, why a value is missing, why something was refused: one closed list for
 * reports, events, metrics (label "reason"), the API and "headroom explain".
 *
 * The short name is stable, snake_case and fit for a label; the sentence is for people.
 */
#ifndef HR_MODEL_REASON_H
#define HR_MODEL_REASON_H

/* HR_REASON(identifier, short name, sentence): reason.c and the documents are made from it. */
#define HR_REASON_LIST(X) \
	X(NONE, "none", "nothing to explain") \
	/* why a cap changed */ \
	X(GRANTED, "granted", "a fresh grant of the controller") \
	X(NEED_ROSE, "need_rose", "the node needs more and the budget has room") \
	X(NEED_FELL, "need_fell", "the node needs less and others can use the watts") \
	X(BUDGET_CUT, "budget_cut", "the budget of the node or of a domain above it was lowered") \
	X(BUDGET_RAISED, "budget_raised", "the budget was raised") \
	X(PRIORITY, "priority", "a higher class needs the watts") \
	X(SPLIT, "split", "the node's cap was divided anew among its devices") \
	X(LEASE_ENDED, "lease_ended", "no fresh grant came before the lease ended") \
	X(GUARD_STARTED, "guard_started", \
	  "the guard started and took the lower of cap and safe cap") \
	X(GUARD_PAUSED, "guard_paused", "the guard was not run for longer than a lease") \
	X(CAP_UNKNOWN, "cap_unknown", "the cap in force could not be read") \
	X(CLIENT_LIMIT, "client_limit", "another client of the guard asks for less") \
	X(REWRITTEN, "rewritten", "the limit was found changed and was written again") \
	X(LEFT, "left", "the node left the budget and its original limits were restored") \
	X(RESTORED, "restored", "an operator had the original limits restored") \
	X(STOPPED, "stopped", "the guard was stopped") \
	/* what is wrong with a limit (DESIGN rule 14) */ \
	X(LOCKED, "locked", "the firmware has locked the limit until the next reset") \
	X(CLAMPED, "clamped", "the hardware took another value than the one written") \
	X(IGNORED, "ignored", "the limit reads back but the draw stays above it") \
	X(OVERWRITTEN, "overwritten", "another program changed the limit") \
	X(LOST, "lost", "the device or its limit has vanished") \
	X(DENIED, "denied", "the limit may not be written") \
	X(DISABLED, "disabled", "the zone is present but its limit is switched off") \
	X(IMPOSSIBLE, "impossible", "the device has no limit that could be set") \
	X(IO_ERROR, "io_error", "the device answered with an input/output error") \
	/* why a value is missing or doubtful */ \
	X(UNREADABLE, "unreadable", "the value could not be read") \
	X(NO_PERMISSION, "no_permission", "the value is readable only with more rights") \
	X(MALFORMED, "malformed", "the value read is not a number") \
	X(ABSURD, "absurd", "the value is outside what the device can do") \
	X(FROZEN, "frozen", "the counter does not move") \
	X(JUMPED, "jumped", "the counter moved by more than the device can draw") \
	X(STALE, "stale", "the value is older than its period allows") \
	X(FIRST, "first", "one reading is not enough for a rate") \
	/* why the controller refused or holds something */ \
	X(NO_ROOM, "no_room", "the safe cap does not fit the budget") \
	X(NOT_AUTHORISED, "not_authorised", "the key is not authorised for this node") \
	X(FENCED, "fenced", "the identity was released by an operator and must be admitted anew") \
	X(OLD_REPORT, "old_report", "a newer report was seen before") \
	X(OLD_EPOCH, "old_epoch", "the message belongs to an earlier reign") \
	X(OLD_INCARNATION, "old_incarnation", "the message answers an earlier life of the guard") \
	X(OLD_GRANT, "old_grant", "a newer grant was accepted before") \
	X(DEAD_GRANT, "dead_grant", "the grant came after its lease had ended") \
	X(SILENT, "silent", "the node has not reported") \
	X(REBOOT_POSSIBLE, "reboot_possible", "the node may have rebooted and run unlimited") \
	X(LEDGER_NOT_NEWEST, "ledger_not_newest", \
	  "the ledger is not proven newest and was not believed")

enum hr_reason {
#define X(id, name, sentence) HR_REASON_##id,
	HR_REASON_LIST(X)
#undef X
	    HR_REASON__MAX
};

/* Never NULL; "unknown" for a number outside the list. */
const char *hr_reason_name(enum hr_reason r);
const char *hr_reason_sentence(enum hr_reason r);

#endif
