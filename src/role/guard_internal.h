/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the guard's shell share: its state, and who calls whom. Private to
 * guard_daemon.c (loop, actions) and guard_talk.c (messages).
 */
#ifndef HR_ROLE_GUARD_INTERNAL_H
#define HR_ROLE_GUARD_INTERNAL_H

#include "core/guard.h"
#include "role/guard_daemon.h"
#include "role/guard_peer.h"
#include "role/guard_state.h"
#include "role/guard_zones.h"
#include "role/notify.h"

/* The last of the core's clients is the guard itself when it stops. */
#define HR_GUARD_STOP_SLOT (HR_GUARD_CLIENTS - 1)

/* The answer to an action, waiting for its step. */
struct hr_guard_done {
	enum hr_guard_event_kind kind;
	size_t zone;
	bool was_write;
	struct hr_guard_limit limit;
};

struct hr_guard_shell {
	const struct hr_guard_env *env;
	int root_fd, listen_fd, timer_fd, signal_fd;
	int64_t wake_boot_ns; /* what the timer is set to */
	struct hr_notify notify;
	struct hr_guard_state state;
	struct hr_guard_zones zones;
	struct hr_guard_peer peer[HR_GUARD_PEERS_MAX];
	char client[HR_GUARD_STOP_SLOT][HR_NAME_BYTES]; /* names by slot; "": free */

	struct hr_guard core;
	struct hr_guard_event event;
	struct hr_guard_actions actions;
	size_t n_done;
	struct hr_guard_done done[2 * HR_ZONES_MAX + 16];

	struct hr_guard_mark mark; /* to be stored */
	unsigned marks;            /* how many the core waits for */
	bool mark_failing;
	bool restoring; /* tried again at every tick */
	bool stop;
	uint64_t writes;
	uint64_t rejected[HR_REASON__MAX];
	uint64_t bad_messages;
	struct hr_message message; /* of the peer that speaks */
	struct hr_message answer;
};

/* guard_daemon.c: one event, and everything that follows from it. */
void hr_guard_shell_feed(struct hr_guard_shell *g, const struct hr_guard_event *ev);

/* guard_talk.c */
void hr_guard_shell_hear(struct hr_guard_shell *g, struct hr_guard_peer *p);
void hr_guard_shell_ticket(struct hr_guard_shell *g, const struct hr_report *report);
void hr_guard_shell_news(struct hr_guard_shell *g);

#endif
