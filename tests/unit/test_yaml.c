/* SPDX-License-Identifier: Apache-2.0 */
/* A document into a struct: every mistake with its line and what to write instead. */
#include "conf_case.h"

#define AGENT (&hr_conf_agent_table)
#define CONTROLLER (&hr_conf_controller_table)

static void test_empty_files_are_the_defaults(void **state)
{
	static const char *const texts[] = {"",         "# nothing\n", "---\n",
					    "agent:\n", "agent: {}\n", "guard:\ncontroller: ~\n"};
	struct hr_conf_agent unset;

	(void)state;
	hr_conf_init(AGENT, &unset);
	for (size_t i = 0; i < HR_ARRAY_LEN(texts); i++) {
		struct hr_conf_agent a;
		struct hr_err err;

		hr_conf_init(AGENT, &a);
		assert_int_equal(case_load(AGENT, &a, texts[i], &err), 0);
		case_same(AGENT, &a, &unset);
		hr_conf_done(AGENT, &a);
	}
}

static void test_unknown_keys(void **state)
{
	(void)state;
	case_refused(
	    AGENT, "agent:\n  name: n1\n  rat_hz: 10\n",
	    "t.conf:3: key 'agent.rat_hz': found an unknown key, expected one of 'agent' (did "
	    "you mean 'rate_hz'?)");
	case_refused(AGENT, "agent:\n\n  guard_sock: /x\n",
		     "t.conf:3: key 'agent.guard_sock': found an unknown key, expected one of "
		     "'agent' (did you mean 'guard_socket'?)");
	case_refused(AGENT, "agent:\n  budget: 1 kW\n",
		     "t.conf:2: key 'agent.budget': found an unknown key, expected one of 'agent' "
		     "(it belongs to 'controller')");
	case_refused(AGENT, "agnet:\n  name: x\n",
		     "t.conf:1: key 'agnet': found an unknown section, expected agent, guard or "
		     "controller (did you mean 'agent'?)");
	case_refused(AGENT, "# comment\nrate_hz: 10\n",
		     "t.conf:2: key 'rate_hz': found at the top of the file, expected below a "
		     "section such as 'agent:', indented");
	case_refused(CONTROLLER, "controller:\n  nodes:\n    - name: a\n      saef: 10 W\n",
		     "t.conf:4: key 'controller.nodes[0].saef': found an unknown key, expected one "
		     "of 'node' (did you mean 'safe'?)");
	case_refused(CONTROLLER, "controller:\n  http: {lisen: 'x:1'}\n",
		     "t.conf:2: key 'controller.http.lisen': found an unknown key, expected one of "
		     "'http' (did you mean 'listen'?)");
}

static void test_wrong_values(void **state)
{
	(void)state;
	case_refused(CONTROLLER, "controller:\n  budget: 1200\n",
		     "t.conf:2: key 'controller.budget': found '1200', which has no unit, expected "
		     "a power; write 1200 W or 1.2 kW");
	case_refused(
	    CONTROLLER, "controller:\n  ttl: 2\n",
	    "t.conf:2: key 'controller.ttl': found '2', which has no unit, expected a time "
	    "span; write 2 s");
	case_refused(CONTROLLER, "controller:\n  budget: lots\n",
		     "t.conf:2: key 'controller.budget': found 'lots', expected a power with its "
		     "unit from 0 W to 10000 MW");
	case_refused(
	    AGENT, "agent:\n  rate_hz: 101\n",
	    "t.conf:2: key 'agent.rate_hz': found '101', expected an integer from 1 to 100 "
	    "Hz");
	case_refused(
	    AGENT, "agent:\n  supply_efficiency: 90%\n",
	    "t.conf:2: key 'agent.supply_efficiency': found '90%' as a percentage, expected "
	    "a decimal from 0.5 to 1");
	case_refused(AGENT, "agent:\n  zones: all\n",
		     "t.conf:2: key 'agent.zones': found a single value, expected a list");
	case_refused(AGENT, "agent:\n  zones:\n  rate_hz: 10\n",
		     "t.conf:2: key 'agent.zones': found nothing, expected a list ([] for an empty "
		     "one)");
	case_refused(AGENT, "agent:\n  rate_hz:\n    - 1\n",
		     "t.conf:3: key 'agent.rate_hz': found a list, expected an integer from 1 to "
		     "100 Hz");
	case_refused(AGENT, "agent:\n  rate_hz:\n",
		     "t.conf:2: key 'agent.rate_hz': found nothing, expected an integer from 1 to "
		     "100 Hz");
	case_refused(AGENT, "agent:\n  driver: rapl\n",
		     "t.conf:2: key 'agent.driver': found 'rapl', expected auto, powercap, null or "
		     "replay");
	case_refused(
	    AGENT, "agent: 5\n",
	    "t.conf:1: key 'agent': found a single value, expected keys with their values, "
	    "indented below it");
	case_refused(CONTROLLER, "controller:\n  nodes:\n  - class: replica\n",
		     "t.conf:3: key 'controller.nodes[0]': found no 'name', expected it in a node");
	case_refused(CONTROLLER, "controller:\n  nodes: [n1]\n",
		     "t.conf:2: key 'controller.nodes[0]': found a single value, expected the keys "
		     "of a node, such as {name: ...}");
	case_refused(AGENT, "agent:\n  name: \"a\\0b\"\n",
		     "t.conf:2: key 'agent.name': found a zero byte, expected printable text");
}

static void test_structure(void **state)
{
	(void)state;
	case_refused(AGENT, "agent:\n  name: a\n  rate_hz: 10\n  name: b\n",
		     "t.conf:4: key 'agent.name': found twice, expected once");
	case_refused(AGENT, "agent:\n  name: a\nagent:\n  name: b\n",
		     "t.conf:3: key 'agent': found twice, expected once");
	case_refused(AGENT, "- agent\n",
		     "t.conf:1: found a list, expected sections such as 'agent:'");
	case_refused(AGENT, "agent:\n  ? [a]\n  : 1\n",
		     "t.conf:2: key 'agent': found a list as a key, expected a word");
}

static void test_failed_list_keeps_the_old(void **state)
{
	struct hr_conf_controller c;
	struct hr_err err = {0};
	static const char good[] = "controller:\n  nodes: [{name: a, feeds: [{name: f}]}]\n";
	static const char bad[] =
	    "controller:\n  nodes: [{name: b, feeds: [{name: g}]}, {name: c, feeds: [{}]}]\n";

	(void)state;
	hr_conf_init(CONTROLLER, &c);
	assert_int_equal(hr_conf_parse(CONTROLLER, &c, good, strlen(good), "t.conf", &err), 0);
	assert_int_equal(hr_conf_parse(CONTROLLER, &c, bad, strlen(bad), "t.conf", &err), -EINVAL);
	assert_string_equal(err.text,
			    "t.conf:2: key 'controller.nodes[1].feeds[0]': found no 'name', "
			    "expected it in a feed");
	assert_int_equal(c.n_nodes, 1);
	assert_string_equal(c.nodes[0].feeds[0].name, "f");
	hr_conf_done(CONTROLLER, &c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_empty_files_are_the_defaults),
	    cmocka_unit_test(test_unknown_keys),
	    cmocka_unit_test(test_wrong_values),
	    cmocka_unit_test(test_structure),
	    cmocka_unit_test(test_failed_list_keeps_the_old),
	};
	return cmocka_run_group_tests_name("yaml", tests, NULL, NULL);
}
