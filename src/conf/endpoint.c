/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host:port as text and struct. Not a resolver: a name stays a name.
 * Invariant: a parsed host holds only characters that a host name or an address can have.
 */
#include "conf/endpoint.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static int port_parse(const char *text, uint16_t *ret)
{
	unsigned port = 0;

	if (*text == '\0' || strlen(text) > 5)
		return -EINVAL;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9')
			return -EINVAL;
		port = port * 10 + (unsigned)(*text - '0');
	}
	if (port == 0 || port > UINT16_MAX)
		return -EINVAL;
	*ret = (uint16_t)port;
	return 0;
}

static bool host_is_valid(const char *host, size_t n, bool v6)
{
	static const char v6_chars[] = "0123456789abcdefABCDEF:.%";
	static const char name_chars[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					 "0123456789.-_";

	if (n == 0 || n >= HR_CONF_HOST_BYTES)
		return false;
	if (v6) {
		/* behind '%' comes the name of an interface */
		const char *zone = memchr(host, '%', n);
		size_t digits = zone != NULL ? (size_t)(zone - host) : n;
		return memchr(host, ':', n) != NULL && strspn(host, v6_chars) >= digits &&
		       (zone == NULL ||
			(n > digits + 1 && strspn(zone + 1, name_chars) >= n - digits - 1));
	}
	if (n == 1 && host[0] == '*')
		return true;
	return host[0] != '-' && strspn(host, name_chars) >= n;
}

int hr_conf_endpoint_parse(const char *text, uint16_t port, struct hr_conf_endpoint *ret)
{
	struct hr_conf_endpoint e = {.port = port};
	const char *host = text;
	const char *rest;

	if (*text == '\0') {
		*ret = (struct hr_conf_endpoint){0};
		return 0;
	}
	if (strncmp(host, "tcp://", 6) == 0)
		host += 6;
	bool v6 = *host == '[';
	if (v6) {
		host++;
		rest = strchr(host, ']');
	} else {
		rest = host + strcspn(host, ":");
	}
	if (rest == NULL || !host_is_valid(host, (size_t)(rest - host), v6))
		return -EINVAL;
	memcpy(e.host, host, (size_t)(rest - host));
	if (v6)
		rest++;
	if (*rest == ':') {
		if (port_parse(rest + 1, &e.port) < 0)
			return -EINVAL;
	} else if (*rest != '\0' || port == 0) {
		return -EINVAL;
	}
	*ret = e;
	return 0;
}

char *hr_conf_endpoint_format(const struct hr_conf_endpoint *e, char buf[HR_CONF_ENDPOINT_BYTES])
{
	if (hr_conf_endpoint_is_none(e))
		buf[0] = '\0';
	else if (strchr(e->host, ':') != NULL)
		(void)snprintf(buf, HR_CONF_ENDPOINT_BYTES, "[%s]:%u", e->host, (unsigned)e->port);
	else
		(void)snprintf(buf, HR_CONF_ENDPOINT_BYTES, "%s:%u", e->host, (unsigned)e->port);
	return buf;
}

/* Four numbers and nothing else: 127.evil.example is a name like any other. */
static bool is_dotted(const char *host)
{
	unsigned dots = 0;
	unsigned digits = 0;

	for (; *host != '\0'; host++) {
		if (*host == '.') {
			if (digits == 0)
				return false;
			dots++;
			digits = 0;
		} else if (*host < '0' || *host > '9' || ++digits > 3) {
			return false;
		}
	}
	return dots == 3 && digits > 0;
}

bool hr_conf_endpoint_is_loopback(const struct hr_conf_endpoint *e)
{
	return strcmp(e->host, "::1") == 0 || strcmp(e->host, "localhost") == 0 ||
	       (strncmp(e->host, "127.", 4) == 0 && is_dotted(e->host));
}
