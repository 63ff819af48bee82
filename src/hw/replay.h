/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A meter that plays a recorded trace of power, for tests and demonstrations. It draws nothing
 * and obeys no limit.
 *
 * conf.option is the path of the trace ("loop:PATH": play it over and over). The format is CSV:
 *
 *   # lines that begin with '#', and empty lines, are comments
 *   t_s,package-0,dram-0,gpu-1       the header: time, then one column per zone
 *   0,71.25,13.1,                    seconds, then watts, decimal; an empty field: not readable
 *   0.1,72,13.1,240.5
 *
 * Names as hr_name_is_valid, each once; package-N, package-N-die-M, dram-N, gpu-N, psys, core and
 * uncore mean what they say, any other is a zone of kind OTHER. Times rise strictly; they count
 * from the first row, which is the moment of the first read. A row holds until the next; the last
 * one for as long as the one before it. After the end every zone is UNREADABLE (LOST).
 */
#ifndef HR_HW_REPLAY_H
#define HR_HW_REPLAY_H

#include "hw/meter.h"

#define HR_REPLAY_ROWS_MAX 1000000

/* open: -ENOENT and the like for the file, -EINVAL with file and line for its contents. */
extern const struct hr_meter_ops hr_replay_meter_ops;

#endif
