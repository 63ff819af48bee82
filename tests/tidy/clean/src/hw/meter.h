/* SPDX-License-Identifier: Apache-2.0 */
/* The reading seam. */
#ifndef HR_HW_METER_H
#define HR_HW_METER_H

long hr_meter_read(void);

#endif
