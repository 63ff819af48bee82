/* SPDX-License-Identifier: Apache-2.0 */
/*
 * headroom node: what an operator can do about one node. The first three ask the controller;
 * restore works on this host, with its guard stopped.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/api.h"
#include "cli/place.h"
#include "cli/verb.h"
#include "model/ident.h"

static const struct {
	const char *name;
	const char *done;
} acts[] = {
    {"release", "nothing is charged for it any more; it is admitted anew when it reports"},
    {"leave", "it gets its original limits back as soon as its uncapped draw fits the budget"},
    {"stay", "it stays under the budget"},
};

static int ask(const struct hr_api *api, size_t act, const char *node, const char *by,
	       struct hr_err *reterr)
{
	char path[HR_NAME_BYTES + 64];
	json_t *answer = NULL;

	if (!hr_name_is_valid(node))
		return hr_err_set(reterr, -EINVAL, "'%.60s' is not the name of a node", node);
	json_t *body = by != NULL ? json_pack("{s:s}", "by", by) : json_object();

	snprintf(path, sizeof(path), "/api/v1/nodes/%s/%s", node, acts[act].name);
	int rc = hr_api_call(api, "POST", path, body, &answer, reterr);

	json_decref(body);
	json_decref(answer);
	if (rc == 0)
		printf("%s: %s\n", node, acts[act].done);
	return rc;
}

/* Becomes the guard's executable, which alone may write limits. */
static int restore(const char *config, const char *claims, struct hr_err *reterr)
{
	char path[HR_PLACE_BYTES];
	static char name[] = "headroom-guard", restore_word[] = "--restore";
	char *words[7] = {name, restore_word};
	size_t n = 2;
	int rc = hr_place_program(name, path, reterr);

	if (rc < 0)
		return rc;
	if (config != NULL) {
		words[n++] = strdup("--config");
		words[n++] = strdup(config);
	}
	if (claims != NULL) {
		words[n++] = strdup("--claims");
		words[n++] = strdup(claims);
	}
	execv(path, words);
	return hr_err_set(reterr, -errno, "cannot start %.200s: %s", path, strerror(errno));
}

static enum hr_exit run(const struct hr_verb *v, int argc, char **argv)
{
	struct hr_api api = {0};
	const char *by = NULL, *config = NULL, *claims = NULL;
	const struct hr_arg arg[] = {
	    {.name = "operator", .argument = "NAME", .help = "who, for the audit log", .text = &by},
	    {.name = "config",
	     .letter = 'c',
	     .argument = "FILE",
	     .help = "restore: the guard's configuration",
	     .text = &config},
	    {.name = "claims",
	     .argument = "DIR",
	     .help = "restore: where zones are claimed",
	     .text = &claims},
	    HR_API_ARGS(&api),
	    HR_API_TOKEN_ARG(&api),
	};
	struct hr_args a = {.arg = arg, .n = HR_ARRAY_LEN(arg), .min_words = 1, .max_words = 2};
	struct hr_err err = {0};
	enum hr_exit code;
	size_t act = 0;

	if (!hr_verb_begin(v, &a, argc, argv, &code))
		return code;
	bool is_restore = strcmp(a.word[0], "restore") == 0;
	int rc = 0;

	while (act < HR_ARRAY_LEN(acts) && strcmp(a.word[0], acts[act].name) != 0)
		act++;
	if (!is_restore && act == HR_ARRAY_LEN(acts))
		rc = hr_err_set(&err, -EINVAL,
				"found '%.40s', expected release, leave, stay or restore",
				a.word[0]);
	else if (is_restore != (a.n_words == 1))
		rc = hr_err_set(&err, -EINVAL, "%s",
				is_restore ? "restore works on this host and takes no name"
					   : "the name of a node is missing");
	else if (is_restore)
		rc = restore(config, claims, &err);
	else
		rc = hr_api_init(&api, true, &err);
	if (rc == 0)
		rc = ask(&api, act, a.word[1], by, &err);
	return rc < 0 ? hr_verb_fail(v, &err) : HR_EXIT_OK;
}

const struct hr_verb hr_verb_node = {
    .name = "node",
    .usage = "release|leave|stay NODE, restore [OPTION...]",
    .about = "release a node, let it leave or stay, restore its limits",
    .more = "release  end the charge of a node that is silent and known to be off\n"
	    "leave    give a node its original limits back, once its uncapped draw fits\n"
	    "stay     take a leave back\n"
	    "restore  on the node itself, its guard stopped: put the saved original limits back",
    .run = run,
};
