/* SPDX-License-Identifier: Apache-2.0 */
/* Tables as such: soundness of every row, all or nothing, precedence, suggestions, origins. */
#include "conf_case.h"

#include "conf/value.h"

/* Every default passes its own range, every row has help, every list and struct its table. */
static void check_table(const struct hr_conf_table *t, unsigned depth)
{
	assert_true(depth < HR_CONF_DEPTH_MAX);
	assert_true(t->n_keys > 0 && t->n_keys <= HR_CONF_KEYS_MAX);
	for (size_t i = 0; i < t->n_keys; i++) {
		const struct hr_conf_key *k = &t->key[i];
		char field[1024];

		assert_non_null(k->help);
		assert_true(strlen(k->help) > 4 && k->help[strlen(k->help) - 1] == '.');
		assert_true(k->offset + k->bytes <= t->bytes);
		assert_true(hr_conf_key_find(t, k->name) == k); /* no name twice */
		if (k->type == HR_CONF_LIST || k->type == HR_CONF_STRUCT) {
			assert_non_null(k->table);
			check_table(k->table, depth + 1);
			continue;
		}
		assert_true(k->bytes <= sizeof(field));
		if (k->unset != NULL)
			assert_int_equal(
			    hr_conf_value_parse(k, k->unset, strlen(k->unset), field, NULL), 0);
		if (k->type == HR_CONF_CHOICE)
			assert_non_null(k->choice);
	}
}

static void test_tables_are_sound(void **state)
{
	(void)state;
	for (size_t i = 0; hr_conf_sections[i] != NULL; i++) {
		const struct hr_conf_key all = {.type = HR_CONF_STRUCT,
						.table = hr_conf_sections[i]};

		check_table(hr_conf_sections[i], 0);
		assert_true(hr_conf_key_span(&all) <= HR_CONF_KEYS_MAX);
	}
}

static void test_bad_reload_changes_nothing(void **state)
{
	const struct hr_conf_table *t = &hr_conf_agent_table;
	struct hr_conf_agent a;
	struct hr_conf_agent before;
	struct hr_err err;

	(void)state;
	hr_conf_init(t, &a);
	assert_int_equal(
	    case_load(t, &a, "agent:\n  rate_hz: 20\n  zones: [a, b]\n  rest: 55 W\n", &err), 0);
	before = a;
	/* the first keys are right, a later one is not */
	assert_true(case_load(t, &a, "agent:\n  rate_hz: 30\n  zones: [c]\n  rest: 1 XW\n", &err) <
		    0);
	assert_memory_equal(&a, &before, sizeof(a));
	assert_string_equal(a.zones[1].text, "b");
	/* right keys, wrong together */
	assert_true(case_load(t, &a, "agent:\n  rate_hz: 30\n  driver: replay\n", &err) < 0);
	assert_memory_equal(&a, &before, sizeof(a));
	/* a good one replaces all of it, also what it does not name */
	assert_int_equal(case_load(t, &a, "agent:\n  rate_hz: 30\n", &err), 0);
	assert_int_equal(a.rate_hz, 30);
	assert_int_equal(a.n_zones, 0);
	assert_null(a.zones);
	assert_int_equal(a.rest_uw, INT64_C(40000000));
	hr_conf_done(t, &a);
}

static const char *env_of_test(void *ctx, const char *name)
{
	const char *const *pair = ctx;

	for (; pair[0] != NULL; pair += 2)
		if (strcmp(pair[0], name) == 0)
			return pair[1];
	return NULL;
}

static void test_precedence(void **state)
{
	const struct hr_conf_table *t = &hr_conf_agent_table;
	static const char text[] = "agent:\n  name: file\n  rate_hz: 20\n  rest: 50 W\n";
	const char *env[] = {"HEADROOM_AGENT_RATE_HZ",
			     "30",
			     "HEADROOM_AGENT_REST",
			     "60 W",
			     "HEADROOM_GUARD_REST",
			     "1 W",
			     NULL};
	const struct hr_conf_flag flags[] = {{"rest", "70 W"}};
	struct hr_conf_input in = {.file = "t.conf",
				   .text = text,
				   .bytes = strlen(text),
				   .env = env_of_test,
				   .env_ctx = env,
				   .flag = flags,
				   .n_flags = 1};
	struct hr_conf_agent a;
	struct hr_err err = {0};
	char where[300];

	(void)state;
	hr_conf_init(t, &a);
	assert_int_equal(hr_conf_load(t, &a, &in, &err), 0);
	assert_string_equal(a.name, "file");
	assert_int_equal(a.rate_hz, 30);
	assert_int_equal(a.rest_uw, INT64_C(70000000));
	assert_int_equal(a.efficiency_permille, 900);
	assert_string_equal(hr_conf_where(t, &a, "name", 0, where, sizeof(where)), "t.conf:2");
	assert_string_equal(hr_conf_where(t, &a, "rate_hz", 0, where, sizeof(where)),
			    "environment HEADROOM_AGENT_RATE_HZ");
	assert_string_equal(hr_conf_where(t, &a, "rest", 0, where, sizeof(where)), "flag");
	assert_string_equal(hr_conf_where(t, &a, "root", 0, where, sizeof(where)), "default");
	/* the order of the calls does not matter */
	assert_int_equal(hr_conf_parse(t, &a, text, strlen(text), "t.conf", &err), 0);
	assert_int_equal(hr_conf_set(t, &a, "rest", "1 W", HR_CONF_FROM_ENV, &err), 0);
	assert_int_equal(a.rate_hz, 30);
	assert_int_equal(a.rest_uw, INT64_C(70000000));
	hr_conf_done(t, &a);
}

static void test_env_of_nested_keys_and_lists(void **state)
{
	const struct hr_conf_table *t = &hr_conf_controller_table;
	const char *env[] = {"HEADROOM_CONTROLLER_HTTP_LISTEN",
			     "127.0.0.1:9999",
			     "HEADROOM_CONTROLLER_NODES",
			     "[{name: 'n[1-3]', safe: 10 W}]",
			     "HEADROOM_CONTROLLER_BUDGET",
			     "1 kW",
			     NULL};
	struct hr_conf_controller c;
	struct hr_err err = {0};

	(void)state;
	hr_conf_init(t, &c);
	assert_int_equal(hr_conf_env(t, &c, env_of_test, env, &err), 0);
	assert_int_equal(c.http.listen.port, 9999);
	assert_int_equal(c.n_nodes, 1);
	assert_int_equal(c.nodes[0].safe_uw, 10000000);
	assert_int_equal(c.budget_uw, INT64_C(1000000000));
	hr_conf_done(t, &c);
}

static void test_set(void **state)
{
	const struct hr_conf_table *t = &hr_conf_agent_table;
	struct hr_conf_agent a;
	struct hr_err err = {0};

	(void)state;
	hr_conf_init(t, &a);
	assert_int_equal(
	    hr_conf_set(t, &a, "zones", "intel-rapl:0, dram*", HR_CONF_FROM_FLAG, &err), 0);
	assert_int_equal(a.n_zones, 2);
	assert_string_equal(a.zones[1].text, "dram*");
	assert_int_equal(hr_conf_set(t, &a, "zones", "[x]", HR_CONF_FROM_FLAG, &err), 0);
	assert_int_equal(a.n_zones, 1);
	assert_int_equal(hr_conf_set(t, &a, "rat_hz", "1", HR_CONF_FROM_FLAG, &err), -EINVAL);
	assert_string_equal(err.text, "command line: key 'agent.rat_hz': found an unknown key, "
				      "expected one of 'agent' (did you mean 'rate_hz'?)");
	assert_int_equal(hr_conf_set(t, &a, "rest", "40", HR_CONF_FROM_FLAG, &err), -EINVAL);
	assert_string_equal(err.text, "command line: key 'agent.rest': found '40', which has no "
				      "unit, expected a power; write 40 W");
	assert_int_equal(hr_conf_set(t, &a, "rate_hz", "0", HR_CONF_FROM_ENV, &err), -ERANGE);
	assert_string_equal(err.text, "environment: key 'agent.rate_hz': found '0', expected an "
				      "integer from 1 to 100 Hz");
	assert_int_equal(hr_conf_set(t, &a, "zones", "[x", HR_CONF_FROM_FLAG, &err), -EINVAL);
	assert_int_equal(a.n_zones, 1);
	hr_conf_done(t, &a);
}

static void test_nearest(void **state)
{
	static const char *const words[] = {"listen", "budget", "reserve", "ttl"};

	(void)state;
	assert_string_equal(hr_conf_nearest("lisetn", words, 4), "listen");
	assert_string_equal(hr_conf_nearest("bugdet", words, 4), "budget");
	assert_string_equal(hr_conf_nearest("tl", words, 4), "ttl");
	assert_string_equal(hr_conf_nearest("reserved", words, 4), "reserve");
	assert_null(hr_conf_nearest("frequency", words, 4));
	assert_null(hr_conf_nearest("", words, 4));
	assert_null(hr_conf_nearest("a-word-that-is-much-longer-than-any-key-that-there-could-be",
				    words, 4));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_tables_are_sound),
	    cmocka_unit_test(test_bad_reload_changes_nothing),
	    cmocka_unit_test(test_precedence),
	    cmocka_unit_test(test_env_of_nested_keys_and_lists),
	    cmocka_unit_test(test_set),
	    cmocka_unit_test(test_nearest),
	};
	return cmocka_run_group_tests_name("keys", tests, NULL, NULL);
}
