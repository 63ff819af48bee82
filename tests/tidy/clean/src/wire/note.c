/* SPDX-License-Identifier: Apache-2.0 */
/* A text and back. */
#include <stdlib.h>

#include "model/watt.h"

long hr_note_length(const char *text);

long hr_note_length(const char *text)
{
	char *end;

	return hr_watt_sum(strtol(text, &end, 10), 0);
}
