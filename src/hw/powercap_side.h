/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One interface to one limit: the files of one powercap directory, open for reading and writing.
 * A limit with an MMIO twin has two sides; powercap_actuator.c joins them. Part of the actuator's
 * library.
 *
 * Invariant: nothing here takes a value for written that has not been read back.
 */
#ifndef HR_HW_POWERCAP_SIDE_H
#define HR_HW_POWERCAP_SIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "hw/actuator.h"
#include "hw/powercap_tree.h"

/* Charged as settling time where the kernel does not tell the window. */
#define HR_POWERCAP_SIDE_WINDOW_UNKNOWN_US INT64_C(10000000)

/* What the files say. */
struct hr_powercap_state {
	bool enabled;
	bool has_short;
	int64_t long_uw;
	int64_t long_window_us; /* 0: not told */
	int64_t short_uw;
	int64_t short_window_us; /* 0: not told */
};

struct hr_powercap_constraint {
	int limit_fd;
	int window_fd; /* -1: there is no such file */
	int64_t window_least_us;
};

struct hr_powercap_side {
	struct hr_powercap_member member;
	char name[HR_NAME_BYTES]; /* what the zone must be called when it is opened anew */
	bool open;
	bool writable;    /* the limits could be opened for writing */
	int64_t clamp_uw; /* where a limit stopped, short of what was asked; 0: nowhere */
	int enabled_fd;
	struct hr_powercap_constraint c[2]; /* long, short term; limit_fd -1: none */
};

/* Sets up without opening. */
void hr_powercap_side_init(struct hr_powercap_side *s, const struct hr_powercap_member *member,
			   const char *name);
/* Opens what is closed; 0 or negative errno. */
int hr_powercap_side_open(struct hr_powercap_side *s, int rootfd) HR_MUST_CHECK;
void hr_powercap_side_close(struct hr_powercap_side *s);

/* Reads the state, opening anew and trying once more if the device was lost meanwhile. */
int hr_powercap_side_read(struct hr_powercap_side *s, int rootfd,
			  struct hr_powercap_state *ret) HR_MUST_CHECK;

/*
 * Writes the limits, the windows and the switch as in want (limits before the switch; a window of
 * 0 is left alone). Goes on after an error; the first one is returned. -EACCES from a file that
 * could be opened for writing means that the firmware has locked the limit.
 */
int hr_powercap_side_write(struct hr_powercap_side *s, const struct hr_powercap_state *want,
			   bool short_first) HR_MUST_CHECK;

/* What a state means for charging. */
struct hr_limit hr_powercap_side_limit(const struct hr_powercap_state *state);

/* What a failed write means. */
enum hr_reason hr_powercap_side_reason(const struct hr_powercap_side *s, int err);

#endif
