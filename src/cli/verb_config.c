/* SPDX-License-Identifier: Apache-2.0 */
/*
 * headroom config: checks a file, shows what is in effect and where it came from, prints a
 * commented sample. All of it is made from the key tables of conf/.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "cli/verb.h"
#include "conf/agent.h"
#include "conf/controller.h"
#include "conf/guard.h"

#define WARNINGS_MAX 16

struct all {
	struct hr_conf_agent agent;
	struct hr_conf_guard guard;
	struct hr_conf_controller controller;
};

/* The struct of a section. */
static void *of(struct all *a, const struct hr_conf_table *t)
{
	if (t == &hr_conf_agent_table)
		return &a->agent;
	return t == &hr_conf_guard_table ? (void *)&a->guard : (void *)&a->controller;
}

static const char *from_environment(void *ctx, const char *name)
{
	(void)ctx;
	return getenv(name);
}

/* Has the file that section? At the start of a line, as YAML's keys of the outermost mapping. */
static bool has_section(const char *text, const char *name)
{
	size_t n = strlen(name);

	for (const char *at = text; at != NULL;
	     at = strchr(at, '\n') != NULL ? strchr(at, '\n') + 1 : NULL)
		if (strncmp(at, name, n) == 0 && at[n] == ':')
			return true;
	return false;
}

static int load(const char *path, bool named, char **ret_text, struct all *a, struct hr_err *reterr)
{
	struct hr_conf_input in = {.env = from_environment};
	int rc = hr_file_slurp(path, HR_CONF_TEXT_BYTES_MAX, ret_text, &in.bytes, reterr);

	if (rc == 0) {
		in.file = path;
		in.text = *ret_text;
	} else if (rc != -ENOENT || named) {
		return rc;
	}
	rc = 0;
	for (size_t i = 0; rc == 0 && hr_conf_sections[i] != NULL; i++)
		rc = hr_conf_load(hr_conf_sections[i], of(a, hr_conf_sections[i]), &in, reterr);
	return rc;
}

/* Between sections, for those that the file has. */
static int check_together(const struct all *a, const char *text, struct hr_err *reterr)
{
	struct hr_err warning[WARNINGS_MAX];
	struct hr_conf_node *node = NULL;
	size_t n = 0;
	int rc = 0;

	if (has_section(text, "agent") && has_section(text, "guard"))
		rc = hr_conf_guard_agrees(&a->guard, &a->agent, reterr);
	if (rc < 0 || !has_section(text, "controller"))
		return rc;
	rc = hr_conf_controller_nodes(&a->controller, &node, &n, reterr);
	free(node);
	if (rc < 0)
		return rc;
	n = hr_conf_controller_warn(&a->controller, warning, WARNINGS_MAX);
	for (size_t i = 0; i < n; i++)
		fprintf(stderr, "headroom config: note: %s\n", warning[i].text);
	return 0;
}

static int check(const struct all *a, const char *path, const char *text, struct hr_err *reterr)
{
	int rc = check_together(a, text, reterr);
	const char *comma = "";

	if (rc < 0)
		return rc;
	printf("%s: right (", path);
	for (size_t i = 0; hr_conf_sections[i] != NULL; i++)
		if (has_section(text, hr_conf_sections[i]->name)) {
			printf("%s%s", comma, hr_conf_sections[i]->name);
			comma = ", ";
		}
	puts(comma[0] != '\0' ? ")" : "no section)");
	return 0;
}

static int print_text(char *text, struct hr_err *reterr)
{
	if (text == NULL)
		return hr_err_set(reterr, -ENOMEM, "no memory");
	fputs(text, stdout);
	free(text);
	return 0;
}

static int print(struct all *a, bool origin, const char *section, struct hr_err *reterr)
{
	int rc = 0, n = 0;

	for (size_t i = 0; rc == 0 && hr_conf_sections[i] != NULL; i++) {
		const struct hr_conf_table *t = hr_conf_sections[i];

		if (section != NULL && strcmp(section, t->name) != 0)
			continue;
		rc = print_text(hr_conf_print(t, of(a, t), origin), reterr);
		n++;
	}
	if (n == 0)
		rc = hr_err_set(
		    reterr, -EINVAL,
		    "option --section: found '%.40s', expected agent, guard or controller",
		    section);
	return rc;
}

static int sample(const char *section, struct hr_err *reterr)
{
	int rc = 0, n = 0;

	for (size_t i = 0; rc == 0 && hr_conf_sections[i] != NULL; i++) {
		const struct hr_conf_table *t = hr_conf_sections[i];

		if (section != NULL && strcmp(section, t->name) != 0)
			continue;
		fputs(n++ > 0 ? "\n" : "", stdout);
		rc = print_text(hr_conf_sample(t), reterr);
	}
	if (n == 0)
		rc = hr_err_set(
		    reterr, -EINVAL,
		    "option --section: found '%.40s', expected agent, guard or controller",
		    section);
	return rc;
}

static int with_file(const struct hr_args *a, bool origin, const char *section,
		     struct hr_err *reterr)
{
	const char *path = a->n_words > 1 ? a->word[1] : HR_OPTIONS_CONFIG;
	bool is_check = strcmp(a->word[0], "check") == 0;
	struct all *all = calloc(1, sizeof(*all));
	char *text = NULL;

	if (all == NULL)
		return hr_err_set(reterr, -ENOMEM, "no memory");
	for (size_t i = 0; hr_conf_sections[i] != NULL; i++)
		hr_conf_init(hr_conf_sections[i], of(all, hr_conf_sections[i]));
	int rc = load(path, is_check || a->n_words > 1, &text, all, reterr);

	if (rc == 0)
		rc = is_check ? check(all, path, text, reterr)
			      : print(all, origin, section, reterr);
	for (size_t i = 0; hr_conf_sections[i] != NULL; i++)
		hr_conf_done(hr_conf_sections[i], of(all, hr_conf_sections[i]));
	free(text);
	free(all);
	return rc;
}

static enum hr_exit run(const struct hr_verb *v, int argc, char **argv)
{
	const char *section = NULL;
	bool origin = false;
	const struct hr_arg arg[] = {
	    {.name = "section",
	     .letter = 's',
	     .argument = "NAME",
	     .help = "print, sample: agent, guard or controller (all)",
	     .text = &section},
	    {.name = "origin", .help = "print: say where each value came from", .on = &origin},
	};
	struct hr_args a = {.arg = arg, .n = HR_ARRAY_LEN(arg), .min_words = 1, .max_words = 2};
	struct hr_err err = {0};
	enum hr_exit code;
	int rc;

	if (!hr_verb_begin(v, &a, argc, argv, &code))
		return code;
	if (strcmp(a.word[0], "check") == 0 || strcmp(a.word[0], "print") == 0)
		rc = with_file(&a, origin, section, &err);
	else if (strcmp(a.word[0], "sample") == 0)
		rc = sample(section, &err);
	else if (strcmp(a.word[0], "manual") == 0)
		rc = print_text(hr_conf_manual_page(), &err);
	else
		rc = hr_err_set(&err, -EINVAL,
				"found '%.40s', expected check, print, sample or manual",
				a.word[0]);
	return rc < 0 ? hr_verb_fail(v, &err) : HR_EXIT_OK;
}

const struct hr_verb hr_verb_config = {
    .name = "config",
    .usage = "check|print [FILE], sample, manual [OPTION...]",
    .about = "check, show or sample the configuration",
    .more = "check   say the first mistake of FILE (" HR_OPTIONS_CONFIG "), with its line\n"
	    "print   what is in effect: defaults, FILE, environment\n"
	    "sample  every key with its default and help, commented out\n"
	    "manual  headroom.conf(5), as scdoc wants it",
    .run = run,
};
