/* SPDX-License-Identifier: Apache-2.0 */
/*
 * headroom-agent: measures a node, reports, and passes grants to its guard. A small executable of
 * its own; here meter, transport and shell are put together.
 */
#include <stdio.h>

#include "base/log.h"
#include "cli/options.h"
#include "conf/agent.h"
#include "conf/endpoint.h"
#include "hw/drivers.h"
#include "net/keypair.h"
#include "net/zmq_client.h"
#include "role/agent_daemon.h"

static int open_client(const struct hr_conf_agent *conf, uv_loop_t *loop,
		       struct hr_transport_client **ret, struct hr_err *reterr)
{
	char address[HR_CONF_ENDPOINT_BYTES], endpoint[HR_CONF_ENDPOINT_BYTES + 8];
	char server[HR_KEY_TEXT_BYTES];
	struct hr_keypair own;
	int rc = 0;

	snprintf(endpoint, sizeof(endpoint), "tcp://%s",
		 hr_conf_endpoint_format(&conf->controller, address));
	if (conf->server_key[0] == '/')
		rc = hr_keypair_load_public(conf->server_key, server, reterr);
	else
		snprintf(server, sizeof(server), "%.40s", conf->server_key);
	if (rc == 0)
		rc = hr_keypair_load(conf->key_file, &own, reterr);
	if (rc < 0)
		return rc;
	const struct hr_zmq_client_conf zc = {
	    .endpoint = endpoint,
	    .server_key = server,
	    .secret = own.secret,
	};

	rc = hr_zmq_client_open(loop, &zc, ret, reterr);
	hr_keypair_forget(&own);
	return rc;
}

static int run(struct hr_conf_agent *conf, struct hr_err *reterr)
{
	struct hr_transport_client *client = NULL;
	uv_loop_t loop;
	int rc = uv_loop_init(&loop);

	if (rc < 0)
		return hr_err_set(reterr, rc, "cannot make the loop: %s", uv_strerror(rc));
	rc = open_client(conf, &loop, &client, reterr);
	if (rc == 0) {
		const struct hr_agent_env env = {
		    .conf = conf,
		    .open_meter = hr_drivers_meter_open,
		    .loop = &loop,
		    .client = client,
		};

		rc = hr_agent_daemon_run(&env, reterr);
	}
	hr_transport_client_close(client);
	/* What was closed is freed by the loop. */
	uv_run(&loop, UV_RUN_NOWAIT);
	uv_loop_close(&loop);
	return rc;
}

int main(int argc, char **argv)
{
	struct hr_conf_agent conf;
	struct hr_options o = {
	    .program = "headroom-agent",
	    .about = "Measures a node, reports to the controller and divides the node's cap.",
	    .table = &hr_conf_agent_table,
	};
	struct hr_err err;
	char name[HR_NAME_BYTES + 8];
	int rc = hr_options_parse(&o, argc, argv, &err);

	hr_log_init("agent", o.verbose ? HR_LOG_DEBUG : HR_LOG_INFO);
	if (rc == 0 && hr_options_answered(&o))
		return HR_EXIT_OK;
	hr_conf_init(&hr_conf_agent_table, &conf);
	if (rc == 0)
		rc = hr_options_load(&o, &conf, &err);
	if (rc == 0) {
		hr_options_name(conf.name);
		snprintf(name, sizeof(name), "agent:%s", conf.name);
		hr_log_init(name, o.verbose ? HR_LOG_DEBUG : HR_LOG_INFO);
		rc = run(&conf, &err);
	}
	if (rc < 0)
		hr_log(HR_LOG_ERROR, "msg=\"%s\"", err.text);
	hr_conf_done(&hr_conf_agent_table, &conf);
	return hr_options_exit(rc);
}
