/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What libzmq says of the connections of one socket: up, down, handshake failed. Used by the
 * ZeroMQ transports only.
 */
#ifndef HR_NET_ZMQ_MONITOR_H
#define HR_NET_ZMQ_MONITOR_H

#include <uv.h>

#include "net/zmq_pump.h"

enum hr_zmq_monitor_event {
	HR_ZMQ_MONITOR_UP,      /* connected and authenticated */
	HR_ZMQ_MONITOR_DOWN,    /* a connection ended; also one that never was up */
	HR_ZMQ_MONITOR_REFUSED, /* the other side does not know the key */
	HR_ZMQ_MONITOR_FAILED,  /* the other side does not speak as it should */
	HR_ZMQ_MONITOR_RETRY    /* no answer; libzmq tries again by itself */
};

typedef void hr_zmq_monitor_fn(void *ctx, enum hr_zmq_monitor_event event);

struct hr_zmq_monitor {
	struct hr_zmq_pump *pump;
	void *watched;
	hr_zmq_monitor_fn *fn;
	void *ctx;
};

/* In place; before the socket binds or connects. 0 or -ENOMEM. */
int hr_zmq_monitor_start(struct hr_zmq_monitor *m, uv_loop_t *loop, void *zmq_context, void *socket,
			 hr_zmq_monitor_fn *fn, void *ctx) HR_MUST_CHECK;

/* Before the watched socket is closed. */
void hr_zmq_monitor_stop(struct hr_zmq_monitor *m);

#endif
