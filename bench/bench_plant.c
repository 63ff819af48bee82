/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a virtual node costs: the time that the physics of one simulated second takes, for flat,
 * noisy and starved work, with tight and with firmware's windows.
 *
 * bench_plant [NODES [SECONDS]] prints a table and then the same as one JSON object. It measures
 * and promises nothing: no figure is asserted.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/units.h"
#include "sim/plant.h"

#define W HR_UW_PER_W

struct row {
	const char *name;
	int64_t limit_uw;
	int64_t window_us;
	int64_t noise_uw;
};

static const struct row rows[] = {
    {"flat, not capped", 165 * W, 999424, 0},
    {"noisy, not capped", 165 * W, 999424, 5 * W},
    {"noisy, capped, window 10 ms", 90 * W, 9760, 5 * W},
    {"noisy, capped, window 1 s", 90 * W, 999424, 5 * W},
};

/* Nanoseconds per node and simulated second, asked ten times a second. */
static int64_t measure(struct hr_plant *p, size_t n, int seconds, const struct row *row)
{
	const struct hr_load load = {
	    .kind = HR_LOAD_FLAT, .high_uw = 130 * W, .noise_uw = row->noise_uw, .noise_ms = 100};
	struct hr_plant_conf c = hr_plant_conf_default();
	for (size_t i = 0; i < n; i++) {
		c.seed = i;
		if (hr_plant_init(&p[i], &c, 0) < 0)
			exit(1);
		hr_plant_set_load(&p[i], -1, &load);
		for (int zone = 0; zone < 2 * c.n_packages; zone += 2)
			if (hr_plant_set_limit(&p[i], zone, HR_PACKAGE_LONG, row->limit_uw) < 0 ||
			    hr_plant_set_window(&p[i], zone, HR_PACKAGE_LONG, row->window_us) < 0)
				exit(1);
	}
	int64_t begin = hr_now_read().raw_ns;
	for (int64_t t = 1; t <= 10 * seconds; t++)
		for (size_t i = 0; i < n; i++)
			hr_plant_advance(&p[i], t * 100 * HR_NS_PER_MS);
	return (hr_now_read().raw_ns - begin) / ((int64_t)n * seconds);
}

static long argument(int argc, char **argv, int i, long usual)
{
	long v = argc > i ? strtol(argv[i], NULL, 10) : usual;
	return v > 0 && v <= 100000 ? v : usual;
}

int main(int argc, char **argv)
{
	size_t n = (size_t)argument(argc, argv, 1, 1000);
	int seconds = (int)argument(argc, argv, 2, 10);
	struct hr_plant *p = calloc(n, sizeof(*p));
	if (!p)
		return 1;
	int64_t took[HR_ARRAY_LEN(rows)];
	printf("%zu nodes of two packages, %d s; %zu bytes each\n", n, seconds, sizeof(*p));
	printf("%-30s %20s\n", "work", "us per node-second");
	for (size_t i = 0; i < HR_ARRAY_LEN(rows); i++) {
		took[i] = measure(p, n, seconds, &rows[i]);
		printf("%-30s %16" PRId64 ".%03" PRId64 "\n", rows[i].name, took[i] / 1000,
		       took[i] % 1000);
	}
	printf("{\"bench\":\"plant\",\"nodes\":%zu,\"seconds\":%d,\"ns_per_node_second\":{", n,
	       seconds);
	for (size_t i = 0; i < HR_ARRAY_LEN(rows); i++)
		printf("%s\"%s\":%" PRId64, i ? "," : "", rows[i].name, took[i]);
	printf("}}\n");
	free(p);
	return 0;
}
