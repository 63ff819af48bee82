/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host:port, with "tcp://" before it or not, and "[...]" around an IPv6 address.
 */
#ifndef HR_CONF_ENDPOINT_H
#define HR_CONF_ENDPOINT_H

#include "conf/keys.h"

/* port: taken if the text has none; 0: one must be written. 0 or -EINVAL. "" is none. */
int hr_conf_endpoint_parse(const char *text, uint16_t port,
			   struct hr_conf_endpoint *ret) HR_MUST_CHECK;
/* "host:port", "" for none; returns buf. Put "tcp://" before it for ZeroMQ. */
char *hr_conf_endpoint_format(const struct hr_conf_endpoint *e, char buf[HR_CONF_ENDPOINT_BYTES]);
/* 127.0.0.0/8, ::1 or localhost. */
bool hr_conf_endpoint_is_loopback(const struct hr_conf_endpoint *e);

static inline bool hr_conf_endpoint_is_none(const struct hr_conf_endpoint *e)
{
	return e->host[0] == '\0';
}

#endif
