/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Load for a controller: N nodes in one process, each with a connection of its own that speaks the
 * real protocol over ZeroMQ with CURVE, and the very cores of guard and agent behind it.
 *
 * load_agents ENDPOINT SERVER_PUBLIC_KEY_FILE SECRET_KEY_FILE N [SEED]
 *
 * Prints "READY" once every node has been welcomed. Commands on stdin, each answered by one JSON
 * line: "stats"; "flat", "lively" and "hungry" (the demand); "watch UW" (answers when the sum of
 * the limits in the nodes' registers is at most UW; first and last: when the first and the last of
 * the nodes that were lowered since were lowered first). Ends with stdin. It measures; it asserts
 * nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <zmq.h>

#include "base/units.h"
#include "bench/load_node.h"
#include "net/keypair.h"
#include "wire/message.h"

#define SAMPLE_NS (100 * HR_NS_PER_MS)
#define HELLO_NS (2 * HR_NS_PER_S)
#define STEP_MS 2
#define EVENTS 256

struct peer {
	struct hr_load_node node;
	void *socket;
	bool welcome;
	int64_t hello_at_ns, sample_at_ns, tick_at_ns;
};

static struct load {
	struct peer *peer;
	size_t n, welcome;
	int epoll_fd;
	enum hr_load_node_demand demand;
	bool ready;
	int64_t watch_uw; /* -1: none */
	uint64_t reports, grants, refusals, unknown, send_errors;
	struct hr_message in, out;
} load = {.watch_uw = -1};

static void fail(const char *what)
{
	fprintf(stderr, "load_agents: %s: %s\n", what, zmq_strerror(errno));
	exit(1);
}

static void say(struct peer *p)
{
	uint8_t bytes[HR_MESSAGE_MAX_BYTES];
	size_t size;

	load.out.version = HR_PROTOCOL_MAX;
	load.out.sender = p->node.guard.self.node;
	if (hr_message_encode(&load.out, bytes, sizeof(bytes), &size, NULL) < 0 ||
	    zmq_send(p->socket, bytes, size, ZMQ_DONTWAIT) < 0)
		load.send_errors++;
}

static void send_report(void *ctx, struct hr_load_node *n, const struct hr_report *r)
{
	(void)n;
	memset(&load.out, 0, sizeof(load.out));
	load.out.kind = HR_MESSAGE_REPORT;
	load.out.report = *r;
	load.reports++;
	say(ctx);
}

static void send_hello(struct peer *p, int64_t now_ns)
{
	struct hr_hello *h = &load.out.hello;

	memset(&load.out, 0, sizeof(load.out));
	load.out.kind = HR_MESSAGE_HELLO;
	h->min_version = HR_PROTOCOL_MIN;
	h->max_version = HR_PROTOCOL_MAX;
	h->role = HR_ROLE_AGENT;
	snprintf(h->name, sizeof(h->name), "n%zu", p->node.index + 1);
	snprintf(h->software, sizeof(h->software), HR_VERSION);
	p->hello_at_ns = now_ns + HELLO_NS;
	say(p);
}

static void on_message(struct peer *p)
{
	if (load.in.kind == HR_MESSAGE_WELCOME) {
		load.welcome += !p->welcome;
		p->welcome = true;
		hr_load_node_link(&p->node, true);
	} else if (load.in.kind == HR_MESSAGE_GRANT) {
		struct hr_grant g = load.in.grant;

		load.grants++;
		hr_load_node_grant(&p->node, &g);
	} else if (load.in.kind == HR_MESSAGE_REFUSE) {
		if (load.refusals++ == 0)
			fprintf(stderr, "load_agents: refused: %s\n", load.in.refuse.text);
	} else {
		load.unknown++;
	}
}

static void drain(struct peer *p)
{
	uint8_t bytes[HR_MESSAGE_MAX_BYTES];

	for (;;) {
		int n = zmq_recv(p->socket, bytes, sizeof(bytes), ZMQ_DONTWAIT);

		if (n < 0)
			return;
		if ((size_t)n > sizeof(bytes) ||
		    hr_message_decode(bytes, (size_t)n, &load.in, NULL) < 0)
			load.unknown++;
		else
			on_message(p);
	}
}

static int64_t sum_uw(void)
{
	int64_t sum = 0;

	for (size_t i = 0; i < load.n; i++)
		sum += load.peer[i].node.limit_uw;
	return sum;
}

static void answer(void)
{
	uint64_t decreases = 0, increases = 0, hungry = 0;
	int64_t first_ns = INT64_MAX, last_ns = 0;
	uint64_t lowered = 0;

	for (size_t i = 0; i < load.n; i++) {
		const struct hr_load_node *n = &load.peer[i].node;

		decreases += n->decreases;
		increases += n->increases;
		hungry += n->agent.demand.hungry;
		if (n->lowered_raw_ns > 0) {
			lowered++;
			first_ns = hr_min_i64(first_ns, n->lowered_raw_ns);
			last_ns = hr_max_i64(last_ns, n->lowered_raw_ns);
		}
	}
	printf("{\"raw_ns\":%" PRId64 ",\"nodes\":%zu,\"welcome\":%zu,\"reports\":%" PRIu64
	       ",\"grants\":%" PRIu64 ",\"refusals\":%" PRIu64 ",\"unknown\":%" PRIu64
	       ",\"send_errors\":%" PRIu64 ",\"sum_limit_uw\":%" PRId64 ",\"decreases\":%" PRIu64
	       ",\"increases\":%" PRIu64 ",\"hungry\":%" PRIu64 ",\"lowered\":%" PRIu64
	       ",\"first_raw_ns\":%" PRId64 ",\"last_raw_ns\":%" PRId64 "}\n",
	       hr_now_read().raw_ns, load.n, load.welcome, load.reports, load.grants, load.refusals,
	       load.unknown, load.send_errors, sum_uw(), decreases, increases, hungry, lowered,
	       first_ns, last_ns);
	fflush(stdout);
}

static void on_command(const char *line)
{
	if (strncmp(line, "stats", 5) == 0)
		answer();
	else if (strncmp(line, "watch ", 6) == 0) {
		load.watch_uw = strtoll(line + 6, NULL, 10);
		for (size_t i = 0; i < load.n; i++)
			load.peer[i].node.lowered_raw_ns = 0;
	} else if (strncmp(line, "lively", 6) == 0 || strncmp(line, "flat", 4) == 0 ||
		   strncmp(line, "hungry", 6) == 0) {
		load.demand = line[0] == 'l'   ? HR_LOAD_NODE_LIVELY
			      : line[0] == 'h' ? HR_LOAD_NODE_HUNGRY
					       : HR_LOAD_NODE_FLAT;
		answer();
	}
}

/* False at the end of stdin. Lines come whole: whoever writes them writes one at a time. */
static bool hear_commands(void)
{
	char text[256];
	ssize_t n = read(STDIN_FILENO, text, sizeof(text) - 1);

	if (n == 0)
		return false;
	if (n > 0) {
		text[n] = '\0';
		on_command(text);
	}
	return true;
}

static void look(struct peer *p, int64_t now_ns)
{
	bool used = false;

	if (!p->welcome) {
		if (now_ns >= p->hello_at_ns) {
			send_hello(p, now_ns);
			drain(p);
		}
		return;
	}
	if (now_ns >= p->tick_at_ns) {
		p->tick_at_ns = now_ns + hr_min_i64(hr_load_node_tick(&p->node), 20 * HR_NS_PER_MS);
		used = true;
	}
	if (now_ns >= p->sample_at_ns) {
		p->sample_at_ns += SAMPLE_NS;
		if (p->sample_at_ns < now_ns)
			p->sample_at_ns = now_ns + SAMPLE_NS;
		hr_load_node_sample(&p->node, load.demand);
		used = true;
	}
	/* A call that sends may take the wake-up of what has come. */
	if (used)
		drain(p);
}

static void *connect_one(void *context, const char *endpoint, const char *server,
			 const struct hr_keypair *own)
{
	void *s = zmq_socket(context, ZMQ_DEALER);
	int linger = 0;

	if (s == NULL || zmq_setsockopt(s, ZMQ_LINGER, &linger, sizeof(linger)) < 0 ||
	    zmq_setsockopt(s, ZMQ_CURVE_SERVERKEY, server, HR_KEY_TEXT_BYTES) < 0 ||
	    zmq_setsockopt(s, ZMQ_CURVE_PUBLICKEY, own->public, HR_KEY_TEXT_BYTES) < 0 ||
	    zmq_setsockopt(s, ZMQ_CURVE_SECRETKEY, own->secret, HR_KEY_TEXT_BYTES) < 0 ||
	    zmq_connect(s, endpoint) < 0)
		fail("cannot connect");
	return s;
}

static void start(char **argv, size_t n, uint64_t seed)
{
	struct rlimit files;
	char server[HR_KEY_TEXT_BYTES];
	struct hr_keypair own;
	struct hr_err err;
	void *context = zmq_ctx_new();

	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &files);
	}
	if (hr_keypair_load_public(argv[2], server, &err) < 0 ||
	    hr_keypair_load(argv[3], &own, &err) < 0) {
		fprintf(stderr, "load_agents: %s\n", err.text);
		exit(1);
	}
	load.n = n;
	load.peer = calloc(n, sizeof(*load.peer));
	load.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (load.peer == NULL || load.epoll_fd < 0 || context == NULL ||
	    zmq_ctx_set(context, ZMQ_MAX_SOCKETS, (int)n + 64) < 0)
		fail("cannot start");
	int64_t now_ns = hr_now_read().raw_ns;

	for (size_t i = 0; i < n; i++) {
		struct peer *p = &load.peer[i];
		struct epoll_event ev = {.events = EPOLLIN, .data.ptr = p};
		int fd;
		size_t size = sizeof(fd);

		p->node.report = send_report;
		p->node.ctx = p;
		p->socket = connect_one(context, argv[1], server, &own);
		p->sample_at_ns = now_ns + (int64_t)i * SAMPLE_NS / (int64_t)n;
		p->hello_at_ns = now_ns + (int64_t)i * HR_NS_PER_MS;
		hr_load_node_start(&p->node, i, seed);
		if (zmq_getsockopt(p->socket, ZMQ_FD, &fd, &size) < 0 ||
		    epoll_ctl(load.epoll_fd, EPOLL_CTL_ADD, fd, &ev) < 0)
			fail("cannot watch a socket");
	}
}

int main(int argc, char **argv)
{
	struct epoll_event ready[EVENTS], in = {.events = EPOLLIN, .data.ptr = NULL};
	long n = argc >= 5 ? strtol(argv[4], NULL, 10) : 0;
	bool open = true;

	if (n < 1 || n > 10000) {
		fprintf(stderr, "usage: load_agents ENDPOINT SERVER_PUBLIC_KEY_FILE "
				"SECRET_KEY_FILE N [SEED]\n");
		return 2;
	}
	start(argv, (size_t)n, argc > 5 ? strtoull(argv[5], NULL, 10) : 1);
	if (epoll_ctl(load.epoll_fd, EPOLL_CTL_ADD, STDIN_FILENO, &in) < 0)
		fail("cannot watch stdin");
	while (open) {
		int k = epoll_wait(load.epoll_fd, ready, EVENTS, STEP_MS);
		int64_t now_ns = hr_now_read().raw_ns;

		for (int i = 0; i < k; i++) {
			if (ready[i].data.ptr == NULL)
				open = hear_commands();
			else
				drain(ready[i].data.ptr);
		}
		for (size_t i = 0; i < load.n; i++)
			look(&load.peer[i], now_ns);
		if (load.watch_uw >= 0 && sum_uw() <= load.watch_uw) {
			load.watch_uw = -1;
			answer();
		}
		if (!load.ready && load.welcome == load.n) {
			load.ready = true;
			puts("READY");
			fflush(stdout);
		}
	}
	/* Ends without good-byes, as a power cut would. */
	_exit(0);
}
