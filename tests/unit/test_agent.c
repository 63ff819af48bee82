/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agent: when it reports, what it says of the draw, what it passes to the guard (rules 1, 14
 * and 15 of docs/safety.md). Two zones, supply of 90 %, 20 W of rest.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/units.h"
#include "core/agent.h"

#define W HR_UW_PER_W
#define MS HR_NS_PER_MS
#define S HR_NS_PER_S
#define ZONES 2
#define REST (20 * W)
#define PERIOD S

struct host {
	struct hr_agent a;
	struct hr_agent_actions out;
	struct hr_now now;
	struct hr_report ticket;
	int64_t limit_uw[ZONES];
	int64_t energy_uj[ZONES];
};

static void step(struct host *h, const struct hr_agent_event *ev)
{
	h->out.n = 0;
	h->out.n_split = 0;
	hr_agent_step(&h->a, ev, h->now, &h->out);
}

static int asks(const struct host *h, enum hr_agent_action_kind kind)
{
	int count = 0;

	for (size_t i = 0; i < h->out.n; i++)
		count += h->out.action[i].kind == kind;
	return count;
}

static void link_up(struct host *h, enum hr_agent_event_kind kind, bool up)
{
	const struct hr_agent_event ev = {.kind = kind, .up = up};

	step(h, &ev);
}

/* One reading of both zones, ns after the one before. */
static void sample(struct host *h, int64_t ns, int64_t first_uw, int64_t second_uw,
		   enum hr_quality second)
{
	const int64_t power_uw[ZONES] = {first_uw, second_uw};
	struct hr_sample s[ZONES];

	h->now = hr_now_add(h->now, ns);
	for (int i = 0; i < ZONES; i++) {
		h->energy_uj[i] = hr_add_sat(h->energy_uj[i],
					     hr_muldiv_floor(hr_max_i64(power_uw[i], 0), ns, S));
		s[i] = (struct hr_sample){.zone = i,
					  .quality = i ? second : HR_QUALITY_OK,
					  .energy_uj = h->energy_uj[i],
					  .power_uw = power_uw[i],
					  .span_ns = ns};
	}
	const struct hr_agent_event ev = {
	    .kind = HR_AGENT_SAMPLES, .sample = s, .n_samples = ZONES};

	step(h, &ev);
}

static void give_ticket(struct host *h)
{
	const struct hr_agent_event ev = {.kind = HR_AGENT_TICKET,
					  .ticket = &h->ticket,
					  .limit_uw = h->limit_uw,
					  .n_limits = ZONES};

	h->ticket.n++;
	step(h, &ev);
}

/* Guard and controller are there, and a first report was made. Limits 90 W and 90 W: 220 W. */
static void begin(struct host *h)
{
	const struct hr_agent_conf conf = {.rest_uw = REST,
					   .efficiency_permille = 900,
					   .period_ns = PERIOD,
					   .report_least_ns = 50 * MS,
					   .ticket_timeout_ns = S};
	const struct hr_agent_zone_conf zone[ZONES] = {{0, 10 * W, 100 * W}, {1, 10 * W, 100 * W}};

	memset(h, 0, sizeof(*h));
	h->now = (struct hr_now){100 * S, 300 * S, 0};
	h->ticket = (struct hr_report){.from = {{{1}}, {{2}}, 3},
				       .oldest_n = 1,
				       .cap_uw = 220 * W,
				       .applied_uw = 220 * W,
				       .floor_uw = 43 * W,
				       .ceiling_uw = 243 * W,
				       .safe_uw = 100 * W,
				       .boot_uw = 300 * W,
				       .uncapped_uw = 300 * W,
				       .in_force_known = true};
	h->limit_uw[0] = h->limit_uw[1] = 90 * W;
	hr_agent_init(&h->a, &conf, ZONES, zone, h->now);
	link_up(h, HR_AGENT_GUARD, true);
	link_up(h, HR_AGENT_LINK, true);
	give_ticket(h);
	assert_int_equal(asks(h, HR_AGENT_DO_REPORT), 1);
	assert_int_equal(hr_report_validate(&h->out.report, NULL), 0);
}

/* Readings every 100 ms until the agent asks for a ticket; how long that took. */
static int64_t until_it_asks(struct host *h, int64_t first_uw, int64_t second_uw)
{
	for (int64_t ns = 100 * MS; ns <= 20 * S; ns += 100 * MS) {
		sample(h, 100 * MS, first_uw, second_uw, HR_QUALITY_OK);
		if (asks(h, HR_AGENT_DO_ASK_TICKET))
			return ns;
	}
	fail_msg("no report in 20 s");
	return 0;
}

static void a_report_begins_with_a_ticket_of_the_guard(void **state)
{
	struct host h;

	(void)state;
	begin(&h);
	(void)until_it_asks(&h, 40 * W, 30 * W);
	/* Not twice while it waits, but again if the guard does not answer. */
	sample(&h, 500 * MS, 40 * W, 30 * W, HR_QUALITY_OK);
	assert_int_equal(asks(&h, HR_AGENT_DO_ASK_TICKET), 0);
	sample(&h, 500 * MS, 40 * W, 30 * W, HR_QUALITY_OK);
	assert_int_equal(asks(&h, HR_AGENT_DO_ASK_TICKET), 1);
	/* What the guard says is passed on untouched. */
	give_ticket(&h);
	assert_int_equal(asks(&h, HR_AGENT_DO_REPORT), 1);
	assert_int_equal(h.out.report.n, h.ticket.n);
	assert_int_equal(h.out.report.cap_uw, 220 * W);
	assert_int_equal(h.out.report.fault, HR_REASON_NONE);

	link_up(&h, HR_AGENT_GUARD, false);
	for (int i = 0; i < 30; i++) {
		sample(&h, 100 * MS, 40 * W, 30 * W, HR_QUALITY_OK);
		assert_int_equal(h.out.n, 0);
	}
	link_up(&h, HR_AGENT_GUARD, true);
	assert_int_equal(asks(&h, HR_AGENT_DO_ASK_TICKET), 1);
}

static void reports_at_the_period_that_the_grant_names(void **state)
{
	struct hr_grant g = {.to = {{{1}}, {{2}}, 3},
			     .echo_n = 1,
			     .mark = {1, 1},
			     .cap_uw = 220 * W,
			     .ttl_ns = 2 * S,
			     .period_ns = 3 * S};
	const struct hr_agent_event ev = {.kind = HR_AGENT_GRANT, .grant = &g};
	struct host h;

	(void)state;
	begin(&h);
	for (int i = 0; i < 10; i++) { /* what it finds out at first is news */
		(void)until_it_asks(&h, 40 * W, 30 * W);
		give_ticket(&h);
	}
	assert_int_equal(until_it_asks(&h, 40 * W, 30 * W), PERIOD);
	give_ticket(&h);
	step(&h, &ev);
	(void)until_it_asks(&h, 40 * W, 30 * W); /* the changed cap is told */
	give_ticket(&h);
	assert_int_equal(until_it_asks(&h, 40 * W, 30 * W), 3 * S);
}

/* Turning hungry is told at once, but no faster than two reports may follow each other. */
static void hunger_is_told_at_once(void **state)
{
	struct host h;

	(void)state;
	begin(&h);
	for (int i = 0; i < 4; i++) {
		(void)until_it_asks(&h, 40 * W, 30 * W);
		give_ticket(&h);
	}
	assert_false(h.out.report.hungry);
	assert_true(until_it_asks(&h, 90 * W, 90 * W) < PERIOD);
	give_ticket(&h);
	assert_true(h.out.report.hungry);
	const struct hr_agent_event news = {.kind = HR_AGENT_NOTIFY};

	step(&h, &news);
	assert_int_equal(asks(&h, HR_AGENT_DO_ASK_TICKET), 0);
	h.now = hr_now_add(h.now, 50 * MS);
	step(&h, &news);
	assert_int_equal(asks(&h, HR_AGENT_DO_ASK_TICKET), 1);
}

/* Rule 1: wall power, as a mean since the report before; energy from the counters. */
static void reports_the_mean_of_wall_power(void **state)
{
	struct host h;

	(void)state;
	begin(&h);
	sample(&h, 100 * MS, 36 * W, 27 * W, HR_QUALITY_OK);
	sample(&h, 300 * MS, 45 * W, 36 * W, HR_QUALITY_OK);
	give_ticket(&h);
	/* 90 W for a quarter of the time, 110 W for the rest. */
	assert_int_equal(h.out.report.draw_uw, 105 * W);
	assert_int_equal(h.out.report.draw_quality, HR_QUALITY_OK);
	/* 63 W and 81 W through the supply; what the rest uses is not in the counters. */
	assert_int_equal(h.out.report.energy_uj, 7 * W + 27 * W);
	sample(&h, 100 * MS, 36 * W, 27 * W, HR_QUALITY_OK);
	give_ticket(&h);
	assert_int_equal(h.out.report.draw_uw, 90 * W);
}

/* Rule 15: what is missing or absurd is absent, with the need as it was: never 0 W. */
static void an_absurd_reading_is_absent(void **state)
{
	static const int64_t bad_uw[] = {-1, HR_NODE_POWER_MAX_UW + 1, INT64_MAX, INT64_MIN,
					 50 * W};
	struct host h;

	(void)state;
	for (size_t i = 0; i < sizeof(bad_uw) / sizeof(bad_uw[0]); i++) {
		begin(&h);
		for (int k = 0; k < 20; k++)
			sample(&h, 100 * MS, 50 * W, 50 * W, HR_QUALITY_OK);
		give_ticket(&h);
		int64_t need_uw = h.out.report.need_uw;

		assert_true(need_uw > 130 * W);
		for (int k = 0; k < 20; k++)
			sample(&h, 100 * MS, 50 * W, bad_uw[i],
			       i == 4 ? HR_QUALITY_UNREADABLE : HR_QUALITY_OK);
		give_ticket(&h);
		assert_int_equal(h.out.report.draw_quality, HR_QUALITY_UNREADABLE);
		assert_int_equal(h.out.report.need_uw, need_uw);
		assert_int_equal(hr_report_validate(&h.out.report, NULL), 0);
	}
}

/* Rule 14: a draw that stays above the cap is told as such and charged at all it can draw. */
static void an_ignored_limit_is_told_and_charged(void **state)
{
	struct host h;

	(void)state;
	begin(&h);
	for (int k = 0; k < 20; k++)
		sample(&h, 100 * MS, 110 * W, 110 * W, HR_QUALITY_OK);
	give_ticket(&h);
	assert_int_equal(h.out.report.fault, HR_REASON_NONE);
	assert_true(h.out.report.over);
	for (int k = 0; k < 10; k++)
		sample(&h, 100 * MS, 110 * W, 110 * W, HR_QUALITY_OK);
	give_ticket(&h);
	assert_int_equal(h.out.report.fault, HR_REASON_IGNORED);
	assert_int_equal(h.out.report.cap_uw, 300 * W);
	for (int k = 0; k < 10; k++)
		sample(&h, 100 * MS, 60 * W, 60 * W, HR_QUALITY_OK);
	give_ticket(&h);
	assert_int_equal(h.out.report.fault, HR_REASON_NONE);
	assert_int_equal(h.out.report.cap_uw, 220 * W);
}

/* A grant goes to the guard with the division of its device power by need. */
static void a_grant_is_passed_on_with_its_division(void **state)
{
	struct hr_grant g = {.to = {{{1}}, {{2}}, 3},
			     .echo_n = 1,
			     .mark = {1, 1},
			     .cap_uw = 140 * W,
			     .ttl_ns = 2 * S,
			     .period_ns = S};
	const struct hr_agent_event ev = {.kind = HR_AGENT_GRANT, .grant = &g};
	struct host h;

	(void)state;
	begin(&h);
	for (int k = 0; k < 20; k++)
		sample(&h, 100 * MS, 89900000, 20 * W, HR_QUALITY_OK);
	step(&h, &ev);
	assert_int_equal(asks(&h, HR_AGENT_DO_GRANT), 1);
	assert_int_equal(h.out.n_split, ZONES);
	/* 108 W of devices, most of them to the busy package, which has what the other spares. */
	assert_true(h.out.split_uw[0] > 70 * W && h.out.split_uw[1] >= 20 * W);
	assert_true(h.out.split_uw[0] + h.out.split_uw[1] <= 108 * W);
	/* A renewal moves nothing. */
	g.mark.seq++;
	step(&h, &ev);
	assert_int_equal(asks(&h, HR_AGENT_DO_GRANT), 1);
	assert_int_equal(h.out.n_split, 0);
	/* What is no grant, or has no guard to go to, goes nowhere. */
	g.cap_uw = -1;
	step(&h, &ev);
	assert_int_equal(asks(&h, HR_AGENT_DO_GRANT), 0);
	g.cap_uw = 100 * W;
	link_up(&h, HR_AGENT_GUARD, false);
	step(&h, &ev);
	assert_int_equal(asks(&h, HR_AGENT_DO_GRANT), 0);
}

/* Between grants the zones' limits follow need, within the power that they allow together. */
static void a_hungry_zone_gets_what_the_other_spares(void **state)
{
	int splits = 0;
	struct host h;

	(void)state;
	begin(&h);
	for (int k = 0; k < 20; k++) {
		sample(&h, 100 * MS, 89900000, 20 * W, HR_QUALITY_OK);
		splits += asks(&h, HR_AGENT_DO_SPLIT);
		if (asks(&h, HR_AGENT_DO_SPLIT)) {
			assert_true(h.out.split_uw[0] > 90 * W);
			assert_true(h.out.split_uw[0] + h.out.split_uw[1] <= 180 * W);
		}
	}
	assert_int_equal(splits, 1);
}

static void without_a_controller_nothing_is_reported(void **state)
{
	struct host h;

	(void)state;
	begin(&h);
	link_up(&h, HR_AGENT_LINK, false);
	(void)until_it_asks(&h, 40 * W, 30 * W);
	give_ticket(&h);
	assert_int_equal(asks(&h, HR_AGENT_DO_REPORT), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_report_begins_with_a_ticket_of_the_guard),
	    cmocka_unit_test(reports_at_the_period_that_the_grant_names),
	    cmocka_unit_test(hunger_is_told_at_once),
	    cmocka_unit_test(reports_the_mean_of_wall_power),
	    cmocka_unit_test(an_absurd_reading_is_absent),
	    cmocka_unit_test(an_ignored_limit_is_told_and_charged),
	    cmocka_unit_test(a_grant_is_passed_on_with_its_division),
	    cmocka_unit_test(a_hungry_zone_gets_what_the_other_spares),
	    cmocka_unit_test(without_a_controller_nothing_is_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
