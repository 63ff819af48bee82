/* SPDX-License-Identifier: Apache-2.0 */
/* See options.h. Not the front end's verbs: those are one file each. */
#include "cli/options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

static const struct hr_option *find(const struct hr_options *o, const char *name, size_t n)
{
	for (size_t i = 0; i < o->n_options; i++)
		if (strlen(o->option[i].name) == n && strncmp(o->option[i].name, name, n) == 0)
			return &o->option[i];
	return NULL;
}

/* The value of an option: behind '=', or the next word. NULL: there is none. */
static const char *value_of(const char *arg, int argc, char **argv, int *i)
{
	const char *equals = strchr(arg, '=');

	if (equals != NULL)
		return equals + 1;
	return *i + 1 < argc ? argv[++*i] : NULL;
}

static int add_flag(struct hr_options *o, const char *name, size_t n, const char *text,
		    struct hr_err *reterr)
{
	if (o->n_flags == HR_OPTIONS_FLAGS_MAX || n >= HR_CONF_STRING_BYTES)
		return hr_err_set(reterr, -EINVAL, "too many options");
	char *path = o->path[o->n_flags];

	for (size_t i = 0; i < n; i++)
		path[i] = name[i] == '-' ? '_' : name[i];
	path[n] = '\0';
	o->flag[o->n_flags++] = (struct hr_conf_flag){.path = path, .text = text};
	return 0;
}

static int take(struct hr_options *o, int argc, char **argv, int *i, struct hr_err *reterr)
{
	const char *arg = argv[*i];

	if (strncmp(arg, "--", 2) != 0 || arg[2] == '\0')
		return hr_err_set(reterr, -EINVAL, "'%.80s' is not an option; see --help", arg);
	const char *name = arg + 2;
	size_t n = strcspn(name, "=");
	const struct hr_option *own = find(o, name, n);

	if (own != NULL && own->on != NULL) {
		*own->on = true;
		return 0;
	}
	const char *text = value_of(arg, argc, argv, i);

	if (text == NULL)
		return hr_err_set(reterr, -EINVAL, "option '%.80s' needs a value", arg);
	if (own != NULL)
		*own->text = text;
	else if (n == strlen("config") && strncmp(name, "config", n) == 0)
		o->config = text;
	else
		return add_flag(o, name, n, text, reterr);
	return 0;
}

int hr_options_parse(struct hr_options *o, int argc, char **argv, struct hr_err *reterr)
{
	int rc = 0;

	for (int i = 1; rc == 0 && i < argc; i++) {
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			o->help = true;
		else if (strcmp(argv[i], "--version") == 0)
			o->version = true;
		else if (strcmp(argv[i], "--verbose") == 0 || strcmp(argv[i], "-v") == 0)
			o->verbose = true;
		else
			rc = take(o, argc, argv, &i, reterr);
	}
	return rc;
}

static void print_option(const char *left, const char *help)
{
	printf("  %-20s %s\n", left, help);
}

/* Nested structs give "--http.listen". */
static void print_keys(const struct hr_conf_table *t, const char *prefix)
{
	for (size_t i = 0; i < t->n_keys; i++) {
		const struct hr_conf_key *k = &t->key[i];
		char name[HR_CONF_STRING_BYTES];

		snprintf(name, sizeof(name), "%s%s", prefix, k->name);
		if (k->type == HR_CONF_STRUCT) {
			snprintf(name, sizeof(name), "%s%s.", prefix, k->name);
			print_keys(k->table, name);
		} else {
			printf("  --%s\n      %s\n", name, k->help);
		}
	}
}

bool hr_options_answered(const struct hr_options *o)
{
	if (o->version) {
		printf("%s %s\n", o->program, HR_VERSION);
		return true;
	}
	if (!o->help)
		return false;
	printf("Usage: %s [--config FILE] [OPTION...]\n\n%s\n\n", o->program, o->about);
	print_option("--config FILE", "configuration (" HR_OPTIONS_CONFIG ")");
	for (size_t i = 0; i < o->n_options; i++) {
		char left[64];

		snprintf(left, sizeof(left), "--%s%s%s", o->option[i].name,
			 o->option[i].argument ? " " : "",
			 o->option[i].argument ? o->option[i].argument : "");
		print_option(left, o->option[i].help);
	}
	print_option("-v, --verbose", "say more");
	print_option("-h, --help", "this text");
	print_option("--version", "");
	putchar('\n');
	printf("Every key of section '%s:' is an option too, and wins over the file:\n",
	       o->table->name);
	print_keys(o->table, "");
	return true;
}

static const char *from_environment(void *ctx, const char *name)
{
	(void)ctx;
	return getenv(name);
}

int hr_options_load(const struct hr_options *o, void *conf, struct hr_err *reterr)
{
	const char *path = o->config != NULL ? o->config : HR_OPTIONS_CONFIG;
	struct hr_conf_input in = {
	    .env = from_environment,
	    .flag = o->flag,
	    .n_flags = o->n_flags,
	};
	char *text = NULL;
	int rc = hr_file_slurp(path, HR_CONF_TEXT_BYTES_MAX, &text, &in.bytes, reterr);

	if (rc == 0) {
		in.file = path;
		in.text = text;
	} else if (rc != -ENOENT || o->config != NULL) {
		return rc;
	}
	rc = hr_conf_load(o->table, conf, &in, reterr);
	free(text);
	return rc;
}

void hr_options_name(char name[HR_NAME_BYTES])
{
	if (name[0] == '\0' && gethostname(name, HR_NAME_BYTES - 1) < 0)
		name[0] = '\0';
}

int hr_options_exit(int err)
{
	switch (-err) {
	case 0:
		return HR_EXIT_OK;
	case EINVAL:
	case ERANGE:
		return HR_EXIT_USAGE;
	case EACCES:
	case EPERM:
		return HR_EXIT_PERMISSION;
	case ENODEV:
		return HR_EXIT_UNSUPPORTED;
	case ECONNREFUSED:
	case ETIMEDOUT:
	case EHOSTUNREACH:
		return HR_EXIT_UNREACHABLE;
	default:
		return HR_EXIT_FAILED;
	}
}
