/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The controller's HTTP API (docs/api.md), asked from the command line: one request, JSON in and
 * out.
 */
#ifndef HR_CLI_API_H
#define HR_CLI_API_H

#include <jansson.h>

#include "base/err.h"
#include "cli/args.h"

#define HR_API_URL "http://127.0.0.1:7711"
#define HR_API_TOKEN_FILE "/etc/headroom/token"
#define HR_API_TOKEN_BYTES 512

struct hr_api {
	char url[256];
	char token[HR_API_TOKEN_BYTES]; /* "": none */
	const char *ca_file;            /* or NULL */
	long timeout_ms;                /* 0: 10 s */
	/* as on the command line; NULL: environment, then default */
	const char *url_text, *token_file;
};

/* The options that every verb which asks has: rows for its table. */
#define HR_API_ARGS(api) \
	{.name = "url", \
	 .letter = 'u', \
	 .argument = "URL", \
	 .help = "the controller ($HEADROOM_URL, or " HR_API_URL ")", \
	 .text = &(api)->url_text}, \
	{ \
		.name = "ca", .argument = "FILE", \
		.help = "certificates to trust instead of the system's", .text = &(api)->ca_file \
	}
#define HR_API_TOKEN_ARG(api) \
	{ \
		.name = "token-file", .argument = "FILE", \
		.help = "its token ($HEADROOM_TOKEN_FILE, or " HR_API_TOKEN_FILE ")", \
		.text = &(api)->token_file \
	}

/* Takes options, environment and defaults together; the token is read only if it is wanted. */
int hr_api_init(struct hr_api *api, bool with_token, struct hr_err *reterr) HR_MUST_CHECK;

/*
 * One request. body: or NULL, not taken over. *ret: the caller's to decref. 0; -EHOSTUNREACH,
 * -ETIMEDOUT; for an answer that is an error its own sentence and -EINVAL (400), -EACCES (401,
 * 403), -ENOENT (404), -ENOSPC (409: the budget does not fit), -EPROTO (anything else).
 */
int hr_api_call(const struct hr_api *api, const char *method, const char *path, const json_t *body,
		json_t **ret, struct hr_err *reterr) HR_MUST_CHECK;

#endif
