/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libmicrohttpd without threads: its epoll descriptor is watched by the loop, its timeouts are a
 * timer of the loop. Routes and limits are here; what an answer means is the handlers'.
 * Invariant: every request gets exactly one response, and no more than the limits is ever kept.
 */
#include "net/http_server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <microhttpd.h>

#include "net/http_listen.h"

#define TIMEOUT_S 15U
#define CONNECTION_BYTES ((size_t)32768)
#define PER_ADDRESS 32U

static const char too_large[] = "the body is larger than 64 KiB\n";

struct hr_http_server {
	uv_poll_t poll;
	uv_timer_t timer;
	int open; /* handles not closed yet */
	struct MHD_Daemon *daemon;
	char *cert, *key;
	const struct hr_http_route *route;
	size_t n_routes;
	void *ctx;
	uint16_t port;
	bool running, closing;
};

/* One request under way. */
struct exchange {
	char *body;
	size_t size, room;
	bool too_large;
};

struct hr_http_response {
	unsigned status;
	const char *content_type;
	char *body;
	size_t size, room;
	int rc;
};

static bool path_fits(const char *pattern, const char *path, const char **ret_rest)
{
	size_t n = strlen(pattern);
	if (n > 0 && pattern[n - 1] == '*' && strncmp(pattern, path, n - 1) == 0) {
		*ret_rest = path + n - 1;
		return true;
	}
	*ret_rest = "";
	return strcmp(pattern, path) == 0;
}

/* Makes room for n more bytes and a final zero. */
static int grow(char **buf, size_t *room, size_t size, size_t n, size_t max)
{
	if (n > max - size)
		return -EFBIG;
	if (size + n + 1 <= *room)
		return 0;
	size_t more = *room ? *room * 2 : 1024;
	while (more < size + n + 1)
		more *= 2;
	char *p = realloc(*buf, more);
	if (!p)
		return -ENOMEM;
	*buf = p;
	*room = more;
	return 0;
}

int hr_http_server_append(void *response, const char *bytes, size_t n)
{
	struct hr_http_response *r = response;
	if (r->rc == 0)
		r->rc = grow(&r->body, &r->room, r->size, n, HR_HTTP_RESPONSE_MAX_BYTES);
	if (r->rc < 0)
		return r->rc;
	if (n > 0)
		memcpy(r->body + r->size, bytes, n);
	r->size += n;
	return 0;
}

void hr_http_server_status(struct hr_http_response *r, unsigned status, const char *content_type)
{
	r->status = status;
	r->content_type = content_type;
}

const char *hr_http_server_query(const struct hr_http_request *q, const char *name)
{
	const char *value = NULL;
	if (MHD_lookup_connection_value_n(q->impl, MHD_GET_ARGUMENT_KIND, name, strlen(name),
					  &value, NULL) == MHD_NO)
		return NULL;
	return value ? value : "";
}

bool hr_http_server_has_token(const struct hr_http_request *q, const char *token)
{
	if (!q->bearer || !token || token[0] == '\0')
		return false;
	size_t n = strlen(q->bearer), m = strlen(token);
	unsigned differ = n != m;
	for (size_t i = 0; i < n; i++)
		differ |= (unsigned)(unsigned char)q->bearer[i] ^
			  (unsigned)(unsigned char)token[i % m];
	return differ == 0;
}

static void refuse(struct hr_http_response *r, unsigned status, const char *text)
{
	hr_http_server_status(r, status, "text/plain; charset=utf-8");
	r->size = 0;
	(void)hr_http_server_append(r, text, strlen(text));
}

static const char *header(struct MHD_Connection *c, const char *name)
{
	return MHD_lookup_connection_value(c, MHD_HEADER_KIND, name);
}

static void dispatch(const struct hr_http_server *s, struct MHD_Connection *c, const char *path,
		     const char *method, const struct exchange *x, struct hr_http_response *r)
{
	static const char scheme[] = "Bearer ";
	const char *authorization = header(c, MHD_HTTP_HEADER_AUTHORIZATION);
	bool known = false;
	struct hr_http_request q = {
	    .method = strcmp(method, "HEAD") == 0 ? "GET" : method,
	    .path = path,
	    .accept = header(c, MHD_HTTP_HEADER_ACCEPT),
	    .body = x->body ? x->body : "",
	    .body_size = x->size,
	    .impl = c,
	};
	if (authorization && strncasecmp(authorization, scheme, sizeof(scheme) - 1) == 0)
		q.bearer = authorization + sizeof(scheme) - 1;
	for (size_t i = 0; i < s->n_routes; i++) {
		const struct hr_http_route *route = &s->route[i];
		if (!path_fits(route->path, path, &q.rest))
			continue;
		known = true;
		if (strcmp(route->method, q.method) == 0) {
			route->handler(s->ctx, &q, r);
			return;
		}
	}
	if (known)
		refuse(r, MHD_HTTP_METHOD_NOT_ALLOWED, "this path does not take this method\n");
	else
		refuse(r, MHD_HTTP_NOT_FOUND, "there is nothing at this path\n");
}

/* Says which methods the path takes, as RFC 9110 wants with a 405. */
static void add_allow(const struct hr_http_server *s, const char *path, struct MHD_Response *m)
{
	for (size_t i = 0; i < s->n_routes; i++) {
		const char *rest;
		if (path_fits(s->route[i].path, path, &rest))
			(void)MHD_add_response_header(m, MHD_HTTP_HEADER_ALLOW, s->route[i].method);
	}
}

static enum MHD_Result answer(const struct hr_http_server *s, struct MHD_Connection *c,
			      const char *path, struct hr_http_response *r)
{
	if (r->rc < 0) {
		r->rc = 0;
		refuse(r, MHD_HTTP_INTERNAL_SERVER_ERROR, "the answer is too large\n");
	}
	/* The body is malloc'ed, so libmicrohttpd may free it. */
	struct MHD_Response *m = MHD_create_response_from_buffer(r->size, r->body,
								 MHD_RESPMEM_MUST_FREE);
	if (!m) {
		free(r->body);
		return MHD_NO;
	}
	if (r->content_type)
		(void)MHD_add_response_header(m, MHD_HTTP_HEADER_CONTENT_TYPE, r->content_type);
	(void)MHD_add_response_header(m, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	(void)MHD_add_response_header(m, "X-Content-Type-Options", "nosniff");
	if (r->status == MHD_HTTP_UNAUTHORIZED)
		(void)MHD_add_response_header(m, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Bearer");
	if (r->status == MHD_HTTP_METHOD_NOT_ALLOWED)
		add_allow(s, path, m);
	enum MHD_Result rc = MHD_queue_response(c, r->status, m);
	MHD_destroy_response(m);
	return rc;
}

static void collect(struct exchange *x, const char *data, size_t n)
{
	if (x->too_large || grow(&x->body, &x->room, x->size, n, HR_HTTP_BODY_MAX_BYTES) < 0) {
		x->too_large = true;
		return;
	}
	memcpy(x->body + x->size, data, n);
	x->size += n;
	x->body[x->size] = '\0';
}

/* So that a large body is refused before it is sent. */
static bool announces_too_much(struct MHD_Connection *c)
{
	const char *length = header(c, MHD_HTTP_HEADER_CONTENT_LENGTH);
	return length && strtoull(length, NULL, 10) > HR_HTTP_BODY_MAX_BYTES;
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *c, const char *path,
				  const char *method, const char *version, const char *data,
				  size_t *size, void **state)
{
	const struct hr_http_server *s = cls;
	struct exchange *x = *state;
	struct hr_http_response r = {.status = MHD_HTTP_OK};
	(void)version;
	if (!x) {
		*state = calloc(1, sizeof(*x));
		if (!*state)
			return MHD_NO;
		if (!announces_too_much(c))
			return MHD_YES;
		refuse(&r, MHD_HTTP_CONTENT_TOO_LARGE, too_large);
		return answer(s, c, path, &r);
	}
	if (*size > 0) {
		collect(x, data, *size);
		*size = 0;
		return MHD_YES;
	}
	if (x->too_large)
		refuse(&r, MHD_HTTP_CONTENT_TOO_LARGE, too_large);
	else
		dispatch(s, c, path, method, x, &r);
	return answer(s, c, path, &r);
}

static void on_completed(void *cls, struct MHD_Connection *c, void **state,
			 enum MHD_RequestTerminationCode why)
{
	struct exchange *x = *state;
	(void)cls;
	(void)c;
	(void)why;
	if (x)
		free(x->body);
	free(x);
	*state = NULL;
}

static void end(struct hr_http_server *s);

static void on_timer(uv_timer_t *timer);

/* A handler may close the server: then it ends after the run. */
static void run(struct hr_http_server *s)
{
	MHD_UNSIGNED_LONG_LONG wait_ms = 0;
	s->running = true;
	(void)MHD_run(s->daemon);
	s->running = false;
	if (s->closing)
		end(s);
	else if (MHD_get_timeout(s->daemon, &wait_ms) == MHD_YES)
		(void)uv_timer_start(&s->timer, on_timer, wait_ms, 0);
	else
		(void)uv_timer_stop(&s->timer);
}

static void on_timer(uv_timer_t *timer)
{
	run(timer->data);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
	(void)status;
	(void)events;
	run(poll->data);
}

static void on_closed(uv_handle_t *handle)
{
	struct hr_http_server *s = handle->data;
	if (--s->open > 0)
		return;
	free(s->cert);
	if (s->key)
		explicit_bzero(s->key, strlen(s->key));
	free(s->key);
	free(s);
}

static void end(struct hr_http_server *s)
{
	(void)uv_poll_stop(&s->poll);
	uv_close((uv_handle_t *)&s->poll, on_closed);
	uv_close((uv_handle_t *)&s->timer, on_closed);
	MHD_stop_daemon(s->daemon);
	s->daemon = NULL;
}

void hr_http_server_close(struct hr_http_server *s)
{
	if (!s || s->closing)
		return;
	s->closing = true;
	if (!s->running)
		end(s);
}

uint16_t hr_http_server_port(const struct hr_http_server *s)
{
	return s->port;
}

static struct MHD_Daemon *start_daemon(struct hr_http_server *s, int fd)
{
	unsigned flags = MHD_USE_EPOLL | (s->cert ? MHD_USE_TLS : 0U);
	struct MHD_OptionItem tls[] = {
	    {MHD_OPTION_HTTPS_MEM_CERT, 0, s->cert},
	    {MHD_OPTION_HTTPS_MEM_KEY, 0, s->key},
	    {MHD_OPTION_END, 0, NULL},
	};
	struct MHD_OptionItem none[] = {{MHD_OPTION_END, 0, NULL}};
	return MHD_start_daemon(flags, 0, NULL, NULL, on_request, s, MHD_OPTION_LISTEN_SOCKET, fd,
				MHD_OPTION_CONNECTION_LIMIT, (unsigned)HR_HTTP_CONNECTIONS_MAX,
				MHD_OPTION_PER_IP_CONNECTION_LIMIT, PER_ADDRESS,
				MHD_OPTION_CONNECTION_TIMEOUT, TIMEOUT_S,
				MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_BYTES,
				MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL, MHD_OPTION_ARRAY,
				s->cert ? tls : none, MHD_OPTION_END);
}

/* Takes fd over, whatever happens. */
static int put_up(struct hr_http_server *s, uv_loop_t *loop, int fd, struct hr_err *reterr)
{
	s->daemon = start_daemon(s, fd);
	if (!s->daemon) {
		hr_http_listen_close(fd);
		return hr_err_set(reterr, -EINVAL, "cannot start the HTTP server%s",
				  s->cert ? ": certificate and key do not fit each other or are "
					    "not PEM"
					  : "");
	}
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	if (!info || uv_poll_init(loop, &s->poll, info->epoll_fd) < 0) {
		MHD_stop_daemon(s->daemon);
		return hr_err_set(reterr, -ENOMEM, "cannot watch the HTTP server's sockets");
	}
	(void)uv_timer_init(loop, &s->timer);
	s->poll.data = s->timer.data = s;
	s->open = 2;
	(void)uv_poll_start(&s->poll, UV_READABLE, on_poll);
	return 0;
}

static int load_tls(struct hr_http_server *s, const struct hr_http_server_conf *conf,
		    struct hr_err *reterr)
{
	if (!conf->cert_file && !conf->key_file)
		return 0;
	if (!conf->cert_file || !conf->key_file)
		return hr_err_set(reterr, -EINVAL,
				  "HTTP over TLS needs a certificate file and a key file, only one "
				  "of them is given");
	int rc = hr_http_listen_read_pem(conf->cert_file, false, &s->cert, reterr);
	if (rc == 0)
		rc = hr_http_listen_read_pem(conf->key_file, true, &s->key, reterr);
	return rc;
}

int hr_http_server_open(uv_loop_t *loop, const struct hr_http_server_conf *conf,
			struct hr_http_server **ret, struct hr_err *reterr)
{
	struct hr_http_server *s = calloc(1, sizeof(*s));
	if (!s)
		return hr_err_set(reterr, -ENOMEM, "cannot start the HTTP server: no memory");
	s->route = conf->route;
	s->n_routes = conf->n_routes;
	s->ctx = conf->ctx;
	int fd = -1;
	int rc = load_tls(s, conf, reterr);
	if (rc == 0)
		rc = hr_http_listen_open(conf->address, conf->port, s->cert != NULL, &fd, &s->port,
					 reterr);
	if (rc == 0)
		rc = put_up(s, loop, fd, reterr);
	if (rc < 0) {
		free(s->cert);
		free(s->key);
		free(s);
		return rc;
	}
	*ret = s;
	return 0;
}
