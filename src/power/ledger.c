/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See ledger.h. The one invariant: hr_ledger_charge_uw is never below what the node may be
 * enforcing, provided that its reports are honest and its guard keeps the rules.
 */
#include "power/ledger.h"

#include <errno.h>
#include <string.h>

#include "base/units.h"

static const struct hr_now never = {INT64_MAX, INT64_MAX, INT64_MAX};

void hr_ledger_init(struct hr_ledger *l, int64_t base_uw, int64_t safe_uw, int64_t boot_uw,
		    struct hr_now takeover)
{
	*l = (struct hr_ledger){
	    .base_uw = base_uw,
	    .safe_uw = safe_uw,
	    .boot_uw = boot_uw,
	    .boot_from = base_uw > 0 ? takeover : never,
	};
}

static void drop_open(struct hr_ledger *l, unsigned i)
{
	l->n_open--;
	memmove(&l->open[i], &l->open[i + 1], (l->n_open - i) * sizeof(l->open[0]));
}

void hr_ledger_release(struct hr_ledger *l)
{
	l->n_open = 0;
	l->base_uw = 0;
	l->cap_uw = 0;
	l->ack_leased = false;
	l->boot_from = never;
}

/* Drops what the report discharges; the newest acknowledged grant lends its lease to cap_uw. */
static void discharge(struct hr_ledger *l, const struct hr_report *r, uint64_t acked_seq,
		      const struct hr_ledger_rules *rules)
{
	for (unsigned i = 0; i < l->n_open;) {
		const struct hr_ledger_grant *g = &l->open[i];
		bool acknowledged = g->seq <= acked_seq;
		bool other_life = g->echo_incarnation < r->from.incarnation;
		bool too_old = g->echo_incarnation == r->from.incarnation &&
			       g->echo_n < r->oldest_n;

		if (acknowledged) {
			/* The receipt of a report proves nothing about now; the sending of the
			   grant that it answers does (rule 9). After a leave all is charged. */
			l->boot_from = g->leased ? hr_now_add(g->sent, rules->min_reboot_ns)
						 : never;
			l->ack_ends = g->ends;
			l->ack_leased = g->leased;
		}
		if (acknowledged || other_life || too_old)
			drop_open(l, i);
		else
			i++;
	}
}

int hr_ledger_report(struct hr_ledger *l, const struct hr_report *r, uint64_t epoch,
		     const struct hr_ledger_rules *rules, struct hr_now now)
{
	if (l->heard_any) {
		if (r->from.incarnation < l->incarnation)
			return -ESTALE;
		if (r->from.incarnation == l->incarnation && r->n <= l->n)
			return -ESTALE;
	}

	uint64_t acked_seq = 0;
	if (r->ack.epoch == epoch && r->ack.seq <= l->last_seq)
		acked_seq = r->ack.seq;
	discharge(l, r, acked_seq, rules);
	if (acked_seq > l->ack_seq)
		l->ack_seq = acked_seq;
	/* Only an acknowledgement of this reign proves that older grants are out of play. */
	if (r->ack.epoch == epoch && acked_seq > 0)
		l->base_uw = 0;
	/* A new life holds no lease: what it runs at is its own choice, at most its safe cap. */
	if (l->heard_any && r->from.incarnation > l->incarnation)
		l->ack_leased = false;

	l->heard_any = true;
	l->incarnation = r->from.incarnation;
	l->boot = r->from.boot;
	l->n = r->n;
	l->heard = now;
	l->cap_uw = r->cap_uw;
	l->safe_uw = r->safe_uw;
	l->boot_uw = r->boot_uw;
	l->settle_ns = r->settle_ns;
	return 0;
}

/* Two grants as one: charged at the greater cap, for as long as either might be accepted. */
static struct hr_ledger_grant merge(const struct hr_ledger_grant *a,
				    const struct hr_ledger_grant *b)
{
	struct hr_ledger_grant m = *b;

	m.cap_uw = hr_max_i64(a->cap_uw, b->cap_uw);
	m.leased = a->leased && b->leased;
	m.echo_n = a->echo_incarnation == b->echo_incarnation && a->echo_n > b->echo_n ? a->echo_n
										       : b->echo_n;
	/* The earlier sending makes a reboot possible earlier. */
	m.sent = a->sent;
	m.ends.raw_ns = hr_max_i64(a->ends.raw_ns, b->ends.raw_ns);
	m.ends.boot_ns = hr_max_i64(a->ends.boot_ns, b->ends.boot_ns);
	return m;
}

void hr_ledger_open(struct hr_ledger *l, const struct hr_grant *g,
		    const struct hr_ledger_rules *rules, struct hr_now now)
{
	HR_CHECK(l->heard_any && g->mark.seq == l->last_seq + 1);
	HR_CHECK(g->to.incarnation == l->incarnation && g->echo_n == l->n);

	if (l->n_open == HR_LEDGER_OPEN_MAX) {
		l->open[1] = merge(&l->open[0], &l->open[1]);
		drop_open(l, 0);
	}
	/* ttl x (1 + drift) + tick + write + settling, since the report was received (rule 6). */
	int64_t span_ns = hr_add_sat(g->ttl_ns,
				     hr_muldiv_ceil(g->ttl_ns, rules->drift_ppm, 1000000));
	span_ns = hr_add_sat(span_ns, rules->tick_ns + rules->write_ns);
	span_ns = hr_add_sat(span_ns, l->settle_ns);
	l->open[l->n_open++] = (struct hr_ledger_grant){
	    .seq = g->mark.seq,
	    .cap_uw = g->cap_uw,
	    .echo_incarnation = g->to.incarnation,
	    .echo_n = g->echo_n,
	    .sent = now,
	    .ends = hr_now_add(l->heard, span_ns),
	    .leased = !g->leave,
	};
	l->last_seq = g->mark.seq;
	/* Old and new safe cap are both possible until a report tells which holds. */
	if (g->safe_uw > l->safe_uw)
		l->safe_uw = g->safe_uw;
}

void hr_ledger_cancel(struct hr_ledger *l, uint64_t seq)
{
	if (l->n_open > 0 && l->open[l->n_open - 1].seq == seq)
		l->n_open--;
}

/* What is left of a cap whose lease has ended, if the operator chose to believe that. */
static int64_t after_lease_uw(const struct hr_ledger *l, int64_t cap_uw, bool leased,
			      struct hr_now ends, const struct hr_ledger_rules *rules,
			      struct hr_now now)
{
	if (rules->silent != HR_SILENT_SAFE || !leased || !hr_now_past_both(now, ends))
		return cap_uw;
	return hr_min_i64(cap_uw, l->safe_uw);
}

int64_t hr_ledger_boot_charge_uw(const struct hr_ledger *l, const struct hr_ledger_rules *rules,
				 struct hr_now now)
{
	if (rules->reserve_for_boot)
		return l->boot_uw;
	/* Either clock: the one that says that more time has passed is on the safe side. */
	return hr_now_past_either(now, l->boot_from) ? l->boot_uw : 0;
}

int64_t hr_ledger_charge_uw(const struct hr_ledger *l, const struct hr_ledger_rules *rules,
			    struct hr_now now)
{
	int64_t charge_uw = after_lease_uw(l, l->cap_uw, l->ack_leased, l->ack_ends, rules, now);

	for (unsigned i = 0; i < l->n_open; i++) {
		const struct hr_ledger_grant *g = &l->open[i];
		int64_t cap_uw = after_lease_uw(l, g->cap_uw, g->leased, g->ends, rules, now);

		charge_uw = hr_max_i64(charge_uw, cap_uw);
	}
	charge_uw = hr_max_i64(charge_uw, l->base_uw);
	return hr_max_i64(charge_uw, hr_ledger_boot_charge_uw(l, rules, now));
}

bool hr_ledger_reachable(const struct hr_ledger *l, int64_t ttl_ns, struct hr_now now)
{
	return l->heard_any && !hr_now_past_either(now, hr_now_add(l->heard, ttl_ns));
}

int64_t hr_ledger_granted_uw(const struct hr_ledger *l)
{
	int64_t cap_uw = l->cap_uw;

	for (unsigned i = 0; i < l->n_open; i++)
		cap_uw = hr_max_i64(cap_uw, l->open[i].cap_uw);
	return cap_uw;
}
