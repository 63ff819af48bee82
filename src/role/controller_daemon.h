/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The controller as a process: core/controller.c between its agents, its store and its elector.
 *
 * No grant leaves before what it may add to a charge is on the disk; a store that fails stops
 * increases and nothing else. What happens is kept for the API in a ring of events.
 */
#ifndef HR_ROLE_CONTROLLER_DAEMON_H
#define HR_ROLE_CONTROLLER_DAEMON_H

#include <uv.h>

#include "base/err.h"
#include "conf/controller.h"
#include "net/transport.h"
#include "store/elector.h"
#include "store/store.h"

struct hr_controller_shell;

/*
 * Reads the configuration anew into *conf (as hr_conf_load, all or nothing) and the authorised
 * keys into a table that the caller frees.
 */
typedef int hr_controller_reload(void *ctx, struct hr_conf_controller *conf,
				 struct hr_authorized_key **ret_keys, size_t *ret_n,
				 struct hr_err *reterr);

struct hr_controller_env {
	struct hr_conf_controller *conf;
	uv_loop_t *loop;
	struct hr_transport_server *server;
	struct hr_store *store;
	struct hr_elector *elector;
	hr_controller_reload *reload; /* on SIGHUP */
	void *reload_ctx;
	const char *process_dir; /* where the kernel shows this process; NULL: nowhere */
};

/*
 * Takes the reign and reads the ledger; everything in env outlives the shell. NULL with the
 * sentence on failure.
 */
struct hr_controller_shell *hr_controller_daemon_new(const struct hr_controller_env *env,
						     struct hr_err *reterr) HR_MUST_CHECK;

/* Runs the loop until SIGTERM or SIGINT. */
int hr_controller_daemon_run(struct hr_controller_shell *s, struct hr_err *reterr) HR_MUST_CHECK;

/* Answers NULL; NULL is fine. */
struct hr_controller_shell *hr_controller_daemon_free(struct hr_controller_shell *s);

#endif
