/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names, the nodes they are bound to, and their places in the power tree. Not who may speak for a
 * node: that is asked of the key in controller_talk.c.
 *
 * Invariant: every node that the ledger charges is in the core, whether it is still configured or
 * not; an entry has a core node as soon as its uuid is known.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/units.h"
#include "role/controller_internal.h"

static uint32_t hash(const struct hr_uuid *u)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < sizeof(u->byte); i++)
		h = (h ^ u->byte[i]) * 16777619u;
	return h;
}

struct hr_controller_entry *hr_controller_roster_by_node(const struct hr_controller_shell *s,
							 const struct hr_uuid *node)
{
	for (size_t i = hash(node) & (s->slots - 1); s->slot[i] != 0;
	     i = (i + 1) & (s->slots - 1)) {
		struct hr_controller_entry *e = &s->entry[s->slot[i] - 1];

		if (hr_uuid_compare(&e->node, node) == 0)
			return e;
	}
	return NULL;
}

struct hr_controller_entry *hr_controller_roster_by_name(const struct hr_controller_shell *s,
							 const char *name)
{
	for (size_t i = 0; i < s->n_entries; i++)
		if (strcmp(s->entry[i].name, name) == 0)
			return &s->entry[i];
	return NULL;
}

/* Old bindings stay in the table until the next start; they compare unequal. */
static void remember(struct hr_controller_shell *s, struct hr_controller_entry *e)
{
	size_t i = hash(&e->node) & (s->slots - 1);

	while (s->slot[i] != 0)
		i = (i + 1) & (s->slots - 1);
	s->slot[i] = (uint32_t)(e - s->entry) + 1;
}

static struct hr_tree_leaf leaf_of(const struct hr_controller_shell *s,
				   const struct hr_conf_node *n)
{
	struct hr_tree_leaf leaf = {
	    .domain = hr_tree_domain_find(&s->tree,
					  n->domain[0] != '\0' ? n->domain : HR_CONF_ROOT_DOMAIN),
	    .floor_uw = n->floor_uw,
	    .ceiling_uw = n->ceiling_uw,
	    .safe_uw = n->safe_uw,
	    .class = n->class,
	    .weight = n->weight,
	};

	for (size_t i = 0; i < HR_TREE_FEEDS_MAX; i++) {
		leaf.feed[i].domain = -1;
		if (i >= n->n_feeds)
			continue;
		leaf.feed[i].domain = hr_tree_domain_find(&s->tree, n->feeds[i].name);
		leaf.feed[i].share_permille = (int32_t)n->feeds[i].share_permille;
	}
	if (leaf.domain < 0)
		leaf.domain = 0;
	return leaf;
}

static int add_core(struct hr_controller_shell *s, struct hr_controller_entry *e,
		    const struct hr_controller_row *row, struct hr_err *reterr)
{
	struct hr_tree_leaf leaf = leaf_of(s, &e->conf);
	int i = hr_controller_node_add(&s->core, &e->node, &leaf, e->conf.safe_uw, row,
				       hr_now_read(), reterr);

	if (i < 0)
		return i;
	e->core = i;
	s->by_core[i] = e;
	remember(s, e);
	return 0;
}

static struct hr_controller_entry *add_entry(struct hr_controller_shell *s, const char *name)
{
	if (s->n_entries == s->entries_max)
		return NULL;
	struct hr_controller_entry *e = &s->entry[s->n_entries++];

	memset(e, 0, sizeof(*e));
	snprintf(e->name, sizeof(e->name), "%s", name);
	snprintf(e->conf.domain, sizeof(e->conf.domain), HR_CONF_ROOT_DOMAIN);
	e->conf.class = HR_CLASS_REPLICA;
	e->conf.weight = HR_WEIGHT_DEFAULT;
	e->core = -1;
	return e;
}

static int alloc(struct hr_controller_shell *s, size_t n_nodes, struct hr_err *reterr)
{
	size_t max = 2 * n_nodes + 64;

	s->nodes_max = (int)max;
	s->entries_max = max;
	for (s->slots = 64; s->slots < 4 * max; s->slots *= 2)
		continue;
	s->entry = calloc(max, sizeof(*s->entry));
	s->by_core = calloc(max, sizeof(*s->by_core));
	s->slot = calloc(s->slots, sizeof(*s->slot));
	s->row = calloc(max, sizeof(*s->row));
	s->dirty = calloc(max, sizeof(*s->dirty));
	s->dirty_list = calloc(max, sizeof(*s->dirty_list));
	s->rows_out = calloc(max, sizeof(*s->rows_out));
	s->actions.max = 4 * max + 16;
	s->actions.action = calloc(s->actions.max, sizeof(*s->actions.action));
	s->scratch = (struct hr_tree_scratch){
	    .order = calloc(max, sizeof(*s->scratch.order)),
	    .have = calloc(max, sizeof(*s->scratch.have)),
	    .want = calloc(max, sizeof(*s->scratch.want)),
	    .allowed = calloc(max, sizeof(*s->scratch.allowed)),
	    .item = calloc(max, sizeof(*s->scratch.item)),
	    .feed_item = calloc(max, sizeof(*s->scratch.feed_item)),
	    .active = calloc(max, sizeof(*s->scratch.active)),
	    .member = calloc(max * HR_TREE_FEEDS_MAX, sizeof(*s->scratch.member)),
	};
	s->tree.domain = calloc(s->env.conf->n_domains + 1, sizeof(*s->tree.domain));
	s->tree.leaf = calloc(max, sizeof(*s->tree.leaf));
	s->core.node = calloc(max, sizeof(*s->core.node));
	const void *const all[] = {
	    s->entry,         s->by_core,           s->slot,           s->row,
	    s->dirty,         s->dirty_list,        s->rows_out,       s->actions.action,
	    s->scratch.order, s->scratch.have,      s->scratch.want,   s->scratch.allowed,
	    s->scratch.item,  s->scratch.feed_item, s->scratch.active, s->scratch.member,
	    s->tree.domain,   s->tree.leaf,         s->core.node,
	};

	for (size_t i = 0; i < HR_ARRAY_LEN(all); i++)
		if (all[i] == NULL)
			return hr_err_set(reterr, -ENOMEM, "no memory for %zu nodes", max);
	return 0;
}

void hr_controller_roster_close(struct hr_controller_shell *s)
{
	void *const all[] = {
	    s->entry,         s->by_core,           s->slot,           s->row,
	    s->dirty,         s->dirty_list,        s->rows_out,       s->actions.action,
	    s->scratch.order, s->scratch.have,      s->scratch.want,   s->scratch.allowed,
	    s->scratch.item,  s->scratch.feed_item, s->scratch.active, s->scratch.member,
	    s->tree.domain,   s->tree.leaf,         s->core.node,
	};

	for (size_t i = 0; i < HR_ARRAY_LEN(all); i++)
		free(all[i]);
}

/* Parents first, whatever the order of the file; conf has been checked. */
static int add_domains(struct hr_controller_shell *s, struct hr_err *reterr)
{
	const struct hr_conf_controller *conf = s->env.conf;
	int rc = hr_tree_domain_add(&s->tree, HR_CONF_ROOT_DOMAIN, -1, false, 0, conf->reserve_uw,
				    reterr);

	for (bool more = true; rc >= 0 && more;) {
		more = false;
		for (size_t i = 0; rc >= 0 && i < conf->n_domains; i++) {
			const struct hr_conf_domain *d = &conf->domains[i];
			int parent = d->feed ? -1 : hr_tree_domain_find(&s->tree, d->parent);

			if ((parent < 0 && !d->feed) || hr_tree_domain_find(&s->tree, d->name) >= 0)
				continue;
			rc = hr_tree_domain_add(&s->tree, d->name, parent, d->feed,
						d->limit_uw > 0 ? d->limit_uw : HR_TREE_NO_LIMIT,
						d->reserve_uw, reterr);
			more = true;
		}
	}
	return rc < 0 ? rc : 0;
}

static const struct hr_store_row *find_row(const struct hr_store_row *row, size_t n,
					   const struct hr_uuid *node)
{
	for (size_t i = 0; i < n; i++)
		if (hr_uuid_compare(&row[i].node, node) == 0)
			return &row[i];
	return NULL;
}

/* What the ledger says of a node; if it is not proven newest, the worst (rule 11). */
static struct hr_controller_row believe(const struct hr_store_row *r, bool proven)
{
	struct hr_controller_row row = {
	    .node = r->node,
	    .state = (unsigned)r->state < HR_CONTROLLER_STATE__MAX
			 ? (enum hr_controller_state)r->state
			 : HR_CONTROLLER_MEMBER,
	    .charge_uw = r->charge_uw,
	    .safe_uw = r->safe_uw,
	    .boot_uw = r->boot_uw,
	    .worst_uw = r->worst_uw,
	};

	if (!proven) {
		row.charge_uw = hr_max_i64(row.charge_uw, row.worst_uw);
		if (row.state == HR_CONTROLLER_RELEASED)
			row.state = HR_CONTROLLER_MEMBER;
	}
	return row;
}

static int add_rows(struct hr_controller_shell *s, const struct hr_store_row *rows, size_t n,
		    bool proven, struct hr_err *reterr)
{
	int rc = 0;

	/* Every bound name, with its row if there is one. */
	for (size_t i = 0; rc == 0 && i < s->n_entries; i++) {
		struct hr_controller_entry *e = &s->entry[i];
		const struct hr_store_row *r = find_row(rows, n, &e->node);

		if (hr_uuid_is_none(&e->node))
			continue;
		struct hr_controller_row row = {.charge_uw = 0};

		if (r != NULL)
			row = believe(r, proven);
		else if (!proven)
			row = (struct hr_controller_row){
			    .state = HR_CONTROLLER_MEMBER,
			    .charge_uw = HR_NODE_POWER_MAX_UW,
			    .worst_uw = HR_NODE_POWER_MAX_UW,
			};
		rc = add_core(s, e, r != NULL || !proven ? &row : NULL, reterr);
	}
	/* And what is charged without a name: it goes on to be, until it is released. */
	for (size_t i = 0; rc == 0 && rows != NULL && i < n; i++) {
		char name[HR_UUID_TEXT_BYTES];

		if (hr_controller_roster_by_node(s, &rows[i].node) != NULL)
			continue;
		struct hr_controller_row row = believe(&rows[i], proven);

		if (row.state == HR_CONTROLLER_RELEASED || row.state == HR_CONTROLLER_UNKNOWN)
			continue;
		struct hr_controller_entry *e = add_entry(s, hr_uuid_format(&rows[i].node, name));

		if (e == NULL)
			return hr_err_set(reterr, -ENOSPC, "too many nodes in the ledger");
		e->node = rows[i].node;
		hr_log(HR_LOG_WARNING,
		       "msg=\"a node that is not configured is charged; release it "
		       "if it is gone\" node=%s",
		       e->name);
		rc = add_core(s, e, &row, reterr);
	}
	return rc;
}

static int add_names(struct hr_controller_shell *s, const struct hr_conf_node *nodes, size_t n,
		     const struct hr_store_binding *b, size_t n_b, struct hr_err *reterr)
{
	for (size_t i = 0; i < n; i++) {
		struct hr_controller_entry *e = add_entry(s, nodes[i].name);

		if (e == NULL)
			return hr_err_set(reterr, -ENOSPC, "too many nodes");
		e->listed = true;
		e->conf = nodes[i];
		e->node = nodes[i].uuid;
	}
	for (size_t i = 0; i < n_b; i++) {
		struct hr_controller_entry *e = hr_controller_roster_by_name(s, b[i].name);

		if (e == NULL)
			e = add_entry(s, b[i].name);
		if (e == NULL)
			return hr_err_set(reterr, -ENOSPC, "too many names");
		if (hr_uuid_is_none(&e->conf.uuid))
			e->node = b[i].node;
	}
	return 0;
}

/*
 * Without a ledger every configured node that is not in it is charged the most that it can draw,
 * under a uuid of its own until it says its real one. The rows are stored, so that the next start
 * believes no less.
 */
static int charge_unknown(struct hr_controller_shell *s, struct hr_err *reterr)
{
	uint64_t writes = s->env.elector->writes + 1;
	size_t n = 0;

	for (size_t i = 0; i < s->n_entries; i++) {
		struct hr_controller_entry *e = &s->entry[i];
		int64_t worst_uw = hr_max_i64(e->conf.ceiling_uw, e->conf.boot_uw);
		struct hr_controller_row row = {.state = HR_CONTROLLER_MEMBER};

		if (!e->listed || e->core >= 0)
			continue;
		e->placeholder = true;
		memset(e->node.byte, 0xfe, sizeof(e->node.byte));
		memcpy(e->node.byte, &i, sizeof(uint32_t));
		row.charge_uw = row.worst_uw = worst_uw > 0 ? worst_uw : HR_NODE_POWER_MAX_UW;
		int rc = add_core(s, e, &row, reterr);

		if (rc < 0)
			return rc;
	}
	for (int i = 0; i < s->core.n_nodes; i++) {
		const struct hr_controller_node *c = &s->core.node[i];

		if (s->by_core[i]->placeholder)
			continue;
		s->rows_out[n++] = (struct hr_store_row){
		    .node = c->uuid,
		    .state = (int)c->state,
		    .charge_uw = s->tree.leaf[c->leaf].charged_uw,
		    .safe_uw = c->ledger.safe_uw,
		    .boot_uw = c->ledger.boot_uw,
		    .worst_uw = s->tree.leaf[c->leaf].charged_uw,
		};
	}
	int rc = s->env.store->ops->write(s->env.store, s->rows_out, n, writes, reterr);

	return rc < 0 ? rc : s->env.elector->ops->count(s->env.elector, writes, reterr);
}

static struct hr_controller_conf core_conf(const struct hr_conf_controller *conf)
{
	return (struct hr_controller_conf){
	    .rules =
		{
		    .silent = conf->silent_node == HR_CONF_SILENT_SAFE ? HR_SILENT_SAFE
								       : HR_SILENT_HOLD,
		    .reserve_for_boot = conf->reserve_for_boot,
		    .min_reboot_ns = conf->min_reboot_ns,
		    .drift_ppm = conf->drift_ppm,
		    .tick_ns = conf->tick_ns,
		    .write_ns = conf->write_ns,
		},
	    .round_ns = conf->round_ns,
	    .ttl_ns = conf->ttl_ns,
	    .period_ns = conf->report_period_ns,
	};
}

/* Everything read; the reign begins, and the core is filled. */
static int fill(struct hr_controller_shell *s, const struct hr_conf_node *nodes, size_t n,
		struct hr_err *reterr)
{
	struct hr_store_row *rows;
	struct hr_store_binding *bound;
	size_t n_rows, n_bound;
	uint64_t writes;
	struct hr_controller_conf conf = core_conf(s->env.conf);
	int rc = s->env.store->ops->load(s->env.store, &rows, &n_rows, &bound, &n_bound, &writes,
					 reterr);

	if (rc < 0)
		return rc;
	bool proven = !s->env.elector->lost && writes >= s->env.elector->writes;

	if (!proven)
		hr_log(HR_LOG_ERROR,
		       "msg=\"the ledger is not proven newest and is not believed: every "
		       "node is charged the most that it can draw until it answers\"");
	if (writes > s->env.elector->writes)
		rc = s->env.elector->ops->count(s->env.elector, writes, reterr);
	if (rc == 0)
		rc = s->env.elector->ops->reign(s->env.elector, 0, reterr);
	/* A successor waits out what its predecessor may have granted. */
	int64_t ttl_ns = hr_max_i64(s->env.elector->ttl_ns, conf.ttl_ns);

	conf.wait_ns = n_rows > 0 || !proven ? ttl_ns : 0;
	/* Until that is over, both may be out; controller_daemon.c says when it is. */
	if (rc == 0)
		rc = s->env.elector->ops->lease(s->env.elector, ttl_ns, reterr);
	if (rc == 0)
		rc = alloc(s, n + n_rows + n_bound, reterr);
	if (rc == 0) {
		hr_tree_init(&s->tree, s->tree.domain, (int)s->env.conf->n_domains + 1,
			     s->tree.leaf, s->nodes_max);
		rc = add_domains(s, reterr);
	}
	if (rc == 0) {
		hr_controller_init(&s->core, &conf, s->env.elector->epoch, &s->tree, s->scratch,
				   s->core.node, s->nodes_max, hr_now_read());
		rc = add_names(s, nodes, n, bound, n_bound, reterr);
	}
	if (rc == 0)
		rc = add_rows(s, rows, n_rows, proven, reterr);
	if (rc == 0 && !proven)
		rc = charge_unknown(s, reterr);
	free(rows);
	free(bound);
	return rc;
}

int hr_controller_roster_open(struct hr_controller_shell *s, struct hr_err *reterr)
{
	struct hr_conf_node *nodes;
	size_t n;
	int rc = hr_conf_controller_nodes(s->env.conf, &nodes, &n, reterr);

	if (rc < 0)
		return rc;
	rc = fill(s, nodes, n, reterr);
	free(nodes);
	return rc;
}

int hr_controller_roster_bind(struct hr_controller_shell *s, struct hr_controller_entry *e,
			      const struct hr_uuid *node, struct hr_err *reterr)
{
	struct hr_store_binding b = {.node = *node};
	struct hr_uuid before = e->node;

	snprintf(b.name, sizeof(b.name), "%s", e->name);
	int rc = s->env.store->ops->bind(s->env.store, &b, reterr);

	if (rc < 0)
		return rc;
	e->node = *node;
	if (e->placeholder) {
		e->placeholder = false;
		s->core.node[e->core].uuid = *node;
		remember(s, e);
		return 0;
	}
	rc = add_core(s, e, NULL, reterr);
	if (rc < 0)
		e->node = before;
	return rc;
}

void hr_controller_roster_reload(struct hr_controller_shell *s, const struct hr_conf_node *nodes,
				 size_t n)
{
	for (size_t i = 0; i < s->n_entries; i++) {
		/* Its feeds are those of the configuration that ends. */
		s->entry[i].listed = false;
		s->entry[i].conf.feeds = NULL;
		s->entry[i].conf.n_feeds = 0;
	}
	for (size_t i = 0; i < n; i++) {
		struct hr_controller_entry *e = hr_controller_roster_by_name(s, nodes[i].name);

		if (e == NULL)
			e = add_entry(s, nodes[i].name);
		HR_CHECK(e != NULL);
		e->listed = true;
		e->conf = nodes[i];
		if (e->core < 0) {
			if (!hr_uuid_is_none(&nodes[i].uuid))
				e->node = nodes[i].uuid;
			continue;
		}
		struct hr_controller_node *c = &s->core.node[e->core];

		c->safe_conf_uw = nodes[i].safe_uw;
		c->floor_conf_uw = nodes[i].floor_uw;
		c->ceiling_conf_uw = nodes[i].ceiling_uw;
		s->tree.leaf[c->leaf].class = nodes[i].class;
		s->tree.leaf[c->leaf].weight = nodes[i].weight;
	}
	s->core.urgent = true;
}
