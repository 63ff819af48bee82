/* SPDX-License-Identifier: Apache-2.0 */
/* Zones as found in captured and made powercap trees: by name, once each, at any depth. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hw/paths.h"
#include "hw/powercap_tree.h"
#include "tests/unit/sysfs_tree.h"

#define W INT64_C(1000000)

static struct hr_powercap_tree found;

static void look(const struct sysfs_tree *t)
{
	struct hr_err err = {0};

	if (hr_powercap_tree_read(t->fd, &found, &err) < 0)
		fail_msg("%s", err.text);
}

static const struct hr_powercap_place *place(const char *id)
{
	for (size_t i = 0; i < found.n; i++) {
		if (strcmp(found.place[i].zone.id, id) == 0)
			return &found.place[i];
	}
	fail_msg("there is no zone %s", id);
	return &found.place[0];
}

static size_t n_counting(void)
{
	size_t n = 0;

	for (size_t i = 0; i < found.n; i++)
		n += found.place[i].zone.counts;
	return n;
}

static void a_captured_tree_with_package_10(void **state)
{
	struct sysfs_tree t;
	const struct hr_zone *z;

	(void)state;
	sysfs_tree_open_copy(&t, "sysfs-procfs");
	look(&t);
	assert_int_equal(found.n, 3);
	assert_int_equal(n_counting(), 2);
	z = &place("intel-rapl:a")->zone;
	assert_int_equal(z->kind, HR_ZONE_PACKAGE);
	assert_int_equal(z->package, 10);
	assert_string_equal(z->name, "package-10");
	assert_true(z->cappable);
	assert_int_equal(z->energy_range_uj, INT64_C(262143328850));
	/* limit 4090 W, most 95 W: the limit says "none", the most is believed */
	assert_int_equal(z->ceiling_uw, 95 * W);
	z = &place("intel-rapl:0:0")->zone;
	assert_int_equal(z->kind, HR_ZONE_CORE);
	assert_int_equal(z->package, 0);
	assert_int_equal(z->parent, 0);
	assert_false(z->counts);
	assert_int_equal(z->ceiling_uw, 0);
	assert_int_equal(place("intel-rapl:0")->member[0].long_n, 0);
	assert_int_equal(place("intel-rapl:0")->member[0].short_n, 1);
	sysfs_tree_close(&t);
}

static void a_captured_tree_that_shows_a_package_twice(void **state)
{
	struct sysfs_tree t;
	const struct hr_powercap_place *p;

	(void)state;
	sysfs_tree_open_copy(&t, "sysfs-kepler");
	look(&t);
	assert_int_equal(found.n, 3);
	assert_int_equal(n_counting(), 2);
	p = place("intel-rapl:0");
	assert_int_equal(p->n_members, 2);
	assert_non_null(strstr(p->member[0].dir, "/intel-rapl:0"));
	assert_non_null(strstr(p->member[1].dir, "/intel-rapl-mmio:0"));
	/* no constraint files at all */
	assert_false(p->zone.cappable);
	assert_int_equal(p->zone.not_cappable, HR_REASON_IMPOSSIBLE);
	sysfs_tree_close(&t);
}

static void a_captured_desktop_with_platform_and_memory(void **state)
{
	struct sysfs_tree t;
	const struct hr_powercap_place *p;

	(void)state;
	sysfs_tree_open_info(&t, "powercap-info-desktop/iotlab1-powercap-info.txt");
	look(&t);
	assert_int_equal(found.n, 5);
	p = place("intel-rapl:0");
	assert_true(p->zone.counts);
	assert_int_equal(p->zone.ceiling_uw, 65 * W);
	p = place("intel-rapl:0:2");
	assert_int_equal(p->zone.kind, HR_ZONE_DRAM);
	assert_true(p->zone.counts); /* not part of the package's energy */
	assert_int_equal(p->zone.parent, -1);
	assert_int_equal(p->zone.package, 0);
	p = place("intel-rapl:0:1");
	assert_int_equal(p->zone.kind, HR_ZONE_UNCORE);
	assert_false(p->zone.counts);
	p = place("intel-rapl:1");
	assert_int_equal(p->zone.kind, HR_ZONE_PSYS);
	assert_false(p->zone.counts); /* the packages do */
	assert_int_equal(p->zone.package, -1);
	assert_int_equal(p->zone.ceiling_uw, 0); /* it has no max_power_uw */
	assert_int_equal(n_counting(), 2);
	sysfs_tree_close(&t);
}

static void dies_count_on_their_own(void **state)
{
	struct sysfs_tree t;

	(void)state;
	sysfs_tree_open(&t);
	sysfs_tree_package(&t, "intel-rapl:0", "package-0-die-1", 100 * W);
	sysfs_tree_package(&t, "intel-rapl:1", "package-1-die-0", 100 * W);
	sysfs_tree_package(&t, "intel-rapl:2", "package-0-die-0", 100 * W);
	sysfs_tree_package(&t, "intel-rapl:3", "package-1-die-1", 100 * W);
	sysfs_tree_zone(&t, "intel-rapl:0:0", "dram");
	look(&t);
	assert_int_equal(found.n, 5);
	assert_int_equal(n_counting(), 5);
	assert_int_equal(place("intel-rapl:0")->zone.kind, HR_ZONE_DIE);
	assert_int_equal(place("intel-rapl:0")->zone.package, 0);
	assert_int_equal(place("intel-rapl:0")->zone.die, 1);
	assert_int_equal(place("intel-rapl:0:0")->zone.package, 0);
	assert_int_equal(place("intel-rapl:0:0")->zone.die, 1);
	assert_int_equal(place("intel-rapl:2")->n_members, 1);
	sysfs_tree_close(&t);
}

/* In containers and on odd kernels the zones are only inside their control type. */
static void nested_zones_are_found_at_any_depth(void **state)
{
	struct sysfs_tree t;

	(void)state;
	sysfs_tree_open(&t);
	sysfs_tree_put(&t, "intel-rapl/enabled", "1\n");
	sysfs_tree_package(&t, "intel-rapl/intel-rapl:1", "package-0", 100 * W);
	sysfs_tree_zone(&t, "intel-rapl/intel-rapl:1/intel-rapl:1:0", "core");
	sysfs_tree_zone(&t, "intel-rapl/intel-rapl:1/intel-rapl:1:0/intel-rapl:1:0:0", "dram");
	/* not zones: power/ and what other control types have */
	sysfs_tree_put(&t, "intel-rapl/intel-rapl:1/power/name", "package-7\n");
	sysfs_tree_put(&t, "dtpm:0/name", "package-0\n");
	sysfs_tree_put(&t, "intel-raplx:0/name", "package-0\n");
	look(&t);
	assert_int_equal(found.n, 3);
	assert_int_equal(place("intel-rapl:1:0:0")->zone.package, 0);
	assert_int_equal(place("intel-rapl:1:0")->zone.parent, 0);
	/* the same ones listed flat as well, by links, as the kernel does: still once */
	assert_int_equal(
	    symlinkat("intel-rapl/intel-rapl:1", t.fd, HR_PATH_POWERCAP "/intel-rapl:1"), 0);
	look(&t);
	assert_int_equal(found.n, 3);
	assert_int_equal(place("intel-rapl:1")->n_members, 1);
	sysfs_tree_close(&t);
}

static void mmio_twins_join_their_subzones_too(void **state)
{
	struct sysfs_tree t;

	(void)state;
	sysfs_tree_open(&t);
	/* the indexes disagree on purpose */
	sysfs_tree_package(&t, "intel-rapl:1", "package-0", 100 * W);
	sysfs_tree_zone(&t, "intel-rapl:1:0", "dram");
	sysfs_tree_package(&t, "intel-rapl:0", "package-1", 100 * W);
	sysfs_tree_package(&t, "intel-rapl-mmio:0", "package-0", 90 * W);
	sysfs_tree_zone(&t, "intel-rapl-mmio:0:0", "dram");
	sysfs_tree_package(&t, "intel-rapl-mmio:1", "package-2", 90 * W);
	look(&t);
	assert_int_equal(found.n, 4);
	assert_int_equal(place("intel-rapl:1")->n_members, 2);
	assert_int_equal(place("intel-rapl:1:0")->n_members, 2);
	assert_int_equal(place("intel-rapl:0")->n_members, 1);
	assert_int_equal(place("intel-rapl-mmio:1")->n_members, 1);
	assert_int_equal(place("intel-rapl-mmio:1")->zone.package, 2);
	sysfs_tree_close(&t);
}

static void constraints_are_found_by_name_in_any_order(void **state)
{
	struct sysfs_tree t;
	const struct hr_powercap_member *m;

	(void)state;
	sysfs_tree_open(&t);
	sysfs_tree_zone(&t, "intel-rapl:0", "package-0");
	sysfs_tree_constraint(&t, "intel-rapl:0", 0, "peak_power", 300 * W, 0, 0);
	sysfs_tree_constraint(&t, "intel-rapl:0", 1, "short_term", 200 * W, 2440, 0);
	sysfs_tree_constraint(&t, "intel-rapl:0", 2, "long_term", 150 * W, 999424, 140 * W);
	sysfs_tree_zone(&t, "intel-rapl:1", "package-1");
	sysfs_tree_constraint(&t, "intel-rapl:1", 0, "short_term", 200 * W, 2440, 0);
	sysfs_tree_zone(&t, "intel-rapl:2", "package-2");
	sysfs_tree_put_number(&t, "intel-rapl:2/constraint_0_power_limit_uw", 80 * W);
	sysfs_tree_zone(&t, "intel-rapl:3", "package-3");
	sysfs_tree_put(&t, "intel-rapl:3/constraint_0_name", "long_term\n");
	look(&t);
	m = &place("intel-rapl:0")->member[0];
	assert_int_equal(m->long_n, 2);
	assert_int_equal(m->short_n, 1);
	assert_int_equal(m->peak_n, 0);
	/* the device has taken 150 W, whatever it says is its most */
	assert_int_equal(place("intel-rapl:0")->zone.ceiling_uw, 150 * W);
	m = &place("intel-rapl:1")->member[0];
	assert_int_equal(m->long_n, 0);
	assert_int_equal(m->short_n, -1);
	assert_int_equal(place("intel-rapl:2")->member[0].long_n, 0);
	/* a name without a limit is none */
	assert_false(place("intel-rapl:3")->zone.cappable);
	assert_int_equal(place("intel-rapl:3")->zone.not_cappable, HR_REASON_IMPOSSIBLE);
	sysfs_tree_close(&t);
}

static void garbage_is_left_out_or_bounded(void **state)
{
	struct sysfs_tree t;

	(void)state;
	sysfs_tree_open(&t);
	sysfs_tree_package(&t, "intel-rapl:0", "package-0", 100 * W);
	sysfs_tree_put(&t, "intel-rapl:1/name", "");
	sysfs_tree_put(&t, "intel-rapl:2/energy_uj", "1\n");
	sysfs_tree_put(&t, "intel-rapl:3/name", "pack\001age\n");
	sysfs_tree_zone(&t, "intel-rapl:4",
			"package-0000000000000000000000000000000000000000000000000000000000000001");
	sysfs_tree_zone(&t, "intel-rapl:5", "package-99999999999");
	sysfs_tree_zone(&t, "intel-rapl:6", "package-1-die-");
	sysfs_tree_put(&t, "intel-rapl:0/constraint_0_max_power_uw", "many\n");
	sysfs_tree_put(&t, "intel-rapl:0/max_energy_range_uj", "0\n");
	sysfs_tree_put(&t, "intel-rapl:7", "a file, not a directory\n");
	look(&t);
	assert_int_equal(found.n_nameless, 5);
	assert_int_equal(found.n, 3);
	assert_int_equal(place("intel-rapl:5")->zone.kind, HR_ZONE_OTHER);
	assert_int_equal(place("intel-rapl:6")->zone.kind, HR_ZONE_OTHER);
	assert_int_equal(n_counting(), 1);
	assert_int_equal(place("intel-rapl:0")->zone.ceiling_uw, 0);
	assert_int_equal(place("intel-rapl:0")->zone.energy_range_uj, INT64_MAX);
	sysfs_tree_close(&t);
}

static void a_platform_without_packages_counts(void **state)
{
	struct sysfs_tree t;

	(void)state;
	sysfs_tree_open(&t);
	sysfs_tree_package(&t, "intel-rapl:0", "psys", 100 * W);
	sysfs_tree_zone(&t, "intel-rapl:1", "dram");
	look(&t);
	assert_true(place("intel-rapl:0")->zone.counts);
	assert_false(place("intel-rapl:1")->zone.counts);
	sysfs_tree_close(&t);
}

static void too_many_zones_lose_the_small_ones_first(void **state)
{
	struct sysfs_tree t;
	struct hr_err err = {0};
	char id[64];
	char name[64];

	(void)state;
	sysfs_tree_open(&t);
	for (int i = 0; i < 60; i++) {
		(void)snprintf(id, sizeof(id), "intel-rapl:%x", i);
		(void)snprintf(name, sizeof(name), "package-%d", i);
		sysfs_tree_zone(&t, id, name);
		(void)snprintf(id, sizeof(id), "intel-rapl:%x:0", i);
		sysfs_tree_zone(&t, id, "core");
	}
	look(&t);
	assert_int_equal(found.n, 60);
	assert_int_equal(found.n_left_out, 60);
	assert_int_equal(n_counting(), 60);
	/* ids are hexadecimal and sorted as numbers */
	assert_string_equal(found.place[9].zone.id, "intel-rapl:9");
	assert_string_equal(found.place[10].zone.id, "intel-rapl:a");
	assert_string_equal(found.place[16].zone.id, "intel-rapl:10");
	for (int i = 60; i < 70; i++) {
		(void)snprintf(id, sizeof(id), "intel-rapl:%x", i);
		(void)snprintf(name, sizeof(name), "package-%d", i);
		sysfs_tree_zone(&t, id, name);
	}
	assert_int_equal(hr_powercap_tree_read(t.fd, &found, &err), -E2BIG);
	assert_true(strlen(err.text) > 0);
	sysfs_tree_close(&t);
}

static void no_tree_and_an_empty_tree_are_not_here(void **state)
{
	struct sysfs_tree t;
	struct hr_err err = {0};

	(void)state;
	sysfs_tree_open(&t);
	assert_int_equal(hr_powercap_tree_read(t.fd, &found, &err), -ENODEV);
	assert_non_null(strstr(err.text, "powercap"));
	sysfs_tree_put(&t, "intel-rapl/enabled", "1\n");
	assert_int_equal(hr_powercap_tree_read(t.fd, &found, &err), -ENODEV);
	assert_non_null(strstr(err.text, "intel_rapl_msr"));
	sysfs_tree_close(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_captured_tree_with_package_10),
	    cmocka_unit_test(a_captured_tree_that_shows_a_package_twice),
	    cmocka_unit_test(a_captured_desktop_with_platform_and_memory),
	    cmocka_unit_test(dies_count_on_their_own),
	    cmocka_unit_test(nested_zones_are_found_at_any_depth),
	    cmocka_unit_test(mmio_twins_join_their_subzones_too),
	    cmocka_unit_test(constraints_are_found_by_name_in_any_order),
	    cmocka_unit_test(garbage_is_left_out_or_bounded),
	    cmocka_unit_test(a_platform_without_packages_counts),
	    cmocka_unit_test(too_many_zones_lose_the_small_ones_first),
	    cmocka_unit_test(no_tree_and_an_empty_tree_are_not_here),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
