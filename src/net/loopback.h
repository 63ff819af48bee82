/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The transport without a network, for tests: one server and any number of clients in one thread,
 * and a hub that carries messages when the test says that time has passed. Loss, duplication,
 * delay and reordering are the test's to decide for each message. No clock, no loop.
 */
#ifndef HR_NET_LOOPBACK_H
#define HR_NET_LOOPBACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/transport.h"

#define HR_LOOPBACK_FLIGHT_MAX 4096 /* messages under way; what comes on top is dropped */
#define HR_LOOPBACK_COPIES_MAX 4

struct hr_loopback;

/* What becomes of one message: n copies (0: lost), each with its own delay. */
struct hr_loopback_fate {
	unsigned n;
	int64_t delay_ns[HR_LOOPBACK_COPIES_MAX];
};

typedef void hr_loopback_fate_fn(void *ctx, bool to_server, const uint8_t *bytes, size_t size,
				 struct hr_loopback_fate *ret);

/* NULL: no memory. */
struct hr_loopback *hr_loopback_new(void) HR_MUST_CHECK;
/* Close the server and the clients before. NULL is allowed. */
void hr_loopback_free(struct hr_loopback *h);

/* NULL as fn: every message arrives once, at the next step. */
void hr_loopback_set_fate(struct hr_loopback *h, hr_loopback_fate_fn *fn, void *ctx);

/* The hub's server: at most one at a time; a new one takes the place of one that was closed. */
int hr_loopback_server(struct hr_loopback *h, const struct hr_authorized_key *table, size_t n,
		       struct hr_transport_server **ret) HR_MUST_CHECK;

/* A client with that key; it connects at the next step at which there is a server. */
int hr_loopback_client(struct hr_loopback *h, const char *key,
		       struct hr_transport_client **ret) HR_MUST_CHECK;

/* Cuts a client off (it goes down, what is under way is lost) or joins it again. */
void hr_loopback_cut(struct hr_transport_client *c, bool cut);

/* Connects, refuses, delivers all that is due at now_ns; returns how many were delivered. */
unsigned hr_loopback_step(struct hr_loopback *h, int64_t now_ns);

#endif
