/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The configuration of a guard: section "guard:".
 */
#ifndef HR_CONF_GUARD_H
#define HR_CONF_GUARD_H

#include "conf/agent.h"
#include "conf/keys.h"

struct hr_conf_guard {
	struct hr_conf_origins origins;
	char name[HR_NAME_BYTES];          /* "": the host's name */
	char socket[HR_CONF_STRING_BYTES]; /* to listen on */
	char run_dir[HR_CONF_STRING_BYTES];
	char state_dir[HR_CONF_STRING_BYTES];
	enum hr_conf_driver driver;
	char driver_option[HR_CONF_STRING_BYTES];
	char root[HR_CONF_STRING_BYTES];
	struct hr_conf_word *zones; /* patterns of zone ids; none: all */
	size_t n_zones;
	int64_t safe_uw;    /* wall power, as all that follow; 0: the floor */
	int64_t floor_uw;   /* 0: the hardware's */
	int64_t ceiling_uw; /* 0: the hardware's */
	int64_t boot_uw;    /* 0: the original limits through efficiency, plus rest */
	int64_t rest_uw;
	int64_t efficiency_permille;
	int64_t tick_ns;
	int64_t verify_ns;       /* every limit is read back at least this often */
	int64_t settle_extra_ns; /* added to the measured settling time of every actuator */
	struct hr_conf_word *allow_clients; /* users (names or numbers) that may ask for limits */
	size_t n_allow_clients;
	char group[HR_NAME_BYTES]; /* "": the socket is for the guard's own user */
};

extern const struct hr_conf_table hr_conf_guard_table;

/*
 * Do a node's agent and guard agree where both must say the same? 0 or -EINVAL with both values.
 */
int hr_conf_guard_agrees(const struct hr_conf_guard *g, const struct hr_conf_agent *a,
			 struct hr_err *reterr) HR_MUST_CHECK;

#endif
