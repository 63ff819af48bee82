/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agent as a process: core/agent.c between the meter, the guard's socket and the controller.
 *
 * It can set nothing: limits are the guard's. Whatever fails here (the meter, the guard, the
 * network) leaves it running and trying again.
 */
#ifndef HR_ROLE_AGENT_DAEMON_H
#define HR_ROLE_AGENT_DAEMON_H

#include <uv.h>

#include "base/err.h"
#include "conf/agent.h"
#include "hw/meter.h"
#include "net/transport.h"

/* Opens the driver of that name, or with NULL the first that finds devices. */
typedef int hr_meter_opener(const struct hr_meter_conf *conf, const char *name,
			    struct hr_meter **ret, struct hr_err *reterr);

struct hr_agent_env {
	const struct hr_conf_agent *conf;
	hr_meter_opener *open_meter;
	uv_loop_t *loop;
	struct hr_transport_client *client; /* to the controller; the caller's */
};

/* Runs the loop until SIGTERM or SIGINT. 0, or negative errno if it could not start. */
int hr_agent_daemon_run(const struct hr_agent_env *env, struct hr_err *reterr) HR_MUST_CHECK;

#endif
