/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as the contents of a one-value file: refused, or a number that is not negative, that
 * its digits spell, and that reads back to itself when written.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "hw/sysfs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[HR_SYSFS_VALUE_BYTES];
	int64_t value = -1;
	int64_t back = -1;
	int r = hr_sysfs_parse((const char *)data, size, &value);
	int n;

	HR_CHECK(r == 0 || r == -ENODATA || r == -EINVAL || r == -ERANGE);
	if (r < 0) {
		HR_CHECK(value == -1);
		return 0;
	}
	HR_CHECK(value >= 0 && data[0] >= '0' && data[0] <= '9');
	n = snprintf(text, sizeof(text), "%" PRId64 "\n", value);
	HR_CHECK(n > 0 && (size_t)n < sizeof(text));
	HR_CHECK(hr_sysfs_parse(text, (size_t)n, &back) == 0 && back == value);
	return 0;
}
