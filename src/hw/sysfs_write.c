/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing a number into one of the kernel's one-value files. No state, no allocation.
 */
#include "hw/sysfs_write.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "hw/sysfs.h"

int hr_sysfs_write_value(int fd, int64_t value)
{
	char buf[HR_SYSFS_VALUE_BYTES];
	int n = snprintf(buf, sizeof(buf), "%" PRId64 "\n", value);
	ssize_t done;

	if (fd < 0)
		return -EBADF;
	do
		done = pwrite(fd, buf, (size_t)n, 0);
	while (done < 0 && errno == EINTR);
	if (done < 0)
		return -errno;
	if (done != n)
		return -EIO;
	/* a plain file in a captured tree may have been longer; the kernel's files take no size */
	if (ftruncate(fd, n) < 0)
		return 0;
	return 0;
}
