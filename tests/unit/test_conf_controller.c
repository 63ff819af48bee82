/* SPDX-License-Identifier: Apache-2.0 */
/* Section "controller:": defaults, the budget, single nodes out of sets, what fits, warnings. */
#include "conf_case.h"

#define CONTROLLER (&hr_conf_controller_table)

static void test_defaults(void **state)
{
	struct hr_conf_controller c;
	struct hr_err err;

	(void)state;
	hr_conf_init(CONTROLLER, &c);
	assert_int_equal(case_load(CONTROLLER, &c, "", &err), 0);
	assert_int_equal(c.listen.port, HR_CONF_PORT_CONTROLLER);
	assert_string_equal(c.http.listen.host, "127.0.0.1");
	assert_int_equal(c.http.listen.port, HR_CONF_PORT_HTTP);
	assert_int_equal(c.round_ns, INT64_C(250000000));
	assert_int_equal(c.ttl_ns, INT64_C(2000000000));
	assert_int_equal(c.report_period_ns, INT64_C(1000000000));
	assert_int_equal(c.min_reboot_ns, INT64_C(10000000000));
	assert_int_equal(c.silent_node, HR_CONF_SILENT_HOLD);
	assert_false(c.reserve_for_boot);
	assert_int_equal(c.drift_ppm, 200);
	assert_int_equal(c.budget_uw, 0);
}

static void test_budget(void **state)
{
	struct hr_conf_controller c;
	struct hr_budget b;
	struct hr_err err = {0};

	(void)state;
	hr_conf_init(CONTROLLER, &c);
	assert_int_equal(case_load(CONTROLLER, &c,
				   "controller:\n  budget: 12 kW\n"
				   "  budget_windows: [{from: 08:00, to: 20:00, limit: 10 kW}]\n"
				   "  budget_steps: [{at: 2026-03-29T08:00:00Z, limit: 9 kW}]\n",
				   &err),
			 0);
	hr_conf_controller_budget(&c, &b);
	b.version = 1;
	if (hr_budget_validate(&b, &err) < 0)
		fail_msg("%s", err.text);
	assert_string_equal(b.domain, "cluster");
	assert_int_equal(b.limit_uw, INT64_C(12000000000));
	assert_int_equal(b.n_windows, 1);
	assert_int_equal(b.window[0].from_s, 8 * 3600);
	assert_int_equal(b.n_steps, 1);
	assert_true(b.step[0].at_ns == INT64_C(1774771200000000000));
	assert_int_equal(hr_budget_lowest_uw(&b), INT64_C(9000000000));
	hr_conf_done(CONTROLLER, &c);
}

static void test_nodes(void **state)
{
	struct hr_conf_controller c;
	struct hr_conf_node *node = NULL;
	struct hr_err err = {0};
	size_t n = 0;

	(void)state;
	hr_conf_init(CONTROLLER, &c);
	assert_int_equal(
	    case_load(CONTROLLER, &c,
		      "controller:\n  domains: [{name: f, feed: true}]\n"
		      "  nodes:\n"
		      "    - {name: 'n[08-10]', class: replica, weight: 5, safe: 50 W, "
		      "feeds: [{name: f}]}\n"
		      "    - {name: m, uuid: 1b4e28ba-2fa1-41d2-883f-0016d3cca427}\n",
		      &err),
	    0);
	assert_int_equal(hr_conf_controller_nodes(&c, &node, &n, &err), 0);
	assert_int_equal(n, 4);
	assert_string_equal(node[0].name, "n08");
	assert_string_equal(node[2].name, "n10");
	assert_int_equal(node[2].class, HR_CLASS_REPLICA);
	assert_int_equal(node[2].weight, 5);
	assert_int_equal(node[2].safe_uw, 50000000);
	assert_string_equal(node[2].feeds[0].name, "f");
	assert_int_equal(node[2].feeds[0].share_permille, 1000);
	assert_string_equal(node[3].name, "m");
	assert_int_equal(node[3].class, HR_CLASS_PRIMARY);
	assert_int_equal(node[3].weight, HR_WEIGHT_DEFAULT);
	assert_string_equal(node[3].domain, "cluster");
	free(node);
	hr_conf_done(CONTROLLER, &c);
}

static void test_fits(void **state)
{
	const struct hr_conf_sums sums = {
	    .floors_uw = 800000000, .safes_uw = 1000000000, .reserve_uw = 50000000, .n_nodes = 10};
	const struct hr_conf_sums huge = {.safes_uw = INT64_MAX, .reserve_uw = INT64_MAX};
	struct hr_err err = {0};

	(void)state;
	assert_int_equal(hr_conf_controller_fits("rack1", 1050000000, &sums, &err), 0);
	assert_int_equal(hr_conf_controller_fits("rack1", 1049999999, &sums, &err), -ENOSPC);
	assert_int_equal(hr_conf_controller_fits("rack1", 900000000, &sums, &err), -ENOSPC);
	assert_string_equal(err.text,
			    "found a limit of 900 W for 'rack1', expected at least 1050 W: its 10 "
			    "nodes have floors of 800 W and safe caps of 1 kW in sum, and 50 W are "
			    "reserved; raise the limit or lower the safe caps");
	assert_int_equal(hr_conf_controller_fits("x", INT64_MAX - 1, &huge, &err), -ENOSPC);
}

static void test_warnings(void **state)
{
	struct hr_conf_controller c;
	struct hr_err err;
	struct hr_err said[8];

	(void)state;
	hr_conf_init(CONTROLLER, &c);
	assert_int_equal(case_load(CONTROLLER, &c,
				   "controller:\n  budget: 5 kW\n  http: {token_file: /t}\n", &err),
			 0);
	assert_int_equal(hr_conf_controller_warn(&c, said, 8), 0);
	assert_int_equal(
	    case_load(CONTROLLER, &c,
		      "controller:\n  silent_node: safe-after-lease\n"
		      "  domains: [{name: a, limit: 1 kW}, {name: b, parent: a, limit: 2 "
		      "kW}]\n",
		      &err),
	    0);
	assert_int_equal(hr_conf_controller_warn(&c, said, 8), 4);
	assert_string_equal(said[0].text,
			    "controller.budget is not set: nothing is granted until it is");
	assert_string_equal(said[3].text,
			    "controller.domains: the limit of 'b', 2 kW, is above its "
			    "parent's 1 kW and never reached");
	assert_int_equal(hr_conf_controller_warn(&c, said, 2), 2);
	hr_conf_done(CONTROLLER, &c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_defaults), cmocka_unit_test(test_budget),
	    cmocka_unit_test(test_nodes),    cmocka_unit_test(test_fits),
	    cmocka_unit_test(test_warnings),
	};
	return cmocka_run_group_tests_name("conf_controller", tests, NULL, NULL);
}
