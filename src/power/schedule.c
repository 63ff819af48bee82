/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Budgets over time. The least of several limits over a span is the least of the least of each, so
 * that windows and steps are looked at one by one; nothing is tabulated. Days have 86,400 s, as
 * Unix time has.
 */
#include "power/schedule.h"

#include "base/units.h"

#define DAY_NS (86400 * HR_NS_PER_S)

/* The first instant at or after t at which the day is second_of_day old. */
static int64_t next_time_of_day(int64_t t, int32_t second_of_day)
{
	int64_t into = t % DAY_NS;
	int64_t wait;

	if (into < 0)
		into += DAY_NS;
	wait = second_of_day * HR_NS_PER_S - into;
	if (wait < 0)
		wait += DAY_NS;
	return hr_add_sat(t, wait);
}

static bool covers(const struct hr_budget_window *w, int64_t t)
{
	int64_t into = t % DAY_NS;
	int64_t from = w->from_s * HR_NS_PER_S, to = w->to_s * HR_NS_PER_S;

	if (into < 0)
		into += DAY_NS;
	if (from < to)
		return into >= from && into < to;
	return into >= from || into < to;
}

int64_t hr_schedule_lowest(const struct hr_budget *b, int64_t from_ns, int64_t to_ns)
{
	int64_t lowest = b->limit_uw, in_force = INT64_MAX;

	for (unsigned i = 0; i < b->n_windows; i++) {
		const struct hr_budget_window *w = &b->window[i];

		if (covers(w, from_ns) || next_time_of_day(from_ns, w->from_s) <= to_ns)
			lowest = hr_min_i64(lowest, w->limit_uw);
	}
	for (unsigned i = 0; i < b->n_steps; i++) {
		const struct hr_budget_step *s = &b->step[i];

		if (s->at_ns <= from_ns)
			in_force = s->limit_uw;
		else if (s->at_ns <= to_ns)
			lowest = hr_min_i64(lowest, s->limit_uw);
	}
	return hr_min_i64(lowest, in_force);
}

int64_t hr_schedule_limit_at(const struct hr_budget *b, int64_t wall_ns)
{
	return hr_schedule_lowest(b, wall_ns, wall_ns);
}

int64_t hr_schedule_limit_for_grants(const struct hr_budget *b, int64_t wall_ns, int64_t lead_ns)
{
	return hr_schedule_lowest(b, wall_ns, hr_add_sat(wall_ns, hr_max_i64(lead_ns, 0)));
}

int64_t hr_schedule_next_change(const struct hr_budget *b, int64_t wall_ns)
{
	int64_t next = HR_SCHEDULE_NEVER;
	int64_t after = hr_add_sat(wall_ns, 1);

	for (unsigned i = 0; i < b->n_windows; i++) {
		const struct hr_budget_window *w = &b->window[i];

		next = hr_min_i64(next, next_time_of_day(after, w->from_s));
		next = hr_min_i64(next, next_time_of_day(after, w->to_s % 86400));
	}
	for (unsigned i = 0; i < b->n_steps; i++)
		if (b->step[i].at_ns > wall_ns)
			next = hr_min_i64(next, b->step[i].at_ns);
	return next;
}

int64_t hr_schedule_span_above(const struct hr_budget *b, int64_t wall_ns, int64_t limit_uw)
{
	int64_t until = HR_SCHEDULE_NEVER;

	if (hr_schedule_limit_at(b, wall_ns) < limit_uw)
		return 0;
	for (unsigned i = 0; i < b->n_windows; i++)
		if (b->window[i].limit_uw < limit_uw)
			until = hr_min_i64(until, next_time_of_day(wall_ns, b->window[i].from_s));
	for (unsigned i = 0; i < b->n_steps; i++)
		if (b->step[i].limit_uw < limit_uw && b->step[i].at_ns > wall_ns)
			until = hr_min_i64(until, b->step[i].at_ns);
	return until == HR_SCHEDULE_NEVER ? HR_SCHEDULE_NEVER : until - wall_ns;
}

void hr_schedule_init(struct hr_schedule *s)
{
	*s = (struct hr_schedule){.started = false};
}

bool hr_schedule_in_doubt(const struct hr_schedule *s)
{
	return s->least_ns != s->most_ns;
}

bool hr_schedule_step(struct hr_schedule *s, struct hr_now now)
{
	int64_t offset = now.wall_ns - now.boot_ns;
	int64_t moved = offset - s->offset_ns;
	bool jumped = s->started && (moved > HR_SCHEDULE_JUMP_NS || moved < -HR_SCHEDULE_JUMP_NS);

	if (jumped)
		s->sure_ns = hr_add_sat(now.boot_ns, HR_SCHEDULE_DOUBT_NS);
	if (!s->started || (!jumped && now.boot_ns >= s->sure_ns)) {
		s->least_ns = s->most_ns = offset;
		s->sure_ns = now.boot_ns;
	}
	s->least_ns = hr_min_i64(s->least_ns, offset);
	s->most_ns = hr_max_i64(s->most_ns, offset);
	s->offset_ns = offset;
	s->started = true;
	return jumped;
}

int64_t hr_schedule_limit_now(const struct hr_schedule *s, const struct hr_budget *b,
			      struct hr_now now, int64_t lead_ns)
{
	int64_t from = hr_add_sat(now.boot_ns, s->least_ns);
	int64_t to = hr_add_sat(now.boot_ns, s->most_ns);

	return hr_schedule_lowest(b, from, hr_add_sat(to, hr_max_i64(lead_ns, 0)));
}

int64_t hr_schedule_ttl_most(const struct hr_schedule *s, const struct hr_budget *b,
			     struct hr_now now, int64_t limit_uw)
{
	int64_t from = hr_add_sat(now.boot_ns, s->least_ns);
	int64_t to = hr_add_sat(now.boot_ns, s->most_ns);

	if (hr_schedule_lowest(b, from, to) < limit_uw)
		return 0;
	return hr_schedule_span_above(b, to, limit_uw);
}
