/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keys of section "controller:", and what a controller makes of them.
 *
 * Not the checks between them (topology.c) nor the controller. Invariant: every member of the
 * structs has its row, and the default of every row passes the row's own range.
 */
#include "conf/controller.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/sort.h"
#include "base/units.h"
#include "conf/agent.h"
#include "conf/endpoint.h"
#include "conf/nodeset.h"
#include "conf/topology.h"
#include "model/grant.h"
#include "model/report.h"

static const struct hr_conf_choice silent_names[] = {
    {"hold", HR_CONF_SILENT_HOLD, "its charge stays until it reports or is released"},
    {"safe-after-lease", HR_CONF_SILENT_SAFE,
     "once its lease has ended it is believed to be at its safe cap; does not cover a dead or "
     "stopped guard, a paused virtual machine or a reboot"},
    {NULL, 0, NULL},
};

static const struct hr_conf_choice class_names[] = {
    {"primary", HR_CLASS_PRIMARY, "served first"},
    {"replica", HR_CLASS_REPLICA, "served from what primaries leave"},
    {NULL, 0, NULL},
};

#define WINDOW(name, kind, member, ...) \
	HR_CONF_KEY(struct hr_conf_window, name, kind, member, .required = true, __VA_ARGS__)
static const struct hr_conf_key window_keys[] = {
    WINDOW("from", DAYTIME, from_s, .max = 86399, .help = "First minute, UTC."),
    WINDOW("to", DAYTIME, to_s, .max = 86400, .help = "End, UTC; before 'from': on the next day."),
    WINDOW("limit", POWER, limit_uw, .min = 1, .max = HR_BUDGET_MAX_UW, .help = "The limit."),
};
static const struct hr_conf_table window_table = {
    .name = "window",
    .help = "A limit for a part of every day.",
    .bytes = sizeof(struct hr_conf_window),
    .key = window_keys,
    .n_keys = HR_ARRAY_LEN(window_keys),
    .offset_line = offsetof(struct hr_conf_window, line),
};

#define STEP(name, kind, member, ...) \
	HR_CONF_KEY(struct hr_conf_step, name, kind, member, .required = true, __VA_ARGS__)
static const struct hr_conf_key step_keys[] = {
    STEP("at", TIME, at_ns, .help = "When, with its zone."),
    STEP("limit", POWER, limit_uw, .min = 1, .max = HR_BUDGET_MAX_UW,
	 .help = "The limit from then on."),
};
static const struct hr_conf_table step_table = {
    .name = "step",
    .help = "A limit from an instant on.",
    .bytes = sizeof(struct hr_conf_step),
    .key = step_keys,
    .n_keys = HR_ARRAY_LEN(step_keys),
    .offset_line = offsetof(struct hr_conf_step, line),
};

#define DOMAIN(name, kind, member, ...) \
	HR_CONF_KEY(struct hr_conf_domain, name, kind, member, __VA_ARGS__)
static const struct hr_conf_key domain_keys[] = {
    DOMAIN("name", NAME, name, .required = true, .help = "Name of the domain."),
    DOMAIN("parent", NAME, parent, .unset = HR_CONF_ROOT_DOMAIN,
	   .help = "The domain that contains it."),
    DOMAIN("limit", POWER, limit_uw, .unset = "0 W", .max = HR_BUDGET_MAX_UW,
	   .help = "Limit of the domain, such as its breaker's. 0 W: none of its own."),
    DOMAIN("feed", BOOL, feed, .unset = "false",
	   .help = "It is a power feed: a constraint that crosses the tree of rows and racks."),
    DOMAIN("reserve", POWER, reserve_uw, .unset = "0 W", .max = HR_BUDGET_MAX_UW,
	   .help = "Load under it that is not managed: switches, storage."),
};
static const struct hr_conf_table domain_table = {
    .name = "domain",
    .help = "A place in the power tree.",
    .bytes = sizeof(struct hr_conf_domain),
    .key = domain_keys,
    .n_keys = HR_ARRAY_LEN(domain_keys),
    .offset_line = offsetof(struct hr_conf_domain, line),
};

#define FEED(name, kind, member, ...) \
	HR_CONF_KEY(struct hr_conf_feed, name, kind, member, __VA_ARGS__)
static const struct hr_conf_key feed_keys[] = {
    FEED("name", NAME, name, .required = true, .help = "A domain that is a feed."),
    FEED("share", PERMILLE, share_permille, .unset = "1", .min = 1, .max = 1000,
	 .help = "The largest part of the node's power that may come through it."),
};
static const struct hr_conf_table feed_table = {
    .name = "feed",
    .help = "A feed of a node.",
    .bytes = sizeof(struct hr_conf_feed),
    .key = feed_keys,
    .n_keys = HR_ARRAY_LEN(feed_keys),
    .offset_line = offsetof(struct hr_conf_feed, line),
};

#define NODE(name, kind, member, ...) \
	HR_CONF_KEY(struct hr_conf_node, name, kind, member, __VA_ARGS__)
static const struct hr_conf_key node_keys[] = {
    NODE("name", STRING, name, .required = true, .min = 1, .max = HR_CONF_STRING_BYTES - 1,
	 .help = "Name of a node, or a set such as node[01-80,90]."),
    NODE("uuid", UUID, uuid, .help = "Identity; empty: as its authorised key says."),
    NODE("domain", NAME, domain, .unset = HR_CONF_ROOT_DOMAIN,
	 .help = "The domain that contains it."),
    HR_CONF_KEY_LIST(struct hr_conf_node, "feeds", feeds, &feed_table, .max = HR_CONF_FEEDS_MAX,
		     .help = "The feeds on which it hangs."),
    NODE("class", CHOICE, class, .unset = "primary", .choice = class_names,
	 .help = "Primaries are served before replicas."),
    NODE("weight", INTEGER, weight, .unset = "100", .min = 1, .max = HR_WEIGHT_MAX,
	 .help = "Share within the class."),
    NODE("safe", POWER, safe_uw, .unset = "0 W", .max = HR_NODE_POWER_MAX_UW,
	 .help = "Safe cap. 0 W: the one its guard reports."),
    NODE("floor", POWER, floor_uw, .unset = "0 W", .max = HR_NODE_POWER_MAX_UW,
	 .help = "Least cap. 0 W: as reported."),
    NODE("ceiling", POWER, ceiling_uw, .unset = "0 W", .max = HR_NODE_POWER_MAX_UW,
	 .help = "Most cap. 0 W: as reported."),
    NODE("boot", POWER, boot_uw, .unset = "0 W", .max = HR_NODE_POWER_MAX_UW,
	 .help = "The most it can draw before its guard runs. 0 W: as reported."),
};
static const struct hr_conf_table node_table = {
    .name = "node",
    .help = "A node or a set of like nodes.",
    .bytes = sizeof(struct hr_conf_node),
    .key = node_keys,
    .n_keys = HR_ARRAY_LEN(node_keys),
    .offset_line = offsetof(struct hr_conf_node, line),
};

#define HTTP(name, kind, member, ...) \
	HR_CONF_KEY(struct hr_conf_http, name, kind, member, __VA_ARGS__)
static const struct hr_conf_key http_keys[] = {
    HTTP("listen", ENDPOINT, listen, .unset = "127.0.0.1:7711", .max = HR_CONF_PORT_HTTP,
	 .help = "Address of metrics, health and the API. Empty: none. Another address than "
		 "loopback needs tls_cert and tls_key."),
    HTTP("tls_cert", PATH, tls_cert, .max = HR_CONF_STRING_BYTES - 1,
	 .help = "Certificate chain, PEM.", .example = "/etc/headroom/tls.crt"),
    HTTP("tls_key", PATH, tls_key, .max = HR_CONF_STRING_BYTES - 1, .help = "Its private key, PEM.",
	 .example = "/etc/headroom/tls.key"),
    HTTP("token_file", PATH, token_file, .max = HR_CONF_STRING_BYTES - 1,
	 .help = "File of the bearer token that writing needs. Empty: the API is read-only.",
	 .example = "/etc/headroom/token"),
};
static const struct hr_conf_table http_table = {
    .name = "http",
    .help = "The HTTP server.",
    .bytes = sizeof(struct hr_conf_http),
    .key = http_keys,
    .n_keys = HR_ARRAY_LEN(http_keys),
};

#define KEY(name, kind, member, ...) \
	HR_CONF_KEY(struct hr_conf_controller, name, kind, member, __VA_ARGS__)
#define LIST(name, member, items, ...) \
	HR_CONF_KEY_LIST(struct hr_conf_controller, name, member, items, __VA_ARGS__)
#define PATH(name, member, text, ...) \
	KEY(name, PATH, member, .unset = text, .required = true, .max = HR_CONF_STRING_BYTES - 1, \
	    __VA_ARGS__)

static const struct hr_conf_key controller_keys[] = {
    KEY("name", NAME, name, .help = "Name of the controller for people. Empty: the host's."),
    KEY("listen", ENDPOINT, listen, .unset = "127.0.0.1:7710", .max = HR_CONF_PORT_CONTROLLER,
	.help = "Address on which agents are heard; *:7710 for all addresses.",
	.example = "\"*:7710\""),
    KEY("http", STRUCT, http, .table = &http_table, .help = "The HTTP server."),
    PATH("key_file", key_file, "/etc/headroom/controller.key",
	 .help = "Secret key of the controller, as 'headroom keys generate' writes it."),
    PATH("authorized_keys", authorized_keys, "/etc/headroom/authorized_keys",
	 .help = "Public keys of the agents and what each may do."),
    PATH("state_dir", state_dir, "/var/lib/headroom",
	 .help = "Directory of the ledger, the roster and the audit log."),
    KEY("budget", POWER, budget_uw, .unset = "0 W", .max = HR_BUDGET_MAX_UW,
	.help = "Standing limit of the whole cluster, at the wall. 0 W: not set, and nothing "
		"is granted.",
	.example = "12 kW"),
    KEY("reserve", POWER, reserve_uw, .unset = "0 W", .max = HR_BUDGET_MAX_UW,
	.help = "Part of the budget kept for load in the cluster that is not managed.",
	.example = "800 W"),
    LIST("budget_windows", budget_windows, &window_table, .max = HR_BUDGET_WINDOWS_MAX,
	 .help = "Limits for parts of every day, UTC. The lowest that applies is in force.",
	 .example = "[{from: \"08:00\", to: \"20:00\", limit: 10 kW}]"),
    LIST("budget_steps", budget_steps, &step_table, .max = HR_BUDGET_STEPS_MAX,
	 .help = "Announced limits, each from an instant on, in rising order.",
	 .example = "[{at: \"2026-03-29T08:00:00Z\", limit: 9 kW}]"),
    KEY("round", SPAN, round_ns, .unset = "250 ms", .min = 10 * HR_NS_PER_MS,
	.max = 10 * HR_NS_PER_S, .help = "How often watts are divided anew."),
    KEY("ttl", SPAN, ttl_ns, .unset = "2 s", .min = 200 * HR_NS_PER_MS, .max = HR_TTL_MAX_NS,
	.help = "How long a grant holds without a fresh one."),
    KEY("report_period", SPAN, report_period_ns, .unset = "1 s", .min = 50 * HR_NS_PER_MS,
	.max = 60 * HR_NS_PER_S, .help = "How often agents report when nothing changes."),
    KEY("silent_node", CHOICE, silent_node, .unset = "hold", .choice = silent_names,
	.help = "What is charged for a node that does not report."),
    KEY("reserve_for_boot", BOOL, reserve_for_boot, .unset = "false",
	.help = "Keep room for what a node may draw after an unannounced reboot, so that the "
		"budget holds through it."),
    KEY("min_reboot", SPAN, min_reboot_ns, .unset = "10 s", .max = 3600 * HR_NS_PER_S,
	.help = "The shortest time in which a node can reboot."),
    KEY("drift_ppm", INTEGER, drift_ppm, .unset = "200", .unit = "ppm", .max = 100000,
	.help = "The most that a node's clocks are fast or slow."),
    KEY("tick", SPAN, tick_ns, .unset = "100 ms", .min = 10 * HR_NS_PER_MS, .max = 10 * HR_NS_PER_S,
	.help = "The longest tick of any guard."),
    KEY("write", SPAN, write_ns, .unset = "100 ms", .max = 60 * HR_NS_PER_S,
	.help = "The longest that writing a limit to the hardware takes."),
    KEY("settle", SPAN, settle_ns, .unset = "1 s", .max = 60 * HR_NS_PER_S,
	.help = "The longest that the draw takes to follow a limit, for nodes that report no "
		"time of their own."),
    LIST("domains", domains, &domain_table, .max = HR_CONF_DOMAINS_MAX,
	 .help = "The power tree below the root 'cluster': rows, racks, feeds.",
	 .example = "[{name: rack1, limit: 6 kW}, {name: feed-a, feed: true, limit: 8 kW}]"),
    LIST("nodes", nodes, &node_table, .max = HR_CONF_NODES_MAX,
	 .help = "The nodes, one by one or as sets.",
	 .example = "[{name: \"node[01-16]\", domain: rack1, class: replica, safe: 150 W}]"),
};

const struct hr_conf_table hr_conf_controller_table = {
    .name = "controller",
    .help = "The controller of a cluster: it keeps the budget and divides it among the nodes.",
    .bytes = sizeof(struct hr_conf_controller),
    .key = controller_keys,
    .n_keys = HR_ARRAY_LEN(controller_keys),
    .validate = hr_conf_topology_validate,
};

_Static_assert(sizeof(enum hr_class) == sizeof(int), "choices are stored as int");

void hr_conf_controller_budget(const struct hr_conf_controller *conf, struct hr_budget *ret)
{
	memset(ret, 0, sizeof(*ret));
	(void)snprintf(ret->domain, sizeof(ret->domain), "%s", HR_CONF_ROOT_DOMAIN);
	ret->limit_uw = conf->budget_uw;
	for (size_t i = 0; i < conf->n_budget_windows && i < HR_BUDGET_WINDOWS_MAX; i++) {
		const struct hr_conf_window *w = &conf->budget_windows[i];
		ret->window[ret->n_windows++] = (struct hr_budget_window){w->from_s, w->to_s,
									  w->limit_uw};
	}
	for (size_t i = 0; i < conf->n_budget_steps && i < HR_BUDGET_STEPS_MAX; i++) {
		const struct hr_conf_step *s = &conf->budget_steps[i];
		ret->step[ret->n_steps++] = (struct hr_budget_step){s->at_ns, s->limit_uw};
	}
}

static int compare_names(const void *a, const void *b, void *ctx)
{
	const char *const *x = a;
	const char *const *y = b;

	(void)ctx;
	return strcmp(*x, *y);
}

/* Says that the name is there twice, at the line of its last node. */
static int twice(const struct hr_conf_controller *conf, const struct hr_conf_node *node, size_t n,
		 const char *name, struct hr_err *reterr)
{
	char where[HR_CONF_STRING_BYTES + 32];
	int line = 0;

	for (size_t i = 0; i < n; i++)
		if (strcmp(node[i].name, name) == 0)
			line = node[i].line;
	return hr_err_set(
	    reterr, -EINVAL,
	    "%s: key 'controller.nodes': found node '%s' twice, expected each node once",
	    hr_conf_where(&hr_conf_controller_table, conf, "nodes", line, where, sizeof(where)),
	    name);
}

static int check_unique(const struct hr_conf_controller *conf, const struct hr_conf_node *node,
			size_t n, struct hr_err *reterr)
{
	const char **name = calloc(n + 1, sizeof(*name));
	int rc = 0;

	if (name == NULL)
		return hr_err_set(reterr, -ENOMEM, "configuration of controller: no memory");
	for (size_t i = 0; i < n; i++)
		name[i] = node[i].name;
	hr_sort(name, n, sizeof(*name), compare_names, NULL);
	for (size_t i = 1; rc == 0 && i < n; i++)
		if (strcmp(name[i - 1], name[i]) == 0)
			rc = twice(conf, node, n, name[i], reterr);
	free(name);
	return rc;
}

/* The nodes in all, or -EINVAL, -E2BIG. */
static int64_t count_nodes(const struct hr_conf_controller *conf, struct hr_err *reterr)
{
	char where[HR_CONF_STRING_BYTES + 32];
	struct hr_nodeset set;
	size_t n = 0;

	for (size_t i = 0; i < conf->n_nodes; i++) {
		const struct hr_conf_node *c = &conf->nodes[i];
		int rc = hr_nodeset_parse(c->name, &set, reterr);

		n += rc < 0 ? 0 : set.n;
		if (rc == 0 && n <= HR_CONF_NODES_MAX)
			continue;
		if (rc == 0)
			rc = hr_err_set(reterr, -E2BIG, "found more than %d nodes, expected fewer",
					HR_CONF_NODES_MAX);
		(void)hr_err_prefix(reterr, "%s: key 'controller.nodes[%zu].name'",
				    hr_conf_where(&hr_conf_controller_table, conf, "nodes", c->line,
						  where, sizeof(where)),
				    i);
		return rc;
	}
	return (int64_t)n;
}

int hr_conf_controller_nodes(const struct hr_conf_controller *conf, struct hr_conf_node **ret,
			     size_t *ret_n, struct hr_err *reterr)
{
	struct hr_nodeset set;
	int64_t count = count_nodes(conf, reterr);
	size_t n = 0;

	if (count < 0)
		return (int)count;
	struct hr_conf_node *node = calloc((size_t)count + 1, sizeof(*node));
	if (node == NULL)
		return hr_err_set(reterr, -ENOMEM, "configuration of controller: no memory");
	for (size_t i = 0; i < conf->n_nodes; i++) {
		HR_CHECK(hr_nodeset_parse(conf->nodes[i].name, &set, NULL) == 0);
		for (size_t j = 0; j < set.n; j++, n++) {
			node[n] = conf->nodes[i];
			memset(node[n].name, 0, sizeof(node[n].name));
			hr_nodeset_name(&set, j, node[n].name);
		}
	}
	int rc = check_unique(conf, node, n, reterr);
	if (rc < 0) {
		free(node);
		return rc;
	}
	*ret = node;
	*ret_n = n;
	return 0;
}

int hr_conf_controller_fits(const char *domain, int64_t limit_uw, const struct hr_conf_sums *sums,
			    struct hr_err *reterr)
{
	int64_t least = hr_add_sat(hr_max_i64(sums->floors_uw, sums->safes_uw), sums->reserve_uw);
	char limit[HR_UNITS_TEXT_BYTES];
	char floors[HR_UNITS_TEXT_BYTES];
	char safes[HR_UNITS_TEXT_BYTES];
	char reserve[HR_UNITS_TEXT_BYTES];
	char needed[HR_UNITS_TEXT_BYTES];

	if (limit_uw >= least)
		return 0;
	return hr_err_set(reterr, -ENOSPC,
			  "found a limit of %s for '%s', expected at least %s: its %zu nodes have "
			  "floors of %s and safe caps of %s in sum, and %s are reserved; raise the "
			  "limit or lower the safe caps",
			  hr_power_format(limit_uw, limit), domain, hr_power_format(least, needed),
			  sums->n_nodes, hr_power_format(sums->floors_uw, floors),
			  hr_power_format(sums->safes_uw, safes),
			  hr_power_format(sums->reserve_uw, reserve));
}

HR_PRINTF(4, 5)
static void warn(struct hr_err *ret, size_t max, size_t *n, const char *fmt, ...)
{
	va_list args;

	if (*n >= max)
		return;
	ret[*n].code = 0;
	va_start(args, fmt);
	(void)vsnprintf(ret[*n].text, sizeof(ret[*n].text), fmt, args);
	va_end(args);
	(*n)++;
}

size_t hr_conf_controller_warn(const struct hr_conf_controller *c, struct hr_err *ret, size_t max)
{
	char a[HR_UNITS_TEXT_BYTES];
	char b[HR_UNITS_TEXT_BYTES];
	size_t n = 0;

	if (c->budget_uw == 0)
		warn(ret, max, &n, "controller.budget is not set: nothing is granted until it is");
	if (c->silent_node == HR_CONF_SILENT_SAFE && !c->reserve_for_boot)
		warn(ret, max, &n,
		     "controller.silent_node is safe-after-lease without reserve_for_boot: the "
		     "budget may be exceeded by a dead guard or an unannounced reboot");
	if (c->round_ns > c->report_period_ns)
		warn(ret, max, &n,
		     "controller.round is %s, longer than report_period %s: reports wait",
		     hr_span_format(c->round_ns, a), hr_span_format(c->report_period_ns, b));
	if (!hr_conf_endpoint_is_none(&c->http.listen) && c->http.token_file[0] == '\0')
		warn(ret, max, &n,
		     "controller.http.token_file is not set: over HTTP nothing can be changed");
	for (size_t i = 0; i < c->n_domains; i++) {
		const struct hr_conf_domain *d = &c->domains[i];
		int parent = hr_conf_topology_find(c, d->parent);
		int64_t above = parent >= 0 ? c->domains[parent].limit_uw : c->budget_uw;
		if (d->limit_uw > above && above > 0)
			warn(ret, max, &n,
			     "controller.domains: the limit of '%s', %s, is above its "
			     "parent's %s and never reached",
			     d->name, hr_power_format(d->limit_uw, a), hr_power_format(above, b));
	}
	return n;
}
