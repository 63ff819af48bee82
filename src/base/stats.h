/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Small running statistics: how noisy is a reading? Three kinds: over everything seen, fading
 * with age, and over the last few values.
 *
 * Floating point, hence for estimates only, never for amounts that are conserved. A value that is
 * not finite is not counted. Nothing here allocates or reads a clock.
 */
#ifndef HR_BASE_STATS_H
#define HR_BASE_STATS_H

#include <stddef.h>
#include <stdint.h>

/* Mean and variance of all values (Welford 1962). */
struct hr_stats {
	uint64_t n;
	double mean;
	double m2; /* sum of squared distances from the mean */
	double least;
	double most;
};

void hr_stats_init(struct hr_stats *s);
void hr_stats_add(struct hr_stats *s, double x);
/* Of the sample (n - 1); 0 while n < 2. */
double hr_stats_variance(const struct hr_stats *s);
double hr_stats_deviation(const struct hr_stats *s);

/* Mean and variance that forget: a value of age tau_ns counts 1/e of a fresh one. */
struct hr_stats_ewma {
	int64_t tau_ns; /* > 0 */
	uint64_t n;
	double mean;
	double variance;
};

void hr_stats_ewma_init(struct hr_stats_ewma *e, int64_t tau_ns);
/* span_ns: distance to the value before; uneven spacing is weighed rightly. <= 0: not counted. */
void hr_stats_ewma_add(struct hr_stats_ewma *e, double x, int64_t span_ns);
double hr_stats_ewma_deviation(const struct hr_stats_ewma *e);

/* The last HR_STATS_RING values; exact percentiles of integers. */
#define HR_STATS_RING 128

struct hr_stats_ring {
	size_t n;    /* values held, at most HR_STATS_RING */
	size_t next; /* where the next one goes */
	int64_t value[HR_STATS_RING];
};

void hr_stats_ring_init(struct hr_stats_ring *r);
void hr_stats_ring_add(struct hr_stats_ring *r, int64_t x);
/*
 * The smallest value held that at least per_mille thousandths of the values do not exceed
 * (nearest rank); per_mille 0 is the least, 500 the median, 1000 the most. 0 if none is held.
 */
int64_t hr_stats_ring_percentile(const struct hr_stats_ring *r, unsigned per_mille);

#endif
