/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text and comparison of 128-bit identifiers. It draws no random bytes. Invariant: format(parse(t))
 * is t in lower case.
 */
#include "base/uuid.h"

#include <errno.h>
#include <string.h>

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static bool dash_before(size_t byte)
{
	return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

int hr_uuid_parse(const char *text, struct hr_uuid *ret)
{
	struct hr_uuid u;
	size_t i, at = 0;

	if (text == NULL || strnlen(text, HR_UUID_TEXT_BYTES) != HR_UUID_TEXT_BYTES - 1)
		return -EINVAL;
	for (i = 0; i < sizeof(u.byte); i++) {
		int high, low;

		if (dash_before(i) && text[at++] != '-')
			return -EINVAL;
		high = hex_value(text[at++]);
		low = hex_value(text[at++]);
		if (high < 0 || low < 0)
			return -EINVAL;
		u.byte[i] = (uint8_t)(high << 4 | low);
	}
	*ret = u;
	return 0;
}

char *hr_uuid_format(const struct hr_uuid *u, char buf[HR_UUID_TEXT_BYTES])
{
	static const char digit[] = "0123456789abcdef";
	size_t i, at = 0;

	for (i = 0; i < sizeof(u->byte); i++) {
		if (dash_before(i))
			buf[at++] = '-';
		buf[at++] = digit[u->byte[i] >> 4];
		buf[at++] = digit[u->byte[i] & 15];
	}
	buf[at] = '\0';
	return buf;
}

int hr_uuid_compare(const struct hr_uuid *a, const struct hr_uuid *b)
{
	return memcmp(a->byte, b->byte, sizeof(a->byte));
}

bool hr_uuid_is_none(const struct hr_uuid *u)
{
	static const struct hr_uuid none;

	return hr_uuid_compare(u, &none) == 0;
}

struct hr_uuid hr_uuid_from_random(const uint8_t random[16])
{
	struct hr_uuid u;

	memcpy(u.byte, random, sizeof(u.byte));
	u.byte[6] = (uint8_t)((u.byte[6] & 0x0f) | 0x40); /* version 4 */
	u.byte[8] = (uint8_t)((u.byte[8] & 0x3f) | 0x80); /* variant of RFC 4122 */
	return u;
}
