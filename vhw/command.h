/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The language of the control file: one command per line, words apart by blanks. NODE is n0001 or
 * "all", ZONE is intel-rapl:0 or intel-rapl:0:0, POWER and SPAN carry units ("60 W" or 60W).
 *
 *	fault NODE ZONE none|eio|eacces|locked|ignore|lie|freeze
 *	fault NODE ZONE clamp POWER		the least limit that is taken
 *	fault NODE ZONE jump UJ			the counter leaps, forward or back, once
 *	overwrite NODE ZONE long|short POWER	as another program would
 *	workload NODE[:PACKAGE] idle
 *	workload NODE[:PACKAGE] flat POWER [KEY=VALUE ...]
 *	workload NODE[:PACKAGE] trace=NAME [KEY=VALUE ...]
 *		scale=1.2  low=POWER high=POWER  speed=2  on=SPAN off=SPAN phase=SPAN
 *		noise=POWER noise_every=SPAN  curve=typical|steep|shallow
 *	boot NODE [SPAN]			firmware's limits; down for SPAN, default 0
 *	budget POWER [at=RAW_NS]		the budget in force from now (or from then)
 *	fair POWER				the twins' budget, in equal static shares
 *	arm					begin to count
 *
 * Powers of a workload are those of one package; budgets are wall power of all nodes.
 */
#ifndef HR_VHW_COMMAND_H
#define HR_VHW_COMMAND_H

#include "vhw/rack.h"

#define HR_COMMAND_BYTES_MAX 512

/* Carries out one line (no newline). 0, or -EINVAL with the sentence and nothing changed. */
int hr_command_run(struct hr_rack *r, const char *line, int64_t now_ns,
		   struct hr_err *reterr) HR_MUST_CHECK;

#endif
