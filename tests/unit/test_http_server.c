/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP server and client against each other: the server in a child process on its loop, the
 * client here. Also covers http_client.c and http_listen.c.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "net/http_client.h"
#include "net/http_server.h"

#define TOKEN "correct horse battery staple"

static const char cert[] = HR_TEST_DATA "/tls/cert.pem";
static char key[64];

struct fixture {
	pid_t pid;
	unsigned port;
	bool tls;
};

static void get_hello(void *ctx, const struct hr_http_request *q, struct hr_http_response *r)
{
	char text[200];
	const char *name = hr_http_server_query(q, "name");
	int n = snprintf(text, sizeof(text), "%s hello %s accept=%s none=%d", (const char *)ctx,
			 name ? name : "nobody", q->accept ? q->accept : "-",
			 hr_http_server_query(q, "other") == NULL);
	hr_http_server_status(r, 200, "text/plain");
	(void)hr_http_server_append(r, text, (size_t)n);
}

static void put_budget(void *ctx, const struct hr_http_request *q, struct hr_http_response *r)
{
	(void)ctx;
	if (!hr_http_server_has_token(q, TOKEN)) {
		hr_http_server_status(r, 401, "text/plain");
		return;
	}
	hr_http_server_status(r, 200, "application/json");
	(void)hr_http_server_append(r, q->body, q->body_size);
}

static void get_node(void *ctx, const struct hr_http_request *q, struct hr_http_response *r)
{
	(void)ctx;
	(void)hr_http_server_append(r, q->rest, strlen(q->rest));
}

static void get_large(void *ctx, const struct hr_http_request *q, struct hr_http_response *r)
{
	static char piece[65536];
	(void)ctx;
	size_t n = (size_t)strtoul(hr_http_server_query(q, "n"), NULL, 10);
	memset(piece, 'x', sizeof(piece));
	for (size_t i = 0; i < n; i++)
		(void)hr_http_server_append(r, piece, sizeof(piece));
}

static const struct hr_http_route routes[] = {
    {"GET", "/hello", get_hello},
    {"PUT", "/api/v1/budget", put_budget},
    {"GET", "/api/v1/nodes/*", get_node},
    {"GET", "/large", get_large},
};

static char prefix[] = "rack";

static struct hr_http_server_conf conf_of(bool tls)
{
	return (struct hr_http_server_conf){
	    .address = "127.0.0.1",
	    .cert_file = tls ? cert : NULL,
	    .key_file = tls ? key : NULL,
	    .route = routes,
	    .n_routes = HR_ARRAY_LEN(routes),
	    .ctx = prefix,
	};
}

static void on_signal(uv_signal_t *handle, int number)
{
	(void)number;
	hr_http_server_close(handle->data);
	uv_close((uv_handle_t *)handle, NULL);
}

/* Serves until it is told to end, then leaves a clean loop. */
static void serve(bool tls, int to_parent)
{
	uv_loop_t loop;
	uv_signal_t term;
	struct hr_http_server *s = NULL;
	struct hr_err err = {0};
	struct hr_http_server_conf conf = conf_of(tls);
	if (uv_loop_init(&loop) < 0 || hr_http_server_open(&loop, &conf, &s, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		_exit(3);
	}
	uv_signal_init(&loop, &term);
	term.data = s;
	uv_signal_start(&term, on_signal, SIGTERM);
	uint16_t port = hr_http_server_port(s);
	if (write(to_parent, &port, sizeof(port)) != sizeof(port))
		_exit(4);
	uv_run(&loop, UV_RUN_DEFAULT);
	exit(uv_loop_close(&loop) == 0 ? 0 : 5);
}

static int start(void **state, bool tls)
{
	struct fixture *f = calloc(1, sizeof(*f));
	int to[2];
	uint16_t port = 0;
	assert_non_null(f);
	assert_int_equal(pipe(to), 0);
	f->tls = tls;
	f->pid = fork();
	assert_true(f->pid >= 0);
	if (f->pid == 0) {
		close(to[0]);
		serve(tls, to[1]);
	}
	close(to[1]);
	assert_int_equal(read(to[0], &port, sizeof(port)), sizeof(port));
	close(to[0]);
	f->port = port;
	*state = f;
	return 0;
}

static int start_plain(void **state)
{
	return start(state, false);
}

static int start_tls(void **state)
{
	return start(state, true);
}

static int stop(void **state)
{
	struct fixture *f = *state;
	int status = 0;
	assert_int_equal(kill(f->pid, SIGTERM), 0);
	assert_int_equal(waitpid(f->pid, &status, 0), f->pid);
	assert_int_equal(status, 0);
	free(f);
	return 0;
}

static int ask(const struct fixture *f, const char *method, const char *path,
	       struct hr_http_client_request *q, struct hr_http_client_response *r,
	       struct hr_err *err)
{
	static char url[200];
	snprintf(url, sizeof(url), "http%s://127.0.0.1:%u%s", f->tls ? "s" : "", f->port, path);
	q->method = method;
	q->url = url;
	return hr_http_client_perform(q, r, err);
}

static void expect(const struct fixture *f, const char *method, const char *path,
		   struct hr_http_client_request *q, unsigned status, const char *body)
{
	struct hr_http_client_response r;
	struct hr_err err = {0};
	if (ask(f, method, path, q, &r, &err) < 0)
		fail_msg("%s %s: %s", method, path, err.text);
	assert_int_equal(r.status, status);
	if (body)
		assert_string_equal(r.body, body);
	hr_http_client_response_done(&r);
}

static void test_routes(void **state)
{
	struct fixture *f = *state;
	struct hr_http_client_request q = {.accept = "text/plain"};
	expect(f, "GET", "/hello", &q, 200, "rack hello nobody accept=text/plain none=1");
	expect(f, NULL, "/hello?name=a%20b", &q, 200, "rack hello a b accept=text/plain none=1");
	expect(f, "HEAD", "/hello", &q, 200, "");
	expect(f, "GET", "/api/v1/nodes/n1", &q, 200, "n1");
	expect(f, "GET", "/api/v1/nodes/", &q, 200, "");
	expect(f, "GET", "/nothing", &q, 404, NULL);
	expect(f, "GET", "/hello/", &q, 404, NULL);
	expect(f, "DELETE", "/hello", &q, 405, NULL);
	expect(f, "GET", "/api/v1/budget", &q, 405, NULL);
}

static void test_tokens(void **state)
{
	struct fixture *f = *state;
	struct hr_http_client_request q = {.body = "{\"limit\": \"1 kW\"}", .body_size = 17};
	expect(f, "PUT", "/api/v1/budget", &q, 401, "");
	q.bearer = "wrong";
	expect(f, "PUT", "/api/v1/budget", &q, 401, "");
	q.bearer = TOKEN "x";
	expect(f, "PUT", "/api/v1/budget", &q, 401, "");
	q.bearer = TOKEN;
	expect(f, "PUT", "/api/v1/budget", &q, 200, q.body);
	q.bearer = "a\r\nX-Evil: 1";
	struct hr_http_client_response r;
	struct hr_err err = {0};
	assert_int_equal(ask(f, "PUT", "/api/v1/budget", &q, &r, &err), -EINVAL);
	assert_null(strstr(err.text, "Evil"));
}

static void test_sizes(void **state)
{
	struct fixture *f = *state;
	char *large = calloc(1, HR_HTTP_BODY_MAX_BYTES + 2);
	assert_non_null(large);
	memset(large, 'x', HR_HTTP_BODY_MAX_BYTES + 1);
	struct hr_http_client_request q = {
	    .bearer = TOKEN, .body = large, .body_size = HR_HTTP_BODY_MAX_BYTES + 1};
	expect(f, "PUT", "/api/v1/budget", &q, 413, NULL);
	large[HR_HTTP_BODY_MAX_BYTES] = '\0';
	q.body_size = HR_HTTP_BODY_MAX_BYTES;
	expect(f, "PUT", "/api/v1/budget", &q, 200, large);
	free(large);

	struct hr_http_client_request get = {0};
	struct hr_http_client_response r;
	struct hr_err err = {0};
	if (ask(f, "GET", "/large?n=160", &get, &r, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(r.size, 160 * 65536);
	hr_http_client_response_done(&r);
	expect(f, "GET", "/large?n=1025", &get, 500, NULL);
}

static int raw(const struct fixture *f)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)f->port)};
	struct timeval patience = {.tv_sec = 5};
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)), 0);
	assert_int_equal(connect(fd, (const struct sockaddr *)&to, sizeof(to)), 0);
	return fd;
}

/* Strangers, half requests, and a body that comes in drops without a length. */
static void test_odd_clients(void **state)
{
	struct fixture *f = *state;
	static const char noise[] = "\x16\x03\x01\x00\x05hello\r\n\r\n";
	static const char half[] = "PUT /api/v1/budget HTTP/1.1\r\nHost: x\r\nContent-Le";
	static const char head[] = "PUT /api/v1/budget HTTP/1.1\r\nHost: x\r\n"
				   "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n";
	struct hr_http_client_request q = {0};
	char answer[64] = "";
	int a = raw(f), b = raw(f), c = raw(f);
	assert_int_equal(write(a, noise, sizeof(noise) - 1), sizeof(noise) - 1);
	assert_int_equal(write(b, half, sizeof(half) - 1), sizeof(half) - 1);
	assert_int_equal(write(c, head, sizeof(head) - 1), sizeof(head) - 1);
	char chunk[4096 + 16];
	memset(chunk, 'x', sizeof(chunk));
	memcpy(chunk, "1000\r\n", 6);
	memcpy(chunk + 6 + 4096, "\r\n", 2);
	for (int i = 0; i < 20; i++)
		assert_int_equal(send(c, chunk, 6 + 4096 + 2, MSG_NOSIGNAL), 6 + 4096 + 2);
	assert_int_equal(send(c, "0\r\n\r\n", 5, MSG_NOSIGNAL), 5);
	assert_true(read(c, answer, sizeof(answer) - 1) > 12);
	assert_memory_equal(answer, "HTTP/1.1 413", 12);
	expect(f, "GET", "/hello", &q, 200, NULL);
	close(a);
	close(b);
	close(c);
}

static void test_tls(void **state)
{
	struct fixture *f = *state;
	struct hr_http_client_response r;
	struct hr_err err = {0};
	struct hr_http_client_request q = {.ca_file = cert};
	expect(f, "GET", "/hello", &q, 200, NULL);
	for (int i = 0; i < 10; i++)
		expect(f, "GET", "/large?n=4", &q, 200, NULL);
	/* A certificate that nobody vouches for. */
	q.ca_file = NULL;
	assert_int_equal(ask(f, "GET", "/hello", &q, &r, &err), -EPROTO);
	q.ca_file = "/nonexistent/ca.pem";
	assert_int_equal(ask(f, "GET", "/hello", &q, &r, &err), -EINVAL);
	struct fixture plain = {.port = f->port};
	assert_true(ask(&plain, "GET", "/hello", &q, &r, &err) < 0 || r.status == 400);
}

static void test_client_errors(void **state)
{
	(void)state;
	struct hr_http_client_response r;
	struct hr_err err = {0};
	struct hr_http_client_request q = {.url = "http://127.0.0.1:1/"};
	assert_int_equal(hr_http_client_perform(&q, &r, &err), -EHOSTUNREACH);
	assert_non_null(strstr(err.text, "http://127.0.0.1:1/"));
	q.url = "file:///etc/passwd";
	assert_int_equal(hr_http_client_perform(&q, &r, &err), -EINVAL);
	/* Somebody who takes the connection and says nothing. */
	struct sockaddr_in at = {.sin_family = AF_INET};
	socklen_t len = sizeof(at);
	char url[64];
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (const struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	snprintf(url, sizeof(url), "http://127.0.0.1:%u/", (unsigned)ntohs(at.sin_port));
	q.url = url;
	q.timeout_ms = 200;
	assert_int_equal(hr_http_client_perform(&q, &r, &err), -ETIMEDOUT);
	close(fd);
}

static void refused(const struct hr_http_server_conf *conf, int code, const char *says)
{
	uv_loop_t loop;
	struct hr_http_server *s = NULL;
	struct hr_err err = {0};
	assert_int_equal(uv_loop_init(&loop), 0);
	assert_int_equal(hr_http_server_open(&loop, conf, &s, &err), code);
	if (!strstr(err.text, says))
		fail_msg("\"%s\" does not say \"%s\"", err.text, says);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);
}

static void test_bad_configuration(void **state)
{
	struct fixture *f = *state;
	struct hr_http_server_conf conf = conf_of(false);
	conf.address = "0.0.0.0";
	refused(&conf, -EPERM, "need TLS");
	conf.address = "localhost";
	refused(&conf, -EINVAL, "not a numeric address");
	conf.address = "127.0.0.1";
	conf.port = (uint16_t)f->port;
	refused(&conf, -EADDRINUSE, "127.0.0.1 port");
	conf.port = 0;
	conf.cert_file = cert;
	refused(&conf, -EINVAL, "only one");
	conf.key_file = "/nonexistent/key.pem";
	refused(&conf, -ENOENT, "/nonexistent/key.pem");
	conf.key_file = cert;
	refused(&conf, -EPERM, "chmod 640");
	assert_int_equal(chmod(key, 0604), 0);
	conf.key_file = key;
	refused(&conf, -EPERM, "everyone");
	assert_int_equal(chmod(key, 0600), 0);
	conf.cert_file = key;
	refused(&conf, -EINVAL, "do not fit");
}

/* git keeps no modes: the key is tried from a copy that only we can read. */
static int copy_key(void **state)
{
	char text[4096];
	(void)state;
	snprintf(key, sizeof(key), "/tmp/headroom-http-XXXXXX");
	FILE *in = fopen(HR_TEST_DATA "/tls/key.pem", "r");
	int fd = mkstemp(key);
	if (!in || fd < 0)
		return -1;
	size_t n = fread(text, 1, sizeof(text), in);
	(void)fclose(in);
	bool good = write(fd, text, n) == (ssize_t)n;
	(void)close(fd);
	return good ? 0 : -1;
}

static int remove_key(void **state)
{
	(void)state;
	return unlink(key);
}

#define PLAIN(test) cmocka_unit_test_setup_teardown(test, start_plain, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    PLAIN(test_routes),
	    PLAIN(test_tokens),
	    PLAIN(test_sizes),
	    PLAIN(test_odd_clients),
	    cmocka_unit_test_setup_teardown(test_tls, start_tls, stop),
	    cmocka_unit_test(test_client_errors),
	    PLAIN(test_bad_configuration),
	};
	return cmocka_run_group_tests(tests, copy_key, remove_key);
}
