/* SPDX-License-Identifier: Apache-2.0 */
/* The only reader of a clock. */
#include "base/clock.h"

#include <time.h>

long hr_now_read(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (long)t.tv_sec;
}
