/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Registers, counters and faults of a node over the physics of package.c. Not the file tree: the
 * virtual hardware names the files and formats the numbers. See plant.h for the invariants.
 */
#include "sim/plant.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/rng.h"
#include "base/units.h"

#define WINDOW_UNIT_US INT64_C(976)
#define WINDOW_US_MAX (WINDOW_UNIT_US << 31)
/* Far over every counter, and far from overflow. */
#define LEAP_UJ_MAX INT64_C(100000000000000000)
#define ENERGY_UNIT_NJ INT64_C(61035)

static const char *const fault_names[HR_PLANT__MAX] = {
    "none", "eio", "eacces", "locked", "clamp", "ignore", "lie", "freeze", "jump",
};

struct hr_plant_conf hr_plant_conf_default(void)
{
	return (struct hr_plant_conf){
	    .n_packages = 2,
	    .package = hr_package_conf_default(),
	    .efficiency_permille = 920,
	    .rest_uw = 60 * HR_UW_PER_W,
	    .energy_range_uj = HR_PLANT_ENERGY_RANGE_UJ,
	    .seed = 1,
	};
}

int hr_plant_fault_find(const char *name)
{
	for (int i = 0; i < HR_PLANT__MAX; i++)
		if (strcmp(name, fault_names[i]) == 0)
			return i;
	return -1;
}

static bool conf_ok(const struct hr_plant_conf *c)
{
	const struct hr_package_conf *p = &c->package;
	return c->n_packages >= 1 && c->n_packages <= HR_PLANT_PACKAGES_MAX &&
	       c->efficiency_permille >= 1 && c->efficiency_permille <= 1000 && c->rest_uw >= 0 &&
	       c->energy_range_uj > 0 && p->static_uw >= 0 && p->floor_uw >= p->static_uw &&
	       p->tdp_uw >= p->floor_uw && p->peak_uw >= p->tdp_uw &&
	       p->peak_uw <= HR_PLANT_POWER_MAX_UW && p->dram_uw_idle >= 0 &&
	       p->dram_uw_max >= p->dram_uw_idle && p->long_window_us > 0 &&
	       p->short_window_us > 0 && p->keep_permille > 0 && p->keep_permille <= 1000;
}

int hr_plant_init(struct hr_plant *p, const struct hr_plant_conf *conf, int64_t now_ns)
{
	if (!conf_ok(conf))
		return -EINVAL;
	struct hr_rng rng;
	hr_rng_init(&rng, conf->seed);
	*p = (struct hr_plant){
	    .conf = *conf, .zero_ns = now_ns, .now_ns = now_ns, .boot_until_ns = now_ns};
	for (int i = 0; i < conf->n_packages; i++)
		hr_package_init(&p->package[i], &conf->package, hr_rng_next(&rng), 0);
	return 0;
}

static int64_t ms_of(const struct hr_plant *p, int64_t t_ns)
{
	return (t_ns - p->zero_ns) / HR_NS_PER_MS;
}

void hr_plant_advance(struct hr_plant *p, int64_t now_ns)
{
	if (now_ns <= p->now_ns)
		return;
	if (p->now_ns < p->boot_until_ns && now_ns >= p->boot_until_ns) {
		int64_t up_ms = ms_of(p, p->boot_until_ns);
		for (int i = 0; i < p->conf.n_packages; i++) {
			hr_package_advance(&p->package[i], up_ms);
			hr_package_set_load(&p->package[i], &p->load[i]);
		}
	}
	p->now_ns = now_ns;
	for (int i = 0; i < p->conf.n_packages; i++)
		hr_package_advance(&p->package[i], ms_of(p, now_ns));
}

void hr_plant_set_load(struct hr_plant *p, int package, const struct hr_load *load)
{
	for (int i = 0; i < p->conf.n_packages; i++) {
		if (package >= 0 && i != package)
			continue;
		p->load[i] = *load;
		p->load[i].start_ms = ms_of(p, p->now_ns);
		if (p->now_ns >= p->boot_until_ns)
			hr_package_set_load(&p->package[i], &p->load[i]);
	}
}

/* What stands in the way of reading a value of the zone. */
static int read_gate(const struct hr_plant *p, int zone)
{
	if (zone < 0 || zone >= 2 * p->conf.n_packages || p->now_ns < p->boot_until_ns)
		return -ENODEV;
	if (p->zone[zone].fault == HR_PLANT_EIO)
		return -EIO;
	if (p->zone[zone].fault == HR_PLANT_EACCES)
		return -EACCES;
	return 0;
}

static int write_gate(const struct hr_plant *p, int zone)
{
	int rc = read_gate(p, zone);
	if (rc == 0 && p->zone[zone].fault == HR_PLANT_LOCKED)
		return -EACCES;
	return rc;
}

static bool is_dram(int zone)
{
	return zone % 2 == 1;
}

/* What the counter has counted, before it wraps. */
static int64_t counted_uj(const struct hr_plant *p, int zone)
{
	const struct hr_package *k = &p->package[zone / 2];
	int64_t nj = is_dram(zone) ? k->dram_energy_nj : k->energy_nj;
	return nj / ENERGY_UNIT_NJ * ENERGY_UNIT_NJ / 1000 - p->zone[zone].zero_uj +
	       p->zone[zone].leapt_uj;
}

int hr_plant_energy(struct hr_plant *p, int zone, int64_t *ret_uj)
{
	int rc = read_gate(p, zone);
	if (rc < 0)
		return rc;
	const struct hr_plant_zone *z = &p->zone[zone];
	int64_t uj = z->fault == HR_PLANT_FREEZE ? z->frozen_uj : counted_uj(p, zone);
	*ret_uj = uj % (p->conf.energy_range_uj + 1);
	return 0;
}

int hr_plant_limit(const struct hr_plant *p, int zone, enum hr_package_limit which, int64_t *ret_uw)
{
	int rc = read_gate(p, zone);
	if (rc < 0)
		return rc;
	if (is_dram(zone))
		*ret_uw = 0;
	else if (p->zone[zone].fault == HR_PLANT_LIE)
		*ret_uw = p->zone[zone].shown_uw[which];
	else
		*ret_uw = p->package[zone / 2].limit[which].limit_uw;
	return 0;
}

int hr_plant_window(const struct hr_plant *p, int zone, enum hr_package_limit which,
		    int64_t *ret_us)
{
	int rc = read_gate(p, zone);
	if (rc < 0)
		return rc;
	*ret_us = is_dram(zone) ? WINDOW_UNIT_US : p->package[zone / 2].limit[which].window_us;
	return 0;
}

int hr_plant_enabled(const struct hr_plant *p, int zone, bool *ret)
{
	int rc = read_gate(p, zone);
	if (rc < 0)
		return rc;
	*ret = !is_dram(zone) && p->package[zone / 2].enabled;
	return 0;
}

int hr_plant_set_limit(struct hr_plant *p, int zone, enum hr_package_limit which, int64_t uw)
{
	int rc = write_gate(p, zone);
	if (rc < 0)
		return rc;
	if (uw < 0)
		return -EINVAL;
	uw = hr_min_i64(uw, HR_PLANT_POWER_MAX_UW);
	uw -= uw % HR_PLANT_POWER_STEP_UW;
	struct hr_plant_zone *z = &p->zone[zone];
	if (z->fault == HR_PLANT_LIE)
		z->shown_uw[which] = uw;
	if (z->fault == HR_PLANT_LIE || z->fault == HR_PLANT_IGNORE || is_dram(zone))
		return 0;
	if (z->fault == HR_PLANT_CLAMP)
		uw = hr_max_i64(uw, z->argument);
	hr_package_set_limit(&p->package[zone / 2], which, uw);
	return 0;
}

/* As intel_rapl's rapl_compute_time_window_core, to the register and back. */
static int64_t round_window_us(int64_t us)
{
	int64_t units = hr_min_i64(us, WINDOW_US_MAX) / WINDOW_UNIT_US;
	if (units < 1)
		return WINDOW_UNIT_US;
	int64_t base = INT64_C(1) << (63 - __builtin_clzll((unsigned long long)units));
	int64_t f = 4 * (units - base) / base;
	return base * (4 + f) * WINDOW_UNIT_US / 4;
}

int hr_plant_set_window(struct hr_plant *p, int zone, enum hr_package_limit which, int64_t us)
{
	int rc = write_gate(p, zone);
	if (rc < 0)
		return rc;
	if (us <= 0)
		return -EINVAL;
	enum hr_plant_fault f = p->zone[zone].fault;
	if (f != HR_PLANT_LIE && f != HR_PLANT_IGNORE && !is_dram(zone))
		hr_package_set_window(&p->package[zone / 2], which, round_window_us(us));
	return 0;
}

int hr_plant_set_enabled(struct hr_plant *p, int zone, bool enabled)
{
	int rc = write_gate(p, zone);
	if (rc < 0)
		return rc;
	enum hr_plant_fault f = p->zone[zone].fault;
	if (f != HR_PLANT_LIE && f != HR_PLANT_IGNORE && !is_dram(zone))
		hr_package_set_enabled(&p->package[zone / 2], enabled);
	return 0;
}

void hr_plant_set_fault(struct hr_plant *p, int zone, enum hr_plant_fault fault, int64_t argument)
{
	struct hr_plant_zone *z = &p->zone[zone];
	if (fault == HR_PLANT_JUMP) {
		int64_t leap = hr_clamp_i64(argument, -LEAP_UJ_MAX, LEAP_UJ_MAX);
		int64_t least = z->leapt_uj - counted_uj(p, zone);
		z->leapt_uj = hr_clamp_i64(z->leapt_uj + leap, least, LEAP_UJ_MAX);
		return;
	}
	z->fault = fault;
	z->argument = argument;
	z->frozen_uj = counted_uj(p, zone);
	for (int i = 0; i < HR_PACKAGE_LIMITS; i++)
		z->shown_uw[i] = p->package[zone / 2].limit[i].limit_uw;
}

void hr_plant_overwrite(struct hr_plant *p, int zone, enum hr_package_limit which, int64_t uw)
{
	if (!is_dram(zone))
		hr_package_set_limit(&p->package[zone / 2], which,
				     uw - uw % HR_PLANT_POWER_STEP_UW);
}

void hr_plant_boot(struct hr_plant *p, int64_t span_ns)
{
	const struct hr_load none = {.kind = HR_LOAD_IDLE};
	for (int i = 0; i < p->conf.n_packages; i++) {
		struct hr_package *k = &p->package[i];
		hr_package_reset(k);
		hr_package_set_load(k, span_ns > 0 ? &none : &p->load[i]);
	}
	for (int i = 0; i < 2 * p->conf.n_packages; i++) {
		p->zone[i].leapt_uj = p->zone[i].frozen_uj = 0;
		p->zone[i].zero_uj += counted_uj(p, i);
	}
	p->boot_until_ns = p->now_ns + span_ns;
	p->boots++;
}

struct hr_uuid hr_plant_boot_id(const struct hr_plant *p)
{
	struct hr_rng rng;
	uint8_t random[16];
	hr_rng_init(&rng, p->conf.seed);
	hr_rng_init(&rng, hr_rng_next(&rng) ^ (uint64_t)p->zero_ns);
	hr_rng_init(&rng, hr_rng_next(&rng) ^ p->boots);
	for (size_t i = 0; i < sizeof(random); i++)
		random[i] = (uint8_t)hr_rng_below(&rng, 256);
	return hr_uuid_from_random(random);
}

static int64_t wall_uw(const struct hr_plant *p, int64_t devices_uw, int64_t rest_uw)
{
	return hr_muldiv_ceil(devices_uw, 1000, p->conf.efficiency_permille) + rest_uw;
}

int64_t hr_plant_rest_bound_uw(const struct hr_plant *p)
{
	return wall_uw(p, p->conf.n_packages * p->conf.package.dram_uw_max, p->conf.rest_uw);
}

int64_t hr_plant_limit_wall_uw(const struct hr_plant *p)
{
	int64_t sum = 0;
	for (int i = 0; i < p->conf.n_packages; i++) {
		const struct hr_package *k = &p->package[i];
		const struct hr_plant_zone *z = &p->zone[2 * i];
		int64_t limit_uw[HR_PACKAGE_LIMITS];
		for (int l = 0; l < HR_PACKAGE_LIMITS; l++)
			limit_uw[l] = z->fault == HR_PLANT_LIE ? z->shown_uw[l]
							       : k->limit[l].limit_uw;
		sum += hr_package_allowed_uw(k, limit_uw[HR_PACKAGE_LONG],
					     limit_uw[HR_PACKAGE_SHORT]);
	}
	return wall_uw(p, sum, hr_plant_rest_bound_uw(p));
}

int64_t hr_plant_draw_wall_uw(const struct hr_plant *p)
{
	int64_t sum = 0;
	for (int i = 0; i < p->conf.n_packages; i++)
		sum += p->package[i].draw_uw + p->package[i].dram_uw;
	return wall_uw(p, sum, p->conf.rest_uw);
}

int64_t hr_plant_demand_wall_uw(const struct hr_plant *p)
{
	int64_t sum = 0;
	for (int i = 0; i < p->conf.n_packages; i++)
		sum += p->package[i].demand.power_uw + p->package[i].demand.dram_uw;
	return wall_uw(p, sum, p->conf.rest_uw);
}

int64_t hr_plant_share_uw(const struct hr_plant *p, int64_t wall_uw_most)
{
	int64_t devices = hr_muldiv_floor(wall_uw_most - hr_plant_rest_bound_uw(p),
					  p->conf.efficiency_permille, 1000);
	int64_t share = hr_max_i64(devices / p->conf.n_packages, 0);
	return share - share % HR_PLANT_POWER_STEP_UW;
}

int64_t hr_plant_work(const struct hr_plant *p)
{
	int64_t sum = 0;
	for (int i = 0; i < p->conf.n_packages; i++)
		sum += p->package[i].work;
	return sum;
}

int64_t hr_plant_wall_energy_uj(const struct hr_plant *p)
{
	int64_t nj = 0;
	for (int i = 0; i < p->conf.n_packages; i++)
		nj += p->package[i].energy_nj + p->package[i].dram_energy_nj;
	int64_t rest = hr_muldiv_floor(p->conf.rest_uw, p->now_ns - p->zero_ns, HR_NS_PER_S);
	return hr_muldiv_ceil(nj, 1, p->conf.efficiency_permille) + rest;
}
