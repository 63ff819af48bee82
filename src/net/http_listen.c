/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sockets and files that the HTTP server stands on. It speaks no HTTP.
 * Invariant: no socket is left open, and no plain one listens beyond this host.
 */
#include "net/http_listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define BACKLOG 128
#define PEM_MAX_BYTES 1048576

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static int parse(const char *text, uint16_t port, union address *ret, socklen_t *ret_len,
		 bool *ret_loopback)
{
	memset(ret, 0, sizeof(*ret));
	if (inet_pton(AF_INET, text, &ret->v4.sin_addr) == 1) {
		ret->v4.sin_family = AF_INET;
		ret->v4.sin_port = htons(port);
		*ret_len = sizeof(ret->v4);
		*ret_loopback = ntohl(ret->v4.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
		return 0;
	}
	if (inet_pton(AF_INET6, text, &ret->v6.sin6_addr) == 1) {
		ret->v6.sin6_family = AF_INET6;
		ret->v6.sin6_port = htons(port);
		*ret_len = sizeof(ret->v6);
		*ret_loopback = IN6_IS_ADDR_LOOPBACK(&ret->v6.sin6_addr);
		return 0;
	}
	return -EINVAL;
}

static int bind_and_listen(int fd, const union address *a, socklen_t len, uint16_t *ret_port)
{
	union address real;
	socklen_t real_len = sizeof(real);
	int one = 1;
	memset(&real, 0, sizeof(real));
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0 ||
	    bind(fd, &a->any, len) < 0 || listen(fd, BACKLOG) < 0 ||
	    getsockname(fd, &real.any, &real_len) < 0)
		return -errno;
	*ret_port = ntohs(a->any.sa_family == AF_INET ? real.v4.sin_port : real.v6.sin6_port);
	return 0;
}

int hr_http_listen_open(const char *address, uint16_t port, bool encrypted, int *ret_fd,
			uint16_t *ret_port, struct hr_err *reterr)
{
	union address a;
	socklen_t len = 0;
	bool loopback = false;
	if (parse(address, port, &a, &len, &loopback) < 0)
		return hr_err_set(
		    reterr, -EINVAL,
		    "cannot serve HTTP on \"%s\": it is not a numeric address such as "
		    "127.0.0.1 or ::1",
		    address);
	if (!loopback && !encrypted)
		return hr_err_set(reterr, -EPERM,
				  "cannot serve HTTP on %s: addresses beyond this host need TLS; "
				  "give a certificate and a key, or use 127.0.0.1",
				  address);
	int fd = socket(a.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int rc = fd < 0 ? -errno : bind_and_listen(fd, &a, len, ret_port);
	if (rc < 0) {
		if (fd >= 0)
			(void)close(fd);
		return hr_err_set(reterr, rc, "cannot serve HTTP on %s port %u: %s", address,
				  (unsigned)port, strerror(-rc));
	}
	*ret_fd = fd;
	return 0;
}

void hr_http_listen_close(int fd)
{
	(void)close(fd);
}

static int read_text(int fd, const char *path, bool secret, char *text, struct hr_err *reterr)
{
	struct stat st;
	size_t size = 0;
	if (fstat(fd, &st) < 0)
		return hr_err_set(reterr, -errno, "cannot read %s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return hr_err_set(reterr, -EINVAL, "cannot read %s: it is not a plain file", path);
	if (secret && (st.st_mode & 007))
		return hr_err_set(
		    reterr, -EPERM,
		    "key file %s has mode %03o, so everyone could use it; chmod 640 it", path,
		    (unsigned)(st.st_mode & 0777));
	while (size < PEM_MAX_BYTES) {
		ssize_t n = read(fd, text + size, PEM_MAX_BYTES - size);
		if (n == 0) {
			text[size] = '\0';
			return 0;
		}
		if (n < 0 && errno != EINTR)
			return hr_err_set(reterr, -errno, "cannot read %s: %s", path,
					  strerror(errno));
		size += n > 0 ? (size_t)n : 0;
	}
	return hr_err_set(reterr, -EFBIG, "cannot read %s: it is larger than 1 MiB", path);
}

int hr_http_listen_read_pem(const char *path, bool secret, char **ret, struct hr_err *reterr)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return hr_err_set(reterr, -errno, "cannot read %s: %s", path, strerror(errno));
	char *text = malloc(PEM_MAX_BYTES + 1);
	int rc = text ? read_text(fd, path, secret, text, reterr)
		      : hr_err_set(reterr, -ENOMEM, "cannot read %s: no memory", path);
	(void)close(fd);
	if (rc < 0)
		free(text);
	else
		*ret = text;
	return rc;
}
