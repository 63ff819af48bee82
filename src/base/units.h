/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Amounts and their text. Power is int64_t microwatts (_uw), energy int64_t microjoules (_uj),
 * spans are int64_t nanoseconds (_ns). No floating point: "1.2 kW" is exactly 1,200,000,000 uW.
 *
 * A text is a decimal number, optional blanks, and a unit, which is required:
 *   power    uW mW W kW MW           (1 MW is the largest unit; the amount must fit int64_t)
 *   span     ns us ms s min h d
 * Digits beyond the last representable one are refused, not rounded.
 */
#ifndef HR_BASE_UNITS_H
#define HR_BASE_UNITS_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"

#define HR_UW_PER_W INT64_C(1000000)
#define HR_UNITS_TEXT_BYTES 32

/* Both: 0, or -EINVAL (not a number, unit missing or unknown) or -ERANGE, with the sentence. */
int hr_power_parse(const char *text, int64_t *ret_uw, struct hr_err *reterr) HR_MUST_CHECK;
int hr_span_parse(const char *text, int64_t *ret_ns, struct hr_err *reterr) HR_MUST_CHECK;

/* Shortest exact text with a unit ("250 W", "1.2 kW", "12.5 W", "500 ms"); returns buf. */
char *hr_power_format(int64_t uw, char buf[HR_UNITS_TEXT_BYTES]);
char *hr_span_format(int64_t ns, char buf[HR_UNITS_TEXT_BYTES]);

/* Watts with a fixed number of decimals (0 to 6) for tables, rounded half away from zero. */
char *hr_power_format_watts(int64_t uw, int decimals, char buf[HR_UNITS_TEXT_BYTES]);

/* a * b / c rounded down (towards minus infinity) through 128 bits; c > 0; saturates at int64_t. */
int64_t hr_muldiv_floor(int64_t a, int64_t b, int64_t c);
/* The same rounded up. */
int64_t hr_muldiv_ceil(int64_t a, int64_t b, int64_t c);
/* a + b, saturating instead of overflowing. */
int64_t hr_add_sat(int64_t a, int64_t b);

static inline int64_t hr_min_i64(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static inline int64_t hr_max_i64(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static inline int64_t hr_clamp_i64(int64_t x, int64_t low, int64_t high)
{
	return x < low ? low : x > high ? high : x;
}

#endif
