/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verbs of "headroom": one file each, verb_NAME.c, which exports one struct. main.c holds the
 * list and nothing else.
 */
#ifndef HR_CLI_VERB_H
#define HR_CLI_VERB_H

#include "cli/args.h"
#include "cli/options.h"

struct hr_verb {
	const char *name;
	const char *usage; /* what stands after the verb: "get|set [OPTION...]" */
	const char *about; /* one line */
	const char *more;  /* further lines of the verb's help, or NULL */
	/* argv[0] is the verb's name. Prints what there is to print, mistakes too. */
	enum hr_exit (*run)(const struct hr_verb *v, int argc, char **argv);
};

extern const struct hr_verb hr_verb_agent, hr_verb_guard, hr_verb_controller, hr_verb_status,
    hr_verb_budget, hr_verb_node, hr_verb_explain, hr_verb_doctor, hr_verb_keys, hr_verb_config,
    hr_verb_demo;

/*
 * Parses the verb's arguments. True: go on; false: end with *ret_exit, as help or the mistake has
 * been printed.
 */
bool hr_verb_begin(const struct hr_verb *v, struct hr_args *a, int argc, char **argv,
		   enum hr_exit *ret_exit);

/* "headroom VERB: sentence" to stderr; the exit code of err->code. */
enum hr_exit hr_verb_fail(const struct hr_verb *v, const struct hr_err *err);

#endif
