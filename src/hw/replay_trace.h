/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A recorded trace of power in memory, as read from the CSV form that replay.h defines.
 */
#ifndef HR_HW_REPLAY_TRACE_H
#define HR_HW_REPLAY_TRACE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "model/zone.h"

struct hr_replay_trace {
	size_t n_zones;
	struct hr_zone zone[HR_ZONES_MAX];
	size_t n_rows;
	size_t room;   /* rows allocated */
	int64_t *t_ns; /* rising, the first is 0 */
	int64_t *uw;   /* n_zones per row; -1: absent */
};

/*
 * Reads a whole trace; name is for the sentence. 0, -EINVAL (with the line), -E2BIG, -ENOMEM or a
 * read error. On failure there is nothing to free.
 */
int hr_replay_trace_load(struct hr_replay_trace *t, FILE *in, const char *name,
			 struct hr_err *reterr) HR_MUST_CHECK;
void hr_replay_trace_done(struct hr_replay_trace *t);

#endif
