/* SPDX-License-Identifier: Apache-2.0 */
/* Hardware in memory: it holds what it is told, or lies as it is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include "hw/fake.h"

#define W INT64_C(1000000)

static struct hr_fake f;
static struct hr_meter *m;
static struct hr_actuator *a;
static struct hr_sample s[HR_ZONES_MAX];
static size_t n;
static int64_t t_ms;

static int begin(void **state)
{
	(void)state;
	t_ms = 0;
	hr_fake_init(&f);
	if (hr_fake_add(&f, "package-0", HR_ZONE_PACKAGE, 0, 150 * W) != 0)
		return -1;
	f.zone[0].demand_uw = 100 * W;
	return hr_fake_meter_new(&f, &m) < 0 || hr_fake_actuator_new(&f, &a) < 0 ? -1 : 0;
}

static int end(void **state)
{
	(void)state;
	m->ops->close(m);
	a->ops->close(a);
	return 0;
}

static void tick(void)
{
	hr_fake_run(&f, 100 * HR_NS_PER_MS);
	t_ms += 100;
	m->ops->read(m,
		     (struct hr_now){.raw_ns = t_ms * HR_NS_PER_MS, .boot_ns = t_ms * HR_NS_PER_MS},
		     s, &n);
}

static void honest_zones_obey_and_count(void **state)
{
	struct hr_limit l;
	struct hr_original o;

	(void)state;
	tick();
	assert_int_equal(s[0].reason, HR_REASON_FIRST);
	tick();
	assert_int_equal(s[0].power_uw, 100 * W);
	assert_int_equal(a->ops->save(a, 0, &o), 0);
	f.zone[0].step_uw = 125000;
	assert_int_equal(a->ops->set(a, 0, 60 * W + 1, &l), 0);
	assert_int_equal(l.limit_uw, 60 * W);
	tick();
	assert_int_equal(s[0].power_uw, 60 * W);
	assert_int_equal(a->ops->restore(a, 0, &o), 0);
	tick();
	assert_int_equal(s[0].power_uw, 100 * W);
	assert_int_equal(f.zone[0].n_sets, 2);
}

static void every_lie_is_told_apart(void **state)
{
	static const struct {
		enum hr_fake_lie lie;
		enum hr_reason fault;
		int64_t lie_uw;
		int64_t limit_uw;
		int64_t draw_uw;
		int r;
		bool known;
	} lies[] = {
	    {HR_FAKE_LOCKED, HR_REASON_LOCKED, 0, 150 * W, 100 * W, 0, true},
	    {HR_FAKE_STUCK, HR_REASON_LOCKED, 0, 150 * W, 100 * W, 0, true},
	    {HR_FAKE_CLAMPED, HR_REASON_CLAMPED, 80 * W, 80 * W, 80 * W, 0, true},
	    {HR_FAKE_IGNORED, HR_REASON_NONE, 0, 60 * W, 100 * W, 0, true},
	    {HR_FAKE_OVERWRITTEN, HR_REASON_NONE, 90 * W, 60 * W, 90 * W, 0, true},
	    {HR_FAKE_DISABLED, HR_REASON_DISABLED, 0, 0, 100 * W, 0, false},
	    {HR_FAKE_IO_ERROR, HR_REASON_IO_ERROR, 0, 0, 100 * W, -EIO, false},
	    {HR_FAKE_LOST, HR_REASON_LOST, 0, 0, 100 * W, -EIO, false},
	};

	(void)state;
	for (size_t i = 0; i < HR_ARRAY_LEN(lies); i++) {
		struct hr_limit l;

		f.zone[0].limit_uw = 150 * W;
		f.zone[0].lie = lies[i].lie;
		f.zone[0].lie_uw = lies[i].lie_uw;
		assert_int_equal(a->ops->set(a, 0, 60 * W, &l), lies[i].r);
		assert_int_equal(l.known, lies[i].known);
		assert_int_equal(l.limit_uw, lies[i].limit_uw);
		assert_int_equal(l.fault, lies[i].fault);
		assert_int_equal(hr_fake_draw_uw(&f.zone[0]), lies[i].draw_uw);
	}
}

static void counters_lie_too(void **state)
{
	(void)state;
	tick();
	tick();
	f.zone[0].lie = HR_FAKE_IO_ERROR;
	tick();
	assert_int_equal(s[0].reason, HR_REASON_IO_ERROR);
	f.zone[0].lie = HR_FAKE_FROZEN;
	for (int i = 0; i < 12; i++)
		tick();
	assert_int_equal(s[0].reason, HR_REASON_FROZEN);
	f.zone[0].lie = HR_FAKE_JUMPING;
	f.zone[0].lie_uw = 50000 * W;
	tick();
	assert_int_equal(s[0].reason, HR_REASON_JUMPED);
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(honest_zones_obey_and_count),
	    TEST(every_lie_is_told_apart),
	    TEST(counters_lie_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
