/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The configuration of an agent: section "agent:".
 */
#ifndef HR_CONF_AGENT_H
#define HR_CONF_AGENT_H

#include "base/uuid.h"
#include "conf/keys.h"
#include "model/ident.h"

#define HR_CONF_PORT_CONTROLLER 7710 /* messages */
#define HR_CONF_PORT_HTTP 7711       /* the controller's HTTP */

enum hr_conf_driver {
	HR_CONF_DRIVER_AUTO,
	HR_CONF_DRIVER_POWERCAP,
	HR_CONF_DRIVER_NULL,
	HR_CONF_DRIVER_REPLAY,
	HR_CONF_DRIVER__MAX
};

struct hr_conf_agent {
	struct hr_conf_origins origins;
	char name[HR_NAME_BYTES];              /* "": the host's name */
	struct hr_uuid node;                   /* none: taken from the guard */
	struct hr_conf_endpoint controller;    /* to connect to */
	char server_key[HR_CONF_STRING_BYTES]; /* 40 characters of Z85, or the path of a file */
	char key_file[HR_CONF_STRING_BYTES];
	int64_t rate_hz;
	char guard_socket[HR_CONF_STRING_BYTES];
	enum hr_conf_driver driver;
	char driver_option[HR_CONF_STRING_BYTES];
	char root[HR_CONF_STRING_BYTES];
	int64_t rest_uw;             /* upper bound of the node's uncapped rest, wall power */
	int64_t efficiency_permille; /* of the supply: device power over wall power */
	struct hr_conf_word *zones;  /* patterns of zone ids; none: all */
	size_t n_zones;
};

extern const struct hr_conf_table hr_conf_agent_table;
/* Shared with the guard's table. */
extern const struct hr_conf_choice hr_conf_agent_drivers[];
extern const struct hr_conf_table hr_conf_agent_zone_table;

/* "auto", "powercap", "null", "replay". */
const char *hr_conf_agent_driver_name(enum hr_conf_driver d);

#endif
