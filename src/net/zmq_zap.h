/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The doorkeeper of a ZeroMQ server: answers libzmq's question whether a key may connect (ZeroMQ
 * RFC 27, ZAP) from the table of authorised keys, on the server's own loop. The key becomes the
 * "User-Id" of every message of that connection. Used by net/zmq_server.c only.
 */
#ifndef HR_NET_ZMQ_ZAP_H
#define HR_NET_ZMQ_ZAP_H

#include <uv.h>

#include "net/zmq_pump.h"
#include "wire/authorized_keys.h"

#define HR_ZMQ_ZAP_DOMAIN "headroom"
#define HR_ZMQ_ZAP_TOLD_MAX 256 /* keys told of in an hour */

struct hr_zmq_zap {
	uv_loop_t *loop;
	struct hr_zmq_pump *pump;
	struct hr_authorized_key *table;
	size_t n;
	uint64_t *n_refused; /* the owner's counter */
	/* may be NULL; told once for each key */
	void (*on_refused)(void *ctx, const char *key, const char *address);
	void *ctx;
	uint64_t told_since_ms;
	size_t n_told;
	char told[HR_ZMQ_ZAP_TOLD_MAX][HR_KEY_TEXT_BYTES];
};

/* In place; before the server's socket is bound. 0 or -ENOMEM. */
int hr_zmq_zap_start(struct hr_zmq_zap *z, uv_loop_t *loop, void *zmq_context, uint64_t *n_refused,
		     void (*on_refused)(void *ctx, const char *key, const char *address),
		     void *ctx) HR_MUST_CHECK;

/* Copies another table. 0 or -ENOMEM, then the old one stays. Forgets which keys were told. */
int hr_zmq_zap_authorize(struct hr_zmq_zap *z, const struct hr_authorized_key *table,
			 size_t n) HR_MUST_CHECK;

void hr_zmq_zap_stop(struct hr_zmq_zap *z);

#endif
