/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The actuator of the Linux powercap tree. A limit that the kernel reaches through two interfaces
 * is written through both, and what holds is the lower. Answers only what was read back.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "hw/powercap.h"
#include "hw/powercap_side.h"
#include "hw/powercap_tree.h"
#include "model/report.h"

/* A limit this much below the one asked for is the hardware's step, not a clamp (RAPL: 1/8 W). */
#define STEP_UW HR_UW_PER_W
/* Tries to get at or under the limit asked for where the hardware rounds up. */
#define ROUND_TRIES 6

struct place {
	size_t n;
	struct hr_powercap_side side[HR_POWERCAP_MEMBERS_MAX];
};

struct powercap_actuator {
	struct hr_actuator base;
	int rootfd;
	struct place place[HR_ZONES_MAX];
};

/* What the sides together hold. Unknown only if no side is known. */
static void read_place(struct powercap_actuator *a, struct place *p, struct hr_limit *ret)
{
	*ret = (struct hr_limit){.fault = HR_REASON_IMPOSSIBLE};
	for (size_t i = 0; i < p->n; i++) {
		struct hr_powercap_state state;
		int r = hr_powercap_side_read(&p->side[i], a->rootfd, &state);
		struct hr_limit l = {.fault = hr_sysfs_reason(r)};

		if (r == 0)
			l = hr_powercap_side_limit(&state);
		if (i == 0 || (l.known && (!ret->known || l.limit_uw < ret->limit_uw)))
			*ret = l;
	}
}

static int answer(const struct hr_limit *l)
{
	return l->known || l->fault == HR_REASON_DISABLED || l->fault == HR_REASON_LOCKED ? 0
											  : -EIO;
}

static int powercap_get(struct hr_actuator *base, size_t zone, struct hr_limit *ret)
{
	struct powercap_actuator *a = (struct powercap_actuator *)base;

	*ret = (struct hr_limit){.fault = HR_REASON_IMPOSSIBLE};
	if (zone >= base->n_zones)
		return -EINVAL;
	read_place(a, &a->place[zone], ret);
	return answer(ret);
}

/* Windows are shortened, never lengthened: a shorter one settles sooner. */
static int64_t window_wanted(int64_t window_us)
{
	return window_us > 0 && window_us <= HR_POWERCAP_WINDOW_US ? 0 : HR_POWERCAP_WINDOW_US;
}

static bool near(int64_t x, int64_t y, int64_t step)
{
	return x - y < step && y - x < step;
}

/* As asked, or rounded down to a step: writing it again would change nothing. */
static bool rounded(int64_t uw, int64_t want_uw)
{
	return uw <= want_uw && want_uw - uw < STEP_UW;
}

static bool took(const struct hr_powercap_state *s, int64_t want_uw)
{
	return s->enabled && rounded(s->long_uw, want_uw) &&
	       (!s->has_short || rounded(s->short_uw, want_uw));
}

/* One side to want_uw; the first error of a write, or 0. *clamped: it moves, but not that far. */
static int set_side(struct powercap_actuator *a, struct hr_powercap_side *s, int64_t want_uw,
		    bool *clamped)
{
	struct hr_powercap_state before;
	struct hr_powercap_state after;
	struct hr_powercap_state want;
	bool lower;
	int w;
	int r = hr_powercap_side_read(s, a->rootfd, &before);

	/* what cannot be read is written all the same: the limit asked for may be the safe one */
	if (r < 0 && hr_powercap_side_open(s, a->rootfd) < 0)
		return r;
	if (r < 0)
		before = (struct hr_powercap_state){.has_short = s->member.short_n >= 0,
						    .long_uw = INT64_MAX};
	lower = want_uw < before.long_uw || (before.has_short && want_uw < before.short_uw);
	want = (struct hr_powercap_state){.enabled = true,
					  .has_short = before.has_short,
					  .long_uw = want_uw,
					  .short_uw = want_uw,
					  .long_window_us = window_wanted(before.long_window_us),
					  .short_window_us = window_wanted(before.short_window_us)};
	w = hr_powercap_side_write(s, &want, lower);
	r = hr_powercap_side_read(s, a->rootfd, &after);
	/* some hardware holds one limit above the other: the second round finds them in order */
	if (r == 0 && !took(&after, want_uw)) {
		w = hr_powercap_side_write(s, &want, !lower);
		r = hr_powercap_side_read(s, a->rootfd, &after);
	}
	if (r == 0 && (after.long_uw != before.long_uw || after.short_uw != before.short_uw))
		s->clamp_uw = near(after.long_uw, want_uw, STEP_UW) ? 0 : after.long_uw;
	*clamped = r == 0 && s->clamp_uw > 0 && after.long_uw == s->clamp_uw;
	return w < 0 ? w : r;
}

struct outcome {
	int err; /* first error of any side */
	size_t err_side;
	bool clamped; /* some side moves, but not as far as asked */
};

static struct outcome set_place(struct powercap_actuator *a, struct place *p, int64_t want_uw)
{
	struct outcome o = {.err = 0};

	for (size_t i = 0; i < p->n; i++) {
		bool clamped = false;
		int r = set_side(a, &p->side[i], want_uw, &clamped);

		if (r < 0 && o.err == 0) {
			o.err = r;
			o.err_side = i;
		}
		o.clamped = o.clamped || clamped;
	}
	return o;
}

/* Why the limit is not the one asked for; the reading says what it is. */
static enum hr_reason why(const struct place *p, const struct outcome *o, const struct hr_limit *l,
			  int64_t want_uw)
{
	enum hr_reason written = hr_powercap_side_reason(&p->side[o->err_side], o->err);

	if (!l->known)
		return o->err < 0 && l->fault == HR_REASON_DISABLED ? written : l->fault;
	if (l->limit_uw <= want_uw && want_uw - l->limit_uw < STEP_UW)
		return HR_REASON_NONE;
	if (o->err < 0)
		return written;
	return o->clamped ? HR_REASON_CLAMPED : HR_REASON_LOCKED;
}

static int powercap_set(struct hr_actuator *base, size_t zone, int64_t want_uw,
			struct hr_limit *ret)
{
	struct powercap_actuator *a = (struct powercap_actuator *)base;
	int64_t over_uw;
	struct outcome o;
	struct place *p;

	*ret = (struct hr_limit){.fault = HR_REASON_IMPOSSIBLE};
	if (zone >= base->n_zones || want_uw <= 0 || want_uw > HR_NODE_POWER_MAX_UW)
		return -EINVAL;
	p = &a->place[zone];
	if (p->n == 0)
		return -EOPNOTSUPP;
	o = set_place(a, p, want_uw);
	read_place(a, p, ret);
	over_uw = ret->limit_uw - want_uw;
	/* less than a step above: rounded up, so ask for less until it is at or under */
	for (int i = 0; i < ROUND_TRIES && ret->known && o.err == 0 && over_uw > 0 &&
			over_uw < STEP_UW && ret->limit_uw > want_uw && want_uw > over_uw;
	     i++) {
		o = set_place(a, p, want_uw - over_uw);
		read_place(a, p, ret);
		over_uw = hr_max_i64(2 * over_uw, STEP_UW / 8);
	}
	ret->fault = why(p, &o, ret, want_uw);
	return answer(ret);
}

#define COPY_FIELDS(to, from) \
	do { \
		(to)->enabled = (from)->enabled; \
		(to)->has_short = (from)->has_short; \
		(to)->long_uw = (from)->long_uw; \
		(to)->long_window_us = (from)->long_window_us; \
		(to)->short_uw = (from)->short_uw; \
		(to)->short_window_us = (from)->short_window_us; \
	} while (0)

static int powercap_save(struct hr_actuator *base, size_t zone, struct hr_original *ret)
{
	struct powercap_actuator *a = (struct powercap_actuator *)base;
	struct place *p;

	*ret = (struct hr_original){.valid = false};
	if (zone >= base->n_zones)
		return -EINVAL;
	p = &a->place[zone];
	for (size_t i = 0; i < p->n; i++) {
		struct hr_powercap_state s;
		int r = hr_powercap_side_read(&p->side[i], a->rootfd, &s);

		if (r < 0 && i == 0)
			return r;
		if (i == 0) {
			COPY_FIELDS(ret, &s);
			ret->valid = true;
		} else if (r == 0) {
			COPY_FIELDS(&ret->twin[i - 1], &s);
			ret->twin[i - 1].valid = true;
		}
	}
	return ret->valid ? 0 : -EOPNOTSUPP;
}

static bool is_sane(const struct hr_powercap_state *s)
{
	return s->long_uw >= 0 && s->short_uw >= 0 && s->long_window_us >= 0 &&
	       s->short_window_us >= 0 && s->long_uw <= HR_NODE_POWER_MAX_UW &&
	       s->short_uw <= HR_NODE_POWER_MAX_UW;
}

/* Windows are stored in coarse steps and rounded down: a little more gives the same step again. */
static void nudge_windows(struct hr_powercap_state *want, const struct hr_powercap_state *now,
			  const struct hr_powercap_state *was)
{
	want->long_window_us = was->long_window_us;
	want->short_window_us = was->short_window_us;
	if (now->long_window_us < was->long_window_us)
		want->long_window_us += was->long_window_us / 64 + 1;
	if (now->short_window_us < was->short_window_us)
		want->short_window_us += was->short_window_us / 64 + 1;
}

static int restore_side(struct powercap_actuator *a, struct hr_powercap_side *s,
			const struct hr_powercap_state *was)
{
	struct hr_powercap_state want = *was;
	struct hr_powercap_state now;
	int w = 0;
	int r;

	if (!is_sane(was))
		return -EINVAL;
	r = hr_powercap_side_open(s, a->rootfd);
	if (r < 0)
		return r;
	want.has_short = was->has_short && s->member.short_n >= 0;
	/* three rounds: limits that lean on each other, then windows that were rounded down */
	for (int i = 0; i < 3; i++) {
		w = hr_powercap_side_write(s, &want, i % 2 != 0);
		r = hr_powercap_side_read(s, a->rootfd, &now);
		if (r < 0)
			return r;
		if (near(now.long_uw, want.long_uw, STEP_UW) &&
		    (!want.has_short || near(now.short_uw, want.short_uw, STEP_UW)) &&
		    now.enabled == want.enabled && now.long_window_us >= was->long_window_us &&
		    (!want.has_short || now.short_window_us >= was->short_window_us))
			return 0;
		nudge_windows(&want, &now, was);
	}
	if (near(now.long_uw, want.long_uw, STEP_UW) &&
	    (!want.has_short || near(now.short_uw, want.short_uw, STEP_UW)) &&
	    now.enabled == want.enabled)
		return 0; /* the limits are back; a window is a step off */
	return w < 0 ? w : -EIO;
}

static int powercap_restore(struct hr_actuator *base, size_t zone,
			    const struct hr_original *original)
{
	struct powercap_actuator *a = (struct powercap_actuator *)base;
	struct place *p;
	int err = 0;

	if (zone >= base->n_zones || !original->valid)
		return -EINVAL;
	p = &a->place[zone];
	if (p->n == 0)
		return -EOPNOTSUPP;
	for (size_t i = 0; i < p->n; i++) {
		struct hr_powercap_state was;
		int r;

		if (i == 0)
			COPY_FIELDS(&was, original);
		else if (original->twin[i - 1].valid)
			COPY_FIELDS(&was, &original->twin[i - 1]);
		else
			continue;
		r = restore_side(a, &p->side[i], &was);
		if (err == 0)
			err = r;
	}
	return err;
}

static void powercap_close(struct hr_actuator *base)
{
	struct powercap_actuator *a = (struct powercap_actuator *)base;

	if (a == NULL)
		return;
	for (size_t i = 0; i < base->n_zones; i++) {
		for (size_t k = 0; k < a->place[i].n; k++)
			hr_powercap_side_close(&a->place[i].side[k]);
	}
	free(a);
}

/*
 * Limits are set where a node's power is bounded: at packages and dies, or at the platform where
 * no package is seen. What firmware set below them (cores, memory) stays as it is.
 */
static bool ought(const struct hr_zone *z)
{
	return z->kind == HR_ZONE_PACKAGE || z->kind == HR_ZONE_DIE ||
	       (z->kind == HR_ZONE_PSYS && z->counts);
}

/* Takes the zones with a limit; how many there are that have one. */
static size_t adopt(struct powercap_actuator *a, const struct hr_powercap_tree *t)
{
	size_t n_limits = 0;
	int index[HR_ZONES_MAX];

	for (size_t i = 0; i < t->n; i++) {
		const struct hr_powercap_place *from = &t->place[i];
		struct hr_zone *z = &a->base.zone[a->base.n_zones];
		struct place *p = &a->place[a->base.n_zones];

		index[i] = -1;
		if (!ought(&from->zone))
			continue;
		for (size_t k = 0; k < from->n_members; k++) {
			if (from->member[k].long_n >= 0)
				hr_powercap_side_init(&p->side[p->n++], &from->member[k],
						      from->zone.name);
		}
		n_limits += p->n > 0;
		*z = from->zone;
		z->parent = z->parent < 0 ? -1 : index[z->parent];
		index[i] = (int)a->base.n_zones++;
		for (size_t k = 0; k < p->n; k++) {
			/* what cannot be opened now is tried again with every get and set */
			if (hr_powercap_side_open(&p->side[k], a->rootfd) < 0)
				continue;
		}
	}
	return n_limits;
}

static int powercap_open(const struct hr_actuator_conf *conf, struct hr_actuator **ret,
			 struct hr_err *reterr)
{
	struct hr_powercap_tree *t = malloc(sizeof(*t));
	struct powercap_actuator *a = calloc(1, sizeof(*a));
	int r = -ENOMEM;

	if (t == NULL || a == NULL) {
		(void)hr_err_set(reterr, r, "no memory for the powercap actuator");
		goto out;
	}
	r = hr_powercap_tree_read(conf->rootfd, t, reterr);
	if (r < 0)
		goto out;
	a->base.ops = &hr_powercap_actuator_ops;
	a->rootfd = conf->rootfd;
	if (adopt(a, t) == 0) {
		r = hr_err_set(reterr, -ENODEV,
			       "no zone of the powercap tree has a limit that could be set "
			       "(AMD processors are only measured there)");
		goto out;
	}
	*ret = &a->base;
	a = NULL;
out:
	if (a != NULL)
		powercap_close(&a->base);
	free(t);
	return r;
}

const struct hr_actuator_ops hr_powercap_actuator_ops = {
    .name = "powercap",
    .open = powercap_open,
    .set = powercap_set,
    .get = powercap_get,
    .save = powercap_save,
    .restore = powercap_restore,
    .close = powercap_close,
};
