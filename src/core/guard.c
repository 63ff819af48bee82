/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See guard.h. Every step begins the same way: leases and gaps first, then what has settled; then
 * the event; then the zones are moved towards their targets as far as it is safe now.
 *
 * Invariant after every step: the sum of the zones' charged power is within the device power that
 * the allowed cap leaves, or no zone is being raised.
 */
#include "core/guard.h"

#include <string.h>

#include "base/units.h"
#include "power/supply.h"

/* By how much less than what it insists on a limit is asked for, to see whether it still does. */
#define PROBE_UW HR_UW_PER_W

static struct hr_guard_action *act(struct hr_guard_actions *out, enum hr_guard_action_kind kind)
{
	HR_CHECK(out->n < HR_GUARD_ACTIONS_MAX);
	struct hr_guard_action *a = &out->action[out->n++];

	memset(a, 0, sizeof(*a));
	a->kind = kind;
	return a;
}

static int64_t wall_uw(const struct hr_guard *g, int64_t device_uw)
{
	return hr_supply_wall_uw(device_uw, g->conf.efficiency_permille, g->conf.rest_uw);
}

/* The least a zone can be brought to: what the hardware insists on, if it did not take less. */
static int64_t zone_floor_uw(const struct hr_guard_zone *z)
{
	return hr_max_i64(z->insists_uw, z->conf.floor_uw);
}

int64_t hr_guard_floor_uw(const struct hr_guard *g)
{
	int64_t sum_uw = 0;

	for (size_t i = 0; i < g->n_zones; i++)
		sum_uw = hr_add_sat(sum_uw, zone_floor_uw(&g->zone[i]));
	return hr_max_i64(wall_uw(g, sum_uw), g->conf.floor_uw);
}

int64_t hr_guard_ceiling_uw(const struct hr_guard *g)
{
	int64_t sum_uw = 0;

	for (size_t i = 0; i < g->n_zones; i++)
		sum_uw = hr_add_sat(sum_uw, g->zone[i].conf.ceiling_uw);
	int64_t ceiling_uw = wall_uw(g, sum_uw);

	if (g->conf.ceiling_uw > 0)
		ceiling_uw = hr_min_i64(ceiling_uw, g->conf.ceiling_uw);
	return hr_max_i64(ceiling_uw, hr_guard_floor_uw(g));
}

int64_t hr_guard_uncapped_uw(const struct hr_guard *g)
{
	int64_t sum_uw = 0;

	for (size_t i = 0; i < g->n_zones; i++)
		sum_uw = hr_add_sat(
		    sum_uw, hr_max_i64(g->zone[i].conf.uncapped_uw, g->zone[i].conf.ceiling_uw));
	return wall_uw(g, sum_uw);
}

static int64_t charged_device_uw(const struct hr_guard *g)
{
	int64_t sum_uw = 0;

	for (size_t i = 0; i < g->n_zones; i++)
		sum_uw = hr_add_sat(sum_uw, g->zone[i].charged_uw);
	return sum_uw;
}

int64_t hr_guard_charged_uw(const struct hr_guard *g)
{
	if (g->left || g->leaving)
		return hr_guard_uncapped_uw(g);
	/* A client's tighter request frees no watts: the agent's grant counts in full (rule 13). */
	return hr_max_i64(wall_uw(g, charged_device_uw(g)),
			  hr_max_i64(g->granted_uw, hr_guard_floor_uw(g)));
}

int64_t hr_guard_applied_uw(const struct hr_guard *g)
{
	int64_t sum_uw = 0;

	for (size_t i = 0; i < g->n_zones; i++) {
		const struct hr_guard_zone *z = &g->zone[i];

		sum_uw = hr_add_sat(sum_uw, z->known ? z->limit_uw : z->charged_uw);
	}
	return hr_min_i64(wall_uw(g, sum_uw), hr_guard_charged_uw(g));
}

static bool in_force_known(const struct hr_guard *g)
{
	for (size_t i = 0; i < g->n_zones; i++)
		if (!g->zone[i].known)
			return false;
	return true;
}

static int64_t safe_set_uw(const struct hr_guard *g)
{
	return g->safe_granted_uw > 0 ? g->safe_granted_uw : g->conf.safe_uw;
}

/* The safe cap: the greater of what was set and the floor the hardware keeps (DESIGN words). */
static int64_t safe_uw(const struct hr_guard *g)
{
	return hr_max_i64(safe_set_uw(g), hr_guard_floor_uw(g));
}

/* Device power that may be divided among the zones now. */
static int64_t device_budget_uw(const struct hr_guard *g)
{
	return hr_supply_device_uw(g->allowed_uw, g->conf.efficiency_permille, g->conf.rest_uw);
}

/*
 * What each zone should have: the agent's wish, shrunk above the floors or stretched towards the
 * ceilings until it fits the cap. Rounds down, so the sum never exceeds the budget unless the
 * floors alone do.
 */
static void set_targets(struct hr_guard *g)
{
	int64_t floors_uw = 0, wishes_uw = 0, rooms_uw = 0;
	bool wish = g->n_split == g->n_zones && g->n_zones > 0;

	for (size_t i = 0; i < g->n_zones; i++) {
		struct hr_guard_zone *z = &g->zone[i];
		int64_t floor_uw = zone_floor_uw(z);
		int64_t ceiling_uw = hr_max_i64(z->conf.ceiling_uw, floor_uw);
		int64_t want_uw = wish ? g->split_uw[i] : z->target_uw;

		z->target_uw = hr_clamp_i64(want_uw, floor_uw, ceiling_uw);
		floors_uw = hr_add_sat(floors_uw, floor_uw);
		wishes_uw = hr_add_sat(wishes_uw, z->target_uw);
		rooms_uw = hr_add_sat(rooms_uw, ceiling_uw - z->target_uw);
	}
	int64_t budget_uw = device_budget_uw(g);

	for (size_t i = 0; i < g->n_zones; i++) {
		struct hr_guard_zone *z = &g->zone[i];
		int64_t floor_uw = zone_floor_uw(z);
		int64_t ceiling_uw = hr_max_i64(z->conf.ceiling_uw, floor_uw);

		if (budget_uw <= floors_uw) {
			z->target_uw = floor_uw;
		} else if (wishes_uw > budget_uw) {
			z->target_uw = floor_uw + hr_muldiv_floor(z->target_uw - floor_uw,
								  budget_uw - floors_uw,
								  wishes_uw - floors_uw);
		} else if (rooms_uw > 0) {
			int64_t spare_uw = hr_min_i64(budget_uw - wishes_uw, rooms_uw);

			z->target_uw += hr_muldiv_floor(ceiling_uw - z->target_uw, spare_uw,
							rooms_uw);
		}
	}
}

/* The tightest request in force becomes the cap allowed; says why when that changed it. */
static void set_allowed(struct hr_guard *g, enum hr_reason why, struct hr_guard_actions *out)
{
	int64_t allowed_uw = g->granted_uw;

	for (size_t i = 0; i < HR_GUARD_CLIENTS; i++) {
		if (g->client[i].used && g->client[i].cap_uw < allowed_uw) {
			allowed_uw = g->client[i].cap_uw;
			why = HR_REASON_CLIENT_LIMIT;
		}
	}
	allowed_uw = hr_max_i64(allowed_uw, hr_guard_floor_uw(g));
	if (allowed_uw != g->allowed_uw) {
		struct hr_guard_action *a = act(out, HR_GUARD_DO_EXPLAIN);

		a->before_uw = g->allowed_uw;
		a->after_uw = allowed_uw;
		a->reason = why;
		g->reason = why;
		g->allowed_uw = allowed_uw;
	}
	set_targets(g);
}

static void lease_end(struct hr_guard *g, enum hr_reason why, struct hr_guard_actions *out)
{
	g->leased = false;
	/* Without the floor: what hardware insists on today must not be kept when it gives in. */
	g->granted_uw = in_force_known(g) ? hr_min_i64(g->granted_uw, safe_set_uw(g)) : 0;
	g->notify = true;
	set_allowed(g, why, out);
}

/* Leases, clients and gaps: before anything else in every step (rules 6, 7, 13). */
static void watch_time(struct hr_guard *g, struct hr_now now, struct hr_guard_actions *out)
{
	bool gap = g->leased && hr_now_past_either(now, hr_now_add(g->last_step, g->lease_ns));

	g->last_step = now;
	for (size_t i = 0; i < HR_GUARD_CLIENTS; i++) {
		if (g->client[i].used && hr_now_past_either(now, g->client[i].ends)) {
			g->client[i].used = false;
			set_allowed(g, g->leased ? HR_REASON_GRANTED : HR_REASON_LEASE_ENDED, out);
		}
	}
	if (gap)
		lease_end(g, HR_REASON_GUARD_PAUSED, out);
	else if (g->leased && hr_now_past_either(now, g->lease_ends))
		lease_end(g, HR_REASON_LEASE_ENDED, out);
	while (g->oldest_n <= g->n) {
		struct hr_guard_anchor *a = &g->anchor[g->oldest_n % HR_GUARD_ANCHORS];

		if (!hr_now_past_either(now, hr_now_add(a->at, g->conf.accept_ns)))
			break;
		g->oldest_n++;
	}
}

static void watch_settling(struct hr_guard *g, struct hr_now now)
{
	for (size_t i = 0; i < g->n_zones; i++) {
		struct hr_guard_zone *z = &g->zone[i];

		if (z->settling && hr_now_past_both(now, z->settles)) {
			z->settling = false;
			if (!z->busy && z->known)
				z->charged_uw = z->limit_uw;
		}
	}
}

static void write_zone(struct hr_guard *g, size_t i, int64_t uw, struct hr_guard_actions *out)
{
	struct hr_guard_zone *z = &g->zone[i];
	struct hr_guard_action *a = act(out, HR_GUARD_DO_WRITE);

	a->zone = i;
	a->limit_uw = uw;
	z->asked_uw = uw;
	z->busy = true;
	z->charged_uw = hr_max_i64(z->charged_uw, uw);
}

/*
 * Lowers what is too high, then raises what fits beside everything that may still be in force.
 * Returns whether anything is under way.
 */
static bool pursue(struct hr_guard *g, struct hr_guard_actions *out)
{
	if (g->left || g->leaving)
		return false;
	bool under_way = false;

	for (size_t i = 0; i < g->n_zones; i++) {
		struct hr_guard_zone *z = &g->zone[i];

		if (z->busy || z->wait || z->asked_uw == z->target_uw)
			continue;
		/* It refused less and is where it insists to be: nothing to write. */
		if (z->known && z->insists_uw > 0 && z->target_uw == z->limit_uw)
			continue;
		if (!z->known || z->target_uw <= z->limit_uw)
			write_zone(g, i, z->target_uw, out);
	}
	int64_t budget_uw = device_budget_uw(g);
	int64_t charged_uw = charged_device_uw(g);

	for (size_t i = 0; i < g->n_zones; i++) {
		struct hr_guard_zone *z = &g->zone[i];

		if (!z->busy && !z->wait && z->known && z->asked_uw != z->target_uw &&
		    z->target_uw > z->limit_uw) {
			int64_t others_uw = charged_uw - z->charged_uw;
			int64_t after_uw = hr_max_i64(z->charged_uw, z->target_uw);

			if (hr_add_sat(others_uw, after_uw) <= budget_uw) {
				write_zone(g, i, z->target_uw, out);
				charged_uw = others_uw + z->charged_uw;
			}
		}
		under_way = under_way || z->busy || z->settling;
	}
	return under_way;
}

/* Moves the zones, acknowledges when nothing is under way, and tells the agent what is news. */
static void finish(struct hr_guard *g, struct hr_guard_actions *out)
{
	bool under_way = pursue(g, out);

	if (!under_way && !g->leaving && g->persisting == 0 &&
	    hr_mark_compare(g->ack, g->heard) != 0) {
		g->ack = g->heard;
		/* News only if it frees watts: every renewal is acknowledged in its own time. */
		if (hr_guard_charged_uw(g) < g->told_uw)
			g->notify = true;
	}
	if (g->notify) {
		act(out, HR_GUARD_DO_NOTIFY);
		g->notify = false;
	}
}

static enum hr_reason node_fault(const struct hr_guard *g)
{
	for (size_t i = 0; i < g->n_zones; i++)
		if (g->zone[i].fault != HR_REASON_NONE)
			return g->zone[i].fault;
	return g->n_zones == 0 ? HR_REASON_IMPOSSIBLE : HR_REASON_NONE;
}

static void on_ticket(struct hr_guard *g, struct hr_now now, struct hr_guard_actions *out)
{
	g->n++;
	if (g->n - g->oldest_n >= HR_GUARD_ANCHORS)
		g->oldest_n = g->n - HR_GUARD_ANCHORS + 1;
	g->anchor[g->n % HR_GUARD_ANCHORS] = (struct hr_guard_anchor){.n = g->n, .at = now};

	int64_t settle_ns = 0;
	for (size_t i = 0; i < g->n_zones; i++)
		if (g->zone[i].settling)
			settle_ns = hr_max_i64(settle_ns, g->zone[i].settles.raw_ns - now.raw_ns);

	int64_t charged_uw = hr_guard_charged_uw(g);
	g->told_uw = charged_uw;
	out->ticket = (struct hr_report){
	    .from = g->self,
	    .n = g->n,
	    .oldest_n = g->oldest_n,
	    .ack = g->ack,
	    .heard = g->heard,
	    .cap_uw = charged_uw,
	    .applied_uw = hr_guard_applied_uw(g),
	    .floor_uw = hr_guard_floor_uw(g),
	    .ceiling_uw = hr_guard_ceiling_uw(g),
	    .safe_uw = safe_uw(g),
	    .boot_uw = g->conf.boot_uw > 0 ? g->conf.boot_uw : hr_guard_uncapped_uw(g),
	    .uncapped_uw = hr_guard_uncapped_uw(g),
	    .settle_ns = hr_max_i64(settle_ns, g->settle_ns),
	    .cap_reason = g->reason,
	    .fault = node_fault(g),
	    .left = g->left,
	    .in_force_known = in_force_known(g),
	};
	act(out, HR_GUARD_DO_TICKET);
}

/* NONE, or why the grant must not be obeyed. */
static enum hr_reason judge_grant(const struct hr_guard *g, const struct hr_grant *grant,
				  struct hr_now now)
{
	struct hr_mark newest = g->persisting > 0 ? g->pending.mark : g->heard;

	if (hr_grant_validate(grant, NULL) < 0)
		return HR_REASON_ABSURD;
	if (hr_uuid_compare(&grant->to.node, &g->self.node) != 0 ||
	    hr_uuid_compare(&grant->to.boot, &g->self.boot) != 0 ||
	    grant->to.incarnation != g->self.incarnation)
		return HR_REASON_OLD_INCARNATION;
	if (grant->mark.epoch < newest.epoch)
		return HR_REASON_OLD_EPOCH;
	if (hr_mark_compare(grant->mark, newest) <= 0)
		return HR_REASON_OLD_GRANT;
	if (g->left || g->leaving)
		return HR_REASON_LEFT;
	if (grant->echo_n < g->oldest_n || grant->echo_n > g->n)
		return HR_REASON_OLD_REPORT;
	const struct hr_guard_anchor *a = &g->anchor[grant->echo_n % HR_GUARD_ANCHORS];

	if (grant->ttl_ns > g->conf.accept_ns ||
	    hr_now_past_either(now, hr_now_add(a->at, grant->ttl_ns)))
		return HR_REASON_DEAD_GRANT;
	return HR_REASON_NONE;
}

static void on_grant(struct hr_guard *g, const struct hr_guard_event *ev, struct hr_now now,
		     struct hr_guard_actions *out)
{
	enum hr_reason bad = judge_grant(g, &ev->grant, now);

	if (bad != HR_REASON_NONE) {
		act(out, HR_GUARD_DO_REJECT)->reason = bad;
		return;
	}
	g->pending = ev->grant;
	g->n_pending_split = 0;
	if (ev->n_split == g->n_zones) {
		g->n_pending_split = ev->n_split;
		memcpy(g->pending_split_uw, ev->split_uw, ev->n_split * sizeof(ev->split_uw[0]));
	}
	g->persisting++;
	struct hr_guard_action *a = act(out, HR_GUARD_DO_PERSIST);

	a->mark.heard = ev->grant.mark;
	a->mark.safe_uw = ev->grant.safe_uw > 0 ? ev->grant.safe_uw : g->safe_granted_uw;
	a->mark.left = ev->grant.leave;
}

/* The mark is durable: the grant takes effect, if its lease has not ended meanwhile. */
static void on_persisted(struct hr_guard *g, struct hr_now now, struct hr_guard_actions *out)
{
	if (g->persisting == 0 || --g->persisting > 0)
		return;
	const struct hr_grant *grant = &g->pending;
	const struct hr_guard_anchor *a = &g->anchor[grant->echo_n % HR_GUARD_ANCHORS];
	struct hr_now ends = hr_now_add(a->at, grant->ttl_ns);

	g->heard = grant->mark;
	if (grant->echo_n < g->oldest_n || hr_now_past_either(now, ends)) {
		act(out, HR_GUARD_DO_REJECT)->reason = HR_REASON_DEAD_GRANT;
		return;
	}
	g->taken = grant->mark;
	if (grant->leave) {
		g->leased = false;
		g->leaving = true;
		act(out, HR_GUARD_DO_RESTORE);
		return;
	}
	if (grant->safe_uw > 0)
		g->safe_granted_uw = grant->safe_uw;
	g->granted_uw = grant->cap_uw;
	g->leased = true;
	g->lease_ends = ends;
	g->lease_ns = grant->ttl_ns;
	if (g->n_pending_split == g->n_zones) {
		g->n_split = g->n_pending_split;
		memcpy(g->split_uw, g->pending_split_uw, g->n_split * sizeof(g->split_uw[0]));
	}
	set_allowed(g, grant->reason != HR_REASON_NONE ? grant->reason : HR_REASON_GRANTED, out);
}

static void on_split(struct hr_guard *g, const struct hr_guard_event *ev,
		     struct hr_guard_actions *out)
{
	bool sane = ev->n_split == g->n_zones;

	for (size_t i = 0; sane && i < ev->n_split; i++)
		sane = ev->split_uw[i] >= 0 && ev->split_uw[i] <= HR_NODE_POWER_MAX_UW;
	if (!sane) {
		act(out, HR_GUARD_DO_REJECT)->reason = HR_REASON_ABSURD;
		return;
	}
	g->n_split = ev->n_split;
	memcpy(g->split_uw, ev->split_uw, ev->n_split * sizeof(ev->split_uw[0]));
	set_targets(g);
}

static void on_client(struct hr_guard *g, const struct hr_guard_event *ev, struct hr_now now,
		      struct hr_guard_actions *out)
{
	if (ev->client >= HR_GUARD_CLIENTS || ev->client_cap_uw < 0 || ev->client_ttl_ns < 0 ||
	    ev->client_ttl_ns > HR_TTL_MAX_NS) {
		act(out, HR_GUARD_DO_REJECT)->reason = HR_REASON_ABSURD;
		return;
	}
	struct hr_guard_client *c = &g->client[ev->client];

	c->used = ev->client_cap_uw > 0;
	c->cap_uw = ev->client_cap_uw;
	c->ends = hr_now_add(now, ev->client_ttl_ns);
	set_allowed(g, g->leased ? HR_REASON_GRANTED : HR_REASON_LEASE_ENDED, out);
}

/* A read that shows another value than the one we left there: somebody else writes. */
static void found_other(struct hr_guard *g, struct hr_guard_zone *z)
{
	z->fault = HR_REASON_OVERWRITTEN;
	z->asked_uw = -1;
	g->notify = true;
}

/* Notes below what a write was refused, and forgets it when less was taken. */
static void learn_floor(struct hr_guard_zone *z, const struct hr_guard_event *ev)
{
	const struct hr_guard_limit *l = &ev->limit;

	if (ev->was_write && l->fault != HR_REASON_NONE && l->limit_uw > z->asked_uw &&
	    z->asked_uw >= 0)
		z->insists_uw = l->limit_uw;
	else if (l->limit_uw < z->insists_uw)
		z->insists_uw = 0;
}

static void on_limit(struct hr_guard *g, const struct hr_guard_event *ev, struct hr_now now,
		     struct hr_guard_actions *out)
{
	if (ev->zone >= g->n_zones)
		return;
	struct hr_guard_zone *z = &g->zone[ev->zone];
	const struct hr_guard_limit *l = &ev->limit;
	enum hr_reason fault_before = z->fault;
	int64_t floor_before_uw = zone_floor_uw(z);

	if (ev->was_write)
		z->busy = false;
	if (!l->known) {
		/* The register holds the old value or the new one; a lost device keeps neither. */
		z->fault = l->fault != HR_REASON_NONE ? l->fault : HR_REASON_UNREADABLE;
		if (z->fault == HR_REASON_LOST || !z->known) {
			z->known = false;
			z->charged_uw = hr_max_i64(z->conf.uncapped_uw, z->conf.ceiling_uw);
		}
		/* Or a later, lower limit would be taken for a raise, and have to wait for room. */
		if (ev->was_write)
			z->limit_uw = hr_max_i64(z->limit_uw, z->asked_uw);
		z->asked_uw = -1;
		z->wait = true;
	} else {
		bool other = !ev->was_write && !z->busy && z->known && z->asked_uw >= 0 &&
			     l->limit_uw != z->limit_uw;

		/* An overwriting is told until a later read finds our own value in place. */
		if (!(ev->was_write && z->fault == HR_REASON_OVERWRITTEN &&
		      l->fault == HR_REASON_NONE))
			z->fault = l->fault;
		if (other)
			found_other(g, z);
		learn_floor(z, ev);
		z->known = true;
		z->limit_uw = l->limit_uw;
		if (l->limit_uw >= z->charged_uw) {
			z->charged_uw = l->limit_uw;
			z->settling = false;
		} else if (!z->busy && (ev->was_write || other || !z->settling)) {
			int64_t span_ns = hr_max_i64(l->settle_ns, 0) + g->conf.settle_extra_ns;

			z->settling = span_ns > 0;
			z->settles = hr_now_add(now, span_ns);
			if (!z->settling)
				z->charged_uw = l->limit_uw;
			g->settle_ns = hr_max_i64(g->settle_ns, span_ns);
		}
	}
	if (z->fault != fault_before || zone_floor_uw(z) != floor_before_uw) {
		g->notify = true;
		/* What the hardware insists on moves the floor, and with it the other zones. */
		set_allowed(g, g->reason, out);
	}
}

static void on_restored(struct hr_guard *g, struct hr_guard_actions *out)
{
	if (!g->leaving)
		return;
	g->leaving = false;
	g->left = true;
	g->granted_uw = hr_guard_uncapped_uw(g);
	g->notify = true;
	set_allowed(g, HR_REASON_LEFT, out);
}

/*
 * Failed limits are tried again, and all are read once in a while: others write too. One that is
 * where the hardware insists is asked for a little less instead, or nobody would notice when the
 * hardware gives in.
 */
static void on_tick(struct hr_guard *g, struct hr_now now, struct hr_guard_actions *out)
{
	if (g->left || g->leaving)
		return;
	for (size_t i = 0; i < g->n_zones; i++)
		g->zone[i].wait = false;
	if (!hr_now_past_either(now, hr_now_add(g->last_verify, g->conf.verify_ns)))
		return;
	g->last_verify = now;
	for (size_t i = 0; i < g->n_zones; i++) {
		const struct hr_guard_zone *z = &g->zone[i];

		if (z->busy)
			continue;
		if (z->known && z->insists_uw > z->conf.floor_uw && z->limit_uw <= z->insists_uw)
			write_zone(g, i, hr_max_i64(z->conf.floor_uw, z->insists_uw - PROBE_UW),
				   out);
		else
			act(out, HR_GUARD_DO_READ)->zone = i;
	}
}

void hr_guard_step(struct hr_guard *g, const struct hr_guard_event *ev, struct hr_now now,
		   struct hr_guard_actions *out)
{
	watch_time(g, now, out);
	watch_settling(g, now);
	switch (ev->kind) {
	case HR_GUARD_TICK:
		on_tick(g, now, out);
		break;
	case HR_GUARD_TICKET:
		on_ticket(g, now, out);
		break;
	case HR_GUARD_GRANT:
		on_grant(g, ev, now, out);
		break;
	case HR_GUARD_SPLIT:
		on_split(g, ev, out);
		break;
	case HR_GUARD_CLIENT:
		on_client(g, ev, now, out);
		break;
	case HR_GUARD_PERSISTED:
		on_persisted(g, now, out);
		break;
	case HR_GUARD_LIMIT:
		on_limit(g, ev, now, out);
		break;
	case HR_GUARD_RESTORED:
		on_restored(g, out);
		break;
	}
	finish(g, out);
}

void hr_guard_start(struct hr_guard *g, const struct hr_guard_conf *conf, struct hr_ident self,
		    const struct hr_guard_mark *mark, size_t n_zones,
		    const struct hr_guard_zone_conf zones[], const struct hr_guard_limit limits[],
		    struct hr_now now, struct hr_guard_actions *out)
{
	HR_CHECK(n_zones <= HR_ZONES_MAX);
	/* A restart may be handed the settings of the life before. */
	struct hr_guard_conf settings = *conf;

	memset(g, 0, sizeof(*g));
	g->conf = settings;
	g->self = self;
	g->n_zones = n_zones;
	g->oldest_n = 1;
	g->heard = mark->heard;
	g->ack = mark->heard;
	g->safe_granted_uw = mark->safe_uw;
	g->last_step = now;
	g->last_verify = now;

	int64_t in_force_uw = 0;
	for (size_t i = 0; i < n_zones; i++) {
		struct hr_guard_zone *z = &g->zone[i];

		z->conf = zones[i];
		z->asked_uw = -1;
		z->known = limits[i].known;
		z->limit_uw = limits[i].limit_uw;
		z->fault = limits[i].fault;
		z->charged_uw = z->known ? z->limit_uw
					 : hr_max_i64(zones[i].uncapped_uw, zones[i].ceiling_uw);
		z->target_uw = z->known ? z->limit_uw : zones[i].floor_uw;
		g->settle_ns = hr_max_i64(g->settle_ns, limits[i].settle_ns);
		in_force_uw = hr_add_sat(in_force_uw, z->limit_uw);
	}
	g->allowed_uw = hr_guard_charged_uw(g);
	bool known = in_force_known(g);
	g->granted_uw = known ? hr_min_i64(wall_uw(g, in_force_uw), safe_set_uw(g)) : 0;
	set_allowed(g, known ? HR_REASON_GUARD_STARTED : HR_REASON_CAP_UNKNOWN, out);
	finish(g, out);
}
