/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bounded reading of the kernel's one-value files. No state, no allocation.
 */
#include "hw/sysfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define DIGITS_MAX 18 /* 10^18 - 1 uJ is 31 years at 1 kW and fits int64_t */

int hr_sysfs_parse(const char *bytes, size_t n, int64_t *ret)
{
	int64_t value = 0;
	size_t i = 0;

	if (n == 0 || bytes[0] == '\n' || bytes[0] == '\0')
		return -ENODATA;
	if (bytes[0] == '-' && n > 1 && bytes[1] >= '0' && bytes[1] <= '9')
		return -ERANGE;
	for (; i < n && bytes[i] >= '0' && bytes[i] <= '9'; i++) {
		if (i == DIGITS_MAX)
			return -ERANGE;
		value = value * 10 + (bytes[i] - '0');
	}
	if (i == 0)
		return -EINVAL;
	for (; i < n; i++) {
		if (bytes[i] != '\n' && bytes[i] != ' ' && bytes[i] != '\t' && bytes[i] != '\0')
			return -EINVAL;
	}
	*ret = value;
	return 0;
}

int hr_sysfs_open(int dirfd, const char *path, bool writable)
{
	/* O_NONBLOCK: a fifo in a doctored tree must not hang the caller */
	int flags = (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
	int fd;

	do
		fd = openat(dirfd, path, flags);
	while (fd < 0 && errno == EINTR);
	return fd < 0 ? -errno : fd;
}

void hr_sysfs_close(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

static ssize_t read_start(int fd, char *buf, size_t size)
{
	ssize_t n;

	if (fd < 0)
		return -EBADF;
	do
		n = pread(fd, buf, size, 0);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

int hr_sysfs_read(int fd, int64_t *ret)
{
	char buf[HR_SYSFS_VALUE_BYTES];
	ssize_t n = read_start(fd, buf, sizeof(buf));

	if (n < 0)
		return (int)n;
	if ((size_t)n == sizeof(buf))
		return -EINVAL;
	return hr_sysfs_parse(buf, (size_t)n, ret);
}

int hr_sysfs_read_at(int dirfd, const char *path, int64_t *ret)
{
	int fd = hr_sysfs_open(dirfd, path, false);
	int r;

	if (fd < 0)
		return fd;
	r = hr_sysfs_read(fd, ret);
	hr_sysfs_close(&fd);
	return r;
}

static int first_line(char *text, size_t n)
{
	size_t i;

	for (i = 0; i < n && text[i] != '\n' && text[i] != '\0'; i++) {
		if (text[i] < 0x20 || text[i] > 0x7e)
			return -EINVAL;
	}
	text[i] = '\0';
	return i == 0 ? -ENODATA : 0;
}

int hr_sysfs_text_at(int dirfd, const char *path, char *ret, size_t size)
{
	int fd = hr_sysfs_open(dirfd, path, false);
	ssize_t n;

	if (fd < 0)
		return fd;
	n = read_start(fd, ret, size);
	hr_sysfs_close(&fd);
	if (n < 0)
		return (int)n;
	if ((size_t)n == size)
		return -EINVAL;
	return first_line(ret, (size_t)n);
}

int hr_sysfs_path(char ret[HR_SYSFS_PATH_BYTES], const char *dir, const char *name)
{
	int n = snprintf(ret, HR_SYSFS_PATH_BYTES, "%s/%s", dir, name);

	return n < 0 || n >= HR_SYSFS_PATH_BYTES ? -ENAMETOOLONG : 0;
}

enum hr_reason hr_sysfs_reason(int err)
{
	switch (err < 0 ? -err : err) {
	case 0:
		return HR_REASON_NONE;
	case EACCES:
	case EPERM:
		return HR_REASON_NO_PERMISSION;
	case ENODEV:
	case ENXIO:
	case ENOENT:
	case ENOTCONN:
	case ESTALE:
	case EBADF:
	case ENOTDIR:
		return HR_REASON_LOST;
	case EIO:
	case ETIMEDOUT:
		return HR_REASON_IO_ERROR;
	case EINVAL:
	case EISDIR:
		return HR_REASON_MALFORMED;
	case ERANGE:
		return HR_REASON_ABSURD;
	default:
		return HR_REASON_UNREADABLE;
	}
}
