/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long one allocation over a large tree takes: cluster, rows, racks, chassis, nodes.
 *
 * bench_allocate [LEAVES [RUNS]] prints a table and then the same as one JSON object. It measures
 * and promises nothing: no figure is asserted.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/rng.h"
#include "base/units.h"
#include "power/tree_allocate.h"

#define W HR_UW_PER_W
#define ROWS 10
#define RACKS_PER_ROW 10
#define CHASSIS_PER_RACK 10
#define DOMAINS (1 + ROWS * (1 + RACKS_PER_ROW * (1 + CHASSIS_PER_RACK)) + 2)

static void *zeroed(size_t n, size_t bytes)
{
	void *p = calloc(n, bytes);

	if (p == NULL) {
		fprintf(stderr, "bench_allocate: no memory for %zu x %zu bytes\n", n, bytes);
		exit(1);
	}
	return p;
}

static int add_domain(struct hr_tree *t, char kind, int number, int parent, bool feed,
		      int64_t limit_uw)
{
	char name[HR_NAME_BYTES];
	struct hr_err err;
	int d;

	snprintf(name, sizeof(name), "%c%d", kind, number);
	d = hr_tree_domain_add(t, name, parent, feed, limit_uw, 0, &err);
	if (d < 0) {
		fprintf(stderr, "bench_allocate: %s\n", err.text);
		exit(1);
	}
	return d;
}

/* Every level is a little tighter than the sum of what lies below, so that each one binds. */
static void build(struct hr_tree *t, int n_leaves, bool feeds, struct hr_rng *r)
{
	int64_t chassis_uw = 170 * W * n_leaves / (ROWS * RACKS_PER_ROW * CHASSIS_PER_RACK);
	int64_t rack_uw = chassis_uw * CHASSIS_PER_RACK / 100 * 97;
	int64_t row_uw = rack_uw * RACKS_PER_ROW / 100 * 97;
	int root = add_domain(t, 'C', 0, -1, false, row_uw * ROWS / 100 * 97);
	int first[ROWS * RACKS_PER_ROW * CHASSIS_PER_RACK], n = 0, feed[2] = {-1, -1};

	for (int i = 0; i < ROWS; i++) {
		int row = add_domain(t, 'w', i, root, false, row_uw);

		for (int j = 0; j < RACKS_PER_ROW; j++) {
			int rack = add_domain(t, 'k', i * RACKS_PER_ROW + j, row, false, rack_uw);

			for (int k = 0; k < CHASSIS_PER_RACK; k++, n++)
				first[n] = add_domain(t, 'h', n, rack, false, chassis_uw);
		}
	}
	for (int f = 0; feeds && f < 2; f++)
		feed[f] = add_domain(t, 'f', f, -1, true, row_uw * ROWS * (f == 0 ? 44 : 50) / 100);
	for (int i = 0; i < n_leaves; i++) {
		struct hr_tree_leaf l = {
		    .domain = first[i % n],
		    .feed = {{feed[0], 500}, {feed[1], 500}},
		    .floor_uw = 60 * W,
		    .ceiling_uw = 400 * W,
		    .safe_uw = 80 * W,
		    .need_uw = hr_rng_range(r, 50, 400) * W + hr_rng_range(r, 0, 999999),
		    .class = hr_rng_chance(r, 0.5) ? HR_CLASS_PRIMARY : HR_CLASS_REPLICA,
		    .weight = HR_WEIGHT_DEFAULT,
		};

		if (hr_tree_leaf_add(t, &l, NULL) < 0)
			exit(1);
	}
}

static int compare(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void measure(int n_leaves, int runs, bool feeds)
{
	size_t n = (size_t)n_leaves;
	struct hr_tree t;
	struct hr_tree_scratch s = {
	    .order = zeroed(n, sizeof(*s.order)),
	    .have = zeroed(n, sizeof(*s.have)),
	    .want = zeroed(n, sizeof(*s.want)),
	    .allowed = zeroed(n, sizeof(*s.allowed)),
	    .item = zeroed(n, sizeof(*s.item)),
	    .feed_item = zeroed(n, sizeof(*s.feed_item)),
	    .active = zeroed(n, sizeof(*s.active)),
	    .member = zeroed(n * HR_TREE_FEEDS_MAX, sizeof(*s.member)),
	};
	int64_t *took = zeroed((size_t)runs, sizeof(*took)), sum = 0;
	int middle = runs / 2;
	struct hr_rng r;

	hr_rng_init(&r, 1);
	hr_tree_init(&t, zeroed(DOMAINS, sizeof(*t.domain)), DOMAINS, zeroed(n, sizeof(*t.leaf)),
		     n_leaves);
	build(&t, n_leaves, feeds, &r);
	for (int i = 0; i < runs; i++) {
		int64_t begin = hr_now_read().raw_ns;

		hr_tree_allocate(&t, &s);
		took[i] = hr_now_read().raw_ns - begin;
	}
	for (int i = 0; i < n_leaves; i++)
		sum += t.leaf[i].share_uw;
	qsort(took, (size_t)runs, sizeof(*took), compare);
	printf("%8d leaves  %4d domains  feeds %-3s  least %8.3f ms  p50 %8.3f ms  given %" PRId64
	       " of %" PRId64 " uW\n",
	       n_leaves, t.n_domains, feeds ? "yes" : "no", (double)took[0] / 1e6,
	       (double)took[middle] / 1e6, sum, t.domain[0].limit_uw);
	printf("{\"bench\":\"allocate\",\"leaves\":%d,\"levels\":4,\"feeds\":%s,\"least_ms\":%.3f,"
	       "\"p50_ms\":%.3f}\n",
	       n_leaves, feeds ? "true" : "false", (double)took[0] / 1e6,
	       (double)took[middle] / 1e6);
	free(s.order);
	free(s.have);
	free(s.want);
	free(s.allowed);
	free(s.item);
	free(s.feed_item);
	free(s.active);
	free(s.member);
	free(t.domain);
	free(t.leaf);
	free(took);
}

int main(int argc, char **argv)
{
	long n = argc > 1 ? strtol(argv[1], NULL, 10) : 100000;
	long runs = argc > 2 ? strtol(argv[2], NULL, 10) : 50;

	if (n < 1 || n > 10000000 || runs < 1 || runs > 100000) {
		fprintf(stderr, "usage: bench_allocate [LEAVES [RUNS]]\n");
		return 2;
	}
	measure((int)n, (int)runs, false);
	measure((int)n, (int)runs, true);
	return 0;
}
