/* SPDX-License-Identifier: Apache-2.0 */
/* A watt. */
#ifndef HR_MODEL_WATT_H
#define HR_MODEL_WATT_H

long hr_watt_sum(long a, long b);

#endif
