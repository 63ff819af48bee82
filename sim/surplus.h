/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What becomes of the watts that donors free: the very cores of agent, guard and controller in a
 * closed loop on virtual time, with two-socket nodes on flat or noisy load.
 *
 * It holds no checker of the rules (world.h does) and draws no picture: it counts. Its figures
 * are those of the virtual hardware's registers, not of any core's belief.
 */
#ifndef HR_SIM_SURPLUS_H
#define HR_SIM_SURPLUS_H

#include <stdint.h>

struct hr_surplus_case {
	uint64_t seed;
	int64_t noise_uw; /* uniform, each way, per node and sample of 100 ms */
	int64_t fair_uw;  /* an equal share of the budget, wall power of a node */
	int64_t low_uw;   /* what a donor draws; half of the nodes are donors */
};

struct hr_surplus_figures {
	/* held above fair by the hungry / left below fair by the donors, from the fourth round
	   after a change to the next: mean, and least at any instant */
	int64_t delivered_permille;
	int64_t least_permille;
	int64_t to_90_ns; /* after a change until 90 % are held: longest over the changes */
	int64_t round_ns;
	int64_t writes_permille; /* limits written per node and 1000 minutes of steady load */
};

struct hr_surplus_figures hr_surplus_run(const struct hr_surplus_case *what);

/*
 * One socket of every node turns busy while the other stays idle, under a cap that was tight: how
 * long until the busy one holds 95 % of what the node could give it of its fair share (longest
 * over nodes and changes; 20 s if it never did). low_uw is not used.
 */
int64_t hr_surplus_imbalance_ns(const struct hr_surplus_case *what);

#endif
