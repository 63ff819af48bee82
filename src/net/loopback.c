/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hub keeps a list of messages under way in the order of their arrival. It knows nothing of
 * what they mean.
 * Invariant: callbacks come from hr_loopback_step only, never from inside a send.
 */
#include "net/loopback.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "wire/message.h"

struct flight {
	struct flight *next;
	int64_t at_ns;
	uint64_t peer;
	bool to_server;
	size_t size;
	uint8_t bytes[];
};

struct server {
	struct hr_transport_server base;
	struct hr_loopback *hub;
	struct hr_authorized_key *table;
	size_t n;
	uint64_t reign; /* clients of an earlier server must connect anew */
};

struct client {
	struct hr_transport_client base;
	struct hr_loopback *hub;
	struct client *next;
	char key[HR_KEY_TEXT_BYTES];
	uint64_t peer; /* 0: not connected */
	uint64_t reign;
	bool cut, refused, closed;
};

struct hr_loopback {
	struct server *server;
	struct client *clients;
	struct flight *flights;
	size_t n_flights;
	int64_t now_ns;
	uint64_t next_peer;
	uint64_t reigns;
	hr_loopback_fate_fn *fate;
	void *fate_ctx;
};

struct hr_loopback *hr_loopback_new(void)
{
	struct hr_loopback *h = calloc(1, sizeof(*h));
	if (h)
		h->next_peer = 1;
	return h;
}

void hr_loopback_free(struct hr_loopback *h)
{
	if (!h)
		return;
	while (h->flights) {
		struct flight *f = h->flights;
		h->flights = f->next;
		free(f);
	}
	while (h->clients) {
		struct client *c = h->clients;
		h->clients = c->next;
		free(c);
	}
	free(h);
}

void hr_loopback_set_fate(struct hr_loopback *h, hr_loopback_fate_fn *fn, void *ctx)
{
	h->fate = fn;
	h->fate_ctx = ctx;
}

static bool launch(struct hr_loopback *h, uint64_t peer, bool to_server, int64_t delay_ns,
		   const uint8_t *bytes, size_t size)
{
	struct flight *f = h->n_flights < HR_LOOPBACK_FLIGHT_MAX ? malloc(sizeof(*f) + size) : NULL;
	if (!f)
		return false;
	f->at_ns = h->now_ns + delay_ns;
	f->peer = peer;
	f->to_server = to_server;
	f->size = size;
	memcpy(f->bytes, bytes, size);
	struct flight **at = &h->flights;
	while (*at && (*at)->at_ns <= f->at_ns)
		at = &(*at)->next;
	f->next = *at;
	*at = f;
	h->n_flights++;
	return true;
}

static void submit(struct hr_loopback *h, uint64_t peer, bool to_server, const uint8_t *bytes,
		   size_t size, struct hr_transport_counts *counts)
{
	struct hr_loopback_fate fate = {.n = 1};
	if (h->fate)
		h->fate(h->fate_ctx, to_server, bytes, size, &fate);
	counts->sent++;
	counts->sent_bytes += size;
	for (unsigned i = 0; i < fate.n && i < HR_LOOPBACK_COPIES_MAX; i++) {
		if (!launch(h, peer, to_server, fate.delay_ns[i], bytes, size))
			counts->dropped++;
	}
}

static struct client *find(const struct hr_loopback *h, uint64_t peer)
{
	for (struct client *c = h->clients; c; c = c->next) {
		if (c->peer == peer && !c->closed)
			return c;
	}
	return NULL;
}

static int server_send(struct hr_transport_server *base, uint64_t peer, const uint8_t *bytes,
		       size_t size)
{
	struct server *s = (struct server *)base;
	if (size > HR_MESSAGE_MAX_BYTES)
		return -EMSGSIZE;
	if (peer == 0 || !find(s->hub, peer)) {
		base->counts.unreachable++;
		return -ENOTCONN;
	}
	submit(s->hub, peer, false, bytes, size, &base->counts);
	return 0;
}

static int server_authorize(struct hr_transport_server *base, const struct hr_authorized_key *table,
			    size_t n)
{
	struct server *s = (struct server *)base;
	struct hr_authorized_key *copy = calloc(n ? n : 1, sizeof(*copy));
	if (!copy)
		return -ENOMEM;
	if (n > 0)
		memcpy(copy, table, n * sizeof(*copy));
	free(s->table);
	s->table = copy;
	s->n = n;
	for (struct client *c = s->hub->clients; c; c = c->next)
		c->refused = false;
	return 0;
}

static void server_close(struct hr_transport_server *base)
{
	struct server *s = (struct server *)base;
	s->hub->server = NULL;
	free(s->table);
	free(s);
}

static const struct hr_transport_server_ops server_ops = {
    .send = server_send,
    .authorize = server_authorize,
    .close = server_close,
};

int hr_loopback_server(struct hr_loopback *h, const struct hr_authorized_key *table, size_t n,
		       struct hr_transport_server **ret)
{
	if (h->server)
		return -EADDRINUSE;
	struct server *s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->base.ops = &server_ops;
	s->hub = h;
	s->reign = ++h->reigns;
	if (server_authorize(&s->base, table, n) < 0) {
		free(s);
		return -ENOMEM;
	}
	h->server = s;
	*ret = &s->base;
	return 0;
}

static int client_send(struct hr_transport_client *base, const uint8_t *bytes, size_t size)
{
	struct client *c = (struct client *)base;
	if (size > HR_MESSAGE_MAX_BYTES)
		return -EMSGSIZE;
	if (c->peer == 0) {
		base->counts.dropped++;
		return -ENOTCONN;
	}
	submit(c->hub, c->peer, true, bytes, size, &base->counts);
	return 0;
}

/* A message of it may be under way in a step that is on: the hub frees it later. */
static void client_close(struct hr_transport_client *base)
{
	((struct client *)base)->closed = true;
}

static const struct hr_transport_client_ops client_ops = {
    .send = client_send,
    .close = client_close,
};

int hr_loopback_client(struct hr_loopback *h, const char *key, struct hr_transport_client **ret)
{
	if (!hr_authorized_keys_is_key(key))
		return -EINVAL;
	struct client *c = calloc(1, sizeof(*c));
	if (!c)
		return -ENOMEM;
	c->base.ops = &client_ops;
	c->hub = h;
	memcpy(c->key, key, HR_KEY_TEXT_BYTES);
	c->next = h->clients;
	h->clients = c;
	*ret = &c->base;
	return 0;
}

void hr_loopback_cut(struct hr_transport_client *c, bool cut)
{
	((struct client *)c)->cut = cut;
}

static void go_down(struct client *c, const char *why)
{
	c->peer = 0;
	c->base.counts.disconnections++;
	if (c->base.events && c->base.events->on_down)
		c->base.events->on_down(c->base.ctx, why);
}

static void knock(struct hr_loopback *h, struct client *c)
{
	struct server *s = h->server;
	if (hr_authorized_keys_find(s->table, s->n, c->key)) {
		c->peer = h->next_peer++;
		c->reign = s->reign;
		s->base.counts.connections++;
		c->base.counts.connections++;
		if (c->base.events && c->base.events->on_up)
			c->base.events->on_up(c->base.ctx);
		return;
	}
	c->refused = true;
	s->base.counts.refused_keys++;
	c->base.counts.refused_keys++;
	if (s->base.events && s->base.events->on_refused)
		s->base.events->on_refused(s->base.ctx, c->key, "loopback");
	if (c->base.events && c->base.events->on_down)
		c->base.events->on_down(c->base.ctx, "the server does not know this key");
}

static void connect_all(struct hr_loopback *h)
{
	for (struct client *c = h->clients; c; c = c->next) {
		bool stale = c->peer && (!h->server || c->reign != h->server->reign);
		if (c->closed)
			c->peer = 0;
		else if (c->peer && (c->cut || stale))
			go_down(c, c->cut ? "the connection was cut" : "the server has gone");
		else if (!c->peer && !c->cut && !c->refused && h->server)
			knock(h, c);
	}
	for (struct client **at = &h->clients; *at;) {
		struct client *c = *at;
		if (!c->closed) {
			at = &c->next;
			continue;
		}
		*at = c->next;
		free(c);
	}
}

/* False: there is nobody any more to deliver to. */
static bool deliver_server(struct hr_loopback *h, const struct flight *f)
{
	struct server *s = h->server;
	const struct client *c = find(h, f->peer);
	if (!s || !c || !s->base.events)
		return false;
	const struct hr_authorized_key *who = hr_authorized_keys_find(s->table, s->n, c->key);
	if (!who) {
		s->base.counts.refused_messages++;
		return false;
	}
	s->base.counts.received++;
	s->base.counts.received_bytes += f->size;
	s->base.events->on_message(s->base.ctx, f->peer, who, f->bytes, f->size);
	return true;
}

static bool deliver_client(struct hr_loopback *h, const struct flight *f)
{
	struct client *c = find(h, f->peer);
	if (!c || !c->base.events)
		return false;
	c->base.counts.received++;
	c->base.counts.received_bytes += f->size;
	c->base.events->on_message(c->base.ctx, f->bytes, f->size);
	return true;
}

unsigned hr_loopback_step(struct hr_loopback *h, int64_t now_ns)
{
	unsigned n = 0;
	h->now_ns = now_ns;
	connect_all(h);
	/* What is sent meanwhile without a delay waits for the next step: no endless answers. */
	size_t due = 0;
	for (const struct flight *f = h->flights; f && f->at_ns <= now_ns; f = f->next)
		due++;
	for (; due > 0; due--) {
		struct flight *f = h->flights;
		h->flights = f->next;
		h->n_flights--;
		n += f->to_server ? deliver_server(h, f) : deliver_client(h, f);
		free(f);
	}
	return n;
}
