/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The demo's figures, from the registers' log and from the judge at the registers
 * (vhw/recorder.h). Nothing here comes from the controller but the moments at which the script
 * acted and at which what was killed had come back.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "cli/demo.h"

#define ROUND_NS (250 * HR_NS_PER_MS) /* the controller's default */
#define ROUNDS 4
#define DONOR_UW (60 * HR_UW_PER_W)

static int64_t budget_at(const struct hr_demo *d, int64_t t_ns)
{
	int64_t uw = d->budget_uw;

	for (size_t i = 0; i < d->n_marks && d->mark[i].t_ns <= t_ns; i++)
		uw = d->mark[i].budget_uw;
	return uw;
}

/* Is this later than the fourth round after any change, and is nothing dead? */
static bool is_calm(const struct hr_demo *d, int64_t t_ns)
{
	const struct hr_demo_mark *last = NULL;
	bool down = false;

	for (size_t i = 0; i < d->n_marks && d->mark[i].t_ns <= t_ns; i++) {
		last = &d->mark[i];
		if (last->kind == HR_DEMO_AGENT_KILLED || last->kind == HR_DEMO_CONTROLLER_KILLED)
			down = true;
		if (last->kind == HR_DEMO_AGENT_BACK || last->kind == HR_DEMO_CONTROLLER_BACK)
			down = false;
	}
	return last != NULL && !down && last->kind != HR_DEMO_END &&
	       t_ns >= last->t_ns + ROUNDS * ROUND_NS;
}

/*
 * Of the watts that donors (who want at least 60 W less than a fair share) hold below that share,
 * the part that nodes which want more than it hold above it. One that must stay below fair, as a
 * replica may, counts against that. No more counts as donated than hungry nodes can use.
 */
static void surplus(const struct hr_demo *d, const struct hr_demo_log *l,
		    struct hr_demo_figures *ret)
{
	double held = 0, donated = 0;
	size_t n = 0;

	for (size_t k = 0; k < l->n_samples; k++) {
		int64_t fair = budget_at(d, l->t_ns[k]) / (int64_t)d->n_nodes;
		int64_t above = 0, below = 0, usable = 0;

		if (!is_calm(d, l->t_ns[k]))
			continue;
		for (size_t i = 0; i < l->n_nodes; i++) {
			const struct hr_demo_state *s = &l->state[k * l->n_nodes + i];

			if (s->demand_uw <= fair - DONOR_UW)
				below += hr_max_i64(fair - s->limit_uw, 0);
			else if (s->demand_uw > fair) {
				above += s->limit_uw - fair;
				usable += s->demand_uw - fair;
			}
		}
		int64_t given = hr_min_i64(below, usable);

		if (given <= 0)
			continue;
		held += (double)hr_clamp_i64(above, 0, given);
		donated += (double)given;
		n++;
	}
	ret->surplus = donated > 0 ? held / donated : -1;
	ret->donated_w = n > 0 ? donated / (double)n / 1e6 : 0;
}

/* What the node's registers allowed at that moment. */
static int64_t limit_at(const struct hr_demo_log *l, size_t node, int64_t t_ns)
{
	int64_t uw = INT64_MAX;

	for (size_t i = 0; i < l->n_writes && l->write[i].t_ns <= t_ns; i++)
		if (l->write[i].node == node)
			uw = l->write[i].limit_uw;
	return uw;
}

/* From a death on: the span until the node is at min(cap, safe) or below; -1: not before end_ns. */
static int64_t fall_ns(const struct hr_demo *d, const struct hr_demo_log *l, size_t node,
		       int64_t from_ns, int64_t end_ns)
{
	int64_t cap = limit_at(l, node, from_ns), goal = hr_min_i64(cap, d->safe_uw);

	if (cap <= goal)
		return 0;
	for (size_t i = 0; i < l->n_writes && l->write[i].t_ns < end_ns; i++)
		if (l->write[i].t_ns >= from_ns && l->write[i].node == node &&
		    l->write[i].limit_uw <= goal)
			return l->write[i].t_ns - from_ns;
	return -1;
}

static void add_fall(const struct hr_demo *d, const struct hr_demo_log *l, size_t node, size_t mark,
		     struct hr_demo_figures *ret)
{
	/* The mark after a death is the start of the next life, or a step of the script. */
	int64_t end_ns = d->mark[d->n_marks - 1].t_ns;

	for (size_t i = mark + 1; i < d->n_marks; i++)
		if (d->mark[i].kind == HR_DEMO_AGENT_STARTED ||
		    d->mark[i].kind == HR_DEMO_CONTROLLER_STARTED) {
			end_ns = d->mark[i].t_ns;
			break;
		}
	int64_t ns = fall_ns(d, l, node, d->mark[mark].t_ns, end_ns);

	if (ns < 0) {
		ret->missed_fallbacks++;
	} else if (ns > 0) {
		ret->fallbacks++;
		ret->fallback_ms = fmax(ret->fallback_ms, (double)ns / 1e6);
	}
}

static void fallbacks(const struct hr_demo *d, const struct hr_demo_log *l,
		      struct hr_demo_figures *ret)
{
	ret->fallback_ms = -1;
	for (size_t m = 0; m < d->n_marks; m++) {
		if (d->mark[m].kind == HR_DEMO_AGENT_KILLED)
			add_fall(d, l, d->mark[m].node, m, ret);
		for (size_t i = 0; d->mark[m].kind == HR_DEMO_CONTROLLER_KILLED && i < d->n_nodes;
		     i++)
			add_fall(d, l, i, m, ret);
	}
}

/*
 * From the moment before the request that cut the budget was sent until the limits fit. From the
 * log, because the judge is told of a cut only when it was accepted.
 */
static double capped_ms(const struct hr_demo *d, const struct hr_demo_log *l)
{
	const struct hr_demo_mark *m = d->mark, *end = m + d->n_marks;
	int64_t before_uw = 0;

	while (m < end && m->kind != HR_DEMO_CUT)
		m++;
	for (size_t i = 0; m < end && i < l->n_writes; i++) {
		const struct hr_demo_write *w = &l->write[i];

		if (w->t_ns < m->t_ns)
			before_uw = w->sum_uw;
		else if (before_uw <= m->budget_uw)
			return 0;
		else if (w->sum_uw <= m->budget_uw)
			return (double)(w->t_ns - m->t_ns) / 1e6;
	}
	return -1;
}

static double span_ms(const json_t *cut, const char *key)
{
	const json_t *v = json_object_get(cut, key);

	return json_is_integer(v) ? (double)json_integer_value(v) / 1e6 : -1;
}

void hr_demo_figures_make(const struct hr_demo *d, const struct hr_demo_log *l,
			  struct hr_demo_figures *ret)
{
	const json_t *cut = json_array_get(json_object_get(d->stats, "cuts"), 0);
	int64_t fair_work = hr_demo_rack_int(d, "fair_work_ms");

	*ret = (struct hr_demo_figures){
	    .span_s = (double)hr_demo_rack_int(d, "span_ns") / 1e9,
	    .max_sum_uw = hr_demo_rack_int(d, "max_sum_limit_uw"),
	    .violations = hr_demo_rack_int(d, "violations"),
	    .worst_over_w = (double)hr_demo_rack_int(d, "worst_over_uw") / 1e6,
	    .capped_ms = capped_ms(d, l),
	    .settled_ms = span_ms(cut, "settled_ns"),
	    .mean_draw_w = (double)hr_demo_rack_int(d, "mean_draw_uw") / 1e6,
	    .writes = hr_demo_rack_int(d, "limit_writes"),
	    .work_vs_fair = fair_work > 0
				? (double)hr_demo_rack_int(d, "work_ms") / (double)fair_work
				: -1,
	};
	surplus(d, l, ret);
	fallbacks(d, l, ret);
}

static void put_real(json_t *o, const char *key, double v, int decimals)
{
	double scale = pow(10, decimals);

	/* what was not seen is null, never 0 */
	json_object_set_new(o, key, v < 0 ? json_null() : json_real(round(v * scale) / scale));
}

void hr_demo_figures_json(const struct hr_demo *d, const struct hr_demo_figures *f)
{
	json_t *o = json_object();

	json_object_set_new(o, "nodes", json_integer((json_int_t)d->n_nodes));
	json_object_set_new(o, "seconds", json_integer(d->seconds));
	put_real(o, "measured_s", f->span_s, 3);
	json_object_set_new(o, "seed", json_integer(d->seed));
	json_object_set_new(o, "mode", json_string("central"));
	put_real(o, "budget_w", (double)d->budget_uw / 1e6, 3);
	put_real(o, "budget_after_cut_w", (double)d->cut_uw / 1e6, 3);
	put_real(o, "safe_cap_w", (double)d->safe_uw / 1e6, 3);
	put_real(o, "max_sum_caps_w", (double)f->max_sum_uw / 1e6, 3);
	json_object_set_new(o, "violations", json_integer(f->violations));
	put_real(o, "worst_over_w", f->worst_over_w, 3);
	put_real(o, "cut_to_capped_ms", f->capped_ms, 1);
	put_real(o, "cut_to_settled_ms", f->settled_ms, 1);
	put_real(o, "mean_draw_w", f->mean_draw_w, 1);
	put_real(o, "surplus_delivered", f->surplus, 4);
	put_real(o, "donated_w", f->donated_w, 1);
	json_object_set_new(o, "cap_writes", json_integer(f->writes));
	put_real(o, "work_vs_fair", f->work_vs_fair, 4);
	put_real(o, "lease_fallback_ms_max", f->fallback_ms, 1);
	json_object_set_new(o, "lease_fallbacks", json_integer((json_int_t)f->fallbacks));
	json_object_set_new(o, "lease_fallbacks_missed",
			    json_integer((json_int_t)f->missed_fallbacks));
	char *text = json_dumps(o, JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(9));

	printf("%s\n", text != NULL ? text : "{}");
	free(text);
	json_decref(o);
}

static void print_ms(FILE *f, double ms)
{
	if (ms < 0)
		fputs("not seen", f);
	else
		fprintf(f, "%.0f ms", ms);
}

void hr_demo_figures_print(const struct hr_demo *d, const struct hr_demo_figures *f)
{
	FILE *o = d->json ? stderr : stdout;

	fprintf(o, "\nMeasured at the registers of %zu nodes in %.0f s, seed %" PRId64 ":\n",
		d->n_nodes, f->span_s, d->seed);
	fprintf(o, "  budget            %.0f W, then %.0f W; mean draw %.0f W\n",
		(double)d->budget_uw / 1e6, (double)d->cut_uw / 1e6, f->mean_draw_w);
	fprintf(o,
		"  sum of caps       at most %.1f W; over the budget in force %" PRId64 " times\n",
		(double)f->max_sum_uw / 1e6, f->violations);
	fputs("  after the cut     limits fit after ", o);
	print_ms(o, f->capped_ms);
	fputs(", the draw after ", o);
	print_ms(o, f->settled_ms);
	fputs("\n  killed with -9    an agent, the controller: nodes cut off were safe within ", o);
	print_ms(o, f->fallback_ms);
	if (f->missed_fallbacks > 0)
		fprintf(o, ", %zu never", f->missed_fallbacks);
	if (f->surplus >= 0)
		fprintf(
		    o,
		    "\n  surplus           %.0f %% of %.0f W that idle nodes left went to hungry "
		    "ones",
		    f->surplus * 100, f->donated_w);
	if (f->work_vs_fair >= 0)
		fprintf(o, "\n  work done         %.0f %% of what equal static caps do",
			f->work_vs_fair * 100);
	fprintf(o, "\n  register writes   %" PRId64 "\n", f->writes);
}
