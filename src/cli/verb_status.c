/* SPDX-License-Identifier: Apache-2.0 */
/*
 * headroom status: the cluster and its nodes, as the controller sees them. What is not known is
 * shown as "-", never as 0.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "cli/api.h"
#include "cli/table.h"
#include "cli/term.h"
#include "cli/verb.h"

static const char *const titles[] = {"NODE",       "CLASS",    "STATE",    ">DRAW W", ">CAP W",
				     ">CHARGED W", ">NEEDS W", ">LEASE S", ">SEEN S", "WHY"};

static const char *text_of(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s != NULL ? s : "";
}

/* A power in watts, if it is there. */
static void set_watts(struct hr_table *t, size_t column, const json_t *o, const char *key)
{
	char text[HR_UNITS_TEXT_BYTES];
	const json_t *v = json_object_get(o, key);

	if (json_is_integer(v))
		hr_table_set(t, column, "%s",
			     hr_power_format_watts(json_integer_value(v), 1, text));
}

static void set_seconds(struct hr_table *t, size_t column, const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);

	if (json_is_integer(v))
		hr_table_set(t, column, "%.1f", (double)json_integer_value(v) / 1e9);
}

static void add_node(struct hr_table *t, const json_t *o)
{
	const char *refused = text_of(o, "refused");
	const char *reason = text_of(o, "reason_sentence");

	hr_table_row(t);
	hr_table_set(t, 0, "%s", text_of(o, "name"));
	hr_table_set(t, 1, "%s", text_of(o, "class"));
	hr_table_set(t, 2, "%s%s", text_of(o, "state"),
		     json_is_false(json_object_get(o, "live")) ? ", silent" : "");
	set_watts(t, 3, o, "draw_uw");
	set_watts(t, 4, o, "applied_uw");
	set_watts(t, 5, o, "charged_uw");
	set_watts(t, 6, o, "need_uw");
	set_seconds(t, 7, o, "lease_left_ns");
	set_seconds(t, 8, o, "age_ns");
	/* what once refused it says nothing about a member */
	hr_table_set(t, 9, "%s", strcmp(text_of(o, "state"), "refused") == 0 ? refused : reason);
}

static double watts(const json_t *o, const char *key)
{
	return (double)json_integer_value(json_object_get(o, key)) / 1e6;
}

static void print_cluster(const json_t *o, FILE *f)
{
	double over = watts(o, "charged_over_budget_uw");

	fprintf(f,
		"%s%s%s: %s, epoch %" JSON_INTEGER_FORMAT ", budget version %" JSON_INTEGER_FORMAT
		", store %s\n",
		hr_term_colour(f, HR_TERM_BOLD), text_of(o, "name"),
		hr_term_colour(f, HR_TERM_PLAIN), text_of(o, "state"),
		json_integer_value(json_object_get(o, "epoch")),
		json_integer_value(json_object_get(o, "budget_version")), text_of(o, "store"));
	fprintf(f, "budget %.1f W, charged %.1f W, caps %.1f W, draw %.1f W", watts(o, "limit_uw"),
		watts(o, "charged_uw"), watts(o, "applied_uw"), watts(o, "draw_uw"));
	if (over > 0)
		fprintf(f, ", %sover the budget by %.1f W%s", hr_term_colour(f, HR_TERM_RED), over,
			hr_term_colour(f, HR_TERM_PLAIN));
	fputs("\n\n", f);
}

static int fetch(const struct hr_api *api, json_t **ret, struct hr_err *reterr)
{
	json_t *nodes = NULL;
	int rc = hr_api_call(api, "GET", "/api/v1/status", NULL, ret, reterr);

	if (rc == 0)
		rc = hr_api_call(api, "GET", "/api/v1/nodes", NULL, &nodes, reterr);
	if (rc < 0) {
		json_decref(*ret);
		*ret = NULL;
		return rc;
	}
	json_object_set_new(*ret, "node", json_incref(json_object_get(nodes, "nodes")));
	json_decref(nodes);
	return 0;
}

static void show(const json_t *o, enum hr_table_form form)
{
	struct hr_table t = {.n_columns = HR_ARRAY_LEN(titles), .title = titles};
	json_t *node;
	size_t i;

	if (form == HR_TABLE_JSON) {
		json_dumpf(o, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
		putchar('\n');
		return;
	}
	json_array_foreach(json_object_get(o, "node"), i, node) add_node(&t, node);
	if (form == HR_TABLE_ALIGNED)
		print_cluster(o, stdout);
	hr_table_print(&t, form, stdout);
	hr_table_done(&t);
}

/* Once, or again and again until it is interrupted. */
static int follow(const struct hr_api *api, enum hr_table_form form, int64_t seconds,
		  struct hr_err *reterr)
{
	bool clear = seconds > 0 && form == HR_TABLE_ALIGNED && hr_term_is_tty(stdout);

	for (;;) {
		json_t *o = NULL;
		int rc = fetch(api, &o, reterr);

		if (rc < 0)
			return rc;
		if (clear)
			fputs("\033[H\033[J", stdout);
		show(o, form);
		json_decref(o);
		if (seconds == 0 || fflush(stdout) != 0)
			return 0;
		(void)poll(NULL, 0, (int)seconds * 1000);
	}
}

static enum hr_exit run(const struct hr_verb *v, int argc, char **argv)
{
	struct hr_api api = {0};
	const char *form_text = "table";
	int64_t seconds = 0;
	const struct hr_arg arg[] = {
	    {.name = "output",
	     .letter = 'o',
	     .argument = "FORM",
	     .help = "table, json or csv (table)",
	     .text = &form_text},
	    {.name = "watch",
	     .letter = 'w',
	     .argument = "SECONDS",
	     .help = "again every so often",
	     .number = &seconds,
	     .min = 1,
	     .max = 3600},
	    HR_API_ARGS(&api),
	};
	struct hr_args a = {.arg = arg, .n = HR_ARRAY_LEN(arg)};
	enum hr_table_form form;
	struct hr_err err = {0};
	enum hr_exit code;

	if (!hr_verb_begin(v, &a, argc, argv, &code))
		return code;
	int rc = hr_table_form_parse(form_text, &form, &err);

	if (rc == 0)
		rc = hr_api_init(&api, false, &err);
	if (rc == 0)
		rc = follow(&api, form, seconds, &err);
	return rc < 0 ? hr_verb_fail(v, &err) : HR_EXIT_OK;
}

const struct hr_verb hr_verb_status = {
    .name = "status",
    .usage = "[OPTION...]",
    .about = "the cluster and its nodes: budget, charges, caps, draw",
    .run = run,
};
