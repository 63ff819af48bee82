/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Instants as text (RFC 3339), by arithmetic alone: no time zone data, no clock, no locale.
 * Years 1970 to 2261, what fits int64_t nanoseconds of Unix time from its beginning.
 */
#ifndef HR_CONF_RFC3339_H
#define HR_CONF_RFC3339_H

#include <stdint.h>

#include "base/attr.h"

#define HR_RFC3339_BYTES 40

/*
 * "2026-03-29T08:00:00Z", with up to nine digits of a second and with "+01:00" in place of Z.
 * A leap second (:60) counts as the second after it. 0 or -EINVAL, -ERANGE (no such date).
 */
int hr_rfc3339_parse(const char *text, int64_t *ret_ns) HR_MUST_CHECK;
/* In UTC, with as many digits of a second as needed; a time before 1970 is shown as 1970. */
char *hr_rfc3339_format(int64_t ns, char buf[HR_RFC3339_BYTES]);

#endif
