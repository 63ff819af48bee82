/* SPDX-License-Identifier: Apache-2.0 */
/*
 * headroom-controller: keeps a cluster within its budget. Here transport, store, elector and shell
 * are put together.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/log.h"
#include "cli/options.h"
#include "conf/controller.h"
#include "conf/endpoint.h"
#include "base/file.h"
#include "hw/paths.h"
#include "net/http_server.h"
#include "net/keypair.h"
#include "net/zmq_server.h"
#include "role/controller_api.h"
#include "role/controller_daemon.h"
#include "store/elector_file.h"
#include "store/sqlite.h"

struct parts {
	const struct hr_options *options;
	struct hr_conf_controller conf;
	uv_loop_t loop;
	struct hr_transport_server *server;
	struct hr_store *store;
	struct hr_elector *elector;
	struct hr_http_server *http;
	struct hr_controller_api api;
	char *token;
};

#define TOKEN_BYTES_MAX 512

static int open_server(struct parts *p, struct hr_err *reterr)
{
	char address[HR_CONF_ENDPOINT_BYTES], endpoint[HR_CONF_ENDPOINT_BYTES + 8];
	struct hr_authorized_key *keys = NULL;
	struct hr_keypair own;
	size_t n = 0;
	int rc = hr_keypair_load(p->conf.key_file, &own, reterr);

	if (rc < 0)
		return rc;
	rc = hr_keypair_load_authorized(p->conf.authorized_keys, &keys, &n, reterr);
	snprintf(endpoint, sizeof(endpoint), "tcp://%s",
		 hr_conf_endpoint_format(&p->conf.listen, address));
	const struct hr_zmq_server_conf zc = {
	    .endpoint = endpoint,
	    .secret = own.secret,
	    .keys = keys,
	    .n_keys = n,
	};

	if (rc == 0)
		rc = hr_zmq_server_open(&p->loop, &zc, &p->server, reterr);
	hr_keypair_forget(&own);
	free(keys);
	if (rc == 0)
		hr_log(HR_LOG_NOTICE, "msg=listening endpoint=%s keys=%zu",
		       hr_zmq_server_endpoint(p->server), n);
	return rc;
}

static int open_state(struct parts *p, struct hr_err *reterr)
{
	char path[HR_CONF_STRING_BYTES + 16];
	int rc = hr_elector_file_open(p->conf.state_dir, &p->elector, reterr);

	if (rc < 0)
		return rc;
	snprintf(path, sizeof(path), "%s/ledger.db", p->conf.state_dir);
	return hr_sqlite_open(path, &p->store, reterr);
}

/* The first line of the token file. */
static int read_token(struct parts *p, struct hr_err *reterr)
{
	size_t n;

	if (p->conf.http.token_file[0] == '\0')
		return 0;
	int rc = hr_file_slurp(p->conf.http.token_file, TOKEN_BYTES_MAX, &p->token, &n, reterr);

	if (rc == 0)
		p->token[strcspn(p->token, "\r\n")] = '\0';
	return rc;
}

static int open_http(struct parts *p, struct hr_controller_shell *s, struct hr_err *reterr)
{
	const struct hr_conf_http *http = &p->conf.http;
	const struct hr_http_server_conf hc = {
	    .address = http->listen.host,
	    .port = http->listen.port,
	    .cert_file = http->tls_cert[0] != '\0' ? http->tls_cert : NULL,
	    .key_file = http->tls_key[0] != '\0' ? http->tls_key : NULL,
	    .route = hr_controller_api_route,
	    .n_routes = hr_controller_api_n_routes,
	    .ctx = &p->api,
	};

	if (hr_conf_endpoint_is_none(&http->listen))
		return 0;
	int rc = read_token(p, reterr);

	p->api = (struct hr_controller_api){.shell = s, .token = p->token};
	if (rc == 0)
		rc = hr_http_server_open(&p->loop, &hc, &p->http, reterr);
	if (rc == 0)
		hr_log(HR_LOG_NOTICE, "msg=\"http listening\" address=%s port=%u writable=%d",
		       http->listen.host, hr_http_server_port(p->http),
		       p->token != NULL && p->token[0] != '\0');
	return rc;
}

static int reload(void *ctx, struct hr_conf_controller *conf, struct hr_authorized_key **ret_keys,
		  size_t *ret_n, struct hr_err *reterr)
{
	const struct parts *p = ctx;
	int rc = hr_options_load(p->options, conf, reterr);

	hr_options_name(conf->name);
	return rc < 0 ? rc
		      : hr_keypair_load_authorized(conf->authorized_keys, ret_keys, ret_n, reterr);
}

static int run(struct parts *p, struct hr_err *reterr)
{
	const struct hr_controller_env env = {
	    .conf = &p->conf,
	    .loop = &p->loop,
	    .server = p->server,
	    .store = p->store,
	    .elector = p->elector,
	    .reload = reload,
	    .reload_ctx = p,
	    .process_dir = HR_PATH_PROCESS,
	};
	struct hr_controller_shell *s = hr_controller_daemon_new(&env, reterr);

	if (s == NULL)
		return reterr->code;
	int rc = open_http(p, s, reterr);

	if (rc == 0)
		rc = hr_controller_daemon_run(s, reterr);
	hr_http_server_close(p->http);
	hr_transport_server_close(p->server);
	p->server = NULL;
	hr_controller_daemon_free(s);
	return rc;
}

/*
 * Every agent takes a descriptor. The soft limit that is usual, 1,024, guards programs that call
 * select(2), which this one does not; what the host really allows is the hard limit.
 */
static void allow_descriptors(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
		files.rlim_cur = files.rlim_max;
		if (setrlimit(RLIMIT_NOFILE, &files) < 0)
			hr_log(HR_LOG_WARNING,
			       "msg=\"the limit of open files cannot be raised: %s\"",
			       strerror(errno));
	}
}

static int assemble(struct parts *p, struct hr_err *reterr)
{
	int rc = uv_loop_init(&p->loop);

	if (rc < 0)
		return hr_err_set(reterr, rc, "cannot make the loop: %s", uv_strerror(rc));
	rc = open_state(p, reterr);
	if (rc == 0)
		rc = open_server(p, reterr);
	if (rc == 0)
		rc = run(p, reterr);
	hr_transport_server_close(p->server);
	uv_run(&p->loop, UV_RUN_NOWAIT);
	uv_loop_close(&p->loop);
	free(p->token);
	if (p->store != NULL)
		p->store->ops->close(p->store);
	if (p->elector != NULL)
		p->elector->ops->close(p->elector);
	return rc;
}

int main(int argc, char **argv)
{
	struct hr_options o = {
	    .program = "headroom-controller",
	    .about = "Keeps the power of a cluster within its budget.",
	    .table = &hr_conf_controller_table,
	};
	struct parts p = {.options = &o};
	struct hr_err err = {0};
	int rc = hr_options_parse(&o, argc, argv, &err);

	hr_log_init("controller", o.verbose ? HR_LOG_DEBUG : HR_LOG_INFO);
	if (rc == 0 && hr_options_answered(&o))
		return HR_EXIT_OK;
	hr_conf_init(&hr_conf_controller_table, &p.conf);
	if (rc == 0)
		rc = hr_options_load(&o, &p.conf, &err);
	hr_options_name(p.conf.name);
	/* A file that may grow no more is an error of one write, not the end of the reign. */
	signal(SIGXFSZ, SIG_IGN);
	if (rc == 0) {
		allow_descriptors();
		rc = assemble(&p, &err);
	}
	if (rc < 0)
		hr_log(HR_LOG_ERROR, "msg=\"%s\"", err.text);
	hr_conf_done(&hr_conf_controller_table, &p.conf);
	return hr_options_exit(rc);
}
