/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the controller's shell share. Private to controller_*.c of this directory.
 */
#ifndef HR_ROLE_CONTROLLER_INTERNAL_H
#define HR_ROLE_CONTROLLER_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include "core/controller.h"
#include "role/controller_daemon.h"
#include "role/notify.h"
#include "wire/message.h"

#define HR_CONTROLLER_EVENTS_MAX 8192 /* a power of two */

/* A name of the roster, and the node that it is bound to. */
struct hr_controller_entry {
	char name[HR_NAME_BYTES];
	bool listed; /* in the configuration */
	struct hr_conf_node conf;
	struct hr_uuid node; /* none: never heard */
	bool placeholder;    /* charged as unknown, under a uuid made up */
	int core;            /* index of the core's node; -1: none yet */
	bool has_peer;
	uint64_t peer;
	char software[HR_NAME_BYTES];
	int64_t heard_wall_ns;
	enum hr_reason refused; /* what was last told and logged */
	uint64_t grants;
	uint64_t lost; /* grants that could not be sent */
};

struct hr_controller_news {
	uint64_t id; /* from 1 */
	int64_t wall_ns;
	int64_t before_uw;
	int64_t after_uw;
	enum hr_reason reason;
	char node[HR_NAME_BYTES];
};

struct hr_controller_counts {
	uint64_t received[HR_MESSAGE__MAX];
	uint64_t malformed;
	uint64_t impostors; /* the key may not speak for that node */
	uint64_t unknown;   /* senders that are not on the roster */
	uint64_t strange;   /* kinds that nobody says to a controller */
	uint64_t commits;
	uint64_t commit_errors;
	uint64_t rows;
	uint64_t reloads;
	uint64_t reload_errors;
	int64_t commit_ns; /* sum */
};

struct hr_controller_shell {
	struct hr_controller_env env;
	struct hr_notify notify;
	int64_t started_wall_ns;

	struct hr_tree tree;
	struct hr_tree_scratch scratch;
	struct hr_controller core;
	struct hr_controller_actions actions;
	int nodes_max;

	size_t n_entries, entries_max;
	struct hr_controller_entry *entry;
	struct hr_controller_entry **by_core; /* nodes_max */
	uint32_t *slot;                       /* hash of uuids: entry + 1, 0: empty */
	size_t slots;                         /* a power of two */

	struct hr_store_row *row; /* of each core node, newest, not yet stored */
	bool *dirty;
	int *dirty_list;
	int n_dirty;
	struct hr_store_row *rows_out;
	bool commit_due;
	uint64_t batch; /* to be committed */
	bool store_failing;

	uv_timer_t waker;
	uv_timer_t committer;
	uv_timer_t feeder;
	uv_signal_t on_hup, on_term, on_int;
	bool closing;

	struct hr_controller_news *news; /* ring */
	uint64_t newest_news;
	struct hr_controller_counts counts;
	struct hr_message in, out;
};

/* controller_daemon.c: one event of the core, and everything that follows. */
void hr_controller_shell_feed(struct hr_controller_shell *s, const struct hr_controller_event *ev);
void hr_controller_shell_audit(struct hr_controller_shell *s, const char *who, const char *what,
			       const char *target, const char *before, const char *after,
			       const char *result);

/* controller_roster.c */
int hr_controller_roster_open(struct hr_controller_shell *s, struct hr_err *reterr);
struct hr_controller_entry *hr_controller_roster_by_node(const struct hr_controller_shell *s,
							 const struct hr_uuid *node);
struct hr_controller_entry *hr_controller_roster_by_name(const struct hr_controller_shell *s,
							 const char *name);
/* Binds the entry to a node, durably, and adds it to the core. */
int hr_controller_roster_bind(struct hr_controller_shell *s, struct hr_controller_entry *e,
			      const struct hr_uuid *node, struct hr_err *reterr);
/* Takes what hr_controller_reload_check has allowed of the nodes; new names are added. */
void hr_controller_roster_reload(struct hr_controller_shell *s, const struct hr_conf_node *nodes,
				 size_t n);
void hr_controller_roster_close(struct hr_controller_shell *s);

/*
 * controller_reload.c: 0; -EBUSY (a key or a node's place that cannot change while running, named
 * in the sentence) or -ENOSPC (more new nodes than there is room for). Changes nothing.
 */
int hr_controller_reload_check(const struct hr_controller_shell *s,
			       const struct hr_conf_controller *fresh,
			       const struct hr_conf_node *nodes, size_t n, struct hr_err *reterr);

/* controller_talk.c */
extern const struct hr_transport_server_events hr_controller_talk_events;
void hr_controller_talk_grant(struct hr_controller_shell *s, struct hr_controller_entry *e,
			      const struct hr_grant *g);
void hr_controller_talk_refuse(struct hr_controller_shell *s, struct hr_controller_entry *e,
			       enum hr_reason why);

/* controller_budget.c */
int hr_controller_budget_open(struct hr_controller_shell *s, struct hr_err *reterr);
/*
 * Puts a budget in force: 0; -ERANGE when it does not fit floors or safe caps (both sums in the
 * sentence) and is no emergency; -EINVAL; -ENOENT for an unknown domain; or what the disk said.
 */
int hr_controller_budget_put(struct hr_controller_shell *s, struct hr_budget *b, bool emergency,
			     const char *who, struct hr_err *reterr);
/* The configured budget of the root, if it is another than the one last taken. */
int hr_controller_budget_from_conf(struct hr_controller_shell *s, struct hr_err *reterr);

#endif
