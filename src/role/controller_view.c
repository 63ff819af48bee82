/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See controller_view.h. Reads only. Invariant: a value that is not known is absent or null, never
 * 0.
 */
#include "role/controller_view.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "conf/rfc3339.h"

static json_t *time_json(int64_t wall_ns)
{
	char text[HR_RFC3339_BYTES];

	return wall_ns > 0 ? json_string(hr_rfc3339_format(wall_ns, text)) : json_null();
}

static void put_int(json_t *o, const char *key, int64_t value)
{
	json_object_set_new(o, key, json_integer(value));
}

static void put_text(json_t *o, const char *key, const char *value)
{
	json_object_set_new(o, key, json_string(value));
}

static void put_bool(json_t *o, const char *key, bool value)
{
	json_object_set_new(o, key, json_boolean(value));
}

json_t *hr_controller_view_status(const struct hr_controller_shell *s)
{
	json_t *o = json_object(), *states = json_object();
	int n[HR_CONTROLLER_STATE__MAX] = {0};
	int64_t draw_uw = 0, applied_uw = 0;
	int live = 0;

	for (int i = 0; i < s->core.n_nodes; i++) {
		const struct hr_controller_node *c = &s->core.node[i];

		n[c->state]++;
		live += c->live;
		if (!c->ledger.heard_any)
			continue;
		applied_uw += c->report.applied_uw;
		if (c->report.draw_quality != HR_QUALITY_UNREADABLE)
			draw_uw += c->report.draw_uw;
	}
	for (unsigned i = 0; i < HR_CONTROLLER_STATE__MAX; i++)
		put_int(states, hr_controller_state_name((enum hr_controller_state)i), n[i]);
	put_text(o, "version", HR_VERSION);
	put_text(o, "name", s->env.conf->name);
	put_text(o, "state", s->core.granting ? "granting" : "waiting");
	put_text(o, "store", s->store_failing ? "failing" : "ok");
	put_int(o, "epoch", (int64_t)s->core.epoch);
	put_int(o, "budget_version", (int64_t)s->env.elector->version);
	json_object_set_new(o, "started", time_json(s->started_wall_ns));
	json_object_set_new(o, "now", time_json(hr_now_read().wall_ns));
	put_int(o, "limit_uw", s->tree.domain[0].limit_uw);
	put_int(o, "reserve_uw", s->tree.domain[0].reserve_uw);
	put_int(o, "charged_uw", hr_tree_charged(&s->tree, 0));
	put_int(o, "charged_over_budget_uw", hr_tree_over(&s->tree, 0));
	put_int(o, "applied_uw", applied_uw);
	put_int(o, "draw_uw", draw_uw);
	put_int(o, "roster", (int64_t)s->n_entries);
	put_int(o, "live", live);
	json_object_set_new(o, "nodes", states);
	put_int(o, "newest_event", (int64_t)s->newest_news);
	return o;
}

/* What the newest report says. */
static void put_report(json_t *o, const struct hr_report *r)
{
	put_int(o, "incarnation", (int64_t)r->from.incarnation);
	put_int(o, "cap_uw", r->cap_uw);
	put_int(o, "applied_uw", r->applied_uw);
	put_int(o, "floor_uw", r->floor_uw);
	put_int(o, "ceiling_uw", r->ceiling_uw);
	put_int(o, "safe_uw", r->safe_uw);
	put_int(o, "boot_uw", r->boot_uw);
	put_int(o, "uncapped_uw", r->uncapped_uw);
	put_int(o, "settle_ns", r->settle_ns);
	put_int(o, "energy_uj", r->energy_uj);
	put_text(o, "draw_quality", hr_quality_name(r->draw_quality));
	if (r->draw_quality != HR_QUALITY_UNREADABLE) {
		put_int(o, "draw_uw", r->draw_uw);
		put_int(o, "need_uw", r->need_uw);
	}
	put_bool(o, "hungry", r->hungry);
	put_bool(o, "over", r->over);
	put_bool(o, "in_force_known", r->in_force_known);
	put_text(o, "cap_reason", hr_reason_name(r->cap_reason));
	put_text(o, "fault", hr_reason_name(r->fault));
}

static void put_core(const struct hr_controller_shell *s, json_t *o,
		     const struct hr_controller_entry *e)
{
	const struct hr_controller_node *c = &s->core.node[e->core];
	struct hr_now now = hr_now_read();
	char uuid[HR_UUID_TEXT_BYTES];

	if (!e->placeholder)
		put_text(o, "uuid", hr_uuid_format(&e->node, uuid));
	put_text(o, "state", hr_controller_state_name(c->state));
	put_bool(o, "live", c->live);
	put_int(o, "charged_uw", s->tree.leaf[c->leaf].charged_uw);
	put_int(o, "boot_charge_uw",
		hr_ledger_boot_charge_uw(&c->ledger, &s->core.conf.rules, now));
	put_int(o, "target_uw", c->target_uw);
	put_text(o, "reason", hr_reason_name(c->reason));
	put_text(o, "reason_sentence", hr_reason_sentence(c->reason));
	if (e->refused != HR_REASON_NONE)
		put_text(o, "refused", hr_reason_name(e->refused));
	if (!c->ledger.heard_any)
		return;
	put_int(o, "granted_uw", c->last_uw);
	put_int(o, "invalid_reports", (int64_t)c->invalid);
	put_int(o, "age_ns", now.boot_ns - c->ledger.heard.boot_ns);
	if (c->ledger.ack_leased)
		put_int(o, "lease_left_ns", c->ledger.ack_ends.raw_ns - now.raw_ns);
	put_report(o, &c->report);
}

json_t *hr_controller_view_node(const struct hr_controller_shell *s,
				const struct hr_controller_entry *e)
{
	json_t *o = json_object();

	put_text(o, "name", e->name);
	put_text(o, "domain", e->conf.domain[0] != '\0' ? e->conf.domain : HR_CONF_ROOT_DOMAIN);
	put_text(o, "class", hr_class_name(e->conf.class));
	put_int(o, "weight", e->conf.weight);
	put_bool(o, "listed", e->listed);
	put_text(o, "software", e->software);
	json_object_set_new(o, "heard", time_json(e->heard_wall_ns));
	put_int(o, "grants", (int64_t)e->grants);
	if (e->core >= 0)
		put_core(s, o, e);
	else
		put_text(o, "state", hr_controller_state_name(HR_CONTROLLER_UNKNOWN));
	return o;
}

json_t *hr_controller_view_nodes(const struct hr_controller_shell *s)
{
	json_t *o = json_object(), *list = json_array();

	for (size_t i = 0; i < s->n_entries; i++)
		json_array_append_new(list, hr_controller_view_node(s, &s->entry[i]));
	json_object_set_new(o, "nodes", list);
	return o;
}

static json_t *event_json(const struct hr_controller_news *n)
{
	json_t *o = json_object();

	put_int(o, "id", (int64_t)n->id);
	json_object_set_new(o, "at", time_json(n->wall_ns));
	put_text(o, "node", n->node);
	put_int(o, "before_uw", n->before_uw);
	put_int(o, "after_uw", n->after_uw);
	put_text(o, "reason", hr_reason_name(n->reason));
	put_text(o, "sentence", hr_reason_sentence(n->reason));
	return o;
}

json_t *hr_controller_view_events(const struct hr_controller_shell *s, uint64_t since,
				  const char *node, size_t max)
{
	json_t *o = json_object(), *list = json_array();
	uint64_t newest = s->newest_news;
	uint64_t oldest = newest > HR_CONTROLLER_EVENTS_MAX ? newest - HR_CONTROLLER_EVENTS_MAX + 1
							    : 1;
	uint64_t from = newest + 1;
	size_t n = 0;

	/* Back from the newest, so that the oldest are those left out. */
	while (from > oldest && from - 1 > since && n < max) {
		const struct hr_controller_news *e = &s->news[--from % HR_CONTROLLER_EVENTS_MAX];

		n += node == NULL || strcmp(e->node, node) == 0;
	}
	for (uint64_t id = from; id <= newest; id++) {
		const struct hr_controller_news *e = &s->news[id % HR_CONTROLLER_EVENTS_MAX];

		if (node == NULL || strcmp(e->node, node) == 0)
			json_array_append_new(list, event_json(e));
	}
	put_int(o, "newest", (int64_t)newest);
	put_int(o, "oldest", (int64_t)oldest);
	json_object_set_new(o, "events", list);
	return o;
}

static void put_schedule(json_t *o, const struct hr_budget *b)
{
	json_t *windows = json_array(), *steps = json_array();

	for (unsigned i = 0; i < b->n_windows; i++) {
		json_t *w = json_object();

		put_int(w, "from_s", b->window[i].from_s);
		put_int(w, "to_s", b->window[i].to_s);
		put_int(w, "limit_uw", b->window[i].limit_uw);
		json_array_append_new(windows, w);
	}
	for (unsigned i = 0; i < b->n_steps; i++) {
		json_t *w = json_object();

		json_object_set_new(w, "at", time_json(b->step[i].at_ns));
		put_int(w, "limit_uw", b->step[i].limit_uw);
		json_array_append_new(steps, w);
	}
	json_object_set_new(o, "windows", windows);
	json_object_set_new(o, "steps", steps);
}

json_t *hr_controller_view_budget(const struct hr_controller_shell *s, int domain)
{
	const struct hr_tree_domain *d = &s->tree.domain[domain];
	const struct hr_budget *b = hr_elector_find(s->env.elector, d->name);
	struct hr_tree_sums sums = hr_tree_sums_of(&s->tree, domain);
	json_t *o = json_object();

	put_text(o, "domain", d->name);
	if (d->parent >= 0)
		put_text(o, "parent", s->tree.domain[d->parent].name);
	put_bool(o, "feed", d->feed);
	if (d->limit_uw != HR_TREE_NO_LIMIT)
		put_int(o, "limit_now_uw", d->limit_uw);
	put_int(o, "reserve_uw", d->reserve_uw);
	put_int(o, "charged_uw", hr_tree_charged(&s->tree, domain));
	put_int(o, "charged_over_budget_uw", hr_tree_over(&s->tree, domain));
	put_int(o, "floors_uw", sums.floors_uw);
	put_int(o, "safes_uw", sums.safe_uw);
	if (b != NULL) {
		put_int(o, "version", (int64_t)b->version);
		put_int(o, "limit_uw", b->limit_uw);
		put_schedule(o, b);
	} else if (d->limit_uw != HR_TREE_NO_LIMIT) {
		put_int(o, "limit_uw", d->limit_uw);
	}
	return o;
}

json_t *hr_controller_view_budgets(const struct hr_controller_shell *s)
{
	json_t *o = json_object(), *list = json_array();

	for (int i = 0; i < s->tree.n_domains; i++)
		json_array_append_new(list, hr_controller_view_budget(s, i));
	put_int(o, "version", (int64_t)s->env.elector->version);
	json_object_set_new(o, "budgets", list);
	return o;
}
