/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the logs that the virtual rack wrote (vhw/rack.h): every accepted write of a limit, and the
 * state of every node ten times a second. Only whole lines count.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli/demo.h"

#define LINE_BYTES 512

static FILE *open_log(const struct hr_demo *d, const char *name, struct hr_err *reterr)
{
	char path[HR_DEMO_LOGS_BYTES + 40], dir[HR_DEMO_LOGS_BYTES];

	snprintf(path, sizeof(path), "%s/%s", hr_demo_files_logs(d, dir), name);
	FILE *f = fopen(path, "re");

	if (f == NULL)
		hr_err_set(reterr, -errno, "cannot read %s: %s", path, strerror(errno));
	return f;
}

/* Makes room for one more item; NULL: no memory. */
static void *grow(void *array, size_t n, size_t bytes)
{
	if ((n & (n - 1)) != 0 || (n > 0 && n < 64))
		return array;
	return realloc(array, (n == 0 ? 64 : 2 * n) * bytes);
}

/* The next field of a line, an integer after the prefix; steps over it and its comma. */
static bool next_number(const char **at, const char *prefix, int64_t *ret)
{
	size_t n = strlen(prefix);
	char *end;

	if (strncmp(*at, prefix, n) != 0)
		return false;
	errno = 0;
	*ret = strtoll(*at + n, &end, 10);
	if (errno != 0 || end == *at + n || (*end != ',' && *end != '\n'))
		return false;
	*at = *end == ',' ? end + 1 : end;
	return true;
}

/* Node "n1" and so on, at most n_nodes; its index. */
static bool next_node(const char **at, size_t n_nodes, size_t *ret)
{
	int64_t node;

	if (!next_number(at, "n", &node) || node < 1 || (uint64_t)node > n_nodes)
		return false;
	*ret = (size_t)node - 1;
	return true;
}

static bool skip_field(const char **at)
{
	const char *comma = strchr(*at, ',');

	if (comma == NULL)
		return false;
	*at = comma + 1;
	return true;
}

/* t,node,zone,what,old,new,result,node_limit,sum,draw: the successful ones. */
static bool parse_write(const char *line, size_t n_nodes, struct hr_demo_write *ret)
{
	int64_t old, now, result, draw;

	return next_number(&line, "", &ret->t_ns) && next_node(&line, n_nodes, &ret->node) &&
	       skip_field(&line) && skip_field(&line) && next_number(&line, "", &old) &&
	       next_number(&line, "", &now) && next_number(&line, "", &result) && result == 0 &&
	       next_number(&line, "", &ret->limit_uw) && next_number(&line, "", &ret->sum_uw) &&
	       next_number(&line, "", &draw) && *line == '\n';
}

static int read_writes(const struct hr_demo *d, struct hr_demo_log *l, struct hr_err *reterr)
{
	char line[LINE_BYTES];
	FILE *f = open_log(d, "registers.csv", reterr);

	if (f == NULL)
		return reterr->code;
	while (fgets(line, sizeof(line), f) != NULL) {
		struct hr_demo_write w;

		if (!parse_write(line, d->n_nodes, &w))
			continue;
		void *bigger = grow(l->write, l->n_writes, sizeof(*l->write));

		if (bigger == NULL)
			break;
		l->write = bigger;
		l->write[l->n_writes++] = w;
	}
	fclose(f);
	return 0;
}

/* t,node,draw,limit,demand,work,fair_work: one line per node, all with the same time. */
static int read_states(const struct hr_demo *d, struct hr_demo_log *l, struct hr_err *reterr)
{
	char line[LINE_BYTES];
	FILE *f = open_log(d, "state.csv", reterr);
	/* from admission to the end, with room: ten samples a second */
	size_t most = (size_t)(d->seconds + 60) * 11, filled = 0;

	if (f == NULL)
		return reterr->code;
	l->t_ns = calloc(most, sizeof(*l->t_ns));
	l->state = calloc(most * d->n_nodes, sizeof(*l->state));
	while (l->t_ns != NULL && l->state != NULL && fgets(line, sizeof(line), f) != NULL) {
		struct hr_demo_state s;
		const char *at = line;
		int64_t t_ns;
		size_t node;

		if (!next_number(&at, "", &t_ns) || !next_node(&at, d->n_nodes, &node) ||
		    !next_number(&at, "", &s.draw_uw) || !next_number(&at, "", &s.limit_uw) ||
		    !next_number(&at, "", &s.demand_uw))
			continue;
		if (node == 0 && l->n_samples < most)
			filled = l->n_samples++;
		l->t_ns[filled] = t_ns;
		l->state[filled * d->n_nodes + node] = s;
	}
	fclose(f);
	if (l->t_ns == NULL || l->state == NULL)
		return hr_err_set(reterr, -ENOMEM, "no memory for the logs");
	return 0;
}

int hr_demo_log_read(const struct hr_demo *d, struct hr_demo_log *ret, struct hr_err *reterr)
{
	*ret = (struct hr_demo_log){.n_nodes = d->n_nodes};
	int rc = read_writes(d, ret, reterr);

	if (rc == 0)
		rc = read_states(d, ret, reterr);
	if (rc == 0 && (ret->n_writes == 0 || ret->n_samples == 0))
		rc = hr_err_set(reterr, -ENODATA, "the logs of the registers are empty");
	return rc;
}

void hr_demo_log_done(struct hr_demo_log *l)
{
	free(l->write);
	free(l->t_ns);
	free(l->state);
	*l = (struct hr_demo_log){0};
}
