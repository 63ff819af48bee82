/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The meter of the Linux powercap tree: one open counter per zone, one pread per reading. Cannot
 * write: it is not linked with anything that does.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "hw/counter.h"
#include "hw/powercap.h"
#include "hw/powercap_tree.h"

/* Most power that a counter may imply, if the device does not say: beyond any part sold. */
#define WHOLE_MOST_UW (INT64_C(2000) * HR_UW_PER_W)
#define PSYS_MOST_UW (INT64_C(20000) * HR_UW_PER_W)
/* A device may draw several times what it says is its most, for a short while. */
#define CEILING_FACTOR 4
#define CEILING_LEAST_UW (INT64_C(100) * HR_UW_PER_W)

struct source {
	int zone;
	int fd;
	char dir[HR_SYSFS_PATH_BYTES];
	struct hr_counter counter;
};

struct powercap_meter {
	struct hr_meter base;
	int rootfd;
	size_t n;
	struct source source[HR_ZONES_MAX];
};

static int64_t most_of(const struct hr_zone *z)
{
	if (z->kind == HR_ZONE_PSYS)
		return PSYS_MOST_UW;
	if (z->ceiling_uw == 0)
		return WHOLE_MOST_UW;
	return hr_max_i64(hr_muldiv_floor(z->ceiling_uw, CEILING_FACTOR, 1), CEILING_LEAST_UW);
}

/* Cores and graphics may rest for long; the other counters never stand still. */
static bool is_live(const struct hr_zone *z)
{
	return z->kind != HR_ZONE_CORE && z->kind != HR_ZONE_UNCORE && z->kind != HR_ZONE_OTHER;
}

/* Opens the counter in dir: 0 and *fd, or negative errno and *fd -1. */
static int open_counter(int rootfd, const char *dir, int *fd)
{
	char path[HR_SYSFS_PATH_BYTES];
	int r = hr_sysfs_path(path, dir, "energy_uj");

	*fd = -1;
	if (r < 0)
		return r;
	r = hr_sysfs_open(rootfd, path, false);
	if (r < 0)
		return r;
	*fd = r;
	return 0;
}

/* The first interface whose counter can be read now, else the first that has one. */
static void open_source(struct powercap_meter *m, const struct hr_powercap_place *p,
			struct source *s)
{
	const char *first = NULL;

	for (size_t i = 0; i < p->n_members; i++) {
		int64_t raw_uj;
		int r;

		if (!p->member[i].has_energy)
			continue;
		r = open_counter(m->rootfd, p->member[i].dir, &s->fd);
		if (r == 0)
			r = hr_sysfs_read(s->fd, &raw_uj);
		if (r == 0) {
			(void)memcpy(s->dir, p->member[i].dir, sizeof(s->dir));
			return;
		}
		hr_sysfs_close(&s->fd);
		if (first == NULL)
			first = p->member[i].dir;
	}
	if (first != NULL)
		(void)memcpy(s->dir, first, sizeof(s->dir));
}

/* The zone must still be the one that was found: indexes are given out anew. */
static int reopen(const struct powercap_meter *m, struct source *s)
{
	char path[HR_SYSFS_PATH_BYTES];
	char name[HR_NAME_BYTES];
	int r = hr_sysfs_path(path, s->dir, "name");

	if (r == 0)
		r = hr_sysfs_text_at(m->rootfd, path, name, sizeof(name));
	if (r == 0 && strcmp(name, m->base.zone[s->zone].name) != 0)
		r = -ENODEV;
	if (r == 0)
		r = open_counter(m->rootfd, s->dir, &s->fd);
	return r;
}

static void powercap_close(struct hr_meter *base)
{
	struct powercap_meter *m = (struct powercap_meter *)base;

	if (m == NULL)
		return;
	for (size_t i = 0; i < m->n; i++)
		hr_sysfs_close(&m->source[i].fd);
	free(m);
}

static void adopt(struct powercap_meter *m, const struct hr_powercap_tree *t)
{
	m->base.n_zones = t->n;
	for (size_t i = 0; i < t->n; i++) {
		struct hr_zone *z = &m->base.zone[i];
		struct source *s;

		*z = t->place[i].zone;
		if (z->energy_range_uj == 0)
			continue;
		s = &m->source[m->n++];
		s->zone = (int)i;
		s->fd = -1;
		open_source(m, &t->place[i], s);
		hr_counter_init(&s->counter, z->energy_range_uj, most_of(z), is_live(z));
	}
}

static int powercap_open(const struct hr_meter_conf *conf, struct hr_meter **ret,
			 struct hr_err *reterr)
{
	struct hr_powercap_tree *t = malloc(sizeof(*t));
	struct powercap_meter *m = calloc(1, sizeof(*m));
	int r = -ENOMEM;

	if (t == NULL || m == NULL) {
		(void)hr_err_set(reterr, r, "no memory for the powercap meter");
		goto out;
	}
	r = hr_powercap_tree_read(conf->rootfd, t, reterr);
	if (r < 0)
		goto out;
	m->base.ops = &hr_powercap_meter_ops;
	m->rootfd = conf->rootfd;
	adopt(m, t);
	if (m->n == 0) {
		r = hr_err_set(reterr, -ENODEV, "no zone of the powercap tree has a counter");
		goto out;
	}
	*ret = &m->base;
	m = NULL;
out:
	if (m != NULL)
		powercap_close(&m->base);
	free(t);
	return r;
}

static void read_source(const struct powercap_meter *m, struct source *s, struct hr_now now,
			struct hr_sample *ret)
{
	int64_t raw_uj = 0;
	int r = 0;

	ret->zone = s->zone;
	if (s->fd < 0)
		r = reopen(m, s);
	if (r == 0)
		r = hr_sysfs_read(s->fd, &raw_uj);
	if (r == 0) {
		hr_counter_step(&s->counter, raw_uj, now, ret);
		return;
	}
	hr_counter_miss(ret, hr_sysfs_reason(r));
	/* what the device answers once it may answer for ever on this descriptor */
	if (ret->reason == HR_REASON_LOST || ret->reason == HR_REASON_IO_ERROR)
		hr_sysfs_close(&s->fd);
}

static void powercap_read(struct hr_meter *base, struct hr_now now,
			  struct hr_sample ret[HR_ZONES_MAX], size_t *ret_n)
{
	struct powercap_meter *m = (struct powercap_meter *)base;

	for (size_t i = 0; i < m->n; i++)
		read_source(m, &m->source[i], now, &ret[i]);
	*ret_n = m->n;
}

const struct hr_meter_ops hr_powercap_meter_ops = {
    .name = "powercap",
    .open = powercap_open,
    .read = powercap_read,
    .close = powercap_close,
};
