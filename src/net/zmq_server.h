/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server end of the transport over ZeroMQ: ROUTER with CURVE, so every byte is encrypted and
 * every peer has proved its key before a message of it is seen. One libzmq I/O thread.
 *
 * A key that is not in the table does not get past the handshake. A key that is taken out of the
 * table is heard no more from that moment. Each connection has a handle of its own, made here, so
 * that no peer can take the place of another.
 */
#ifndef HR_NET_ZMQ_SERVER_H
#define HR_NET_ZMQ_SERVER_H

#include <uv.h>

#include "net/transport.h"

struct hr_zmq_server_conf {
	const char *endpoint;                 /* "tcp://0.0.0.0:5858"; port * takes a free one */
	const char *secret;                   /* key of this server, text of Z85 */
	const struct hr_authorized_key *keys; /* sorted; copied */
	size_t n_keys;
};

/*
 * Listens. The server belongs to the caller, who ends it with hr_transport_server_close. 0, or
 * -EADDRINUSE, -EACCES, -EINVAL (endpoint or key), -ENOMEM with the sentence.
 */
int hr_zmq_server_open(uv_loop_t *loop, const struct hr_zmq_server_conf *conf,
		       struct hr_transport_server **ret, struct hr_err *reterr) HR_MUST_CHECK;

/* Where it listens, with the real port; lives as long as the server. s was opened above. */
const char *hr_zmq_server_endpoint(const struct hr_transport_server *s);

#endif
