/* SPDX-License-Identifier: Apache-2.0 */
/* The sample parses to the defaults, as it is and uncommented; the manual has every key. */
#include "conf_case.h"

#include <ctype.h>
#include <stdio.h>

static void check_defaults(const struct hr_conf_table *t, const char *text)
{
	void *conf = calloc(1, t->bytes);
	void *unset = calloc(1, t->bytes);
	struct hr_err err = {0};

	assert_non_null(conf);
	assert_non_null(unset);
	hr_conf_init(t, conf);
	hr_conf_init(t, unset);
	if (hr_conf_parse(t, conf, text, strlen(text), "sample", &err) < 0)
		fail_msg("%s", err.text);
	case_same(t, conf, unset);
	hr_conf_done(t, conf);
	hr_conf_done(t, unset);
	free(conf);
	free(unset);
}

/* "  #key: value" becomes "   key: value"; plain comments have a blank behind the sign. */
static int uncomment(char *text)
{
	int n = 0;

	for (char *line = text; line != NULL; line = strchr(line, '\n')) {
		line += *line == '\n';
		char *c = line + strspn(line, " ");
		if (c[0] == '#' && islower((unsigned char)c[1])) {
			memmove(c, c + 1, strlen(c));
			n++;
		}
	}
	return n;
}

static void test_sample(void **state)
{
	(void)state;
	for (size_t i = 0; hr_conf_sections[i] != NULL; i++) {
		const struct hr_conf_key all = {.type = HR_CONF_STRUCT,
						.table = hr_conf_sections[i]};
		char *text = hr_conf_sample(hr_conf_sections[i]);

		assert_non_null(text);
		check_defaults(hr_conf_sections[i], text);
		assert_int_equal(uncomment(text), hr_conf_key_span(&all));
		check_defaults(hr_conf_sections[i], text);
		for (const char *line = text; line != NULL; line = strchr(line + 1, '\n'))
			assert_true(strcspn(line + 1, "\n") <= 100);
		free(text);
	}
}

/* The examples that people copy are right. */
static void check_examples(const struct hr_conf_table *t, const char *path)
{
	for (size_t i = 0; i < t->n_keys; i++) {
		const struct hr_conf_key *k = &t->key[i];
		char text[600];

		if (k->type == HR_CONF_STRUCT)
			check_examples(k->table, k->name);
		if (k->example == NULL)
			continue;
		for (size_t s = 0; hr_conf_sections[s] != NULL; s++) {
			const struct hr_conf_table *top = hr_conf_sections[s];
			void *conf = calloc(1, top->bytes);
			struct hr_err err = {0};

			assert_non_null(conf);
			hr_conf_init(top, conf);
			if (top == t || (path != NULL && hr_conf_key_find(top, path) != NULL)) {
				snprintf(text, sizeof(text), "%s:\n  %s%s%s: %s%s\n", top->name,
					 path != NULL ? path : "", path != NULL ? ": {" : "",
					 k->name, k->example, path != NULL ? "}" : "");
				if (hr_conf_parse(top, conf, text, strlen(text), "x", &err) < 0)
					fail_msg("%s", err.text);
			}
			hr_conf_done(top, conf);
			free(conf);
		}
	}
}

static void test_examples(void **state)
{
	(void)state;
	for (size_t i = 0; hr_conf_sections[i] != NULL; i++)
		check_examples(hr_conf_sections[i], NULL);
}

static void test_manual(void **state)
{
	(void)state;
	char *text = hr_conf_manual(&hr_conf_controller_table);
	assert_non_null(text);
	assert_non_null(strstr(text, "# SECTION CONTROLLER\n"));
	assert_non_null(strstr(text, "*budget*: a power with its unit from 0 W to"));
	assert_non_null(strstr(text, "*http.tls\\_cert*: "));
	assert_non_null(strstr(text, "\t*share*: a decimal from 0.001 to 1; default 1\n"));
	assert_non_null(strstr(text, "_safe-after-lease_: "));
	assert_non_null(strstr(text, "; required\n"));
	free(text);
}

/* One page with every section; its example is a configuration. */
static void test_page(void **state)
{
	struct hr_conf_controller c;
	struct hr_err err;

	(void)state;
	char *text = hr_conf_manual_page();
	assert_non_null(text);
	assert_true(strncmp(text, "headroom.conf(5)\n", 17) == 0);
	assert_non_null(strstr(text, "# SECTION AGENT\n"));
	assert_non_null(strstr(text, "# SECTION CONTROLLER\n"));
	char *example = strstr(text, "```\n");
	assert_non_null(example);
	example += 4;
	char *end = strstr(example, "```\n");
	assert_non_null(end);
	*end = '\0';
	hr_conf_init(&hr_conf_controller_table, &c);
	if (case_load(&hr_conf_controller_table, &c, example, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(c.n_nodes, 2);
	hr_conf_done(&hr_conf_controller_table, &c);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_sample),
	    cmocka_unit_test(test_examples),
	    cmocka_unit_test(test_manual),
	    cmocka_unit_test(test_page),
	};
	return cmocka_run_group_tests_name("manual", tests, NULL, NULL);
}
