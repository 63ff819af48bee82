/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of a rack, for rack.c and its figures (rack_stats.c) alone. */
#ifndef HR_VHW_RACK_INTERNAL_H
#define HR_VHW_RACK_INTERNAL_H

#include <stdio.h>

#include "vhw/rack.h"

/* Figures of a node when counting began. */
struct hr_rack_base {
	int64_t work;
	int64_t fair_work;
	int64_t wall_uj;
};

struct hr_rack {
	size_t n;
	struct hr_plant *plant;
	struct hr_plant *fair;
	struct hr_recorder recorder;
	struct hr_recorder_node *node;
	struct hr_rack_base *base;
	int64_t armed_ns;
	size_t n_traces;
	struct hr_trace trace[HR_RACK_TRACES_MAX];
	FILE *registers;
	FILE *state;
};

/* Busy milliseconds at full speed since counting began, of a node or its twin. */
int64_t hr_rack_work_ms(const struct hr_rack *r, size_t i, bool fair);

#endif
