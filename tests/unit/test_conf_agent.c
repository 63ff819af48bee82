/* SPDX-License-Identifier: Apache-2.0 */
/* Section "agent:": its defaults and the checks between its keys. */
#include "conf_case.h"

#define AGENT (&hr_conf_agent_table)

static void test_defaults(void **state)
{
	struct hr_conf_agent a;
	struct hr_err err;

	(void)state;
	hr_conf_init(AGENT, &a);
	assert_int_equal(case_load(AGENT, &a, "", &err), 0);
	assert_int_equal(a.rate_hz, 10);
	assert_string_equal(a.controller.host, "127.0.0.1");
	assert_int_equal(a.controller.port, HR_CONF_PORT_CONTROLLER);
	assert_string_equal(a.guard_socket, "/run/headroom/guard.sock");
	assert_string_equal(a.root, "/");
	assert_int_equal(a.rest_uw, 40000000);
	assert_int_equal(a.efficiency_permille, 900);
	assert_int_equal(a.driver, HR_CONF_DRIVER_AUTO);
	assert_true(hr_uuid_is_none(&a.node));
	assert_int_equal(a.n_zones, 0);
}

static void test_checks(void **state)
{
	(void)state;
	case_refused(
	    AGENT, "agent:\n  server_key: keyfile\n",
	    "t.conf:2: key 'agent.server_key': found 'keyfile', expected the absolute path "
	    "of a file or the 40 characters of a public key");
	case_refused(AGENT, "agent:\n  driver: replay\n",
		     "t.conf:2: key 'agent.driver': found 'replay' without a trace, expected its "
		     "file in 'agent.driver_option'");
	case_refused(
	    AGENT, "agent:\n  root: sys\n",
	    "t.conf:2: key 'agent.root': found 'sys', a relative path, expected an absolute "
	    "path");
	case_refused(AGENT, "agent:\n  guard_socket: ''\n",
		     "t.conf:2: key 'agent.guard_socket': found '', expected an absolute path");
	case_refused(
	    AGENT, "agent:\n  zones: ['']\n",
	    "t.conf:2: key 'agent.zones[0]': found '', expected a text of 1 to 63 printable "
	    "bytes");
}

static void test_driver_names(void **state)
{
	(void)state;
	assert_string_equal(hr_conf_agent_driver_name(HR_CONF_DRIVER_POWERCAP), "powercap");
	assert_string_equal(hr_conf_agent_driver_name(HR_CONF_DRIVER_REPLAY), "replay");
	assert_string_equal(hr_conf_agent_driver_name(HR_CONF_DRIVER__MAX), "unknown");
}

/* YAML has a word for nothing that is also the name of a driver. */
static void test_driver_null(void **state)
{
	static const char *const texts[] = {"agent:\n  driver: null\n",
					    "agent:\n  driver: \"null\"\n"};
	struct hr_conf_agent a;
	struct hr_err err;

	(void)state;
	for (size_t i = 0; i < HR_ARRAY_LEN(texts); i++) {
		hr_conf_init(AGENT, &a);
		if (case_load(AGENT, &a, texts[i], &err) < 0)
			fail_msg("%s", err.text);
		assert_int_equal(a.driver, HR_CONF_DRIVER_NULL);
	}
	case_refused(
	    AGENT, "agent:\n  driver:\n",
	    "t.conf:2: key 'agent.driver': found nothing, expected auto, powercap, null or "
	    "replay");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_defaults),
	    cmocka_unit_test(test_checks),
	    cmocka_unit_test(test_driver_names),
	    cmocka_unit_test(test_driver_null),
	};
	return cmocka_run_group_tests_name("conf_agent", tests, NULL, NULL);
}
