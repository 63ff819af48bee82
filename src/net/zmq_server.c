/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ROUTER, monitor and doorkeeper on one loop. What messages mean is not known here.
 *
 * ROUTER names each connection with 5 bytes (0 and a number) of its own making; they are the peer
 * handle. A client that brought a name of its own is not served: names that peers choose could be
 * each other's.
 * Invariant: on_message is called only with a key that stands in the table at that moment.
 */
#include "net/zmq_server.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zmq.h>

#include "net/zmq_monitor.h"
#include "net/zmq_pump.h"
#include "net/zmq_zap.h"
#include "wire/message.h"

#define ENDPOINT_BYTES 256
#define ROUTE_BYTES 5
#define BATCH 64          /* messages taken before others on the loop have their turn */
#define QUEUE 16          /* messages to and from each peer */
#define SEVER_BYTES 65536 /* a message this long costs the connection */
#define HANDSHAKE_MS 5000
#define BACKLOG 1024

struct server {
	struct hr_transport_server base;
	uv_timer_t ender; /* gives the memory back when the loop lets go */
	void *context;
	void *socket;
	struct hr_zmq_pump *pump;
	struct hr_zmq_monitor monitor;
	struct hr_zmq_zap zap;
	bool closed;
	char endpoint[ENDPOINT_BYTES];
};

/* A message of several frames as far as it matters: its route, its body, how many frames. */
struct parts {
	uint8_t route[ROUTE_BYTES + 1];
	int route_len;
	zmq_msg_t body;
	int n;
};

static struct server *server(struct hr_transport_server *s)
{
	return (struct server *)s;
}

/* False when there is nothing to take. Otherwise the body must be closed by the caller. */
static bool receive(void *socket, struct parts *p)
{
	p->route_len = zmq_recv(socket, p->route, sizeof(p->route), ZMQ_DONTWAIT);
	if (p->route_len < 0)
		return false;
	p->n = 1;
	(void)zmq_msg_init(&p->body);
	int more = 1;
	size_t size = sizeof(more);
	while (zmq_getsockopt(socket, ZMQ_RCVMORE, &more, &size) == 0 && more) {
		if (zmq_msg_recv(&p->body, socket, ZMQ_DONTWAIT) < 0)
			break;
		p->n++;
	}
	return true;
}

static const struct hr_authorized_key *owner(const struct server *s, const zmq_msg_t *body)
{
	const char *key = zmq_msg_gets(body, "User-Id");
	return key ? hr_authorized_keys_find(s->zap.table, s->zap.n, key) : NULL;
}

static void deliver(struct server *s, struct parts *p)
{
	struct hr_transport_counts *counts = &s->base.counts;
	size_t size = zmq_msg_size(&p->body);
	uint64_t peer = 0;
	const struct hr_authorized_key *who = owner(s, &p->body);
	if (!who || p->n != 2 || p->route_len != ROUTE_BYTES || p->route[0] != 0 ||
	    size > HR_MESSAGE_MAX_BYTES) {
		counts->refused_messages++;
		return;
	}
	if (!s->base.events) {
		counts->dropped++;
		return;
	}
	for (int i = 0; i < ROUTE_BYTES; i++)
		peer = peer << 8 | p->route[i];
	counts->received++;
	counts->received_bytes += size;
	s->base.events->on_message(s->base.ctx, peer, who, zmq_msg_data(&p->body), size);
}

static void on_ready(void *ctx, void *socket, short events)
{
	struct server *s = ctx;
	struct parts p;
	(void)events;
	for (int i = 0; i < BATCH && !s->closed && receive(socket, &p); i++) {
		deliver(s, &p);
		(void)zmq_msg_close(&p.body);
	}
}

static void on_monitor(void *ctx, enum hr_zmq_monitor_event event)
{
	struct server *s = ctx;
	switch (event) {
	case HR_ZMQ_MONITOR_UP:
		s->base.counts.connections++;
		break;
	case HR_ZMQ_MONITOR_DOWN:
		s->base.counts.disconnections++;
		break;
	case HR_ZMQ_MONITOR_FAILED:
		s->base.counts.failed_handshakes++;
		break;
	case HR_ZMQ_MONITOR_REFUSED: /* counted by the doorkeeper */
	case HR_ZMQ_MONITOR_RETRY:
		break;
	}
}

static void on_refused(void *ctx, const char *key, const char *address)
{
	struct server *s = ctx;
	if (s->base.events && s->base.events->on_refused)
		s->base.events->on_refused(s->base.ctx, key, address);
}

static int server_send(struct hr_transport_server *base, uint64_t peer, const uint8_t *bytes,
		       size_t size)
{
	struct server *s = server(base);
	uint8_t route[ROUTE_BYTES];
	if (size > HR_MESSAGE_MAX_BYTES)
		return -EMSGSIZE;
	for (int i = ROUTE_BYTES - 1; i >= 0; i--, peer >>= 8)
		route[i] = (uint8_t)peer;
	hr_zmq_pump_used(s->pump);
	if (zmq_send(s->socket, route, sizeof(route), ZMQ_SNDMORE | ZMQ_DONTWAIT) < 0) {
		bool full = zmq_errno() == EAGAIN;
		*(full ? &base->counts.dropped : &base->counts.unreachable) += 1;
		return full ? -EAGAIN : -ENOTCONN;
	}
	if (zmq_send(s->socket, bytes, size, ZMQ_DONTWAIT) < 0) {
		base->counts.dropped++;
		return -EAGAIN;
	}
	base->counts.sent++;
	base->counts.sent_bytes += size;
	return 0;
}

static int server_authorize(struct hr_transport_server *base, const struct hr_authorized_key *table,
			    size_t n)
{
	return hr_zmq_zap_authorize(&server(base)->zap, table, n);
}

static void on_ended(uv_handle_t *handle)
{
	struct server *s = handle->data;
	if (s->context)
		(void)zmq_ctx_term(s->context);
	free(s);
}

/* Also takes down what was only half put up. */
static void server_close(struct hr_transport_server *base)
{
	struct server *s = server(base);
	if (s->closed)
		return;
	s->closed = true;
	hr_zmq_monitor_stop(&s->monitor);
	if (s->pump)
		hr_zmq_pump_stop(s->pump);
	else if (s->socket)
		(void)zmq_close(s->socket);
	hr_zmq_zap_stop(&s->zap);
	uv_close((uv_handle_t *)&s->ender, on_ended);
}

static const struct hr_transport_server_ops ops = {
    .send = server_send,
    .authorize = server_authorize,
    .close = server_close,
};

static int set_int(void *socket, int option, int value)
{
	return zmq_setsockopt(socket, option, &value, sizeof(value));
}

static int set_options(void *socket, const struct hr_zmq_server_conf *conf)
{
	const int64_t sever = SEVER_BYTES;
	/* Only where it is asked for, so that an IPv4 address stays readable as one. */
	bool ipv6 = strchr(conf->endpoint, '[') || strncmp(conf->endpoint, "tcp://*", 7) == 0;
	if (set_int(socket, ZMQ_LINGER, 0) < 0 || set_int(socket, ZMQ_IPV6, ipv6) < 0 ||
	    set_int(socket, ZMQ_ROUTER_MANDATORY, 1) < 0 ||
	    set_int(socket, ZMQ_SNDHWM, QUEUE) < 0 || set_int(socket, ZMQ_RCVHWM, QUEUE) < 0 ||
	    set_int(socket, ZMQ_HANDSHAKE_IVL, HANDSHAKE_MS) < 0 ||
	    set_int(socket, ZMQ_BACKLOG, BACKLOG) < 0 || set_int(socket, ZMQ_CURVE_SERVER, 1) < 0 ||
	    zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &sever, sizeof(sever)) < 0 ||
	    zmq_setsockopt(socket, ZMQ_ZAP_DOMAIN, HR_ZMQ_ZAP_DOMAIN, strlen(HR_ZMQ_ZAP_DOMAIN)) <
		0 ||
	    zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, conf->secret, HR_KEY_TEXT_BYTES) < 0)
		return -errno;
	return 0;
}

static int put_up(struct server *s, uv_loop_t *loop, const struct hr_zmq_server_conf *conf,
		  struct hr_err *reterr)
{
	size_t size = sizeof(s->endpoint);
	s->context = zmq_ctx_new();
	s->socket = s->context ? zmq_socket(s->context, ZMQ_ROUTER) : NULL;
	if (!s->socket ||
	    hr_zmq_zap_start(&s->zap, loop, s->context, &s->base.counts.refused_keys, on_refused,
			     s) < 0 ||
	    hr_zmq_zap_authorize(&s->zap, conf->keys, conf->n_keys) < 0 ||
	    hr_zmq_monitor_start(&s->monitor, loop, s->context, s->socket, on_monitor, s) < 0)
		return hr_err_set(reterr, -ENOMEM, "cannot make a ZeroMQ server: %s",
				  zmq_strerror(zmq_errno()));
	if (!hr_authorized_keys_is_key(conf->secret) || set_options(s->socket, conf) < 0)
		return hr_err_set(reterr, -EINVAL,
				  "cannot make a ZeroMQ server: the secret key is not one that "
				  "\"headroom keys generate\" makes, or libzmq has no CURVE");
	if (zmq_bind(s->socket, conf->endpoint) < 0) {
		int code = zmq_errno() < ZMQ_HAUSNUMERO ? -zmq_errno() : -EINVAL;
		return hr_err_set(reterr, code,
				  "cannot listen on %s: %s; the form is tcp://ADDRESS:PORT",
				  conf->endpoint, zmq_strerror(zmq_errno()));
	}
	(void)zmq_getsockopt(s->socket, ZMQ_LAST_ENDPOINT, s->endpoint, &size);
	s->pump = hr_zmq_pump_start(loop, s->socket, on_ready, s);
	if (!s->pump)
		return hr_err_set(reterr, -ENOMEM, "cannot make a ZeroMQ server: no memory");
	return 0;
}

int hr_zmq_server_open(uv_loop_t *loop, const struct hr_zmq_server_conf *conf,
		       struct hr_transport_server **ret, struct hr_err *reterr)
{
	struct server *s = calloc(1, sizeof(*s));
	if (!s)
		return hr_err_set(reterr, -ENOMEM, "cannot make a ZeroMQ server: no memory");
	s->base.ops = &ops;
	(void)uv_timer_init(loop, &s->ender);
	s->ender.data = s;
	int rc = put_up(s, loop, conf, reterr);
	if (rc < 0)
		server_close(&s->base);
	else
		*ret = &s->base;
	return rc;
}

const char *hr_zmq_server_endpoint(const struct hr_transport_server *s)
{
	return ((const struct server *)s)->endpoint;
}
