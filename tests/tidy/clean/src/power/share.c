/* SPDX-License-Identifier: Apache-2.0 */
/* Shares of watts. Pure. */
#include "power/share.h"

#include <stdio.h>
#include <string.h>

#include "model/watt.h"

static long timeout(long x)
{
	return x;
}

long hr_share_of(long watts, size_t n)
{
	return hr_watt_sum(timeout(watts) / (long)n, 0);
}

void hr_share_text(long watts, char *buf, size_t size)
{
	memset(buf, 0, size);
	snprintf(buf, size, "%ld W, assert(1), TIME(0), /system", watts);
}
