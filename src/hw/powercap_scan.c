/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The directories of the powercap tree. See the header. Bounded in depth and number, as the tree
 * may be a doctored one.
 */
#include "hw/powercap_scan.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hw/paths.h"

#define DEPTH_MAX 6

/*
 * In order of preference for energy. "intel-rapl" is MSR or TPMI, also on AMD. dtpm and others
 * set limits by other means than a device's own and are left alone.
 */
static const char *const control_types[] = {"intel-rapl", "intel-rapl-tpmi", "intel-rapl-mmio"};

/* The rank of the control type to which a directory of that name belongs, or -1. */
static int control_of(const char *id)
{
	size_t n = strcspn(id, ":");

	for (size_t i = 0; i < HR_ARRAY_LEN(control_types); i++) {
		if (strlen(control_types[i]) == n && strncmp(id, control_types[i], n) == 0)
			return (int)i;
	}
	return -1;
}

static bool is_known(const struct hr_powercap_scan *s, const char *id)
{
	for (size_t i = 0; i < s->n; i++) {
		if (strcmp(s->dir[i].id, id) == 0)
			return true;
	}
	return false;
}

/* 0 whether or not the entry is taken; -E2BIG when there is no room. */
static int take(struct hr_powercap_scan *s, const char *parent, const char *id)
{
	struct hr_powercap_dir *d;
	int control = control_of(id);

	if (control < 0 || !hr_name_is_valid(id) || is_known(s, id))
		return 0;
	if (s->n == HR_POWERCAP_DIRS_MAX)
		return -E2BIG;
	d = &s->dir[s->n];
	if (hr_sysfs_path(d->path, parent, id) < 0)
		return 0;
	(void)memcpy(d->id, id, strlen(id) + 1); /* a valid name fits */
	d->control = control;
	s->n++;
	return 0;
}

/* Takes the entries of a directory whose names begin with prefix. */
static int list(int rootfd, const char *path, const char *prefix, struct hr_powercap_scan *s)
{
	int fd = openat(rootfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct dirent *e;
	DIR *dir;
	int r = 0;

	if (fd < 0)
		return -errno;
	dir = fdopendir(fd);
	if (dir == NULL) {
		r = -errno;
		(void)close(fd);
		return r;
	}
	while (r == 0 && (errno = 0, e = readdir(dir)) != NULL) {
		if (strncmp(e->d_name, prefix, strlen(prefix)) == 0)
			r = take(s, path, e->d_name);
	}
	if (r == 0 && errno != 0)
		r = -errno;
	(void)closedir(dir);
	return r;
}

/* Ids compare part by part; a shorter part is a smaller number (they are written in hex). */
static int compare_ids(const char *a, const char *b)
{
	for (;;) {
		size_t na = strcspn(a, ":");
		size_t nb = strcspn(b, ":");
		int c = na != nb ? (na < nb ? -1 : 1) : strncmp(a, b, na);

		if (c != 0)
			return c;
		a += na;
		b += nb;
		if (*a == '\0' || *b == '\0')
			return (*a != '\0') - (*b != '\0');
		a++;
		b++;
	}
}

static int compare_dirs(const void *a, const void *b)
{
	const struct hr_powercap_dir *x = a;
	const struct hr_powercap_dir *y = b;

	return x->control != y->control ? x->control - y->control : compare_ids(x->id, y->id);
}

static size_t depth_of(const char *id)
{
	size_t n = 0;

	for (; *id != '\0'; id++)
		n += *id == ':';
	return n;
}

int hr_powercap_scan_read(int rootfd, struct hr_powercap_scan *ret, struct hr_err *reterr)
{
	int r;

	ret->n = 0;
	r = list(rootfd, HR_PATH_POWERCAP, "", ret);
	if (r == -ENOENT || r == -ENOTDIR)
		return hr_err_set(
		    reterr, -ENODEV,
		    "there is no " HR_PATH_SHOWN(
			HR_PATH_POWERCAP) " on this node: "
					  "a virtual machine, or a kernel without power capping");
	/* the list grows while it is walked: children come after their parents */
	for (size_t i = 0; r == 0 && i < ret->n; i++) {
		char prefix[HR_NAME_BYTES + 1];

		if (depth_of(ret->dir[i].id) >= DEPTH_MAX)
			continue;
		(void)snprintf(prefix, sizeof(prefix), "%s:", ret->dir[i].id);
		r = list(rootfd, ret->dir[i].path, prefix, ret);
		/* a zone that vanished or is closed to us has no children to offer */
		if (r != -E2BIG)
			r = 0;
	}
	if (r == -E2BIG)
		return hr_err_set(reterr, r, "more than %d directories in %s", HR_POWERCAP_DIRS_MAX,
				  HR_PATH_SHOWN(HR_PATH_POWERCAP));
	if (r < 0)
		return hr_err_set(reterr, r, "cannot list %s: %s", HR_PATH_SHOWN(HR_PATH_POWERCAP),
				  strerror(-r));
	qsort(ret->dir, ret->n, sizeof(ret->dir[0]), compare_dirs);
	return 0;
}
