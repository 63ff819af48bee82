/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One HTTP request, waited for: for the command line and for tools, never for a role's loop.
 *
 * http and https only, no redirects (a token must not follow one), certificates always checked.
 */
#ifndef HR_NET_HTTP_CLIENT_H
#define HR_NET_HTTP_CLIENT_H

#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"

#define HR_HTTP_CLIENT_MAX_BYTES 67108864

struct hr_http_client_request {
	const char *method;  /* NULL: GET */
	const char *url;     /* "http://127.0.0.1:9188/api/v1/status" */
	const char *bearer;  /* token, or NULL */
	const char *ca_file; /* PEM to trust instead of the system's, or NULL */
	const char *accept;  /* or NULL */
	const char *body;    /* or NULL */
	size_t body_size;
	const char *content_type; /* of the body; NULL: application/json */
	long timeout_ms;          /* for all of it; 0: 10 s */
};

struct hr_http_client_response {
	unsigned status;
	char *body; /* with a zero after it; ended by _done */
	size_t size;
};

/*
 * 0 when there is a response, whatever its status. -ETIMEDOUT; -EHOSTUNREACH (no such host, no
 * route, refused); -EPROTO (TLS failed, not HTTP); -EFBIG; -EINVAL (url, CA file); -ENOMEM.
 */
int hr_http_client_perform(const struct hr_http_client_request *q,
			   struct hr_http_client_response *ret,
			   struct hr_err *reterr) HR_MUST_CHECK;

void hr_http_client_response_done(struct hr_http_client_response *r);

#endif
