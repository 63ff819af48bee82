/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small HTTP server on a libuv loop, over libmicrohttpd: routes, bounded requests, whole
 * responses. Handlers run on the loop and answer at once; nothing blocks.
 *
 * An address that is not this host's loopback is refused unless there is a certificate. It checks
 * no tokens by itself: a handler that changes something asks hr_http_server_has_token.
 */
#ifndef HR_NET_HTTP_SERVER_H
#define HR_NET_HTTP_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include "base/attr.h"
#include "base/err.h"

#define HR_HTTP_BODY_MAX_BYTES 65536        /* of a request; more is answered with 413 */
#define HR_HTTP_RESPONSE_MAX_BYTES 67108864 /* of a response; more is answered with 500 */
#define HR_HTTP_CONNECTIONS_MAX 64

struct hr_http_server;

/* All pointers hold for the time of the handler. */
struct hr_http_request {
	const char *method; /* "GET" (also for HEAD), "PUT", "POST", "DELETE", "PATCH" */
	const char *path;   /* decoded, begins with '/' */
	const char *rest;   /* what the '*' of the route stands for, "" if it has none */
	const char *bearer; /* the token of "Authorization: Bearer", or NULL */
	const char *accept; /* or NULL */
	const char *body;   /* with a zero after it; "" if there is none */
	size_t body_size;
	void *impl;
};

/* The server's; filled through the functions below. It begins as 200 with no body. */
struct hr_http_response;

typedef void hr_http_handler(void *ctx, const struct hr_http_request *q,
			     struct hr_http_response *r);

struct hr_http_route {
	const char *method; /* "GET" answers HEAD too */
	const char *path;   /* whole; or ending in '*', which stands for any rest */
	hr_http_handler *handler;
};

struct hr_http_server_conf {
	const char *address;   /* numeric, "127.0.0.1" or "::1" */
	uint16_t port;         /* 0: a free one */
	const char *cert_file; /* PEM; both or neither */
	const char *key_file;
	const struct hr_http_route *route; /* not copied; the first that fits is taken */
	size_t n_routes;
	void *ctx; /* for the handlers */
};

/*
 * Listens. 0; -EPERM (neither loopback nor TLS), -EADDRINUSE, -EACCES, -EINVAL (address,
 * certificate), -ENOMEM, or the errno of a file, with the sentence.
 */
int hr_http_server_open(uv_loop_t *loop, const struct hr_http_server_conf *conf,
			struct hr_http_server **ret, struct hr_err *reterr) HR_MUST_CHECK;

/* Ends all connections at once; frees itself on the loop. NULL is allowed. */
void hr_http_server_close(struct hr_http_server *s);

/* The real port. */
uint16_t hr_http_server_port(const struct hr_http_server *s);

/* The value of a query parameter ("" if it has none), or NULL. */
const char *hr_http_server_query(const struct hr_http_request *q, const char *name);

/*
 * Does the request carry this token? In time that does not depend on where they differ. A token
 * that is NULL or empty is never carried.
 */
bool hr_http_server_has_token(const struct hr_http_request *q, const char *token);

/* Status and content type ("application/json"; not copied). May be called again. */
void hr_http_server_status(struct hr_http_response *r, unsigned status, const char *content_type);

/* Adds to the body: 0, -EFBIG or -ENOMEM, then the answer is a 500. Fits as a hr_prom_sink_fn. */
int hr_http_server_append(void *response, const char *bytes, size_t n);

#endif
