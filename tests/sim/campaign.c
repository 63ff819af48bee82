/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random fault schedules over small random clusters, on virtual time, with every rule checked
 * after every event.
 *
 *   campaign [--first SEED] [--schedules N] [--expect-violation] [--verbose]
 *
 * A failing seed is printed with the command that replays it. With --expect-violation (for builds
 * with a planted bug) success is that some schedule fails.
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "sim/world.h"

struct options {
	uint64_t first;
	uint64_t schedules;
	bool expect_violation;
};

static int usage(const char *name)
{
	fprintf(stderr, "usage: %s [--first SEED] [--schedules N] [--expect-violation]\n", name);
	return 2;
}

static int parse(int argc, char **argv, struct options *ret)
{
	static const struct option longs[] = {{"first", required_argument, NULL, 'f'},
					      {"schedules", required_argument, NULL, 'n'},
					      {"expect-violation", no_argument, NULL, 'x'},
					      {NULL, 0, NULL, 0}};
	int c;

	*ret = (struct options){.first = 1, .schedules = 1000};
	while ((c = getopt_long(argc, argv, "", longs, NULL)) >= 0) {
		switch (c) {
		case 'f':
			ret->first = strtoull(optarg, NULL, 10);
			break;
		case 'n':
			ret->schedules = strtoull(optarg, NULL, 10);
			break;
		case 'x':
			ret->expect_violation = true;
			break;
		default:
			return -1;
		}
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct options o;
	uint64_t events = 0, faults = 0, failed = 0, done = 0;
	double used = 0;

	if (parse(argc, argv, &o) < 0)
		return usage(argv[0]);
	for (; done < o.schedules; done++) {
		uint64_t seed = o.first + done;
		struct hr_world_conf conf = hr_world_conf_random(seed);
		struct hr_world_result r;

		if (hr_world_run(&conf, &r) < 0)
			return 1;
		events += r.events;
		faults += r.faults;
		used += r.used;
		if (!r.violated)
			continue;
		failed++;
		printf("# seed %" PRIu64 " at %.6f s: %s\n# replay: %s --first %" PRIu64
		       " --schedules 1\n",
		       seed, (double)r.at_ns / 1e9, r.text, argv[0], seed);
		if (o.expect_violation || failed >= 10)
			break;
	}
	printf("# schedules %" PRIu64 " events %" PRIu64 " faults %" PRIu64 " violations %" PRIu64
	       " used %.3f\n",
	       done, events, faults, failed, done > 0 ? used / (double)done : 0);
	printf("1..1\n%sok 1 - %s\n", (failed > 0) == o.expect_violation ? "" : "not ",
	       o.expect_violation ? "the planted bug is caught" : "no rule is broken");
	return (failed > 0) == o.expect_violation ? 0 : 1;
}
