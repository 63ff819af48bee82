/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A recorded trace of power in memory. See replay.h for the format.
 */
#include "hw/replay_trace.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/units.h"
#include "hw/replay.h"
#include "hw/zone_name.h"
#include "model/report.h"

#define DECIMALS_S 9
#define DECIMALS_W 6
#define WHOLE_DIGITS_MAX 10 /* Unix seconds have ten; so do 10^10 W, which no field has */

void hr_replay_trace_done(struct hr_replay_trace *t)
{
	free(t->t_ns);
	free(t->uw);
	*t = (struct hr_replay_trace){.n_rows = 0};
}

/* A decimal number with so many decimals as an integer; what is finer is cut off. */
static int parse_fixed(const char *text, int decimals, int64_t *ret)
{
	int64_t value = 0;
	int whole = 0;

	for (; isdigit((unsigned char)*text); text++) {
		if (++whole > WHOLE_DIGITS_MAX)
			return -ERANGE;
		value = value * 10 + (*text - '0');
	}
	if (whole == 0)
		return -EINVAL;
	if (*text == '.')
		text++;
	for (; decimals > 0; decimals--) {
		if (value > INT64_MAX / 10 - 1)
			return -ERANGE;
		value *= 10;
		if (isdigit((unsigned char)*text))
			value += *text++ - '0';
	}
	while (isdigit((unsigned char)*text))
		text++;
	if (*text != '\0')
		return -EINVAL;
	*ret = value;
	return 0;
}

static char *trim(char *s)
{
	char *end;

	while (*s == ' ' || *s == '\t')
		s++;
	end = s + strlen(s);
	while (end > s && isspace((unsigned char)end[-1]))
		*--end = '\0';
	return s;
}

static int add_zone(struct hr_replay_trace *t, const char *name)
{
	struct hr_zone *z;

	if (t->n_zones == HR_ZONES_MAX)
		return -E2BIG;
	if (!hr_name_is_valid(name))
		return -EINVAL;
	for (size_t i = 0; i < t->n_zones; i++) {
		if (strcmp(t->zone[i].name, name) == 0)
			return -EEXIST;
	}
	z = &t->zone[t->n_zones++];
	*z = (struct hr_zone){.kind = HR_ZONE_OTHER,
			      .package = -1,
			      .die = -1,
			      .parent = -1,
			      .not_cappable = HR_REASON_IMPOSSIBLE,
			      .energy_range_uj = INT64_MAX};
	(void)memcpy(z->name, name, strlen(name) + 1);
	(void)memcpy(z->id, name, strlen(name) + 1);
	hr_zone_name_apply(z);
	return 0;
}

static void settle_counts(struct hr_replay_trace *t)
{
	bool any = false;

	for (size_t i = 0; i < t->n_zones; i++) {
		enum hr_zone_kind k = t->zone[i].kind;

		t->zone[i].counts = k == HR_ZONE_PACKAGE || k == HR_ZONE_DIE || k == HR_ZONE_DRAM ||
				    k == HR_ZONE_GPU;
		any = any || t->zone[i].counts;
	}
	for (size_t i = 0; i < t->n_zones && !any; i++)
		t->zone[i].counts = true;
}

static int take_header(struct hr_replay_trace *t, char *line)
{
	char *rest = line;
	char *field = strsep(&rest, ",");

	if (strcmp(trim(field), "t_s") != 0)
		return -EINVAL;
	while ((field = strsep(&rest, ",")) != NULL) {
		int r = add_zone(t, trim(field));

		if (r < 0)
			return r;
	}
	settle_counts(t);
	return t->n_zones == 0 ? -EINVAL : 0;
}

static int make_room(struct hr_replay_trace *t)
{
	size_t room = t->room == 0 ? 256 : t->room * 2;
	int64_t *p;

	if (t->n_rows < t->room)
		return 0;
	if (t->n_rows >= HR_REPLAY_ROWS_MAX)
		return -E2BIG;
	p = reallocarray(t->t_ns, room, sizeof(*p));
	if (p == NULL)
		return -ENOMEM;
	t->t_ns = p;
	p = reallocarray(t->uw, room, t->n_zones * sizeof(*p));
	if (p == NULL)
		return -ENOMEM;
	t->uw = p;
	t->room = room;
	return 0;
}

static int take_field(char *text, int64_t *ret_uw)
{
	text = trim(text);
	*ret_uw = -1;
	if (*text == '\0' || strcasecmp(text, "nan") == 0)
		return 0;
	if (parse_fixed(text, DECIMALS_W, ret_uw) < 0)
		return -EINVAL;
	return *ret_uw > HR_NODE_POWER_MAX_UW ? -ERANGE : 0;
}

/* Times are kept as written until the end, when the first one is taken off all of them. */
static int take_row(struct hr_replay_trace *t, char *line)
{
	char *rest = line;
	char *field = strsep(&rest, ",");
	int64_t *uw;
	int r = make_room(t);

	if (r < 0)
		return r;
	if (parse_fixed(trim(field), DECIMALS_S, &t->t_ns[t->n_rows]) < 0)
		return -EINVAL;
	if (t->n_rows > 0 && t->t_ns[t->n_rows] <= t->t_ns[t->n_rows - 1])
		return -EINVAL;
	uw = &t->uw[t->n_rows * t->n_zones];
	for (size_t i = 0; i < t->n_zones; i++) {
		field = strsep(&rest, ",");
		if (field == NULL)
			return -EINVAL;
		r = take_field(field, &uw[i]);
		if (r < 0)
			return r;
	}
	t->n_rows++;
	return rest == NULL ? 0 : -EINVAL;
}

static int explain(int r, const char *name, size_t line, bool header, struct hr_err *reterr)
{
	const char *why = header ? "the header must be t_s and then one name per zone, each valid "
				   "and different, at most 64"
				 : "a row must be a time in seconds above that of the row before, "
				   "and for each zone a power in watts or nothing";

	if (r == -ENOMEM)
		return hr_err_set(reterr, r, "%s, line %zu: no memory for the trace", name, line);
	if (r == -E2BIG && !header)
		return hr_err_set(reterr, r, "%s, line %zu: more than %d rows", name, line,
				  HR_REPLAY_ROWS_MAX);
	return hr_err_set(reterr, -EINVAL, "%s, line %zu: %s", name, line, why);
}

int hr_replay_trace_load(struct hr_replay_trace *t, FILE *in, const char *name,
			 struct hr_err *reterr)
{
	char *line = NULL;
	size_t size = 0;
	size_t n = 0;
	int r = 0;

	*t = (struct hr_replay_trace){.n_rows = 0};
	while (r == 0 && getline(&line, &size, in) >= 0) {
		char *text = trim(line);
		bool header = t->n_zones == 0;

		n++;
		if (*text == '\0' || *text == '#')
			continue;
		r = header ? take_header(t, text) : take_row(t, text);
		if (r < 0)
			r = explain(r, name, n, header, reterr);
	}
	if (r == 0 && ferror(in))
		r = hr_err_set(reterr, -EIO, "%s: cannot be read to its end", name);
	if (r == 0 && t->n_rows < 2)
		r = hr_err_set(reterr, -EINVAL, "%s: a trace needs a header and two rows", name);
	free(line);
	if (r < 0) {
		hr_replay_trace_done(t);
		return r;
	}
	for (size_t i = t->n_rows; i-- > 0;)
		t->t_ns[i] -= t->t_ns[0];
	return 0;
}
