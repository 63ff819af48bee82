/* SPDX-License-Identifier: Apache-2.0 */
/* What a node is charged, and what takes a charge away again: rules 4, 6, 8, 9, 10, 11. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/units.h"
#include "power/ledger.h"

#define W HR_UW_PER_W
#define S HR_NS_PER_S
#define MS HR_NS_PER_MS
#define EPOCH 3
#define TTL (2 * S)
#define SAFE (60 * W)
#define BOOT (300 * W)
/* 400 ppm of the lease, a tick, the writes, and what the node says that settling takes. */
#define BELIEF (TTL + 800000 + 100 * MS + 50 * MS + 20 * MS)

struct book {
	struct hr_ledger l;
	struct hr_ledger_rules rules;
	struct hr_now now;
	uint64_t n;
};

/* A node that joins; nothing is known of it. */
static struct book joining(void)
{
	struct book b = {.rules = {.min_reboot_ns = 30 * S,
				   .drift_ppm = 400,
				   .tick_ns = 100 * MS,
				   .write_ns = 50 * MS},
			 .now = {1000 * S, 2000 * S, 0}};

	hr_ledger_init(&b.l, 0, 0, 0, b.now);
	return b;
}

static struct hr_report says(struct book *b, int64_t cap_uw, uint64_t ack_seq)
{
	return (struct hr_report){.from = {.incarnation = 7},
				  .n = ++b->n,
				  .oldest_n = 1,
				  .ack = {EPOCH, ack_seq},
				  .heard = {EPOCH, ack_seq},
				  .cap_uw = cap_uw,
				  .safe_uw = SAFE,
				  .boot_uw = BOOT,
				  .settle_ns = 20 * MS};
}

static int hear(struct book *b, const struct hr_report *r)
{
	return hr_ledger_report(&b->l, r, EPOCH, &b->rules, b->now);
}

static void report(struct book *b, int64_t cap_uw, uint64_t ack_seq)
{
	struct hr_report r = says(b, cap_uw, ack_seq);

	assert_int_equal(hear(b, &r), 0);
}

static void grant(struct book *b, int64_t cap_uw, bool leave)
{
	struct hr_grant g = {.to = {.incarnation = b->l.incarnation},
			     .echo_n = b->l.n,
			     .mark = {EPOCH, b->l.last_seq + 1},
			     .cap_uw = cap_uw,
			     .ttl_ns = TTL,
			     .leave = leave};

	hr_ledger_open(&b->l, &g, &b->rules, b->now);
}

static void pass(struct book *b, int64_t ns)
{
	b->now = hr_now_add(b->now, ns);
}

static int64_t charge(const struct book *b)
{
	return hr_ledger_charge_uw(&b->l, &b->rules, b->now);
}

/* Rule 4: the maximum of what was acknowledged and of every later grant. */
static void charges_the_most_that_it_may_have_heard(void **state)
{
	struct book b = joining();

	(void)state;
	report(&b, 100 * W, 0);
	assert_int_equal(charge(&b), 100 * W);
	grant(&b, 140 * W, false);
	assert_int_equal(charge(&b), 140 * W);
	report(&b, 100 * W, 0);
	grant(&b, 50 * W, false);
	/* The lower grant frees nothing until it is acknowledged. */
	assert_int_equal(charge(&b), 140 * W);
	assert_int_equal(hr_ledger_granted_uw(&b.l), 140 * W);
	report(&b, 50 * W, 2);
	assert_int_equal(charge(&b), 50 * W);
}

static void acknowledging_a_later_grant_discharges_the_earlier(void **state)
{
	struct book b = joining();

	(void)state;
	report(&b, 100 * W, 0);
	grant(&b, 180 * W, false);
	grant(&b, 120 * W, false);
	grant(&b, 150 * W, false);
	report(&b, 120 * W, 2);
	/* The third may still come. */
	assert_int_equal(charge(&b), 150 * W);
	assert_int_equal(b.l.n_open, 1);
}

/* A report that was made before the grant arrived says nothing about it. */
static void a_late_report_discharges_no_newer_grant(void **state)
{
	struct book b = joining();

	(void)state;
	report(&b, 100 * W, 0);
	grant(&b, 180 * W, false);
	report(&b, 100 * W, 0);
	assert_int_equal(charge(&b), 180 * W);
	/* Nor an acknowledgement of another reign with the same number. */
	struct hr_report r = says(&b, 100 * W, 1);

	r.ack.epoch = EPOCH - 1;
	assert_int_equal(hear(&b, &r), 0);
	assert_int_equal(charge(&b), 180 * W);
	/* Nor one of a grant that was never sent. */
	report(&b, 100 * W, 9);
	assert_int_equal(charge(&b), 180 * W);
}

static void a_newer_life_or_a_closed_window_discharges(void **state)
{
	struct book b = joining();

	(void)state;
	report(&b, 100 * W, 0);
	grant(&b, 180 * W, false);
	struct hr_report r = says(&b, 60 * W, 0);

	r.from.incarnation = 8;
	r.n = b.n = 1;
	assert_int_equal(hear(&b, &r), 0);
	assert_int_equal(charge(&b), 60 * W);

	b = joining();
	report(&b, 100 * W, 0);
	grant(&b, 180 * W, false);
	r = says(&b, 100 * W, 0);
	r.oldest_n = 1;
	assert_int_equal(hear(&b, &r), 0);
	assert_int_equal(charge(&b), 180 * W);
	r = says(&b, 100 * W, 0);
	r.oldest_n = 2;
	assert_int_equal(hear(&b, &r), 0);
	assert_int_equal(charge(&b), 100 * W);
}

/* Rule 5: older than the newest seen, repeated, or of an earlier life: nothing changes. */
static void ignores_old_reports(void **state)
{
	struct book b = joining();
	struct hr_report old, again;

	(void)state;
	old = says(&b, 10 * W, 0);
	again = says(&b, 100 * W, 0);
	assert_int_equal(hear(&b, &again), 0);
	pass(&b, S);
	assert_int_equal(hear(&b, &old), -ESTALE);
	assert_int_equal(hear(&b, &again), -ESTALE);
	old.from.incarnation = 6;
	old.n = 100;
	assert_int_equal(hear(&b, &old), -ESTALE);
	assert_int_equal(charge(&b), 100 * W);
	assert_int_equal(b.l.heard.raw_ns, b.now.raw_ns - S);
}

/* Rule 8: time alone takes nothing away. */
static void silence_is_charged(void **state)
{
	struct book b = joining();

	(void)state;
	report(&b, 100 * W, 0);
	grant(&b, 180 * W, false);
	pass(&b, 25 * S);
	assert_int_equal(charge(&b), 180 * W);
	assert_false(hr_ledger_reachable(&b.l, TTL, b.now));
}

/* Rule 6 under safe-after-lease: both clocks, drift, tick, write and settling. */
static void safe_after_lease_waits_for_both_clocks(void **state)
{
	struct book b = joining();

	(void)state;
	b.rules.silent = HR_SILENT_SAFE;
	report(&b, 100 * W, 0);
	grant(&b, 180 * W, false);
	report(&b, 180 * W, 1);
	grant(&b, 170 * W, false);
	pass(&b, BELIEF - 1);
	assert_int_equal(charge(&b), 180 * W);
	b.now.boot_ns += 1;
	assert_int_equal(charge(&b), 180 * W);
	b.now.raw_ns += 1;
	assert_int_equal(charge(&b), SAFE);
}

static void safe_after_lease_keeps_a_cap_below_the_safe_one(void **state)
{
	struct book b = joining();

	(void)state;
	b.rules.silent = HR_SILENT_SAFE;
	report(&b, 100 * W, 0);
	grant(&b, 40 * W, false);
	report(&b, 40 * W, 1);
	pass(&b, 10 * S);
	assert_int_equal(charge(&b), 40 * W);
}

/* Rule 10: old and new safe cap are both possible until the node tells. */
static void a_new_safe_cap_counts_beside_the_old(void **state)
{
	struct book b = joining();

	(void)state;
	b.rules.silent = HR_SILENT_SAFE;
	report(&b, 100 * W, 0);
	struct hr_grant g = {.to = {.incarnation = 7},
			     .echo_n = 1,
			     .mark = {EPOCH, 1},
			     .cap_uw = 180 * W,
			     .safe_uw = 90 * W,
			     .ttl_ns = TTL};

	hr_ledger_open(&b.l, &g, &b.rules, b.now);
	struct hr_report r = says(&b, 180 * W, 1);

	pass(&b, 10 * S);
	assert_int_equal(charge(&b), 100 * W); /* never leased: the report's own cap stays */
	r.safe_uw = 90 * W;
	assert_int_equal(hear(&b, &r), 0);
	assert_int_equal(charge(&b), 90 * W);
}

/* Rule 10: a leave has no lease; its charge never ends by time, nor does a reboot add to it. */
static void a_leave_is_charged_for_ever(void **state)
{
	struct book b = joining();

	(void)state;
	b.rules.silent = HR_SILENT_SAFE;
	report(&b, 100 * W, 0);
	grant(&b, 240 * W, true);
	pass(&b, 1000 * S);
	assert_int_equal(charge(&b), 240 * W);
	report(&b, 240 * W, 1);
	pass(&b, 1000 * S);
	assert_int_equal(charge(&b), 240 * W);
}

/* Rule 9: from the shortest reboot after the sending of the newest grant acknowledged. */
static void a_reboot_cannot_be_excluded_after_a_while(void **state)
{
	struct book b = joining();

	(void)state;
	report(&b, 100 * W, 0);
	pass(&b, 1000 * S);
	/* It joins: nothing was promised about it yet. */
	assert_int_equal(hr_ledger_boot_charge_uw(&b.l, &b.rules, b.now), 0);
	report(&b, 100 * W, 0);
	grant(&b, 100 * W, false);
	pass(&b, 20 * S);
	report(&b, 100 * W, 1);
	pass(&b, 10 * S - 1);
	assert_int_equal(charge(&b), 100 * W);
	/* Thirty seconds after the sending, whatever was heard since; either clock will do. */
	b.now.boot_ns += 1;
	assert_int_equal(charge(&b), BOOT);
	report(&b, 100 * W, 1);
	assert_int_equal(charge(&b), BOOT);
	grant(&b, 100 * W, false);
	report(&b, 100 * W, 2);
	assert_int_equal(charge(&b), 100 * W);
	b.rules.reserve_for_boot = true;
	assert_int_equal(charge(&b), BOOT);
}

/* Rule 11: what the ledger said holds until a grant of this reign is acknowledged. */
static void the_successor_charges_the_ledger(void **state)
{
	struct book b = joining();

	(void)state;
	hr_ledger_init(&b.l, 150 * W, SAFE, 200 * W, b.now);
	/* From takeover on a reboot cannot be excluded. */
	assert_int_equal(charge(&b), 200 * W);
	struct hr_report r = says(&b, 80 * W, 0);

	r.ack = r.heard = (struct hr_mark){EPOCH - 1, 77};
	r.boot_uw = 90 * W;
	assert_int_equal(hear(&b, &r), 0);
	assert_int_equal(charge(&b), 150 * W);
	grant(&b, 80 * W, false);
	assert_int_equal(charge(&b), 150 * W);
	report(&b, 80 * W, 1);
	assert_int_equal(charge(&b), 80 * W);
}

static void a_cancelled_grant_was_never_charged(void **state)
{
	struct book b = joining();

	(void)state;
	report(&b, 100 * W, 0);
	grant(&b, 120 * W, false);
	grant(&b, 180 * W, false);
	hr_ledger_cancel(&b.l, 1); /* not the newest: may have been sent */
	assert_int_equal(charge(&b), 180 * W);
	hr_ledger_cancel(&b.l, 2);
	assert_int_equal(charge(&b), 120 * W);
	/* Its number is spent: it is in nobody's hand, and never will be. */
	assert_int_equal(b.l.last_seq, 2);
}

static void a_released_node_is_fenced_not_forgotten(void **state)
{
	struct book b = joining();
	struct hr_report old;

	(void)state;
	old = says(&b, 100 * W, 0);
	report(&b, 100 * W, 0);
	grant(&b, 180 * W, false);
	hr_ledger_release(&b.l);
	pass(&b, 1000 * S);
	assert_int_equal(charge(&b), 0);
	assert_int_equal(hear(&b, &old), -ESTALE);
}

/* More grants than places: merged on the side of charging more and longer. */
static void a_full_list_merges_upwards(void **state)
{
	struct book b = joining();

	(void)state;
	report(&b, 50 * W, 0);
	grant(&b, 180 * W, false);
	for (int i = 0; i < 3 * HR_LEDGER_OPEN_MAX; i++) {
		pass(&b, 10 * MS);
		report(&b, 50 * W, 0);
		grant(&b, 60 * W, false);
		assert_int_equal(charge(&b), 180 * W);
	}
	assert_int_equal(b.l.n_open, HR_LEDGER_OPEN_MAX);
	/* The merged one goes with the newest of those that it stands for. */
	report(&b, 60 * W, b.l.open[0].seq - 1);
	assert_int_equal(charge(&b), 180 * W);
	report(&b, 60 * W, b.l.open[0].seq);
	assert_int_equal(charge(&b), 60 * W);
}

static void reachable_until_the_answer_would_be_dead(void **state)
{
	struct book b = joining();

	(void)state;
	assert_false(hr_ledger_reachable(&b.l, TTL, b.now));
	report(&b, 50 * W, 0);
	pass(&b, TTL - 1);
	assert_true(hr_ledger_reachable(&b.l, TTL, b.now));
	b.now.boot_ns += 1;
	assert_false(hr_ledger_reachable(&b.l, TTL, b.now));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(charges_the_most_that_it_may_have_heard),
	    cmocka_unit_test(acknowledging_a_later_grant_discharges_the_earlier),
	    cmocka_unit_test(a_late_report_discharges_no_newer_grant),
	    cmocka_unit_test(a_newer_life_or_a_closed_window_discharges),
	    cmocka_unit_test(ignores_old_reports),
	    cmocka_unit_test(silence_is_charged),
	    cmocka_unit_test(safe_after_lease_waits_for_both_clocks),
	    cmocka_unit_test(safe_after_lease_keeps_a_cap_below_the_safe_one),
	    cmocka_unit_test(a_new_safe_cap_counts_beside_the_old),
	    cmocka_unit_test(a_leave_is_charged_for_ever),
	    cmocka_unit_test(a_reboot_cannot_be_excluded_after_a_while),
	    cmocka_unit_test(the_successor_charges_the_ledger),
	    cmocka_unit_test(a_cancelled_grant_was_never_charged),
	    cmocka_unit_test(a_released_node_is_fenced_not_forgotten),
	    cmocka_unit_test(a_full_list_merges_upwards),
	    cmocka_unit_test(reachable_until_the_answer_would_be_dead),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
