/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One interface to one limit. See the header.
 */
#include "hw/powercap_side.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/units.h"
#include "hw/sysfs_write.h"
#include "model/report.h"

enum { LONG, SHORT };

void hr_powercap_side_init(struct hr_powercap_side *s, const struct hr_powercap_member *member,
			   const char *name)
{
	*s = (struct hr_powercap_side){.member = *member, .enabled_fd = -1};
	(void)snprintf(s->name, sizeof(s->name), "%s", name);
	for (int i = LONG; i <= SHORT; i++)
		s->c[i] = (struct hr_powercap_constraint){.limit_fd = -1, .window_fd = -1};
}

void hr_powercap_side_close(struct hr_powercap_side *s)
{
	for (int i = LONG; i <= SHORT; i++) {
		hr_sysfs_close(&s->c[i].limit_fd);
		hr_sysfs_close(&s->c[i].window_fd);
	}
	hr_sysfs_close(&s->enabled_fd);
	s->open = false;
}

/* Opens for writing if possible, else for reading. */
static int open_either(int rootfd, const char *path, bool *ret_writable)
{
	int fd = hr_sysfs_open(rootfd, path, true);

	*ret_writable = fd >= 0;
	if (fd == -EACCES || fd == -EPERM || fd == -EROFS)
		fd = hr_sysfs_open(rootfd, path, false);
	return fd;
}

static int open_constraint(struct hr_powercap_side *s, int rootfd, int which, int n)
{
	struct hr_powercap_constraint *c = &s->c[which];
	char path[HR_SYSFS_PATH_BYTES];
	bool writable;
	int fd;

	if (hr_powercap_tree_constraint(path, s->member.dir, n, "power_limit_uw") < 0)
		return -ENAMETOOLONG;
	fd = open_either(rootfd, path, &writable);
	if (fd < 0)
		return fd;
	c->limit_fd = fd;
	s->writable = s->writable && writable;
	if (hr_powercap_tree_constraint(path, s->member.dir, n, "time_window_us") == 0) {
		fd = open_either(rootfd, path, &writable);
		c->window_fd = fd < 0 ? -1 : fd;
	}
	if (hr_powercap_tree_constraint(path, s->member.dir, n, "min_time_window_us") < 0 ||
	    hr_sysfs_read_at(rootfd, path, &c->window_least_us) < 0)
		c->window_least_us = 0;
	return 0;
}

int hr_powercap_side_open(struct hr_powercap_side *s, int rootfd)
{
	char path[HR_SYSFS_PATH_BYTES];
	char name[HR_NAME_BYTES];
	bool writable;
	int r = hr_sysfs_path(path, s->member.dir, "name");

	if (s->open)
		return 0;
	if (r == 0)
		r = hr_sysfs_text_at(rootfd, path, name, sizeof(name));
	if (r == 0 && strcmp(name, s->name) != 0)
		r = -ENODEV;
	if (r < 0)
		return r;
	s->writable = true;
	r = open_constraint(s, rootfd, LONG, s->member.long_n);
	if (r == 0 && s->member.short_n >= 0)
		r = open_constraint(s, rootfd, SHORT, s->member.short_n);
	if (r == 0 && hr_sysfs_path(path, s->member.dir, "enabled") == 0) {
		int fd = open_either(rootfd, path, &writable);

		/* a zone without a switch is always on; one whose switch is hidden is not known */
		if (fd < 0 && fd != -ENOENT)
			r = fd;
		s->enabled_fd = fd < 0 ? -1 : fd;
	}
	s->open = true;
	if (r < 0)
		hr_powercap_side_close(s);
	return r;
}

static int read_constraint(const struct hr_powercap_constraint *c, int64_t *ret_uw,
			   int64_t *ret_window_us)
{
	int r = hr_sysfs_read(c->limit_fd, ret_uw);

	if (c->window_fd < 0 || hr_sysfs_read(c->window_fd, ret_window_us) < 0)
		*ret_window_us = 0;
	return r;
}

static int read_once(struct hr_powercap_side *s, int rootfd, struct hr_powercap_state *ret)
{
	int64_t enabled = 1;
	int r = hr_powercap_side_open(s, rootfd);

	*ret = (struct hr_powercap_state){.has_short = s->member.short_n >= 0};
	if (r == 0)
		r = read_constraint(&s->c[LONG], &ret->long_uw, &ret->long_window_us);
	if (r == 0 && ret->has_short)
		r = read_constraint(&s->c[SHORT], &ret->short_uw, &ret->short_window_us);
	if (r == 0 && s->enabled_fd >= 0)
		r = hr_sysfs_read(s->enabled_fd, &enabled);
	ret->enabled = enabled != 0;
	return r;
}

int hr_powercap_side_read(struct hr_powercap_side *s, int rootfd, struct hr_powercap_state *ret)
{
	bool was_open = s->open;
	int r = read_once(s, rootfd, ret);

	if (r == 0)
		return 0;
	/* descriptors of a device that went and came back stay dead */
	hr_powercap_side_close(s);
	return was_open ? read_once(s, rootfd, ret) : r;
}

static void first_error(int *err, int r)
{
	if (*err == 0)
		*err = r;
}

static void write_window(const struct hr_powercap_constraint *c, int64_t window_us)
{
	int64_t us = hr_max_i64(window_us, c->window_least_us);
	int64_t now_us;

	if (c->window_fd < 0 || window_us <= 0)
		return;
	if (hr_sysfs_read(c->window_fd, &now_us) == 0 && now_us == us)
		return;
	/* a window that stays as it was is no failure: it is read back and charged as such */
	if (hr_sysfs_write_value(c->window_fd, us) < 0)
		return;
}

int hr_powercap_side_write(struct hr_powercap_side *s, const struct hr_powercap_state *want,
			   bool short_first)
{
	int err = 0;

	if (!s->open)
		return -ENODEV;
	write_window(&s->c[LONG], want->long_window_us);
	if (want->has_short)
		write_window(&s->c[SHORT], want->short_window_us);
	if (want->has_short && short_first)
		first_error(&err, hr_sysfs_write_value(s->c[SHORT].limit_fd, want->short_uw));
	first_error(&err, hr_sysfs_write_value(s->c[LONG].limit_fd, want->long_uw));
	if (want->has_short && !short_first)
		first_error(&err, hr_sysfs_write_value(s->c[SHORT].limit_fd, want->short_uw));
	if (s->enabled_fd >= 0) {
		int64_t enabled = 0;

		if (hr_sysfs_read(s->enabled_fd, &enabled) < 0 || (enabled != 0) != want->enabled)
			first_error(&err, hr_sysfs_write_value(s->enabled_fd, want->enabled));
	}
	return err;
}

static int64_t window_ns(int64_t window_us)
{
	if (window_us <= 0)
		window_us = HR_POWERCAP_SIDE_WINDOW_UNKNOWN_US;
	return hr_muldiv_floor(window_us, HR_NS_PER_US, 1);
}

struct hr_limit hr_powercap_side_limit(const struct hr_powercap_state *state)
{
	int64_t most_uw = state->long_uw;
	int64_t settle_ns = window_ns(state->long_window_us);

	if (!state->enabled)
		return (struct hr_limit){.fault = HR_REASON_DISABLED};
	/* a short-term limit of 0 is one that was never set up */
	if (state->has_short && state->short_uw > 0) {
		most_uw = hr_max_i64(most_uw, state->short_uw);
		settle_ns = hr_max_i64(settle_ns, window_ns(state->short_window_us));
	}
	/* no device runs on nothing: a limit of 0 is not believed, nor one beyond any node */
	if (state->long_uw <= 0 || most_uw > HR_NODE_POWER_MAX_UW)
		return (struct hr_limit){.fault = HR_REASON_ABSURD};
	return (struct hr_limit){.known = true, .limit_uw = most_uw, .settle_ns = settle_ns};
}

enum hr_reason hr_powercap_side_reason(const struct hr_powercap_side *s, int err)
{
	enum hr_reason reason;

	switch (-err) {
	case EACCES:
	case EPERM:
	case EROFS:
	case EBADF: /* written through a descriptor that could be opened for reading only */
		return s->open && s->writable ? HR_REASON_LOCKED : HR_REASON_DENIED;
	case EINVAL:
	case ERANGE:
		return HR_REASON_CLAMPED;
	case ENODATA:
	case EOPNOTSUPP:
		return HR_REASON_IMPOSSIBLE;
	default:
		reason = hr_sysfs_reason(err);
		return reason == HR_REASON_UNREADABLE ? HR_REASON_IO_ERROR : reason;
	}
}
