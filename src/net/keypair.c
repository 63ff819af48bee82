/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Key files on disk. What the lines of an authorised-keys file mean is the parser's in wire/.
 * Invariant: no secret appears in an error sentence, and no buffer that held one is left as it was.
 */
#include "net/keypair.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zmq.h>

#define KEY_FILE_MAX_BYTES 4096
#define LIST_MAX_BYTES 16777216
#define PATH_BYTES 4096

int hr_keypair_generate(struct hr_keypair *ret, struct hr_err *reterr)
{
	if (zmq_curve_keypair(ret->public, ret->secret) < 0)
		return hr_err_set(reterr, -ENOTSUP,
				  "cannot make keys: libzmq was built without CURVE");
	return 0;
}

void hr_keypair_forget(struct hr_keypair *keys)
{
	explicit_bzero(keys, sizeof(*keys));
}

static int write_all(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, text, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		text += n;
		len -= (size_t)n;
	}
	return 0;
}

static int write_file(const char *path, mode_t mode, const char *text, struct hr_err *reterr)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	if (fd < 0)
		return hr_err_set(
		    reterr, -errno, "cannot write key file %s: %s%s", path, strerror(errno),
		    errno == EEXIST ? "; keys are never overwritten, move it away" : "");
	/* The mode of open passes through the umask; a secret must have exactly this one. */
	int rc = fchmod(fd, mode) < 0 ? -errno : write_all(fd, text, strlen(text));
	if (rc == 0 && fsync(fd) < 0)
		rc = -errno;
	if (close(fd) < 0 && rc == 0)
		rc = -errno;
	if (rc < 0) {
		(void)unlink(path);
		return hr_err_set(reterr, rc, "cannot write key file %s: %s", path, strerror(-rc));
	}
	return 0;
}

/* So that the new names survive a crash too; not every file system can, which is no failure. */
static void sync_folder(const char *path)
{
	char folder[PATH_BYTES];
	const char *slash = strrchr(path, '/');
	size_t len = slash ? (size_t)(slash - path) + 1 : 0;
	if (len >= sizeof(folder))
		return;
	memcpy(folder, len ? path : ".", len ? len : 1);
	folder[len ? len : 1] = '\0';
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0) {
		(void)fsync(fd);
		(void)close(fd);
	}
}

int hr_keypair_save(const char *secret_path, const struct hr_keypair *keys, struct hr_err *reterr)
{
	char path[PATH_BYTES], text[256];
	if ((size_t)snprintf(path, sizeof(path), "%s.pub", secret_path) >= sizeof(path))
		return hr_err_set(reterr, -ENAMETOOLONG,
				  "cannot write key file: its path is too "
				  "long");
	(void)snprintf(text, sizeof(text),
		       "# Headroom key pair. Keep this file secret; give away the .pub file.\n"
		       "public %s\nsecret %s\n",
		       keys->public, keys->secret);
	int rc = write_file(secret_path, 0600, text, reterr);
	explicit_bzero(text, sizeof(text));
	if (rc < 0)
		return rc;
	(void)snprintf(text, sizeof(text), "%s\n", keys->public);
	rc = write_file(path, 0644, text, reterr);
	if (rc < 0)
		(void)unlink(secret_path);
	else
		sync_folder(secret_path);
	return rc;
}

/* mode_forbidden: permission bits of others that make the file unfit. */
static int check_file(int fd, const char *path, mode_t mode_forbidden, off_t max_bytes,
		      struct hr_err *reterr)
{
	struct stat st;
	if (fstat(fd, &st) < 0)
		return hr_err_set(reterr, -errno, "cannot read key file %s: %s", path,
				  strerror(errno));
	if (!S_ISREG(st.st_mode))
		return hr_err_set(reterr, -EINVAL, "key file %s is not a plain file", path);
	if (st.st_uid != geteuid() && st.st_uid != 0)
		return hr_err_set(reterr, -EPERM,
				  "key file %s belongs to user %u, not to this user (%u) or root; "
				  "chown it",
				  path, (unsigned)st.st_uid, (unsigned)geteuid());
	if (st.st_mode & mode_forbidden)
		return hr_err_set(
		    reterr, -EPERM, "key file %s has mode %03o, so others could %s it; chmod %s it",
		    path, (unsigned)(st.st_mode & 0777), mode_forbidden & 044 ? "read" : "change",
		    mode_forbidden & 044 ? "600" : "644");
	if (st.st_size > max_bytes)
		return hr_err_set(reterr, -EFBIG,
				  "key file %s has %lld bytes, at most %lld are allowed", path,
				  (long long)st.st_size, (long long)max_bytes);
	return 0;
}

/* The whole file with a zero after it, in memory that the caller frees. */
static int read_file(const char *path, mode_t mode_forbidden, size_t max_bytes, char **ret,
		     size_t *ret_size, struct hr_err *reterr)
{
	/* O_NONBLOCK: a pipe put there must not hold us up. */
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return hr_err_set(reterr, -errno, "cannot read key file %s: %s", path,
				  errno == ELOOP ? "it is a symbolic link, name the file itself"
						 : strerror(errno));
	size_t size = 0;
	int rc = check_file(fd, path, mode_forbidden, (off_t)max_bytes, reterr);
	char *text = rc == 0 ? malloc(max_bytes + 1) : NULL;
	if (rc == 0 && !text)
		rc = hr_err_set(reterr, -ENOMEM, "cannot read key file %s: no memory", path);
	while (rc == 0 && size < max_bytes) {
		ssize_t n = read(fd, text + size, max_bytes - size);
		if (n == 0)
			break;
		if (n < 0 && errno != EINTR)
			rc = hr_err_set(reterr, -errno, "cannot read key file %s: %s", path,
					strerror(errno));
		size += n > 0 ? (size_t)n : 0;
	}
	(void)close(fd);
	if (rc != 0 || !text) {
		free(text);
		return rc;
	}
	text[size] = '\0';
	*ret = text;
	*ret_size = size;
	return 0;
}

/* The key after "label" at the beginning of a line. */
static int find_key(const char *text, const char *label, char ret[HR_KEY_TEXT_BYTES])
{
	size_t len = strlen(label);
	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, label, len) != 0)
			continue;
		const char *key = line + len;
		size_t n = strcspn(key, " \t\r\n");
		if (n != HR_KEY_TEXT_BYTES - 1)
			return -EINVAL;
		memcpy(ret, key, n);
		ret[n] = '\0';
		return hr_authorized_keys_is_key(ret) ? 0 : -EINVAL;
	}
	return -EINVAL;
}

int hr_keypair_load(const char *secret_path, struct hr_keypair *ret, struct hr_err *reterr)
{
	char *text = NULL, public[HR_KEY_TEXT_BYTES];
	size_t size = 0;
	struct hr_keypair keys;
	int rc = read_file(secret_path, 077, KEY_FILE_MAX_BYTES, &text, &size, reterr);
	if (rc < 0 || !text)
		return rc;
	if (find_key(text, "public ", keys.public) < 0 ||
	    find_key(text, "secret ", keys.secret) < 0)
		rc = hr_err_set(reterr, -EINVAL,
				"key file %s has no lines \"public KEY\" and \"secret KEY\"; make "
				"one with \"headroom keys generate\"",
				secret_path);
	else if (zmq_curve_public(public, keys.secret) < 0 || strcmp(public, keys.public) != 0)
		rc = hr_err_set(reterr, -EINVAL,
				"key file %s is damaged: its public key is not that of its secret "
				"key",
				secret_path);
	explicit_bzero(text, size);
	free(text);
	if (rc == 0)
		*ret = keys;
	hr_keypair_forget(&keys);
	return rc;
}

int hr_keypair_load_public(const char *path, char ret[HR_KEY_TEXT_BYTES], struct hr_err *reterr)
{
	char *text = NULL;
	size_t size = 0;
	int rc = read_file(path, 022, KEY_FILE_MAX_BYTES, &text, &size, reterr);
	if (rc < 0 || !text)
		return rc;
	if (find_key(text, "", ret) < 0)
		rc = hr_err_set(reterr, -EINVAL,
				"key file %s does not begin with a public key (40 characters of "
				"Z85)",
				path);
	explicit_bzero(text, size);
	free(text);
	return rc;
}

int hr_keypair_load_authorized(const char *path, struct hr_authorized_key **ret, size_t *ret_n,
			       struct hr_err *reterr)
{
	char *text = NULL;
	size_t size = 0, n = 0;
	int rc = read_file(path, 022, LIST_MAX_BYTES, &text, &size, reterr);
	if (rc < 0 || !text)
		return rc;
	size_t max = hr_authorized_keys_count_lines(text, size);
	if (max > HR_AUTHORIZED_KEYS_MAX)
		max = HR_AUTHORIZED_KEYS_MAX;
	struct hr_authorized_key *table = calloc(max, sizeof(*table));
	if (!table)
		rc = hr_err_set(reterr, -ENOMEM, "cannot read key file %s: no memory", path);
	else
		rc = hr_authorized_keys_parse(text, size, path, table, max, &n, reterr);
	free(text);
	if (rc < 0) {
		free(table);
		return rc;
	}
	*ret = table;
	*ret_n = n;
	return 0;
}
