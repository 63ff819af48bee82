/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guard as a process: core/guard.c between a unix socket, the clock and the hardware.
 *
 * It has no network socket and starts no other process. Every error of its surroundings leaves the
 * limits where they are or lowers them.
 */
#ifndef HR_ROLE_GUARD_DAEMON_H
#define HR_ROLE_GUARD_DAEMON_H

#include <stddef.h>

#include "base/err.h"
#include "conf/guard.h"
#include "hw/actuator.h"

/* Opens the driver of that name, or with NULL the first that finds devices; -ENODEV: none. */
typedef int hr_actuator_opener(const struct hr_actuator_conf *conf, const char *name,
			       struct hr_actuator **ret, struct hr_err *reterr);

struct hr_guard_env {
	const struct hr_conf_guard *conf;
	hr_actuator_opener *open_actuator;
	const char *claims;    /* directory of the claims to zones; NULL: the host's for root, else
				  "zones" in run_dir */
	const char *boot_file; /* holds the boot's uuid; NULL: boot_path decides */
	const char *boot_path; /* the same, looked for under the root, then on the host */
};

/* Runs until SIGTERM or SIGINT. 0, or negative errno if it could not start. */
int hr_guard_daemon_run(const struct hr_guard_env *env, struct hr_err *reterr) HR_MUST_CHECK;

/*
 * Puts the saved original limits back without a guard. -EBUSY while one runs, -ENOENT if none are
 * saved. *ret_n: how many zones.
 */
int hr_guard_daemon_restore(const struct hr_guard_env *env, size_t *ret_n,
			    struct hr_err *reterr) HR_MUST_CHECK;

#endif
