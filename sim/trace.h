/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A recorded demand: what one package and its memory drew, uncapped, at equal steps of time.
 *
 * The text is CSV: lines that begin with '#' are comments, the first other line is the header
 * "t_ms,package_mw,dram_mw", then one line per sample with whole numbers. Steps must be equal and
 * between 1 ms and one hour, values between 0 and 10 kW, and at most HR_TRACE_SAMPLES_MAX lines.
 * Parsing is pure: the caller reads the file.
 */
#ifndef HR_SIM_TRACE_H
#define HR_SIM_TRACE_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"

#define HR_TRACE_SAMPLES_MAX 1000000
#define HR_TRACE_NAME_BYTES 32

struct hr_trace_sample {
	int32_t package_mw;
	int32_t dram_mw;
};

struct hr_trace {
	char name[HR_TRACE_NAME_BYTES];
	int64_t step_ms;
	size_t n; /* at least 1 */
	struct hr_trace_sample *sample;
	struct hr_trace_sample low;  /* least of each column */
	struct hr_trace_sample high; /* most of each column */
};

/*
 * Fills *ret, which the caller ends with hr_trace_done. name is cut to its size. 0, -EINVAL (with
 * the line) or -ENOMEM; *ret is untouched on failure.
 */
int hr_trace_parse(const char *name, const char *text, size_t text_bytes, struct hr_trace *ret,
		   struct hr_err *reterr) HR_MUST_CHECK;
void hr_trace_done(struct hr_trace *t);

#endif
