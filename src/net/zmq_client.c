/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DEALER and monitor on one loop, and a short queue for the moments when libzmq's is full. libzmq
 * gives a connection up for good when a handshake failed; then the socket is made anew.
 * Invariant: the queue is empty while the connection is down.
 */
#include "net/zmq_client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <zmq.h>

#include "net/zmq_monitor.h"
#include "net/zmq_pump.h"
#include "wire/message.h"

#define ENDPOINT_BYTES 256
#define BATCH 64
#define HWM 16
#define QUEUE 8
#define SEVER_BYTES 65536
#define RECONNECT_MS 100
#define RECONNECT_MAX_MS 2000
#define REFUSED_MS 3000
#define CONNECT_MS 5000
#define HEARTBEAT_MS 2000
#define HEARTBEAT_TIMEOUT_MS 6000

struct waiting {
	size_t size;
	uint8_t bytes[HR_MESSAGE_MAX_BYTES];
};

struct client {
	struct hr_transport_client base;
	uv_loop_t *loop;
	uv_timer_t again; /* makes the socket anew after a refusal */
	void *context;
	void *socket; /* NULL between a refusal and the next try */
	struct hr_zmq_pump *pump;
	struct hr_zmq_monitor monitor;
	bool up;
	bool closed;
	const char *why; /* the reason of being down that was told last */
	size_t head, n_waiting;
	struct waiting *queue;
	char endpoint[ENDPOINT_BYTES];
	char server_key[HR_KEY_TEXT_BYTES];
	char secret[HR_KEY_TEXT_BYTES];
	char public[HR_KEY_TEXT_BYTES];
};

static struct client *client(struct hr_transport_client *c)
{
	return (struct client *)c;
}

static int push(struct client *c, const uint8_t *bytes, size_t size)
{
	hr_zmq_pump_used(c->pump);
	if (zmq_send(c->socket, bytes, size, ZMQ_DONTWAIT) < 0)
		return -EAGAIN;
	c->base.counts.sent++;
	c->base.counts.sent_bytes += size;
	return 0;
}

static void flush(struct client *c)
{
	while (c->n_waiting > 0) {
		const struct waiting *w = &c->queue[c->head];
		if (push(c, w->bytes, w->size) < 0)
			return;
		c->head = (c->head + 1) % QUEUE;
		c->n_waiting--;
	}
	hr_zmq_pump_want_write(c->pump, false);
}

static void enqueue(struct client *c, const uint8_t *bytes, size_t size)
{
	if (c->n_waiting == QUEUE) {
		c->head = (c->head + 1) % QUEUE;
		c->n_waiting--;
		c->base.counts.dropped++;
	}
	struct waiting *w = &c->queue[(c->head + c->n_waiting++) % QUEUE];
	memcpy(w->bytes, bytes, size);
	w->size = size;
	hr_zmq_pump_want_write(c->pump, true);
}

static int client_send(struct hr_transport_client *base, const uint8_t *bytes, size_t size)
{
	struct client *c = client(base);
	if (size > HR_MESSAGE_MAX_BYTES)
		return -EMSGSIZE;
	if (!c->up) {
		base->counts.dropped++;
		return -ENOTCONN;
	}
	if (c->n_waiting > 0 || push(c, bytes, size) < 0)
		enqueue(c, bytes, size);
	return 0;
}

static void deliver(struct client *c, const uint8_t *bytes, size_t size)
{
	if (size > HR_MESSAGE_MAX_BYTES) {
		c->base.counts.refused_messages++;
		return;
	}
	if (!c->base.events) {
		c->base.counts.dropped++;
		return;
	}
	c->base.counts.received++;
	c->base.counts.received_bytes += size;
	c->base.events->on_message(c->base.ctx, bytes, size);
}

static void on_ready(void *ctx, void *socket, short events)
{
	struct client *c = ctx;
	if ((events & ZMQ_POLLOUT) && c->n_waiting > 0)
		flush(c);
	for (int i = 0; i < BATCH && !c->closed; i++) {
		zmq_msg_t body;
		(void)zmq_msg_init(&body);
		if (zmq_msg_recv(&body, socket, ZMQ_DONTWAIT) < 0) {
			(void)zmq_msg_close(&body);
			return;
		}
		deliver(c, zmq_msg_data(&body), zmq_msg_size(&body));
		(void)zmq_msg_close(&body);
	}
}

static void go_down(struct client *c, const char *why)
{
	bool news = c->up || c->why != why;
	c->base.counts.disconnections += c->up;
	c->base.counts.dropped += c->n_waiting;
	c->up = false;
	c->why = why;
	c->head = c->n_waiting = 0;
	if (c->pump)
		hr_zmq_pump_want_write(c->pump, false);
	if (news && c->base.events && c->base.events->on_down)
		c->base.events->on_down(c->base.ctx, why);
}

static void take_down(struct client *c)
{
	hr_zmq_monitor_stop(&c->monitor);
	if (c->pump)
		hr_zmq_pump_stop(c->pump);
	else if (c->socket)
		(void)zmq_close(c->socket);
	c->pump = NULL;
	c->socket = NULL;
}

static int put_up(struct client *c, struct hr_err *reterr);

static void on_again(uv_timer_t *timer)
{
	struct client *c = timer->data;
	if (put_up(c, NULL) < 0) {
		take_down(c);
		(void)uv_timer_start(&c->again, on_again, REFUSED_MS, 0);
	}
}

static void give_up(struct client *c, const char *why)
{
	take_down(c);
	(void)uv_timer_start(&c->again, on_again, REFUSED_MS, 0);
	go_down(c, why);
}

static void on_monitor(void *ctx, enum hr_zmq_monitor_event event)
{
	struct client *c = ctx;
	switch (event) {
	case HR_ZMQ_MONITOR_UP:
		c->up = true;
		c->why = NULL;
		c->base.counts.connections++;
		if (c->base.events && c->base.events->on_up)
			c->base.events->on_up(c->base.ctx);
		break;
	case HR_ZMQ_MONITOR_DOWN:
		go_down(c, c->up ? "the server closed the connection or fell silent"
				 : "the server closed the connection before it was encrypted; is "
				   "its public key the one configured here?");
		break;
	case HR_ZMQ_MONITOR_REFUSED:
		c->base.counts.refused_keys++;
		give_up(c, "the server does not know this key; add it to the server's authorised "
			   "keys");
		break;
	case HR_ZMQ_MONITOR_FAILED:
		c->base.counts.failed_handshakes++;
		give_up(c, "the server does not speak Headroom's protocol, or has another key than "
			   "the one configured here");
		break;
	case HR_ZMQ_MONITOR_RETRY:
		if (!c->up)
			go_down(c, c->why ? c->why : "nothing answers at the server's address");
		break;
	}
}

static void on_ended(uv_handle_t *handle)
{
	struct client *c = handle->data;
	if (c->context)
		(void)zmq_ctx_term(c->context);
	free(c->queue);
	explicit_bzero(c->secret, sizeof(c->secret));
	free(c);
}

static void client_close(struct hr_transport_client *base)
{
	struct client *c = client(base);
	if (c->closed)
		return;
	c->closed = true;
	c->up = false;
	take_down(c);
	uv_close((uv_handle_t *)&c->again, on_ended);
}

static const struct hr_transport_client_ops ops = {
    .send = client_send,
    .close = client_close,
};

static int set_int(void *socket, int option, int value)
{
	return zmq_setsockopt(socket, option, &value, sizeof(value));
}

static int set_options(const struct client *c)
{
	const int64_t sever = SEVER_BYTES;
	void *s = c->socket;
	if (set_int(s, ZMQ_LINGER, 0) < 0 || set_int(s, ZMQ_IPV6, 1) < 0 ||
	    set_int(s, ZMQ_IMMEDIATE, 1) < 0 || set_int(s, ZMQ_SNDHWM, HWM) < 0 ||
	    set_int(s, ZMQ_RCVHWM, HWM) < 0 || set_int(s, ZMQ_HANDSHAKE_IVL, CONNECT_MS) < 0 ||
	    set_int(s, ZMQ_CONNECT_TIMEOUT, CONNECT_MS) < 0 ||
	    set_int(s, ZMQ_RECONNECT_IVL, RECONNECT_MS) < 0 ||
	    set_int(s, ZMQ_RECONNECT_IVL_MAX, RECONNECT_MAX_MS) < 0 ||
	    set_int(s, ZMQ_HEARTBEAT_IVL, HEARTBEAT_MS) < 0 ||
	    set_int(s, ZMQ_HEARTBEAT_TIMEOUT, HEARTBEAT_TIMEOUT_MS) < 0 ||
	    set_int(s, ZMQ_HEARTBEAT_TTL, HEARTBEAT_TIMEOUT_MS) < 0 ||
	    zmq_setsockopt(s, ZMQ_MAXMSGSIZE, &sever, sizeof(sever)) < 0 ||
	    zmq_setsockopt(s, ZMQ_CURVE_SERVERKEY, c->server_key, HR_KEY_TEXT_BYTES) < 0 ||
	    zmq_setsockopt(s, ZMQ_CURVE_PUBLICKEY, c->public, HR_KEY_TEXT_BYTES) < 0 ||
	    zmq_setsockopt(s, ZMQ_CURVE_SECRETKEY, c->secret, HR_KEY_TEXT_BYTES) < 0)
		return -EINVAL;
	return 0;
}

static int put_up(struct client *c, struct hr_err *reterr)
{
	c->socket = zmq_socket(c->context, ZMQ_DEALER);
	if (!c->socket ||
	    hr_zmq_monitor_start(&c->monitor, c->loop, c->context, c->socket, on_monitor, c) < 0)
		return hr_err_set(reterr, -ENOMEM, "cannot make a ZeroMQ client: %s",
				  zmq_strerror(zmq_errno()));
	if (set_options(c) < 0)
		return hr_err_set(reterr, -EINVAL,
				  "cannot make a ZeroMQ client: libzmq refuses its options (%s)",
				  zmq_strerror(zmq_errno()));
	if (zmq_connect(c->socket, c->endpoint) < 0)
		return hr_err_set(reterr, -EINVAL,
				  "cannot connect to %s: %s; the form is tcp://HOST:PORT",
				  c->endpoint, zmq_strerror(zmq_errno()));
	c->pump = hr_zmq_pump_start(c->loop, c->socket, on_ready, c);
	if (!c->pump)
		return hr_err_set(reterr, -ENOMEM, "cannot make a ZeroMQ client: no memory");
	return 0;
}

static int configure(struct client *c, const struct hr_zmq_client_conf *conf, struct hr_err *reterr)
{
	size_t len = strlen(conf->endpoint);
	if (!hr_authorized_keys_is_key(conf->server_key))
		return hr_err_set(reterr, -EINVAL,
				  "the server's public key is not 40 characters of Z85");
	if (!hr_authorized_keys_is_key(conf->secret) ||
	    zmq_curve_public(c->public, conf->secret) < 0)
		return hr_err_set(reterr, -EINVAL,
				  "the secret key is not one that \"headroom keys generate\" "
				  "makes");
	if (len >= sizeof(c->endpoint))
		return hr_err_set(reterr, -EINVAL,
				  "the server's address has %zu bytes, at most "
				  "%zu are allowed",
				  len, sizeof(c->endpoint) - 1);
	memcpy(c->endpoint, conf->endpoint, len + 1);
	memcpy(c->server_key, conf->server_key, HR_KEY_TEXT_BYTES);
	memcpy(c->secret, conf->secret, HR_KEY_TEXT_BYTES);
	c->context = zmq_ctx_new();
	c->queue = calloc(QUEUE, sizeof(*c->queue));
	if (!c->context || !c->queue)
		return hr_err_set(reterr, -ENOMEM, "cannot make a ZeroMQ client: no memory");
	return 0;
}

int hr_zmq_client_open(uv_loop_t *loop, const struct hr_zmq_client_conf *conf,
		       struct hr_transport_client **ret, struct hr_err *reterr)
{
	struct client *c = calloc(1, sizeof(*c));
	if (!c)
		return hr_err_set(reterr, -ENOMEM, "cannot make a ZeroMQ client: no memory");
	c->base.ops = &ops;
	c->loop = loop;
	(void)uv_timer_init(loop, &c->again);
	c->again.data = c;
	int rc = configure(c, conf, reterr);
	if (rc == 0)
		rc = put_up(c, reterr);
	if (rc < 0)
		client_close(&c->base);
	else
		*ret = &c->base;
	return rc;
}
