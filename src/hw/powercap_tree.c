/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the Linux powercap tree offers. See the header.
 */
#include "hw/powercap_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/units.h"
#include "hw/paths.h"
#include "hw/powercap_scan.h"
#include "hw/zone_name.h"

#define CONSTRAINTS_MAX 8

/* A limit above this says "unlimited" (12 bits of 1 W: 4095 W) and tells nothing of the device. */
#define UNLIMITED_UW (INT64_C(4000) * HR_UW_PER_W)

int hr_powercap_tree_constraint(char ret[HR_SYSFS_PATH_BYTES], const char *dir, int n,
				const char *item)
{
	int len = snprintf(ret, HR_SYSFS_PATH_BYTES, "%s/constraint_%d_%s", dir, n, item);

	return len < 0 || len >= HR_SYSFS_PATH_BYTES ? -ENAMETOOLONG : 0;
}

static void find_constraints(int rootfd, struct hr_powercap_member *m)
{
	int unnamed = -1;

	for (int n = 0; n < CONSTRAINTS_MAX; n++) {
		char path[HR_SYSFS_PATH_BYTES];
		char name[HR_NAME_BYTES];

		if (hr_powercap_tree_constraint(path, m->dir, n, "power_limit_uw") < 0 ||
		    faccessat(rootfd, path, F_OK, 0) < 0)
			continue;
		if (hr_powercap_tree_constraint(path, m->dir, n, "name") < 0 ||
		    hr_sysfs_text_at(rootfd, path, name, sizeof(name)) < 0)
			name[0] = '\0';
		if (strcmp(name, "long_term") == 0 && m->long_n < 0)
			m->long_n = n;
		else if (strcmp(name, "short_term") == 0 && m->short_n < 0)
			m->short_n = n;
		else if (strcmp(name, "peak_power") == 0 && m->peak_n < 0)
			m->peak_n = n;
		else if (unnamed < 0)
			unnamed = n;
	}
	if (m->long_n >= 0)
		return;
	m->long_n = m->short_n >= 0 ? m->short_n : unnamed;
	m->short_n = -1;
}

/* Most and least limit that the hardware says it takes, as far as it says so believably. */
static void find_bounds(int rootfd, const struct hr_powercap_member *m, struct hr_zone *z)
{
	char path[HR_SYSFS_PATH_BYTES];
	int64_t most_uw = 0;
	int64_t limit_uw = 0;
	int64_t least_uw = 0;

	if (hr_powercap_tree_constraint(path, m->dir, m->long_n, "max_power_uw") == 0 &&
	    hr_sysfs_read_at(rootfd, path, &most_uw) < 0)
		most_uw = 0;
	if (hr_powercap_tree_constraint(path, m->dir, m->long_n, "power_limit_uw") == 0 &&
	    hr_sysfs_read_at(rootfd, path, &limit_uw) < 0)
		limit_uw = 0;
	if (hr_powercap_tree_constraint(path, m->dir, m->long_n, "min_power_uw") == 0 &&
	    hr_sysfs_read_at(rootfd, path, &least_uw) < 0)
		least_uw = 0;
	if (most_uw >= UNLIMITED_UW)
		most_uw = 0;
	/* the device has taken the limit that it has, whatever it says is its most */
	if (most_uw > 0 && limit_uw < UNLIMITED_UW)
		most_uw = hr_max_i64(most_uw, limit_uw);
	z->ceiling_uw = hr_max_i64(z->ceiling_uw, most_uw);
	if (most_uw == 0 || least_uw <= most_uw)
		z->floor_uw = hr_max_i64(z->floor_uw, least_uw);
}

static void judge_limit(int rootfd, struct hr_powercap_place *p)
{
	struct hr_zone *z = &p->zone;

	z->not_cappable = HR_REASON_IMPOSSIBLE;
	for (size_t i = 0; i < p->n_members; i++) {
		const struct hr_powercap_member *m = &p->member[i];
		char path[HR_SYSFS_PATH_BYTES];

		if (m->long_n < 0)
			continue;
		find_bounds(rootfd, m, z);
		if (hr_powercap_tree_constraint(path, m->dir, m->long_n, "power_limit_uw") < 0)
			continue;
		if (faccessat(rootfd, path, W_OK, AT_EACCESS) == 0) {
			z->cappable = true;
			z->not_cappable = HR_REASON_NONE;
		} else if (!z->cappable) {
			z->not_cappable = HR_REASON_DENIED;
		}
	}
}

/* INT64_MAX: there is a counter, but not known where it wraps. */
static void judge_energy(int rootfd, struct hr_powercap_place *p)
{
	char path[HR_SYSFS_PATH_BYTES];
	int64_t range_uj = 0;

	for (size_t i = 0; i < p->n_members && p->zone.energy_range_uj == 0; i++) {
		if (!p->member[i].has_energy)
			continue;
		if (hr_sysfs_path(path, p->member[i].dir, "max_energy_range_uj") < 0 ||
		    hr_sysfs_read_at(rootfd, path, &range_uj) < 0 || range_uj <= 0)
			range_uj = INT64_MAX;
		p->zone.energy_range_uj = range_uj;
	}
}

static bool has_member(const struct hr_powercap_place *p, const char *id)
{
	for (size_t i = 0; i < p->n_members; i++) {
		const char *slash = strrchr(p->member[i].dir, '/');

		if (slash != NULL && strcmp(slash + 1, id) == 0)
			return true;
	}
	return false;
}

/* The place that contains the zone called id, by the ids alone; -1: none. */
static int find_ancestor(const struct hr_powercap_tree *t, const char *id)
{
	char up[HR_NAME_BYTES];
	char *colon;

	(void)snprintf(up, sizeof(up), "%s", id);
	while ((colon = strrchr(up, ':')) != NULL) {
		*colon = '\0';
		for (size_t i = 0; i < t->n; i++) {
			if (has_member(&t->place[i], up))
				return (int)i;
		}
	}
	return -1;
}

/* Where a directory of another interface belongs: same kind, package and die; -1: nowhere yet. */
static int find_twin(const struct hr_powercap_tree *t, const struct hr_zone *z, int control,
		     const int *controls)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct hr_zone *o = &t->place[i].zone;

		if (controls[i] != control && o->kind == z->kind && o->package == z->package &&
		    o->die == z->die && strcmp(o->name, z->name) == 0 &&
		    t->place[i].n_members < HR_POWERCAP_MEMBERS_MAX)
			return (int)i;
	}
	return -1;
}

static bool is_whole(enum hr_zone_kind k)
{
	return k == HR_ZONE_PACKAGE || k == HR_ZONE_DIE;
}

static bool is_needed(const struct hr_zone *z)
{
	return is_whole(z->kind) || z->kind == HR_ZONE_DRAM || z->kind == HR_ZONE_PSYS;
}

struct build {
	int rootfd;
	const struct hr_powercap_scan *scan;
	bool needed_only; /* leave out what does not count, for want of room */
	int control[HR_ZONES_MAX];
	struct hr_powercap_tree *tree;
};

/* What one directory says of itself; false: it is not a zone. */
static bool read_zone(const struct build *b, const struct hr_powercap_dir *d, struct hr_zone *z)
{
	char path[HR_SYSFS_PATH_BYTES];
	int up;

	*z = (struct hr_zone){.parent = -1};
	if (hr_sysfs_path(path, d->path, "name") < 0 ||
	    hr_sysfs_text_at(b->rootfd, path, z->name, sizeof(z->name)) < 0 ||
	    !hr_name_is_valid(z->name))
		return false;
	(void)snprintf(z->id, sizeof(z->id), "%s", d->id);
	hr_zone_name_apply(z);
	up = find_ancestor(b->tree, d->id);
	if (up >= 0) {
		const struct hr_zone *o = &b->tree->place[up].zone;

		if (z->package < 0 && z->kind != HR_ZONE_PSYS) {
			z->package = o->package;
			z->die = z->kind == HR_ZONE_OTHER ? -1 : o->die;
		}
		if (z->kind != HR_ZONE_DRAM)
			z->parent = up;
	}
	return true;
}

static void add_member(const struct build *b, struct hr_powercap_place *p,
		       const struct hr_powercap_dir *d)
{
	struct hr_powercap_member *m = &p->member[p->n_members++];
	char path[HR_SYSFS_PATH_BYTES];

	*m = (struct hr_powercap_member){.long_n = -1, .short_n = -1, .peak_n = -1};
	(void)snprintf(m->dir, sizeof(m->dir), "%s", d->path);
	find_constraints(b->rootfd, m);
	m->has_energy = hr_sysfs_path(path, d->path, "energy_uj") == 0 &&
			faccessat(b->rootfd, path, F_OK, 0) == 0;
}

static int add_dir(struct build *b, const struct hr_powercap_dir *d)
{
	struct hr_powercap_tree *t = b->tree;
	struct hr_zone z;
	int at;

	if (strchr(d->id, ':') == NULL)
		return 0; /* the control type itself */
	if (!read_zone(b, d, &z)) {
		t->n_nameless++;
		return 0;
	}
	at = find_twin(t, &z, d->control, b->control);
	if (at < 0) {
		if (b->needed_only && !is_needed(&z)) {
			t->n_left_out++;
			return 0;
		}
		if (t->n == HR_ZONES_MAX)
			return -E2BIG;
		at = (int)t->n++;
		b->control[at] = d->control;
		t->place[at] = (struct hr_powercap_place){.zone = z};
	}
	add_member(b, &t->place[at], d);
	return 0;
}

static int build(struct build *b)
{
	int r = 0;

	*b->tree = (struct hr_powercap_tree){.n = 0};
	for (size_t i = 0; r == 0 && i < b->scan->n; i++)
		r = add_dir(b, &b->scan->dir[i]);
	return r;
}

/* Which zones add up to the node's device power. */
static void settle_counts(struct hr_powercap_tree *t)
{
	bool any_whole = false;
	bool any_psys = false;

	for (size_t i = 0; i < t->n; i++) {
		any_whole = any_whole || is_whole(t->place[i].zone.kind);
		any_psys = any_psys || t->place[i].zone.kind == HR_ZONE_PSYS;
	}
	for (size_t i = 0; i < t->n; i++) {
		struct hr_zone *z = &t->place[i].zone;
		int up = z->parent;
		bool inside = false;

		for (; up >= 0; up = t->place[up].zone.parent)
			inside = inside || t->place[up].zone.kind != HR_ZONE_PSYS || !any_whole;
		if (z->kind == HR_ZONE_PSYS)
			z->counts = !any_whole;
		else if (z->kind == HR_ZONE_OTHER)
			z->counts = false;
		else
			z->counts = !inside && (any_whole || !any_psys);
	}
}

int hr_powercap_tree_read(int rootfd, struct hr_powercap_tree *ret, struct hr_err *reterr)
{
	struct hr_powercap_scan *scan = malloc(sizeof(*scan));
	struct build b = {.rootfd = rootfd, .scan = scan, .tree = ret};
	int r;

	if (scan == NULL)
		return hr_err_set(reterr, -ENOMEM, "no memory to list the powercap tree");
	r = hr_powercap_scan_read(rootfd, scan, reterr);
	if (r < 0)
		goto out;
	r = build(&b);
	if (r == -E2BIG) {
		b.needed_only = true;
		r = build(&b);
	}
	if (r < 0) {
		r = hr_err_set(reterr, r, "%s has more than %d zones that count",
			       HR_PATH_SHOWN(HR_PATH_POWERCAP), HR_ZONES_MAX);
		goto out;
	}
	if (ret->n == 0) {
		r = hr_err_set(reterr, -ENODEV,
			       "%s holds no zone: load the kernel modules intel_rapl_common and "
			       "intel_rapl_msr",
			       HR_PATH_SHOWN(HR_PATH_POWERCAP));
		goto out;
	}
	settle_counts(ret);
	for (size_t i = 0; i < ret->n; i++) {
		judge_limit(rootfd, &ret->place[i]);
		judge_energy(rootfd, &ret->place[i]);
	}
out:
	free(scan);
	return r;
}
