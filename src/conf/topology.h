/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The checks between the keys of a controller: times that belong together, the power tree, and
 * what must fit the budget. The public functions are in conf/controller.h.
 */
#ifndef HR_CONF_TOPOLOGY_H
#define HR_CONF_TOPOLOGY_H

#include "base/err.h"
#include "conf/controller.h"

/* conf: struct hr_conf_controller. 0, -EINVAL, -ENOSPC or -ENOMEM with "FILE:LINE: key ...". */
int hr_conf_topology_validate(const void *conf, struct hr_err *reterr) HR_MUST_CHECK;

/* The index of the domain of that name, or -1: there is none, or it is the root. */
int hr_conf_topology_find(const struct hr_conf_controller *c, const char *name);

#endif
