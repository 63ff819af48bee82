/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Telling systemd how we are: readiness, state, watchdog (sd_notify(3), by its own protocol: one
 * datagram to $NOTIFY_SOCKET). Without that variable everything here does nothing.
 */
#ifndef HR_ROLE_NOTIFY_H
#define HR_ROLE_NOTIFY_H

#include <stdint.h>

#include "base/attr.h"
#include "base/clock.h"

struct hr_notify {
	int fd;              /* -1: nobody listens */
	int64_t watchdog_ns; /* how often to be fed; 0: no watchdog */
	int64_t fed_raw_ns;
};

/* Reads the environment. */
void hr_notify_open(struct hr_notify *n);
/* Sends "READY=1\nSTATUS=..." and the like. */
void hr_notify_say(struct hr_notify *n, const char *fmt, ...) HR_PRINTF(2, 3);
/* To be called from the loop itself, so that a loop that hangs is seen. */
void hr_notify_feed(struct hr_notify *n, struct hr_now now);
void hr_notify_close(struct hr_notify *n);

#endif
