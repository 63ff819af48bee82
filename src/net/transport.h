/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The seam between roles and the network: bytes to and from peers whose keys are known.
 *
 * A server (controller) hears many peers, a client (agent) one server. Both live on a libuv loop
 * and call back from it; nothing here blocks. Queues are bounded, and what does not fit is
 * dropped and counted: every message of the protocol may be lost. Order between one pair is kept,
 * otherwise nothing is promised; a message may come twice after a reconnection.
 *
 * A peer is a handle of one connection. A node that restarts or reconnects speaks through a new
 * handle, which its next message brings; the old one answers -ENOTCONN. What a key may say is
 * bound in the authorised keys; the role compares it with what the message claims.
 *
 * The maker of an endpoint (the command line) opens a concrete one; the role attaches to it.
 * After close no callback comes; the memory goes when the loop has run once more.
 */
#ifndef HR_NET_TRANSPORT_H
#define HR_NET_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "wire/authorized_keys.h"

struct hr_transport_counts {
	uint64_t received;
	uint64_t received_bytes;
	uint64_t sent;
	uint64_t sent_bytes;
	uint64_t dropped;           /* queue full, or no connection at the time */
	uint64_t unreachable;       /* sent to a peer that has gone */
	uint64_t refused_keys;      /* handshakes of keys that are not authorised */
	uint64_t refused_messages;  /* oversized, in several parts, or of a key just revoked */
	uint64_t failed_handshakes; /* not our protocol, no encryption, too slow */
	uint64_t connections;       /* handshakes that succeeded */
	uint64_t disconnections;
};

struct hr_transport_server;
struct hr_transport_client;

struct hr_transport_server_events {
	/* who and bytes hold for the time of the call. */
	void (*on_message)(void *ctx, uint64_t peer, const struct hr_authorized_key *who,
			   const uint8_t *bytes, size_t size);
	/*
	 * A key that is not authorised knocked: told once for each key (and for a bounded number
	 * of keys in an hour), so that it can be logged. May be NULL.
	 */
	void (*on_refused)(void *ctx, const char *key, const char *address);
};

struct hr_transport_server_ops {
	/* 0; -ENOTCONN the peer has gone; -EAGAIN it does not read, dropped; -EMSGSIZE. */
	int (*send)(struct hr_transport_server *s, uint64_t peer, const uint8_t *bytes,
		    size_t size);
	/*
	 * Puts another table of n authorised keys in force at once, also for connections that are
	 * open. The table must be sorted; it is copied. 0 or -ENOMEM.
	 */
	int (*authorize)(struct hr_transport_server *s, const struct hr_authorized_key *table,
			 size_t n);
	void (*close)(struct hr_transport_server *s);
};

struct hr_transport_server {
	const struct hr_transport_server_ops *ops;
	const struct hr_transport_server_events *events;
	void *ctx;
	struct hr_transport_counts counts;
};

struct hr_transport_client_events {
	void (*on_message)(void *ctx, const uint8_t *bytes, size_t size);
	void (*on_up)(void *ctx);
	/* why: one sentence; called again only after an on_up or when the reason changes. */
	void (*on_down)(void *ctx, const char *why);
};

struct hr_transport_client_ops {
	/* 0 taken (perhaps in place of the oldest in the queue); -ENOTCONN dropped; -EMSGSIZE. */
	int (*send)(struct hr_transport_client *c, const uint8_t *bytes, size_t size);
	void (*close)(struct hr_transport_client *c);
};

struct hr_transport_client {
	const struct hr_transport_client_ops *ops;
	const struct hr_transport_client_events *events;
	void *ctx;
	struct hr_transport_counts counts;
};

/* Says where messages go; what comes earlier is counted as dropped. */
static inline void hr_transport_server_attach(struct hr_transport_server *s,
					      const struct hr_transport_server_events *events,
					      void *ctx)
{
	s->events = events;
	s->ctx = ctx;
}

static inline void hr_transport_client_attach(struct hr_transport_client *c,
					      const struct hr_transport_client_events *events,
					      void *ctx)
{
	c->events = events;
	c->ctx = ctx;
}

static inline int hr_transport_server_send(struct hr_transport_server *s, uint64_t peer,
					   const uint8_t *bytes, size_t size)
{
	return s->ops->send(s, peer, bytes, size);
}

static inline int hr_transport_client_send(struct hr_transport_client *c, const uint8_t *bytes,
					   size_t size)
{
	return c->ops->send(c, bytes, size);
}

static inline int hr_transport_server_authorize(struct hr_transport_server *s,
						const struct hr_authorized_key *table, size_t n)
{
	return s->ops->authorize(s, table, n);
}

/* NULL is allowed. */
static inline void hr_transport_server_close(struct hr_transport_server *s)
{
	if (s)
		s->ops->close(s);
}

static inline void hr_transport_client_close(struct hr_transport_client *c)
{
	if (c)
		c->ops->close(c);
}

#endif
