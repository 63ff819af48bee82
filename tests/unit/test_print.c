/* SPDX-License-Identifier: Apache-2.0 */
/* The effective configuration: parses back to the same values, and says where each came from. */
#include "conf_case.h"

static const char whole[] =
    "agent:\n"
    "  name: n1\n"
    "  node: 1b4e28ba-2fa1-41d2-883f-0016d3cca427\n"
    "  controller: tcp://[fe80::1]:1234\n"
    "  server_key: 'rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7'\n"
    "  driver: replay\n"
    "  driver_option: \"a \\\"quoted\\\" \\\\ text: # with [signs] \\u00e9\"\n"
    "  rest: 12.345678 W\n"
    "  supply_efficiency: 0.905\n"
    "  zones: [\"yes\", \"12\", 'intel-rapl:*', \"*\", \"-x\"]\n"
    "guard:\n"
    "  safe: 123.5 W\n"
    "  tick: 33 ms\n"
    "  allow_clients: [\"1000\", freqtuner]\n"
    "controller:\n"
    "  listen: '*:7710'\n"
    "  http: {listen: 0.0.0.0, tls_cert: /c, tls_key: /k}\n"
    "  budget: 12.5 kW\n"
    "  reserve_for_boot: true\n"
    "  silent_node: safe-after-lease\n"
    "  budget_windows: [{from: 22:00, to: 06:30:15, limit: 11 kW}, {from: 08:00, to: 24:00, limit: "
    "12 kW}]\n"
    "  budget_steps:\n"
    "    - {at: '2026-03-29T08:00:00.25+02:00', limit: 10 kW}\n"
    "    - {at: 2026-03-29T09:00:00Z, limit: 9 kW}\n"
    "  domains: [{name: row1, limit: 9 kW}, {name: rack1, parent: row1}, {name: fa, feed: true}]\n"
    "  nodes:\n"
    "    - {name: 'n[1-3]', domain: rack1, class: replica, weight: 7, feeds: [{name: fa, share: "
    "0.5}]}\n"
    "    - {name: m}\n";

static void test_round_trip(void **state)
{
	(void)state;
	for (size_t i = 0; hr_conf_sections[i] != NULL; i++) {
		const struct hr_conf_table *t = hr_conf_sections[i];
		void *first = calloc(1, t->bytes);
		void *second = calloc(1, t->bytes);
		struct hr_err err;

		assert_non_null(first);
		assert_non_null(second);
		hr_conf_init(t, first);
		hr_conf_init(t, second);
		if (case_load(t, first, whole, &err) < 0)
			fail_msg("%s", err.text);
		for (int with_origin = 0; with_origin < 2; with_origin++) {
			char *text = hr_conf_print(t, first, with_origin != 0);
			assert_non_null(text);
			if (case_load(t, second, text, &err) < 0)
				fail_msg("%s in\n%s", err.text, text);
			case_same(t, first, second);
			free(text);
		}
		hr_conf_done(t, first);
		hr_conf_done(t, second);
		free(first);
		free(second);
	}
}

static void test_values_are_kept_exactly(void **state)
{
	struct hr_conf_agent a;
	struct hr_conf_controller c;
	struct hr_err err;
	char *text;

	(void)state;
	hr_conf_init(&hr_conf_agent_table, &a);
	assert_int_equal(case_load(&hr_conf_agent_table, &a, whole, &err), 0);
	text = hr_conf_print(&hr_conf_agent_table, &a, false);
	assert_int_equal(case_load(&hr_conf_agent_table, &a, text, &err), 0);
	free(text);
	assert_string_equal(a.driver_option, "a \"quoted\" \\ text: # with [signs] \xc3\xa9");
	assert_int_equal(a.rest_uw, 12345678);
	assert_int_equal(a.efficiency_permille, 905);
	assert_string_equal(a.controller.host, "fe80::1");
	assert_int_equal(a.controller.port, 1234);
	assert_string_equal(a.zones[1].text, "12");
	hr_conf_done(&hr_conf_agent_table, &a);

	hr_conf_init(&hr_conf_controller_table, &c);
	assert_int_equal(case_load(&hr_conf_controller_table, &c, whole, &err), 0);
	assert_int_equal(c.budget_windows[0].to_s, 6 * 3600 + 30 * 60 + 15);
	assert_int_equal(c.budget_windows[1].to_s, 86400);
	assert_int_equal(c.nodes[0].feeds[0].share_permille, 500);
	assert_int_equal(c.nodes[0].line, 27);
	assert_int_equal(c.http.listen.port, 7711);
	hr_conf_done(&hr_conf_controller_table, &c);
}

static void test_origins_are_said(void **state)
{
	struct hr_conf_agent a;
	struct hr_err err;

	(void)state;
	hr_conf_init(&hr_conf_agent_table, &a);
	assert_int_equal(case_load(&hr_conf_agent_table, &a, "agent:\n\n  zones:\n   - x\n", &err),
			 0);
	assert_int_equal(
	    hr_conf_set(&hr_conf_agent_table, &a, "rate_hz", "20", HR_CONF_FROM_FLAG, &err), 0);
	assert_int_equal(
	    hr_conf_set(&hr_conf_agent_table, &a, "rest", "1 W", HR_CONF_FROM_ENV, &err), 0);
	char *text = hr_conf_print(&hr_conf_agent_table, &a, true);
	assert_non_null(text);
	assert_non_null(
	    strstr(text, "\n  name: \"\"                                      # default\n"));
	assert_non_null(strstr(text, "# flag\n"));
	assert_non_null(strstr(text, "# environment HEADROOM_AGENT_REST\n"));
	assert_non_null(strstr(text, "# t.conf:3\n    - x\n"));
	free(text);
	hr_conf_done(&hr_conf_agent_table, &a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_round_trip),
	    cmocka_unit_test(test_values_are_kept_exactly),
	    cmocka_unit_test(test_origins_are_said),
	};
	return cmocka_run_group_tests_name("print", tests, NULL, NULL);
}
