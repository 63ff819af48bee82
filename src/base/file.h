/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Small files that outlive the process: directories, locks, and texts that are replaced whole and
 * carry a checksum, so that a torn or edited one is seen and never half believed.
 *
 * Impure: for shells and stores. All names are relative to a directory descriptor.
 */
#ifndef HR_BASE_FILE_H
#define HR_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/err.h"

#define HR_FILE_TEXT_BYTES (256 << 10) /* no checked text is larger */

/* Makes the directory and those above it, mode for new ones. Its descriptor, or negative errno. */
int hr_file_dir_open(const char *path, mode_t mode, struct hr_err *reterr) HR_MUST_CHECK;

/*
 * Takes the exclusive lock of a file, made if needed, for as long as the descriptor returned is
 * open, and writes "pid name" into it. -EBUSY if another process holds it: the sentence has what
 * it wrote.
 */
int hr_file_lock(int dirfd, const char *name, const char *holder,
		 struct hr_err *reterr) HR_MUST_CHECK;

/*
 * Replaces the file with text and a line "crc32 XXXXXXXX" after it: a new file, renamed over the
 * old one. durable: on the disk, with its directory, before this returns. 0 or negative errno.
 */
int hr_file_text_write(int dirfd, const char *name, const char *text, bool durable,
		       struct hr_err *reterr) HR_MUST_CHECK;

/*
 * Reads such a file without its last line into ret, with a final zero. 0, -ENOENT, -EBADMSG (the
 * checksum is wrong or missing, or it does not fit), or what the kernel answered.
 */
int hr_file_text_read(int dirfd, const char *name, char *ret, size_t size,
		      struct hr_err *reterr) HR_MUST_CHECK;

/* Removes the file and makes that durable. 0 also if it is not there. */
int hr_file_remove(int dirfd, const char *name) HR_MUST_CHECK;

/* Reads a whole file of at most max bytes; *ret is on the heap, with a final zero. */
int hr_file_slurp(const char *path, size_t max, char **ret, size_t *ret_n,
		  struct hr_err *reterr) HR_MUST_CHECK;

/* CRC-32 as in zlib. */
uint32_t hr_file_crc32(const void *bytes, size_t n);

#endif
