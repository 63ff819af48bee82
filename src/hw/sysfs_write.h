/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing a number into one of the kernel's one-value files. Apart from reading, and in the
 * actuators' library only.
 */
#ifndef HR_HW_SYSFS_WRITE_H
#define HR_HW_SYSFS_WRITE_H

#include <stdint.h>

#include "base/attr.h"

/*
 * Writes value as decimal digits and a line end, in one call, to a file opened writable. 0 or what
 * the write answered; that the kernel took the bytes says nothing about what it made of them.
 */
int hr_sysfs_write_value(int fd, int64_t value) HR_MUST_CHECK;

#endif
