/* SPDX-License-Identifier: Apache-2.0 */
/* See args.h. Knows no verb. Invariant: no value is stored before it was checked. */
#include "cli/args.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct hr_arg *find_name(const struct hr_args *a, const char *name, size_t n)
{
	for (size_t i = 0; i < a->n; i++)
		if (strlen(a->arg[i].name) == n && strncmp(a->arg[i].name, name, n) == 0)
			return &a->arg[i];
	return NULL;
}

static const struct hr_arg *find_letter(const struct hr_args *a, char letter)
{
	for (size_t i = 0; i < a->n; i++)
		if (a->arg[i].letter != 0 && a->arg[i].letter == letter)
			return &a->arg[i];
	return NULL;
}

static int take_number(const struct hr_arg *arg, const char *text, struct hr_err *reterr)
{
	char *end;

	errno = 0;
	long long v = strtoll(text, &end, 10);

	if (end == text || *end != '\0' || errno != 0 || v < arg->min || v > arg->max)
		return hr_err_set(
		    reterr, -EINVAL,
		    "option --%s: found '%.60s', expected a whole number from %" PRId64
		    " to %" PRId64,
		    arg->name, text, arg->min, arg->max);
	*arg->number = v;
	return 0;
}

/* value: behind '=', or NULL; else the next word is taken. */
static int take(const struct hr_arg *arg, const char *value, int argc, char **argv, int *i,
		struct hr_err *reterr)
{
	if (arg->on != NULL) {
		if (value != NULL)
			return hr_err_set(reterr, -EINVAL, "option --%s takes no value", arg->name);
		*arg->on = true;
		return 0;
	}
	if (value == NULL && *i + 1 < argc)
		value = argv[++*i];
	if (value == NULL)
		return hr_err_set(reterr, -EINVAL, "option --%s needs a value: %s", arg->name,
				  arg->argument);
	if (arg->number != NULL)
		return take_number(arg, value, reterr);
	*arg->text = value;
	return 0;
}

static int take_option(const struct hr_args *a, int argc, char **argv, int *i,
		       struct hr_err *reterr)
{
	const char *word = argv[*i];
	const struct hr_arg *arg;
	const char *value = NULL;

	if (word[1] == '-') {
		size_t n = strcspn(word + 2, "=");

		arg = find_name(a, word + 2, n);
		value = word[2 + n] == '=' ? word + 3 + n : NULL;
	} else {
		arg = find_letter(a, word[1]);
		value = word[1] != '\0' && word[2] != '\0' ? word + 2 : NULL;
	}
	if (arg == NULL)
		return hr_err_set(reterr, -EINVAL, "there is no option '%.80s'; see --help", word);
	return take(arg, value, argc, argv, i, reterr);
}

static int check_words(const struct hr_args *a, struct hr_err *reterr)
{
	if (a->n_words < a->min_words)
		return hr_err_set(reterr, -EINVAL, "%s is missing; see --help",
				  a->n_words == 0 ? "an argument" : "another argument");
	if (a->n_words > a->max_words)
		return hr_err_set(reterr, -EINVAL, "'%.80s' is one argument too many; see --help",
				  a->word[a->max_words]);
	return 0;
}

int hr_args_parse(struct hr_args *a, int argc, char **argv, struct hr_err *reterr)
{
	bool options = true;

	a->n_words = 0;
	for (int i = 1; i < argc; i++) {
		const char *word = argv[i];
		int rc = 0;

		if (options && strcmp(word, "--") == 0) {
			options = false;
		} else if (options && (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)) {
			a->help = true;
			return 0;
		} else if (options && word[0] == '-' && word[1] != '\0') {
			rc = take_option(a, argc, argv, &i, reterr);
		} else if (a->n_words == HR_ARGS_WORDS_MAX) {
			rc = hr_err_set(reterr, -EINVAL, "too many arguments; see --help");
		} else {
			a->word[a->n_words++] = word;
		}
		if (rc < 0)
			return rc;
	}
	return check_words(a, reterr);
}

void hr_args_help(const struct hr_args *a)
{
	char left[80];

	for (size_t i = 0; i < a->n; i++) {
		const struct hr_arg *g = &a->arg[i];

		if (g->letter != 0)
			snprintf(left, sizeof(left), "-%c, --%s%s%s", g->letter, g->name,
				 g->argument != NULL ? " " : "",
				 g->argument != NULL ? g->argument : "");
		else
			snprintf(left, sizeof(left), "    --%s%s%s", g->name,
				 g->argument != NULL ? " " : "",
				 g->argument != NULL ? g->argument : "");
		printf("  %-26s %s\n", left, g->help);
	}
	printf("  %-26s %s\n", "-h, --help", "this text");
}
