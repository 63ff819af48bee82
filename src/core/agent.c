/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See agent.h. Nothing here can raise a cap: a wrong reading costs watts of others at most until
 * the controller's next division, never the budget.
 */
#include "core/agent.h"

#include <string.h>

#include "base/units.h"
#include "power/split.h"
#include "power/supply.h"

/* A zone's share moves only if it moves by this much; registers are not written for less. */
#define SPLIT_LEAST_UW (2 * HR_UW_PER_W)
#define SPLIT_EVERY_NS (200 * HR_NS_PER_MS)
/* A changed cap is reported when the guard has had the time to write it. */
#define APPLY_NS (30 * HR_NS_PER_MS)
/* A draw above the cap for this long is no overshoot: the limit is ignored (rule 14). */
#define IGNORED_NS (2 * HR_NS_PER_S)

static struct hr_agent_action *act(struct hr_agent_actions *out, enum hr_agent_action_kind kind)
{
	HR_CHECK(out->n < HR_AGENT_ACTIONS_MAX);
	struct hr_agent_action *a = &out->action[out->n++];

	memset(a, 0, sizeof(*a));
	a->kind = kind;
	return a;
}

void hr_agent_init(struct hr_agent *a, const struct hr_agent_conf *conf, size_t n_zones,
		   const struct hr_agent_zone_conf zones[], struct hr_now now)
{
	HR_CHECK(n_zones <= HR_ZONES_MAX);
	memset(a, 0, sizeof(*a));
	a->conf = *conf;
	a->n_zones = n_zones;
	a->period_ns = conf->period_ns;
	a->told = now;
	a->sampled = now;
	a->quality = HR_QUALITY_UNREADABLE;
	hr_demand_init(&a->demand, 0, 0);
	for (size_t i = 0; i < n_zones; i++) {
		a->zone[i].conf = zones[i];
		hr_demand_init(&a->zone[i].demand, 0, 0);
	}
}

/* Divides device power among the zones by need; returns whether it is worth writing. */
static bool divide(struct hr_agent *a, int64_t device_uw, int64_t ret_uw[HR_ZONES_MAX])
{
	struct hr_split_zone zone[HR_ZONES_MAX];
	bool moved = !a->split_given;

	for (size_t i = 0; i < a->n_zones; i++) {
		const struct hr_agent_zone *z = &a->zone[i];

		zone[i] = (struct hr_split_zone){.floor_uw = z->conf.floor_uw,
						 .ceiling_uw = z->conf.ceiling_uw,
						 .need_uw = z->demand.need_uw,
						 .hungry = z->demand.hungry || !z->readable};
	}
	(void)hr_split_zones(device_uw, zone, a->n_zones, ret_uw);
	for (size_t i = 0; i < a->n_zones; i++) {
		int64_t by_uw = ret_uw[i] - a->split_uw[i];

		moved = moved || by_uw >= SPLIT_LEAST_UW || by_uw <= -SPLIT_LEAST_UW;
	}
	return moved;
}

static void give_split(struct hr_agent *a, const int64_t split_uw[HR_ZONES_MAX],
		       struct hr_agent_actions *out)
{
	memcpy(a->split_uw, split_uw, a->n_zones * sizeof(split_uw[0]));
	memcpy(out->split_uw, split_uw, a->n_zones * sizeof(split_uw[0]));
	out->n_split = a->n_zones;
	a->split_given = true;
}

static void say_at(struct hr_agent *a, struct hr_now now, int64_t in_ns)
{
	struct hr_now at = hr_now_add(now, in_ns);

	if (!a->due || at.raw_ns < a->due_at.raw_ns)
		a->due_at = at;
	a->due = true;
}

/* A report is wanted: by the clock, or because there is something to say. */
static void maybe_ask(struct hr_agent *a, struct hr_now now, struct hr_agent_actions *out)
{
	if (!a->guard)
		return;
	if (a->asked &&
	    !hr_now_past_either(now, hr_now_add(a->asked_at, a->conf.ticket_timeout_ns)))
		return;
	bool period = !a->ever_told || hr_now_past_either(now, hr_now_add(a->told, a->period_ns));
	bool news = a->due && hr_now_past_either(now, a->due_at);
	bool early = a->ever_told &&
		     !hr_now_past_either(now, hr_now_add(a->told, a->conf.report_least_ns));

	if (early || !(period || news))
		return;
	a->asked = true;
	a->asked_at = now;
	act(out, HR_AGENT_DO_ASK_TICKET);
}

static const struct hr_sample *find_sample(const struct hr_agent_event *ev, int meter)
{
	for (size_t i = 0; i < ev->n_samples; i++)
		if (ev->sample[i].zone == meter)
			return &ev->sample[i];
	return NULL;
}

/* Reads the zones that the guard caps into the node's draw; says whether all were readable. */
static bool sum_zones(struct hr_agent *a, const struct hr_agent_event *ev, int64_t dt_ns,
		      int64_t *ret_device_uw)
{
	bool readable = a->n_zones > 0;
	int64_t sum_uw = 0, joules_uj = 0;

	for (size_t i = 0; i < a->n_zones; i++) {
		struct hr_agent_zone *z = &a->zone[i];
		const struct hr_sample *s = find_sample(ev, z->conf.meter);
		bool good = s && s->quality != HR_QUALITY_UNREADABLE && s->power_uw >= 0 &&
			    s->power_uw <= HR_NODE_POWER_MAX_UW;
		struct hr_demand_in in = {.cap_uw = z->limit_uw,
					  .dt_ns = dt_ns,
					  .quality = good ? s->quality : HR_QUALITY_UNREADABLE};

		z->readable = good;
		if (good) {
			in.draw_uw = s->power_uw;
			z->draw_uw = s->power_uw;
			sum_uw = hr_add_sat(sum_uw, s->power_uw);
			if (s->energy_uj > z->energy_uj)
				joules_uj = hr_add_sat(joules_uj, s->energy_uj - z->energy_uj);
			z->energy_uj = s->energy_uj;
		}
		readable = readable && good;
		hr_demand_step(&z->demand, &in);
	}
	a->energy_uj = hr_add_sat(a->energy_uj,
				  hr_muldiv_floor(joules_uj, 1000, a->conf.efficiency_permille));
	*ret_device_uw = sum_uw;
	return readable;
}

static void maybe_split(struct hr_agent *a, struct hr_now now, struct hr_agent_actions *out)
{
	int64_t device_uw = 0, split_uw[HR_ZONES_MAX];
	bool hungry = false;

	for (size_t i = 0; i < a->n_zones; i++) {
		if (a->zone[i].limit_uw <= 0)
			return;
		device_uw = hr_add_sat(device_uw, a->zone[i].limit_uw);
		hungry = hungry || a->zone[i].demand.hungry;
	}
	if (a->n_zones < 2 || !hungry || !a->guard ||
	    !hr_now_past_either(now, hr_now_add(a->split_at, SPLIT_EVERY_NS)))
		return;
	if (!divide(a, device_uw, split_uw))
		return;
	a->split_at = now;
	give_split(a, split_uw, out);
	act(out, HR_AGENT_DO_SPLIT);
	say_at(a, now, APPLY_NS);
}

static void on_samples(struct hr_agent *a, const struct hr_agent_event *ev, struct hr_now now,
		       struct hr_agent_actions *out)
{
	int64_t dt_ns = now.raw_ns - a->sampled.raw_ns, device_uw;

	a->sampled = now;
	bool readable = sum_zones(a, ev, dt_ns, &device_uw);
	int64_t draw_uw = hr_supply_wall_uw(device_uw, a->conf.efficiency_permille,
					    a->conf.rest_uw);
	struct hr_demand_in in = {.draw_uw = draw_uw,
				  .cap_uw = a->applied_uw,
				  .dt_ns = dt_ns,
				  .quality = readable ? HR_QUALITY_OK : HR_QUALITY_UNREADABLE};

	if (readable && dt_ns > 0) {
		a->draw_sum_uj = hr_add_sat(a->draw_sum_uj,
					    hr_muldiv_floor(draw_uw, dt_ns, HR_NS_PER_S));
		a->draw_span_ns = hr_add_sat(a->draw_span_ns, dt_ns);
	}
	a->quality = in.quality;
	a->draw_uw = draw_uw;
	hr_demand_step(&a->demand, &in);
	a->over_ns = a->demand.over ? hr_add_sat(a->over_ns, dt_ns) : 0;
	if (a->demand.changed)
		say_at(a, now, 0);
	maybe_split(a, now, out);
}

static void on_ticket(struct hr_agent *a, const struct hr_agent_event *ev, struct hr_now now,
		      struct hr_agent_actions *out)
{
	if (!ev->ticket)
		return;
	struct hr_report *r = &out->report;

	a->asked = false;
	a->due = false;
	a->told = now;
	a->ever_told = true;
	a->applied_uw = ev->ticket->applied_uw;
	for (size_t i = 0; i < a->n_zones && i < ev->n_limits; i++)
		a->zone[i].limit_uw = ev->limit_uw[i];
	if (!a->link)
		return;

	*r = *ev->ticket;
	bool told = a->draw_span_ns > 0;

	r->draw_quality = told ? a->quality : HR_QUALITY_UNREADABLE;
	r->draw_uw = told && a->quality != HR_QUALITY_UNREADABLE
			 ? hr_muldiv_floor(a->draw_sum_uj, HR_NS_PER_S, a->draw_span_ns)
			 : 0;
	r->need_uw = hr_clamp_i64(a->demand.need_uw, 0, HR_NODE_POWER_MAX_UW);
	r->hungry = a->demand.hungry;
	r->over = a->demand.over;
	r->energy_uj = a->energy_uj;
	if (a->over_ns > IGNORED_NS) {
		/* What does not bind is charged at what the node can really draw. */
		r->fault = HR_REASON_IGNORED;
		r->cap_uw = hr_max_i64(r->cap_uw, hr_max_i64(r->uncapped_uw, r->draw_uw));
	}
	a->draw_sum_uj = 0;
	a->draw_span_ns = 0;
	act(out, HR_AGENT_DO_REPORT);
}

static void on_grant(struct hr_agent *a, const struct hr_agent_event *ev, struct hr_now now,
		     struct hr_agent_actions *out)
{
	int64_t split_uw[HR_ZONES_MAX];

	if (!ev->grant || hr_grant_validate(ev->grant, NULL) < 0 || !a->guard)
		return;
	if (ev->grant->period_ns > 0)
		a->period_ns = ev->grant->period_ns;
	int64_t device_uw = hr_supply_device_uw(ev->grant->cap_uw, a->conf.efficiency_permille,
						a->conf.rest_uw);

	/* A new reign charges the worst until its first grant is acknowledged: not at leisure. */
	if (ev->grant->mark.epoch != a->epoch)
		say_at(a, now, APPLY_NS);
	a->epoch = ev->grant->mark.epoch;
	/* The same cap again keeps its division, or every renewal would move limits a little. */
	if (ev->grant->cap_uw != a->cap_uw && a->n_zones > 0) {
		divide(a, device_uw, split_uw);
		give_split(a, split_uw, out);
		say_at(a, now, APPLY_NS);
	}
	a->cap_uw = ev->grant->cap_uw;
	act(out, HR_AGENT_DO_GRANT)->grant = *ev->grant;
}

void hr_agent_step(struct hr_agent *a, const struct hr_agent_event *ev, struct hr_now now,
		   struct hr_agent_actions *out)
{
	switch (ev->kind) {
	case HR_AGENT_SAMPLES:
		on_samples(a, ev, now, out);
		break;
	case HR_AGENT_TICKET:
		on_ticket(a, ev, now, out);
		break;
	case HR_AGENT_NOTIFY:
		say_at(a, now, 0);
		break;
	case HR_AGENT_GRANT:
		on_grant(a, ev, now, out);
		break;
	case HR_AGENT_LINK:
		a->link = ev->up;
		if (ev->up)
			say_at(a, now, 0);
		break;
	case HR_AGENT_GUARD:
		a->guard = ev->up;
		a->asked = false;
		a->cap_uw = 0;
		if (ev->up)
			say_at(a, now, 0);
		break;
	}
	maybe_ask(a, now, out);
}
