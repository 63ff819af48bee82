/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GNU long options of the front end's verbs, as a table: parser and --help are made from it. The
 * roles' executables have their own (options.h), because their keys are options too.
 */
#ifndef HR_CLI_ARGS_H
#define HR_CLI_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define HR_ARGS_WORDS_MAX 16

/* Exactly one of on, text, and number is set. */
struct hr_arg {
	const char *name;     /* long, without dashes */
	char letter;          /* short, or 0 */
	const char *argument; /* its name, for the help */
	const char *help;
	bool *on;
	const char **text;
	int64_t *number; /* whole, from min to max */
	int64_t min, max;
};

struct hr_args {
	const struct hr_arg *arg;
	size_t n;
	size_t min_words, max_words; /* besides options */
	bool help;                   /* --help was there */
	const char *word[HR_ARGS_WORDS_MAX];
	size_t n_words;
};

/*
 * Reads argv[1..]; options may stand anywhere, "--" ends them. 0, or -EINVAL with the sentence.
 * After --help nothing more is checked.
 */
int hr_args_parse(struct hr_args *a, int argc, char **argv, struct hr_err *reterr) HR_MUST_CHECK;

/* The list of options, one or two lines each, to stdout. */
void hr_args_help(const struct hr_args *a);

#endif
