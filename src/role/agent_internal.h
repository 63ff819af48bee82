/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the agent's shell share. Private to agent_daemon.c (loop, actions),
 * agent_guard.c (the guard's socket) and agent_controller.c (the network).
 */
#ifndef HR_ROLE_AGENT_INTERNAL_H
#define HR_ROLE_AGENT_INTERNAL_H

#include <uv.h>

#include "core/agent.h"
#include "role/agent_daemon.h"
#include "role/notify.h"
#include "wire/message.h"

enum hr_agent_guard_state {
	HR_AGENT_GUARD_DOWN,
	HR_AGENT_GUARD_HELLO, /* said, not answered */
	HR_AGENT_GUARD_ZONES, /* asked for a first ticket, for the names of the zones */
	HR_AGENT_GUARD_UP,
};

enum hr_agent_link_state {
	HR_AGENT_LINK_DOWN,
	HR_AGENT_LINK_OPEN,  /* connected; hello not said, or refused */
	HR_AGENT_LINK_HELLO, /* said, not answered */
	HR_AGENT_LINK_UP,
};

struct hr_agent_shell {
	const struct hr_agent_env *env;
	struct hr_notify notify;
	struct hr_meter *meter;
	int root_fd;
	struct hr_zone zone[HR_ZONES_MAX]; /* the meter's, only ours counting */
	struct hr_sample sample[HR_ZONES_MAX];
	uv_timer_t sampler;
	uv_signal_t on_term, on_int;

	struct hr_uuid node; /* as the guard says; none: never reached */
	enum hr_agent_guard_state guard;
	int guard_fd;
	uv_poll_t *guard_poll; /* freed by the loop */
	uint64_t guard_try_ms;
	bool guard_told; /* that it cannot be reached */
	size_t n_zones;
	char zone_id[HR_ZONES_MAX][HR_NAME_BYTES]; /* the guard's, in its order */

	enum hr_agent_link_state link;
	bool connected;
	uint64_t hello_at_ms; /* when to say it again */
	uint64_t hello_wait_ms;
	bool refused_told;

	struct hr_agent core;
	struct hr_agent_actions actions;
	struct hr_message in, out;
	uint64_t bad_messages;
};

/* agent_daemon.c: one event, and what follows from it. */
void hr_agent_shell_feed(struct hr_agent_shell *a, const struct hr_agent_event *ev);
void hr_agent_shell_feed_up(struct hr_agent_shell *a, enum hr_agent_event_kind kind, bool up);
/* The guard's zones are known: begins anew with them if they are others than before. */
void hr_agent_shell_zones(struct hr_agent_shell *a, const struct hr_ticket *t);

/* agent_guard.c */
void hr_agent_guard_try(struct hr_agent_shell *a);
void hr_agent_guard_ask(struct hr_agent_shell *a);
/* Gives the wish of the last step's actions, with the grant unless that is NULL. */
void hr_agent_guard_split(struct hr_agent_shell *a, const struct hr_grant *grant);
void hr_agent_guard_close(struct hr_agent_shell *a);

/* agent_controller.c */
extern const struct hr_transport_client_events hr_agent_controller_events;
void hr_agent_controller_try(struct hr_agent_shell *a);
void hr_agent_controller_report(struct hr_agent_shell *a, const struct hr_report *r);

#endif
