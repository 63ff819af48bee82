/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a recorded trace: refused with a sentence, or rows of rising times that begin at
 * 0 and of powers that are absent or within a node's reach.
 */
#include <stdio.h>

#include "base/attr.h"
#include "hw/replay_trace.h"
#include "model/report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_trace(const struct hr_replay_trace *t)
{
	HR_CHECK(t->n_zones >= 1 && t->n_zones <= HR_ZONES_MAX && t->n_rows >= 2);
	HR_CHECK(t->t_ns[0] == 0);
	for (size_t i = 0; i < t->n_rows; i++) {
		HR_CHECK(i == 0 || t->t_ns[i] > t->t_ns[i - 1]);
		for (size_t k = 0; k < t->n_zones; k++) {
			int64_t uw = t->uw[i * t->n_zones + k];

			HR_CHECK(uw >= -1 && uw <= HR_NODE_POWER_MAX_UW);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hr_replay_trace t;
	struct hr_err err = {0};
	/* one byte more: fmemopen refuses an empty buffer */
	FILE *in = size == 0 ? NULL : fmemopen(NULL, size + 1, "w+");

	if (in == NULL)
		return 0;
	HR_CHECK(fwrite(data, 1, size, in) == size);
	rewind(in);
	if (hr_replay_trace_load(&t, in, "input", &err) < 0) {
		HR_CHECK(err.code < 0 && err.text[0] != '\0');
	} else {
		check_trace(&t);
		hr_replay_trace_done(&t);
	}
	(void)fclose(in);
	return 0;
}
