/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of "headroom demo": real guards, agents and a controller, each a process, on virtual
 * hardware; a script of loads, a cut and two kills; and what the registers' own log says about it.
 *
 * Every figure is made from that log (demo_log.c, demo_figures.c), never from what the controller
 * believes. Invariant: every process that was started is in the list of children and is ended, and
 * the mount and the directory are removed, on every way out.
 */
#ifndef HR_CLI_DEMO_H
#define HR_CLI_DEMO_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include <jansson.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/units.h"
#include "cli/place.h"
#include "net/keypair.h"

#define HR_DEMO_NODES_MAX 64
#define HR_DEMO_CHILDREN_MAX (2 + 2 * HR_DEMO_NODES_MAX)
#define HR_DEMO_MARKS_MAX 64
#define HR_DEMO_PATH_BYTES 128
#define HR_DEMO_LOGS_BYTES 1024

enum hr_demo_mark_kind {
	HR_DEMO_ARMED,
	HR_DEMO_PHASE,
	HR_DEMO_CUT,
	HR_DEMO_AGENT_KILLED,
	HR_DEMO_AGENT_STARTED,
	HR_DEMO_AGENT_BACK, /* it is granted again */
	HR_DEMO_CONTROLLER_KILLED,
	HR_DEMO_CONTROLLER_STARTED,
	HR_DEMO_CONTROLLER_BACK, /* every node is granted again */
	HR_DEMO_END,
};

struct hr_demo_mark {
	int64_t t_ns; /* CLOCK_MONOTONIC_RAW, as the logs */
	enum hr_demo_mark_kind kind;
	size_t node;
	int64_t budget_uw; /* in force from then on */
	char text[64];
};

struct hr_demo_child {
	char name[24];
	pid_t pid; /* 0: not running */
};

struct hr_demo {
	/* asked for */
	size_t n_nodes;
	int64_t seconds;
	int64_t seed;
	bool json;
	bool quiet;
	const char *plot;
	const char *logs; /* where the registers' logs shall stay; NULL: nowhere */
	/* made from that */
	int64_t budget_uw, cut_uw, safe_uw;
	int64_t efficiency_permille, rest_uw;
	char top[HR_DEMO_PATH_BYTES];
	char mount[HR_DEMO_PATH_BYTES + 8];
	char traces[HR_PLACE_BYTES];
	int port, http_port;
	char token[HR_KEY_TEXT_BYTES];
	/* running */
	int signal_fd;
	bool mounted;
	size_t n_children;
	struct hr_demo_child child[HR_DEMO_CHILDREN_MAX];
	size_t n_marks;
	struct hr_demo_mark mark[HR_DEMO_MARKS_MAX];
	const char *phase;
	size_t victim; /* the node whose agent is killed */
	int64_t t0_ns; /* armed */
	int lines_drawn;
	json_t *stats; /* the last figures of the hardware */
};

/* ---- demo_files.c: the directory, keys and configurations ---- */
int hr_demo_files_make(struct hr_demo *d, struct hr_err *reterr) HR_MUST_CHECK;
/* Needs the hardware's figures. */
int hr_demo_files_configure(struct hr_demo *d, struct hr_err *reterr) HR_MUST_CHECK;
/* The directory of the registers' logs; returns buf. */
char *hr_demo_files_logs(const struct hr_demo *d, char buf[HR_DEMO_LOGS_BYTES]);
void hr_demo_files_remove(struct hr_demo *d);

/* ---- demo_child.c: processes ---- */
int hr_demo_child_watch(struct hr_demo *d, struct hr_err *reterr) HR_MUST_CHECK;
/* argv without its first word. What it prints goes to TOP/NAME.log. */
int hr_demo_child_start(struct hr_demo *d, const char *name, const char *program,
			const char *const argv[], struct hr_err *reterr) HR_MUST_CHECK;
void hr_demo_child_kill(struct hr_demo *d, const char *name, int signal);
/* Waits; -EINTR when the user wants to end, -ECHILD when a child ended by itself. */
int hr_demo_child_pause(struct hr_demo *d, int64_t ms, struct hr_err *reterr) HR_MUST_CHECK;
void hr_demo_child_end_all(struct hr_demo *d);

/* ---- demo_rack.c: the hardware and the roles on it ---- */
int hr_demo_rack_start(struct hr_demo *d, struct hr_err *reterr) HR_MUST_CHECK;
int hr_demo_rack_start_agent(struct hr_demo *d, size_t node, struct hr_err *reterr) HR_MUST_CHECK;
int hr_demo_rack_start_controller(struct hr_demo *d, struct hr_err *reterr) HR_MUST_CHECK;
int hr_demo_rack_start_roles(struct hr_demo *d, struct hr_err *reterr) HR_MUST_CHECK;
int hr_demo_rack_command(struct hr_demo *d, struct hr_err *reterr, const char *fmt, ...)
    HR_PRINTF(3, 4) HR_MUST_CHECK;
/* Reads the hardware's figures into d->stats. */
int hr_demo_rack_stats(struct hr_demo *d, struct hr_err *reterr) HR_MUST_CHECK;
int64_t hr_demo_rack_int(const struct hr_demo *d, const char *key);
json_t *hr_demo_rack_node(const struct hr_demo *d, size_t i);
/* How many nodes the controller counts as members that take grants; 0 if it does not answer. */
size_t hr_demo_rack_members(const struct hr_demo *d);
int hr_demo_rack_set_budget(struct hr_demo *d, int64_t uw, struct hr_err *reterr) HR_MUST_CHECK;
bool hr_demo_rack_is_primary(const struct hr_demo *d, size_t node);

/* ---- demo_script.c: what happens when ---- */
int hr_demo_script_run(struct hr_demo *d, struct hr_err *reterr) HR_MUST_CHECK;

/* ---- demo_table.c: what one sees meanwhile ---- */
void hr_demo_table_say(const struct hr_demo *d, const char *text);
void hr_demo_table_show(struct hr_demo *d);

/* ---- demo_log.c: the logs of the registers ---- */
struct hr_demo_write { /* one accepted write of a limit */
	int64_t t_ns;
	size_t node;
	int64_t limit_uw; /* of the node, from then on */
	int64_t sum_uw;
};

struct hr_demo_state { /* one node, ten times a second */
	int64_t draw_uw, limit_uw, demand_uw;
};

struct hr_demo_log {
	size_t n_nodes;
	size_t n_writes;
	struct hr_demo_write *write;
	size_t n_samples;
	int64_t *t_ns;               /* of each sample */
	struct hr_demo_state *state; /* n_samples times n_nodes */
};

int hr_demo_log_read(const struct hr_demo *d, struct hr_demo_log *ret,
		     struct hr_err *reterr) HR_MUST_CHECK;
void hr_demo_log_done(struct hr_demo_log *l);

/* ---- demo_figures.c ---- */
struct hr_demo_figures {
	double span_s;
	int64_t max_sum_uw;
	int64_t violations;
	double worst_over_w;
	double capped_ms, settled_ms; /* -1: not seen */
	double mean_draw_w;
	double surplus;   /* -1: no donor and hungry node at once */
	double donated_w; /* mean, while there were donors */
	int64_t writes;
	double work_vs_fair; /* -1: no work */
	double fallback_ms;  /* -1: nothing to fall back from */
	size_t fallbacks, missed_fallbacks;
};

void hr_demo_figures_make(const struct hr_demo *d, const struct hr_demo_log *l,
			  struct hr_demo_figures *ret);
void hr_demo_figures_print(const struct hr_demo *d, const struct hr_demo_figures *f);
void hr_demo_figures_json(const struct hr_demo *d, const struct hr_demo_figures *f);

/* ---- demo_picture.c ---- */
int hr_demo_picture_write(const struct hr_demo *d, const struct hr_demo_log *l,
			  const struct hr_demo_figures *f, struct hr_err *reterr) HR_MUST_CHECK;

#endif
