/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line of the roles' executables: "--config FILE", the executable's own options, and
 * every key of the role's section as a long option ("--rate_hz 20", "--http.listen=..."; '-' may
 * stand for '_').
 */
#ifndef HR_CLI_OPTIONS_H
#define HR_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/log.h"
#include "conf/keys.h"
#include "model/ident.h"

#define HR_OPTIONS_CONFIG "/etc/headroom/headroom.yaml"
#define HR_OPTIONS_FLAGS_MAX 64

enum hr_exit {
	HR_EXIT_OK,
	HR_EXIT_FAILED,
	HR_EXIT_USAGE,
	HR_EXIT_PERMISSION,
	HR_EXIT_UNSUPPORTED,
	HR_EXIT_UNREACHABLE,
	HR_EXIT_NOT_ENFORCED,
	HR_EXIT_REFUSED,
};

/* An option beside the keys. Exactly one of text and on is set. */
struct hr_option {
	const char *name;
	const char *argument; /* its name, for the help */
	const char *help;
	const char **text;
	bool *on;
};

struct hr_options {
	const char *program;
	const char *about; /* one sentence */
	const struct hr_option *option;
	size_t n_options;
	const struct hr_conf_table *table;

	const char *config;
	bool verbose;
	bool help;
	bool version;
	size_t n_flags;
	struct hr_conf_flag flag[HR_OPTIONS_FLAGS_MAX];
	char path[HR_OPTIONS_FLAGS_MAX][HR_CONF_STRING_BYTES];
};

/* program, about, option and table are set by the caller. 0 or -EINVAL with the sentence. */
int hr_options_parse(struct hr_options *o, int argc, char **argv,
		     struct hr_err *reterr) HR_MUST_CHECK;

/* Prints help or version if that was asked for; whether it did. */
bool hr_options_answered(const struct hr_options *o);

/*
 * Loads the configuration into *conf (as hr_conf_load) from file, environment and flags. A file
 * that was not named need not exist.
 */
int hr_options_load(const struct hr_options *o, void *conf, struct hr_err *reterr) HR_MUST_CHECK;

/* An empty name becomes the host's. */
void hr_options_name(char name[HR_NAME_BYTES]);

/* The exit code that says what a negative errno means. */
int hr_options_exit(int err);

#endif
