/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bounded reading of the kernel's one-value files, and the one parser of the numbers in them. Not
 * a place for writing (sysfs_write.h), so that a sensor cannot link it.
 *
 * Files stay open and are read at offset 0: the kernel makes the text anew for each such read.
 * Nothing is believed: empty, long, negative or odd contents are errors, never 0.
 */
#ifndef HR_HW_SYSFS_H
#define HR_HW_SYSFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "model/reason.h"

#define HR_SYSFS_VALUE_BYTES 32
#define HR_SYSFS_PATH_BYTES 224

/*
 * A decimal number of at most 18 digits, then blanks, line ends or NUL bytes only.
 * 0, -ENODATA (empty), -EINVAL (not a number), -ERANGE (negative or too many digits).
 */
int hr_sysfs_parse(const char *bytes, size_t n, int64_t *ret) HR_MUST_CHECK;

/* Opens for reading (writable: and writing), close-on-exec. The descriptor, or negative errno. */
int hr_sysfs_open(int dirfd, const char *path, bool writable) HR_MUST_CHECK;

/* Closes *fd if it is open and makes it -1. */
void hr_sysfs_close(int *fd);

/* The number in an open file: 0, the errors of _parse, or what the read answered; -EBADF for -1. */
int hr_sysfs_read(int fd, int64_t *ret) HR_MUST_CHECK;

/* The same for a file that is opened and closed again. */
int hr_sysfs_read_at(int dirfd, const char *path, int64_t *ret) HR_MUST_CHECK;

/*
 * The first line of a text file, without its end. 0, -ENODATA (empty), -EINVAL (does not fit size
 * bytes, or holds anything but printable ASCII), or what open or read answered.
 */
int hr_sysfs_text_at(int dirfd, const char *path, char *ret, size_t size) HR_MUST_CHECK;

/* "dir/name" into ret; -ENAMETOOLONG if it does not fit. */
int hr_sysfs_path(char ret[HR_SYSFS_PATH_BYTES], const char *dir, const char *name) HR_MUST_CHECK;

/* What a negative errno of a read means for the value. */
enum hr_reason hr_sysfs_reason(int err);

#endif
