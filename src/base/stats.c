/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running statistics. No histogram, no storage beyond the ring. Invariant: variances are never
 * negative and nothing becomes NaN, whatever is put in.
 */
#include "base/stats.h"

#include <math.h>
#include <string.h>

#include "base/sort.h"

void hr_stats_init(struct hr_stats *s)
{
	*s = (struct hr_stats){0};
}

void hr_stats_add(struct hr_stats *s, double x)
{
	double distance;

	if (!isfinite(x))
		return;
	if (s->n == 0 || x < s->least)
		s->least = x;
	if (s->n == 0 || x > s->most)
		s->most = x;
	s->n++;
	distance = x - s->mean;
	s->mean += distance / (double)s->n;
	s->m2 += distance * (x - s->mean);
}

double hr_stats_variance(const struct hr_stats *s)
{
	return s->n < 2 ? 0.0 : s->m2 / (double)(s->n - 1);
}

double hr_stats_deviation(const struct hr_stats *s)
{
	return sqrt(hr_stats_variance(s));
}

void hr_stats_ewma_init(struct hr_stats_ewma *e, int64_t tau_ns)
{
	*e = (struct hr_stats_ewma){.tau_ns = tau_ns};
}

void hr_stats_ewma_add(struct hr_stats_ewma *e, double x, int64_t span_ns)
{
	double distance, weight;

	if (!isfinite(x) || span_ns <= 0 || e->tau_ns <= 0)
		return;
	if (e->n++ == 0) {
		e->mean = x;
		return;
	}
	/* Finch, "Incremental calculation of weighted mean and variance" (2009), section 9. */
	weight = -expm1(-(double)span_ns / (double)e->tau_ns);
	distance = x - e->mean;
	e->mean += weight * distance;
	e->variance = (1.0 - weight) * (e->variance + weight * distance * distance);
}

double hr_stats_ewma_deviation(const struct hr_stats_ewma *e)
{
	return sqrt(e->variance);
}

void hr_stats_ring_init(struct hr_stats_ring *r)
{
	*r = (struct hr_stats_ring){0};
}

void hr_stats_ring_add(struct hr_stats_ring *r, int64_t x)
{
	r->value[r->next] = x;
	r->next = (r->next + 1) % HR_STATS_RING;
	if (r->n < HR_STATS_RING)
		r->n++;
}

static int compare_values(const void *a, const void *b, void *ctx)
{
	int64_t x, y;

	(void)ctx;
	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	return (x > y) - (x < y);
}

int64_t hr_stats_ring_percentile(const struct hr_stats_ring *r, unsigned per_mille)
{
	int64_t sorted[HR_STATS_RING];
	size_t rank;

	if (r->n == 0)
		return 0;
	memcpy(sorted, r->value, r->n * sizeof(sorted[0]));
	hr_sort(sorted, r->n, sizeof(sorted[0]), compare_values, NULL);
	if (per_mille > 1000)
		per_mille = 1000;
	rank = (r->n * per_mille + 999) / 1000;
	return sorted[rank == 0 ? 0 : rank - 1];
}
