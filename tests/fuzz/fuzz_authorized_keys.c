/* SPDX-License-Identifier: Apache-2.0 */
/* Any text at all: refused with a sentence, or a sorted table whose every key is found again. */
#include <stdint.h>
#include <stdlib.h>

#include "wire/authorized_keys.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct hr_authorized_key table[64];
	struct hr_err err = {0};
	size_t n = 0;
	if (hr_authorized_keys_parse((const char *)data, size, "fuzz", table, HR_ARRAY_LEN(table),
				     &n, &err) < 0) {
		if (err.code >= 0 || err.text[0] == '\0')
			abort();
		return 0;
	}
	for (size_t i = 0; i < n; i++) {
		if (hr_authorized_keys_find(table, n, table[i].key) != &table[i])
			abort();
	}
	return 0;
}
