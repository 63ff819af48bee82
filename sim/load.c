/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Demand as a pure function of time. No state: noise is a hash of key and time, so that a plant may
 * skip over any span and still see the same demand.
 */
#include "sim/load.h"

#include "base/clock.h"
#include "base/units.h"

#define FOREVER_MS INT64_C(1000000000000000)
#define UW_PER_MW INT64_C(1000)

/* splitmix64's finaliser: neighbouring times give independent values. */
static uint64_t mix(uint64_t x)
{
	x += UINT64_C(0x9e3779b97f4a7c15);
	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

static int64_t noise_at(const struct hr_load *l, uint64_t key, int64_t t_ms)
{
	uint64_t h = mix(key ^ mix((uint64_t)(t_ms / l->noise_ms)));
	/* 32 bits onto [-noise, +noise] */
	return hr_muldiv_floor((int64_t)(h >> 32), 2 * l->noise_uw + 1, INT64_C(1) << 32) -
	       l->noise_uw;
}

/* Linear map of v from [low, high] to [to_low, to_high]. */
static int64_t map(int64_t v, int64_t low, int64_t high, int64_t to_low, int64_t to_high)
{
	if (high <= low)
		return to_high;
	return to_low + hr_muldiv_floor(v - low, to_high - to_low, high - low);
}

static void trace_at(const struct hr_load *l, struct hr_load_idle idle, int64_t pos_ms,
		     int64_t t_ms, struct hr_load_demand *d)
{
	const struct hr_trace *t = l->trace;
	int64_t speed = l->speed_permille > 0 ? l->speed_permille : 1000;
	int64_t i = pos_ms * speed / 1000 / t->step_ms;
	const struct hr_trace_sample *s = &t->sample[(size_t)i % t->n];
	int64_t next_ms = hr_muldiv_ceil((i + 1) * t->step_ms, 1000, speed);
	d->until_ms = hr_min_i64(d->until_ms, t_ms + hr_max_i64(next_ms - pos_ms, 1));
	if (l->high_uw > 0)
		d->power_uw = map(s->package_mw, t->low.package_mw, t->high.package_mw,
				  hr_max_i64(l->low_uw, idle.power_uw), l->high_uw);
	else
		d->power_uw = s->package_mw * UW_PER_MW * l->scale_permille / 1000;
	d->dram_uw = map(s->dram_mw, t->low.dram_mw, t->high.dram_mw, idle.dram_uw,
			 idle.dram_uw_max);
}

struct hr_load_demand hr_load_at(const struct hr_load *l, uint64_t key, struct hr_load_idle idle,
				 int64_t t_ms)
{
	struct hr_load_demand d = {.busy = false,
				   .power_uw = idle.power_uw,
				   .dram_uw = idle.dram_uw,
				   .until_ms = FOREVER_MS};
	if (l->noise_uw > 0 && l->noise_ms > 0)
		d.until_ms = (t_ms / l->noise_ms + 1) * l->noise_ms;
	int64_t pos = t_ms - l->start_ms + l->phase_ms;
	bool on = l->kind != HR_LOAD_IDLE && pos >= 0;
	if (on && l->on_ms > 0) {
		int64_t cycle = l->on_ms + l->off_ms;
		pos %= cycle;
		on = pos < l->on_ms;
		d.until_ms = hr_min_i64(d.until_ms, t_ms + (on ? l->on_ms : cycle) - pos);
	}
	if (on && l->kind == HR_LOAD_TRACE) {
		trace_at(l, idle, pos, t_ms, &d);
	} else if (on) {
		d.power_uw = l->high_uw;
		/* memory takes its part of the range as the package takes of its own */
		d.dram_uw = idle.dram_uw + (idle.dram_uw_max - idle.dram_uw) / 2;
	}
	/* 5 % over idle tells the pauses of a recorded program from its work */
	d.busy = on && d.power_uw > idle.power_uw + idle.power_uw / 20;
	if (l->noise_uw > 0 && l->noise_ms > 0)
		d.power_uw += noise_at(l, key, t_ms);
	d.power_uw = hr_max_i64(d.power_uw, idle.power_uw);
	return d;
}
