/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bridge between libfuse's low-level calls and the rack. It holds no state of the nodes.
 * Invariant: every request gets exactly one reply.
 */
#define FUSE_USE_VERSION 314
#include "vhw/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <fuse3/fuse_lowlevel.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "vhw/command.h"

#define FOREVER_S 86400.0
#define SYSFS_FILE_BYTES 4096
#define ENTRY_BYTES_MAX 65536
#define SNAPSHOTS_MAX 32

/* What an open descriptor of /stats reads: the figures of the moment it was opened. */
struct snapshot {
	char *text; /* NULL: free */
	size_t bytes;
};

struct hr_mount {
	struct hr_rack *rack;
	struct fuse_session *session;
	struct fuse_buf buf;
	uid_t uid;
	gid_t gid;
	char answer[HR_ERR_TEXT_BYTES + 16]; /* to the last command */
	struct snapshot snapshot[SNAPSHOTS_MAX];
};

static struct hr_mount *mount_of(fuse_req_t req)
{
	return fuse_req_userdata(req);
}

static int64_t now_ns(void)
{
	return hr_now_read().raw_ns;
}

static void fill(const struct hr_mount *m, fuse_ino_t ino, struct stat *st)
{
	mode_t mode = hr_files_mode(hr_files_unpack(ino));
	*st = (struct stat){
	    .st_ino = ino,
	    .st_mode = mode,
	    .st_nlink = S_ISDIR(mode) ? 2 : 1,
	    .st_uid = m->uid,
	    .st_gid = m->gid,
	    .st_size = S_ISREG(mode) ? SYSFS_FILE_BYTES : 0,
	    .st_blksize = SYSFS_FILE_BYTES,
	};
}

static void on_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct hr_mount *m = mount_of(req);
	struct fuse_entry_param e = {.attr_timeout = FOREVER_S, .entry_timeout = FOREVER_S};
	struct hr_files_ref r;
	if (!hr_files_find(hr_files_unpack(parent), name, hr_rack_nodes(m->rack),
			   hr_rack_packages(m->rack), &r)) {
		fuse_reply_err(req, ENOENT);
		return;
	}
	e.ino = hr_files_pack(r);
	fill(m, e.ino, &e.attr);
	fuse_reply_entry(req, &e);
}

static void on_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi HR_UNUSED)
{
	struct stat st;
	fill(mount_of(req), ino, &st);
	fuse_reply_attr(req, &st, FOREVER_S);
}

/* Truncation comes with every "echo > file"; sysfs takes it and does nothing. */
static void on_setattr(fuse_req_t req, fuse_ino_t ino, struct stat *attr HR_UNUSED, int to_set,
		       struct fuse_file_info *fi)
{
	if (to_set & (FUSE_SET_ATTR_MODE | FUSE_SET_ATTR_UID | FUSE_SET_ATTR_GID))
		fuse_reply_err(req, EPERM);
	else
		on_getattr(req, ino, fi);
}

static void on_readdir(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
		       struct fuse_file_info *fi HR_UNUSED)
{
	struct hr_mount *m = mount_of(req);
	struct hr_files_ref dir = hr_files_unpack(ino), r;
	char name[HR_FILES_NAME_BYTES];
	size = size < ENTRY_BYTES_MAX ? size : ENTRY_BYTES_MAX;
	char *buf = malloc(size);
	if (!buf) {
		fuse_reply_err(req, ENOMEM);
		return;
	}
	size_t used = 0;
	for (off_t i = off;; i++) {
		struct stat st = {.st_ino = ino, .st_mode = S_IFDIR};
		if (i < 2) {
			snprintf(name, sizeof(name), "%s", i == 0 ? "." : "..");
		} else if (hr_files_child(dir, (size_t)i - 2, hr_rack_nodes(m->rack),
					  hr_rack_packages(m->rack), &r, name)) {
			st.st_ino = hr_files_pack(r);
			st.st_mode = hr_files_mode(r);
		} else {
			break;
		}
		size_t need = fuse_add_direntry(req, buf + used, size - used, name, &st, i + 1);
		if (need > size - used)
			break;
		used += need;
	}
	fuse_reply_buf(req, buf, used);
	free(buf);
}

/* Takes the figures of now; a handle for them (from 1), or a negative errno. */
static int take_snapshot(struct hr_mount *m)
{
	for (int i = 0; i < SNAPSHOTS_MAX; i++) {
		struct snapshot *s = &m->snapshot[i];
		if (s->text)
			continue;
		int rc = hr_rack_stats(m->rack, now_ns(), &s->text, &s->bytes);
		return rc < 0 ? rc : i + 1;
	}
	return -EMFILE;
}

static struct snapshot *snapshot_of(struct hr_mount *m, const struct fuse_file_info *fi)
{
	return fi->fh >= 1 && fi->fh <= SNAPSHOTS_MAX ? &m->snapshot[fi->fh - 1] : NULL;
}

static void on_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	fi->direct_io = 1;
	fi->fh = 0;
	if (hr_files_unpack(ino).kind == HR_FILES_STATS) {
		int handle = take_snapshot(mount_of(req));
		if (handle < 0) {
			fuse_reply_err(req, -handle);
			return;
		}
		fi->fh = (uint64_t)handle;
	}
	fuse_reply_open(req, fi);
}

static void on_release(fuse_req_t req, fuse_ino_t ino HR_UNUSED, struct fuse_file_info *fi)
{
	struct snapshot *s = snapshot_of(mount_of(req), fi);
	if (s) {
		free(s->text);
		*s = (struct snapshot){0};
	}
	fuse_reply_err(req, 0);
}

static void reply_part(fuse_req_t req, const char *text, size_t bytes, size_t size, off_t off)
{
	size_t at = off < 0 || (size_t)off > bytes ? bytes : (size_t)off;
	fuse_reply_buf(req, text + at, bytes - at < size ? bytes - at : size);
}

static void on_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
		    struct fuse_file_info *fi)
{
	struct hr_mount *m = mount_of(req);
	struct hr_files_ref r = hr_files_unpack(ino);
	char text[HR_FILES_TEXT_BYTES];
	if (r.kind == HR_FILES_STATS) {
		const struct snapshot *s = snapshot_of(m, fi);
		reply_part(req, s && s->text ? s->text : "", s ? s->bytes : 0, size, off);
		return;
	}
	if (r.kind == HR_FILES_CONTROL) {
		reply_part(req, m->answer, strlen(m->answer), size, off);
		return;
	}
	int n = hr_rack_read(m->rack, r, now_ns(), text);
	if (n < 0)
		fuse_reply_err(req, -n);
	else
		reply_part(req, text, (size_t)n, size, off);
}

/* Runs the lines of one write; the first that fails ends it. */
static int run_commands(struct hr_mount *m, const char *text, size_t bytes)
{
	struct hr_err err = {0};
	int rc = 0;
	snprintf(m->answer, sizeof(m->answer), "ok\n");
	for (size_t at = 0; at < bytes && rc == 0;) {
		const char *nl = memchr(text + at, '\n', bytes - at);
		size_t n = nl ? (size_t)(nl - (text + at)) : bytes - at;
		char line[HR_COMMAND_BYTES_MAX];
		if (n >= sizeof(line) || memchr(text + at, '\0', n)) {
			rc = hr_err_set(&err, -EINVAL, "a command is text of at most %zu bytes",
					sizeof(line) - 1);
		} else {
			memcpy(line, text + at, n);
			line[n] = '\0';
			rc = hr_command_run(m->rack, line, now_ns(), &err);
		}
		at += n + 1;
	}
	if (rc < 0)
		snprintf(m->answer, sizeof(m->answer), "error: %s\n", err.text);
	return rc;
}

static void on_write(fuse_req_t req, fuse_ino_t ino, const char *text, size_t size, off_t off,
		     struct fuse_file_info *fi HR_UNUSED)
{
	struct hr_mount *m = mount_of(req);
	struct hr_files_ref r = hr_files_unpack(ino);
	int rc;
	if (r.kind == HR_FILES_CONTROL)
		rc = run_commands(m, text, size);
	else if (off != 0)
		rc = -EINVAL;
	else
		rc = hr_rack_write(m->rack, r, now_ns(), text, size);
	if (rc < 0)
		fuse_reply_err(req, -rc);
	else
		fuse_reply_write(req, size);
}

static const struct fuse_lowlevel_ops ops = {
    .lookup = on_lookup,
    .getattr = on_getattr,
    .setattr = on_setattr,
    .readdir = on_readdir,
    .open = on_open,
    .release = on_release,
    .read = on_read,
    .write = on_write,
};

/* libfuse and fusermount3 print lines of their own; ours says the same and what to do. */
static int mount_quietly(struct fuse_session *session, const char *dir)
{
	int err_fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	int null_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (err_fd >= 0 && null_fd >= 0)
		dup2(null_fd, STDERR_FILENO);
	int rc = fuse_session_mount(session, dir);
	if (err_fd >= 0) {
		dup2(err_fd, STDERR_FILENO);
		close(err_fd);
	}
	if (null_fd >= 0)
		close(null_fd);
	return rc;
}

static int explain_failure(const char *dir, struct hr_err *reterr)
{
	struct stat st;
	if (stat(dir, &st) < 0 && errno == ENOTCONN)
		return hr_err_set(
		    reterr, -EBUSY,
		    "%.150s holds the mount of a server that has ended: fusermount3 -u "
		    "-z %.150s",
		    dir, dir);
	if (stat(dir, &st) < 0 || !S_ISDIR(st.st_mode))
		return hr_err_set(reterr, -ENOTDIR, "cannot mount at %.200s: %s", dir,
				  errno ? strerror(errno) : "not a directory");
	if (access("/dev/fuse", F_OK) < 0)
		return hr_err_set(reterr, -ENODEV,
				  "FUSE is not permitted here: there is no /dev/fuse; load the "
				  "kernel module fuse, or start the container with --device "
				  "/dev/fuse --cap-add SYS_ADMIN");
	if (access("/dev/fuse", R_OK | W_OK) < 0)
		return hr_err_set(reterr, -EPERM,
				  "FUSE is not permitted to this user: /dev/fuse: %s; as root: "
				  "chmod 666 /dev/fuse",
				  strerror(errno));
	if (geteuid() != 0)
		return hr_err_set(
		    reterr, -EPERM,
		    "cannot mount at %.150s: a user other than root needs the package "
		    "fuse3 (fusermount3) and a directory of their own",
		    dir);
	return hr_err_set(reterr, -EPERM,
			  "FUSE is not permitted here: mounting at %.120s was refused; in a "
			  "container give --cap-add SYS_ADMIN --device /dev/fuse (and "
			  "--security-opt apparmor=unconfined where AppArmor is in use)",
			  dir);
}

static int open_session(struct hr_mount *m)
{
	char *argv[] = {"headroom-vhw", "-o",          "fsname=headroom-vhw,default_permissions",
			"-o",           "allow_other", NULL};
	struct fuse_args args = FUSE_ARGS_INIT(geteuid() == 0 ? 5 : 3, argv);
	m->session = fuse_session_new(&args, &ops, sizeof(ops), m);
	fuse_opt_free_args(&args);
	return m->session ? 0 : -ENOMEM;
}

int hr_mount_open(struct hr_rack *rack, const char *dir, struct hr_mount **ret,
		  struct hr_err *reterr)
{
	struct hr_mount *m = calloc(1, sizeof(*m));
	if (!m)
		return hr_err_set(reterr, -ENOMEM, "out of memory for the mount");
	m->rack = rack;
	m->uid = geteuid();
	m->gid = getegid();
	if (open_session(m) < 0) {
		free(m);
		return hr_err_set(reterr, -ENOMEM, "libfuse refused the session");
	}
	if (mount_quietly(m->session, dir) != 0) {
		fuse_session_destroy(m->session);
		free(m);
		return explain_failure(dir, reterr);
	}
	*ret = m;
	return 0;
}

int hr_mount_fd(const struct hr_mount *m)
{
	return fuse_session_fd(m->session);
}

int hr_mount_serve(struct hr_mount *m)
{
	int n = fuse_session_receive_buf(m->session, &m->buf);
	if (n == -EINTR || n == -EAGAIN)
		return 0;
	if (n <= 0 || fuse_session_exited(m->session))
		return -ENODEV;
	fuse_session_process_buf(m->session, &m->buf);
	return fuse_session_exited(m->session) ? -ENODEV : 0;
}

void hr_mount_close(struct hr_mount *m)
{
	if (!m)
		return;
	fuse_session_unmount(m->session);
	fuse_session_destroy(m->session);
	for (size_t i = 0; i < SNAPSHOTS_MAX; i++)
		free(m->snapshot[i].text);
	free(m->buf.mem);
	free(m);
}
