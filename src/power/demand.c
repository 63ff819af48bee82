/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Demand from draw and cap: level, noise, the test for a change, need and hunger.
 *
 * The figures below were chosen for samples ten times a second and hold for others: the tests
 * count samples, because it is samples that carry the evidence; only settling is a time.
 */
#include "power/demand.h"

#include "base/clock.h"
#include "base/units.h"
#include "model/report.h"

#define LEVEL_SPAN_NS (8 * HR_NS_PER_S) /* the level forgets what is older */
#define LEVEL_N_LEAST 20
#define LEVEL_N_MOST 500
#define NOISE_N_MOST 200
#define DIST_N_LEAST 5 /* samples of a level that distances are measured from */
/* A limiter that has cut the noise off for so long leaves nothing known of it. */
#define NOISE_STALE_NS (2 * HR_NS_PER_S)
/* Noise alone may press once: a noisy load is given a little more to see whether it uses it. That
   is judged by so many samples; a cap that is not raised at all proves nothing in so many. */
#define PROBE_TICKS 2
#define PROBE_TICKS_MOST 10
/* Samples in a row that a limiter at work holds at the cap, where noise hardly ever stays. */
#define HARD_TICKS 5
#define NOISE_N_GUESS 10 /* a guess counts as much as so many samples */
/* A lowering waits for this many samples; one that did not last this long doubles the number. */
#define LOW_TICKS 3
#define LOW_TICKS_MOST 96
#define TRIM_TICKS 50
/* After a great fall the level is known only little by little: trimmed sooner for so long. */
#define FALL_TRIM_TICKS 12
#define SETTLED_NS (5 * HR_NS_PER_S)
#define LASTING_NS (10 * HR_NS_PER_S)
/* A fall or rise of more deviations is no noise. */
#define LITTLE 8
/* One that did not last this long shows noise that is not independent from sample to sample. */
#define SLACK_SPAN_S 60
#define SLACK_SPAN_NS (SLACK_SPAN_S * HR_NS_PER_S)
#define SLACK_PERMILLE_MOST 2000
/* With a step of one deviation, a false alarm in about 9,000 samples of white noise. */
#define ALARM_PERMILLE 3750

static bool is_good(const struct hr_demand *d, const struct hr_demand_in *in)
{
	return (in->quality == HR_QUALITY_OK || in->quality == HR_QUALITY_ESTIMATED) &&
	       in->dt_ns > 0 && in->draw_uw > 0 && in->draw_uw <= d->most_uw;
}

/* How far below its cap the mean draw of a capped device may stay: limiters average low. */
static int64_t press_band(int64_t cap_uw)
{
	return HR_UW_PER_W / 2 + cap_uw / 100;
}

static int64_t margin(const struct hr_demand *d, int64_t permille)
{
	int64_t quiet = HR_UW_PER_W + d->level_uw / 50;

	/* without noise the band about the middle must still have a width */
	return hr_max_i64(d->noise_uw * permille / 1000, quiet * permille / 1700);
}

/* The largest r with r * r <= x. */
static int64_t root(int64_t x)
{
	int64_t r = 0;

	for (int64_t bit = INT64_C(1) << 12; bit > 0; bit >>= 1)
		if ((r + bit) * (r + bit) <= x)
			r += bit;
	return r;
}

/* Standard error of the level, in microwatts. */
static int64_t level_error(const struct hr_demand *d)
{
	return d->noise_uw * 32 / root((int64_t)d->level_n * 1024);
}

static void set_level(struct hr_demand *d, int64_t sum_uw, int n)
{
	d->level_nuw = sum_uw / n * 1000;
	d->level_uw = sum_uw / n;
	d->level_n = n;
	d->up_uw = d->down_uw = 0;
	d->up_n = d->down_n = 0;
	d->up_sum_uw = d->down_sum_uw = 0;
}

/* The noise of a load of which nothing is known yet, in microwatts of deviation. */
static int64_t noise_guess(const struct hr_demand *d)
{
	return (HR_UW_PER_W + d->level_uw / 50) * 10 / 17;
}

/* Forgets the noise of another load, or of a limiter that hid it; a few samples tell anew. */
static void guess_noise(struct hr_demand *d)
{
	d->noise_n = NOISE_N_GUESS;
	d->noise_uw = noise_guess(d);
	d->diff_uw = d->dist_uw = d->noise_uw;
}

/* Draws the mean towards x by one n-th. */
static int64_t drawn_to(int64_t mean, int64_t x, int n)
{
	return mean + (x - mean) / n;
}

static void measure_noise(struct hr_demand *d, int64_t x_uw)
{
	/* a step of the load is no noise: it counts as no more than a few deviations */
	bool guessing = d->noise_n < LEVEL_N_LEAST;
	int64_t most = (guessing ? hr_max_i64(d->noise_uw, noise_guess(d)) : d->noise_uw) * 5 / 2;
	int64_t diff = hr_clamp_i64(x_uw - d->last_uw, -most, most);
	int64_t dist = hr_clamp_i64(x_uw - d->level_uw, -most, most);
	int64_t least = HR_UW_PER_W / 10 + d->level_uw / 500;

	/* a limiter cuts the noise off with the draw */
	if (d->hungry)
		return;
	d->noise_n += d->noise_n < NOISE_N_MOST;
	d->diff_uw = drawn_to(d->diff_uw, diff < 0 ? -diff : diff, d->noise_n);
	/* around a level that is hardly known the distance says little */
	if (d->level_n >= DIST_N_LEAST)
		d->dist_uw = drawn_to(d->dist_uw, dist < 0 ? -dist : dist, d->noise_n);
	/* mean distances to deviations: 0.87 and 1.16, between uniform and normal noise */
	d->noise_uw = hr_max_i64(d->diff_uw * 87 / 100, d->dist_uw * 116 / 100);
	d->noise_uw = d->noise_uw * d->slack_permille / 1000;
	d->noise_uw = hr_clamp_i64(d->noise_uw, least, 2 * HR_UW_PER_W + d->level_uw / 8);
}

/* Half the way that the level would have to go to press against the cap, within sane bounds. */
static int64_t up_step(const struct hr_demand *d)
{
	int64_t way;

	if (d->cap_uw <= 0)
		return d->noise_uw;
	way = d->cap_uw - press_band(d->cap_uw) / 2 - d->level_uw;
	return hr_clamp_i64(way / 2, d->noise_uw / 2, d->noise_uw);
}

static bool alarm(int64_t *sum_uw, int64_t *run_uw, int *run_n, int64_t step_uw, int64_t x_uw,
		  int64_t away_uw, int64_t noise_uw)
{
	int64_t most = ALARM_PERMILLE * noise_uw / 1000;

	*sum_uw += away_uw - step_uw;
	if (*sum_uw <= 0) {
		*sum_uw = *run_uw = 0;
		*run_n = 0;
		return false;
	}
	*run_uw += x_uw;
	++*run_n;
	/* the smaller the step, the more evidence: the rate of false alarms stays the same */
	return *sum_uw > hr_muldiv_floor(most, noise_uw, step_uw);
}

/* Says whether the level was set anew by this very sample, which is then no noise. */
static bool follow_level(struct hr_demand *d, int64_t x_uw, int64_t dt_ns)
{
	int64_t away = x_uw - d->level_uw;
	int most = (int)hr_clamp_i64(LEVEL_SPAN_NS / dt_ns, LEVEL_N_LEAST, LEVEL_N_MOST);

	if (alarm(&d->up_uw, &d->up_sum_uw, &d->up_n, up_step(d), x_uw, away, d->noise_uw)) {
		bool stepped = d->up_n == 1;

		set_level(d, d->up_sum_uw, d->up_n);
		return stepped;
	}
	if (alarm(&d->down_uw, &d->down_sum_uw, &d->down_n, d->noise_uw, x_uw, -away,
		  d->noise_uw)) {
		bool stepped = d->down_n == 1;

		set_level(d, d->down_sum_uw, d->down_n);
		if (d->hungry && d->hungry_ns >= NOISE_STALE_NS)
			guess_noise(d);
		return stepped;
	}
	d->level_n = d->level_n < most ? d->level_n + 1 : most;
	d->level_nuw = drawn_to(d->level_nuw, x_uw * 1000, d->level_n);
	d->level_uw = d->level_nuw / 1000;
	return false;
}

/* May chance lift the level to the cap? It does not lift it above. */
static bool is_noisy(const struct hr_demand *d)
{
	return d->noise_uw > HR_UW_PER_W + press_band(d->cap_uw) / 2 &&
	       d->level_uw < d->cap_uw + d->noise_uw;
}

static bool presses(const struct hr_demand *d)
{
	int64_t band = press_band(d->cap_uw);

	if (d->cap_uw <= 0)
		return false;
	/* once hungry, it takes more to be believed sated */
	if (d->hungry)
		return d->level_uw >= d->cap_uw - 2 * band - 2 * level_error(d);
	return d->level_uw >= d->cap_uw - band - (is_noisy(d) ? 0 : level_error(d));
}

/*
 * Does a limiter hold the draw of a load that comes and goes? Its samples are further from the
 * level than from each other. Then the level is where it is held, whatever came before.
 */
static void count_hard(struct hr_demand *d, int64_t x_uw)
{
	bool hard = d->cap_uw > 0 && d->dist_uw > d->diff_uw &&
		    x_uw >= d->cap_uw - HR_UW_PER_W / 2 - d->cap_uw / 1000;

	d->hard_ticks = !hard ? 0 : d->hard_ticks < HARD_TICKS ? d->hard_ticks + 1 : HARD_TICKS;
	if (d->hard_ticks == HARD_TICKS && !d->hungry && !presses(d))
		set_level(d, x_uw, 1);
}

static void lower(struct hr_demand *d, int64_t need_uw)
{
	d->fell_little = d->need_uw - need_uw < LITTLE * d->noise_uw;
	d->need_uw = need_uw;
	d->hungry = false;
	d->low_ticks = 0;
	d->fell_ns = 0;
}

/* A rise soon after a lowering shows a load that comes and goes: the next lowering waits longer. */
static void rise(struct hr_demand *d, int64_t need_uw, bool hungry)
{
	bool little = !hungry && d->probe_cap_uw == 0 && d->fell_little &&
		      need_uw - d->need_uw < LITTLE * d->noise_uw;

	if (hungry || need_uw > d->need_uw + d->noise_uw) {
		if (d->fell_ns < LASTING_NS)
			d->low_least = (int)hr_min_i64(2 * d->low_least, LOW_TICKS_MOST);
		if (d->fell_ns < SLACK_SPAN_NS && little)
			d->slack_permille = hr_min_i64(d->slack_permille * 5 / 4,
						       SLACK_PERMILLE_MOST);
		d->fell_ns = SLACK_SPAN_NS; /* a lowering relapses once */
	}
	d->need_uw = need_uw;
	d->hungry = hungry;
	d->low_ticks = 0;
}

static void press(struct hr_demand *d)
{
	int64_t least = hr_max_i64(d->cap_uw, d->level_uw);

	if (!d->hungry)
		d->peak_uw = 0;
	d->peak_uw = hr_max_i64(d->peak_uw, d->level_uw + margin(d, 1700));
	/* beyond the cap the level wanders; a hungry need follows it in steps */
	if (!d->hungry || d->need_uw < least || d->need_uw > least + margin(d, 2050))
		rise(d, least, true);
	d->low_ticks = 0;
}

/*
 * A draw that has stayed low for some samples. A little less can wait: trimming at once would
 * follow every slow wave of the noise.
 */
static void consider_less(struct hr_demand *d, int64_t want_uw)
{
	bool little = !d->hungry && d->need_uw - want_uw < 4 * d->noise_uw;
	/* the first samples after a fall tell little of the level: it is told anew before long */
	int trim = !d->fell_little && d->fell_ns < SETTLED_NS ? FALL_TRIM_TICKS : TRIM_TICKS;
	int wait = little ? (int)hr_max_i64(d->low_least, trim) : d->low_least;

	if (d->low_ticks >= wait) {
		/* one that may come back keeps what would have done all the while */
		lower(d, wait > LOW_TICKS ? d->low_uw : want_uw);
	} else if (d->hungry && d->low_ticks >= LOW_TICKS) {
		/* a load that comes and goes is no longer hungry, but keeps what it had use for */
		d->hungry = false;
		d->need_uw = hr_max_i64(d->peak_uw, d->low_uw);
	}
}

/* Asks for a little more, to see whether it is used. */
static void begin_probe(struct hr_demand *d)
{
	int64_t need_uw = hr_max_i64(d->cap_uw, d->level_uw) + margin(d, 1700);

	d->probe_cap_uw = d->cap_uw;
	d->probe_raised = false;
	d->probe_ticks = d->probe_used = d->probe_unused = 0;
	if (d->need_uw < need_uw)
		rise(d, need_uw, false);
}

/* Has the probe shown hunger? Ends it when it has shown anything. */
static bool probe_shows_hunger(struct hr_demand *d, bool pressing)
{
	d->probe_ticks++;
	if (d->cap_uw >= d->probe_cap_uw + margin(d, 850)) {
		/* the first sample after the raise is in part from before */
		bool used = d->last_uw >= d->cap_uw - press_band(d->cap_uw) - d->noise_uw;

		d->probe_used += used && d->probe_raised;
		d->probe_unused += !used && d->probe_raised;
		d->probe_raised = true;
		if (d->probe_used < PROBE_TICKS && d->probe_unused < PROBE_TICKS)
			return false;
		d->probe_cap_uw = 0;
		return d->probe_used >= PROBE_TICKS;
	}
	if (d->probe_ticks < PROBE_TICKS_MOST)
		return false;
	d->probe_cap_uw = 0;
	return pressing;
}

/* Is a node that presses, or has pressed a moment ago, hungry? */
static bool is_hungry(struct hr_demand *d, bool pressing, bool sure)
{
	if (d->hungry || (pressing && (sure || !is_noisy(d)))) {
		d->probe_cap_uw = 0;
		return pressing;
	}
	if (d->probe_cap_uw > 0)
		return probe_shows_hunger(d, pressing);
	if (pressing)
		begin_probe(d);
	return false;
}

static void decide_need(struct hr_demand *d, bool sure)
{
	/* After a fall the noise is a guess, on the high side: a smaller part of it will do. */
	int64_t want = d->level_uw + margin(d, d->hungry ? 1500 : 1700);

	if (is_hungry(d, presses(d), sure)) {
		press(d);
		return;
	}
	if (d->probe_cap_uw > 0 && d->need_uw > d->level_uw) {
		d->low_ticks = 0;
		return;
	}
	if (d->hungry)
		d->peak_uw = hr_max_i64(d->peak_uw, want);
	if (d->hungry && d->raised_ns < d->settle_ns)
		return;
	if (!d->hungry && d->need_uw < d->level_uw + margin(d, 1300) - level_error(d)) {
		rise(d, want, false);
		return;
	}
	if (!d->hungry && d->need_uw <= d->level_uw + margin(d, 2050)) {
		d->low_ticks = 0;
		return;
	}
	d->low_uw = d->low_ticks == 0 ? want : hr_max_i64(d->low_uw, want);
	d->low_ticks++;
	consider_less(d, want);
}

static void decide_over(struct hr_demand *d, int64_t dt_ns)
{
	int64_t band = press_band(d->cap_uw) + 2 * level_error(d);

	if (d->cap_uw <= 0 || d->level_uw <= d->cap_uw + band)
		d->over_ns = 0;
	else
		d->over_ns = hr_add_sat(d->over_ns, dt_ns);
	d->over = d->over_ns > d->settle_ns;
}

static void decide_idle(struct hr_demand *d)
{
	/* on below 3/4 of the cap, off above 4/5 */
	int64_t part = d->idle ? d->cap_uw / 5 * 4 : d->cap_uw / 4 * 3;

	d->idle = !d->hungry && d->cap_uw > 0 && d->need_uw < part;
}

/* What relapses have taught is forgotten in steps of a second. */
static void calm_down(struct hr_demand *d, int64_t dt_ns)
{
	d->calm_ns = hr_add_sat(d->calm_ns, dt_ns);
	if (d->calm_ns < HR_NS_PER_S)
		return;
	d->calm_ns = 0;
	d->slack_permille -= (d->slack_permille - 1000 + SLACK_SPAN_S - 1) / SLACK_SPAN_S;
	if (d->fell_ns >= LASTING_NS && d->low_least > LOW_TICKS && d->low_ticks == 0)
		d->low_least--;
}

static void follow_cap(struct hr_demand *d, int64_t cap_uw, int64_t dt_ns)
{
	int64_t band;

	cap_uw = hr_clamp_i64(cap_uw, 0, 2 * HR_NODE_POWER_MAX_UW);
	band = press_band(hr_max_i64(cap_uw, d->cap_uw));

	d->raised_ns = hr_add_sat(d->raised_ns, dt_ns);
	d->fell_ns = hr_add_sat(d->fell_ns, dt_ns);
	d->hungry_ns = d->hungry ? hr_add_sat(d->hungry_ns, dt_ns) : 0;
	calm_down(d, dt_ns);
	/* A hungry node's draw follows its cap: what was drawn under another says nothing. One that
	   did not even use the cap before is no longer hungry, however often it is raised. */
	bool used = d->level_n == 0 || presses(d);

	if (d->hungry && used && cap_uw > d->cap_uw + band)
		d->raised_ns = 0;
	if (d->hungry && used && (cap_uw > d->cap_uw + band || cap_uw < d->cap_uw - band))
		d->level_n = 0;
	d->cap_uw = cap_uw;
}

void hr_demand_init(struct hr_demand *d, int64_t settle_ns, int64_t most_uw)
{
	*d = (struct hr_demand){
	    .settle_ns = settle_ns > 0 ? settle_ns : HR_DEMAND_SETTLE_NS,
	    .most_uw = most_uw > 0 ? hr_min_i64(most_uw, HR_NODE_POWER_MAX_UW)
				   : HR_NODE_POWER_MAX_UW,
	    .quality = HR_QUALITY_UNREADABLE,
	    .low_least = LOW_TICKS,
	    .fell_ns = SLACK_SPAN_NS,
	    .slack_permille = 1000,
	};
}

static void begin(struct hr_demand *d, int64_t x_uw)
{
	set_level(d, x_uw, 1);
	d->last_uw = x_uw;
	d->noise_n = 4; /* the first guess counts as much as a few samples */
	d->noise_uw = HR_UW_PER_W + x_uw / 50;
	d->diff_uw = d->dist_uw = d->noise_uw;
	d->need_uw = x_uw + margin(d, 1700);
}

void hr_demand_step(struct hr_demand *d, const struct hr_demand_in *in)
{
	struct hr_demand before = *d;

	d->changed = false;
	d->quality = in->quality;
	if (!is_good(d, in)) {
		if (in->quality == HR_QUALITY_OK)
			d->quality = HR_QUALITY_UNREADABLE;
		return;
	}
	bool stepped = false;

	follow_cap(d, in->cap_uw, in->dt_ns);
	if (d->noise_n == 0) {
		begin(d, in->draw_uw);
	} else {
		if (d->level_n == 0)
			set_level(d, in->draw_uw, 1);
		else
			stepped = follow_level(d, in->draw_uw, in->dt_ns);
		if (!stepped)
			measure_noise(d, in->draw_uw);
	}
	d->last_uw = in->draw_uw;
	count_hard(d, in->draw_uw);
	decide_need(d, stepped && in->draw_uw > before.level_uw);
	decide_over(d, in->dt_ns);
	decide_idle(d);
	d->changed = d->need_uw != before.need_uw || d->hungry != before.hungry ||
		     d->over != before.over || (d->idle && !before.idle);
}
