/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The controller over a store that fails, and what the roster narrows. Every step is also judged by
 * rack_see: no grant above what the row of its node, as stored, says.
 */
#include "rack_case.h"

static void unstored(struct rack *r)
{
	const struct hr_controller_event ev = {.kind = HR_CONTROLLER_UNSTORED, .batch = r->batch};

	rack_say(r, &ev);
}

/* What was given goes on to be given; nothing is raised, nobody is admitted. */
static void a_failing_store_stops_raises_only(void **state)
{
	struct rack r;

	(void)state;
	rack_begin(&r, 60 * W);
	rack_node(&r, 0, 20 * W, 95 * W);
	rack_report(&r, 0);
	rack_run(&r, 1);
	int64_t has_uw = r.sent[0].cap_uw;
	int64_t row_uw = r.row[0].charge_uw;

	assert_int_equal(has_uw, 60 * W);
	r.slow_store = true;
	rack_budget(&r, 300 * W);
	/* The raise waits for the disk, and then the disk is full. */
	assert_true(r.row[0].charge_uw > row_uw);
	int sends = r.sends[0];

	unstored(&r);
	assert_true(r.sends[0] > sends);
	assert_true(r.sent[0].cap_uw <= row_uw);
	assert_true(rack_charged(&r) <= row_uw);
	rack_node(&r, 1, 20 * W, 20 * W);
	for (int i = 0; i < 20; i++) {
		sends = r.sends[0];
		rack_obey(&r, 0);
		rack_report(&r, 1);
		assert_true(r.sends[0] > sends);
		assert_true(r.sent[0].cap_uw <= row_uw && r.sent[0].cap_uw >= has_uw - W);
		rack_pass(&r, 250 * MS);
		unstored(&r);
	}
	assert_int_equal(r.sends[1], 0);
	/* Room again. */
	r.slow_store = false;
	rack_commit(&r);
	rack_report(&r, 1);
	rack_run(&r, 2);
	assert_true(r.sent[0].cap_uw >= 90 * W);
	assert_true(r.sends[1] > 0);
}

/* Lowering needs no disk. */
static void a_failing_store_does_not_stop_a_cut(void **state)
{
	struct rack r;

	(void)state;
	rack_begin(&r, 300 * W);
	rack_node(&r, 0, 20 * W, 90 * W);
	rack_report(&r, 0);
	rack_run(&r, 1);
	assert_true(r.sent[0].cap_uw >= 90 * W);
	r.slow_store = true;
	unstored(&r);
	r.may_be_over = true;
	rack_budget(&r, 50 * W);
	rack_run(&r, 1);
	assert_true(r.sent[0].cap_uw <= 50 * W);
	assert_int_equal(hr_tree_over(&r.tree, 0), 0);
}

/* The roster narrows what the hardware allows, and never widens it. */
static void the_roster_narrows_floor_and_ceiling(void **state)
{
	struct rack r;

	(void)state;
	rack_begin(&r, 1000 * W);
	r.node[0].ceiling_conf_uw = 60 * W;
	r.node[1].floor_conf_uw = 35 * W;
	r.node[2].ceiling_conf_uw = 500 * W;
	r.node[2].floor_conf_uw = 1 * W;
	for (int i = 0; i < 3; i++) {
		rack_node(&r, i, 20 * W, i == 1 ? 11 * W : 99 * W);
		rack_report(&r, i);
	}
	rack_run(&r, 3);
	assert_int_equal(r.sent[0].cap_uw, 60 * W);
	assert_int_equal(r.leaf[1].floor_uw, 35 * W);
	assert_int_equal(r.leaf[2].ceiling_uw, 100 * W);
	assert_int_equal(r.leaf[2].floor_uw, 10 * W);
	r.may_be_over = true;
	rack_budget(&r, 60 * W);
	rack_run(&r, 3);
	assert_int_equal(r.sent[1].cap_uw, 35 * W);
}

/* Left to itself it begins an announced step a lease, its margins and a round ahead. */
static void an_announced_step_leaves_time_for_the_longest_lease(void **state)
{
	struct rack r;

	(void)state;
	rack_begin(&r, 300 * W);
	r.c.conf.lead_ns = 0;
	rack_node(&r, 0, 20 * W, 90 * W);
	r.says[0].settle_ns = 3 * S;
	rack_report(&r, 0);
	rack_run(&r, 1);
	assert_true(r.sent[0].cap_uw >= 90 * W);
	r.budget.n_steps = 1;
	r.budget.step[0] = (struct hr_budget_step){r.now.wall_ns + 30 * S, 50 * W};
	rack_budget(&r, 300 * W);
	/* Lease 2 s, drift 1 ms, tick and write 150 ms, settling 3 s, one round of 250 ms. */
	int64_t lead_ns = 2 * S + 800 * HR_NS_PER_US + 150 * MS + 3 * S + 250 * MS;

	while (r.now.wall_ns < r.budget.step[0].at_ns - lead_ns - 300 * MS) {
		rack_obey(&r, 0);
		rack_pass(&r, 250 * MS);
		assert_true(r.sent[0].cap_uw >= 90 * W);
	}
	r.may_be_over = true;
	for (int i = 0; i < 3; i++) {
		rack_obey(&r, 0);
		rack_pass(&r, 250 * MS);
	}
	assert_true(r.sent[0].cap_uw <= 50 * W);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_failing_store_stops_raises_only),
	    cmocka_unit_test(a_failing_store_does_not_stop_a_cut),
	    cmocka_unit_test(the_roster_narrows_floor_and_ceiling),
	    cmocka_unit_test(an_announced_step_leaves_time_for_the_longest_lease),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
