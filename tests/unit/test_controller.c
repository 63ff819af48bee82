/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The controller's rules one by one (3, 4, 8, 10, 11, 12, 15 of docs/safety.md): admission, order
 * of decrease and increase, durability, leave and release, cuts, takeover and rivals.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/controller.h"
#include "tests/unit/rack_case.h"

/*
 * The worked example of Wattson's documents: 100 W, caps 50/25/25, readings 49.9/12.0/24.9. The
 * primary is raised to 60 W after replica 1 has acknowledged 15 W, and never before.
 */
static void wattsons_example(void **state)
{
	static const int64_t cap[3] = {50 * W, 25 * W, 25 * W};
	static const int64_t want[3] = {60 * W, 15 * W, 25 * W};
	static const int64_t draw[3] = {49900000, 12 * W, 24900000};
	struct rack r;

	(void)state;
	rack_begin(&r, 100 * W);
	for (int i = 0; i < 3; i++) {
		rack_node(&r, i, cap[i], draw[i]);
		r.says[i].draw_uw = draw[i];
		r.says[i].hungry = draw[i] * 100 > cap[i] * 99;
	}
	r.says[0].ceiling_uw = 60 * W;
	r.says[1].floor_uw = 15 * W;
	for (int i = 0; i < 3; i++) {
		rack_report(&r, i);
		assert_int_equal(r.sent[i].cap_uw, cap[i]);
	}
	rack_pass(&r, 250 * MS);
	assert_int_equal(r.sent[1].cap_uw, 15 * W);
	assert_int_equal(r.explained[1], HR_REASON_NEED_FELL);
	assert_int_equal(r.sends[0], 1);

	/* Whatever happens, the primary gets no more before that is acknowledged. */
	for (int i = 0; i < 3; i++) {
		rack_obey(&r, 0);
		rack_obey(&r, 2);
		rack_report(&r, 1);
		rack_pass(&r, 250 * MS);
		assert_int_equal(r.sent[0].cap_uw, 50 * W);
		assert_int_equal(rack_charged(&r), 100 * W);
	}
	rack_obey(&r, 1);
	rack_pass(&r, 5 * MS);
	assert_int_equal(r.sent[0].cap_uw, 60 * W);
	for (int i = 0; i < 3; i++)
		rack_obey(&r, i);
	rack_run(&r, 3);
	for (int i = 0; i < 3; i++)
		assert_int_equal(r.says[i].cap_uw, want[i]);
	assert_int_equal(rack_charged(&r), 100 * W);
}

/* Rule 10: not before its safe cap fits beside the old values of the others. */
static void admits_a_node_when_its_safe_cap_fits(void **state)
{
	struct rack r;

	(void)state;
	rack_begin(&r, 100 * W);
	rack_node(&r, 0, 90 * W, 30 * W);
	rack_report(&r, 0);
	rack_node(&r, 1, 20 * W, 20 * W);
	r.may_be_over = true; /* until room is made, it is load that is not managed */
	rack_report(&r, 1);
	assert_int_equal(r.refused, 1);
	assert_int_equal(r.refusal, HR_REASON_NO_ROOM);
	assert_int_equal(r.node[1].state, HR_CONTROLLER_REFUSED);
	assert_int_equal(r.node[1].refusals, 1);
	assert_int_equal(r.c.refused, 1);
	assert_int_equal(r.sends[1], 0);
	assert_int_equal(rack_charged(&r), 110 * W);

	/* Room is made for it, and taken when the decrease is acknowledged. */
	rack_pass(&r, 250 * MS);
	assert_true(r.sent[0].cap_uw <= 80 * W);
	rack_report(&r, 1);
	assert_int_equal(r.node[1].state, HR_CONTROLLER_REFUSED);
	rack_obey(&r, 0);
	r.may_be_over = false;
	rack_report(&r, 1);
	assert_int_equal(r.node[1].state, HR_CONTROLLER_MEMBER);
	assert_int_equal(r.sends[1], 1);
}

static void refuses_a_node_whose_safe_cap_never_fits(void **state)
{
	struct rack r;

	(void)state;
	rack_begin(&r, 100 * W);
	rack_node(&r, 0, 20 * W, 30 * W);
	r.says[0].safe_uw = 90 * W;
	rack_report(&r, 0);
	rack_node(&r, 1, 10 * W, 20 * W);
	rack_report(&r, 1);
	rack_run(&r, 1);
	rack_report(&r, 1);
	assert_int_equal(r.node[1].state, HR_CONTROLLER_REFUSED);
	rack_budget(&r, 110 * W);
	rack_run(&r, 1);
	rack_report(&r, 1);
	assert_int_equal(r.node[1].state, HR_CONTROLLER_MEMBER);
}

/* Rule 4: a raised charge first becomes durable, then its grant goes out. */
static void a_charge_is_durable_before_its_grant_is_sent(void **state)
{
	struct rack r;

	(void)state;
	rack_begin(&r, 100 * W);
	rack_node(&r, 0, 20 * W, 60 * W);
	r.slow_store = true;
	rack_report(&r, 0);
	assert_int_equal(r.sends[0], 0);
	assert_int_equal(r.row[0].charge_uw, 20 * W);
	rack_commit(&r);
	assert_int_equal(r.sends[0], 1);
	rack_obey(&r, 0);
	rack_pass(&r, 250 * MS);
	assert_true(r.row[0].charge_uw >= 60 * W);
	assert_int_equal(rack_charged(&r), r.row[0].charge_uw);
	assert_int_equal(r.sent[0].cap_uw, 20 * W);
	/* An older batch is not the one that it waits for. */
	const struct hr_controller_event old = {.kind = HR_CONTROLLER_COMMITTED,
						.batch = r.batch - 1};

	rack_say(&r, &old);
	assert_int_equal(r.sent[0].cap_uw, 20 * W);
	rack_commit(&r);
	assert_true(r.sent[0].cap_uw >= 60 * W);
}

/* The budget was cut while the grant waited for its charge: what was not sent is not given. */
static void a_cut_cancels_a_grant_that_waits(void **state)
{
	struct rack r;

	(void)state;
	rack_begin(&r, 200 * W);
	rack_node(&r, 0, 20 * W, 90 * W);
	rack_node(&r, 1, 50 * W, 50 * W);
	rack_report(&r, 0);
	rack_report(&r, 1);
	r.slow_store = true;
	rack_pass(&r, 250 * MS);
	uint64_t waiting = r.batch;

	assert_true(rack_charged(&r) >= 140 * W);
	r.may_be_over = true;
	rack_budget(&r, 60 * W);
	int sends = r.sends[0];
	const struct hr_controller_event ev = {.kind = HR_CONTROLLER_COMMITTED, .batch = waiting};

	rack_say(&r, &ev);
	for (; sends < r.sends[0]; sends++)
		assert_true(r.sent[0].cap_uw <= 20 * W);
	assert_true(rack_charged(&r) <= 70 * W);
}

/* Rule 8: an operator frees a silent node's watts; what it said before is not heard again. */
static void a_released_node_is_fenced_until_admitted_anew(void **state)
{
	struct rack r;

	(void)state;
	rack_begin(&r, 100 * W);
	rack_node(&r, 0, 80 * W, 80 * W);
	rack_report(&r, 0);
	struct hr_report old = r.says[0];

	rack_pass(&r, 100 * S);
	assert_int_equal(rack_charged(&r), r.row[0].charge_uw);
	rack_event(&r, HR_CONTROLLER_RELEASE, 0);
	assert_int_equal(rack_charged(&r), 0);
	assert_int_equal(r.row[0].state, HR_CONTROLLER_RELEASED);
	assert_int_equal(r.row[0].charge_uw, 0);

	const struct hr_controller_event late = {.kind = HR_CONTROLLER_REPORT, .report = &old};
	int sends = r.sends[0];

	rack_say(&r, &late);
	assert_int_equal(r.node[0].state, HR_CONTROLLER_RELEASED);
	assert_int_equal(r.c.reports_old, 1);
	assert_int_equal(r.sends[0], sends);
	rack_report(&r, 0);
	assert_int_equal(r.node[0].state, HR_CONTROLLER_MEMBER);
	assert_int_equal(rack_charged(&r), 80 * W);
}

/* Rule 10: a leave charges the uncapped draw first, so it waits until that fits. */
static void a_leave_waits_for_room(void **state)
{
	struct rack r;

	(void)state;
	rack_begin(&r, 150 * W);
	rack_node(&r, 0, 50 * W, 50 * W);
	rack_node(&r, 1, 70 * W, 70 * W);
	rack_report(&r, 0);
	rack_report(&r, 1);
	rack_event(&r, HR_CONTROLLER_LEAVE, 1);
	assert_false(r.sent[1].leave);
	assert_true(r.sent[0].cap_uw <= 30 * W);
	rack_obey(&r, 1);
	assert_false(r.sent[1].leave);
	rack_obey(&r, 0);
	rack_pass(&r, 250 * MS);
	assert_true(r.sent[1].leave);
	assert_int_equal(r.sent[1].cap_uw, 120 * W);
	assert_int_equal(r.sent[1].reason, HR_REASON_LEFT);
	rack_obey(&r, 1);
	assert_int_equal(r.node[1].state, HR_CONTROLLER_LEFT);
	assert_int_equal(r.row[1].state, HR_CONTROLLER_LEFT);
	rack_pass(&r, 1000 * S);
	assert_true(rack_charged(&r) >= 120 * W);
	/* A guard that is started again caps itself and takes part. */
	rack_node(&r, 1, 20 * W, 20 * W);
	r.says[1].from.incarnation = 2;
	rack_report(&r, 1);
	assert_int_equal(r.node[1].state, HR_CONTROLLER_MEMBER);
}

static void a_leave_can_be_taken_back_until_it_is_granted(void **state)
{
	struct rack r;

	(void)state;
	rack_begin(&r, 100 * W);
	rack_node(&r, 0, 50 * W, 50 * W);
	rack_report(&r, 0);
	rack_event(&r, HR_CONTROLLER_LEAVE, 0);
	assert_int_equal(r.node[0].state, HR_CONTROLLER_LEAVING);
	rack_event(&r, HR_CONTROLLER_STAY, 0);
	rack_run(&r, 1);
	assert_int_equal(r.node[0].state, HR_CONTROLLER_MEMBER);
	assert_false(r.sent[0].leave);
}

/* Rule 12: to every reachable node, in the very step in which the operator's word comes. */
static void a_cut_goes_to_all_at_once(void **state)
{
	struct rack r;

	(void)state;
	rack_begin(&r, 300 * W);
	for (int i = 0; i < NODES; i++) {
		rack_node(&r, i, 70 * W, 70 * W);
		rack_report(&r, i);
	}
	rack_run(&r, NODES);
	/* The last one is silent: it keeps its charge, and the others make up for it. */
	for (int i = 0; i < 3; i++)
		rack_report(&r, i);
	rack_pass(&r, TTL - 100 * MS);
	for (int i = 0; i < 3; i++)
		rack_obey(&r, i);
	rack_pass(&r, 100 * MS);
	int64_t silent_uw = r.leaf[3].charged_uw, sum_uw = 0;
	int sends[NODES];

	memcpy(sends, r.sends, sizeof(sends));
	r.may_be_over = true;
	rack_budget(&r, 160 * W);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(r.sends[i], sends[i] + 1);
		assert_int_equal(r.explained[i], HR_REASON_BUDGET_CUT);
		assert_int_equal(r.sent[i].budget_version, r.budget.version);
		sum_uw += r.sent[i].cap_uw;
	}
	assert_int_equal(r.sends[3], sends[3]);
	assert_true(sum_uw + silent_uw <= 160 * W);
	for (int i = 0; i < 3; i++)
		rack_obey(&r, i);
	assert_int_equal(hr_tree_over(&r.tree, 0), 0);
}

/* A cut below what silent nodes hold: the others go to their floors, and what is over shows. */
static void what_silent_nodes_hold_is_shown_as_over(void **state)
{
	struct rack r;

	(void)state;
	rack_begin(&r, 200 * W);
	rack_node(&r, 0, 100 * W, 100 * W);
	rack_report(&r, 0);
	rack_obey(&r, 0);
	rack_pass(&r, 2 * TTL);
	rack_node(&r, 1, 50 * W, 50 * W);
	rack_report(&r, 1);
	r.may_be_over = true;
	rack_budget(&r, 60 * W);
	assert_int_equal(r.sent[1].cap_uw, 10 * W);
	rack_obey(&r, 1);
	assert_int_equal(hr_tree_over(&r.tree, 0), 50 * W);
	rack_event(&r, HR_CONTROLLER_RELEASE, 0);
	assert_int_equal(hr_tree_over(&r.tree, 0), 0);
}

/*
 * Rules 3 and 12: while a limit is exceeded nobody gets more than he has acknowledged, though more
 * than that is charged already, nor is more meant for him.
 */
static void what_is_over_is_not_added_to(void **state)
{
	struct rack r;

	(void)state;
	rack_begin(&r, 200 * W);
	rack_node(&r, 0, 30 * W, 95 * W);
	rack_node(&r, 1, 60 * W, 60 * W);
	rack_report(&r, 0);
	rack_report(&r, 1);
	rack_pass(&r, 250 * MS);
	assert_true(r.sent[0].cap_uw >= 95 * W);
	rack_pass(&r, 2 * TTL); /* that grant is lost, and both are silent */
	rack_report(&r, 0);
	r.may_be_over = true;
	rack_budget(&r, 150 * W);
	assert_true(hr_tree_over(&r.tree, 0) > 0);
	assert_true(r.node[0].target_uw <= 30 * W);
	assert_true(r.sent[0].cap_uw <= 30 * W);
	rack_obey(&r, 0);
	assert_int_equal(hr_tree_over(&r.tree, 0), 0);
}

/* Rule 11: no grant before the old leases are over; the ledger is charged until acknowledged. */
static void a_successor_waits_and_charges_the_ledger(void **state)
{
	const struct hr_controller_row row = {.node = rack_uuid(0),
					      .state = HR_CONTROLLER_MEMBER,
					      .charge_uw = 90 * W,
					      .safe_uw = 20 * W,
					      .boot_uw = 0};
	const struct hr_controller_row *rows[NODES] = {&row};
	struct rack r;

	(void)state;
	rack_begin(&r, 100 * W);
	r.conf.wait_ns = TTL;
	r.conf.rules.min_reboot_ns = 100000 * S;
	rack_start(&r, rows);
	r.row[0] = row;
	r.has_row[0] = true;
	rack_budget(&r, 100 * W);
	assert_int_equal(rack_charged(&r), 90 * W);
	rack_node(&r, 0, 30 * W, 30 * W);
	r.says[0].boot_uw = 0;
	r.says[0].ceiling_uw = 60 * W;
	r.says[0].ack = r.says[0].heard = (struct hr_mark){EPOCH - 1, 400};
	rack_report(&r, 0);
	rack_pass(&r, TTL - 2);
	assert_int_equal(r.total_sends, 0);
	rack_report(&r, 0);
	assert_int_equal(rack_charged(&r), 90 * W);
	rack_pass(&r, 2);
	assert_true(r.sends[0] > 0);
	assert_int_equal(r.sent[0].mark.epoch, EPOCH);
	assert_int_equal(rack_charged(&r), 90 * W);
	rack_obey(&r, 0);
	assert_int_equal(rack_charged(&r), 60 * W);
}

/* Rules 5 and 11: whoever is heard of with a later reign, or with grants that we did not make. */
static void yields_to_a_later_or_reused_epoch(void **state)
{
	struct rack r;

	(void)state;
	rack_begin(&r, 150 * W);
	rack_node(&r, 0, 30 * W, 30 * W);
	r.says[0].boot_uw = 0;
	rack_report(&r, 0);
	rack_obey(&r, 0);
	int sends = r.total_sends;

	r.says[0].heard = (struct hr_mark){EPOCH + 3, 1};
	rack_report(&r, 0);
	assert_int_equal(r.outranked, 1);
	assert_int_equal(r.hears_epoch, EPOCH + 3);
	r.says[0].heard = (struct hr_mark){EPOCH, 1000};
	rack_report(&r, 0);
	assert_int_equal(r.outranked, 2);
	assert_int_equal(r.c.outranked, 2);
	assert_int_equal(r.total_sends, sends);
	/* But not to one that would use up the epochs there are. */
	r.says[0].heard = (struct hr_mark){UINT64_MAX - 1, 1};
	rack_report(&r, 0);
	assert_int_equal(r.c.outranked, 2);
	r.says[0].heard = (struct hr_mark){EPOCH, 1};

	/* The ledger was not the newest: the most that the node can draw, until it proves less. */
	hr_controller_reign(&r.c, EPOCH + 4, false, r.now);
	assert_int_equal(rack_charged(&r), 120 * W);
	rack_pass(&r, MS);
	rack_report(&r, 0);
	assert_int_equal(r.sent[0].mark.epoch, EPOCH + 4);
	assert_int_equal(r.sent[0].mark.seq, 1);
	rack_obey(&r, 0);
	assert_true(rack_charged(&r) < 120 * W);
}

/* Rule 15: what could not be read is not 0; the node keeps the need it had. */
static void an_unreadable_draw_keeps_the_need(void **state)
{
	struct rack r;

	(void)state;
	rack_begin(&r, 200 * W);
	rack_node(&r, 0, 50 * W, 50 * W);
	rack_node(&r, 1, 50 * W, 95 * W);
	rack_report(&r, 0);
	rack_report(&r, 1);
	rack_run(&r, 2);
	int64_t had_uw = r.says[0].cap_uw;

	r.says[0].draw_quality = HR_QUALITY_UNREADABLE;
	r.says[0].need_uw = r.says[0].draw_uw = 0;
	rack_run(&r, 2);
	assert_int_equal(r.leaf[0].need_uw, 50 * W);
	assert_int_equal(r.says[0].cap_uw, had_uw);
}

static void counts_and_ignores_what_cannot_be_true(void **state)
{
	struct rack r;

	(void)state;
	rack_begin(&r, 200 * W);
	rack_node(&r, 0, 50 * W, 50 * W);
	rack_report(&r, 0);
	int sends = r.total_sends;
	struct hr_report good = r.says[0];

	r.says[0].from.node = rack_uuid(3);
	rack_report(&r, 0);
	r.says[0] = good;
	r.says[0].cap_uw = -1;
	rack_report(&r, 0);
	r.says[0] = good;
	r.says[0].draw_uw = INT64_MAX;
	rack_report(&r, 0);
	assert_int_equal(r.node[0].refusals, 3);
	r.says[0] = good;
	r.says[0].n--;
	rack_report(&r, 0);
	assert_int_equal(r.c.reports_old, 1);
	assert_int_equal(r.c.reports, 5);
	assert_int_equal(r.total_sends, sends);
	assert_int_equal(rack_charged(&r), 50 * W);
}

/* Rule 12: an announced step begins so early that all of it is done when it comes. */
static void an_announced_step_is_begun_ahead_of_time(void **state)
{
	struct rack r;

	(void)state;
	rack_begin(&r, 200 * W);
	rack_node(&r, 0, 100 * W, 100 * W);
	rack_node(&r, 1, 60 * W, 60 * W);
	rack_report(&r, 0);
	rack_report(&r, 1);
	r.budget.n_steps = 1;
	r.budget.step[0] = (struct hr_budget_step){.at_ns = r.now.wall_ns + 10 * S,
						   .limit_uw = 120 * W};
	rack_budget(&r, 200 * W);
	assert_int_equal(r.domain[0].limit_uw, 200 * W);
	for (int i = 0; i < 4; i++) {
		rack_pass(&r, 1750 * MS);
		rack_obey(&r, 0);
		rack_obey(&r, 1);
		assert_int_equal(r.domain[0].limit_uw, i < 3 ? 200 * W : 120 * W);
		r.may_be_over = i >= 2;
	}
	assert_int_equal(r.now.wall_ns, 100007 * S + MS);
	assert_true(r.sent[0].cap_uw + r.sent[1].cap_uw <= 120 * W);
	assert_int_equal(hr_tree_over(&r.tree, 0), 0);
}

/* With nothing configured: the longest lease, its drift, tick, writes, settling and a round. */
static void a_step_is_begun_a_lease_and_settling_ahead(void **state)
{
	const int64_t lead_ns = TTL + 800000 + 100 * MS + 50 * MS + 300 * MS + 250 * MS;
	struct rack r;

	(void)state;
	rack_begin(&r, 200 * W);
	r.c.conf.lead_ns = 0;
	rack_node(&r, 0, 50 * W, 50 * W);
	r.says[0].settle_ns = 300 * MS;
	rack_report(&r, 0);
	r.budget.n_steps = 1;
	r.budget.step[0] = (struct hr_budget_step){.at_ns = r.now.wall_ns + 10 * S,
						   .limit_uw = 120 * W};
	rack_budget(&r, 200 * W);
	rack_pass(&r, 10 * S - lead_ns - MS);
	assert_int_equal(r.domain[0].limit_uw, 200 * W);
	rack_pass(&r, 250 * MS);
	assert_int_equal(r.domain[0].limit_uw, 120 * W);
}

/* Rule 12: a standing budget below what nodes fall back to is refused, and says both sums. */
static void checks_a_standing_budget(void **state)
{
	struct hr_budget low = {.limit_uw = 39 * W};
	struct hr_err err = {0};
	struct rack r;

	(void)state;
	rack_begin(&r, 200 * W);
	for (int i = 0; i < 2; i++) {
		rack_node(&r, i, 50 * W, 50 * W);
		rack_report(&r, i);
	}
	assert_int_equal(hr_controller_budget_check(&r.c, 0, &low, &err), -ERANGE);
	assert_non_null(strstr(err.text, "20 W"));
	assert_non_null(strstr(err.text, "40 W"));
	low.limit_uw = 40 * W;
	assert_int_equal(hr_controller_budget_check(&r.c, 0, &low, &err), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(wattsons_example),
	    cmocka_unit_test(admits_a_node_when_its_safe_cap_fits),
	    cmocka_unit_test(refuses_a_node_whose_safe_cap_never_fits),
	    cmocka_unit_test(a_charge_is_durable_before_its_grant_is_sent),
	    cmocka_unit_test(a_cut_cancels_a_grant_that_waits),
	    cmocka_unit_test(a_released_node_is_fenced_until_admitted_anew),
	    cmocka_unit_test(a_leave_waits_for_room),
	    cmocka_unit_test(a_leave_can_be_taken_back_until_it_is_granted),
	    cmocka_unit_test(a_cut_goes_to_all_at_once),
	    cmocka_unit_test(what_silent_nodes_hold_is_shown_as_over),
	    cmocka_unit_test(what_is_over_is_not_added_to),
	    cmocka_unit_test(a_successor_waits_and_charges_the_ledger),
	    cmocka_unit_test(yields_to_a_later_or_reused_epoch),
	    cmocka_unit_test(an_unreadable_draw_keeps_the_need),
	    cmocka_unit_test(counts_and_ignores_what_cannot_be_true),
	    cmocka_unit_test(an_announced_step_is_begun_ahead_of_time),
	    cmocka_unit_test(a_step_is_begun_a_lease_and_settling_ahead),
	    cmocka_unit_test(checks_a_standing_budget),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
