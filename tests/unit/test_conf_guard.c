/* SPDX-License-Identifier: Apache-2.0 */
/* Section "guard:": its defaults, the checks between its keys and with the agent's. */
#include "conf_case.h"

#include "conf/guard.h"

#define GUARD (&hr_conf_guard_table)

static void test_defaults(void **state)
{
	struct hr_conf_guard g;
	struct hr_err err;

	(void)state;
	hr_conf_init(GUARD, &g);
	assert_int_equal(case_load(GUARD, &g, "", &err), 0);
	assert_string_equal(g.socket, "/run/headroom/guard.sock");
	assert_string_equal(g.run_dir, "/run/headroom");
	assert_string_equal(g.state_dir, "/var/lib/headroom");
	assert_int_equal(g.safe_uw, 0);
	assert_int_equal(g.tick_ns, 100000000);
	assert_string_equal(g.group, "");
}

static void test_checks(void **state)
{
	(void)state;
	case_refused(
	    GUARD, "guard:\n  floor: 200 W\n  ceiling: 150 W\n",
	    "t.conf:2: key 'guard.floor': found 200 W, expected at most the ceiling 150 W");
	case_refused(GUARD, "guard:\n  ceiling: 150 W\n  safe: 160 W\n",
		     "t.conf:3: key 'guard.safe': found 160 W, expected at most the ceiling 150 W");
	case_refused(GUARD, "guard:\n  ceiling: 30 W\n",
		     "t.conf:2: key 'guard.ceiling': found 30 W, expected more than the rest 40 W, "
		     "which cannot be capped");
	case_refused(
	    GUARD, "guard:\n  tick: 500 ms\n  verify: 200 ms\n",
	    "t.conf:3: key 'guard.verify': found 200 ms, expected at least the tick 500 ms");
	case_refused(GUARD, "guard:\n  driver: replay\n",
		     "t.conf:2: key 'guard.driver': found 'replay' without a trace, expected its "
		     "file in 'guard.driver_option'");
}

static void test_agrees_with_the_agent(void **state)
{
	struct hr_conf_guard g;
	struct hr_conf_agent a;
	struct hr_err err;

	(void)state;
	hr_conf_init(GUARD, &g);
	hr_conf_init(&hr_conf_agent_table, &a);
	assert_int_equal(hr_conf_guard_agrees(&g, &a, &err), 0);
	assert_int_equal(case_load(&hr_conf_agent_table, &a, "agent:\n  rest: 30 W\n", &err), 0);
	assert_int_equal(hr_conf_guard_agrees(&g, &a, &err), -EINVAL);
	assert_string_equal(err.text,
			    "t.conf:2: key 'agent.rest': found 30 W, expected the guard's 40 W");
	assert_int_equal(
	    case_load(&hr_conf_agent_table, &a, "agent:\n  supply_efficiency: 0.95\n", &err), 0);
	assert_int_equal(hr_conf_guard_agrees(&g, &a, &err), -EINVAL);
	assert_string_equal(err.text, "t.conf:2: key 'agent.supply_efficiency': found 0.950, "
				      "expected the guard's 0.900");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_defaults),
	    cmocka_unit_test(test_checks),
	    cmocka_unit_test(test_agrees_with_the_agent),
	};
	return cmocka_run_group_tests_name("conf_guard", tests, NULL, NULL);
}
