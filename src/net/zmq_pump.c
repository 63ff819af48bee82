/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Poll wakes the loop, prepare asks ZMQ_EVENTS before each sleep, idle keeps the loop awake while
 * something is left, check does the work. It does not read or write messages itself.
 * A socket that had nothing and was not used since has nothing unless its descriptor wakes the
 * loop; it is not asked then, for most turns of a loop are about something else. Invariant: the
 * loop never sleeps while the socket has something that fn would take.
 */
#include "net/zmq_pump.h"

#include <errno.h>
#include <stdlib.h>

#include <zmq.h>

#define HANDLES 4

struct hr_zmq_pump {
	uv_poll_t poll;
	uv_prepare_t prepare;
	uv_check_t check;
	uv_idle_t idle;
	void *socket;
	hr_zmq_pump_fn *fn;
	void *ctx;
	bool want_write;
	bool used; /* since the socket last said that it has nothing: it must be asked again */
	int open;  /* handles that are not closed yet */
};

static short ready(const struct hr_zmq_pump *p)
{
	int events = 0;
	size_t size = sizeof(events);
	if (zmq_getsockopt(p->socket, ZMQ_EVENTS, &events, &size) < 0)
		return 0;
	return (short)(events & (p->want_write ? ZMQ_POLLIN | ZMQ_POLLOUT : ZMQ_POLLIN));
}

static void on_idle(uv_idle_t *handle)
{
	(void)handle;
}

/* Waking up is all: on_check works, also for what came without an edge. */
static void on_poll(uv_poll_t *handle, int status, int events)
{
	struct hr_zmq_pump *p = handle->data;
	p->used = true;
	(void)status;
	(void)events;
}

static void on_prepare(uv_prepare_t *handle)
{
	struct hr_zmq_pump *p = handle->data;
	if (!p->used)
		return;
	p->used = ready(p) != 0;
	if (p->used)
		(void)uv_idle_start(&p->idle, on_idle);
}

static void on_check(uv_check_t *handle)
{
	struct hr_zmq_pump *p = handle->data;
	if (!p->used)
		return;
	(void)uv_idle_stop(&p->idle);
	short events = ready(p);
	p->used = events != 0;
	if (events)
		p->fn(p->ctx, p->socket, events);
}

static void on_closed(uv_handle_t *handle)
{
	struct hr_zmq_pump *p = handle->data;
	if (--p->open == 0)
		free(p);
}

void hr_zmq_pump_want_write(struct hr_zmq_pump *p, bool want)
{
	p->want_write = want;
	p->used = true;
}

void hr_zmq_pump_used(struct hr_zmq_pump *p)
{
	p->used = true;
}

struct hr_zmq_pump *hr_zmq_pump_start(uv_loop_t *loop, void *socket, hr_zmq_pump_fn *fn, void *ctx)
{
	int fd = -1;
	size_t size = sizeof(fd);
	if (zmq_getsockopt(socket, ZMQ_FD, &fd, &size) < 0)
		return NULL;
	struct hr_zmq_pump *p = calloc(1, sizeof(*p));
	if (!p)
		return NULL;
	if (uv_poll_init(loop, &p->poll, fd) < 0) {
		free(p);
		return NULL;
	}
	(void)uv_prepare_init(loop, &p->prepare);
	(void)uv_check_init(loop, &p->check);
	(void)uv_idle_init(loop, &p->idle);
	p->poll.data = p->prepare.data = p->check.data = p->idle.data = p;
	p->fn = fn;
	p->ctx = ctx;
	p->socket = socket;
	p->used = true;
	p->open = HANDLES;
	(void)uv_prepare_start(&p->prepare, on_prepare);
	(void)uv_check_start(&p->check, on_check);
	(void)uv_poll_start(&p->poll, UV_READABLE, on_poll);
	return p;
}

void hr_zmq_pump_stop(struct hr_zmq_pump *p)
{
	if (!p)
		return;
	uv_close((uv_handle_t *)&p->poll, on_closed);
	uv_close((uv_handle_t *)&p->prepare, on_closed);
	uv_close((uv_handle_t *)&p->check, on_closed);
	uv_close((uv_handle_t *)&p->idle, on_closed);
	(void)zmq_close(p->socket);
	p->socket = NULL;
}
