/* SPDX-License-Identifier: Apache-2.0 */
/* A node's registers, counters and faults, and its account of wall power. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/rng.h"
#include "sim/plant.h"

#define W INT64_C(1000000)
#define S HR_NS_PER_S
#define MS HR_NS_PER_MS

static const struct hr_load busy = {.kind = HR_LOAD_FLAT, .high_uw = 150 * W};

static struct hr_plant made(void)
{
	struct hr_plant_conf c = hr_plant_conf_default();
	struct hr_plant p;
	assert_int_equal(hr_plant_init(&p, &c, 1000 * S), 0);
	hr_plant_set_load(&p, -1, &busy);
	return p;
}

static int64_t limit_of(const struct hr_plant *p, int zone, enum hr_package_limit which)
{
	int64_t uw;
	assert_int_equal(hr_plant_limit(p, zone, which, &uw), 0);
	return uw;
}

static int64_t energy_of(struct hr_plant *p, int zone)
{
	int64_t uj;
	assert_int_equal(hr_plant_energy(p, zone, &uj), 0);
	return uj;
}

static void refuses_a_senseless_node(void **state)
{
	(void)state;
	struct hr_plant p;
	struct hr_plant_conf c = hr_plant_conf_default();
	c.n_packages = HR_PLANT_PACKAGES_MAX + 1;
	assert_int_equal(hr_plant_init(&p, &c, 0), -EINVAL);
	c = hr_plant_conf_default();
	c.efficiency_permille = 0;
	assert_int_equal(hr_plant_init(&p, &c, 0), -EINVAL);
	c = hr_plant_conf_default();
	c.package.floor_uw = c.package.tdp_uw + 1;
	assert_int_equal(hr_plant_init(&p, &c, 0), -EINVAL);
	c = hr_plant_conf_default();
	c.energy_range_uj = 0;
	assert_int_equal(hr_plant_init(&p, &c, 0), -EINVAL);
}

static void registers_round_down_as_the_hardware_does(void **state)
{
	(void)state;
	struct hr_plant p = made();
	assert_int_equal(limit_of(&p, 0, HR_PACKAGE_LONG), 165 * W);
	assert_int_equal(hr_plant_set_limit(&p, 0, HR_PACKAGE_LONG, 100 * W + 124999), 0);
	assert_int_equal(limit_of(&p, 0, HR_PACKAGE_LONG), 100 * W);
	assert_int_equal(hr_plant_set_limit(&p, 0, HR_PACKAGE_LONG, 100 * W + 125000), 0);
	assert_int_equal(limit_of(&p, 0, HR_PACKAGE_LONG), 100 * W + 125000);
	assert_int_equal(hr_plant_set_limit(&p, 0, HR_PACKAGE_LONG, INT64_MAX), 0);
	assert_int_equal(limit_of(&p, 0, HR_PACKAGE_LONG), HR_PLANT_POWER_MAX_UW);
	assert_int_equal(hr_plant_set_limit(&p, 0, HR_PACKAGE_LONG, -1), -EINVAL);
	const int64_t windows[][2] = {{10000, 9760},      {1, 976},         {976, 976},
				      {2440, 1952},       {999424, 999424}, {1000000, 999424},
				      {7995392, 7995392}, {9760, 9760}};
	for (size_t i = 0; i < sizeof(windows) / sizeof(windows[0]); i++) {
		int64_t us;
		assert_int_equal(hr_plant_set_window(&p, 0, HR_PACKAGE_LONG, windows[i][0]), 0);
		assert_int_equal(hr_plant_window(&p, 0, HR_PACKAGE_LONG, &us), 0);
		assert_int_equal(us, windows[i][1]);
		assert_true(us <= windows[i][0] || us == 976);
	}
	assert_int_equal(hr_plant_set_window(&p, 0, HR_PACKAGE_LONG, 0), -EINVAL);
	int64_t none;
	assert_int_equal(hr_plant_limit(&p, 4, HR_PACKAGE_LONG, &none), -ENODEV);
	assert_int_equal(hr_plant_limit(&p, -1, HR_PACKAGE_LONG, &none), -ENODEV);
}

static void energy_is_the_integral_of_the_draw(void **state)
{
	(void)state;
	struct hr_plant p = made();
	int64_t sum_nj = 0, t = 1000 * S;
	for (int i = 0; i < 5000; i++) {
		t += MS;
		hr_plant_advance(&p, t);
		sum_nj += p.package[0].draw_uw;
		if (i == 2000)
			assert_int_equal(hr_plant_set_limit(&p, 0, HR_PACKAGE_LONG, 70 * W), 0);
	}
	int64_t shown = energy_of(&p, 0);
	assert_in_range(shown, sum_nj / 1000 - 62, sum_nj / 1000);
	/* a quantum is 61 uJ, and nothing changes within a millisecond */
	hr_plant_advance(&p, t + MS - 1);
	assert_int_equal(energy_of(&p, 0), shown);
	assert_true(energy_of(&p, 1) > 0 && energy_of(&p, 1) < shown);
}

static void counters_wrap_at_their_range(void **state)
{
	(void)state;
	struct hr_plant_conf c = hr_plant_conf_default();
	struct hr_plant p;
	c.energy_range_uj = 100 * W; /* 100 J */
	assert_int_equal(hr_plant_init(&p, &c, 0), 0);
	hr_plant_set_load(&p, -1, &busy);
	int64_t last = 0, total = 0;
	int wraps = 0;
	for (int64_t t = 100 * MS; t <= 10 * S; t += 100 * MS) {
		hr_plant_advance(&p, t);
		int64_t now = energy_of(&p, 0);
		assert_in_range(now, 0, c.energy_range_uj);
		wraps += now < last;
		total += now - last + (now < last ? c.energy_range_uj + 1 : 0);
		last = now;
	}
	assert_true(wraps >= 13);
	assert_in_range(total, p.package[0].energy_nj / 1000 - 62, p.package[0].energy_nj / 1000);
}

static void refusing_faults_answer_their_errno(void **state)
{
	(void)state;
	const struct {
		enum hr_plant_fault fault;
		int read, write;
	} faults[] = {
	    {HR_PLANT_EIO, -EIO, -EIO},
	    {HR_PLANT_EACCES, -EACCES, -EACCES},
	    {HR_PLANT_LOCKED, 0, -EACCES},
	    {HR_PLANT_OK, 0, 0},
	};
	struct hr_plant p = made();
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		int64_t v;
		bool on;
		hr_plant_set_fault(&p, 0, faults[i].fault, 0);
		assert_int_equal(hr_plant_energy(&p, 0, &v), faults[i].read);
		assert_int_equal(hr_plant_limit(&p, 0, HR_PACKAGE_LONG, &v), faults[i].read);
		assert_int_equal(hr_plant_window(&p, 0, HR_PACKAGE_LONG, &v), faults[i].read);
		assert_int_equal(hr_plant_enabled(&p, 0, &on), faults[i].read);
		assert_int_equal(hr_plant_set_limit(&p, 0, HR_PACKAGE_LONG, 90 * W),
				 faults[i].write);
		assert_int_equal(hr_plant_set_window(&p, 0, HR_PACKAGE_LONG, 10000),
				 faults[i].write);
		assert_int_equal(hr_plant_set_enabled(&p, 0, true), faults[i].write);
		/* the other package is well */
		assert_int_equal(hr_plant_set_limit(&p, 2, HR_PACKAGE_LONG, 90 * W), 0);
	}
}

static void lying_faults_differ_in_what_they_show(void **state)
{
	(void)state;
	struct hr_plant p = made();
	hr_plant_advance(&p, 1010 * S);
	hr_plant_set_fault(&p, 0, HR_PLANT_CLAMP, 120 * W);
	assert_int_equal(hr_plant_set_limit(&p, 0, HR_PACKAGE_LONG, 60 * W), 0);
	assert_int_equal(limit_of(&p, 0, HR_PACKAGE_LONG), 120 * W);
	hr_plant_set_fault(&p, 0, HR_PLANT_IGNORE, 0);
	assert_int_equal(hr_plant_set_limit(&p, 0, HR_PACKAGE_LONG, 60 * W), 0);
	assert_int_equal(limit_of(&p, 0, HR_PACKAGE_LONG), 120 * W);
	hr_plant_set_fault(&p, 0, HR_PLANT_LIE, 0);
	assert_int_equal(hr_plant_set_limit(&p, 0, HR_PACKAGE_LONG, 60 * W), 0);
	assert_int_equal(limit_of(&p, 0, HR_PACKAGE_LONG), 60 * W);
	hr_plant_advance(&p, 1020 * S);
	assert_true(p.package[0].draw_uw > 115 * W);
	hr_plant_set_fault(&p, 0, HR_PLANT_OK, 0);
	assert_int_equal(limit_of(&p, 0, HR_PACKAGE_LONG), 120 * W);
	hr_plant_overwrite(&p, 0, HR_PACKAGE_LONG, 130 * W);
	assert_int_equal(limit_of(&p, 0, HR_PACKAGE_LONG), 130 * W);
}

static void counters_freeze_and_leap(void **state)
{
	(void)state;
	struct hr_plant p = made();
	hr_plant_advance(&p, 1001 * S);
	hr_plant_set_fault(&p, 0, HR_PLANT_FREEZE, 0);
	int64_t frozen = energy_of(&p, 0);
	hr_plant_advance(&p, 1002 * S);
	assert_int_equal(energy_of(&p, 0), frozen);
	hr_plant_set_fault(&p, 0, HR_PLANT_OK, 0);
	int64_t before = energy_of(&p, 0);
	assert_true(before > frozen);
	hr_plant_set_fault(&p, 0, HR_PLANT_JUMP, 5000 * W);
	assert_int_equal(energy_of(&p, 0), before + 5000 * W);
	hr_plant_set_fault(&p, 0, HR_PLANT_JUMP, -5000 * W);
	assert_int_equal(energy_of(&p, 0), before);
	hr_plant_set_fault(&p, 0, HR_PLANT_JUMP, -500000 * W);
	assert_int_equal(energy_of(&p, 0), 0);
}

static void a_boot_brings_the_firmware_back(void **state)
{
	(void)state;
	struct hr_plant p = made();
	int64_t v;
	hr_plant_advance(&p, 1005 * S);
	assert_int_equal(hr_plant_set_limit(&p, 0, HR_PACKAGE_LONG, 60 * W), 0);
	hr_plant_boot(&p, 3 * S);
	assert_int_equal(hr_plant_energy(&p, 0, &v), -ENODEV);
	assert_int_equal(hr_plant_set_limit(&p, 0, HR_PACKAGE_LONG, 60 * W), -ENODEV);
	int64_t work = hr_plant_work(&p);
	hr_plant_advance(&p, 1007 * S);
	assert_int_equal(hr_plant_work(&p), work);
	hr_plant_advance(&p, 1008 * S);
	assert_int_equal(limit_of(&p, 0, HR_PACKAGE_LONG), 165 * W);
	assert_true(energy_of(&p, 0) < 100 * W);
	hr_plant_advance(&p, 1010 * S);
	assert_int_equal(p.package[0].draw_uw, 150 * W);
	assert_int_equal(hr_plant_work(&p) - work, (int64_t)2 * 2000 * HR_CURVE_ONE);
}

static void wall_power_is_devices_over_efficiency_plus_rest(void **state)
{
	(void)state;
	struct hr_plant p = made();
	hr_plant_advance(&p, 1001 * S);
	/* 2 * (165 + 20) W / 0.92 + 60 W */
	assert_int_equal(hr_plant_rest_bound_uw(&p), 60 * W + (40 * W * 1000 + 919) / 920);
	assert_int_equal(hr_plant_limit_wall_uw(&p),
			 hr_plant_rest_bound_uw(&p) + (330 * W * 1000 + 919) / 920);
	assert_true(hr_plant_draw_wall_uw(&p) <= hr_plant_limit_wall_uw(&p));
	int64_t share = hr_plant_share_uw(&p, 300 * W);
	for (int zone = 0; zone < 4; zone += 2) {
		assert_int_equal(hr_plant_set_limit(&p, zone, HR_PACKAGE_LONG, share), 0);
		assert_int_equal(limit_of(&p, zone, HR_PACKAGE_LONG), share);
	}
	assert_true(hr_plant_limit_wall_uw(&p) <= 300 * W);
	assert_true(hr_plant_limit_wall_uw(&p) > 299 * W);
	assert_int_equal(hr_plant_share_uw(&p, 10 * W), 0);
	/* one second at 150 W and 12.5 W of memory a package, and the rest */
	int64_t uj = hr_plant_wall_energy_uj(&p);
	assert_in_range(uj, 413 * W, 414 * W);
}

static void the_same_seed_gives_the_same_node(void **state)
{
	(void)state;
	struct hr_plant_conf c = hr_plant_conf_default();
	struct hr_load noisy = {
	    .kind = HR_LOAD_FLAT, .high_uw = 120 * W, .noise_uw = 5 * W, .noise_ms = 100};
	struct hr_plant a, b, other;
	c.seed = 5;
	assert_int_equal(hr_plant_init(&a, &c, 0), 0);
	assert_int_equal(hr_plant_init(&b, &c, 0), 0);
	c.seed = 6;
	assert_int_equal(hr_plant_init(&other, &c, 0), 0);
	hr_plant_set_load(&a, -1, &noisy);
	hr_plant_set_load(&b, -1, &noisy);
	hr_plant_set_load(&other, -1, &noisy);
	hr_plant_advance(&a, 60 * S);
	for (int64_t t = 0; t <= 60 * S; t += 7 * MS)
		hr_plant_advance(&b, t);
	hr_plant_advance(&b, 60 * S);
	hr_plant_advance(&other, 60 * S);
	assert_int_equal(energy_of(&a, 0), energy_of(&b, 0));
	assert_int_equal(energy_of(&a, 3), energy_of(&b, 3));
	assert_int_not_equal(energy_of(&a, 0), energy_of(&a, 2));
	assert_int_not_equal(energy_of(&a, 0), energy_of(&other, 0));
}

static void fault_names_are_found(void **state)
{
	(void)state;
	assert_int_equal(hr_plant_fault_find("none"), HR_PLANT_OK);
	assert_int_equal(hr_plant_fault_find("jump"), HR_PLANT_JUMP);
	assert_int_equal(hr_plant_fault_find("lie"), HR_PLANT_LIE);
	assert_int_equal(hr_plant_fault_find("EIO"), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(refuses_a_senseless_node),
	    cmocka_unit_test(registers_round_down_as_the_hardware_does),
	    cmocka_unit_test(energy_is_the_integral_of_the_draw),
	    cmocka_unit_test(counters_wrap_at_their_range),
	    cmocka_unit_test(refusing_faults_answer_their_errno),
	    cmocka_unit_test(lying_faults_differ_in_what_they_show),
	    cmocka_unit_test(counters_freeze_and_leap),
	    cmocka_unit_test(a_boot_brings_the_firmware_back),
	    cmocka_unit_test(wall_power_is_devices_over_efficiency_plus_rest),
	    cmocka_unit_test(the_same_seed_gives_the_same_node),
	    cmocka_unit_test(fault_names_are_found),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
