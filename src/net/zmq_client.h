/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The client end of the transport over ZeroMQ: DEALER with CURVE. It knows the server's public
 * key, so it speaks to no other, and connects again by itself for ever: after 100 ms, then slower
 * up to 2 s; after a refusal in 3 s.
 *
 * While there is no connection nothing is queued: a report that waited would be stale.
 */
#ifndef HR_NET_ZMQ_CLIENT_H
#define HR_NET_ZMQ_CLIENT_H

#include <uv.h>

#include "net/transport.h"

struct hr_zmq_client_conf {
	const char *endpoint;   /* "tcp://controller:5858"; copied, as the keys are */
	const char *server_key; /* public key of the server, text of Z85 */
	const char *secret;     /* key of this client */
};

/*
 * Begins to connect; on_up tells when it is done. The client belongs to the caller, who ends it
 * with hr_transport_client_close. 0, -EINVAL (endpoint or a key) or -ENOMEM with the sentence.
 */
int hr_zmq_client_open(uv_loop_t *loop, const struct hr_zmq_client_conf *conf,
		       struct hr_transport_client **ret, struct hr_err *reterr) HR_MUST_CHECK;

#endif
