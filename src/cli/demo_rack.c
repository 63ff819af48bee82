/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The virtual rack and the roles that run on it, from the demo's side: started, told, asked.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/api.h"
#include "cli/demo.h"

#define STATS_BYTES_MAX (1 << 20)
#define START_TRIES 100

bool hr_demo_rack_is_primary(const struct hr_demo *d, size_t node)
{
	return node < (d->n_nodes + 1) / 2;
}

int hr_demo_rack_stats(struct hr_demo *d, struct hr_err *reterr)
{
	char path[HR_DEMO_PATH_BYTES + 16];
	json_error_t e;

	snprintf(path, sizeof(path), "%s/stats", d->mount);
	FILE *f = fopen(path, "re");
	json_t *o = f != NULL ? json_loadf(f, 0, &e) : NULL;

	if (f != NULL)
		fclose(f);
	if (o == NULL)
		return hr_err_set(reterr, -EIO, "cannot read the virtual rack's figures in %s",
				  path);
	json_decref(d->stats);
	d->stats = o;
	return 0;
}

int64_t hr_demo_rack_int(const struct hr_demo *d, const char *key)
{
	return json_integer_value(json_object_get(d->stats, key));
}

json_t *hr_demo_rack_node(const struct hr_demo *d, size_t i)
{
	return json_array_get(json_object_get(d->stats, "node"), i);
}

int hr_demo_rack_command(struct hr_demo *d, struct hr_err *reterr, const char *fmt, ...)
{
	char path[HR_DEMO_PATH_BYTES + 16], text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	snprintf(path, sizeof(path), "%s/control", d->mount);
	FILE *f = fopen(path, "we");
	bool ok = f != NULL && fprintf(f, "%s\n", text) > 0;

	if (f != NULL)
		ok = fclose(f) == 0 && ok;
	if (!ok)
		return hr_err_set(reterr, -EIO, "the virtual rack refuses '%s'", text);
	return 0;
}

int hr_demo_rack_start(struct hr_demo *d, struct hr_err *reterr)
{
	char nodes[16], seed[24], logs[HR_DEMO_LOGS_BYTES], parent[16];
	struct hr_err err;

	snprintf(nodes, sizeof(nodes), "%zu", d->n_nodes);
	snprintf(seed, sizeof(seed), "%" PRId64, d->seed);
	hr_demo_files_logs(d, logs);
	snprintf(parent, sizeof(parent), "%d", (int)getpid());
	const char *const argv[] = {"--mount", d->mount, "--nodes",      nodes,      "--sockets",
				    "2",       "--seed", seed,           "--traces", d->traces,
				    "--log",   logs,     "--parent-pid", parent,     NULL};
	int rc = hr_demo_child_start(d, "rack", "headroom-vhw", argv, reterr);

	d->mounted = rc == 0;
	for (int i = 0; rc == 0; i++) {
		rc = hr_demo_child_pause(d, 50, reterr);
		if (rc < 0 || hr_demo_rack_stats(d, &err) == 0)
			break;
		if (i == START_TRIES)
			rc = hr_err_set(reterr, -ETIMEDOUT, "the virtual rack does not start");
	}
	if (rc < 0)
		return rc;
	d->efficiency_permille = hr_demo_rack_int(d, "efficiency_permille");
	d->rest_uw = hr_demo_rack_int(d, "rest_bound_uw");
	return 0;
}

int hr_demo_rack_start_agent(struct hr_demo *d, size_t node, struct hr_err *reterr)
{
	char name[24], conf[HR_DEMO_PATH_BYTES + 24];

	snprintf(name, sizeof(name), "agent%zu", node + 1);
	snprintf(conf, sizeof(conf), "%s/n%zu.yaml", d->top, node + 1);
	const char *const argv[] = {"--config", conf, NULL};

	return hr_demo_child_start(d, name, "headroom-agent", argv, reterr);
}

static int start_guard(struct hr_demo *d, size_t node, struct hr_err *reterr)
{
	char name[24], conf[HR_DEMO_PATH_BYTES + 24], claims[HR_DEMO_PATH_BYTES + 24];

	snprintf(name, sizeof(name), "guard%zu", node + 1);
	snprintf(conf, sizeof(conf), "%s/n%zu.yaml", d->top, node + 1);
	snprintf(claims, sizeof(claims), "%s/zones", d->top);
	const char *const argv[] = {"--config", conf, "--claims", claims, NULL};

	return hr_demo_child_start(d, name, "headroom-guard", argv, reterr);
}

int hr_demo_rack_start_controller(struct hr_demo *d, struct hr_err *reterr)
{
	char conf[HR_DEMO_PATH_BYTES + 24];

	snprintf(conf, sizeof(conf), "%s/controller.yaml", d->top);
	const char *const argv[] = {"--config", conf, NULL};

	return hr_demo_child_start(d, "controller", "headroom-controller", argv, reterr);
}

int hr_demo_rack_start_roles(struct hr_demo *d, struct hr_err *reterr)
{
	int rc = hr_demo_rack_start_controller(d, reterr);

	for (size_t i = 0; rc == 0 && i < d->n_nodes; i++) {
		rc = start_guard(d, i, reterr);
		if (rc == 0)
			rc = hr_demo_rack_start_agent(d, i, reterr);
	}
	return rc;
}

static void api_of(const struct hr_demo *d, struct hr_api *ret)
{
	*ret = (struct hr_api){.timeout_ms = 2000};
	snprintf(ret->url, sizeof(ret->url), "http://127.0.0.1:%d", d->http_port);
	snprintf(ret->token, sizeof(ret->token), "%s", d->token);
}

size_t hr_demo_rack_members(const struct hr_demo *d)
{
	struct hr_api api;
	struct hr_err err;
	json_t *o = NULL, *node;
	size_t i, n = 0;

	api_of(d, &api);
	if (hr_api_call(&api, "GET", "/api/v1/nodes", NULL, &o, &err) < 0)
		return 0;
	json_array_foreach(json_object_get(o, "nodes"), i, node)
	{
		const char *state = json_string_value(json_object_get(node, "state"));
		bool member = state != NULL && strcmp(state, "member") == 0;

		n += member && json_is_true(json_object_get(node, "live")) &&
		     json_integer_value(json_object_get(node, "lease_left_ns")) > 0;
	}
	json_decref(o);
	return n;
}

int hr_demo_rack_set_budget(struct hr_demo *d, int64_t uw, struct hr_err *reterr)
{
	struct hr_api api;
	json_t *answer = NULL;
	json_t *body = json_pack("{s:I, s:s}", "limit_uw", (json_int_t)uw, "by", "demo");

	api_of(d, &api);
	int rc = hr_api_call(&api, "PUT", "/api/v1/budget", body, &answer, reterr);

	json_decref(body);
	json_decref(answer);
	return rc;
}
