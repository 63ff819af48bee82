/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Translates libzmq's monitor messages (two frames: 16-bit event and 32-bit value; address). It
 * only tells; what to do is the transport's.
 * Invariant: at most one call for one message; events that are not of the list are swallowed.
 */
#include "net/zmq_monitor.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <zmq.h>

#define ADDRESS_MAX_BYTES 64

static void dispatch(const struct hr_zmq_monitor *m, uint16_t event)
{
	switch (event) {
	case ZMQ_EVENT_HANDSHAKE_SUCCEEDED:
		m->fn(m->ctx, HR_ZMQ_MONITOR_UP);
		break;
	case ZMQ_EVENT_DISCONNECTED:
		m->fn(m->ctx, HR_ZMQ_MONITOR_DOWN);
		break;
	case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
		m->fn(m->ctx, HR_ZMQ_MONITOR_REFUSED);
		break;
	case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL:
	case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL:
		m->fn(m->ctx, HR_ZMQ_MONITOR_FAILED);
		break;
	case ZMQ_EVENT_CONNECT_RETRIED:
		m->fn(m->ctx, HR_ZMQ_MONITOR_RETRY);
		break;
	default:
		break;
	}
}

static void on_ready(void *ctx, void *socket, short events)
{
	const struct hr_zmq_monitor *m = ctx;
	uint8_t head[6], rest[ADDRESS_MAX_BYTES];
	uint16_t event;
	int more = 0;
	size_t size = sizeof(more);
	(void)events;
	int n = zmq_recv(socket, head, sizeof(head), ZMQ_DONTWAIT);
	if (n < 0)
		return;
	while (zmq_getsockopt(socket, ZMQ_RCVMORE, &more, &size) == 0 && more) {
		if (zmq_recv(socket, rest, sizeof(rest), ZMQ_DONTWAIT) < 0)
			break;
	}
	if (n != sizeof(head))
		return;
	memcpy(&event, head, sizeof(event));
	dispatch(m, event);
}

int hr_zmq_monitor_start(struct hr_zmq_monitor *m, uv_loop_t *loop, void *zmq_context, void *socket,
			 hr_zmq_monitor_fn *fn, void *ctx)
{
	char address[ADDRESS_MAX_BYTES];
	int linger = 0;
	*m = (struct hr_zmq_monitor){.watched = socket, .fn = fn, .ctx = ctx};
	(void)snprintf(address, sizeof(address), "inproc://monitor-%p", socket);
	if (zmq_socket_monitor(
		socket, address,
		ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED |
		    ZMQ_EVENT_HANDSHAKE_FAILED_AUTH | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
		    ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_CONNECT_RETRIED) < 0)
		return -ENOMEM;
	void *pair = zmq_socket(zmq_context, ZMQ_PAIR);
	if (!pair)
		return -ENOMEM;
	(void)zmq_setsockopt(pair, ZMQ_LINGER, &linger, sizeof(linger));
	if (zmq_connect(pair, address) == 0)
		m->pump = hr_zmq_pump_start(loop, pair, on_ready, m);
	if (!m->pump) {
		(void)zmq_close(pair);
		return -ENOMEM;
	}
	return 0;
}

void hr_zmq_monitor_stop(struct hr_zmq_monitor *m)
{
	if (m->watched)
		(void)zmq_socket_monitor(m->watched, NULL, 0);
	hr_zmq_pump_stop(m->pump);
	m->pump = NULL;
	m->watched = NULL;
}
