/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes at all: the codec refuses them with a sentence, or gives a message that encodes and
 * decodes to itself again.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "wire/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hr_message m, again;
	struct hr_err err = {0};
	uint8_t bytes[HR_MESSAGE_MAX_BYTES];
	size_t len;
	if (hr_message_decode(data, size, &m, &err) < 0) {
		if (err.code >= 0 || err.text[0] == '\0')
			abort();
		return 0;
	}
	if (hr_message_encode(&m, bytes, sizeof(bytes), &len, NULL) < 0 ||
	    hr_message_decode(bytes, len, &again, NULL) < 0)
		abort();
	/* Decoding clears the whole struct first, so that its padding compares too; comparing what
	 * both encode to would miss a field that the encoder forgets. */
	// NOLINTNEXTLINE(bugprone-suspicious-memory-comparison)
	if (memcmp(&m, &again, sizeof(m)) != 0)
		abort();
	return 0;
}
