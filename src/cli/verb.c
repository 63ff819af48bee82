/* SPDX-License-Identifier: Apache-2.0 */
/* What all verbs do alike: arguments, help, mistakes. Knows no verb. */
#include "cli/verb.h"

#include <ctype.h>
#include <stdio.h>

bool hr_verb_begin(const struct hr_verb *v, struct hr_args *a, int argc, char **argv,
		   enum hr_exit *ret_exit)
{
	struct hr_err err = {0};

	if (hr_args_parse(a, argc, argv, &err) < 0) {
		*ret_exit = hr_verb_fail(v, &err);
		return false;
	}
	if (!a->help)
		return true;
	printf("Usage: headroom %s%s%s\n\n%c%s.\n", v->name, v->usage[0] != '\0' ? " " : "",
	       v->usage, toupper((unsigned char)v->about[0]), v->about + 1);
	if (v->more != NULL)
		printf("\n%s\n", v->more);
	printf("\nOptions:\n");
	hr_args_help(a);
	*ret_exit = HR_EXIT_OK;
	return false;
}

enum hr_exit hr_verb_fail(const struct hr_verb *v, const struct hr_err *err)
{
	fprintf(stderr, "headroom %s: %s\n", v->name, err->text);
	return (enum hr_exit)hr_options_exit(err->code);
}
