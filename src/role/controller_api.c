/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See controller_api.h. What is asked for, checked and handed on; what is answered is made in
 * controller_view.c and controller_metrics.c. Invariant: nothing changes without the token, and
 * every change and every refused one is in the audit log.
 */
#include "role/controller_api.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "conf/rfc3339.h"
#include "role/controller_internal.h"
#include "role/controller_metrics.h"
#include "role/controller_view.h"

#define EVENTS_MOST 1000
#define JSON "application/json"

static void answer(struct hr_http_response *r, unsigned status, json_t *body)
{
	char *text = body != NULL ? json_dumps(body, JSON_COMPACT) : NULL;

	json_decref(body);
	hr_http_server_status(r, text != NULL ? status : 500, JSON);
	if (text != NULL) {
		(void)hr_http_server_append(r, text, strlen(text));
		(void)hr_http_server_append(r, "\n", 1);
	}
	free(text);
}

static void fail(struct hr_http_response *r, unsigned status, const char *message)
{
	answer(r, status,
	       json_pack("{s:{s:i,s:s}}", "error", "status", (int)status, "message", message));
}

/* May this request change something? Answers it if not. */
static bool may_write(const struct hr_controller_api *api, const struct hr_http_request *q,
		      struct hr_http_response *r)
{
	if (api->token == NULL || api->token[0] == '\0') {
		fail(r, 403, "nothing can be changed: the controller has no 'http.token_file'");
		return false;
	}
	if (!hr_http_server_has_token(q, api->token)) {
		hr_controller_shell_audit(api->shell, "unknown", q->method, q->path, "", "",
					  "refused: no valid token");
		fail(r, 401, "the request carries no valid bearer token");
		return false;
	}
	return true;
}

static void get_root(void *ctx, const struct hr_http_request *q, struct hr_http_response *r)
{
	static const char page[] =
	    "<!DOCTYPE html><html lang=\"en\"><meta charset=\"utf-8\"><title>Headroom</title>"
	    "<h1>Headroom controller</h1><ul>"
	    "<li><a href=\"/api/v1/status\">status</a>"
	    "<li><a href=\"/api/v1/nodes\">nodes</a>"
	    "<li><a href=\"/api/v1/budget\">budget</a>"
	    "<li><a href=\"/api/v1/events\">events</a>"
	    "<li><a href=\"/metrics\">metrics</a>"
	    "<li><a href=\"/healthz\">health</a>, <a href=\"/readyz\">readiness</a></ul>\n";

	(void)ctx;
	(void)q;
	hr_http_server_status(r, 200, "text/html; charset=utf-8");
	(void)hr_http_server_append(r, page, sizeof(page) - 1);
}

static void say(struct hr_http_response *r, unsigned status, const char *text)
{
	hr_http_server_status(r, status, "text/plain; charset=utf-8");
	(void)hr_http_server_append(r, text, strlen(text));
}

static void get_health(void *ctx, const struct hr_http_request *q, struct hr_http_response *r)
{
	(void)ctx;
	(void)q;
	say(r, 200, "ok\n");
}

static void get_ready(void *ctx, const struct hr_http_request *q, struct hr_http_response *r)
{
	const struct hr_controller_api *api = ctx;

	(void)q;
	if (api->shell->store_failing)
		say(r, 503, "the ledger cannot be written\n");
	else if (!api->shell->core.granting)
		say(r, 503, "waiting for the leases of the reign before\n");
	else
		say(r, 200, "ok\n");
}

static void get_metrics(void *ctx, const struct hr_http_request *q, struct hr_http_response *r)
{
	const struct hr_controller_api *api = ctx;
	enum hr_prom_format format = hr_prom_text_negotiate(q->accept);

	hr_http_server_status(r, 200, hr_prom_text_content_type(format));
	if (hr_controller_metrics_write(api->shell, format, hr_http_server_append, r) < 0)
		fail(r, 500, "the metrics do not fit a response");
}

static void get_status(void *ctx, const struct hr_http_request *q, struct hr_http_response *r)
{
	const struct hr_controller_api *api = ctx;

	(void)q;
	answer(r, 200, hr_controller_view_status(api->shell));
}

static void get_nodes(void *ctx, const struct hr_http_request *q, struct hr_http_response *r)
{
	const struct hr_controller_api *api = ctx;

	(void)q;
	answer(r, 200, hr_controller_view_nodes(api->shell));
}

static void get_node(void *ctx, const struct hr_http_request *q, struct hr_http_response *r)
{
	const struct hr_controller_api *api = ctx;
	const struct hr_controller_entry *e = hr_controller_roster_by_name(api->shell, q->rest);

	if (e == NULL)
		fail(r, 404, "there is no such node on the roster");
	else
		answer(r, 200, hr_controller_view_node(api->shell, e));
}

/* 0 if there is no such parameter; false if it is no number. */
static bool number(const struct hr_http_request *q, const char *name, uint64_t *ret)
{
	const char *text = hr_http_server_query(q, name);
	char *end;

	if (text == NULL)
		return true;
	if (text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	*ret = strtoull(text, &end, 10);
	return errno == 0 && *end == '\0';
}

static void get_events(void *ctx, const struct hr_http_request *q, struct hr_http_response *r)
{
	const struct hr_controller_api *api = ctx;
	uint64_t since = 0, limit = EVENTS_MOST;

	if (!number(q, "since", &since) || !number(q, "limit", &limit)) {
		fail(r, 400, "'since' and 'limit' must be numbers");
		return;
	}
	if (limit > HR_CONTROLLER_EVENTS_MAX)
		limit = HR_CONTROLLER_EVENTS_MAX;
	answer(r, 200,
	       hr_controller_view_events(api->shell, since, hr_http_server_query(q, "node"),
					 (size_t)limit));
}

static void get_budget(void *ctx, const struct hr_http_request *q, struct hr_http_response *r)
{
	const struct hr_controller_api *api = ctx;

	(void)q;
	answer(r, 200, hr_controller_view_budgets(api->shell));
}

/* "limit" ("2 kW"), "limit_w" (a number) or "limit_uw" (a whole number). */
static int take_limit(const json_t *o, int64_t *ret, struct hr_err *reterr)
{
	const json_t *text = json_object_get(o, "limit"), *w = json_object_get(o, "limit_w"),
		     *uw = json_object_get(o, "limit_uw");

	if ((text != NULL) + (w != NULL) + (uw != NULL) != 1)
		return hr_err_set(reterr, -EINVAL,
				  "exactly one of 'limit', 'limit_w' and 'limit_uw' is needed");
	if (json_is_string(text))
		return hr_power_parse(json_string_value(text), ret, reterr);
	if (json_is_integer(uw)) {
		*ret = json_integer_value(uw);
		return 0;
	}
	double watts = json_is_number(w) ? json_number_value(w) : -1;

	if (!(watts >= 0) || watts > (double)HR_BUDGET_MAX_UW / (double)HR_UW_PER_W)
		return hr_err_set(reterr, -EINVAL, "the limit is no power from 0 W to 10 GW");
	*ret = (int64_t)llround(watts * (double)HR_UW_PER_W);
	return 0;
}

static int take_window(const json_t *o, struct hr_budget_window *w, struct hr_err *reterr)
{
	const json_t *from = json_object_get(o, "from_s"), *to = json_object_get(o, "to_s");

	if (!json_is_integer(from) || !json_is_integer(to) || json_integer_value(from) < 0 ||
	    json_integer_value(from) > 86400 || json_integer_value(to) < 0 ||
	    json_integer_value(to) > 86400)
		return hr_err_set(reterr, -EINVAL,
				  "a window needs 'from_s' and 'to_s', seconds of the day (UTC)");
	w->from_s = (int32_t)json_integer_value(from);
	w->to_s = (int32_t)json_integer_value(to);
	return take_limit(o, &w->limit_uw, reterr);
}

static int take_step(const json_t *o, struct hr_budget_step *s, struct hr_err *reterr)
{
	const char *at = json_string_value(json_object_get(o, "at"));

	if (at == NULL || hr_rfc3339_parse(at, &s->at_ns) < 0)
		return hr_err_set(reterr, -EINVAL,
				  "a step needs 'at', a time like 2026-03-29T08:00:00Z");
	return take_limit(o, &s->limit_uw, reterr);
}

static int take_schedule(const json_t *o, struct hr_budget *b, struct hr_err *reterr)
{
	const json_t *windows = json_object_get(o, "windows"), *steps = json_object_get(o, "steps");
	int rc = 0;

	if ((windows != NULL && !json_is_array(windows)) ||
	    (steps != NULL && !json_is_array(steps)))
		return hr_err_set(reterr, -EINVAL, "'windows' and 'steps' must be lists");
	if (json_array_size(windows) > HR_BUDGET_WINDOWS_MAX ||
	    json_array_size(steps) > HR_BUDGET_STEPS_MAX)
		return hr_err_set(reterr, -EINVAL, "at most %d windows and %d steps are allowed",
				  HR_BUDGET_WINDOWS_MAX, HR_BUDGET_STEPS_MAX);
	b->n_windows = (unsigned)json_array_size(windows);
	b->n_steps = (unsigned)json_array_size(steps);
	for (unsigned i = 0; rc == 0 && i < b->n_windows; i++)
		rc = take_window(json_array_get(windows, i), &b->window[i], reterr);
	for (unsigned i = 0; rc == 0 && i < b->n_steps; i++)
		rc = take_step(json_array_get(steps, i), &b->step[i], reterr);
	return rc;
}

static int take_budget(const json_t *o, struct hr_budget *b, struct hr_err *reterr)
{
	static const char *const known[] = {"domain",    "limit",   "limit_w", "limit_uw",
					    "emergency", "windows", "steps",   "by"};
	const json_t *domain = json_object_get(o, "domain");
	const char *key;
	json_t *value;

	memset(b, 0, sizeof(*b));
	if (!json_is_object(o))
		return hr_err_set(reterr, -EINVAL, "the body is no JSON object");
	json_object_foreach((json_t *)(uintptr_t)o, key, value)
	{
		bool ok = false;

		for (size_t i = 0; i < HR_ARRAY_LEN(known); i++)
			ok = ok || strcmp(known[i], key) == 0;
		if (!ok)
			return hr_err_set(reterr, -EINVAL, "the key '%.60s' is not known", key);
	}
	if (domain != NULL &&
	    (!json_is_string(domain) ||
	     (json_string_length(domain) > 0 && !hr_name_is_valid(json_string_value(domain)))))
		return hr_err_set(reterr, -EINVAL, "'domain' is no name of a domain");
	if (domain != NULL)
		snprintf(b->domain, sizeof(b->domain), "%s", json_string_value(domain));
	int rc = take_limit(o, &b->limit_uw, reterr);

	return rc < 0 ? rc : take_schedule(o, b, reterr);
}

/* The operator that a request names; the token stands for one that it does not. */
static const char *operator_of(const json_t *o)
{
	const char *by = json_string_value(json_object_get(o, "by"));

	return by != NULL && hr_name_is_valid(by) ? by : "token";
}

static void refuse_budget(struct hr_controller_shell *s, struct hr_http_response *r, int rc,
			  const struct hr_budget *b, const char *message)
{
	int domain = hr_tree_domain_find(&s->tree, b->domain);

	if (rc != -ERANGE || domain < 0) {
		fail(r, rc == -EINVAL ? 400 : rc == -ENOENT ? 404 : 500, message);
		return;
	}
	struct hr_tree_sums sums = hr_tree_sums_of(&s->tree, domain);

	answer(r, 409,
	       json_pack("{s:{s:i,s:s,s:s,s:I,s:I,s:I,s:I}}", "error", "status", 409, "message",
			 message, "domain", s->tree.domain[sums.domain].name, "limit_uw",
			 (json_int_t)hr_budget_lowest_uw(b), "floors_uw",
			 (json_int_t)sums.floors_uw, "safes_uw", (json_int_t)sums.safe_uw,
			 "reserve_uw", (json_int_t)sums.reserve_uw));
}

static void put_budget(void *ctx, const struct hr_http_request *q, struct hr_http_response *r)
{
	const struct hr_controller_api *api = ctx;
	struct hr_budget b;
	struct hr_err err = {0};

	if (!may_write(api, q, r))
		return;
	json_t *o = json_loadb(q->body, q->body_size, JSON_REJECT_DUPLICATES, NULL);
	int rc = take_budget(o, &b, &err);

	if (rc == 0)
		rc = hr_controller_budget_put(api->shell, &b,
					      json_is_true(json_object_get(o, "emergency")),
					      operator_of(o), &err);
	json_decref(o);
	if (rc < 0)
		refuse_budget(api->shell, r, rc, &b, err.text);
	else
		answer(r, 200,
		       hr_controller_view_budget(api->shell,
						 hr_tree_domain_find(&api->shell->tree, b.domain)));
}

static const struct {
	const char *verb;
	enum hr_controller_event_kind kind;
} verbs[] = {
    {"release", HR_CONTROLLER_RELEASE},
    {"leave", HR_CONTROLLER_LEAVE},
    {"stay", HR_CONTROLLER_STAY},
};

static void change_node(struct hr_controller_shell *s, struct hr_controller_entry *e, size_t verb,
			const char *who)
{
	struct hr_controller_event ev = {.kind = verbs[verb].kind, .node = e->core};
	const struct hr_controller_node *c = &s->core.node[e->core];
	const char *before = hr_controller_state_name(c->state);

	hr_controller_shell_feed(s, &ev);
	hr_controller_shell_audit(s, who, verbs[verb].verb, e->name, before,
				  hr_controller_state_name(c->state), "done");
	e->refused = HR_REASON_NONE;
}

static void post_node(void *ctx, const struct hr_http_request *q, struct hr_http_response *r)
{
	const struct hr_controller_api *api = ctx;
	const char *slash = strchr(q->rest, '/');
	char name[HR_NAME_BYTES];
	size_t verb = 0;

	if (!may_write(api, q, r))
		return;
	while (slash != NULL && verb < HR_ARRAY_LEN(verbs) &&
	       strcmp(slash + 1, verbs[verb].verb) != 0)
		verb++;
	if (slash == NULL || verb == HR_ARRAY_LEN(verbs) ||
	    (size_t)(slash - q->rest) >= sizeof(name)) {
		fail(r, 404, "expected /api/v1/nodes/NAME/{release|leave|stay}");
		return;
	}
	snprintf(name, sizeof(name), "%.*s", (int)(slash - q->rest), q->rest);
	struct hr_controller_entry *e = hr_controller_roster_by_name(api->shell, name);

	if (e == NULL || e->core < 0) {
		fail(r, 404,
		     e == NULL ? "there is no such node on the roster"
			       : "the node has never been heard and is charged nothing");
		return;
	}
	json_t *o = json_loadb(q->body, q->body_size, 0, NULL);

	change_node(api->shell, e, verb, operator_of(o));
	json_decref(o);
	answer(r, 200, hr_controller_view_node(api->shell, e));
}

const struct hr_http_route hr_controller_api_route[] = {
    {"GET", "/", get_root},
    {"GET", "/metrics", get_metrics},
    {"GET", "/healthz", get_health},
    {"GET", "/readyz", get_ready},
    {"GET", "/api/v1/status", get_status},
    {"GET", "/api/v1/nodes", get_nodes},
    {"GET", "/api/v1/nodes/*", get_node},
    {"POST", "/api/v1/nodes/*", post_node},
    {"GET", "/api/v1/events", get_events},
    {"GET", "/api/v1/budget", get_budget},
    {"PUT", "/api/v1/budget", put_budget},
};
const size_t hr_controller_api_n_routes = HR_ARRAY_LEN(hr_controller_api_route);
