/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Deterministic random numbers for simulation and tests: xoshiro256** seeded by splitmix64
 * (Blackman, Vigna 2018, public domain reference). Not for keys.
 */
#ifndef HR_BASE_RNG_H
#define HR_BASE_RNG_H

#include <stdbool.h>
#include <stdint.h>

struct hr_rng {
	uint64_t s[4];
};

void hr_rng_init(struct hr_rng *r, uint64_t seed);
uint64_t hr_rng_next(struct hr_rng *r);
/* Uniform in [0, bound), bound > 0, without modulo bias. */
uint64_t hr_rng_below(struct hr_rng *r, uint64_t bound);
/* Uniform in [low, high], low <= high. */
int64_t hr_rng_range(struct hr_rng *r, int64_t low, int64_t high);
/* Uniform in [0, 1). */
double hr_rng_unit(struct hr_rng *r);
/* True with probability p. */
bool hr_rng_chance(struct hr_rng *r, double p);
/* Normal with mean 0 and standard deviation 1. */
double hr_rng_normal(struct hr_rng *r);

#endif
