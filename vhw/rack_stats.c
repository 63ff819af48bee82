/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rack's figures as one JSON object. Only numbers and names of our own making are printed, so
 * nothing needs escaping. Spans that have not ended are null.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/units.h"
#include "vhw/rack_internal.h"

static void print_span(FILE *f, const char *name, int64_t ns)
{
	if (ns < 0)
		fprintf(f, ",\"%s\":null", name);
	else
		fprintf(f, ",\"%s\":%" PRId64, name, ns);
}

static void print_cuts(FILE *f, const struct hr_recorder *r)
{
	fputs(",\"cuts\":[", f);
	for (size_t i = 0; i < r->n_cuts; i++) {
		const struct hr_recorder_cut *c = &r->cut[i];
		fprintf(f, "%s{\"t_raw_ns\":%" PRId64 ",\"budget_uw\":%" PRId64, i ? "," : "",
			c->t_ns, c->budget_uw);
		print_span(f, "capped_ns", c->capped_ns);
		print_span(f, "settled_ns", c->settled_ns);
		fputc('}', f);
	}
	fputc(']', f);
}

static void print_recorder(FILE *f, const struct hr_recorder *r, int64_t now_ns)
{
	int64_t lasting = r->over_since_ns < 0 ? 0 : now_ns - r->over_since_ns;
	fprintf(
	    f,
	    ",\"armed\":%s,\"budget_uw\":%" PRId64 ",\"bound_uw\":%" PRId64
	    ",\"transition\":%s,\"sum_limit_uw\":%" PRId64 ",\"judged_sum_uw\":%" PRId64
	    ",\"max_sum_limit_uw\":%" PRId64 ",\"violations\":%" PRIu64 ",\"violation_ns\":%" PRId64
	    ",\"worst_over_uw\":%" PRId64 ",\"excused_uws\":%" PRId64 ",\"limit_writes\":%" PRIu64,
	    r->armed ? "true" : "false", r->budget_uw, r->bound_uw,
	    r->transition ? "true" : "false", r->sum_uw, r->judged_uw, r->sum_uw_max, r->violations,
	    r->violation_ns + lasting, r->over_uw_max, r->excused_uws, r->writes);
	print_cuts(f, r);
}

static void print_node(FILE *f, const struct hr_rack *r, size_t i)
{
	char name[HR_FILES_NAME_BYTES];
	const struct hr_plant *p = &r->plant[i];
	fprintf(f,
		"%s{\"name\":\"%s\",\"limit_uw\":%" PRId64 ",\"draw_uw\":%" PRId64
		",\"demand_uw\":%" PRId64 ",\"work_ms\":%" PRId64 ",\"fair_work_ms\":%" PRId64
		",\"limit_writes\":%" PRIu64 ",\"excused\":%s}",
		i ? "," : "", hr_files_node_name(i, name), r->node[i].limit_uw,
		hr_plant_draw_wall_uw(p), hr_plant_demand_wall_uw(p), hr_rack_work_ms(r, i, false),
		hr_rack_work_ms(r, i, true), r->node[i].writes,
		r->node[i].excused ? "true" : "false");
}

static void print_totals(FILE *f, const struct hr_rack *r, int64_t now_ns)
{
	int64_t draw = 0, demand = 0, work = 0, fair = 0, wall_uj = 0;
	for (size_t i = 0; i < r->n; i++) {
		const struct hr_plant *p = &r->plant[i];
		draw += hr_plant_draw_wall_uw(p);
		demand += hr_plant_demand_wall_uw(p);
		work += hr_rack_work_ms(r, i, false);
		fair += hr_rack_work_ms(r, i, true);
		wall_uj += hr_plant_wall_energy_uj(p) - r->base[i].wall_uj;
	}
	int64_t span = now_ns - r->armed_ns;
	const struct hr_plant *p = &r->plant[0];
	fprintf(f,
		"{\"t_raw_ns\":%" PRId64 ",\"nodes\":%zu,\"sockets\":%d,"
		"\"efficiency_permille\":%" PRId64 ",\"rest_bound_uw\":%" PRId64
		",\"floor_uw\":%" PRId64 ",\"tdp_uw\":%" PRId64 ",\"peak_uw\":%" PRId64
		",\"span_ns\":%" PRId64 ",\"draw_uw\":%" PRId64 ",\"mean_draw_uw\":%" PRId64
		",\"demand_uw\":%" PRId64 ",\"work_ms\":%" PRId64 ",\"fair_work_ms\":%" PRId64,
		now_ns, r->n, p->conf.n_packages, p->conf.efficiency_permille,
		hr_plant_rest_bound_uw(p), p->conf.package.floor_uw, p->conf.package.tdp_uw,
		p->conf.package.peak_uw, span, draw,
		span > 0 ? hr_muldiv_floor(wall_uj, HR_NS_PER_S, span) : draw, demand, work, fair);
}

int hr_rack_stats(struct hr_rack *r, int64_t now_ns, char **ret_text, size_t *ret_bytes)
{
	hr_rack_tick(r, now_ns, false);
	char *text = NULL;
	size_t bytes = 0;
	FILE *f = open_memstream(&text, &bytes);
	if (!f)
		return -ENOMEM;
	print_totals(f, r, now_ns);
	print_recorder(f, &r->recorder, now_ns);
	fputs(",\"node\":[", f);
	for (size_t i = 0; i < r->n; i++)
		print_node(f, r, i);
	fputs("]}\n", f);
	if (fclose(f) != 0 || !text) {
		free(text);
		return -ENOMEM;
	}
	*ret_text = text;
	*ret_bytes = bytes;
	return 0;
}
