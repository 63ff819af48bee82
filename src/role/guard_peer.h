/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guard's unix socket and who is connected to it: one agent at most, tuners, operators.
 *
 * SOCK_SEQPACKET, one message of wire/message.h to a packet. Who connects is known by the kernel
 * (SO_PEERCRED). Nothing here waits: a peer that does not read loses messages, one that sends
 * rubbish loses its connection.
 */
#ifndef HR_ROLE_GUARD_PEER_H
#define HR_ROLE_GUARD_PEER_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "conf/guard.h"
#include "model/role.h"
#include "wire/message.h"

#define HR_GUARD_PEERS_MAX 8

struct hr_guard_peer {
	int fd; /* -1: free */
	pid_t pid;
	uid_t uid;
	enum hr_role role; /* NONE until it has said hello */
};

/* Listens; removes a socket that nobody serves. The descriptor, or negative errno. */
int hr_guard_peer_listen(const struct hr_conf_guard *conf, struct hr_err *reterr) HR_MUST_CHECK;

/* Takes a connection into a free slot; NULL if there is none (then it is closed). */
struct hr_guard_peer *hr_guard_peer_accept(int listen_fd, struct hr_guard_peer peer[]);

/* May this user take this role? */
bool hr_guard_peer_may(const struct hr_guard_peer *p, enum hr_role role,
		       const struct hr_conf_guard *conf);

/* 0, or negative errno: the message is lost. */
int hr_guard_peer_send(struct hr_guard_peer *p, const struct hr_message *m);

/*
 * Reads one message. 1: *ret is one; 0: none is there now; -ECONNRESET the peer has gone; another
 * negative errno with the sentence: what came is no message.
 */
int hr_guard_peer_receive(struct hr_guard_peer *p, struct hr_message *ret,
			  struct hr_err *reterr) HR_MUST_CHECK;

void hr_guard_peer_drop(struct hr_guard_peer *p);

#endif
