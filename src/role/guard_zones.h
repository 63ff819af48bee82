/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The zones that a guard holds: found, claimed, saved, and handed to the core by index.
 *
 * Packages are held (dies where a package has no limit of its own); memory, cores and the whole
 * platform are not: their limits overlap or do not exist, and they belong to the node's rest.
 *
 * Invariant: no zone is written before it is claimed and its original limits are on the disk.
 */
#ifndef HR_ROLE_GUARD_ZONES_H
#define HR_ROLE_GUARD_ZONES_H

#include <stddef.h>

#include "base/err.h"
#include "conf/guard.h"
#include "core/guard.h"
#include "hw/actuator.h"
#include "role/guard_state.h"

struct hr_guard_zones {
	struct hr_actuator *actuator;
	size_t n;
	size_t at[HR_ZONES_MAX]; /* index of the actuator's zone */
	int claim_fd[HR_ZONES_MAX];
};

/*
 * Selects zones of the actuator (taken over, also on failure; NULL: the node has no limit, and n
 * is 0) and claims them. claims: directory of the locks. -EBUSY names the holder of a zone.
 */
int hr_guard_zones_open(struct hr_guard_zones *z, const struct hr_conf_guard *conf,
			struct hr_actuator *actuator, int rootfd, const char *claims,
			struct hr_err *reterr) HR_MUST_CHECK;

/* Saves what is not saved yet, durably. To be called before the first write. */
int hr_guard_zones_save(struct hr_guard_zones *z, struct hr_guard_state *s,
			struct hr_err *reterr) HR_MUST_CHECK;

/* What the core wants to know of each zone, and the limits now. */
void hr_guard_zones_describe(struct hr_guard_zones *z, const struct hr_guard_state *s,
			     struct hr_guard_zone_conf conf[], struct hr_guard_limit limit[]);

const struct hr_zone *hr_guard_zones_zone(const struct hr_guard_zones *z, size_t i);
struct hr_guard_limit hr_guard_zones_set(struct hr_guard_zones *z, size_t i, int64_t limit_uw);
struct hr_guard_limit hr_guard_zones_get(struct hr_guard_zones *z, size_t i);

/* Puts all originals back; 0 only if every zone took its own. Tries all of them. */
int hr_guard_zones_restore(struct hr_guard_zones *z, const struct hr_guard_state *s,
			   struct hr_err *reterr) HR_MUST_CHECK;

void hr_guard_zones_close(struct hr_guard_zones *z);

#endif
