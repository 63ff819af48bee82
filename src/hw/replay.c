/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A meter that plays a recorded trace. Energy is the exact integral of the rows between the
 * moments of reading; a span that touches an absent value has none.
 */
#include "hw/replay.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "hw/counter.h"
#include "hw/replay_trace.h"

#define FW_PER_UJ INT64_C(1000000000) /* 1 uW for 1 ns is 10^-15 J, 10^-9 uJ */
#define LOOP_PREFIX "loop:"

struct track {
	int64_t energy_uj;
	int64_t rest; /* of the last microjoule, in 10^-15 J */
	bool absent;  /* somewhere in the span */
};

struct replay_meter {
	struct hr_meter base;
	struct hr_replay_trace trace;
	bool loop;
	bool started;
	int64_t last_ns; /* raw clock at the last read */
	int64_t at_ns;   /* where in the trace */
	size_t row;      /* the one in force at at_ns */
	struct track track[HR_ZONES_MAX];
};

static int replay_open(const struct hr_meter_conf *conf, struct hr_meter **ret,
		       struct hr_err *reterr)
{
	const char *path = conf->option;
	struct replay_meter *m;
	FILE *in;
	int r;

	if (path == NULL || *path == '\0')
		return hr_err_set(reterr, -EINVAL, "the replay meter needs the path of a trace");
	m = calloc(1, sizeof(*m));
	if (m == NULL)
		return hr_err_set(reterr, -ENOMEM, "no memory for the replay meter");
	if (strncmp(path, LOOP_PREFIX, strlen(LOOP_PREFIX)) == 0) {
		m->loop = true;
		path += strlen(LOOP_PREFIX);
	}
	in = fopen(path, "re");
	if (in == NULL) {
		r = hr_err_set(reterr, -errno, "cannot open the trace %s: %s", path,
			       strerror(errno));
		free(m);
		return r;
	}
	r = hr_replay_trace_load(&m->trace, in, path, reterr);
	(void)fclose(in);
	if (r < 0) {
		free(m);
		return r;
	}
	m->base.ops = &hr_replay_meter_ops;
	m->base.n_zones = m->trace.n_zones;
	(void)memcpy(m->base.zone, m->trace.zone, sizeof(m->base.zone));
	*ret = &m->base;
	return 0;
}

/* When the row ends; the last one is as long as the one before it. */
static int64_t row_end(const struct hr_replay_trace *t, size_t row)
{
	if (row + 1 < t->n_rows)
		return t->t_ns[row + 1];
	return t->t_ns[row] + (t->t_ns[row] - t->t_ns[row - 1]);
}

static void play(struct replay_meter *m, int64_t span_ns)
{
	for (size_t i = 0; i < m->base.n_zones; i++) {
		int64_t uw = m->trace.uw[m->row * m->trace.n_zones + i];
		struct track *k = &m->track[i];

		if (uw < 0) {
			k->absent = true;
			continue;
		}
		k->energy_uj = hr_add_sat(k->energy_uj, hr_muldiv_floor(uw, span_ns, FW_PER_UJ));
		k->rest += (uw % FW_PER_UJ) * (span_ns % FW_PER_UJ) % FW_PER_UJ;
		k->energy_uj = hr_add_sat(k->energy_uj, k->rest / FW_PER_UJ);
		k->rest %= FW_PER_UJ;
	}
}

static void vanish(struct replay_meter *m)
{
	for (size_t i = 0; i < m->base.n_zones; i++)
		m->track[i].absent = true;
}

static bool at_end(const struct replay_meter *m)
{
	return m->row >= m->trace.n_rows;
}

static void advance(struct replay_meter *m, int64_t span_ns)
{
	while (span_ns > 0 && !at_end(m)) {
		int64_t end_ns = row_end(&m->trace, m->row);
		int64_t part_ns = hr_min_i64(span_ns, end_ns - m->at_ns);

		play(m, part_ns);
		m->at_ns += part_ns;
		span_ns -= part_ns;
		if (m->at_ns < end_ns)
			break;
		m->row++;
		if (at_end(m) && m->loop) {
			m->row = 0;
			m->at_ns = 0;
		}
	}
	if (at_end(m))
		vanish(m);
}

static void fill(struct replay_meter *m, size_t i, int64_t before_uj, int64_t span_ns,
		 struct hr_sample *ret)
{
	struct track *k = &m->track[i];

	ret->zone = (int)i;
	if (k->absent) {
		hr_counter_miss(ret, at_end(m) ? HR_REASON_LOST : HR_REASON_UNREADABLE);
		return;
	}
	*ret = (struct hr_sample){
	    .zone = (int)i,
	    .quality = HR_QUALITY_OK,
	    .energy_uj = k->energy_uj,
	    .power_uw = hr_muldiv_floor(k->energy_uj - before_uj, HR_NS_PER_S, span_ns),
	    .span_ns = span_ns};
}

static void replay_read(struct hr_meter *base, struct hr_now now,
			struct hr_sample ret[HR_ZONES_MAX], size_t *ret_n)
{
	struct replay_meter *m = (struct replay_meter *)base;
	int64_t before_uj[HR_ZONES_MAX] = {0};
	int64_t span_ns = now.raw_ns - m->last_ns;
	bool first = !m->started;

	*ret_n = base->n_zones;
	if (!first && span_ns <= 0) {
		for (size_t i = 0; i < base->n_zones; i++) {
			ret[i].zone = (int)i;
			hr_counter_miss(&ret[i], HR_REASON_STALE);
		}
		return;
	}
	m->started = true;
	m->last_ns = now.raw_ns;
	for (size_t i = 0; i < base->n_zones; i++) {
		before_uj[i] = m->track[i].energy_uj;
		m->track[i].absent = false;
	}
	if (!first)
		advance(m, span_ns);
	for (size_t i = 0; i < base->n_zones; i++) {
		ret[i].zone = (int)i;
		if (first)
			hr_counter_miss(&ret[i], HR_REASON_FIRST);
		else
			fill(m, i, before_uj[i], span_ns, &ret[i]);
	}
}

static void replay_close(struct hr_meter *base)
{
	struct replay_meter *m = (struct replay_meter *)base;

	if (m == NULL)
		return;
	hr_replay_trace_done(&m->trace);
	free(m);
}

const struct hr_meter_ops hr_replay_meter_ops = {
    .name = "replay",
    .open = replay_open,
    .read = replay_read,
    .close = replay_close,
};
