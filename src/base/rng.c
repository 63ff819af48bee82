/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xoshiro256** 1.0 and splitmix64, after the public domain reference by Blackman and Vigna
 * (2018). No entropy is drawn: the same seed gives the same numbers on every machine. Invariant:
 * the state is never all zero.
 */
#include "base/rng.h"

#include <math.h>

#include "base/attr.h"

static uint64_t splitmix(uint64_t *x)
{
	uint64_t z;

	*x += UINT64_C(0x9e3779b97f4a7c15);
	z = *x;
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static uint64_t rotl(uint64_t x, int k)
{
	return (x << k) | (x >> (64 - k));
}

void hr_rng_init(struct hr_rng *r, uint64_t seed)
{
	int i;

	for (i = 0; i < 4; i++)
		r->s[i] = splitmix(&seed);
}

uint64_t hr_rng_next(struct hr_rng *r)
{
	uint64_t *s = r->s;
	uint64_t result = rotl(s[1] * 5, 7) * 9;
	uint64_t t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotl(s[3], 45);
	return result;
}

uint64_t hr_rng_below(struct hr_rng *r, uint64_t bound)
{
	uint64_t reject, x;

	HR_CHECK(bound > 0);
	/* 2^64 mod bound: the numbers below it would make the first remainders likelier. */
	reject = (0 - bound) % bound;
	do
		x = hr_rng_next(r);
	while (x < reject);
	return x % bound;
}

int64_t hr_rng_range(struct hr_rng *r, int64_t low, int64_t high)
{
	uint64_t span;

	HR_CHECK(low <= high);
	span = (uint64_t)high - (uint64_t)low;
	if (span == UINT64_MAX)
		return (int64_t)hr_rng_next(r);
	return (int64_t)((uint64_t)low + hr_rng_below(r, span + 1));
}

double hr_rng_unit(struct hr_rng *r)
{
	return (double)(hr_rng_next(r) >> 11) * 0x1.0p-53;
}

bool hr_rng_chance(struct hr_rng *r, double p)
{
	return hr_rng_unit(r) < p;
}

double hr_rng_normal(struct hr_rng *r)
{
	/* Box and Muller (1958); 1 - u keeps the logarithm finite. */
	double u = 1.0 - hr_rng_unit(r);
	double v = hr_rng_unit(r);

	return sqrt(-2.0 * log(u)) * cos(2.0 * 3.14159265358979323846 * v);
}
