/* SPDX-License-Identifier: Apache-2.0 */
/*
 * headroom agent|guard|controller: becomes the small executable of that role, which answers the
 * rest of the command line itself.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/place.h"
#include "cli/verb.h"

static enum hr_exit become(const struct hr_verb *v, int argc, char **argv)
{
	char name[64], path[HR_PLACE_BYTES];
	struct hr_err err = {0};

	(void)argc;
	snprintf(name, sizeof(name), "headroom-%s", v->name);
	if (hr_place_program(name, path, &err) < 0)
		return hr_verb_fail(v, &err);
	argv[0] = name;
	execv(path, argv);
	hr_err_set(&err, -errno, "cannot start %.200s: %s", path, strerror(errno));
	return hr_verb_fail(v, &err);
}

const struct hr_verb hr_verb_agent = {
    .name = "agent",
    .usage = "[OPTION...]",
    .about = "measure a node, report, divide its cap",
    .run = become,
};

const struct hr_verb hr_verb_guard = {
    .name = "guard",
    .usage = "[OPTION...]",
    .about = "hold a node's limits; lower them when no grant comes",
    .run = become,
};

const struct hr_verb hr_verb_controller = {
    .name = "controller",
    .usage = "[OPTION...]",
    .about = "keep a cluster within its budget",
    .run = become,
};
