/* SPDX-License-Identifier: Apache-2.0 */
/*
 * headroom demo: a virtual rack under its budget, with real processes, live. What is done is in
 * demo_*.c; here are the options and the way in and out.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/demo.h"
#include "cli/verb.h"

#define SECONDS_MIN 20
#define SECONDS_MAX 90
#define FUSE_DEVICE "/dev/fuse"
/* Wall power of a node: about two thirds of what a busy one wants; then a fifth less. */
#define BUDGET_NODE_UW (345 * HR_UW_PER_W)
#define CUT_PERMILLE 800
#define SAFE_UW (220 * HR_UW_PER_W)

static int check_fuse(struct hr_err *reterr)
{
	if (access(FUSE_DEVICE, F_OK) < 0)
		return hr_err_set(reterr, -EPERM,
				  "there is no " FUSE_DEVICE
				  ": load the module ('modprobe fuse'), or give the container that "
				  "device ('docker run --device " FUSE_DEVICE
				  " --cap-add SYS_ADMIN')");
	if (access(FUSE_DEVICE, R_OK | W_OK) < 0)
		return hr_err_set(reterr, -EPERM,
				  FUSE_DEVICE " may not be opened: 'sudo chmod 666 " FUSE_DEVICE
					      "', or run the demo as root");
	return 0;
}

static int prepare(struct hr_demo *d, struct hr_err *reterr)
{
	int rc = check_fuse(reterr);

	if (rc == 0 && d->logs != NULL && access(d->logs, W_OK | X_OK) < 0)
		rc = hr_err_set(reterr, -errno, "option --logs: %.200s: %s", d->logs,
				strerror(errno));
	d->safe_uw = SAFE_UW;
	d->budget_uw = BUDGET_NODE_UW * (int64_t)d->n_nodes;
	d->cut_uw = d->budget_uw / 1000 * CUT_PERMILLE;
	if (rc == 0)
		rc = hr_place_data("traces", d->traces, reterr);
	if (rc == 0)
		rc = hr_demo_child_watch(d, reterr);
	if (rc == 0)
		rc = hr_demo_files_make(d, reterr);
	if (rc == 0)
		rc = hr_demo_rack_start(d, reterr);
	if (rc == 0)
		rc = hr_demo_files_configure(d, reterr);
	if (rc == 0)
		rc = hr_demo_rack_start_roles(d, reterr);
	return rc;
}

static int report(struct hr_demo *d, struct hr_demo_figures *f, struct hr_err *reterr)
{
	struct hr_demo_log log = {0};
	int rc = hr_demo_log_read(d, &log, reterr);

	if (rc == 0) {
		hr_demo_figures_make(d, &log, f);
		hr_demo_figures_print(d, f);
		rc = hr_demo_picture_write(d, &log, f, reterr);
	}
	hr_demo_log_done(&log);
	if (rc == 0)
		fprintf(d->json ? stderr : stdout, "  picture           %s\n", d->plot);
	if (rc == 0 && d->json)
		hr_demo_figures_json(d, f);
	return rc;
}

static enum hr_exit perform(const struct hr_verb *v, struct hr_demo *d)
{
	struct hr_demo_figures f = {0};
	struct hr_err err = {0};
	FILE *out = d->json ? stderr : stdout;

	if (!d->quiet)
		fprintf(
		    out,
		    "Starting %zu nodes, each with a guard and an agent, and one controller ...\n",
		    d->n_nodes);
	fflush(out);
	int rc = prepare(d, &err);

	if (rc == 0)
		rc = hr_demo_script_run(d, &err);
	/* the rack ends its logs when it ends */
	hr_demo_child_end_all(d);
	if (rc == 0)
		rc = report(d, &f, &err);
	json_decref(d->stats);
	hr_demo_files_remove(d);
	if (rc < 0)
		return hr_verb_fail(v, &err);
	if (f.violations > 0) {
		fprintf(stderr, "headroom demo: the sum of limits exceeded the budget\n");
		return HR_EXIT_NOT_ENFORCED;
	}
	return HR_EXIT_OK;
}

static enum hr_exit run(const struct hr_verb *v, int argc, char **argv)
{
	int64_t nodes = 8;
	const char *mode = "central";
	struct hr_demo d = {.seconds = 60, .seed = 1, .plot = "headroom-demo.svg", .signal_fd = -1};
	const struct hr_arg arg[] = {
	    {.name = "nodes",
	     .letter = 'n',
	     .argument = "N",
	     .help = "virtual nodes, 2 to 64 (8)",
	     .number = &nodes,
	     .min = 2,
	     .max = HR_DEMO_NODES_MAX},
	    {.name = "seconds",
	     .letter = 's',
	     .argument = "S",
	     .help = "length, 20 to 90 (60)",
	     .number = &d.seconds,
	     .min = SECONDS_MIN,
	     .max = SECONDS_MAX},
	    {.name = "seed",
	     .argument = "K",
	     .help = "of loads and noise (1)",
	     .number = &d.seed,
	     .min = 0,
	     .max = INT64_MAX},
	    {.name = "mode",
	     .argument = "MODE",
	     .help = "central: one controller (central)",
	     .text = &mode},
	    {.name = "plot",
	     .argument = "FILE",
	     .help = "the picture (headroom-demo.svg)",
	     .text = &d.plot},
	    {.name = "logs",
	     .argument = "DIR",
	     .help = "keep the registers' logs in this directory",
	     .text = &d.logs},
	    {.name = "json", .help = "the figures as JSON, last on stdout", .on = &d.json},
	    {.name = "quiet", .letter = 'q', .help = "nothing meanwhile", .on = &d.quiet},
	};
	struct hr_args a = {.arg = arg, .n = HR_ARRAY_LEN(arg)};
	struct hr_err err = {0};
	enum hr_exit code;

	if (!hr_verb_begin(v, &a, argc, argv, &code))
		return code;
	if (strcmp(mode, "central") != 0) {
		hr_err_set(&err, -EINVAL, "option --mode: found '%.40s', expected central", mode);
		return hr_verb_fail(v, &err);
	}
	if (!HR_WITH_VHW) {
		hr_err_set(&err, -ENOTSUP,
			   "this build has no virtual hardware: install libfuse3-dev, then build "
			   "again with -Dvhw=enabled");
		return hr_verb_fail(v, &err);
	}
	d.n_nodes = (size_t)nodes;
	return perform(v, &d);
}

const struct hr_verb hr_verb_demo = {
    .name = "demo",
    .usage = "[OPTION...]",
    .about = "a virtual rack under its budget, live, with real processes",
    .more = "Starts guards, agents and a controller on virtual hardware (FUSE), lets recorded\n"
	    "loads rise and fall, cuts the budget, kills an agent and the controller, and judges\n"
	    "all of it at the registers. Leaves nothing behind but the picture.",
    .run = run,
};
