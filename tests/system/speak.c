/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Says single messages to a guard or a controller, right ones and wrong ones, as lines of stdin
 * ask for them, and prints one line for each: what was answered. For system tests only.
 *
 * usage: speak guard SOCKET ROLE | speak controller ENDPOINT SERVER_PUBLIC KEY_FILE NAME
 * lines: hello | raw BYTES (so many of them, no message) | restore | stop | limit NAME UW NS |
 *        report N CAP_UW EPOCH | absurd N | strange
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <zmq.h>

#include "net/keypair.h"
#include "wire/message.h"

#define WAIT_MS 400
#define RAW_BYTES_MAX 200000

static int guard_fd = -1;
static void *peer;
static struct hr_message out, in;
static uint8_t bytes[RAW_BYTES_MAX];

static long long put(size_t n)
{
	return guard_fd >= 0 ? (long long)send(guard_fd, bytes, n, MSG_NOSIGNAL)
			     : zmq_send(peer, bytes, n, ZMQ_DONTWAIT);
}

static void hear(void)
{
	struct pollfd p = {.fd = guard_fd, .events = POLLIN};
	long long n = -1;

	if (guard_fd < 0)
		n = zmq_recv(peer, bytes, sizeof(bytes), 0);
	else if (poll(&p, 1, WAIT_MS) > 0)
		n = recv(guard_fd, bytes, sizeof(bytes), 0);
	if (n == 0)
		printf("closed\n");
	else if (n < 0)
		printf("silence\n");
	else if (hr_message_decode(bytes, (size_t)n, &in, NULL) < 0)
		printf("rubbish\n");
	else if (in.kind == HR_MESSAGE_REFUSE)
		printf("refuse %s\n", in.refuse.text);
	else if (in.kind == HR_MESSAGE_GUARD_ANSWER)
		printf("answer %d %s\n", in.guard_answer.done, in.guard_answer.text);
	else if (in.kind == HR_MESSAGE_GRANT)
		printf("grant %lld\n", (long long)in.grant.cap_uw);
	else
		printf("%s\n", hr_message_kind_name(in.kind));
}

static void say(enum hr_message_kind kind)
{
	struct hr_err err;
	size_t n;

	out.kind = kind;
	out.version = HR_PROTOCOL_MAX;
	if (hr_message_encode(&out, bytes, sizeof(bytes), &n, &err) < 0)
		printf("unsaid %s\n", err.text);
	else if (put(n) < 0)
		printf("gone\n");
	else
		hear();
}

static void hello(enum hr_role role, const char *name)
{
	out.hello = (struct hr_hello){HR_PROTOCOL_MIN, HR_PROTOCOL_MAX, role, "", "test"};
	snprintf(out.hello.name, sizeof(out.hello.name), "%s", name);
	say(HR_MESSAGE_HELLO);
}

/* An honest report of a small node that acknowledges nothing. */
static void report(uint64_t n, int64_t cap_uw, uint64_t epoch, int64_t floor_uw)
{
	out.report = (struct hr_report){
	    .from = {.node = out.sender, .boot = {{7}}, .incarnation = 1},
	    .n = n,
	    .oldest_n = 1,
	    .heard = {.epoch = epoch, .seq = epoch > 0},
	    .ack = {.epoch = epoch, .seq = epoch > 0},
	    .cap_uw = cap_uw,
	    .applied_uw = cap_uw,
	    .floor_uw = floor_uw,
	    .ceiling_uw = 100000000,
	    .safe_uw = 50000000,
	    .boot_uw = 100000000,
	    .uncapped_uw = 100000000,
	    .in_force_known = true,
	    .draw_uw = 30000000,
	    .need_uw = 90000000,
	};
	say(HR_MESSAGE_REPORT);
}

static void obey(const char *line, enum hr_role role, const char *name)
{
	long long a = 0, b = 0, c = 0;
	char word[16] = "", text[64] = "";

	(void)sscanf(line, "%15s", word); /* NOLINT(cert-err34-c) */
	memset(&out.hello, 0, sizeof(out) - offsetof(struct hr_message, hello));
	if (strcmp(word, "hello") == 0) {
		hello(role, name);
	} else if (sscanf(line, "raw %lld", &a) == 1 && a <= RAW_BYTES_MAX) { /* NOLINT */
		memset(bytes, 0xa5, (size_t)a);
		if (put((size_t)a) < 0)
			printf("gone\n");
		else
			hear();
	} else if (sscanf(line, "limit %63s %lld %lld", text, &a, &b) == 3) { /* NOLINT */
		snprintf(out.client_limit.name, sizeof(out.client_limit.name), "%s", text);
		out.client_limit.cap_uw = a;
		out.client_limit.ttl_ns = b;
		say(HR_MESSAGE_CLIENT_LIMIT);
	} else if (sscanf(line, "report %lld %lld %lld", &a, &b, &c) == 3) { /* NOLINT */
		report((uint64_t)a, b, (uint64_t)c, 40000000);
	} else if (sscanf(line, "absurd %lld", &a) == 1) { /* NOLINT */
		report((uint64_t)a, 1000, 0, 200000000);
	} else if (strcmp(word, "strange") == 0) {
		say(HR_MESSAGE_TICKET_REQUEST);
	} else {
		out.guard_command.verb = strcmp(word, "stop") == 0 ? HR_GUARD_VERB_STOP
								   : HR_GUARD_VERB_RESTORE;
		snprintf(out.guard_command.by, sizeof(out.guard_command.by), "ada");
		say(HR_MESSAGE_GUARD_COMMAND);
	}
	fflush(stdout);
}

static int reach_guard(const char *path)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};

	snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
	guard_fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	return connect(guard_fd, (const struct sockaddr *)&at, sizeof(at));
}

static int reach_controller(char **argv)
{
	int wait_ms = WAIT_MS, linger_ms = 0;
	char server[HR_KEY_TEXT_BYTES];
	struct hr_keypair own;
	struct hr_err err;

	if (hr_keypair_load_public(argv[3], server, &err) < 0 ||
	    hr_keypair_load(argv[4], &own, &err) < 0) {
		fprintf(stderr, "speak: %s\n", err.text);
		return -1;
	}
	peer = zmq_socket(zmq_ctx_new(), ZMQ_DEALER);
	zmq_setsockopt(peer, ZMQ_CURVE_SERVERKEY, server, strlen(server) + 1);
	zmq_setsockopt(peer, ZMQ_CURVE_PUBLICKEY, own.public, strlen(own.public) + 1);
	zmq_setsockopt(peer, ZMQ_CURVE_SECRETKEY, own.secret, strlen(own.secret) + 1);
	zmq_setsockopt(peer, ZMQ_RCVTIMEO, &wait_ms, sizeof(wait_ms));
	zmq_setsockopt(peer, ZMQ_LINGER, &linger_ms, sizeof(linger_ms));
	return zmq_connect(peer, argv[2]);
}

int main(int argc, char **argv)
{
	enum hr_role role = HR_ROLE_AGENT;
	const char *name = argc == 6 ? argv[5] : "";
	char line[256];

	if (argc != 4 && argc != 6)
		return 2;
	memcpy(out.sender.byte, "\1\2\3\4\5\6\x47\x8\x89spoken", 16);
	if (argc == 4 && strcmp(argv[3], "operator") == 0)
		role = HR_ROLE_OPERATOR;
	else if (argc == 4 && strcmp(argv[3], "tuner") == 0)
		role = HR_ROLE_TUNER;
	if ((argc == 4 ? reach_guard(argv[2]) : reach_controller(argv)) < 0) {
		printf("unreachable %s\n", strerror(errno));
		return 1;
	}
	while (fgets(line, sizeof(line), stdin) != NULL)
		obey(line, role, name);
	return 0;
}
