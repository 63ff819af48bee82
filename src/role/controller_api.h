/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The controller's HTTP: docs/api.md says what each path answers. The command line opens the
 * server with these routes and the shell as their context.
 *
 * Reading needs no token (the address is loopback, or TLS with whatever stands before it); writing
 * needs the bearer token, and is refused as long as there is none.
 */
#ifndef HR_ROLE_CONTROLLER_API_H
#define HR_ROLE_CONTROLLER_API_H

#include <stddef.h>

#include "net/http_server.h"
#include "role/controller_daemon.h"

/* The context of the routes. */
struct hr_controller_api {
	struct hr_controller_shell *shell;
	const char *token; /* NULL or "": nothing can be written */
};

extern const struct hr_http_route hr_controller_api_route[];
extern const size_t hr_controller_api_n_routes;

#endif
