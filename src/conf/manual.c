/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What people read about the keys, made from the tables: the manual page's source (scdoc) and
 * the commented sample.
 *
 * Invariant: the sample, as it is and with its keys uncommented, parses to the defaults.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/keys.h"
#include "conf/text.h"
#include "conf/value.h"

#define SAMPLE_COLUMNS 96

/* scdoc takes these for markup. */
static void add_escaped(struct hr_text *out, const char *text)
{
	for (; *text != '\0'; text++)
		hr_text_add(out, "%s%c", strchr("\\*_<>[]#~`", *text) != NULL ? "\\" : "", *text);
}

/* Type, range and default in one line: "power from 0 W to 1 MW, with its unit; default 40 W". */
static void describe(const struct hr_conf_key *k, char *buf, size_t bytes)
{
	char expected[200];
	char value[HR_CONF_VALUE_BYTES];
	void *field = calloc(1, k->bytes);
	const char *text = "[]";

	if (k->type != HR_CONF_LIST && field != NULL) {
		if (k->unset != NULL)
			HR_CHECK(hr_conf_value_parse(k, k->unset, strlen(k->unset), field, NULL) ==
				 0);
		text = hr_conf_value_format(k, field, value);
	}
	free(field);
	if (k->type == HR_CONF_STRING)
		(void)snprintf(expected, sizeof(expected), "a text");
	else
		(void)hr_conf_value_expected(k, expected, sizeof(expected));
	if (k->required && k->unset == NULL)
		(void)snprintf(buf, bytes, "%s; required", expected);
	else if (strcmp(text, "\"\"") == 0)
		(void)snprintf(buf, bytes, "%s; default empty", expected);
	else
		(void)snprintf(buf, bytes, "%s; default %s", expected, text);
}

/* path: "http." for the keys of a nested struct, else "" */
static void manual_keys(struct hr_text *out, const struct hr_conf_table *t, const char *path,
			int depth)
{
	char about[400];
	char below[80];

	for (size_t i = 0; i < t->n_keys; i++) {
		const struct hr_conf_key *k = &t->key[i];

		if (k->type == HR_CONF_STRUCT) {
			(void)snprintf(below, sizeof(below), "%s%s.", path, k->name);
			manual_keys(out, k->table, below, depth);
			continue;
		}
		describe(k, about, sizeof(about));
		hr_text_add(out, "%.*s*", depth, "\t\t\t\t");
		add_escaped(out, path);
		add_escaped(out, k->name);
		hr_text_add(out, "*: ");
		add_escaped(out, about);
		hr_text_add(out, "\n%.*s", depth + 1, "\t\t\t\t");
		add_escaped(out, k->help);
		hr_text_add(out, "\n\n");
		for (const struct hr_conf_choice *c = k->choice; c != NULL && c->name != NULL;
		     c++) {
			hr_text_add(out, "%.*s_", depth + 1, "\t\t\t\t");
			add_escaped(out, c->name);
			hr_text_add(out, "_: ");
			add_escaped(out, c->help);
			hr_text_add(out, "\n\n");
		}
		if (k->example != NULL) {
			hr_text_add(out, "%.*sExample: ", depth + 1, "\t\t\t\t");
			add_escaped(out, path);
			add_escaped(out, k->name);
			hr_text_add(out, ": ");
			add_escaped(out, k->example);
			hr_text_add(out, "\n\n");
		}
		if (k->type == HR_CONF_LIST && k->table->key[0].name[0] != '\0' && depth < 2) {
			hr_text_add(out, "%.*sKeys of each item:\n\n", depth + 1, "\t\t\t\t");
			manual_keys(out, k->table, "", depth + 1);
		}
	}
}

static void manual_section(struct hr_text *out, const struct hr_conf_table *t)
{
	hr_text_add(out, "# SECTION ");
	for (const char *c = t->name; *c != '\0'; c++)
		hr_text_add(out, "%c", *c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c);
	hr_text_add(out, "\n\n");
	add_escaped(out, t->help);
	hr_text_add(out, "\n\n");
	manual_keys(out, t, "", 0);
}

char *hr_conf_manual(const struct hr_conf_table *t)
{
	struct hr_text out = {0};

	manual_section(&out, t);
	return hr_text_take(&out);
}

static const char manual_head[] =
    "headroom.conf(5)\n\n"
    "# NAME\n\n"
    "headroom.conf - configuration of agent, guard and controller\n\n"
    "# SYNOPSIS\n\n"
    "/etc/headroom/headroom.conf\n\n"
    "# DESCRIPTION\n\n"
    "The file is YAML: one mapping of sections, each with its keys indented below it. A role "
    "reads its own section, so one file may serve all roles of a host. A section or key that "
    "is not there has its default.\n\n"
    "Reading is strict: an unknown or repeated key, a value of the wrong type, a missing unit "
    "and a value out of range are errors that name the file and the line. Anchors, aliases and "
    "tags are not taken. Texts that begin with a sign, or hold \\: or \\#, belong in quotes.\n\n"
    "A value is taken from the first of: the flag on the command line; the environment "
    "variable _HEADROOM\\_SECTION\\_KEY_, such as HEADROOM\\_AGENT\\_RATE\\_HZ, or for a key "
    "within a key HEADROOM\\_CONTROLLER\\_HTTP\\_LISTEN; the file; the default. A reload takes "
    "all of the new file or, if anything in it is wrong, nothing.\n\n"
    "Powers are written with uW, mW, W, kW or MW, and mean power at the wall; time spans with "
    "ns, us, ms, s, min, h or d. Times of day are UTC.\n\n";

static const char manual_tail[] =
    "# EXAMPLE\n\n"
    "```\n"
    "controller:\n"
    "  listen: \"*:7710\"\n"
    "  budget: 12 kW\n"
    "  domains:\n"
    "    - {name: rack1, limit: 6 kW}\n"
    "    - {name: rack2, limit: 6 kW}\n"
    "  nodes:\n"
    "    - {name: \"node[01-16]\", domain: rack1, safe: 150 W}\n"
    "    - {name: \"node[17-32]\", domain: rack2, safe: 150 W, class: replica}\n"
    "```\n\n"
    "# SEE ALSO\n\n"
    "*headroom*(1), *headroom-agent*(8), *headroom-guard*(8), *headroom-controller*(8)\n";

char *hr_conf_manual_page(void)
{
	struct hr_text out = {0};

	hr_text_add(&out, "%s", manual_head);
	for (size_t i = 0; hr_conf_sections[i] != NULL; i++)
		manual_section(&out, hr_conf_sections[i]);
	hr_text_add(&out, "%s", manual_tail);
	return hr_text_take(&out);
}

/* A comment, broken between words. */
static void comment(struct hr_text *out, int indent, const char *text)
{
	size_t column = 0;

	while (*text != '\0') {
		size_t n = strcspn(text, " ");

		if (column == 0 || column + 1 + n > SAMPLE_COLUMNS) {
			hr_text_add(out, "%s%*s#", column > 0 ? "\n" : "", indent, "");
			column = (size_t)indent + 1;
		}
		hr_text_add(out, " %.*s", (int)n, text);
		column += 1 + n;
		text += n + strspn(text + n, " ");
	}
	hr_text_add(out, "\n");
}

static void sample_keys(struct hr_text *out, const struct hr_conf_table *t, const char *base,
			int indent)
{
	char value[HR_CONF_VALUE_BYTES];
	char about[400];
	char shown[600];

	for (size_t i = 0; i < t->n_keys; i++) {
		const struct hr_conf_key *k = &t->key[i];

		hr_text_add(out, "\n");
		comment(out, indent, k->help);
		if (k->type == HR_CONF_STRUCT) {
			hr_text_add(out, "%*s%s:\n", indent, "", k->name);
			sample_keys(out, k->table, base + k->offset, indent + 2);
			continue;
		}
		describe(k, about, sizeof(about));
		(void)snprintf(shown, sizeof(shown), "(%s)", about);
		comment(out, indent, shown);
		for (const struct hr_conf_choice *c = k->choice; c != NULL && c->name != NULL;
		     c++) {
			(void)snprintf(shown, sizeof(shown), "  %s: %s", c->name, c->help);
			comment(out, indent, shown);
		}
		if (k->example != NULL) {
			(void)snprintf(shown, sizeof(shown), "Example: %s: %s", k->name,
				       k->example);
			comment(out, indent, shown);
		}
		hr_text_add(out, "%*s#%s: %s\n", indent, "", k->name,
			    k->type == HR_CONF_LIST
				? "[]"
				: hr_conf_value_format(k, base + k->offset, value));
	}
}

char *hr_conf_sample(const struct hr_conf_table *t)
{
	struct hr_text out = {0};
	char *conf = malloc(t->bytes);

	if (conf == NULL)
		return NULL;
	hr_conf_defaults(t, conf);
	comment(&out, 0, t->help);
	hr_text_add(&out, "%s:\n", t->name);
	sample_keys(&out, t, conf, 2);
	free(conf);
	return hr_text_take(&out);
}
