/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any text as a recorded demand: refused with a sentence, or a trace within its limits that a load
 * can play.
 */
#include <stdint.h>

#include "base/attr.h"
#include "sim/load.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hr_trace t;
	struct hr_err err = {0};
	const struct hr_load_idle idle = {25000000, 5000000, 20000000};

	if (hr_trace_parse("fuzz", (const char *)data, size, &t, &err) < 0) {
		HR_CHECK(err.text[0] != '\0');
		return 0;
	}
	HR_CHECK(t.n >= 1 && t.step_ms >= 1);
	struct hr_load l = {.kind = HR_LOAD_TRACE,
			    .trace = &t,
			    .high_uw = 150000000,
			    .speed_permille = size % 2 ? 1000 : 1700};
	for (int64_t ms = 0, i = 0; i < 50; i++) {
		struct hr_load_demand d = hr_load_at(&l, 1, idle, ms);

		HR_CHECK(d.until_ms > ms);
		HR_CHECK(d.power_uw >= idle.power_uw && d.power_uw <= l.high_uw);
		HR_CHECK(d.dram_uw >= idle.dram_uw && d.dram_uw <= idle.dram_uw_max);
		ms = d.until_ms;
	}
	hr_trace_done(&t);
	return 0;
}
