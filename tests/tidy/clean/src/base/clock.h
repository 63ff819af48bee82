/* SPDX-License-Identifier: Apache-2.0 */
/* Time. */
#ifndef HR_BASE_CLOCK_H
#define HR_BASE_CLOCK_H

long hr_now_read(void);

#endif
