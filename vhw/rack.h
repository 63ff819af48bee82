/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All virtual nodes of one process, their recorder and its logs. Shell: it writes the log files,
 * but the time is handed in and the tree's texts are files.c's. Beside each node runs a *fair twin*
 * with the same seed, the same work and no faults, under a static equal share of a budget
 * (hr_rack_fair): its work is what Headroom's is compared with.
 *
 * Two logs, if a directory is given (CSV, one header line, numbers without units):
 *   registers.csv  every write of a limit, window or switch through the tree, also failed ones:
 *	t_raw_ns,node,zone,what,old,new,result,node_limit_uw,sum_limit_uw,node_draw_uw
 *	result is 0 or a negative errno; the powers are wall power
 *   state.csv      ten times a second, one line per node:
 *	t_raw_ns,node,draw_uw,limit_uw,demand_uw,work_ms,fair_work_ms
 */
#ifndef HR_VHW_RACK_H
#define HR_VHW_RACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "sim/plant.h"
#include "sim/trace.h"
#include "vhw/recorder.h"
#include "vhw/files.h"

#define HR_RACK_TRACES_MAX 32

struct hr_rack;

struct hr_rack_conf {
	size_t n_nodes; /* 1 to HR_FILES_NODES_MAX */
	struct hr_plant_conf plant;
	const char *log_dir; /* NULL: no logs; must exist */
};

/* NULL with the sentence on failure. The rack belongs to the caller. */
struct hr_rack *hr_rack_new(const struct hr_rack_conf *conf, int64_t now_ns,
			    struct hr_err *reterr) HR_MUST_CHECK;
/* Ends the logs and the rack; NULL is fine. Returns NULL. */
struct hr_rack *hr_rack_free(struct hr_rack *r);

size_t hr_rack_nodes(const struct hr_rack *r);
int hr_rack_packages(const struct hr_rack *r);

/* Adds a trace, which then belongs to the rack; -ENOSPC after HR_RACK_TRACES_MAX. */
int hr_rack_add_trace(struct hr_rack *r, struct hr_trace *t) HR_MUST_CHECK;
const struct hr_trace *hr_rack_trace(const struct hr_rack *r, const char *name);

/* A file of a node: as hr_files_read and hr_files_write, at now, with record. */
int hr_rack_read(struct hr_rack *r, struct hr_files_ref ref, int64_t now_ns,
		 char ret[HR_FILES_TEXT_BYTES]) HR_MUST_CHECK;
int hr_rack_write(struct hr_rack *r, struct hr_files_ref ref, int64_t now_ns, const char *text,
		  size_t text_bytes) HR_MUST_CHECK;

/* What the control commands do (command.h). node and package -1: all of them. */
void hr_rack_load(struct hr_rack *r, long node, int package, const struct hr_load *load,
		  int64_t now_ns);
void hr_rack_fault(struct hr_rack *r, long node, int zone, enum hr_plant_fault fault,
		   int64_t argument, int64_t now_ns);
void hr_rack_overwrite(struct hr_rack *r, long node, int zone, enum hr_package_limit which,
		       int64_t uw, int64_t now_ns);
void hr_rack_boot(struct hr_rack *r, long node, int64_t span_ns, int64_t now_ns);
void hr_rack_budget(struct hr_rack *r, int64_t t_ns, int64_t budget_uw);
void hr_rack_arm(struct hr_rack *r, int64_t now_ns);
/* Puts the twins under equal static shares of a budget; at first they are not capped. */
void hr_rack_fair(struct hr_rack *r, int64_t budget_uw, int64_t now_ns);

/* Computes every node up to now, tells the recorder the draw; with state true also logs it. */
void hr_rack_tick(struct hr_rack *r, int64_t now_ns, bool state);
/* Should the next tick come within a hundredth of a second (a cut is waiting)? */
bool hr_rack_hurried(const struct hr_rack *r);

/* One JSON object with all figures; *ret_text is the caller's to free. -ENOMEM. */
int hr_rack_stats(struct hr_rack *r, int64_t now_ns, char **ret_text,
		  size_t *ret_bytes) HR_MUST_CHECK;

#endif
