/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See controller_metrics.h. Energy comes first: a counter of joules for each node, from the node's
 * own agent; watts are a mean over the report before.
 */
#include "role/controller_metrics.h"

#include "base/clock.h"
#include "role/process.h"

#define MICRO 6
#define NANO 9

static void one(struct hr_prom_text *p, const char *name, enum hr_prom_type type, const char *unit,
		const char *help, int64_t value, int decimals)
{
	hr_prom_text_family(p, name, type, unit, help);
	hr_prom_text_sample(p, NULL, 0, value, decimals);
}

static void labelled(struct hr_prom_text *p, const char *label, const char *text, int64_t value,
		     int decimals)
{
	const struct hr_prom_label l = {.name = label, .value = text};

	hr_prom_text_sample(p, &l, 1, value, decimals);
}

/* A value of a node; false: it has none now. */
typedef bool node_fn(const struct hr_controller_shell *s, const struct hr_controller_node *c,
		     int64_t *ret);

static bool energy(const struct hr_controller_shell *s, const struct hr_controller_node *c,
		   int64_t *ret)
{
	(void)s;
	*ret = c->report.energy_uj;
	return c->ledger.heard_any;
}

static bool draw(const struct hr_controller_shell *s, const struct hr_controller_node *c,
		 int64_t *ret)
{
	(void)s;
	*ret = c->report.draw_uw;
	return c->live && c->report.draw_quality != HR_QUALITY_UNREADABLE;
}

static bool requested(const struct hr_controller_shell *s, const struct hr_controller_node *c,
		      int64_t *ret)
{
	(void)s;
	*ret = c->report.need_uw;
	return c->live && c->report.draw_quality != HR_QUALITY_UNREADABLE;
}

static bool granted(const struct hr_controller_shell *s, const struct hr_controller_node *c,
		    int64_t *ret)
{
	(void)s;
	*ret = c->last_uw;
	return c->ledger.heard_any;
}

static bool applied(const struct hr_controller_shell *s, const struct hr_controller_node *c,
		    int64_t *ret)
{
	(void)s;
	*ret = c->report.applied_uw;
	return c->live && c->report.in_force_known;
}

static bool least(const struct hr_controller_shell *s, const struct hr_controller_node *c,
		  int64_t *ret)
{
	(void)s;
	*ret = c->report.floor_uw;
	return c->ledger.heard_any;
}

static bool most(const struct hr_controller_shell *s, const struct hr_controller_node *c,
		 int64_t *ret)
{
	(void)s;
	*ret = c->report.ceiling_uw;
	return c->ledger.heard_any;
}

static bool safe(const struct hr_controller_shell *s, const struct hr_controller_node *c,
		 int64_t *ret)
{
	(void)s;
	*ret = c->report.safe_uw;
	return c->ledger.heard_any;
}

static bool charged(const struct hr_controller_shell *s, const struct hr_controller_node *c,
		    int64_t *ret)
{
	*ret = s->tree.leaf[c->leaf].charged_uw;
	return true;
}

static bool lease(const struct hr_controller_shell *s, const struct hr_controller_node *c,
		  int64_t *ret)
{
	struct hr_now now = hr_now_read();

	(void)s;
	*ret = now.wall_ns + (c->ledger.ack_ends.raw_ns - now.raw_ns);
	return c->ledger.heard_any && c->ledger.ack_leased;
}

static bool live(const struct hr_controller_shell *s, const struct hr_controller_node *c,
		 int64_t *ret)
{
	(void)s;
	*ret = c->live;
	return true;
}

static bool hungry(const struct hr_controller_shell *s, const struct hr_controller_node *c,
		   int64_t *ret)
{
	(void)s;
	*ret = c->report.hungry;
	return c->live;
}

static const struct {
	const char *name;
	enum hr_prom_type type;
	const char *unit;
	const char *help;
	int decimals;
	node_fn *value;
} families[] = {
    {"headroom_node_energy_joules", HR_PROM_COUNTER, "joules",
     "Energy at the wall since the node's agent started.", MICRO, energy},
    {"headroom_node_power_watts", HR_PROM_GAUGE, "watts",
     "Mean power at the wall over the time of the newest report.", MICRO, draw},
    {"headroom_node_cap_requested_watts", HR_PROM_GAUGE, "watts",
     "What the node would use; of a hungry node a lower bound.", MICRO, requested},
    {"headroom_node_cap_granted_watts", HR_PROM_GAUGE, "watts", "Cap of the newest grant.", MICRO,
     granted},
    {"headroom_node_cap_applied_watts", HR_PROM_GAUGE, "watts",
     "Cap in force as read back from the hardware.", MICRO, applied},
    {"headroom_node_cap_min_watts", HR_PROM_GAUGE, "watts", "Least cap of the node.", MICRO, least},
    {"headroom_node_cap_max_watts", HR_PROM_GAUGE, "watts", "Most cap of the node.", MICRO, most},
    {"headroom_node_safe_cap_watts", HR_PROM_GAUGE, "watts",
     "Cap that the node takes when nobody tells it otherwise.", MICRO, safe},
    {"headroom_node_charged_watts", HR_PROM_GAUGE, "watts",
     "What the node counts against the budget.", MICRO, charged},
    {"headroom_node_lease_expiry_timestamp_seconds", HR_PROM_GAUGE, "seconds",
     "When the acknowledged grant is believed to end, Unix time.", NANO, lease},
    {"headroom_node_up", HR_PROM_GAUGE, NULL, "1 if the node reports.", 0, live},
    {"headroom_node_hungry", HR_PROM_GAUGE, NULL, "1 if the node draws all that its cap allows.", 0,
     hungry},
};

static void nodes(const struct hr_controller_shell *s, struct hr_prom_text *p)
{
	for (size_t f = 0; f < HR_ARRAY_LEN(families); f++) {
		hr_prom_text_family(p, families[f].name, families[f].type, families[f].unit,
				    families[f].help);
		for (int i = 0; i < s->core.n_nodes; i++) {
			int64_t value;

			if (families[f].value(s, &s->core.node[i], &value))
				labelled(p, "node", s->by_core[i]->name, value,
					 families[f].decimals);
		}
	}
	hr_prom_text_family(p, "headroom_node_fault", HR_PROM_GAUGE, NULL,
			    "1 if a limit of the node is not as it should be, with the reason.");
	for (int i = 0; i < s->core.n_nodes; i++) {
		const struct hr_controller_node *c = &s->core.node[i];
		const struct hr_prom_label l[] = {
		    {"node", s->by_core[i]->name},
		    {"reason", hr_reason_name(c->report.fault)},
		};

		if (c->live && c->report.fault != HR_REASON_NONE)
			hr_prom_text_sample(p, l, HR_ARRAY_LEN(l), 1, 0);
	}
}

static void domains(const struct hr_controller_shell *s, struct hr_prom_text *p)
{
	const struct hr_tree *t = &s->tree;

	hr_prom_text_family(p, "headroom_domain_budget_watts", HR_PROM_GAUGE, "watts",
			    "Limit of the domain now. Domains lie within each other.");
	for (int i = 0; i < t->n_domains; i++)
		if (t->domain[i].limit_uw != HR_TREE_NO_LIMIT)
			labelled(p, "domain", t->domain[i].name, t->domain[i].limit_uw, MICRO);
	hr_prom_text_family(p, "headroom_domain_charged_watts", HR_PROM_GAUGE, "watts",
			    "Sum of what the nodes of the domain count against its budget.");
	for (int i = 0; i < t->n_domains; i++)
		labelled(p, "domain", t->domain[i].name, hr_tree_charged(t, i), MICRO);
	hr_prom_text_family(p, "headroom_domain_charged_over_budget_watts", HR_PROM_GAUGE, "watts",
			    "By how much charges and reserve exceed the limit.");
	for (int i = 0; i < t->n_domains; i++)
		labelled(p, "domain", t->domain[i].name, hr_tree_over(t, i), MICRO);
}

static void counters(const struct hr_controller_shell *s, struct hr_prom_text *p)
{
	const struct hr_controller_counts *n = &s->counts;

	one(p, "headroom_controller_rounds", HR_PROM_COUNTER, NULL, "Divisions of the budget.",
	    (int64_t)s->core.rounds, 0);
	one(p, "headroom_controller_grants", HR_PROM_COUNTER, NULL, "Grants sent.",
	    (int64_t)s->core.grants, 0);
	one(p, "headroom_controller_cap_changes", HR_PROM_COUNTER, NULL,
	    "Grants with another cap than the one before.", (int64_t)s->newest_news, 0);
	hr_prom_text_family(p, "headroom_controller_reports", HR_PROM_COUNTER, NULL,
			    "Reports by what became of them.");
	labelled(p, "result", "taken",
		 (int64_t)(s->core.reports - s->core.reports_old - s->core.reports_invalid), 0);
	labelled(p, "result", "invalid", (int64_t)s->core.reports_invalid, 0);
	labelled(p, "result", "old", (int64_t)s->core.reports_old, 0);
	hr_prom_text_family(p, "headroom_controller_messages_refused", HR_PROM_COUNTER, NULL,
			    "Messages that changed nothing.");
	labelled(p, "reason", "malformed", (int64_t)n->malformed, 0);
	labelled(p, "reason", "strange", (int64_t)n->strange, 0);
	labelled(p, "reason", "oversized", (int64_t)s->env.server->counts.refused_messages, 0);
	labelled(p, "reason", "handshake", (int64_t)s->env.server->counts.failed_handshakes, 0);
	labelled(p, "reason", "not_authorised", (int64_t)n->impostors, 0);
	labelled(p, "reason", "not_on_roster", (int64_t)n->unknown, 0);
	labelled(p, "reason", "unknown_key", (int64_t)s->env.server->counts.refused_keys, 0);
	hr_prom_text_family(p, "headroom_controller_commits", HR_PROM_COUNTER, NULL,
			    "Writes of the ledger.");
	labelled(p, "result", "ok", (int64_t)n->commits, 0);
	labelled(p, "result", "error", (int64_t)n->commit_errors, 0);
	one(p, "headroom_controller_commit_seconds", HR_PROM_COUNTER, "seconds",
	    "Time spent in writes of the ledger.", n->commit_ns, NANO);
	hr_prom_text_family(p, "headroom_controller_reloads", HR_PROM_COUNTER, NULL,
			    "Readings of the configuration while running.");
	labelled(p, "result", "ok", (int64_t)n->reloads, 0);
	labelled(p, "result", "error", (int64_t)n->reload_errors, 0);
}

static void states(const struct hr_controller_shell *s, struct hr_prom_text *p)
{
	int64_t n[HR_CONTROLLER_STATE__MAX] = {0};

	for (int i = 0; i < s->core.n_nodes; i++)
		n[s->core.node[i].state]++;
	hr_prom_text_family(p, "headroom_nodes", HR_PROM_GAUGE, NULL, "Nodes by state.");
	for (unsigned i = 0; i < HR_CONTROLLER_STATE__MAX; i++)
		labelled(p, "state", hr_controller_state_name((enum hr_controller_state)i), n[i],
			 0);
}

static void known(struct hr_prom_text *p, const char *name, enum hr_prom_type type,
		  const char *unit, const char *help, int64_t value, int decimals)
{
	if (value >= 0)
		one(p, name, type, unit, help, value, decimals);
}

static void process(const struct hr_controller_shell *s, struct hr_prom_text *p)
{
	struct hr_process_usage u;

	hr_process_read(s->env.process_dir, &u);
	known(p, "process_cpu_seconds", HR_PROM_COUNTER, "seconds", "Processor time used.",
	      u.cpu_ns, NANO);
	known(p, "process_resident_memory_bytes", HR_PROM_GAUGE, "bytes", "Memory in use.",
	      u.resident_bytes, 0);
	known(p, "process_open_fds", HR_PROM_GAUGE, NULL, "Open files.", u.open_fds, 0);
	known(p, "process_max_fds", HR_PROM_GAUGE, NULL, "Files that may be open.", u.max_fds, 0);
	one(p, "process_start_time_seconds", HR_PROM_GAUGE, "seconds", "Start, Unix time.",
	    s->started_wall_ns, NANO);
}

int hr_controller_metrics_write(const struct hr_controller_shell *s, enum hr_prom_format format,
				hr_prom_sink_fn *sink, void *ctx)
{
	int64_t began_ns = hr_now_read().raw_ns;
	struct hr_prom_text text, *p = &text;

	hr_prom_text_init(p, format, sink, ctx);
	hr_prom_text_family(p, "headroom_build", HR_PROM_INFO, NULL, "The running program.");
	labelled(p, "version", HR_VERSION, 1, 0);
	one(p, "headroom_controller_epoch", HR_PROM_GAUGE, NULL, "Number of the reign.",
	    (int64_t)s->core.epoch, 0);
	one(p, "headroom_controller_granting", HR_PROM_GAUGE, NULL,
	    "1 if the leases of the reign before are waited out.", s->core.granting, 0);
	one(p, "headroom_controller_store_failing", HR_PROM_GAUGE, NULL,
	    "1 if the ledger cannot be written: nothing is raised.", s->store_failing, 0);
	one(p, "headroom_budget_version", HR_PROM_GAUGE, NULL, "Version of the newest budget.",
	    (int64_t)s->env.elector->version, 0);
	states(s, p);
	domains(s, p);
	nodes(s, p);
	counters(s, p);
	process(s, p);
	one(p, "headroom_scrape_duration_seconds", HR_PROM_GAUGE, "seconds",
	    "Time taken to write these metrics.", hr_now_read().raw_ns - began_ns, NANO);
	return hr_prom_text_done(p);
}
