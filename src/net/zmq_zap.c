/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ZAP requests come from libzmq's own thread over inproc and are answered one by one. No decision
 * about messages is made here.
 * Invariant: every request gets exactly one reply, and only a key of the table gets a 200.
 */
#include "net/zmq_zap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <zmq.h>

#define FRAMES 7 /* version, request, domain, address, identity, mechanism, key */
#define FRAME_MAX_BYTES 256
#define KEY_BYTES 32
#define HOUR_MS UINT64_C(3600000)

struct frame {
	size_t len;
	char bytes[FRAME_MAX_BYTES];
};

/* False: the request is not in the form of RFC 27. Takes all of its frames in either case. */
static bool receive(void *socket, struct frame frame[FRAMES])
{
	bool good = true;
	int more = 1;
	for (int i = 0; more; i++) {
		struct frame spare, *f = i < FRAMES ? &frame[i] : &spare;
		int n = zmq_recv(socket, f->bytes, sizeof(f->bytes) - 1, ZMQ_DONTWAIT);
		if (n < 0)
			return false;
		size_t size = sizeof(more);
		(void)zmq_getsockopt(socket, ZMQ_RCVMORE, &more, &size);
		good = good && (size_t)n < sizeof(f->bytes) && more == (i < FRAMES - 1);
		f->len = (size_t)n < sizeof(f->bytes) ? (size_t)n : 0;
		f->bytes[f->len] = '\0';
	}
	return good;
}

static bool equals(const struct frame *f, const char *text)
{
	return f->len == strlen(text) && memcmp(f->bytes, text, f->len) == 0;
}

static void tell(struct hr_zmq_zap *z, const char *key, const char *address)
{
	uint64_t now = uv_now(z->loop);
	if (now - z->told_since_ms >= HOUR_MS) {
		z->told_since_ms = now;
		z->n_told = 0;
	}
	for (size_t i = 0; i < z->n_told; i++) {
		if (strcmp(z->told[i], key) == 0)
			return;
	}
	if (z->n_told == HR_ZMQ_ZAP_TOLD_MAX)
		return;
	memcpy(z->told[z->n_told++], key, HR_KEY_TEXT_BYTES);
	if (z->on_refused)
		z->on_refused(z->ctx, key, address);
}

static void reply(void *socket, const struct frame *request, const char *status, const char *text,
		  const char *user)
{
	(void)zmq_send(socket, "1.0", 3, ZMQ_SNDMORE);
	(void)zmq_send(socket, request->bytes, request->len, ZMQ_SNDMORE);
	(void)zmq_send(socket, status, strlen(status), ZMQ_SNDMORE);
	(void)zmq_send(socket, text, strlen(text), ZMQ_SNDMORE);
	(void)zmq_send(socket, user, strlen(user), ZMQ_SNDMORE);
	(void)zmq_send(socket, "", 0, 0);
}

static void on_ready(void *ctx, void *socket, short events)
{
	struct hr_zmq_zap *z = ctx;
	struct frame frame[FRAMES];
	char key[HR_KEY_TEXT_BYTES];
	(void)events;
	memset(frame, 0, sizeof(frame));
	bool good = receive(socket, frame) && equals(&frame[0], "1.0") &&
		    equals(&frame[2], HR_ZMQ_ZAP_DOMAIN) && equals(&frame[5], "CURVE") &&
		    frame[6].len == KEY_BYTES;
	if (!good || !zmq_z85_encode(key, (const uint8_t *)frame[6].bytes, KEY_BYTES)) {
		++*z->n_refused;
		reply(socket, &frame[1], "400", "only CURVE keys", "");
		return;
	}
	if (hr_authorized_keys_find(z->table, z->n, key)) {
		reply(socket, &frame[1], "200", "OK", key);
		return;
	}
	++*z->n_refused;
	reply(socket, &frame[1], "400", "key not authorised", "");
	tell(z, key, frame[3].bytes);
}

int hr_zmq_zap_start(struct hr_zmq_zap *z, uv_loop_t *loop, void *zmq_context, uint64_t *n_refused,
		     void (*on_refused)(void *ctx, const char *key, const char *address), void *ctx)
{
	memset(z, 0, sizeof(*z));
	z->loop = loop;
	z->n_refused = n_refused;
	z->on_refused = on_refused;
	z->ctx = ctx;
	z->told_since_ms = uv_now(loop);
	void *socket = zmq_socket(zmq_context, ZMQ_REP);
	if (!socket)
		return -ENOMEM;
	int linger = 0;
	(void)zmq_setsockopt(socket, ZMQ_LINGER, &linger, sizeof(linger));
	if (zmq_bind(socket, "inproc://zeromq.zap.01") == 0)
		z->pump = hr_zmq_pump_start(loop, socket, on_ready, z);
	if (!z->pump) {
		(void)zmq_close(socket);
		return -ENOMEM;
	}
	return 0;
}

int hr_zmq_zap_authorize(struct hr_zmq_zap *z, const struct hr_authorized_key *table, size_t n)
{
	struct hr_authorized_key *copy = calloc(n ? n : 1, sizeof(*copy));
	if (!copy)
		return -ENOMEM;
	if (n > 0)
		memcpy(copy, table, n * sizeof(*copy));
	free(z->table);
	z->table = copy;
	z->n = n;
	z->n_told = 0;
	return 0;
}

void hr_zmq_zap_stop(struct hr_zmq_zap *z)
{
	hr_zmq_pump_stop(z->pump);
	z->pump = NULL;
	free(z->table);
	z->table = NULL;
	z->n = 0;
}
