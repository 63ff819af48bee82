/* SPDX-License-Identifier: Apache-2.0 */
/* 128-bit identifiers (RFC 4122 text form). All zero means "none". */
#ifndef HR_BASE_UUID_H
#define HR_BASE_UUID_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"

#define HR_UUID_TEXT_BYTES 37

struct hr_uuid {
	uint8_t byte[16];
};

/* 0, or -EINVAL if text is not 36 characters of the 8-4-4-4-12 form (either case). */
int hr_uuid_parse(const char *text, struct hr_uuid *ret) HR_MUST_CHECK;
char *hr_uuid_format(const struct hr_uuid *u, char buf[HR_UUID_TEXT_BYTES]);
/* <0, 0, >0 as memcmp. */
int hr_uuid_compare(const struct hr_uuid *a, const struct hr_uuid *b);
bool hr_uuid_is_none(const struct hr_uuid *u);
/* Makes a version 4 uuid out of 16 bytes that the caller drew. */
struct hr_uuid hr_uuid_from_random(const uint8_t random[16]);

#endif
