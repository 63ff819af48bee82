/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From an energy counter's readings to samples. See the header.
 */
#include "hw/counter.h"

#include "base/units.h"

/* The kernel's counter moves in steps of a millisecond or so: allow for two of them. */
#define SLACK_NS (2 * HR_NS_PER_MS)

void hr_counter_init(struct hr_counter *c, int64_t range_uj, int64_t most_uw, bool live)
{
	*c = (struct hr_counter){.range_uj = range_uj, .most_uw = most_uw, .live = live};
}

void hr_counter_miss(struct hr_sample *ret, enum hr_reason reason)
{
	*ret = (struct hr_sample){
	    .zone = ret->zone, .quality = HR_QUALITY_UNREADABLE, .reason = reason};
}

static void rebase(struct hr_counter *c, int64_t raw_uj, struct hr_now now)
{
	c->primed = true;
	c->raw_uj = raw_uj;
	c->at = now;
}

static void answer(const struct hr_counter *c, struct hr_sample *ret, enum hr_quality quality,
		   enum hr_reason reason)
{
	ret->quality = quality;
	ret->reason = reason;
	ret->energy_uj = c->energy_uj;
	ret->power_uw = c->power_uw;
	ret->span_ns = c->span_ns;
}

/* Nothing new: the last power stands for a while, then it is absent. */
static void still(const struct hr_counter *c, int64_t span_ns, struct hr_sample *ret)
{
	if (span_ns >= HR_COUNTER_STILL_NS)
		hr_counter_miss(ret, HR_REASON_FROZEN);
	else if (!c->has_power)
		hr_counter_miss(ret, HR_REASON_FIRST);
	else
		answer(c, ret, HR_QUALITY_STALE, HR_REASON_STALE);
}

/* Full rounds that nobody saw, by the last known power; delta_uj lies within one round. */
static int64_t rounds_unseen(const struct hr_counter *c, int64_t delta_uj, int64_t span_ns)
{
	int64_t expected_uj = hr_muldiv_floor(c->power_uw, span_ns, HR_NS_PER_S);

	if (!c->has_power || expected_uj <= delta_uj)
		return 0;
	expected_uj -= delta_uj;
	return expected_uj / c->range_uj + (expected_uj % c->range_uj > c->range_uj / 2);
}

static void moved(struct hr_counter *c, int64_t raw_uj, struct hr_now now, int64_t span_ns,
		  struct hr_sample *ret)
{
	int64_t most_uj = hr_muldiv_ceil(c->most_uw, hr_add_sat(span_ns, SLACK_NS), HR_NS_PER_S);
	int64_t delta_uj = raw_uj - c->raw_uj;
	bool unsure = most_uj > c->range_uj; /* never when the range is INT64_MAX */

	/* summed from the left, as the range may be INT64_MAX */
	if (delta_uj < 0)
		delta_uj = delta_uj + c->range_uj + 1;
	if (unsure) {
		int64_t rounds = rounds_unseen(c, delta_uj, span_ns);

		delta_uj = hr_add_sat(delta_uj, hr_muldiv_floor(rounds, c->range_uj + 1, 1));
	}
	rebase(c, raw_uj, now);
	if (delta_uj > most_uj) {
		c->has_power = false;
		hr_counter_miss(ret, HR_REASON_JUMPED);
		return;
	}
	c->energy_uj = hr_add_sat(c->energy_uj, delta_uj);
	c->power_uw = hr_muldiv_floor(delta_uj, HR_NS_PER_S, span_ns);
	c->span_ns = span_ns;
	c->has_power = true;
	if (unsure)
		answer(c, ret, HR_QUALITY_ESTIMATED, HR_REASON_STALE);
	else
		answer(c, ret, HR_QUALITY_OK, HR_REASON_NONE);
}

void hr_counter_step(struct hr_counter *c, int64_t raw_uj, struct hr_now now, struct hr_sample *ret)
{
	int64_t span_ns;

	if (raw_uj < 0 || raw_uj > c->range_uj) {
		hr_counter_miss(ret, HR_REASON_ABSURD);
		return;
	}
	if (!c->primed) {
		rebase(c, raw_uj, now);
		hr_counter_miss(ret, HR_REASON_FIRST);
		return;
	}
	span_ns = hr_max_i64(now.raw_ns - c->at.raw_ns, now.boot_ns - c->at.boot_ns);
	if (span_ns <= 0 || (raw_uj == c->raw_uj && c->live))
		still(c, span_ns, ret);
	else
		moved(c, raw_uj, now, span_ns, ret);
}
