/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The checks between the keys of a controller.
 *
 * Not the power tree itself: only what a person can have written wrongly. Invariant: what passes
 * is a tree of at most HR_CONF_TREE_DEPTH_MAX levels whose known safe caps fit every limit.
 */
#include "conf/topology.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "conf/endpoint.h"
#include "conf/nodeset.h"

/* "FILE:LINE: key 'controller.<path>': found ..."; line 0: the key's own. */
HR_PRINTF(5, 6)
static int fail(const struct hr_conf_controller *c, const char *path, int line,
		struct hr_err *reterr, const char *fmt, ...)
{
	char where[HR_CONF_STRING_BYTES + 32];
	char text[HR_ERR_TEXT_BYTES];
	char top[64];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	/* below a list only the list has an origin */
	(void)snprintf(top, sizeof(top), "%.*s", (int)strcspn(path, "["), path);
	return hr_err_set(
	    reterr, -EINVAL, "%s: key 'controller.%s': %s",
	    hr_conf_where(&hr_conf_controller_table, c, top, line, where, sizeof(where)), path,
	    text);
}

int hr_conf_topology_find(const struct hr_conf_controller *c, const char *name)
{
	for (size_t i = 0; i < c->n_domains; i++)
		if (strcmp(c->domains[i].name, name) == 0)
			return (int)i;
	return -1;
}

static bool is_root(const char *name)
{
	return strcmp(name, HR_CONF_ROOT_DOMAIN) == 0;
}

/* " (did you mean 'x'?)" among the domains; buf is returned. */
static char *suggest(const struct hr_conf_controller *c, const char *name, char buf[96])
{
	const char **word = calloc(c->n_domains + 1, sizeof(*word));
	const char *near = NULL;

	if (word != NULL) {
		word[0] = HR_CONF_ROOT_DOMAIN;
		for (size_t i = 0; i < c->n_domains; i++)
			word[i + 1] = c->domains[i].name;
		near = hr_conf_nearest(name, word, c->n_domains + 1);
		free(word);
	}
	buf[0] = '\0';
	if (near != NULL)
		(void)snprintf(buf, 96, " (did you mean '%s'?)", near);
	return buf;
}

static int check_times(const struct hr_conf_controller *c, struct hr_err *reterr)
{
	char a[HR_UNITS_TEXT_BYTES];
	char b[HR_UNITS_TEXT_BYTES];

	if (c->ttl_ns < 2 * c->report_period_ns)
		return fail(c, "ttl", 0, reterr,
			    "found %s, expected at least twice the report_period, %s, so that one "
			    "lost report does not end a lease",
			    hr_span_format(c->ttl_ns, a),
			    hr_span_format(2 * c->report_period_ns, b));
	if (c->round_ns > c->ttl_ns / 2)
		return fail(c, "round", 0, reterr, "found %s, expected at most half the ttl, %s",
			    hr_span_format(c->round_ns, a), hr_span_format(c->ttl_ns / 2, b));
	if (c->tick_ns > c->ttl_ns)
		return fail(c, "tick", 0, reterr, "found %s, expected at most the ttl, %s",
			    hr_span_format(c->tick_ns, a), hr_span_format(c->ttl_ns, b));
	return 0;
}

static int check_http(const struct hr_conf_controller *c, struct hr_err *reterr)
{
	const struct hr_conf_http *h = &c->http;
	char listen[HR_CONF_ENDPOINT_BYTES];

	if ((h->tls_cert[0] == '\0') != (h->tls_key[0] == '\0'))
		return fail(c, h->tls_cert[0] != '\0' ? "http.tls_cert" : "http.tls_key", 0, reterr,
			    "found one of tls_cert and tls_key, expected both or none");
	if (hr_conf_endpoint_is_none(&h->listen) || hr_conf_endpoint_is_loopback(&h->listen) ||
	    h->tls_cert[0] != '\0')
		return 0;
	return fail(
	    c, "http.listen", 0, reterr,
	    "found '%s' without TLS, expected a loopback address such as 127.0.0.1:7711, or "
	    "http.tls_cert and http.tls_key",
	    hr_conf_endpoint_format(&h->listen, listen));
}

static int check_budget(const struct hr_conf_controller *c, struct hr_err *reterr)
{
	char path[64];

	if ((c->n_budget_windows > 0 || c->n_budget_steps > 0) && c->budget_uw == 0)
		return fail(c, c->n_budget_windows > 0 ? "budget_windows" : "budget_steps", 0,
			    reterr, "found a schedule without a budget, expected 'budget' too");
	for (size_t i = 0; i < c->n_budget_windows; i++) {
		const struct hr_conf_window *w = &c->budget_windows[i];
		(void)snprintf(path, sizeof(path), "budget_windows[%zu].to", i);
		if (w->from_s == w->to_s)
			return fail(c, path, w->line, reterr,
				    "found the same time as 'from', expected another one; a limit "
				    "for the whole day is 'budget'");
	}
	for (size_t i = 1; i < c->n_budget_steps; i++) {
		(void)snprintf(path, sizeof(path), "budget_steps[%zu].at", i);
		if (c->budget_steps[i].at_ns <= c->budget_steps[i - 1].at_ns)
			return fail(c, path, c->budget_steps[i].line, reterr,
				    "found an instant that is not after the step before, expected "
				    "steps in rising order");
	}
	return 0;
}

/* Levels from the root to the domain, both included; -ELOOP if there is no end. */
static int depth_of(const struct hr_conf_controller *c, int domain)
{
	size_t depth = 1;

	for (; domain >= 0; depth++) {
		if (depth > c->n_domains + 1)
			return -ELOOP;
		domain = hr_conf_topology_find(c, c->domains[domain].parent);
	}
	return (int)depth;
}

static int check_domain(const struct hr_conf_controller *c, size_t i, struct hr_err *reterr)
{
	const struct hr_conf_domain *d = &c->domains[i];
	int parent = hr_conf_topology_find(c, d->parent);
	char path[64];
	char near[96];

	(void)snprintf(path, sizeof(path), "domains[%zu].name", i);
	if (is_root(d->name))
		return fail(c, path, d->line, reterr,
			    "found 'cluster', expected another name: that is the root, whose limit "
			    "is controller.budget");
	if (hr_conf_topology_find(c, d->name) != (int)i)
		return fail(c, path, d->line, reterr, "found '%s' twice, expected each domain once",
			    d->name);
	(void)snprintf(path, sizeof(path), "domains[%zu].parent", i);
	if (parent < 0 && !is_root(d->parent))
		return fail(c, path, d->line, reterr,
			    "found '%s', expected 'cluster' or the name of a domain%s", d->parent,
			    suggest(c, d->parent, near));
	if (parent >= 0 && c->domains[parent].feed != d->feed)
		return fail(c, path, d->line, reterr,
			    "found '%s', which is %s feed, expected a domain that is %s feed",
			    d->parent, d->feed ? "no" : "a", d->feed ? "a" : "no");
	return 0;
}

static int check_depths(const struct hr_conf_controller *c, struct hr_err *reterr)
{
	char path[64];

	for (size_t i = 0; i < c->n_domains; i++) {
		int depth = depth_of(c, (int)i);

		(void)snprintf(path, sizeof(path), "domains[%zu].parent", i);
		if (depth < 0)
			return fail(c, path, c->domains[i].line, reterr,
				    "found '%s', which leads in a circle back to '%s', expected a "
				    "way up to 'cluster'",
				    c->domains[i].parent, c->domains[i].name);
		if (depth >= HR_CONF_TREE_DEPTH_MAX)
			return fail(
			    c, path, c->domains[i].line, reterr,
			    "found %d levels from 'cluster' to '%s', expected at most %d, so "
			    "that nodes fit below",
			    depth, c->domains[i].name, HR_CONF_TREE_DEPTH_MAX - 1);
	}
	return 0;
}

static int check_feeds(const struct hr_conf_controller *c, size_t i, struct hr_err *reterr)
{
	const struct hr_conf_node *n = &c->nodes[i];
	char path[96];
	char near[96];

	for (size_t j = 0; j < n->n_feeds; j++) {
		const struct hr_conf_feed *f = &n->feeds[j];
		int d = hr_conf_topology_find(c, f->name);

		(void)snprintf(path, sizeof(path), "nodes[%zu].feeds[%zu].name", i, j);
		if (d < 0 || !c->domains[d].feed)
			return fail(c, path, f->line, reterr,
				    "found '%s', expected the name of a domain with 'feed: true'%s",
				    f->name, d < 0 ? suggest(c, f->name, near) : "");
		for (size_t k = 0; k < j; k++)
			if (strcmp(n->feeds[k].name, f->name) == 0)
				return fail(c, path, f->line, reterr,
					    "found '%s' twice, expected each feed once", f->name);
	}
	return 0;
}

static int check_node(const struct hr_conf_controller *c, size_t i, struct hr_err *reterr)
{
	const struct hr_conf_node *n = &c->nodes[i];
	int domain = hr_conf_topology_find(c, n->domain);
	struct hr_nodeset set;
	char path[64];
	char near[96];
	char a[HR_UNITS_TEXT_BYTES];
	char b[HR_UNITS_TEXT_BYTES];

	(void)snprintf(path, sizeof(path), "nodes[%zu].domain", i);
	if ((domain < 0 && !is_root(n->domain)) || (domain >= 0 && c->domains[domain].feed))
		return fail(
		    c, path, n->line, reterr,
		    "found '%s', expected 'cluster' or the name of a domain that is no feed%s",
		    n->domain, domain < 0 ? suggest(c, n->domain, near) : "");
	(void)snprintf(path, sizeof(path), "nodes[%zu].uuid", i);
	if (!hr_uuid_is_none(&n->uuid) && hr_nodeset_parse(n->name, &set, NULL) == 0 && set.n != 1)
		return fail(c, path, n->line, reterr,
			    "found one uuid for %zu nodes, expected it for a single node", set.n);
	for (size_t j = 0; j < i && !hr_uuid_is_none(&n->uuid); j++)
		if (hr_uuid_compare(&n->uuid, &c->nodes[j].uuid) == 0)
			return fail(c, path, n->line, reterr,
				    "found the uuid of '%s', expected another one",
				    c->nodes[j].name);
	(void)snprintf(path, sizeof(path), "nodes[%zu].ceiling", i);
	if (n->ceiling_uw != 0 && n->ceiling_uw < hr_max_i64(n->floor_uw, n->safe_uw))
		return fail(c, path, n->line, reterr,
			    "found %s, expected at least floor and safe, %s",
			    hr_power_format(n->ceiling_uw, a),
			    hr_power_format(hr_max_i64(n->floor_uw, n->safe_uw), b));
	return check_feeds(c, i, reterr);
}

/* Adds to the domain and all above it; sums[n_domains] is the root. */
static void add_up(const struct hr_conf_controller *c, struct hr_conf_sums *sums, int domain,
		   const struct hr_conf_sums *more)
{
	for (;;) {
		struct hr_conf_sums *s = &sums[domain < 0 ? c->n_domains : (size_t)domain];

		s->floors_uw = hr_add_sat(s->floors_uw, more->floors_uw);
		s->safes_uw = hr_add_sat(s->safes_uw, more->safes_uw);
		s->reserve_uw = hr_add_sat(s->reserve_uw, more->reserve_uw);
		s->n_nodes += more->n_nodes;
		if (domain < 0)
			return;
		bool feed = c->domains[domain].feed;
		domain = hr_conf_topology_find(c, c->domains[domain].parent);
		/* what comes through a feed reaches the root by the node's domain */
		if (feed && domain < 0)
			return;
	}
}

static void sum_node(const struct hr_conf_controller *c, struct hr_conf_sums *sums,
		     const struct hr_conf_node *n)
{
	struct hr_nodeset set;

	if (hr_nodeset_parse(n->name, &set, NULL) < 0)
		return;
	int64_t safe = hr_max_i64(n->safe_uw, n->floor_uw);
	int64_t count = (int64_t)set.n;
	struct hr_conf_sums more = {n->floor_uw * count, safe * count, 0, set.n};
	add_up(c, sums, hr_conf_topology_find(c, n->domain), &more);
	for (size_t i = 0; i < n->n_feeds; i++) {
		int64_t share = n->feeds[i].share_permille;
		more.floors_uw = hr_muldiv_ceil(n->floor_uw, share, 1000) * count;
		more.safes_uw = hr_muldiv_ceil(safe, share, 1000) * count;
		add_up(c, sums, hr_conf_topology_find(c, n->feeds[i].name), &more);
	}
}

/* What is known of the nodes must fit; nodes that name no safe cap count as 0 here. */
static int check_fit(const struct hr_conf_controller *c, struct hr_err *reterr)
{
	struct hr_conf_sums *sums = calloc(c->n_domains + 1, sizeof(*sums));
	struct hr_budget budget;
	char where[HR_CONF_STRING_BYTES + 32];
	int rc = 0;

	if (sums == NULL)
		return hr_err_set(reterr, -ENOMEM, "configuration of controller: no memory");
	sums[c->n_domains].reserve_uw = c->reserve_uw;
	for (size_t i = 0; i < c->n_domains; i++)
		add_up(c, sums, (int)i,
		       &(struct hr_conf_sums){.reserve_uw = c->domains[i].reserve_uw});
	for (size_t i = 0; i < c->n_nodes; i++)
		sum_node(c, sums, &c->nodes[i]);
	for (size_t i = 0; rc == 0 && i < c->n_domains; i++) {
		const struct hr_conf_domain *d = &c->domains[i];
		if (d->limit_uw == 0)
			continue;
		rc = hr_conf_controller_fits(d->name, d->limit_uw, &sums[i], reterr);
		if (rc < 0)
			(void)hr_err_prefix(reterr, "%s: key 'controller.domains[%zu].limit'",
					    hr_conf_where(&hr_conf_controller_table, c, "domains",
							  d->line, where, sizeof(where)),
					    i);
	}
	hr_conf_controller_budget(c, &budget);
	if (rc == 0 && c->budget_uw != 0) {
		rc = hr_conf_controller_fits(HR_CONF_ROOT_DOMAIN, hr_budget_lowest_uw(&budget),
					     &sums[c->n_domains], reterr);
		if (rc < 0)
			(void)hr_err_prefix(reterr, "%s: key 'controller.budget'",
					    hr_conf_where(&hr_conf_controller_table, c, "budget", 0,
							  where, sizeof(where)));
	}
	free(sums);
	return rc;
}

static int check_tree(const struct hr_conf_controller *c, struct hr_err *reterr)
{
	struct hr_conf_node *node = NULL;
	size_t n = 0;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < c->n_domains; i++)
		rc = check_domain(c, i, reterr);
	if (rc == 0)
		rc = check_depths(c, reterr);
	for (size_t i = 0; rc == 0 && i < c->n_nodes; i++)
		rc = check_node(c, i, reterr);
	if (rc == 0)
		rc = hr_conf_controller_nodes(c, &node, &n, reterr);
	free(node);
	return rc;
}

int hr_conf_topology_validate(const void *conf, struct hr_err *reterr)
{
	const struct hr_conf_controller *c = conf;
	int rc = check_times(c, reterr);

	if (rc == 0)
		rc = check_http(c, reterr);
	if (rc == 0)
		rc = check_budget(c, reterr);
	if (rc == 0)
		rc = check_tree(c, reterr);
	if (rc == 0)
		rc = check_fit(c, reterr);
	return rc;
}
