/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small cluster on virtual time: the very cores of guard, agent and controller, a network that
 * loses, delays, repeats and reorders, and parts that crash, pause, reboot and are cut off.
 *
 * One call runs one seeded schedule: a time of faults, then a time of calm in which everything
 * returns. After every event the checkers (sim/check.h) compare what the registers allow with
 * what the ledger charges. Nothing here reads a clock or a file; equal settings give equal runs.
 */
#ifndef HR_SIM_WORLD_H
#define HR_SIM_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "power/ledger.h"

#define HR_WORLD_NODES_MAX 10
#define HR_WORLD_TEXT_BYTES 300

struct hr_world_conf {
	uint64_t seed;
	int nodes; /* 1 to HR_WORLD_NODES_MAX */
	enum hr_silent silent;
	bool reserve_for_boot;
	int64_t faults_ns; /* how long there are faults */
	int64_t calm_ns;   /* and how long there are none afterwards */
	double loss;       /* probability for each message */
	double duplicate;
	double late; /* probability of a long delay */
	int64_t late_most_ns;
	double fault_every_s; /* mean distance of faults */
	/* which faults there are */
	bool crash_guard, crash_agent, crash_controller, pause_guard, reboot, partition, cut, leave;
	bool release, steps, lies, clients, suspend, depose;
	bool racks;   /* two racks and a feed, each with a budget of its own */
	bool verbose; /* say every event on stdout */
};

struct hr_world_result {
	bool violated;
	int64_t at_ns;
	char text[HR_WORLD_TEXT_BYTES]; /* rule and amounts of the first violation */
	uint64_t events, grants, reports, writes, faults;
	int64_t lie_overshoot_uj; /* allowed by lying hardware above what was charged */
	double used;              /* part of the budget granted at the end of the calm */
};

/* A random configuration: what a campaign runs. Equal seeds give equal configurations. */
struct hr_world_conf hr_world_conf_random(uint64_t seed);

/* Runs one schedule. Allocates its world once and frees it. -ENOMEM or 0. */
int hr_world_run(const struct hr_world_conf *conf, struct hr_world_result *ret);

#endif
