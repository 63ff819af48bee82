/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ZeroMQ transport, both ends, over TCP on this host: good keys, unknown keys, oversized
 * messages, garbage, a server that restarts, a key that is withdrawn, a node that restarts, many
 * clients, a peer that does not read. Also covers zmq_client.c, zmq_monitor.c, zmq_pump.c and
 * zmq_zap.c, which have no use of their own.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <uv.h>
#include <zmq.h>

#include "net/keypair.h"
#include "net/zmq_client.h"
#include "net/zmq_server.h"
#include "wire/message.h"

#define PATIENCE_MS 15000
#define CROWD 200

struct server_side {
	struct hr_transport_server *s;
	struct hr_keypair keys;
	struct hr_authorized_key *table;
	size_t n_table;
	unsigned n_messages, n_refused;
	uint64_t last_peer;
	size_t last_size;
	uint8_t last_byte;
	char last_key[HR_KEY_TEXT_BYTES];
	char refused_key[HR_KEY_TEXT_BYTES];
	bool echo;
};

struct client_side {
	struct hr_transport_client *c;
	struct hr_keypair keys;
	unsigned n_up, n_down, n_messages;
	size_t last_size;
	char why[200];
};

struct fixture {
	uv_loop_t loop;
	struct server_side server;
	struct client_side client;
};

static void server_message(void *ctx, uint64_t peer, const struct hr_authorized_key *who,
			   const uint8_t *bytes, size_t size)
{
	struct server_side *s = ctx;
	s->n_messages++;
	s->last_peer = peer;
	s->last_size = size;
	s->last_byte = size ? bytes[0] : 0;
	memcpy(s->last_key, who->key, sizeof(s->last_key));
	if (s->echo)
		(void)hr_transport_server_send(s->s, peer, bytes, size);
}

static void server_refused(void *ctx, const char *key, const char *address)
{
	struct server_side *s = ctx;
	assert_true(strstr(address, "127.0.0.1") != NULL);
	s->n_refused++;
	memcpy(s->refused_key, key, sizeof(s->refused_key));
}

static void client_message(void *ctx, const uint8_t *bytes, size_t size)
{
	struct client_side *c = ctx;
	(void)bytes;
	c->n_messages++;
	c->last_size = size;
}

static void client_up(void *ctx)
{
	((struct client_side *)ctx)->n_up++;
}

static void client_down(void *ctx, const char *why)
{
	struct client_side *c = ctx;
	c->n_down++;
	snprintf(c->why, sizeof(c->why), "%s", why);
}

static const struct hr_transport_server_events server_events = {server_message, server_refused};
static const struct hr_transport_client_events client_events = {client_message, client_up,
								client_down};

static void on_tick(uv_timer_t *t)
{
	(void)t;
}

/* Runs the loop until the counter reaches the number or patience ends. */
static bool run_until(uv_loop_t *loop, const unsigned *counter, unsigned number)
{
	uv_timer_t tick;
	uint64_t start;
	uv_timer_init(loop, &tick);
	uv_timer_start(&tick, on_tick, 5, 5);
	uv_update_time(loop);
	for (start = uv_now(loop); *counter < number && uv_now(loop) - start < PATIENCE_MS;)
		uv_run(loop, UV_RUN_ONCE);
	uv_close((uv_handle_t *)&tick, NULL);
	uv_run(loop, UV_RUN_NOWAIT);
	return *counter >= number;
}

static void run_for(uv_loop_t *loop, unsigned ms)
{
	uv_timer_t tick;
	uv_timer_init(loop, &tick);
	uv_timer_start(&tick, on_tick, 5, 5);
	uv_update_time(loop);
	for (uint64_t start = uv_now(loop); uv_now(loop) - start < ms;)
		uv_run(loop, UV_RUN_ONCE);
	uv_close((uv_handle_t *)&tick, NULL);
	uv_run(loop, UV_RUN_NOWAIT);
}

static int by_key(const void *a, const void *b)
{
	return strcmp(((const struct hr_authorized_key *)a)->key,
		      ((const struct hr_authorized_key *)b)->key);
}

static void allow(struct server_side *s, const char *key)
{
	s->table = realloc(s->table, (s->n_table + 1) * sizeof(*s->table));
	assert_non_null(s->table);
	struct hr_authorized_key *e = &s->table[s->n_table++];
	memset(e, 0, sizeof(*e));
	memcpy(e->key, key, sizeof(e->key));
	e->any_node = true;
	e->role = HR_ROLE_AGENT;
	memcpy(e->domain, "cluster", 8);
	qsort(s->table, s->n_table, sizeof(*s->table), by_key);
}

static void start_server(struct fixture *f, const char *endpoint)
{
	struct hr_err err = {0};
	struct hr_zmq_server_conf conf = {endpoint, f->server.keys.secret, f->server.table,
					  f->server.n_table};
	if (hr_zmq_server_open(&f->loop, &conf, &f->server.s, &err) < 0)
		fail_msg("%s", err.text);
	hr_transport_server_attach(f->server.s, &server_events, &f->server);
}

static void start_client(struct fixture *f, struct client_side *c, const char *server_key)
{
	struct hr_err err = {0};
	struct hr_zmq_client_conf conf = {hr_zmq_server_endpoint(f->server.s), server_key,
					  c->keys.secret};
	if (hr_zmq_client_open(&f->loop, &conf, &c->c, &err) < 0)
		fail_msg("%s", err.text);
	hr_transport_client_attach(c->c, &client_events, c);
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	assert_non_null(f);
	assert_int_equal(uv_loop_init(&f->loop), 0);
	assert_int_equal(hr_keypair_generate(&f->server.keys, NULL), 0);
	assert_int_equal(hr_keypair_generate(&f->client.keys, NULL), 0);
	allow(&f->server, f->client.keys.public);
	start_server(f, "tcp://127.0.0.1:*");
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	hr_transport_client_close(f->client.c);
	hr_transport_server_close(f->server.s);
	uv_run(&f->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&f->loop), 0);
	free(f->server.table);
	free(f);
	return 0;
}

static void test_good_key(void **state)
{
	struct fixture *f = *state;
	f->server.echo = true;
	start_client(f, &f->client, f->server.keys.public);
	assert_int_equal(hr_transport_client_send(f->client.c, (const uint8_t *)"early", 5),
			 -ENOTCONN);
	assert_true(run_until(&f->loop, &f->client.n_up, 1));
	for (unsigned i = 1; i <= 50; i++) {
		assert_int_equal(
		    hr_transport_client_send(f->client.c, (const uint8_t *)"report", 6), 0);
		assert_true(run_until(&f->loop, &f->client.n_messages, i));
	}
	assert_int_equal(f->server.last_size, 6);
	assert_string_equal(f->server.last_key, f->client.keys.public);
	assert_int_equal(f->client.c->counts.dropped, 1);
	assert_int_equal(f->server.s->counts.received, 50);
	assert_int_equal(f->server.s->counts.sent, 50);
	assert_int_equal(f->server.s->counts.connections, 1);

	assert_int_equal(hr_transport_server_send(f->server.s, 12345, (const uint8_t *)"x", 1),
			 -ENOTCONN);
	assert_int_equal(f->server.s->counts.unreachable, 1);
}

static void test_unknown_key(void **state)
{
	struct fixture *f = *state;
	struct client_side stranger = {0};
	assert_int_equal(hr_keypair_generate(&stranger.keys, NULL), 0);
	start_client(f, &stranger, f->server.keys.public);
	assert_true(run_until(&f->loop, &stranger.n_down, 1));
	assert_true(run_until(&f->loop, &f->server.n_refused, 1));
	assert_non_null(strstr(stranger.why, "does not know this key"));
	assert_string_equal(f->server.refused_key, stranger.keys.public);
	/* It tries again and is counted again, but told of once. */
	for (int i = 0; i < 50 && f->server.s->counts.connections == 0; i++) {
		if (i == 40) {
			assert_int_equal(f->server.n_refused, 1);
			allow(&f->server, stranger.keys.public);
			assert_int_equal(hr_transport_server_authorize(f->server.s, f->server.table,
								       f->server.n_table),
					 0);
		}
		run_for(&f->loop, 100);
	}
	assert_int_equal(f->server.n_messages, 0);
	assert_true(run_until(&f->loop, &stranger.n_up, 1));
	hr_transport_client_close(stranger.c);
}

static void test_wrong_server_key(void **state)
{
	struct fixture *f = *state;
	struct hr_keypair other;
	assert_int_equal(hr_keypair_generate(&other, NULL), 0);
	start_client(f, &f->client, other.public);
	assert_true(run_until(&f->loop, &f->client.n_down, 1));
	assert_int_equal(f->client.n_up, 0);
	assert_int_equal(f->server.n_messages, 0);
}

static void test_key_withdrawn(void **state)
{
	struct fixture *f = *state;
	start_client(f, &f->client, f->server.keys.public);
	assert_true(run_until(&f->loop, &f->client.n_up, 1));
	assert_int_equal(hr_transport_client_send(f->client.c, (const uint8_t *)"a", 1), 0);
	assert_true(run_until(&f->loop, &f->server.n_messages, 1));
	assert_int_equal(hr_transport_server_authorize(f->server.s, NULL, 0), 0);
	assert_int_equal(hr_transport_client_send(f->client.c, (const uint8_t *)"b", 1), 0);
	run_for(&f->loop, 300);
	assert_int_equal(f->server.n_messages, 1);
	assert_int_equal(f->server.s->counts.refused_messages, 1);
}

/* A client that keeps to no limits, its key being good all the same. */
static void *rogue_client(const struct fixture *f, void *context)
{
	void *rogue = zmq_socket(context, ZMQ_DEALER);
	int zero = 0, one = 1, small = 4096;
	zmq_setsockopt(rogue, ZMQ_LINGER, &zero, sizeof(zero));
	zmq_setsockopt(rogue, ZMQ_RCVHWM, &one, sizeof(one));
	zmq_setsockopt(rogue, ZMQ_RCVBUF, &small, sizeof(small));
	zmq_setsockopt(rogue, ZMQ_CURVE_SERVERKEY, f->server.keys.public, HR_KEY_TEXT_BYTES);
	zmq_setsockopt(rogue, ZMQ_CURVE_PUBLICKEY, f->client.keys.public, HR_KEY_TEXT_BYTES);
	zmq_setsockopt(rogue, ZMQ_CURVE_SECRETKEY, f->client.keys.secret, HR_KEY_TEXT_BYTES);
	assert_int_equal(zmq_connect(rogue, hr_zmq_server_endpoint(f->server.s)), 0);
	return rogue;
}

static void test_oversized(void **state)
{
	struct fixture *f = *state;
	static uint8_t large[1 << 20];
	start_client(f, &f->client, f->server.keys.public);
	assert_true(run_until(&f->loop, &f->client.n_up, 1));
	assert_int_equal(hr_transport_client_send(f->client.c, large, HR_MESSAGE_MAX_BYTES + 1),
			 -EMSGSIZE);
	assert_int_equal(hr_transport_client_send(f->client.c, large, HR_MESSAGE_MAX_BYTES), 0);
	assert_true(run_until(&f->loop, &f->server.n_messages, 1));

	void *context = zmq_ctx_new();
	void *rogue = rogue_client(f, context);
	zmq_send(rogue, large, HR_MESSAGE_MAX_BYTES + 1, 0);
	zmq_send(rogue, "two", 3, ZMQ_SNDMORE);
	zmq_send(rogue, "parts", 5, 0);
	run_for(&f->loop, 500);
	assert_int_equal(f->server.n_messages, 1);
	assert_int_equal(f->server.s->counts.refused_messages, 2);
	uint64_t before = f->server.s->counts.disconnections;
	zmq_send(rogue, large, sizeof(large), 0);
	run_for(&f->loop, 500);
	assert_int_equal(f->server.n_messages, 1);
	assert_true(f->server.s->counts.disconnections > before);
	zmq_close(rogue);
	zmq_ctx_term(context);
}

static int plain_socket(const char *endpoint)
{
	struct sockaddr_in to = {.sin_family = AF_INET};
	to.sin_port = htons((uint16_t)strtoul(strrchr(endpoint, ':') + 1, NULL, 10));
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (const struct sockaddr *)&to, sizeof(to)), 0);
	return fd;
}

static void test_garbage(void **state)
{
	struct fixture *f = *state;
	static const char http[] =
	    "GET / HTTP/1.1\r\nHost: x\r\n\r\nand a body that goes on and on";
	uint8_t noise[512];
	const char *endpoint = hr_zmq_server_endpoint(f->server.s);
	for (size_t i = 0; i < sizeof(noise); i++)
		noise[i] = (uint8_t)(i * 151 + 7);
	/* A greeting of ZMTP 3.1 with mechanism NULL: no encryption, no entry. */
	uint8_t greeting[64] = {0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 1, 'N', 'U', 'L', 'L'};
	const struct {
		const void *bytes;
		size_t size;
	} throws[] = {{http, sizeof(http)}, {noise, sizeof(noise)}, {greeting, sizeof(greeting)}};
	int fd[HR_ARRAY_LEN(throws)];
	for (size_t i = 0; i < HR_ARRAY_LEN(throws); i++) {
		fd[i] = plain_socket(endpoint);
		assert_int_equal(write(fd[i], throws[i].bytes, throws[i].size), throws[i].size);
	}
	start_client(f, &f->client, f->server.keys.public);
	assert_true(run_until(&f->loop, &f->client.n_up, 1));
	assert_int_equal(hr_transport_client_send(f->client.c, (const uint8_t *)"a", 1), 0);
	assert_true(run_until(&f->loop, &f->server.n_messages, 1));
	run_for(&f->loop, 200);
	assert_int_equal(f->server.n_messages, 1);
	assert_true(f->server.s->counts.failed_handshakes >= 1);
	for (size_t i = 0; i < HR_ARRAY_LEN(throws); i++)
		close(fd[i]);
}

static void test_server_restarts(void **state)
{
	struct fixture *f = *state;
	char endpoint[100];
	start_client(f, &f->client, f->server.keys.public);
	assert_true(run_until(&f->loop, &f->client.n_up, 1));
	snprintf(endpoint, sizeof(endpoint), "%s", hr_zmq_server_endpoint(f->server.s));
	hr_transport_server_close(f->server.s);
	assert_true(run_until(&f->loop, &f->client.n_down, 1));
	assert_int_equal(hr_transport_client_send(f->client.c, (const uint8_t *)"a", 1), -ENOTCONN);
	start_server(f, endpoint);
	assert_true(run_until(&f->loop, &f->client.n_up, 2));
	assert_int_equal(hr_transport_client_send(f->client.c, (const uint8_t *)"b", 1), 0);
	assert_true(run_until(&f->loop, &f->server.n_messages, 1));
	assert_int_equal(f->server.last_byte, 'b');
}

/* A second life of the same key speaks through a new handle; both ways work at once. */
static void test_client_restarts(void **state)
{
	struct fixture *f = *state;
	struct client_side again = {0};
	f->server.echo = true;
	start_client(f, &f->client, f->server.keys.public);
	assert_true(run_until(&f->loop, &f->client.n_up, 1));
	assert_int_equal(hr_transport_client_send(f->client.c, (const uint8_t *)"a", 1), 0);
	assert_true(run_until(&f->loop, &f->client.n_messages, 1));
	uint64_t old = f->server.last_peer;
	again.keys = f->client.keys;
	start_client(f, &again, f->server.keys.public);
	assert_true(run_until(&f->loop, &again.n_up, 1));
	assert_int_equal(hr_transport_client_send(again.c, (const uint8_t *)"b", 1), 0);
	assert_true(run_until(&f->loop, &again.n_messages, 1));
	assert_true(f->server.last_peer != old);
	assert_string_equal(f->server.last_key, f->client.keys.public);
	hr_transport_client_close(again.c);
	run_for(&f->loop, 200);
	assert_int_equal(
	    hr_transport_server_send(f->server.s, f->server.last_peer, (const uint8_t *)"x", 1),
	    -ENOTCONN);
}

/* A peer that does not read costs the server bounded memory and no time. */
static void test_deaf_peer(void **state)
{
	struct fixture *f = *state;
	static uint8_t bytes[HR_MESSAGE_MAX_BYTES];
	void *context = zmq_ctx_new();
	void *deaf = rogue_client(f, context);
	zmq_send(deaf, "hello", 5, 0);
	assert_true(run_until(&f->loop, &f->server.n_messages, 1));
	int n = 0, rc = 0;
	for (; n < 100000 && rc == 0; n++) {
		rc = hr_transport_server_send(f->server.s, f->server.last_peer, bytes,
					      sizeof(bytes));
	}
	assert_int_equal(rc, -EAGAIN);
	assert_int_equal(f->server.s->counts.dropped, 1);
	zmq_close(deaf);
	zmq_ctx_term(context);
}

static void test_crowd(void **state)
{
	struct fixture *f = *state;
	struct client_side *crowd = calloc(CROWD, sizeof(*crowd));
	assert_non_null(crowd);
	f->server.echo = true;
	for (unsigned i = 0; i < CROWD; i++) {
		assert_int_equal(hr_keypair_generate(&crowd[i].keys, NULL), 0);
		allow(&f->server, crowd[i].keys.public);
	}
	assert_int_equal(
	    hr_transport_server_authorize(f->server.s, f->server.table, f->server.n_table), 0);
	for (unsigned i = 0; i < CROWD; i++)
		start_client(f, &crowd[i], f->server.keys.public);
	for (unsigned i = 0; i < CROWD; i++)
		assert_true(run_until(&f->loop, &crowd[i].n_up, 1));
	for (unsigned round = 1; round <= 5; round++) {
		for (unsigned i = 0; i < CROWD; i++)
			assert_int_equal(
			    hr_transport_client_send(crowd[i].c, (const uint8_t *)"report", 6), 0);
		for (unsigned i = 0; i < CROWD; i++)
			assert_true(run_until(&f->loop, &crowd[i].n_messages, round));
	}
	assert_int_equal(f->server.s->counts.received, 5 * CROWD);
	assert_int_equal(f->server.s->counts.dropped, 0);
	for (unsigned i = 0; i < CROWD; i++)
		hr_transport_client_close(crowd[i].c);
	run_for(&f->loop, 50);
	free(crowd);
}

struct edge {
	struct fixture *f;
	void *raw;
	unsigned n_ticks;
};

/* After the check phase: a message comes in, and a send takes note of it in its place. */
static void eat_the_edge(uv_handle_t *handle)
{
	const struct edge *e = handle->data;
	zmq_send(e->raw, "m", 1, 0);
	(void)poll(NULL, 0, 50);
	assert_int_equal(hr_transport_server_send(e->f->server.s, e->f->server.last_peer,
						  (const uint8_t *)"x", 1),
			 0);
}

static void on_slow_tick(uv_timer_t *t)
{
	((struct edge *)t->data)->n_ticks++;
}

/* ZMQ_FD tells of a message once; if somebody else has taken that edge, nothing wakes the loop. */
static void test_no_lost_edge(void **state)
{
	struct fixture *f = *state;
	void *context = zmq_ctx_new();
	struct edge edge = {f, rogue_client(f, context), 0};
	uv_timer_t tick;
	uv_idle_t idle;
	zmq_send(edge.raw, "hello", 5, 0);
	assert_true(run_until(&f->loop, &f->server.n_messages, 1));
	run_for(&f->loop, 50);
	uv_timer_init(&f->loop, &tick);
	uv_idle_init(&f->loop, &idle);
	tick.data = idle.data = &edge;
	uv_timer_start(&tick, on_slow_tick, 2000, 2000);
	uv_close((uv_handle_t *)&idle, eat_the_edge);
	while (f->server.n_messages < 2 && edge.n_ticks == 0)
		uv_run(&f->loop, UV_RUN_ONCE);
	assert_int_equal(edge.n_ticks, 0);
	uv_close((uv_handle_t *)&tick, NULL);
	run_for(&f->loop, 10);
	zmq_close(edge.raw);
	zmq_ctx_term(context);
}

static void test_bad_configuration(void **state)
{
	struct fixture *f = *state;
	struct hr_transport_server *s = NULL;
	struct hr_transport_client *c = NULL;
	struct hr_err err = {0};
	struct hr_zmq_server_conf taken = {hr_zmq_server_endpoint(f->server.s),
					   f->server.keys.secret, NULL, 0};
	assert_int_equal(hr_zmq_server_open(&f->loop, &taken, &s, &err), -EADDRINUSE);
	if (!strstr(err.text, "tcp://127.0.0.1"))
		fail_msg("%s", err.text);
	struct hr_zmq_server_conf nowhere = {"rack-1", f->server.keys.secret, NULL, 0};
	assert_int_equal(hr_zmq_server_open(&f->loop, &nowhere, &s, &err), -EINVAL);
	struct hr_zmq_server_conf keyless = {"tcp://127.0.0.1:*", "no key", NULL, 0};
	assert_int_equal(hr_zmq_server_open(&f->loop, &keyless, &s, &err), -EINVAL);
	assert_null(strstr(err.text, "no key"));
	struct hr_zmq_client_conf bad = {"tcp://127.0.0.1:1", "short", f->client.keys.secret};
	assert_int_equal(hr_zmq_client_open(&f->loop, &bad, &c, &err), -EINVAL);
	bad.server_key = f->server.keys.public;
	bad.secret = "x";
	assert_int_equal(hr_zmq_client_open(&f->loop, &bad, &c, &err), -EINVAL);
	bad.secret = f->client.keys.secret;
	bad.endpoint = "controller";
	assert_int_equal(hr_zmq_client_open(&f->loop, &bad, &c, &err), -EINVAL);
	assert_null(s);
	assert_null(c);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(test_good_key),        CASE(test_unknown_key),     CASE(test_wrong_server_key),
	    CASE(test_key_withdrawn),   CASE(test_oversized),       CASE(test_garbage),
	    CASE(test_server_restarts), CASE(test_client_restarts), CASE(test_deaf_peer),
	    CASE(test_crowd),           CASE(test_no_lost_edge),    CASE(test_bad_configuration),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
