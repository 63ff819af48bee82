/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one sees while the demo runs: on a terminal a table that is drawn again in place, elsewhere
 * a line every few seconds. All numbers in it are the registers' own.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/demo.h"
#include "cli/term.h"

#define LINE_NS (3 * HR_NS_PER_S)
#define BAR_MOST 30
#define ROW 58  /* columns of a row without its bar */
#define HEAD 4  /* lines above the rows */
#define AFTER 2 /* lines kept free below */

/* With --json all that is meant for people goes to stderr. */
static FILE *out(const struct hr_demo *d)
{
	return d->json ? stderr : stdout;
}

static double elapsed_s(const struct hr_demo *d)
{
	return d->t0_ns == 0 ? 0 : (double)(hr_now_read().raw_ns - d->t0_ns) / 1e9;
}

void hr_demo_table_say(const struct hr_demo *d, const char *text)
{
	if (d->quiet || hr_term_is_tty(out(d)))
		return;
	fprintf(out(d), "%5.1f s  * %s\n", elapsed_s(d), text);
	fflush(out(d));
}

static double watts(int64_t uw)
{
	return (double)uw / 1e6;
}

static int64_t node_int(const struct hr_demo *d, size_t i, const char *key)
{
	return json_integer_value(json_object_get(hr_demo_rack_node(d, i), key));
}

static void show_line(struct hr_demo *d)
{
	static int64_t next_ns;
	int64_t now_ns = hr_now_read().raw_ns;

	if (now_ns < next_ns)
		return;
	next_ns = now_ns + LINE_NS;
	fprintf(out(d),
		"%5.1f s  budget %5.0f W  sum of caps %5.0f W  draw %5.0f W  violations %d\n",
		elapsed_s(d), watts(hr_demo_rack_int(d, "budget_uw")),
		watts(hr_demo_rack_int(d, "sum_limit_uw")), watts(hr_demo_rack_int(d, "draw_uw")),
		(int)hr_demo_rack_int(d, "violations"));
	fflush(out(d));
}

/* "#####---|": draw, then cap, of the most that a node can have. */
static void print_bar(FILE *f, double draw, double cap, double most)
{
	bool utf8 = hr_term_utf8();
	int room = hr_term_columns(f) - ROW;
	int bar = room < 0 ? 0 : room > BAR_MOST ? BAR_MOST : room;
	int n_draw = (int)(draw / most * bar + 0.5), n_cap = (int)(cap / most * bar + 0.5);

	n_cap = n_cap > bar ? bar : n_cap;
	n_draw = n_draw > n_cap ? n_cap : n_draw;
	fputs(hr_term_colour(f, HR_TERM_GREEN), f);
	for (int i = 0; i < n_draw; i++)
		fputs(utf8 ? "\xe2\x96\x88" : "#", f);
	fputs(hr_term_colour(f, HR_TERM_PLAIN), f);
	fputs(hr_term_colour(f, HR_TERM_DIM), f);
	for (int i = n_draw; i < n_cap; i++)
		fputs(utf8 ? "\xe2\x96\x91" : "-", f);
	fputs(hr_term_colour(f, HR_TERM_PLAIN), f);
}

static const char *state_of(const struct hr_demo *d, size_t i, enum hr_term_colour *ret)
{
	char agent[24];

	snprintf(agent, sizeof(agent), "agent%zu", i + 1);
	*ret = HR_TERM_RED;
	for (size_t k = 0; k < d->n_children; k++)
		if (d->child[k].pid == 0) {
			if (strcmp(d->child[k].name, agent) == 0)
				return "agent killed";
			if (strcmp(d->child[k].name, "controller") == 0)
				return "no controller";
		}
	double draw = watts(node_int(d, i, "draw_uw")), cap = watts(node_int(d, i, "limit_uw"));
	double demand = watts(node_int(d, i, "demand_uw"));

	*ret = HR_TERM_YELLOW;
	if (demand > cap && draw > 0)
		return "wants more";
	*ret = HR_TERM_PLAIN;
	return demand > cap * 0.8 ? "served" : "idle";
}

static void print_node(const struct hr_demo *d, FILE *f, size_t i)
{
	enum hr_term_colour colour;
	const char *state = state_of(d, i, &colour);
	double draw = watts(node_int(d, i, "draw_uw")), cap = watts(node_int(d, i, "limit_uw"));

	fprintf(f, "  n%-4zu %-8s %7.0f %7.0f %7.0f  %s%-14s%s ", i + 1,
		hr_demo_rack_is_primary(d, i) ? "primary" : "replica",
		watts(node_int(d, i, "demand_uw")), draw, cap, hr_term_colour(f, colour), state,
		hr_term_colour(f, HR_TERM_PLAIN));
	print_bar(f, draw, cap, 540);
	fputs("\033[K\n", f);
}

/* What happened last, and when. */
static void print_event(const struct hr_demo *d, FILE *f)
{
	for (size_t i = d->n_marks; i-- > 0;) {
		const struct hr_demo_mark *m = &d->mark[i];

		if (m->kind <= HR_DEMO_PHASE)
			continue;
		fprintf(f, "%sat %.1f s: %s%s", hr_term_colour(f, HR_TERM_YELLOW),
			(double)(m->t_ns - d->t0_ns) / 1e9, m->text,
			hr_term_colour(f, HR_TERM_PLAIN));
		break;
	}
}

static void show_table(struct hr_demo *d)
{
	FILE *f = out(d);
	double budget = watts(hr_demo_rack_int(d, "budget_uw"));
	double sum = watts(hr_demo_rack_int(d, "sum_limit_uw"));
	bool transition = json_is_true(json_object_get(d->stats, "transition"));
	int violations = (int)hr_demo_rack_int(d, "violations");
	int room = hr_term_rows(f) - HEAD - AFTER;
	size_t fits = room > 1 ? (size_t)room : 1;
	size_t rows = d->n_nodes < fits ? d->n_nodes : fits;

	if (d->lines_drawn > 0)
		fprintf(f, "\033[%dA", d->lines_drawn);
	fprintf(f, "%sheadroom demo%s  %4.1f of %d s   %s\033[K\n", hr_term_colour(f, HR_TERM_BOLD),
		hr_term_colour(f, HR_TERM_PLAIN), elapsed_s(d), (int)d->seconds,
		d->phase != NULL ? d->phase : "");
	fprintf(f, "  budget %s%.0f W%s   sum of caps %s%.0f W%s%s   draw %.0f W   ",
		hr_term_colour(f, HR_TERM_BOLD), budget, hr_term_colour(f, HR_TERM_PLAIN),
		hr_term_colour(f, HR_TERM_CYAN), sum, hr_term_colour(f, HR_TERM_PLAIN),
		transition ? " (going down)" : "", watts(hr_demo_rack_int(d, "draw_uw")));
	fprintf(f, "violations %s%d%s\033[K\n",
		hr_term_colour(f, violations > 0 ? HR_TERM_RED : HR_TERM_GREEN), violations,
		hr_term_colour(f, HR_TERM_PLAIN));
	fputs("  ", f);
	print_event(d, f);
	fputs("\033[K\n", f);
	fprintf(f, "  %sNODE  CLASS     WANTS W  DRAWS W   CAP W  STATE%s\033[K\n",
		hr_term_colour(f, HR_TERM_DIM), hr_term_colour(f, HR_TERM_PLAIN));
	for (size_t i = 0; i < rows; i++)
		print_node(d, f, i);
	if (rows < d->n_nodes)
		fprintf(f, "  ... and %zu more\033[K\n", d->n_nodes - rows);
	fflush(f);
	d->lines_drawn = HEAD + (int)rows + (rows < d->n_nodes);
}

void hr_demo_table_show(struct hr_demo *d)
{
	if (d->quiet)
		return;
	if (hr_term_is_tty(out(d)))
		show_table(d);
	else
		show_line(d);
}
