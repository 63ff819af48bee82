/* SPDX-License-Identifier: Apache-2.0 */
/*
 * headroom explain NODE: why its cap is what it is, in sentences, newest last.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "cli/api.h"
#include "cli/table.h"
#include "cli/term.h"
#include "cli/verb.h"
#include "model/ident.h"

static const char *text_of(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s != NULL ? s : "";
}

/* "12.5 W", or "unknown". */
static const char *watts_of(const json_t *o, const char *key, char buf[HR_UNITS_TEXT_BYTES + 4])
{
	const json_t *v = json_object_get(o, key);
	char text[HR_UNITS_TEXT_BYTES];

	if (!json_is_integer(v))
		snprintf(buf, HR_UNITS_TEXT_BYTES + 4, "unknown");
	else
		snprintf(buf, HR_UNITS_TEXT_BYTES + 4, "%s W",
			 hr_power_format_watts(json_integer_value(v), 1, text));
	return buf;
}

static void print_now(const json_t *o)
{
	char a[HR_UNITS_TEXT_BYTES + 4], b[HR_UNITS_TEXT_BYTES + 4], c[HR_UNITS_TEXT_BYTES + 4];
	const json_t *lease = json_object_get(o, "lease_left_ns");

	printf("%s%s%s is a %s, class %s.\n", hr_term_colour(stdout, HR_TERM_BOLD),
	       text_of(o, "name"), hr_term_colour(stdout, HR_TERM_PLAIN), text_of(o, "state"),
	       text_of(o, "class"));
	if (strcmp(text_of(o, "state"), "refused") == 0)
		printf("It is refused: %s.\n", text_of(o, "refused"));
	if (json_object_get(o, "applied_uw") == NULL) {
		puts("It has not reported yet.");
		return;
	}
	printf("It may draw %s and draws %s; %s is charged for it.\n", watts_of(o, "applied_uw", a),
	       watts_of(o, "draw_uw", b), watts_of(o, "charged_uw", c));
	printf("Its share in the last round was %s: %s.\n", watts_of(o, "target_uw", a),
	       text_of(o, "reason_sentence"));
	printf("It can be given %s to %s; without a grant it falls to %s.\n",
	       watts_of(o, "floor_uw", a), watts_of(o, "ceiling_uw", b), watts_of(o, "safe_uw", c));
	if (json_is_true(json_object_get(o, "hungry")))
		puts("It is hungry: it would draw more if it were allowed to.");
	if (json_is_integer(lease)) {
		double s = (double)json_integer_value(lease) / 1e9;

		if (s >= 0)
			printf("Its lease ends in %.1f s.\n", s);
		else
			printf("Its lease ended %.1f s ago.\n", -s);
	}
	if (text_of(o, "fault")[0] != '\0' && strcmp(text_of(o, "fault"), "none") != 0)
		printf("Fault: %s.\n", text_of(o, "fault"));
}

static void print_events(const json_t *events)
{
	char a[HR_UNITS_TEXT_BYTES + 4], b[HR_UNITS_TEXT_BYTES + 4];
	json_t *e;
	size_t i;

	if (json_array_size(events) > 0)
		puts("");
	json_array_foreach(events, i, e)
	    /* to the millisecond */
	    printf("%.23sZ  from %s to %s: %s\n", text_of(e, "at"), watts_of(e, "before_uw", a),
		   watts_of(e, "after_uw", b), text_of(e, "sentence"));
}

static int explain(const struct hr_api *api, const char *node, int64_t limit,
		   enum hr_table_form form, struct hr_err *reterr)
{
	char path[HR_NAME_BYTES + 80];
	json_t *o = NULL, *events = NULL;

	if (!hr_name_is_valid(node))
		return hr_err_set(reterr, -EINVAL, "'%.60s' is not the name of a node", node);
	snprintf(path, sizeof(path), "/api/v1/nodes/%s", node);
	int rc = hr_api_call(api, "GET", path, NULL, &o, reterr);

	if (rc < 0)
		return rc;
	snprintf(path, sizeof(path), "/api/v1/events?node=%s&limit=%" PRId64, node, limit);
	rc = hr_api_call(api, "GET", path, NULL, &events, reterr);
	if (rc == 0 && form == HR_TABLE_JSON) {
		json_object_set(o, "events", json_object_get(events, "events"));
		json_dumpf(o, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
		putchar('\n');
	} else if (rc == 0) {
		print_now(o);
		print_events(json_object_get(events, "events"));
	}
	json_decref(events);
	json_decref(o);
	return rc;
}

static enum hr_exit run(const struct hr_verb *v, int argc, char **argv)
{
	struct hr_api api = {0};
	const char *form_text = "table";
	int64_t limit = 20;
	const struct hr_arg arg[] = {
	    {.name = "limit",
	     .letter = 'n',
	     .argument = "N",
	     .help = "newest changes to show (20)",
	     .number = &limit,
	     .min = 1,
	     .max = 8192},
	    {.name = "output",
	     .letter = 'o',
	     .argument = "FORM",
	     .help = "table or json (table)",
	     .text = &form_text},
	    HR_API_ARGS(&api),
	};
	struct hr_args a = {.arg = arg, .n = HR_ARRAY_LEN(arg), .min_words = 1, .max_words = 1};
	enum hr_table_form form;
	struct hr_err err = {0};
	enum hr_exit code;

	if (!hr_verb_begin(v, &a, argc, argv, &code))
		return code;
	int rc = hr_table_form_parse(form_text, &form, &err);

	if (rc == 0 && form == HR_TABLE_CSV)
		rc = hr_err_set(&err, -EINVAL, "option -o: sentences are not CSV: table or json");
	if (rc == 0)
		rc = hr_api_init(&api, false, &err);
	if (rc == 0)
		rc = explain(&api, a.word[0], limit, form, &err);
	return rc < 0 ? hr_verb_fail(v, &err) : HR_EXIT_OK;
}

const struct hr_verb hr_verb_explain = {
    .name = "explain",
    .usage = "NODE [OPTION...]",
    .about = "why the cap of a node is what it is",
    .run = run,
};
