/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See guard_zones.h. Not the policy of what limits should be: that is core/guard.c.
 */
#include "role/guard_zones.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/units.h"
#include "model/report.h"

/* A floor where the hardware does not state one, of the ceiling. */
#define FLOOR_PERMILLE 300

static bool wanted(const struct hr_conf_guard *conf, const struct hr_zone *z)
{
	if (conf->n_zones == 0)
		return true;
	for (size_t i = 0; i < conf->n_zones; i++)
		if (fnmatch(conf->zones[i].text, z->id, 0) == 0)
			return true;
	return false;
}

static bool holds_dies(const struct hr_actuator *a, size_t package)
{
	for (size_t i = 0; i < a->n_zones; i++)
		if (a->zone[i].kind == HR_ZONE_DIE &&
		    a->zone[i].package == a->zone[package].package && a->zone[i].cappable)
			return true;
	return false;
}

static bool held(const struct hr_actuator *a, size_t i)
{
	const struct hr_zone *z = &a->zone[i];

	if (z->kind == HR_ZONE_PACKAGE)
		return z->cappable || !holds_dies(a, i);
	if (z->kind != HR_ZONE_DIE)
		return z->kind == HR_ZONE_GPU;
	for (size_t k = 0; k < a->n_zones; k++)
		if (a->zone[k].kind == HR_ZONE_PACKAGE && a->zone[k].package == z->package &&
		    a->zone[k].cappable)
			return false;
	return true;
}

/* Two roots are two machines, even if their zones have the same names. */
static void claim_name(int rootfd, const char *zone, char *ret, size_t size)
{
	struct stat mine, host;

	if (fstat(rootfd, &mine) == 0 && stat("/", &host) == 0 &&
	    (mine.st_dev != host.st_dev || mine.st_ino != host.st_ino))
		snprintf(ret, size, "%jx-%jx-%s.lock", (uintmax_t)mine.st_dev,
			 (uintmax_t)mine.st_ino, zone);
	else
		snprintf(ret, size, "%s.lock", zone);
}

static int claim(struct hr_guard_zones *z, const struct hr_conf_guard *conf, int rootfd,
		 const char *claims, struct hr_err *reterr)
{
	int dirfd = hr_file_dir_open(claims, 0755, reterr);
	int rc = dirfd;

	for (size_t i = 0; rc >= 0 && i < z->n; i++) {
		char name[160];
		const char *id = z->actuator->zone[z->at[i]].id;

		claim_name(rootfd, id, name, sizeof(name));
		rc = z->claim_fd[i] = hr_file_lock(dirfd, name, conf->name, reterr);
		if (rc < 0)
			hr_err_prefix(reterr, "zone %s", id);
	}
	if (dirfd >= 0)
		close(dirfd);
	return rc < 0 ? rc : 0;
}

int hr_guard_zones_open(struct hr_guard_zones *z, const struct hr_conf_guard *conf,
			struct hr_actuator *actuator, int rootfd, const char *claims,
			struct hr_err *reterr)
{
	int rc = 0;

	memset(z, 0, sizeof(*z));
	for (size_t i = 0; i < HR_ZONES_MAX; i++)
		z->claim_fd[i] = -1;
	z->actuator = actuator;
	for (size_t i = 0; actuator != NULL && i < actuator->n_zones; i++)
		if (held(actuator, i) && wanted(conf, &actuator->zone[i]))
			z->at[z->n++] = i;
	if (z->n > 0)
		rc = claim(z, conf, rootfd, claims, reterr);
	if (rc < 0)
		hr_guard_zones_close(z);
	return rc;
}

const struct hr_zone *hr_guard_zones_zone(const struct hr_guard_zones *z, size_t i)
{
	return &z->actuator->zone[z->at[i]];
}

int hr_guard_zones_save(struct hr_guard_zones *z, struct hr_guard_state *s, struct hr_err *reterr)
{
	bool news = false;

	for (size_t i = 0; i < z->n; i++) {
		const struct hr_zone *zone = hr_guard_zones_zone(z, i);
		struct hr_original o;

		if (!zone->cappable || hr_guard_state_original(s, zone->id) != NULL)
			continue;
		memset(&o, 0, sizeof(o));
		int rc = z->actuator->ops->save(z->actuator, z->at[i], &o);

		if (rc < 0)
			return hr_err_set(
			    reterr, rc,
			    "the limits of zone %s cannot be read (%s), so they could "
			    "not be put back: nothing is written",
			    zone->id, strerror(-rc));
		rc = hr_guard_state_original_add(s, zone->id, &o);
		if (rc < 0)
			return hr_err_set(reterr, rc, "too many zones are saved");
		news = true;
	}
	return news ? hr_guard_state_originals_store(s, reterr) : 0;
}

static bool sane(int64_t uw)
{
	return uw > 0 && uw <= HR_NODE_POWER_MAX_UW;
}

static struct hr_guard_zone_conf describe(const struct hr_zone *zone, const struct hr_original *o)
{
	struct hr_guard_zone_conf c = {.ceiling_uw = zone->ceiling_uw, .floor_uw = zone->floor_uw};
	int64_t original_uw = 0;

	if (o != NULL && o->valid && sane(o->long_uw))
		original_uw = o->long_uw;
	if (!sane(c.ceiling_uw))
		c.ceiling_uw = original_uw;
	if (c.floor_uw <= 0)
		c.floor_uw = hr_muldiv_floor(c.ceiling_uw, FLOOR_PERMILLE, 1000);
	c.floor_uw = hr_min_i64(c.floor_uw, c.ceiling_uw);
	if (o != NULL && o->has_short && sane(o->short_uw))
		original_uw = hr_max_i64(original_uw, o->short_uw);
	c.uncapped_uw = hr_max_i64(original_uw, c.ceiling_uw);
	return c;
}

static struct hr_guard_limit translate(const struct hr_limit *l)
{
	return (struct hr_guard_limit){
	    .known = l->known,
	    .limit_uw = l->known ? l->limit_uw : 0,
	    .settle_ns = l->known ? l->settle_ns : 0,
	    .fault = l->fault,
	};
}

void hr_guard_zones_describe(struct hr_guard_zones *z, const struct hr_guard_state *s,
			     struct hr_guard_zone_conf conf[], struct hr_guard_limit limit[])
{
	for (size_t i = 0; i < z->n; i++) {
		const struct hr_zone *zone = hr_guard_zones_zone(z, i);

		conf[i] = describe(zone, hr_guard_state_original(s, zone->id));
		limit[i] = hr_guard_zones_get(z, i);
	}
}

struct hr_guard_limit hr_guard_zones_set(struct hr_guard_zones *z, size_t i, int64_t limit_uw)
{
	struct hr_limit l = {.known = false};

	if (z->actuator->ops->set(z->actuator, z->at[i], limit_uw, &l) < 0)
		l.known = false;
	return translate(&l);
}

struct hr_guard_limit hr_guard_zones_get(struct hr_guard_zones *z, size_t i)
{
	struct hr_limit l = {.known = false};

	if (z->actuator->ops->get(z->actuator, z->at[i], &l) < 0)
		l.known = false;
	return translate(&l);
}

int hr_guard_zones_restore(struct hr_guard_zones *z, const struct hr_guard_state *s,
			   struct hr_err *reterr)
{
	int worst = 0;

	for (size_t i = 0; i < z->n; i++) {
		const struct hr_zone *zone = hr_guard_zones_zone(z, i);
		const struct hr_original *o = hr_guard_state_original(s, zone->id);

		if (o == NULL)
			continue;
		int rc = z->actuator->ops->restore(z->actuator, z->at[i], o);

		if (rc < 0)
			worst = hr_err_set(reterr, rc,
					   "zone %s did not take its original limits: %s", zone->id,
					   strerror(-rc));
	}
	return worst;
}

void hr_guard_zones_close(struct hr_guard_zones *z)
{
	for (size_t i = 0; i < HR_ZONES_MAX; i++) {
		if (z->claim_fd[i] >= 0)
			close(z->claim_fd[i]);
		z->claim_fd[i] = -1;
	}
	if (z->actuator != NULL)
		z->actuator->ops->close(z->actuator);
	z->actuator = NULL;
	z->n = 0;
}
