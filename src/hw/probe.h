/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What can be read and capped on a node, what is missing and what to do about it: plain findings
 * for "headroom doctor" to print. Looks only; writes nothing, so a limit that the firmware has
 * locked shows here only if the kernel says so.
 */
#ifndef HR_HW_PROBE_H
#define HR_HW_PROBE_H

#include <stddef.h>

#include "base/attr.h"
#include "model/ident.h"

#define HR_PROBE_FINDINGS_MAX 256
#define HR_PROBE_TEXT_BYTES 240

enum hr_probe_level {
	HR_PROBE_OK,      /* works */
	HR_PROBE_NOTE,    /* works, but worth knowing */
	HR_PROBE_PROBLEM, /* does not work; fix says what to do */
};

struct hr_probe_finding {
	enum hr_probe_level level;
	char zone[HR_NAME_BYTES]; /* id of the zone; "": the node */
	char name[HR_NAME_BYTES]; /* its name, "package-0" */
	char what[HR_PROBE_TEXT_BYTES];
	char fix[HR_PROBE_TEXT_BYTES]; /* "" if there is nothing to do */
};

struct hr_probe {
	size_t n;
	struct hr_probe_finding finding[HR_PROBE_FINDINGS_MAX];
	size_t n_metered; /* zones whose energy was read */
	size_t n_capped;  /* packages (or platforms) whose limit can be written by this user */
};

const char *hr_probe_level_name(enum hr_probe_level level); /* "ok", "note", "problem" */

/* Looks under rootfd and fills *ret (about 150 kB). 0 whatever it finds, or -ENOMEM. */
int hr_probe_run(int rootfd, struct hr_probe *ret) HR_MUST_CHECK;

#endif
