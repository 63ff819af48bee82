/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See notify.h. Not libsystemd: the protocol is a datagram. Invariant: nothing here ever blocks.
 */
#include "role/notify.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int64_t watchdog_ns(void)
{
	const char *usec = getenv("WATCHDOG_USEC");
	const char *pid = getenv("WATCHDOG_PID");

	if (usec == NULL || (pid != NULL && strtol(pid, NULL, 10) != (long)getpid()))
		return 0;
	long long us = strtoll(usec, NULL, 10);

	/* Twice as often as it must be. */
	return us > 0 && us < INT64_MAX / HR_NS_PER_US ? us * HR_NS_PER_US / 2 : 0;
}

void hr_notify_open(struct hr_notify *n)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = {.sun_family = AF_UNIX};

	*n = (struct hr_notify){.fd = -1};
	if (path == NULL || strlen(path) < 2 || strlen(path) >= sizeof(to.sun_path))
		return;
	if (path[0] != '/' && path[0] != '@')
		return;
	size_t len = offsetof(struct sockaddr_un, sun_path) + strlen(path);

	memcpy(to.sun_path, path, strlen(path));
	if (path[0] == '@')
		to.sun_path[0] = '\0'; /* an abstract address */
	n->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (n->fd >= 0 && connect(n->fd, (struct sockaddr *)&to, (socklen_t)len) < 0)
		hr_notify_close(n);
	n->watchdog_ns = watchdog_ns();
}

void hr_notify_say(struct hr_notify *n, const char *fmt, ...)
{
	char text[512];
	va_list args;
	int len;

	if (n->fd < 0)
		return;
	va_start(args, fmt);
	/* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): va_start stands one line above */
	len = vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	/* A manager that does not listen is no reason to stop. */
	if (len > 0 && (size_t)len < sizeof(text) &&
	    send(n->fd, text, (size_t)len, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		return;
}

void hr_notify_feed(struct hr_notify *n, struct hr_now now)
{
	if (n->watchdog_ns == 0 || now.raw_ns - n->fed_raw_ns < n->watchdog_ns)
		return;
	n->fed_raw_ns = now.raw_ns;
	hr_notify_say(n, "WATCHDOG=1");
}

void hr_notify_close(struct hr_notify *n)
{
	if (n->fd >= 0)
		close(n->fd);
	n->fd = -1;
}
