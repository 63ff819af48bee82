/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the controller knows, as JSON. All power is wall power in microwatts, all times RFC 3339.
 * Private to controller_*.c. Each function gives a new reference, or NULL without memory.
 */
#ifndef HR_ROLE_CONTROLLER_VIEW_H
#define HR_ROLE_CONTROLLER_VIEW_H

#include <jansson.h>

#include "role/controller_internal.h"

json_t *hr_controller_view_status(const struct hr_controller_shell *s);
json_t *hr_controller_view_nodes(const struct hr_controller_shell *s);
json_t *hr_controller_view_node(const struct hr_controller_shell *s,
				const struct hr_controller_entry *e);
/* Events after since, of one node or (NULL) of all, the newest max of them. */
json_t *hr_controller_view_events(const struct hr_controller_shell *s, uint64_t since,
				  const char *node, size_t max);
/* Every domain with its limits and sums. */
json_t *hr_controller_view_budgets(const struct hr_controller_shell *s);
json_t *hr_controller_view_budget(const struct hr_controller_shell *s, int domain);

#endif
