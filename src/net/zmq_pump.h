/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A ZeroMQ socket on a libuv loop. ZMQ_FD is edge-triggered and any call on the socket can eat
 * the edge; so ZMQ_EVENTS is asked again before the loop goes to sleep and while it says so the
 * loop does not sleep. Used by the ZeroMQ transports only.
 */
#ifndef HR_NET_ZMQ_PUMP_H
#define HR_NET_ZMQ_PUMP_H

#include <stdbool.h>

#include <uv.h>

#include "base/attr.h"

struct hr_zmq_pump;

/* Called while the socket can be read, or written if that was asked for; must not block. */
typedef void hr_zmq_pump_fn(void *ctx, void *socket, short events);

/* Takes the socket over on success. NULL if memory or the loop refuses. */
struct hr_zmq_pump *hr_zmq_pump_start(uv_loop_t *loop, void *socket, hr_zmq_pump_fn *fn,
				      void *ctx) HR_MUST_CHECK;

/* Whether fn is to be called also while the socket can be written. */
void hr_zmq_pump_want_write(struct hr_zmq_pump *p, bool want);

/*
 * To be called after every call on the socket outside fn (zmq_send above all): it may have taken
 * the wake-up of a message that has come.
 */
void hr_zmq_pump_used(struct hr_zmq_pump *p);

/* Closes the socket at once and calls back no more; frees itself on the loop. NULL is allowed. */
void hr_zmq_pump_stop(struct hr_zmq_pump *p);

#endif
