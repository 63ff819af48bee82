/* SPDX-License-Identifier: Apache-2.0 */
/* Sums of watts. It says system() and "/sys" in a comment, which is no call and no path. */
#include "model/watt.h"

long hr_watt_sum(long a, long b)
{
	return a + b;
}
