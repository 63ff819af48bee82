/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One package, millisecond by millisecond; spans in which nothing changes are taken in one step.
 * Not the registers' text or faults: plant.c and the virtual hardware have those. See package.h.
 */
#include "sim/package.h"

#include "base/units.h"

#define ONE_Q20 (INT64_C(1) << 20)
#define GAIN_Q8_MAX (3 * 256)
/* While the average is over the limit the draw dips below it, by 5 % at most. */
#define DIP_PERMILLE 950

/* Weight of one millisecond in a first-order lag of window / divisor. */
static int64_t weight_q20(int64_t window_us, int64_t divisor)
{
	return 1000 * ONE_Q20 / (window_us / divisor + 1000);
}

/* Towards b by weight w; reaches b from above exactly, from below within a milliwatt. */
static int64_t towards(int64_t a, int64_t b, int64_t w_q20)
{
	return a + (((b - a) * w_q20) >> 20);
}

struct hr_package_conf hr_package_conf_default(void)
{
	return (struct hr_package_conf){
	    .static_uw = 25 * HR_UW_PER_W,
	    .floor_uw = 40 * HR_UW_PER_W,
	    .tdp_uw = 165 * HR_UW_PER_W,
	    .peak_uw = 198 * HR_UW_PER_W,
	    .dram_uw_idle = 5 * HR_UW_PER_W,
	    .dram_uw_max = 20 * HR_UW_PER_W,
	    .long_window_us = 999424,
	    .short_window_us = 2440,
	    .keep_permille = 995,
	};
}

static void set_weights(struct hr_package *p)
{
	for (int i = 0; i < HR_PACKAGE_LIMITS; i++)
		p->limit[i].lag_q20 = weight_q20(p->limit[i].window_us, 8);
	p->average_q20 = weight_q20(p->limit[HR_PACKAGE_LONG].window_us, 4);
	/* a gain above 1 / weight - 1 would swing from one millisecond to the next */
	p->gain_q8 = hr_clamp_i64((ONE_Q20 << 8) / p->average_q20 - 256, 0, GAIN_Q8_MAX);
}

static int64_t target_uw(const struct hr_package *p, int which)
{
	if (!p->enabled)
		return p->conf.peak_uw;
	return hr_clamp_i64(p->limit[which].limit_uw, 0, p->conf.peak_uw);
}

void hr_package_init(struct hr_package *p, const struct hr_package_conf *conf, uint64_t key,
		     int64_t t_ms)
{
	*p = (struct hr_package){.conf = *conf, .key = key, .t_ms = t_ms};
	p->draw_uw = p->average_uw = conf->static_uw;
	p->dram_uw = conf->dram_uw_idle;
	p->demand.power_uw = conf->static_uw;
	p->demand.dram_uw = conf->dram_uw_idle;
	hr_package_reset(p);
}

void hr_package_reset(struct hr_package *p)
{
	p->enabled = true;
	p->limit[HR_PACKAGE_LONG].limit_uw = p->conf.tdp_uw;
	p->limit[HR_PACKAGE_LONG].window_us = p->conf.long_window_us;
	p->limit[HR_PACKAGE_SHORT].limit_uw = p->conf.peak_uw;
	p->limit[HR_PACKAGE_SHORT].window_us = p->conf.short_window_us;
	for (int i = 0; i < HR_PACKAGE_LIMITS; i++)
		p->limit[i].force_uw = target_uw(p, i);
	set_weights(p);
}

void hr_package_set_limit(struct hr_package *p, enum hr_package_limit which, int64_t limit_uw)
{
	p->limit[which].limit_uw = limit_uw;
}

void hr_package_set_window(struct hr_package *p, enum hr_package_limit which, int64_t window_us)
{
	p->limit[which].window_us = window_us;
	set_weights(p);
}

void hr_package_set_enabled(struct hr_package *p, bool enabled)
{
	p->enabled = enabled;
}

void hr_package_set_load(struct hr_package *p, const struct hr_load *load)
{
	p->load = *load;
	p->demand.until_ms = p->t_ms;
}

/* What the limits in force let it draw, given the running average. */
static int64_t allowed_uw(const struct hr_package *p)
{
	int64_t keep = p->conf.keep_permille;
	int64_t most = p->limit[HR_PACKAGE_LONG].force_uw * keep / 1000;
	int64_t room = ((most - p->average_uw) * p->gain_q8) >> 8;
	int64_t now = hr_max_i64(most + room, most * DIP_PERMILLE / 1000);
	now = hr_min_i64(now, p->limit[HR_PACKAGE_SHORT].force_uw * keep / 1000);
	return hr_max_i64(now, p->conf.floor_uw);
}

/* The next millisecond's draw; true if the one after it will be the same. */
static bool tick(struct hr_package *p)
{
	bool steady = true;
	for (int i = 0; i < HR_PACKAGE_LIMITS; i++) {
		struct hr_package_register *r = &p->limit[i];
		int64_t before = r->force_uw, to = target_uw(p, i);
		r->force_uw = to > before ? to : towards(before, to, r->lag_q20);
		steady = steady && r->force_uw == before;
	}
	int64_t draw = hr_min_i64(p->demand.power_uw, allowed_uw(p));
	int64_t average = towards(p->average_uw, draw, p->average_q20);
	steady = steady && average == p->average_uw && draw == p->draw_uw;
	p->draw_uw = draw;
	p->average_uw = average;
	return steady;
}

/*
 * Will no limit bind before the demand changes? Then the draw is the demand: the average, now at
 * most the limit, can only move towards a demand that is at most the limit too.
 */
static bool unlimited(const struct hr_package *p)
{
	for (int i = 0; i < HR_PACKAGE_LIMITS; i++)
		if (p->limit[i].force_uw != target_uw(p, i) ||
		    p->demand.power_uw > p->limit[i].force_uw * p->conf.keep_permille / 1000)
			return false;
	return p->average_uw <= p->limit[HR_PACKAGE_LONG].force_uw * p->conf.keep_permille / 1000;
}

/* The same milliseconds as tick() would compute one by one. */
static void coast(struct hr_package *p, int64_t span_ms)
{
	p->draw_uw = p->demand.power_uw;
	for (; span_ms > 0; span_ms--) {
		int64_t average = towards(p->average_uw, p->draw_uw, p->average_q20);
		if (average == p->average_uw)
			return;
		p->average_uw = average;
	}
}

static void account(struct hr_package *p, int64_t span_ms)
{
	int64_t perf = hr_curve_perf(p->load.curve, p->draw_uw, p->demand.power_uw,
				     p->conf.static_uw);
	p->dram_uw = p->conf.dram_uw_idle +
		     (p->demand.dram_uw - p->conf.dram_uw_idle) * perf / HR_CURVE_ONE;
	p->energy_nj += p->draw_uw * span_ms;
	p->dram_energy_nj += p->dram_uw * span_ms;
	if (p->demand.busy) {
		p->work += perf * span_ms;
		p->busy_ms += span_ms;
	}
}

void hr_package_advance(struct hr_package *p, int64_t t_ms)
{
	const struct hr_load_idle idle = {p->conf.static_uw, p->conf.dram_uw_idle,
					  p->conf.dram_uw_max};
	while (p->t_ms < t_ms) {
		if (p->t_ms >= p->demand.until_ms) {
			p->demand = hr_load_at(&p->load, p->key, idle, p->t_ms);
			p->demand.power_uw = hr_min_i64(p->demand.power_uw, p->conf.peak_uw);
		}
		int64_t end = hr_min_i64(t_ms, p->demand.until_ms);
		if (p->t_ms < end && unlimited(p)) {
			coast(p, end - p->t_ms);
			account(p, end - p->t_ms);
			p->t_ms = end;
		}
		while (p->t_ms < end) {
			bool steady = tick(p);
			int64_t span = steady ? end - p->t_ms : 1;
			account(p, span);
			p->t_ms += span;
		}
	}
}

int64_t hr_package_allowed_uw(const struct hr_package *p, int64_t long_uw, int64_t short_uw)
{
	if (!p->enabled)
		return p->conf.peak_uw;
	bool both = p->limit[HR_PACKAGE_SHORT].window_us <= p->limit[HR_PACKAGE_LONG].window_us;
	int64_t uw = both ? hr_min_i64(long_uw, short_uw) : hr_max_i64(long_uw, short_uw);
	return hr_clamp_i64(uw, p->conf.floor_uw, p->conf.peak_uw);
}
