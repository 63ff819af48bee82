/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The demo's picture as SVG: above, budget, sum of caps at the registers and draw over time; below,
 * the caps of the nodes on top of each other, so that one sees watts move. Events are written
 * between both. Only text of our own making is printed, so nothing needs escaping.
 */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "cli/demo.h"

#define WIDTH 1000
#define LEFT 64
#define RIGHT 24
#define TOP 92
#define UPPER 270
#define STRIP 78
#define LOWER 190
#define BOTTOM 40
#define HEIGHT (TOP + UPPER + STRIP + LOWER + BOTTOM)
#define LOWER_TOP (TOP + UPPER + STRIP)
#define STRIP_ROWS 4
#define CHARACTER 5.7 /* width of one in a label */

#define BLUE "#2563eb"
#define GREEN "#16a34a"
#define RED "#dc2626"
#define INK "#1f2937"
#define GREY "#6b7280"

struct frame {
	FILE *f;
	const struct hr_demo *d;
	const struct hr_demo_log *l;
	double seconds;
	double most_w; /* of the y axis */
};

static double x_of(const struct frame *p, int64_t t_ns)
{
	double s = (double)(t_ns - p->d->t0_ns) / 1e9;

	return LEFT + fmin(fmax(s, 0), p->seconds) / p->seconds * (WIDTH - LEFT - RIGHT);
}

static double y_of(const struct frame *p, double watts, double top, double height)
{
	return top + height - watts / p->most_w * height;
}

static double y_upper(const struct frame *p, int64_t uw)
{
	return y_of(p, (double)uw / 1e6, TOP, UPPER);
}

static bool inside(const struct frame *p, int64_t t_ns)
{
	return t_ns >= p->d->t0_ns && (double)(t_ns - p->d->t0_ns) / 1e9 <= p->seconds;
}

static void text(const struct frame *p, double x, double y, const char *style, const char *words)
{
	fprintf(p->f, "<text x=\"%.1f\" y=\"%.1f\" %s>%s</text>\n", x, y, style, words);
}

static void line(const struct frame *p, double x1, double y1, double x2, double y2,
		 const char *style)
{
	fprintf(p->f, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" %s/>\n", x1, y1, x2,
		y2, style);
}

static double nice_step(double most)
{
	double base = pow(10, floor(log10(most / 4)));
	double k = most / 4 / base;

	return base * (k >= 5 ? 5 : k >= 2 ? 2 : 1);
}

static void axis(const struct frame *p, double top, double height, const char *title)
{
	char label[32];
	double step = nice_step(p->most_w);

	for (int i = 0; i * step <= p->most_w + 1e-6; i++) {
		double w = i * step, y = y_of(p, w, top, height);

		line(p, LEFT, y, WIDTH - RIGHT, y, "stroke=\"#e5e7eb\"");
		snprintf(label, sizeof(label), "%.1f", w / 1000);
		text(p, LEFT - 8, y + 4, "text-anchor=\"end\" fill=\"" GREY "\"", label);
	}
	text(p, LEFT - 8, top - 10, "text-anchor=\"end\" fill=\"" GREY "\"", "kW");
	text(p, LEFT + 2, top - 10, "fill=\"" INK "\" font-weight=\"600\"", title);
}

/* Time below the lower panel. */
static void time_axis(const struct frame *p)
{
	char label[32];
	double step = p->seconds > 40 ? 10 : 5;

	for (int i = 0; i * step <= p->seconds + 1e-6; i++) {
		double s = i * step, x = LEFT + s / p->seconds * (WIDTH - LEFT - RIGHT);

		line(p, x, LOWER_TOP + LOWER, x, LOWER_TOP + LOWER + 4, "stroke=\"" GREY "\"");
		snprintf(label, sizeof(label), "%.0f s", s);
		text(p, x, LOWER_TOP + LOWER + 18, "text-anchor=\"middle\" fill=\"" GREY "\"",
		     label);
	}
}

/* Bands behind both panels, named above. */
static void phases(const struct frame *p)
{
	size_t k = 0;

	for (size_t i = 0; i < p->d->n_marks; i++) {
		const struct hr_demo_mark *m = &p->d->mark[i];
		int64_t end_ns = p->d->mark[p->d->n_marks - 1].t_ns;

		if (m->kind != HR_DEMO_PHASE)
			continue;
		for (size_t j = i + 1; j < p->d->n_marks; j++)
			if (p->d->mark[j].kind == HR_DEMO_PHASE) {
				end_ns = p->d->mark[j].t_ns;
				break;
			}
		double x = x_of(p, m->t_ns), width = x_of(p, end_ns) - x;
		const char *colon = strchr(m->text, ':');

		fprintf(p->f,
			"<rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"%s\"/>\n", x,
			TOP, width, UPPER, k++ % 2 == 0 ? "#f8fafc" : "#eef2f7");
		fprintf(p->f,
			"<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\" font-size=\"11\" "
			"fill=\"" GREY "\">%.*s</text>\n",
			x + width / 2, TOP + 14,
			colon != NULL ? (int)(colon - m->text) : (int)strlen(m->text), m->text);
	}
}

/* The sum of caps changes at each write and at no other time. */
static void caps(const struct frame *p)
{
	int64_t before = -1;

	fputs("<path fill=\"none\" stroke=\"" BLUE "\" stroke-width=\"2\" d=\"", p->f);
	for (size_t i = 0; i < p->l->n_writes; i++) {
		const struct hr_demo_write *w = &p->l->write[i];

		if (w->t_ns < p->d->t0_ns) {
			before = w->sum_uw;
			continue;
		}
		if (!inside(p, w->t_ns))
			break;
		if (before >= 0) {
			fprintf(p->f, "M%d,%.1f", LEFT, y_upper(p, before));
			before = -1;
		}
		fprintf(p->f, "H%.1fV%.1f", x_of(p, w->t_ns), y_upper(p, w->sum_uw));
	}
	fprintf(p->f, "H%d\"/>\n", WIDTH - RIGHT);
}

static void draw(const struct frame *p)
{
	fprintf(p->f,
		"<path fill=\"" GREEN "\" fill-opacity=\"0.18\" stroke=\"" GREEN
		"\" stroke-width=\"1.3\" d=\"M%d,%d",
		LEFT, TOP + UPPER);
	for (size_t k = 0; k < p->l->n_samples; k++) {
		int64_t sum = 0;

		if (!inside(p, p->l->t_ns[k]))
			continue;
		for (size_t i = 0; i < p->l->n_nodes; i++)
			sum += p->l->state[k * p->l->n_nodes + i].draw_uw;
		fprintf(p->f, "L%.1f,%.1f", x_of(p, p->l->t_ns[k]), y_upper(p, sum));
	}
	fprintf(p->f, "V%dZ\"/>\n", TOP + UPPER);
}

static void budget(const struct frame *p)
{
	fprintf(p->f,
		"<path fill=\"none\" stroke=\"" RED
		"\" stroke-width=\"2\" stroke-dasharray=\"7 4\" "
		"d=\"M%d,%.1f",
		LEFT, y_upper(p, p->d->budget_uw));
	for (size_t i = 0; i < p->d->n_marks; i++)
		if (p->d->mark[i].kind == HR_DEMO_CUT)
			fprintf(p->f, "H%.1fV%.1f", x_of(p, p->d->mark[i].t_ns),
				y_upper(p, p->d->mark[i].budget_uw));
	fprintf(p->f, "H%d\"/>\n", WIDTH - RIGHT);
}

static bool is_event(const struct hr_demo_mark *m)
{
	return m->kind > HR_DEMO_PHASE && m->kind != HR_DEMO_END;
}

static const char *colour_of(const struct hr_demo_mark *m)
{
	bool bad = m->kind == HR_DEMO_AGENT_KILLED || m->kind == HR_DEMO_CONTROLLER_KILLED ||
		   m->kind == HR_DEMO_CUT;

	return bad ? RED : GREY;
}

/* Lines through both panels ... */
static void event_lines(const struct frame *p)
{
	char style[160];

	for (size_t i = 0; i < p->d->n_marks; i++) {
		const struct hr_demo_mark *m = &p->d->mark[i];
		double x = x_of(p, m->t_ns);

		if (!is_event(m))
			continue;
		snprintf(style, sizeof(style), "stroke=\"%s\" stroke-dasharray=\"2 3\"",
			 colour_of(m));
		line(p, x, TOP + 20, x, LOWER_TOP + LOWER, style);
	}
}

/* ... with their words between these, in rows that do not overlap. */
static void event_words(const struct frame *p)
{
	double end[STRIP_ROWS] = {0};
	char style[160];

	for (size_t i = 0; i < p->d->n_marks; i++) {
		const struct hr_demo_mark *m = &p->d->mark[i];
		double x = x_of(p, m->t_ns), width = (double)strlen(m->text) * CHARACTER + 14;
		bool leftwards = x + width > WIDTH - 4;
		int row = 0;

		if (!is_event(m))
			continue;
		while (row + 1 < STRIP_ROWS && end[row] > (leftwards ? x - width : x))
			row++;
		end[row] = leftwards ? x : x + width;
		snprintf(style, sizeof(style),
			 "font-size=\"11\" stroke=\"#ffffff\" stroke-width=\"3\" "
			 "paint-order=\"stroke\" fill=\"%s\"%s",
			 colour_of(m), leftwards ? " text-anchor=\"end\"" : "");
		text(p, leftwards ? x - 4 : x + 4, TOP + UPPER + 16 + 14 * row, style, m->text);
	}
}

/* The caps of nodes 0 to n - 1 at a sample, together. */
static double stack_w(const struct frame *p, size_t sample, size_t n)
{
	double w = 0;

	for (size_t i = 0; i < n; i++)
		w += (double)p->l->state[sample * p->l->n_nodes + i].limit_uw / 1e6;
	return w;
}

static void band(const struct frame *p, size_t node, size_t first, size_t last)
{
	bool primary = hr_demo_rack_is_primary(p->d, node);
	const char *colour = primary ? (node % 2 == 0 ? "#1d4ed8" : "#60a5fa")
				     : (node % 2 == 0 ? "#c2410c" : "#fb923c");

	fprintf(p->f, "<path fill=\"%s\" fill-opacity=\"0.8\" d=\"", colour);
	for (size_t k = first; k <= last; k++)
		fprintf(p->f, "%c%.1f,%.1f", k == first ? 'M' : 'L', x_of(p, p->l->t_ns[k]),
			y_of(p, stack_w(p, k, node + 1), LOWER_TOP, LOWER));
	for (size_t k = last + 1; k-- > first;)
		fprintf(p->f, "L%.1f,%.1f", x_of(p, p->l->t_ns[k]),
			y_of(p, stack_w(p, k, node), LOWER_TOP, LOWER));
	fputs("Z\"/>\n", p->f);
}

static void bands(const struct frame *p)
{
	size_t first = 0, last = p->l->n_samples - 1;

	while (first < last && !inside(p, p->l->t_ns[first]))
		first++;
	while (last > first && !inside(p, p->l->t_ns[last]))
		last--;
	for (size_t i = 0; i < p->l->n_nodes; i++)
		band(p, i, first, last);
}

static void key(const struct frame *p, double x, const char *colour, const char *dash,
		const char *words)
{
	char style[96];

	snprintf(style, sizeof(style), "stroke=\"%s\" stroke-width=\"3\"%s", colour, dash);
	line(p, x, 58, x + 26, 58, style);
	text(p, x + 32, 62, "fill=\"" INK "\"", words);
}

static void head(const struct frame *p, const struct hr_demo_figures *f)
{
	char words[200];

	fprintf(p->f,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" "
		"height=\"%d\" font-family=\"Helvetica, Arial, sans-serif\" font-size=\"12\">\n"
		"<rect width=\"%d\" height=\"%d\" fill=\"#ffffff\"/>\n",
		WIDTH, HEIGHT, WIDTH, HEIGHT, WIDTH, HEIGHT);
	snprintf(words, sizeof(words), "A rack of %zu nodes under its power budget", p->d->n_nodes);
	text(p, LEFT, 24, "font-size=\"18\" font-weight=\"700\" fill=\"" INK "\"", words);
	snprintf(words, sizeof(words),
		 "read at the registers at every write: over the budget %" PRId64
		 " times; after the cut the limits fit within %.0f ms",
		 f->violations, f->capped_ms);
	text(p, LEFT, 42, "fill=\"" GREY "\"", words);
	key(p, LEFT, RED, " stroke-dasharray=\"7 4\"", "budget");
	key(p, LEFT + 110, BLUE, "", "sum of caps");
	key(p, LEFT + 250, GREEN, "", "draw");
}

int hr_demo_picture_write(const struct hr_demo *d, const struct hr_demo_log *l,
			  const struct hr_demo_figures *f, struct hr_err *reterr)
{
	struct frame p = {
	    .f = fopen(d->plot, "we"),
	    .d = d,
	    .l = l,
	    .seconds = f->span_s,
	    .most_w = (double)d->budget_uw / 1e6 * 1.12,
	};

	if (p.f == NULL)
		return hr_err_set(reterr, -errno, "cannot write the picture %s: %s", d->plot,
				  strerror(errno));
	head(&p, f);
	phases(&p);
	axis(&p, TOP, UPPER, "");
	draw(&p);
	caps(&p);
	budget(&p);
	axis(&p, LOWER_TOP, LOWER,
	     "caps of the nodes, stacked (blue: primaries, orange: replicas)");
	bands(&p);
	event_lines(&p);
	event_words(&p);
	time_axis(&p);
	fputs("</svg>\n", p.f);
	if (ferror(p.f) != 0 || fclose(p.f) != 0)
		return hr_err_set(reterr, -EIO, "the picture %s could not be written", d->plot);
	return 0;
}
