/* SPDX-License-Identifier: Apache-2.0 */
/*
 * headroom: one program, one verb for each thing that people do. Here is the list of verbs; what
 * they do is in verb_NAME.c.
 */
#include <stdio.h>
#include <string.h>

#include "cli/verb.h"
#include "conf/keys.h"

static const struct hr_verb *const verbs[] = {
    &hr_verb_agent,  &hr_verb_guard,  &hr_verb_controller, &hr_verb_status,
    &hr_verb_budget, &hr_verb_node,   &hr_verb_explain,    &hr_verb_doctor,
    &hr_verb_keys,   &hr_verb_config, &hr_verb_demo,
};

static int print_version(void)
{
	puts("headroom " HR_VERSION);
	puts("features: powercap replay zeromq-curve sqlite http-tls " HR_FEATURES);
	return HR_EXIT_OK;
}

static int print_help(void)
{
	puts("Usage: headroom VERB [ARGUMENT...]\n\n"
	     "Keeps a cluster of machines under its power budget.\n");
	for (size_t i = 0; i < HR_ARRAY_LEN(verbs); i++)
		if (HR_WITH_VHW || verbs[i] != &hr_verb_demo)
			printf("  %-12s %s\n", verbs[i]->name, verbs[i]->about);
	puts(
	    "\n'headroom VERB --help' says more about one of them; 'headroom --version' tells the\n"
	    "version and what was built in.");
	return HR_EXIT_OK;
}

static const struct hr_verb *find(const char *name)
{
	for (size_t i = 0; i < HR_ARRAY_LEN(verbs); i++)
		if (strcmp(verbs[i]->name, name) == 0)
			return verbs[i];
	return NULL;
}

static int unknown(const char *name)
{
	const char *names[HR_ARRAY_LEN(verbs)];

	for (size_t i = 0; i < HR_ARRAY_LEN(verbs); i++)
		names[i] = verbs[i]->name;
	const char *near = hr_conf_nearest(name, names, HR_ARRAY_LEN(verbs));

	fprintf(stderr, "headroom: there is no verb '%.60s'%s%s%s; see headroom --help\n", name,
		near != NULL ? " (did you mean '" : "", near != NULL ? near : "",
		near != NULL ? "'?)" : "");
	return HR_EXIT_USAGE;
}

int main(int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : NULL;

	if (word == NULL) {
		fputs("headroom: a verb is missing; see headroom --help\n", stderr);
		return HR_EXIT_USAGE;
	}
	if (strcmp(word, "--version") == 0 || strcmp(word, "version") == 0)
		return print_version();
	if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
		return print_help();
	if (strcmp(word, "help") == 0) {
		if (argc < 3)
			return print_help();
		static char help[] = "--help";
		char *more[] = {argv[2], help, NULL};
		const struct hr_verb *v = find(argv[2]);

		return v != NULL ? (int)v->run(v, 2, more) : unknown(argv[2]);
	}
	const struct hr_verb *v = find(word);

	return v != NULL ? (int)v->run(v, argc - 1, argv + 1) : unknown(word);
}
