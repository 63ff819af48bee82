/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reading seam. A meter finds the zones of a node and reads their energy. It cannot write: a
 * program that links only meters cannot set a limit.
 *
 * The root directory is injected as a descriptor, so the same driver reads a host, a captured
 * tree or virtual hardware. Times are handed in. Nothing is allocated after _open.
 */
#ifndef HR_HW_METER_H
#define HR_HW_METER_H

#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "model/sample.h"
#include "model/zone.h"

struct hr_meter {
	const struct hr_meter_ops *ops;
	/* filled by _open; index i of zone[] is hr_sample.zone */
	size_t n_zones;
	struct hr_zone zone[HR_ZONES_MAX];
};

struct hr_meter_conf {
	int rootfd;         /* "/" of the node; borrowed, must stay open */
	const char *option; /* driver specific: the trace file of replay; NULL: none */
};

struct hr_meter_ops {
	const char *name;
	/*
	 * Finds the zones. 0, -ENODEV (nothing of this kind here; the caller tries the next
	 * driver), or another negative errno with the sentence. On success *ret belongs to the
	 * caller until close.
	 */
	int (*open)(const struct hr_meter_conf *conf, struct hr_meter **ret, struct hr_err *reterr);
	/*
	 * Reads every zone that has a counter, one sample each, in zone order. Never fails as a
	 * whole: what could not be read is a sample with its quality and reason. Counters are
	 * unwrapped; a jump larger than the zone's ceiling allows is JUMPED and adds nothing.
	 */
	void (*read)(struct hr_meter *m, struct hr_now now, struct hr_sample ret[HR_ZONES_MAX],
		     size_t *ret_n);
	void (*close)(struct hr_meter *m);
};

#endif
