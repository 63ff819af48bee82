/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any text as an amount: it is refused with a sentence, or read as a number that formats and reads
 * back to itself.
 */
#include <stdint.h>
#include <string.h>

#include "base/attr.h"
#include "base/units.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[256], buf[HR_UNITS_TEXT_BYTES];
	int64_t x, back;

	if (size >= sizeof(text))
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	for (int i = 0; i < 2; i++) {
		struct hr_err err = {0};
		int r = i == 0 ? hr_power_parse(text, &x, &err) : hr_span_parse(text, &x, &err);

		HR_CHECK((r < 0) == (err.code < 0) && (r < 0) == (err.text[0] != '\0'));
		if (r < 0)
			continue;
		if (i == 0)
			HR_CHECK(hr_power_parse(hr_power_format(x, buf), &back, NULL) == 0);
		else
			HR_CHECK(hr_span_parse(hr_span_format(x, buf), &back, NULL) == 0);
		HR_CHECK(back == x);
	}
	return 0;
}
