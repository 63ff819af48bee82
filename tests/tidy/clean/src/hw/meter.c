/* SPDX-License-Identifier: Apache-2.0 */
/* Reads. */
#include "hw/meter.h"

#include <fcntl.h>

#include "hw/paths.h"

long hr_meter_read(void)
{
	return open(HR_PATH_POWERCAP, O_RDONLY);
}
