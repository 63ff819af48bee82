/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See file.h. Not a store: one file holds one small thing. Invariant: whoever reads a checked text
 * reads either the old one or the new one, whole.
 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define TAIL_BYTES 15 /* "crc32 XXXXXXXX\n" */
#define NAME_MAX_BYTES 240
#define PATH_MAX_BYTES 1024

uint32_t hr_file_crc32(const void *bytes, size_t n)
{
	const uint8_t *b = bytes;
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < n; i++) {
		crc ^= b[i];
		for (int k = 0; k < 8; k++)
			crc = (crc >> 1) ^ (crc & 1 ? UINT32_C(0xedb88320) : 0);
	}
	return ~crc;
}

int hr_file_dir_open(const char *path, mode_t mode, struct hr_err *reterr)
{
	char part[PATH_MAX_BYTES];
	size_t n = strlen(path);

	if (n == 0 || n >= sizeof(part))
		return hr_err_set(reterr, -ENAMETOOLONG, "the name of directory '%.80s' is unfit",
				  path);
	memcpy(part, path, n + 1);
	for (size_t i = 1; i <= n; i++) {
		if (part[i] != '/' && part[i] != '\0')
			continue;
		part[i] = '\0';
		if (mkdir(part, mode) < 0 && errno != EEXIST)
			return hr_err_set(reterr, -errno, "cannot make directory %s: %s", part,
					  strerror(errno));
		part[i] = i < n ? '/' : '\0';
	}
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return hr_err_set(reterr, -errno, "cannot open directory %s: %s", path,
				  strerror(errno));
	return fd;
}

static int lock_refused(int fd, const char *name, struct hr_err *reterr)
{
	char who[160] = "";
	ssize_t n = pread(fd, who, sizeof(who) - 1, 0);

	who[n > 0 ? n : 0] = '\0';
	who[strcspn(who, "\n")] = '\0';
	return hr_err_set(reterr, -EBUSY, "%s is held by %s", name,
			  who[0] != '\0' ? who : "another process");
}

int hr_file_lock(int dirfd, const char *name, const char *holder, struct hr_err *reterr)
{
	int fd = openat(dirfd, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
	char text[160];

	if (fd < 0)
		return hr_err_set(reterr, -errno, "cannot open lock %s: %s", name, strerror(errno));
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		int rc = errno == EWOULDBLOCK ? lock_refused(fd, name, reterr)
					      : hr_err_set(reterr, -errno, "cannot lock %s: %s",
							   name, strerror(errno));
		close(fd);
		return rc;
	}
	int n = snprintf(text, sizeof(text), "%s (pid %ld)\n", holder, (long)getpid());

	/* Only the lock itself matters; who holds it is a courtesy. */
	if (n > 0 && ftruncate(fd, 0) == 0 && pwrite(fd, text, (size_t)n, 0) < 0)
		return fd;
	return fd;
}

static int write_all(int fd, const char *bytes, size_t n)
{
	while (n > 0) {
		ssize_t done = write(fd, bytes, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -errno;
		bytes += done;
		n -= (size_t)done;
	}
	return 0;
}

/* Writes the new file beside the old one; the caller renames. */
static int write_beside(int dirfd, const char *name, const char *text, bool durable)
{
	char tail[TAIL_BYTES + 1];
	size_t n = strlen(text);
	int fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640);

	if (fd < 0)
		return -errno;
	snprintf(tail, sizeof(tail), "crc32 %08x\n", hr_file_crc32(text, n));
	int rc = write_all(fd, text, n);

	if (rc == 0)
		rc = write_all(fd, tail, TAIL_BYTES);
	if (rc == 0 && durable && fsync(fd) < 0)
		rc = -errno;
	if (close(fd) < 0 && rc == 0)
		rc = -errno;
	return rc;
}

int hr_file_text_write(int dirfd, const char *name, const char *text, bool durable,
		       struct hr_err *reterr)
{
	char fresh[NAME_MAX_BYTES + 8];

	if (strlen(name) > NAME_MAX_BYTES || strlen(text) + TAIL_BYTES >= HR_FILE_TEXT_BYTES)
		return hr_err_set(reterr, -E2BIG, "%s would be larger than %d bytes", name,
				  HR_FILE_TEXT_BYTES);
	snprintf(fresh, sizeof(fresh), "%s.new", name);
	int rc = write_beside(dirfd, fresh, text, durable);

	if (rc == 0 && renameat(dirfd, fresh, dirfd, name) < 0)
		rc = -errno;
	if (rc == 0 && durable && fsync(dirfd) < 0)
		rc = -errno;
	if (rc < 0)
		return hr_err_set(reterr, rc, "cannot write %s: %s", name, strerror(-rc));
	return 0;
}

static ssize_t read_all(int fd, char *ret, size_t size)
{
	size_t n = 0;

	while (n < size) {
		ssize_t got = read(fd, ret + n, size - n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		n += (size_t)got;
	}
	return (ssize_t)n;
}

int hr_file_text_read(int dirfd, const char *name, char *ret, size_t size, struct hr_err *reterr)
{
	char tail[TAIL_BYTES + 1];
	int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return hr_err_set(reterr, -errno, "cannot open %s: %s", name, strerror(errno));
	ssize_t n = read_all(fd, ret, size);

	close(fd);
	if (n < 0)
		return hr_err_set(reterr, (int)n, "cannot read %s: %s", name, strerror((int)-n));
	if (n < TAIL_BYTES || (size_t)n >= size)
		return hr_err_set(reterr, -EBADMSG, "%s is torn: it has %zd bytes", name, n);
	size_t body = (size_t)n - TAIL_BYTES;

	snprintf(tail, sizeof(tail), "crc32 %08x\n", hr_file_crc32(ret, body));
	if (memcmp(tail, ret + body, TAIL_BYTES) != 0)
		return hr_err_set(reterr, -EBADMSG, "%s is damaged: its checksum is wrong", name);
	ret[body] = '\0';
	return 0;
}

int hr_file_remove(int dirfd, const char *name)
{
	if (unlinkat(dirfd, name, 0) < 0)
		return errno == ENOENT ? 0 : -errno;
	return fsync(dirfd) < 0 ? -errno : 0;
}

int hr_file_slurp(const char *path, size_t max, char **ret, size_t *ret_n, struct hr_err *reterr)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return hr_err_set(reterr, -errno, "cannot open %s: %s", path, strerror(errno));
	char *text = malloc(max + 1);
	ssize_t n = text ? read_all(fd, text, max + 1) : -ENOMEM;

	close(fd);
	if (n < 0 || (size_t)n > max) {
		free(text);
		return n < 0 ? hr_err_set(reterr, (int)n, "cannot read %s: %s", path,
					  strerror((int)-n))
			     : hr_err_set(reterr, -EFBIG, "%s is larger than %zu bytes", path, max);
	}
	text[n] = '\0';
	*ret = text;
	*ret_n = (size_t)n;
	return 0;
}
