/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parses the text of a recorded demand. Reads no file. Invariant: a trace that was filled has at
 * least one sample, all within the limits of trace.h, at equal steps.
 */
#include "sim/trace.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEADER "t_ms,package_mw,dram_mw"
#define VALUE_MW_MAX INT64_C(10000000)
#define STEP_MS_MAX INT64_C(3600000)
#define T_MS_MAX INT64_C(1000000000000)

struct reader {
	const char *at;
	const char *end;
	size_t line;
};

/* The next line without its end of line; false at the end of the text. */
static bool next_line(struct reader *r, const char **ret_line, const char **ret_end)
{
	if (r->at >= r->end)
		return false;
	const char *nl = memchr(r->at, '\n', (size_t)(r->end - r->at));
	*ret_line = r->at;
	*ret_end = nl ? nl : r->end;
	r->at = nl ? nl + 1 : r->end;
	r->line++;
	if (*ret_end > *ret_line && (*ret_end)[-1] == '\r')
		(*ret_end)--;
	return true;
}

static bool read_number(const char **at, const char *end, char stop, int64_t most, int64_t *ret)
{
	const char *p = *at;
	int64_t v = 0;
	if (p >= end || *p < '0' || *p > '9')
		return false;
	for (; p < end && *p >= '0' && *p <= '9'; p++) {
		v = v * 10 + (*p - '0');
		if (v > most)
			return false;
	}
	if (stop != '\0') {
		if (p >= end || *p != stop)
			return false;
		p++;
	} else if (p != end) {
		return false;
	}
	*at = p;
	*ret = v;
	return true;
}

static bool parse_line(const char *at, const char *end, int64_t *ret_ms,
		       struct hr_trace_sample *ret)
{
	int64_t package, dram;
	if (!read_number(&at, end, ',', T_MS_MAX, ret_ms) ||
	    !read_number(&at, end, ',', VALUE_MW_MAX, &package) ||
	    !read_number(&at, end, '\0', VALUE_MW_MAX, &dram))
		return false;
	ret->package_mw = (int32_t)package;
	ret->dram_mw = (int32_t)dram;
	return true;
}

static void widen(struct hr_trace *t, struct hr_trace_sample s)
{
	if (t->n == 0) {
		t->low = t->high = s;
		return;
	}
	if (s.package_mw < t->low.package_mw)
		t->low.package_mw = s.package_mw;
	if (s.package_mw > t->high.package_mw)
		t->high.package_mw = s.package_mw;
	if (s.dram_mw < t->low.dram_mw)
		t->low.dram_mw = s.dram_mw;
	if (s.dram_mw > t->high.dram_mw)
		t->high.dram_mw = s.dram_mw;
}

static int append(struct hr_trace *t, size_t *capacity, struct hr_trace_sample s)
{
	if (t->n == *capacity) {
		size_t more = *capacity ? *capacity * 2 : 256;
		struct hr_trace_sample *p = realloc(t->sample, more * sizeof(*p));
		if (!p)
			return -ENOMEM;
		t->sample = p;
		*capacity = more;
	}
	widen(t, s);
	t->sample[t->n++] = s;
	return 0;
}

/* The sample lines after the header. */
static int parse_samples(struct reader *r, struct hr_trace *t, struct hr_err *reterr)
{
	const char *line, *end;
	size_t capacity = 0;
	int64_t last_ms = 0;
	while (next_line(r, &line, &end)) {
		if (line == end || *line == '#')
			continue;
		int64_t ms;
		struct hr_trace_sample s;
		if (!parse_line(line, end, &ms, &s))
			return hr_err_set(reterr, -EINVAL,
					  "trace %s line %zu: three whole numbers %s are wanted, "
					  "each power at most 10 kW",
					  t->name, r->line, HEADER);
		int64_t step = ms - last_ms;
		if (t->n > 0 &&
		    (step < 1 || step > STEP_MS_MAX || (t->n > 1 && step != t->step_ms)))
			return hr_err_set(reterr, -EINVAL,
					  "trace %s line %zu: the step from the line before is "
					  "%lld ms; steps must be equal, 1 ms to 1 h",
					  t->name, r->line, (long long)step);
		if (t->n == 1)
			t->step_ms = step;
		if (t->n >= HR_TRACE_SAMPLES_MAX)
			return hr_err_set(reterr, -EINVAL, "trace %s: more than %d samples",
					  t->name, HR_TRACE_SAMPLES_MAX);
		if (append(t, &capacity, s) < 0)
			return hr_err_set(reterr, -ENOMEM, "trace %s: out of memory", t->name);
		last_ms = ms;
	}
	if (t->n == 0)
		return hr_err_set(reterr, -EINVAL, "trace %s: no sample after the header", t->name);
	if (t->n == 1)
		t->step_ms = 1000;
	return 0;
}

int hr_trace_parse(const char *name, const char *text, size_t text_bytes, struct hr_trace *ret,
		   struct hr_err *reterr)
{
	struct hr_trace t = {0};
	struct reader r = {.at = text, .end = text + text_bytes};
	const char *line, *end;
	snprintf(t.name, sizeof(t.name), "%s", name);
	bool found = false;
	while (!found && next_line(&r, &line, &end)) {
		if (line == end || *line == '#')
			continue;
		if ((size_t)(end - line) != strlen(HEADER) ||
		    memcmp(line, HEADER, strlen(HEADER)) != 0)
			break;
		found = true;
	}
	int rc;
	if (!found)
		rc = hr_err_set(reterr, -EINVAL,
				"trace %s line %zu: the header \"" HEADER "\" is wanted", t.name,
				r.line);
	else
		rc = parse_samples(&r, &t, reterr);
	if (rc < 0) {
		hr_trace_done(&t);
		return rc;
	}
	*ret = t;
	return 0;
}

void hr_trace_done(struct hr_trace *t)
{
	free(t->sample);
	t->sample = NULL;
	t->n = 0;
}
