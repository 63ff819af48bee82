/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much of what donors free do hungry nodes get, how soon, and how often are limits written?
 *
 * sim/surplus.h is the loop. The printed figures are ratios and counts of virtual time: the
 * machine's speed does not enter.
 *
 *   freed      watts that each donor leaves below its fair share of 250 W
 *   delivered  watts that hungry nodes hold above fair / watts that donors leave below fair, from
 *              the fourth round after a change to the next (mean, and least over the changes)
 *   rounds90   rounds of 250 ms after a change until 90 % are held (greatest over the changes)
 *   writes     limits written per node and minute while every load is flat
 *   socket     seconds until a socket that turns busy beside an idle one holds 95 % of what the
 *              node could give it (greatest over nodes and changes)
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/units.h"
#include "sim/surplus.h"

static void row(uint64_t seed, int64_t noise_w, int64_t freed_w)
{
	struct hr_surplus_case what = {.seed = seed,
				       .noise_uw = noise_w * HR_UW_PER_W,
				       .fair_uw = 250 * HR_UW_PER_W,
				       .low_uw = (250 - freed_w) * HR_UW_PER_W};
	struct hr_surplus_figures f = hr_surplus_run(&what);
	int64_t socket_ns = hr_surplus_imbalance_ns(&what);

	printf("%5" PRId64 "  %5" PRId64 "  %4" PRIu64 "  %9.3f  %9.3f  %8.2f  %10.3f  %6.2f\n",
	       freed_w, noise_w, seed, (double)f.delivered_permille / 1e3,
	       (double)f.least_permille / 1e3, (double)f.to_90_ns / (double)f.round_ns,
	       (double)f.writes_permille / 1e3, (double)socket_ns / 1e9);
}

int main(void)
{
	static const int64_t freed_w[] = {100, 60}, noise_w[] = {0, 2, 5};

	printf("freed  noise  seed  delivered      least  rounds90  writes/min  socket\n");
	for (size_t f = 0; f < HR_ARRAY_LEN(freed_w); f++)
		for (size_t n = 0; n < HR_ARRAY_LEN(noise_w); n++)
			for (uint64_t seed = 1; seed <= 8; seed++)
				row(seed, noise_w[n], freed_w[f]);
	return 0;
}
