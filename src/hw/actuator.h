/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The writing seam: limits of zones. Only the guard links it. A set answers what the hardware
 * really took; the caller charges that, never what it asked for (DESIGN rules 2 and 14).
 */
#ifndef HR_HW_ACTUATOR_H
#define HR_HW_ACTUATOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "model/reason.h"
#include "model/zone.h"

struct hr_actuator {
	const struct hr_actuator_ops *ops;
	/* only zones that have, or ought to have, a limit that bounds the node: packages and dies
	   (the platform where there are none), boards; filled by _open */
	size_t n_zones;
	struct hr_zone zone[HR_ZONES_MAX];
};

struct hr_actuator_conf {
	int rootfd;         /* "/" of the node; borrowed, must stay open */
	const char *option; /* driver specific */
};

/* The state of one limit as read from the hardware. */
struct hr_limit {
	bool known;           /* false: could not be read, or no limit is switched on; fault says
				 why, the rest means nothing */
	int64_t limit_uw;     /* the most that the limits together allow: what is charged. It is
				 the higher of long and short term, as the kernel does not show
				 whether the short term is switched on; the lower of two
				 interfaces to one limit */
	int64_t settle_ns;    /* time after a write until the draw must follow: the window */
	enum hr_reason fault; /* LOCKED, CLAMPED, DENIED, DISABLED, IO_ERROR, LOST ... or NONE */
};

#define HR_ORIGINAL_TWINS 2

/* Everything needed to put a zone back as it was found. Plain data, stored by the guard. */
struct hr_original {
	bool valid;
	bool enabled;
	bool has_short;
	int64_t long_uw;
	int64_t long_window_us;
	int64_t short_uw;
	int64_t short_window_us;
	/* the same limit through further interfaces (MMIO beside MSR), as far as there are any */
	struct {
		bool valid;
		bool enabled;
		bool has_short;
		int64_t long_uw;
		int64_t long_window_us;
		int64_t short_uw;
		int64_t short_window_us;
	} twin[HR_ORIGINAL_TWINS];
};

struct hr_actuator_ops {
	const char *name;
	/* As hr_meter_ops.open. A tree without any limit is -ENODEV; a locked one is not. */
	int (*open)(const struct hr_actuator_conf *conf, struct hr_actuator **ret,
		    struct hr_err *reterr);
	/*
	 * Sets the long-term limit to want_uw, rounded down to the hardware's step, its window to
	 * 10 ms or the least allowed, the short-term limit to at most the same, enables the zone,
	 * and reads everything back. When it lowers, the short-term limit goes first or with it, so
	 * that at no instant more than the greater of old and new is allowed. 0 if ret is what the
	 * hardware now says (even if that is not what was asked: see ret->fault), or negative errno
	 * with ret->known false if it could not be read back.
	 */
	int (*set)(struct hr_actuator *a, size_t zone, int64_t want_uw, struct hr_limit *ret);
	/* Reads the limit in force. Same answers. */
	int (*get)(struct hr_actuator *a, size_t zone, struct hr_limit *ret);
	/* Notes the state of a zone before the first write. */
	int (*save)(struct hr_actuator *a, size_t zone, struct hr_original *ret);
	/* Writes that state back; checks by reading. 0 or negative errno. */
	int (*restore)(struct hr_actuator *a, size_t zone, const struct hr_original *original);
	void (*close)(struct hr_actuator *a);
};

#endif
