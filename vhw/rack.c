/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The nodes behind the tree. Not FUSE, not the commands' text. Invariant: the recorder's limit of a
 * node is what the node's registers say, after every call.
 */
#include "vhw/rack.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/rng.h"
#include "base/units.h"
#include "vhw/rack_internal.h"

#define PATH_BYTES 4096

static FILE *open_log(const char *dir, const char *name, const char *header, struct hr_err *reterr)
{
	char path[PATH_BYTES];
	if ((size_t)snprintf(path, sizeof(path), "%s/%s", dir, name) >= sizeof(path)) {
		hr_err_set(reterr, -ENAMETOOLONG, "log directory %.80s...: the name is too long",
			   dir);
		return NULL;
	}
	FILE *f = fopen(path, "we");
	if (!f) {
		hr_err_set(reterr, -errno,
			   "cannot write %s: %s; give --log a directory that "
			   "exists and may be written",
			   path, strerror(errno));
		return NULL;
	}
	fputs(header, f);
	return f;
}

static int open_logs(struct hr_rack *r, const char *dir, struct hr_err *reterr)
{
	r->registers = open_log(dir, "registers.csv",
				"t_raw_ns,node,zone,what,old,new,result,node_limit_uw,"
				"sum_limit_uw,node_draw_uw\n",
				reterr);
	if (!r->registers)
		return -EIO;
	r->state = open_log(dir, "state.csv",
			    "t_raw_ns,node,draw_uw,limit_uw,demand_uw,work_ms,fair_work_ms\n",
			    reterr);
	return r->state ? 0 : -EIO;
}

static int init_nodes(struct hr_rack *r, const struct hr_rack_conf *conf, int64_t now_ns,
		      struct hr_err *reterr)
{
	struct hr_rng rng;
	hr_rng_init(&rng, conf->plant.seed);
	for (size_t i = 0; i < r->n; i++) {
		struct hr_plant_conf c = conf->plant;
		c.seed = hr_rng_next(&rng);
		if (hr_plant_init(&r->plant[i], &c, now_ns) < 0 ||
		    hr_plant_init(&r->fair[i], &c, now_ns) < 0)
			return hr_err_set(
			    reterr, -EINVAL,
			    "the powers of a node must be in the order static, floor, "
			    "tdp, peak, with 1 to %d sockets and an efficiency of at "
			    "most 1",
			    HR_PLANT_PACKAGES_MAX);
		hr_recorder_disturb(&r->recorder, now_ns, i, hr_plant_limit_wall_uw(&r->plant[i]));
	}
	return 0;
}

struct hr_rack *hr_rack_new(const struct hr_rack_conf *conf, int64_t now_ns, struct hr_err *reterr)
{
	if (conf->n_nodes < 1 || conf->n_nodes > HR_FILES_NODES_MAX) {
		hr_err_set(reterr, -EINVAL, "%zu nodes; 1 to %d are possible", conf->n_nodes,
			   HR_FILES_NODES_MAX);
		return NULL;
	}
	struct hr_rack *r = calloc(1, sizeof(*r));
	if (!r)
		goto no_memory;
	r->n = conf->n_nodes;
	r->plant = calloc(r->n, sizeof(*r->plant));
	r->fair = calloc(r->n, sizeof(*r->fair));
	r->node = calloc(r->n, sizeof(*r->node));
	r->base = calloc(r->n, sizeof(*r->base));
	if (!r->plant || !r->fair || !r->node || !r->base)
		goto no_memory;
	r->armed_ns = now_ns;
	hr_recorder_init(&r->recorder, r->node, r->n);
	if (init_nodes(r, conf, now_ns, reterr) < 0)
		return hr_rack_free(r);
	if (conf->log_dir && open_logs(r, conf->log_dir, reterr) < 0)
		return hr_rack_free(r);
	return r;
no_memory:
	hr_err_set(reterr, -ENOMEM, "out of memory for %zu nodes", conf->n_nodes);
	return hr_rack_free(r);
}

struct hr_rack *hr_rack_free(struct hr_rack *r)
{
	if (!r)
		return NULL;
	if (r->registers)
		fclose(r->registers);
	if (r->state)
		fclose(r->state);
	for (size_t i = 0; i < r->n_traces; i++)
		hr_trace_done(&r->trace[i]);
	free(r->plant);
	free(r->fair);
	free(r->node);
	free(r->base);
	free(r);
	return NULL;
}

size_t hr_rack_nodes(const struct hr_rack *r)
{
	return r->n;
}

int hr_rack_packages(const struct hr_rack *r)
{
	return r->plant[0].conf.n_packages;
}

int hr_rack_add_trace(struct hr_rack *r, struct hr_trace *t)
{
	if (r->n_traces >= HR_RACK_TRACES_MAX)
		return -ENOSPC;
	r->trace[r->n_traces++] = *t;
	return 0;
}

const struct hr_trace *hr_rack_trace(const struct hr_rack *r, const char *name)
{
	for (size_t i = 0; i < r->n_traces; i++)
		if (strcmp(r->trace[i].name, name) == 0)
			return &r->trace[i];
	return NULL;
}

int hr_rack_read(struct hr_rack *r, struct hr_files_ref ref, int64_t now_ns,
		 char ret[HR_FILES_TEXT_BYTES])
{
	if (ref.node >= r->n)
		return -ENOENT;
	hr_plant_advance(&r->plant[ref.node], now_ns);
	return hr_files_read(&r->plant[ref.node], ref, ret);
}

/* The number in a file of the tree, or 0 where there is none. */
static long long value_of(struct hr_rack *r, struct hr_files_ref ref)
{
	char text[HR_FILES_TEXT_BYTES];
	if (hr_files_read(&r->plant[ref.node], ref, text) < 0)
		return 0;
	return strtoll(text, NULL, 10);
}

int hr_rack_write(struct hr_rack *r, struct hr_files_ref ref, int64_t now_ns, const char *text,
		  size_t text_bytes)
{
	if (ref.node >= r->n)
		return -ENOENT;
	struct hr_plant *p = &r->plant[ref.node];
	hr_plant_advance(p, now_ns);
	long long before = value_of(r, ref);
	int rc = hr_files_write(p, ref, text, text_bytes);
	if (!hr_files_is_limit(ref))
		return rc;
	int64_t limit_uw = hr_plant_limit_wall_uw(p);
	if (rc == 0)
		hr_recorder_write(&r->recorder, now_ns, ref.node, limit_uw);
	if (r->registers) {
		char node[HR_FILES_NAME_BYTES], zone[HR_FILES_NAME_BYTES];
		fprintf(r->registers,
			"%" PRId64 ",%s,%s,%s,%lld,%lld,%d,%" PRId64 ",%" PRId64 ",%" PRId64 "\n",
			now_ns, hr_files_node_name(ref.node, node),
			hr_files_zone_name(ref.zone, zone), hr_files_attr_name(ref), before,
			value_of(r, ref), rc, limit_uw, r->recorder.sum_uw,
			hr_plant_draw_wall_uw(p));
	}
	return rc;
}

/* The first and the one after the last node that "node" means. */
static size_t first_of(long node)
{
	return node < 0 ? 0 : (size_t)node;
}

static size_t end_of(const struct hr_rack *r, long node)
{
	return node < 0 ? r->n : (size_t)node + 1;
}

void hr_rack_load(struct hr_rack *r, long node, int package, const struct hr_load *load,
		  int64_t now_ns)
{
	for (size_t i = first_of(node); i < end_of(r, node); i++) {
		hr_plant_advance(&r->plant[i], now_ns);
		hr_plant_advance(&r->fair[i], now_ns);
		hr_plant_set_load(&r->plant[i], package, load);
		hr_plant_set_load(&r->fair[i], package, load);
	}
}

static void disturb(struct hr_rack *r, size_t i, int64_t now_ns)
{
	hr_recorder_disturb(&r->recorder, now_ns, i, hr_plant_limit_wall_uw(&r->plant[i]));
}

void hr_rack_fault(struct hr_rack *r, long node, int zone, enum hr_plant_fault fault,
		   int64_t argument, int64_t now_ns)
{
	for (size_t i = first_of(node); i < end_of(r, node); i++) {
		hr_plant_advance(&r->plant[i], now_ns);
		hr_plant_set_fault(&r->plant[i], zone, fault, argument);
		/* the end of a lie shows what the registers really hold */
		if (hr_plant_limit_wall_uw(&r->plant[i]) != r->node[i].limit_uw)
			disturb(r, i, now_ns);
	}
}

void hr_rack_overwrite(struct hr_rack *r, long node, int zone, enum hr_package_limit which,
		       int64_t uw, int64_t now_ns)
{
	for (size_t i = first_of(node); i < end_of(r, node); i++) {
		hr_plant_advance(&r->plant[i], now_ns);
		hr_plant_overwrite(&r->plant[i], zone, which, uw);
		disturb(r, i, now_ns);
	}
}

void hr_rack_boot(struct hr_rack *r, long node, int64_t span_ns, int64_t now_ns)
{
	for (size_t i = first_of(node); i < end_of(r, node); i++) {
		hr_plant_advance(&r->plant[i], now_ns);
		hr_plant_boot(&r->plant[i], span_ns);
		disturb(r, i, now_ns);
	}
}

void hr_rack_budget(struct hr_rack *r, int64_t t_ns, int64_t budget_uw)
{
	hr_recorder_budget(&r->recorder, t_ns, budget_uw);
}

void hr_rack_arm(struct hr_rack *r, int64_t now_ns)
{
	hr_rack_tick(r, now_ns, false);
	r->armed_ns = now_ns;
	for (size_t i = 0; i < r->n; i++)
		r->base[i] = (struct hr_rack_base){
		    .work = hr_plant_work(&r->plant[i]),
		    .fair_work = hr_plant_work(&r->fair[i]),
		    .wall_uj = hr_plant_wall_energy_uj(&r->plant[i]),
		};
	hr_recorder_arm(&r->recorder, now_ns);
}

void hr_rack_fair(struct hr_rack *r, int64_t budget_uw, int64_t now_ns)
{
	for (size_t i = 0; i < r->n; i++) {
		struct hr_plant *p = &r->fair[i];
		hr_plant_advance(p, now_ns);
		int64_t share = hr_plant_share_uw(p, budget_uw / (int64_t)r->n);
		for (int k = 0; k < p->conf.n_packages; k++)
			for (int l = 0; l < HR_PACKAGE_LIMITS; l++) {
				hr_package_set_limit(&p->package[k], (enum hr_package_limit)l,
						     share);
				hr_package_set_window(&p->package[k], (enum hr_package_limit)l,
						      9760);
			}
	}
}

int64_t hr_rack_work_ms(const struct hr_rack *r, size_t i, bool fair)
{
	const struct hr_plant *p = fair ? &r->fair[i] : &r->plant[i];
	return (hr_plant_work(p) - (fair ? r->base[i].fair_work : r->base[i].work)) / HR_CURVE_ONE;
}

static void log_state(struct hr_rack *r, int64_t now_ns)
{
	char node[HR_FILES_NAME_BYTES];
	for (size_t i = 0; i < r->n; i++) {
		const struct hr_plant *p = &r->plant[i];
		fprintf(r->state,
			"%" PRId64 ",%s,%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64
			"\n",
			now_ns, hr_files_node_name(i, node), hr_plant_draw_wall_uw(p),
			r->node[i].limit_uw, hr_plant_demand_wall_uw(p),
			hr_rack_work_ms(r, i, false), hr_rack_work_ms(r, i, true));
	}
	fflush(r->state);
	fflush(r->registers);
}

void hr_rack_tick(struct hr_rack *r, int64_t now_ns, bool state)
{
	int64_t sum = 0;
	for (size_t i = 0; i < r->n; i++) {
		hr_plant_advance(&r->plant[i], now_ns);
		hr_plant_advance(&r->fair[i], now_ns);
		sum += hr_plant_draw_wall_uw(&r->plant[i]);
	}
	hr_recorder_draw(&r->recorder, now_ns, sum);
	if (state && r->state)
		log_state(r, now_ns);
}

bool hr_rack_hurried(const struct hr_rack *r)
{
	return hr_recorder_waits(&r->recorder);
}
