/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Demand estimation in closed loop: a load, a limiter with a lag, a noisy meter, and a controller
 * that gives a hungry node much and any other its need. Figures are bounds over many seeds;
 * HR_TEST_SEED=N repeats a run.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/rng.h"
#include "base/units.h"
#include "model/report.h"
#include "power/demand.h"

#define W HR_UW_PER_W
#define TICK_NS (100 * HR_NS_PER_MS)
#define SEEDS 200

struct loop {
	struct hr_demand d;
	struct hr_rng rng;
	int64_t wants_uw; /* what the load would draw without a cap */
	int64_t draws_uw; /* what it draws */
	int64_t cap_uw;
	int64_t noise_uw;     /* uniform, each way */
	int64_t low_permille; /* how far below its cap the limiter averages */
	int changes;          /* of need or hunger */
	int ticks;
};

static uint64_t first_seed(void)
{
	const char *text = getenv("HR_TEST_SEED");

	return text != NULL ? strtoull(text, NULL, 0) : 1;
}

static void loop_init(struct loop *l, uint64_t seed, int64_t wants_uw, int64_t cap_uw,
		      int64_t noise_uw)
{
	*l = (struct loop){
	    .wants_uw = wants_uw, .draws_uw = wants_uw, .cap_uw = cap_uw, .noise_uw = noise_uw};
	hr_rng_init(&l->rng, seed);
	hr_demand_init(&l->d, 0, 0);
}

static void tick(struct loop *l)
{
	int64_t limit = l->cap_uw - l->cap_uw * l->low_permille / 1000;
	int64_t goal = hr_min_i64(l->wants_uw, limit);
	int64_t need = l->d.need_uw;
	bool hungry = l->d.hungry;
	struct hr_demand_in in = {.cap_uw = l->cap_uw, .dt_ns = TICK_NS};

	/* a load moves at once, a limiter takes about two samples */
	if (goal < l->draws_uw && l->wants_uw > limit)
		l->draws_uw -= (l->draws_uw - goal) * 7 / 10;
	else
		l->draws_uw = goal;
	in.draw_uw = l->draws_uw + hr_rng_range(&l->rng, -l->noise_uw, l->noise_uw);
	hr_demand_step(&l->d, &in);
	if (l->d.need_uw != need || l->d.hungry != hungry)
		l->changes++;
	l->ticks++;
}

/* A controller's round every third tick. */
static void obey(struct loop *l, int64_t most_uw)
{
	if (l->ticks % 3 == 0)
		l->cap_uw = l->d.hungry ? most_uw : hr_min_i64(l->d.need_uw, most_uw);
}

static void steady(struct loop *l, int ticks, int64_t most_uw)
{
	for (int i = 0; i < ticks; i++) {
		tick(l);
		obey(l, most_uw);
	}
}

static void a_noisy_donor_keeps_little_and_holds_still(void **state)
{
	int changes = 0;
	int64_t margin = 0, worst = 0;

	(void)state;
	for (uint64_t seed = first_seed(); seed < first_seed() + SEEDS; seed++) {
		struct loop l;

		loop_init(&l, seed, 40 * W, 110 * W, 5 * W);
		steady(&l, 50, 110 * W);
		l.changes = 0;
		for (int i = 0; i < 3000; i++) {
			steady(&l, 1, 110 * W);
			margin += (l.d.need_uw - 40 * W) / 3000;
			worst = hr_max_i64(worst, l.d.need_uw - 40 * W);
		}
		changes += l.changes;
	}
	print_message("# margin mean %.2f W, most %.2f W; %.3f changes a minute\n",
		      (double)margin / SEEDS / W, (double)worst / W, changes / (SEEDS * 5.0));
	assert_true(margin / SEEDS < 55 * W / 10);
	assert_true(changes < SEEDS * 5 * 2 / 5);
}

static void a_quiet_donor_never_moves(void **state)
{
	(void)state;
	for (int64_t w = 20; w <= 400; w += 20) {
		struct loop l;

		loop_init(&l, 1, w * W, 500 * W, 0);
		steady(&l, 50, 500 * W);
		l.changes = 0;
		steady(&l, 6000, 500 * W);
		assert_int_equal(l.changes, 0);
		assert_in_range(l.d.need_uw, w * W + W / 2, w * W + 2 * W + w * W / 25);
		assert_false(l.d.hungry);
	}
}

/* Asking is to be hungry or to need more than before. */
static int ticks_until_asking(struct loop *l)
{
	int64_t need = l->d.need_uw;
	int n = 0;

	while (!l->d.hungry && l->d.need_uw <= need && n < 100) {
		tick(l);
		n++;
	}
	return n;
}

static void pressing_is_seen(void **state)
{
	static const struct {
		int64_t noise_w, low_permille;
		double mean_most;
		int most;
	} cases[] = {{0, 0, 3, 3}, {0, 10, 3, 3}, {1, 5, 3.5, 10}, {5, 0, 7, 30}, {5, 10, 8.5, 30}};

	(void)state;
	for (size_t c = 0; c < HR_ARRAY_LEN(cases); c++) {
		int sum = 0, most = 0;

		for (uint64_t seed = first_seed(); seed < first_seed() + SEEDS; seed++) {
			struct loop l;
			int n;

			loop_init(&l, seed, 40 * W, 110 * W, cases[c].noise_w * W);
			l.low_permille = cases[c].low_permille;
			steady(&l, 300, 110 * W);
			l.wants_uw = 100 * W;
			n = ticks_until_asking(&l);
			sum += n;
			most = n > most ? n : most;
		}
		print_message("# noise %d W, limiter %d permille low: asks after %.2f samples, "
			      "at most %d\n",
			      (int)cases[c].noise_w, (int)cases[c].low_permille,
			      sum / (double)SEEDS, most);
		assert_true(sum <= cases[c].mean_most * SEEDS);
		assert_true(most <= cases[c].most);
	}
}

/* A jump far above the need is told within two samples, as a rule, even with noise. */
static void a_jump_to_a_high_cap_is_seen_at_once(void **state)
{
	int sum = 0;

	(void)state;
	for (uint64_t seed = first_seed(); seed < first_seed() + SEEDS; seed++) {
		struct loop l;
		int n;

		loop_init(&l, seed, 40 * W, 110 * W, 5 * W);
		for (int i = 0; i < 100; i++)
			tick(&l);
		l.wants_uw = 200 * W;
		n = ticks_until_asking(&l);
		if (n > 5)
			fail_msg("seed %llu: asks after %d samples", (unsigned long long)seed, n);
		sum += n;
	}
	assert_true(sum <= 2 * SEEDS);
}

static void hunger_lasts_while_the_cap_binds(void **state)
{
	int lost = 0;

	(void)state;
	for (uint64_t seed = first_seed(); seed < first_seed() + SEEDS; seed++) {
		struct loop l;

		loop_init(&l, seed, 150 * W, 90 * W, 5 * W);
		l.draws_uw = 90 * W;
		l.low_permille = (int64_t)(seed % 11);
		for (int i = 0; i < 30; i++)
			tick(&l);
		for (int i = 0; i < 3000; i++) {
			tick(&l);
			lost += !l.d.hungry;
			if (l.d.need_uw < 85 * W)
				fail_msg("seed %llu: need below the cap that binds",
					 (unsigned long long)seed);
		}
	}
	print_message("# sated by mistake in %.4f %% of the samples\n",
		      lost / (SEEDS * 3000.0) * 100);
	assert_true(lost < SEEDS * 3000 / 1000);
}

static void a_drop_is_given_up(void **state)
{
	int late = 0;

	(void)state;
	for (uint64_t seed = first_seed(); seed < first_seed() + SEEDS; seed++) {
		for (int hungry = 0; hungry < 2; hungry++) {
			struct loop l;
			int n = 0;

			loop_init(&l, seed, 100 * W, hungry ? 100 * W : 120 * W,
				  (int64_t)(seed % 2) * 5 * W);
			for (int i = 0; i < 100; i++)
				tick(&l);
			l.wants_uw = 40 * W;
			while ((l.d.hungry || l.d.need_uw > 60 * W) && n < 100) {
				tick(&l);
				n++;
			}
			late += n > 5;
			if (n > 8)
				fail_msg("seed %llu: gave up after %d samples",
					 (unsigned long long)seed, n);
		}
	}
	print_message("# a drop is given up later than after 5 samples in %d of %d runs\n", late,
		      2 * SEEDS);
	assert_true(late <= SEEDS / 20);
}

static void a_rise_below_the_cap_is_asked_for_at_once(void **state)
{
	(void)state;
	for (uint64_t seed = first_seed(); seed < first_seed() + SEEDS; seed++) {
		struct loop l;
		bool told;

		loop_init(&l, seed, 40 * W, 110 * W, (int64_t)(seed % 2) * 5 * W);
		for (int i = 0; i < 200; i++)
			tick(&l);
		l.wants_uw = 80 * W;
		tick(&l);
		told = l.d.changed;
		tick(&l);
		if (l.d.need_uw < (seed % 2 ? 70 : 80) * W || !told || l.d.hungry)
			fail_msg("seed %llu: need %lld", (unsigned long long)seed,
				 (long long)l.d.need_uw);
	}
}

static void a_fed_node_is_sated(void **state)
{
	(void)state;
	for (uint64_t seed = first_seed(); seed < first_seed() + SEEDS; seed++) {
		struct loop l;

		loop_init(&l, seed, 120 * W, 80 * W, 3 * W);
		l.draws_uw = 80 * W;
		for (int i = 0; i < 20; i++)
			tick(&l);
		assert_true(l.d.hungry);
		l.cap_uw = 200 * W;
		for (int i = 0; i < 20; i++)
			tick(&l);
		assert_false(l.d.hungry);
		assert_in_range(l.d.need_uw, 120 * W, 132 * W);
	}
}

/* A limiter that lets go late must not make the node look sated. */
static void a_raised_cap_is_given_time(void **state)
{
	struct loop l;

	(void)state;
	loop_init(&l, 1, 80 * W, 80 * W, 0);
	for (int i = 0; i < 20; i++)
		tick(&l);
	assert_true(l.d.hungry);
	l.cap_uw = 150 * W;
	for (int i = 0; i < 4; i++) {
		tick(&l);
		assert_true(l.d.hungry);
	}
	for (int i = 0; i < 4; i++)
		tick(&l);
	assert_false(l.d.hungry);
}

static void a_cap_that_is_not_kept_is_told(void **state)
{
	struct loop l;
	struct hr_demand_in in = {.draw_uw = 130 * W, .cap_uw = 100 * W, .dt_ns = TICK_NS};

	(void)state;
	loop_init(&l, 1, 0, 0, 0);
	for (int i = 0; i < 5; i++)
		hr_demand_step(&l.d, &in);
	assert_false(l.d.over); /* it may be settling */
	for (int i = 0; i < 5; i++)
		hr_demand_step(&l.d, &in);
	assert_true(l.d.over);
	assert_true(l.d.hungry);
	assert_true(l.d.need_uw >= 130 * W);
	in.draw_uw = 99 * W;
	for (int i = 0; i < 5; i++)
		hr_demand_step(&l.d, &in);
	assert_false(l.d.over);
}

static void bad_samples_change_nothing(void **state)
{
	static const struct hr_demand_in bad[] = {
	    {.draw_uw = 0, .cap_uw = 90 * W, .dt_ns = TICK_NS},
	    {.draw_uw = -5, .cap_uw = 90 * W, .dt_ns = TICK_NS},
	    {.draw_uw = INT64_MIN, .cap_uw = 90 * W, .dt_ns = TICK_NS},
	    {.draw_uw = INT64_MAX, .cap_uw = INT64_MAX, .dt_ns = TICK_NS},
	    {.draw_uw = 700 * W, .cap_uw = 90 * W, .dt_ns = TICK_NS},
	    {.draw_uw = 50 * W, .cap_uw = 90 * W, .dt_ns = 0},
	    {.draw_uw = 50 * W, .cap_uw = 90 * W, .dt_ns = -1},
	    {.draw_uw = 500 * W, .dt_ns = TICK_NS, .quality = HR_QUALITY_STALE},
	    {.draw_uw = 500 * W, .dt_ns = TICK_NS, .quality = HR_QUALITY_UNREADABLE},
	    {.draw_uw = 500 * W, .dt_ns = TICK_NS, .quality = (enum hr_quality)99},
	};
	struct loop l;
	int64_t need;

	(void)state;
	loop_init(&l, 1, 60 * W, 90 * W, 2 * W);
	hr_demand_init(&l.d, 0, 600 * W);
	hr_demand_step(&l.d, &bad[0]);
	assert_int_equal(l.d.need_uw, 0);
	assert_int_equal(l.d.quality, HR_QUALITY_UNREADABLE);
	for (int i = 0; i < 100; i++)
		tick(&l);
	need = l.d.need_uw;
	for (size_t i = 0; i < HR_ARRAY_LEN(bad); i++) {
		for (int k = 0; k < 20; k++)
			hr_demand_step(&l.d, &bad[i]);
		assert_int_equal(l.d.need_uw, need);
		assert_false(l.d.hungry);
		assert_false(l.d.changed);
		assert_int_not_equal(l.d.quality, HR_QUALITY_OK);
	}
	tick(&l);
	assert_int_equal(l.d.quality, HR_QUALITY_OK);
}

/* Whatever is fed in: the need stays an amount that a node can draw, or its cap. */
static void wild_samples_are_survived(void **state)
{
	static const int64_t wild[] = {INT64_MIN, -1, 0, 1, W, HR_NODE_POWER_MAX_UW, INT64_MAX};

	(void)state;
	for (uint64_t seed = first_seed(); seed < first_seed() + SEEDS; seed++) {
		struct hr_demand d;
		struct hr_rng r;

		hr_rng_init(&r, seed);
		hr_demand_init(&d, 0, hr_rng_chance(&r, 0.5) ? INT64_MAX : 500 * W);
		for (int i = 0; i < 2000; i++) {
			struct hr_demand_in in = {
			    .draw_uw = hr_rng_range(&r, 0,
						    hr_rng_chance(&r, 0.1) ? INT64_MAX : 600 * W),
			    .cap_uw = hr_rng_range(&r, 0,
						   hr_rng_chance(&r, 0.1) ? INT64_MAX : 600 * W),
			    .dt_ns = hr_rng_range(&r, 1,
						  hr_rng_chance(&r, 0.1) ? INT64_MAX : TICK_NS),
			    .quality = (enum hr_quality)hr_rng_below(&r, 5),
			};

			if (hr_rng_chance(&r, 0.2))
				in.draw_uw = wild[hr_rng_below(&r, HR_ARRAY_LEN(wild))];
			if (hr_rng_chance(&r, 0.2))
				in.cap_uw = wild[hr_rng_below(&r, HR_ARRAY_LEN(wild))];
			if (hr_rng_chance(&r, 0.2))
				in.dt_ns = wild[hr_rng_below(&r, HR_ARRAY_LEN(wild))];
			hr_demand_step(&d, &in);
			if (d.need_uw < 0 || d.need_uw > 3 * HR_NODE_POWER_MAX_UW)
				fail_msg("seed %llu: need %lld", (unsigned long long)seed,
					 (long long)d.need_uw);
		}
	}
}

/* Phases of a few seconds to a minute: little work is held up and little is told. */
static void phases_are_followed(void **state)
{
	int64_t held_up = 0, wanted = 0, idle_held = 0;
	int phases = 0, changes = 0;

	(void)state;
	for (uint64_t seed = first_seed(); seed < first_seed() + SEEDS / 4; seed++) {
		struct loop l;

		loop_init(&l, seed, 60 * W, 200 * W, (int64_t)(seed % 6) * W);
		for (int p = 0; p < 50; p++, phases++) {
			int n = (int)hr_rng_range(&l.rng, 30, 600);

			l.wants_uw = hr_rng_range(&l.rng, 30, 190) * W;
			for (int i = 0; i < n; i++) {
				steady(&l, 1, 200 * W);
				held_up += l.wants_uw - l.draws_uw;
				wanted += l.wants_uw;
				idle_held += hr_max_i64(l.cap_uw - l.wants_uw, 0);
			}
		}
		changes += l.changes;
	}
	print_message("# held up %.2f %% of the work, unused %.2f %%, %.1f changes a phase\n",
		      (double)held_up / (double)wanted * 100,
		      (double)idle_held / (double)wanted * 100, changes / (double)phases);
	assert_true(held_up < wanted / 50);
	assert_true(idle_held < wanted / 10);
	assert_true(changes < phases * 6);
}

/* A load that comes and goes every half second to every five is held for, not chased. */
static void waves_are_not_chased(void **state)
{
	static const int half_ticks[] = {6, 18, 54};

	(void)state;
	for (size_t h = 0; h < HR_ARRAY_LEN(half_ticks); h++) {
		int64_t held_up = 0, wanted = 0;
		struct loop l;

		loop_init(&l, first_seed(), 50 * W, 150 * W, W);
		for (int i = 0; i < 6000; i++) {
			l.wants_uw = i / half_ticks[h] % 2 != 0 ? 100 * W : 50 * W;
			steady(&l, 1, 150 * W);
			held_up += l.wants_uw - l.draws_uw;
			wanted += l.wants_uw;
		}
		print_message(
		    "# half a wave of %d samples: held up %.2f %%, %.1f changes a minute\n",
		    half_ticks[h], (double)held_up / (double)wanted * 100, l.changes / 10.0);
		assert_true(held_up < wanted / 50);
		assert_true(l.changes < 150);
	}
}

/* Noise that successive samples share looks like small changes of the load; some thrash is left. */
static void shared_noise_moves_little(void **state)
{
	static const double shared[] = {0.5, 0.8};

	(void)state;
	for (size_t k = 0; k < HR_ARRAY_LEN(shared); k++) {
		int changes = 0;

		for (uint64_t seed = first_seed(); seed < first_seed() + SEEDS / 4; seed++) {
			double wave = 0, fresh = k == 0 ? 2.5 : 1.74; /* deviation 2.9 W in all */
			struct loop l;

			loop_init(&l, seed, 60 * W, 150 * W, 0);
			for (int i = 0; i < 3200; i++) {
				wave = shared[k] * wave + fresh * hr_rng_normal(&l.rng);
				l.wants_uw = 60 * W + (int64_t)(wave * 1e6);
				steady(&l, 1, 150 * W);
				l.changes = i == 200 ? 0 : l.changes;
			}
			changes += l.changes;
		}
		print_message("# %.1f shared: %.2f changes a minute\n", shared[k],
			      (double)changes / (SEEDS * 5.0 / 4));
		assert_true(changes < SEEDS / 4 * 5 * 12);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_noisy_donor_keeps_little_and_holds_still),
	    cmocka_unit_test(a_quiet_donor_never_moves),
	    cmocka_unit_test(pressing_is_seen),
	    cmocka_unit_test(a_jump_to_a_high_cap_is_seen_at_once),
	    cmocka_unit_test(hunger_lasts_while_the_cap_binds),
	    cmocka_unit_test(a_drop_is_given_up),
	    cmocka_unit_test(a_rise_below_the_cap_is_asked_for_at_once),
	    cmocka_unit_test(a_fed_node_is_sated),
	    cmocka_unit_test(a_raised_cap_is_given_time),
	    cmocka_unit_test(a_cap_that_is_not_kept_is_told),
	    cmocka_unit_test(bad_samples_change_nothing),
	    cmocka_unit_test(wild_samples_are_survived),
	    cmocka_unit_test(phases_are_followed),
	    cmocka_unit_test(waves_are_not_chased),
	    cmocka_unit_test(shared_noise_moves_little),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
