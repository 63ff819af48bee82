/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a running controller can take of a new configuration. Not the taking: that is
 * controller_daemon.c. Invariant: what it cannot take is refused with the key named, before
 * anything is changed; nothing is passed over in silence.
 */
#include <errno.h>
#include <string.h>

#include "role/controller_internal.h"

static bool same_domain(const struct hr_conf_domain *a, const struct hr_conf_domain *b)
{
	return strcmp(a->name, b->name) == 0 && strcmp(a->parent, b->parent) == 0 &&
	       a->limit_uw == b->limit_uw && a->feed == b->feed && a->reserve_uw == b->reserve_uw;
}

static bool same_domains(const struct hr_conf_controller *a, const struct hr_conf_controller *b)
{
	bool same = a->n_domains == b->n_domains;

	for (size_t i = 0; same && i < a->n_domains; i++)
		same = same_domain(&a->domains[i], &b->domains[i]);
	return same;
}

static bool same_endpoint(const struct hr_conf_endpoint *a, const struct hr_conf_endpoint *b)
{
	return strcmp(a->host, b->host) == 0 && a->port == b->port;
}

/* The first key that differs and holds for the life of the process; NULL: none. */
static const char *fixed_key(const struct hr_conf_controller *a, const struct hr_conf_controller *b)
{
	const struct {
		const char *key;
		bool same;
	} all[] = {
	    {"name", strcmp(a->name, b->name) == 0},
	    {"listen", same_endpoint(&a->listen, &b->listen)},
	    {"http.listen", same_endpoint(&a->http.listen, &b->http.listen)},
	    {"http.tls_cert", strcmp(a->http.tls_cert, b->http.tls_cert) == 0},
	    {"http.tls_key", strcmp(a->http.tls_key, b->http.tls_key) == 0},
	    {"http.token_file", strcmp(a->http.token_file, b->http.token_file) == 0},
	    {"key_file", strcmp(a->key_file, b->key_file) == 0},
	    {"state_dir", strcmp(a->state_dir, b->state_dir) == 0},
	    {"reserve", a->reserve_uw == b->reserve_uw},
	    {"ttl", a->ttl_ns == b->ttl_ns},
	    {"silent_node", a->silent_node == b->silent_node},
	    {"reserve_for_boot", a->reserve_for_boot == b->reserve_for_boot},
	    {"min_reboot", a->min_reboot_ns == b->min_reboot_ns},
	    {"drift_ppm", a->drift_ppm == b->drift_ppm},
	    {"tick", a->tick_ns == b->tick_ns},
	    {"write", a->write_ns == b->write_ns},
	    {"domains", same_domains(a, b)},
	};

	for (size_t i = 0; i < HR_ARRAY_LEN(all); i++)
		if (!all[i].same)
			return all[i].key;
	return NULL;
}

/* Does the node keep its place in the tree? */
static bool same_place(const struct hr_controller_shell *s, const struct hr_controller_entry *e,
		       const struct hr_conf_node *n)
{
	const struct hr_tree_leaf *leaf = &s->tree.leaf[s->core.node[e->core].leaf];
	bool same = hr_tree_domain_find(&s->tree, n->domain) == leaf->domain;

	for (size_t i = 0; same && i < HR_TREE_FEEDS_MAX; i++) {
		if (i >= n->n_feeds)
			same = leaf->feed[i].domain < 0;
		else
			same = hr_tree_domain_find(&s->tree, n->feeds[i].name) ==
				   leaf->feed[i].domain &&
			       n->feeds[i].share_permille == leaf->feed[i].share_permille;
	}
	return same;
}

static int check_node(const struct hr_controller_shell *s, const struct hr_conf_node *n,
		      struct hr_err *reterr)
{
	const struct hr_controller_entry *e = hr_controller_roster_by_name(s, n->name);

	if (e == NULL || e->core < 0)
		return 0;
	if (!same_place(s, e, n))
		return hr_err_set(reterr, -EBUSY,
				  "node '%s' is charged where it is and cannot move to another "
				  "domain or feed while the controller runs: restart the "
				  "controller",
				  n->name);
	if (!hr_uuid_is_none(&n->uuid) && hr_uuid_compare(&n->uuid, &e->node) != 0)
		return hr_err_set(reterr, -EBUSY,
				  "node '%s' is bound to another uuid than the new one: release "
				  "it and restart the controller",
				  n->name);
	return 0;
}

int hr_controller_reload_check(const struct hr_controller_shell *s,
			       const struct hr_conf_controller *fresh,
			       const struct hr_conf_node *nodes, size_t n, struct hr_err *reterr)
{
	const char *key = fixed_key(s->env.conf, fresh);
	size_t n_new = 0;
	int rc = 0;

	if (key != NULL)
		return hr_err_set(reterr, -EBUSY,
				  "key 'controller.%s' cannot be changed while the controller "
				  "runs: restart it",
				  key);
	for (size_t i = 0; i < n; i++)
		n_new += hr_controller_roster_by_name(s, nodes[i].name) == NULL;
	if (n_new > s->entries_max - s->n_entries)
		return hr_err_set(reterr, -ENOSPC,
				  "%zu nodes are new, there is room for %zu: restart the "
				  "controller",
				  n_new, s->entries_max - s->n_entries);
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = check_node(s, &nodes[i], reterr);
	return rc;
}
