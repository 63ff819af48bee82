/* SPDX-License-Identifier: Apache-2.0 */
/*
 * headroom doctor: what can be read and capped on this host, what is missing, and the exact fix.
 * Looks only.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "cli/table.h"
#include "cli/term.h"
#include "cli/verb.h"
#include "hw/probe.h"

static void print_text(const struct hr_probe *p)
{
	static const enum hr_term_colour colour[] = {
	    [HR_PROBE_OK] = HR_TERM_GREEN,
	    [HR_PROBE_NOTE] = HR_TERM_YELLOW,
	    [HR_PROBE_PROBLEM] = HR_TERM_RED,
	};

	for (size_t i = 0; i < p->n; i++) {
		const struct hr_probe_finding *f = &p->finding[i];

		printf("%s%-7s%s  ", hr_term_colour(stdout, colour[f->level]),
		       hr_probe_level_name(f->level), hr_term_colour(stdout, HR_TERM_PLAIN));
		if (f->zone[0] != '\0')
			printf("%s (%s): ", f->zone, f->name);
		printf("%s\n", f->what);
		if (f->fix[0] != '\0')
			printf("         fix: %s\n", f->fix);
	}
	printf("\n%zu zone%s can be read, %zu can be capped by this user.\n", p->n_metered,
	       p->n_metered == 1 ? "" : "s", p->n_capped);
}

static void print_json(const struct hr_probe *p)
{
	json_t *list = json_array();
	json_t *o = json_pack("{s:I, s:I, s:o}", "metered", (json_int_t)p->n_metered, "capped",
			      (json_int_t)p->n_capped, "findings", list);

	for (size_t i = 0; i < p->n; i++) {
		const struct hr_probe_finding *f = &p->finding[i];

		json_array_append_new(list,
				      json_pack("{s:s, s:s, s:s, s:s, s:s}", "level",
						hr_probe_level_name(f->level), "zone", f->zone,
						"name", f->name, "what", f->what, "fix", f->fix));
	}
	json_dumpf(o, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
	putchar('\n');
	json_decref(o);
}

/* Something can be capped, or could be by root, or nothing is there. */
static enum hr_exit verdict(const struct hr_probe *p)
{
	bool zones = false;

	for (size_t i = 0; i < p->n; i++)
		zones |= p->finding[i].zone[0] != '\0';
	if (p->n_capped > 0)
		return HR_EXIT_OK;
	return zones && geteuid() != 0 ? HR_EXIT_PERMISSION : HR_EXIT_UNSUPPORTED;
}

static enum hr_exit run(const struct hr_verb *v, int argc, char **argv)
{
	const char *root = "/", *form_text = "table";
	const struct hr_arg arg[] = {
	    {.name = "root",
	     .argument = "DIR",
	     .help = "look under this directory (/)",
	     .text = &root},
	    {.name = "output",
	     .letter = 'o',
	     .argument = "FORM",
	     .help = "table or json (table)",
	     .text = &form_text},
	};
	struct hr_args a = {.arg = arg, .n = HR_ARRAY_LEN(arg)};
	enum hr_table_form form;
	struct hr_err err = {0};
	enum hr_exit code;

	if (!hr_verb_begin(v, &a, argc, argv, &code))
		return code;
	int rc = hr_table_form_parse(form_text, &form, &err);

	if (rc == 0 && form == HR_TABLE_CSV)
		rc = hr_err_set(&err, -EINVAL, "option -o: sentences are not CSV: table or json");
	int fd = rc == 0 ? open(root, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;

	if (rc == 0 && fd < 0)
		rc = hr_err_set(&err, -errno, "option --root: %.200s: %s", root, strerror(errno));
	struct hr_probe *p = calloc(1, sizeof(*p));

	if (rc == 0 && (p == NULL || hr_probe_run(fd, p) < 0))
		rc = hr_err_set(&err, -ENOMEM, "no memory");
	if (fd >= 0)
		close(fd);
	if (rc < 0 || p == NULL) {
		code = hr_verb_fail(v, &err);
	} else {
		if (form == HR_TABLE_JSON)
			print_json(p);
		else
			print_text(p);
		code = verdict(p);
	}
	free(p);
	return code;
}

const struct hr_verb hr_verb_doctor = {
    .name = "doctor",
    .usage = "[OPTION...]",
    .about = "what can be read and capped on this host, and how to fix the rest",
    .more = "Ends with 0 if something can be capped, 3 if root could, 4 if there is nothing.",
    .run = run,
};
