/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What happens in a demo, and when: one table of steps in per mille of its length, counted from the
 * moment when every node is admitted and the judge at the registers is armed.
 *
 * The loads are recordings of real machines, mapped to the range of the virtual ones; which node
 * plays which recording, and from where in it, follows from the seed alone.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "cli/demo.h"

#define ADMIT_MS (30 * 1000)
#define TICK_MS 100
#define ASK_TICKS 3
/* A lease, the guard's tick, its write, and a loaded machine: after that a node must have fallen.
 */
#define DOWN_NS (2600 * HR_NS_PER_MS)

enum load { LOAD_IDLE, LOAD_EVEN, LOAD_ODD, LOAD_ALL };

static struct hr_demo_mark *mark(struct hr_demo *d, enum hr_demo_mark_kind kind, const char *text)
{
	HR_CHECK(d->n_marks < HR_DEMO_MARKS_MAX);
	struct hr_demo_mark *m = &d->mark[d->n_marks++];
	int64_t budget_uw = d->n_marks > 1 ? m[-1].budget_uw : d->budget_uw;

	*m = (struct hr_demo_mark){
	    .t_ns = hr_now_read().raw_ns, .kind = kind, .budget_uw = budget_uw};
	snprintf(m->text, sizeof(m->text), "%s", text);
	return m;
}

static bool is_busy(size_t i, enum load load)
{
	return load == LOAD_ALL || (load == LOAD_EVEN && i % 2 == 0) ||
	       (load == LOAD_ODD && i % 2 == 1);
}

static int give_load(struct hr_demo *d, enum load load, struct hr_err *reterr)
{
	static const char *const recording[] = {"ep", "lu", "mg"};
	struct hr_rng rng;
	int rc = 0;

	hr_rng_init(&rng, (uint64_t)d->seed);
	for (size_t i = 0; rc == 0 && i < d->n_nodes; i++)
		for (int package = 0; rc == 0 && package < 2; package++) {
			const char *name = recording[hr_rng_below(&rng, HR_ARRAY_LEN(recording))];
			int64_t phase_ms = hr_rng_range(&rng, 0, 20000);

			if (is_busy(i, load))
				rc = hr_demo_rack_command(
				    d, reterr,
				    "workload n%04zu:%d trace=%s low=80W high=198W noise=2W "
				    "phase=%" PRId64 "ms",
				    i + 1, package, name, phase_ms);
			else
				rc = hr_demo_rack_command(d, reterr,
							  "workload n%04zu:%d flat 32W noise=2W",
							  i + 1, package);
		}
	return rc;
}

static int phase(struct hr_demo *d, enum load load, const char *text, struct hr_err *reterr)
{
	mark(d, HR_DEMO_PHASE, text);
	d->phase = text;
	hr_demo_table_say(d, text);
	return give_load(d, load, reterr);
}

static int one_half(struct hr_demo *d, struct hr_err *reterr)
{
	return phase(d, LOAD_EVEN, "half of the nodes work", reterr);
}

static int other_half(struct hr_demo *d, struct hr_err *reterr)
{
	return phase(d, LOAD_ODD, "the other half works", reterr);
}

static int all_work(struct hr_demo *d, struct hr_err *reterr)
{
	return phase(d, LOAD_ALL, "all work, primaries first", reterr);
}

static int last_half(struct hr_demo *d, struct hr_err *reterr)
{
	return phase(d, LOAD_ODD, "half of the nodes work", reterr);
}

static int kill_agent(struct hr_demo *d, struct hr_err *reterr)
{
	char name[24], text[64];

	(void)reterr;
	snprintf(name, sizeof(name), "agent%zu", d->victim + 1);
	snprintf(text, sizeof(text), "kill -9 agent of n%zu", d->victim + 1);
	mark(d, HR_DEMO_AGENT_KILLED, text)->node = d->victim;
	hr_demo_child_kill(d, name, SIGKILL);
	hr_demo_table_say(d, text);
	return 0;
}

static int start_agent(struct hr_demo *d, struct hr_err *reterr)
{
	char text[64];

	snprintf(text, sizeof(text), "agent of n%zu restarted", d->victim + 1);
	mark(d, HR_DEMO_AGENT_STARTED, text)->node = d->victim;
	hr_demo_table_say(d, text);
	return hr_demo_rack_start_agent(d, d->victim, reterr);
}

/*
 * For the judge the budget is in force from before the request was sent: not a moment too late. A
 * node that is silent is charged what it had, and then the cut may not fit: it is tried again.
 */
static int cut(struct hr_demo *d, struct hr_err *reterr)
{
	char text[64], watts[HR_UNITS_TEXT_BYTES];
	int64_t t_ns = hr_now_read().raw_ns;
	int rc = hr_demo_rack_set_budget(d, d->cut_uw, reterr);

	if (rc == -ENOSPC)
		return -EAGAIN;
	if (rc == 0)
		rc = hr_demo_rack_command(d, reterr, "budget %" PRId64 "uW at=%" PRId64, d->cut_uw,
					  t_ns);
	if (rc == 0)
		rc = hr_demo_rack_command(d, reterr, "fair %" PRId64 "uW", d->cut_uw);
	snprintf(text, sizeof(text), "budget cut to %s W",
		 hr_power_format_watts(d->cut_uw, 0, watts));
	struct hr_demo_mark *m = mark(d, HR_DEMO_CUT, text);

	m->t_ns = t_ns;
	m->budget_uw = d->cut_uw;
	hr_demo_table_say(d, text);
	return rc;
}

static int kill_controller(struct hr_demo *d, struct hr_err *reterr)
{
	(void)reterr;
	mark(d, HR_DEMO_CONTROLLER_KILLED, "kill -9 controller");
	hr_demo_child_kill(d, "controller", SIGKILL);
	hr_demo_table_say(d, "kill -9 controller");
	return 0;
}

static int start_controller(struct hr_demo *d, struct hr_err *reterr)
{
	mark(d, HR_DEMO_CONTROLLER_STARTED, "controller restarted");
	hr_demo_table_say(d, "controller restarted");
	return hr_demo_rack_start_controller(d, reterr);
}

static const struct {
	int permille;
	int64_t after_ns; /* added to that */
	int (*run)(struct hr_demo *d, struct hr_err *reterr);
} steps[] = {
    {0, 0, one_half},     {180, 0, other_half},        {360, 0, all_work},
    {420, 0, kill_agent}, {420, DOWN_NS, start_agent}, {560, 0, cut},
    {620, 0, last_half},  {720, 0, kill_controller},   {720, DOWN_NS, start_controller},
};

/* Has what was killed and started again come back? Then that is marked, once. */
static void look_for_returns(struct hr_demo *d)
{
	enum hr_demo_mark_kind last = HR_DEMO_ARMED;

	for (size_t i = 0; i < d->n_marks; i++)
		if (d->mark[i].kind >= HR_DEMO_AGENT_KILLED)
			last = d->mark[i].kind;
	if (last != HR_DEMO_AGENT_STARTED && last != HR_DEMO_CONTROLLER_STARTED)
		return;
	if (hr_demo_rack_members(d) != d->n_nodes)
		return;
	bool agent = last == HR_DEMO_AGENT_STARTED;
	const char *text = agent ? "the agent is granted again" : "all nodes are granted again";

	mark(d, agent ? HR_DEMO_AGENT_BACK : HR_DEMO_CONTROLLER_BACK, text)->node = d->victim;
	hr_demo_table_say(d, text);
}

static int admit(struct hr_demo *d, struct hr_err *reterr)
{
	size_t n = 0;

	for (int ms = 0; ms < ADMIT_MS; ms += TICK_MS) {
		int rc = hr_demo_child_pause(d, TICK_MS, reterr);

		if (rc == 0)
			rc = hr_demo_rack_stats(d, reterr);
		if (rc < 0)
			return rc;
		n = hr_demo_rack_members(d);
		if (n == d->n_nodes && hr_demo_rack_int(d, "sum_limit_uw") <= d->budget_uw)
			return 0;
	}
	return hr_err_set(
	    reterr, -ETIMEDOUT,
	    "only %zu of %zu nodes were admitted within %d s: this machine may be too "
	    "small for so many",
	    n, d->n_nodes, ADMIT_MS / 1000);
}

static int arm(struct hr_demo *d, struct hr_err *reterr)
{
	int rc = hr_demo_rack_command(d, reterr, "budget %" PRId64 "uW", d->budget_uw);

	if (rc == 0)
		rc = hr_demo_rack_command(d, reterr, "fair %" PRId64 "uW", d->budget_uw);
	if (rc == 0)
		rc = hr_demo_rack_command(d, reterr, "arm");
	d->t0_ns = mark(d, HR_DEMO_ARMED, "all nodes admitted")->t_ns;
	return rc;
}

int hr_demo_script_run(struct hr_demo *d, struct hr_err *reterr)
{
	int64_t span_ns = d->seconds * HR_NS_PER_S;
	size_t next = 0;
	int rc = admit(d, reterr);

	if (rc == 0)
		rc = arm(d, reterr);
	for (int tick = 0; rc == 0; tick++) {
		int64_t at_ns = hr_now_read().raw_ns - d->t0_ns;

		if (at_ns >= span_ns)
			break;
		if (next < HR_ARRAY_LEN(steps) &&
		    at_ns >= span_ns * steps[next].permille / 1000 + steps[next].after_ns) {
			rc = steps[next].run(d, reterr);
			if (rc == -EAGAIN)
				rc = 0;
			else
				next++;
		}
		if (rc == 0)
			rc = hr_demo_rack_stats(d, reterr);
		if (rc == 0 && tick % ASK_TICKS == 0)
			look_for_returns(d);
		if (rc == 0)
			hr_demo_table_show(d);
		if (rc == 0)
			rc = hr_demo_child_pause(d, TICK_MS, reterr);
	}
	if (rc == 0)
		rc = hr_demo_rack_stats(d, reterr);
	mark(d, HR_DEMO_END, "end");
	return rc;
}
