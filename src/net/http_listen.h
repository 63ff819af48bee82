/* SPDX-License-Identifier: Apache-2.0 */
/* The listening socket and the PEM files of the HTTP server. Used by net/http_server.c only. */
#ifndef HR_NET_HTTP_LISTEN_H
#define HR_NET_HTTP_LISTEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"

/*
 * A non-blocking socket that listens on a numeric address. 0; -EPERM when the address is not
 * loopback and the connection would not be encrypted; -EINVAL; or the errno of the system.
 */
int hr_http_listen_open(const char *address, uint16_t port, bool encrypted, int *ret_fd,
			uint16_t *ret_port, struct hr_err *reterr) HR_MUST_CHECK;
void hr_http_listen_close(int fd);

/* The text of a file of at most 1 MiB, freed by the caller; a secret one that all can read is
 * refused. 0, -EPERM, -EFBIG or errno. */
int hr_http_listen_read_pem(const char *path, bool secret, char **ret,
			    struct hr_err *reterr) HR_MUST_CHECK;

#endif
