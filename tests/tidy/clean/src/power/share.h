/* SPDX-License-Identifier: Apache-2.0 */
/* A share of watts. */
#ifndef HR_POWER_SHARE_H
#define HR_POWER_SHARE_H

#include <stddef.h>

long hr_share_of(long watts, size_t n);
void hr_share_text(long watts, char *buf, size_t size);

#endif
