/* SPDX-License-Identifier: Apache-2.0 */
/*
 * headroom budget get|set: the limits of the power tree. A limit that does not hold the floors or
 * safe caps is refused with both sums, unless it is an emergency.
 */
#include <errno.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/units.h"
#include "cli/api.h"
#include "cli/table.h"
#include "cli/verb.h"

static const char *const titles[] = {"DOMAIN",     "PARENT",     ">LIMIT NOW W",
				     ">CHARGED W", ">OVER W",    ">FLOORS W",
				     ">SAFE W",    ">RESERVE W", ">VERSION"};

static void add_domain(struct hr_table *t, const json_t *o)
{
	static const char *const key[] = {"limit_now_uw", "charged_uw", "charged_over_budget_uw",
					  "floors_uw",    "safes_uw",   "reserve_uw"};
	const char *domain = json_string_value(json_object_get(o, "domain"));
	const char *parent = json_string_value(json_object_get(o, "parent"));
	char text[HR_UNITS_TEXT_BYTES];

	hr_table_row(t);
	hr_table_set(t, 0, "%s", domain != NULL ? domain : "");
	hr_table_set(t, 1, "%s", parent != NULL ? parent : "");
	for (size_t i = 0; i < HR_ARRAY_LEN(key); i++) {
		const json_t *v = json_object_get(o, key[i]);

		if (json_is_integer(v))
			hr_table_set(t, 2 + i, "%s",
				     hr_power_format_watts(json_integer_value(v), 1, text));
	}
	hr_table_set(t, 8, "%" JSON_INTEGER_FORMAT,
		     json_integer_value(json_object_get(o, "version")));
}

static int get(const struct hr_api *api, const char *domain, enum hr_table_form form,
	       struct hr_err *reterr)
{
	struct hr_table t = {.n_columns = HR_ARRAY_LEN(titles), .title = titles};
	json_t *o = NULL, *budget;
	size_t i, found = 0;
	int rc = hr_api_call(api, "GET", "/api/v1/budget", NULL, &o, reterr);

	if (rc < 0)
		return rc;
	json_array_foreach(json_object_get(o, "budgets"), i, budget)
	{
		const char *name = json_string_value(json_object_get(budget, "domain"));

		if (domain != NULL && (name == NULL || strcmp(name, domain) != 0))
			continue;
		found++;
		add_domain(&t, budget);
		if (form == HR_TABLE_JSON && domain != NULL)
			json_dumpf(budget, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
	}
	if (form == HR_TABLE_JSON && domain == NULL)
		json_dumpf(o, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
	if (found == 0)
		rc = hr_err_set(reterr, -ENOENT, "there is no domain '%.60s'",
				domain != NULL ? domain : "cluster");
	else if (form == HR_TABLE_JSON)
		putchar('\n');
	else
		hr_table_print(&t, form, stdout);
	hr_table_done(&t);
	json_decref(o);
	return rc;
}

/* Who asks, for the audit log. */
static const char *operator_name(const char *asked)
{
	const char *sudo = getenv("SUDO_USER");
	const struct passwd *pw = getpwuid(getuid());

	if (asked != NULL)
		return asked;
	if (sudo != NULL && sudo[0] != '\0')
		return sudo;
	return pw != NULL ? pw->pw_name : "unknown";
}

static int set(const struct hr_api *api, const char *domain, int64_t uw, bool emergency,
	       const char *by, struct hr_err *reterr)
{
	char watts[HR_UNITS_TEXT_BYTES];
	json_t *answer = NULL;
	json_t *body = json_pack("{s:I, s:b, s:s}", "limit_uw", (json_int_t)uw, "emergency",
				 (int)emergency, "by", operator_name(by));

	if (domain != NULL)
		json_object_set_new(body, "domain", json_string(domain));
	int rc = hr_api_call(api, "PUT", "/api/v1/budget", body, &answer, reterr);
	json_decref(body);
	if (rc == 0) {
		const json_t *name = json_object_get(answer, "domain");

		printf("%s: %s, version %" JSON_INTEGER_FORMAT "\n",
		       json_is_string(name) ? json_string_value(name) : "cluster",
		       hr_power_format(uw, watts),
		       json_integer_value(json_object_get(answer, "version")));
	}
	json_decref(answer);
	return rc;
}

static enum hr_exit run(const struct hr_verb *v, int argc, char **argv)
{
	struct hr_api api = {0};
	const char *form_text = "table", *domain = NULL, *by = NULL;
	bool emergency = false;
	const struct hr_arg arg[] = {
	    {.name = "domain",
	     .letter = 'd',
	     .argument = "NAME",
	     .help = "of the power tree (the root, cluster)",
	     .text = &domain},
	    {.name = "emergency",
	     .help = "set: apply it even if floors or safe caps do not fit",
	     .on = &emergency},
	    {.name = "operator",
	     .argument = "NAME",
	     .help = "set: who, for the audit log (you)",
	     .text = &by},
	    {.name = "output",
	     .letter = 'o',
	     .argument = "FORM",
	     .help = "get: table, json or csv (table)",
	     .text = &form_text},
	    HR_API_ARGS(&api),
	    HR_API_TOKEN_ARG(&api),
	};
	struct hr_args a = {.arg = arg, .n = HR_ARRAY_LEN(arg), .min_words = 1, .max_words = 2};
	enum hr_table_form form;
	int64_t uw = 0;
	struct hr_err err = {0};
	enum hr_exit code;

	if (!hr_verb_begin(v, &a, argc, argv, &code))
		return code;
	bool is_get = strcmp(a.word[0], "get") == 0, is_set = strcmp(a.word[0], "set") == 0;
	int rc = hr_table_form_parse(form_text, &form, &err);

	if (rc == 0 && !is_get && !is_set)
		rc = hr_err_set(&err, -EINVAL, "found '%.40s', expected get or set", a.word[0]);
	if (rc == 0 && is_get != (a.n_words == 1))
		rc = hr_err_set(&err, -EINVAL, "%s",
				is_get ? "get takes no limit"
				       : "set takes a limit, as in: budget set 12kW");
	if (rc == 0 && is_set)
		rc = hr_power_parse(a.word[1], &uw, &err);
	if (rc == 0)
		rc = hr_api_init(&api, is_set, &err);
	if (rc == 0)
		rc = is_get ? get(&api, domain, form, &err)
			    : set(&api, domain, uw, emergency, by, &err);
	if (rc == -ENOSPC) {
		fprintf(stderr, "headroom budget: refused: %s\n", err.text);
		return HR_EXIT_REFUSED;
	}
	return rc < 0 ? hr_verb_fail(v, &err) : HR_EXIT_OK;
}

const struct hr_verb hr_verb_budget = {
    .name = "budget",
    .usage = "get|set LIMIT [OPTION...]",
    .about = "show or set the limits of the power tree",
    .more =
	"LIMIT is a power with its unit, as 12kW or '850 W'. A change is in force, and durable,\n"
	"when the command ends.",
    .run = run,
};
