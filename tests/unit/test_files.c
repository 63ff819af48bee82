/* SPDX-License-Identifier: Apache-2.0 */
/* Names, modes and texts of the virtual tree. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/clock.h"
#include "vhw/files.h"

#define W INT64_C(1000000)
#define NODES 12
#define PACKAGES 2

static const struct hr_files_ref root = {.kind = HR_FILES_ROOT};

/* The reference of a path from the root; fails the test if there is none. */
static struct hr_files_ref at(const char *path)
{
	struct hr_files_ref r = root;
	char word[HR_FILES_NAME_BYTES];
	while (*path) {
		size_t n = strcspn(path, "/");
		assert_true(n < sizeof(word));
		memcpy(word, path, n);
		word[n] = '\0';
		path += n + (path[n] == '/');
		assert_true(hr_files_find(r, word, NODES, PACKAGES, &r));
	}
	return r;
}

static struct hr_plant plant(void)
{
	struct hr_plant_conf c = hr_plant_conf_default();
	struct hr_plant p;
	assert_int_equal(hr_plant_init(&p, &c, 0), 0);
	hr_plant_advance(&p, 2 * HR_NS_PER_S);
	return p;
}

static void walk(struct hr_files_ref dir, int depth, size_t *count)
{
	struct hr_files_ref r, again;
	char name[HR_FILES_NAME_BYTES];
	assert_true(depth < 9);
	for (size_t i = 0; hr_files_child(dir, i, NODES, PACKAGES, &r, name); i++) {
		(*count)++;
		assert_true(hr_files_find(dir, name, NODES, PACKAGES, &again));
		assert_int_equal(hr_files_pack(again), hr_files_pack(r));
		struct hr_files_ref back = hr_files_unpack(hr_files_pack(r));
		assert_int_equal(hr_files_pack(back), hr_files_pack(r));
		if (S_ISDIR(hr_files_mode(r)))
			walk(r, depth + 1, count);
	}
}

static void every_name_leads_back_to_itself(void **state)
{
	(void)state;
	size_t count = 0;
	walk(root, 0, &count);
	/* per node: 4 directories down to powercap, 5 down to boot_id, the type with 2 files and
	 * its 4 zones, 4 zones and 2 memories once more, each package with 13 files, each memory
	 * with 9 */
	size_t type = 1 + 2 + 2 * (1 + 13 + 1 + 9);
	size_t class = 2 * (1 + 13 + 1 + 9) + 2 * (1 + 9);
	assert_int_equal(count, 2 + NODES * (4 + 5 + type + class));
	assert_int_equal(hr_files_pack(root), 1);
}

static void modes_are_the_kernels(void **state)
{
	(void)state;
	const struct {
		const char *path;
		mode_t mode;
	} files[] = {
	    {"n0001/sys/class/powercap", S_IFDIR | 0755},
	    {"n0001/sys/class/powercap/intel-rapl/enabled", S_IFREG | 0644},
	    {"n0012/sys/class/powercap/intel-rapl:0/energy_uj", S_IFREG | 0400},
	    {"n0012/sys/class/powercap/intel-rapl:0/name", S_IFREG | 0444},
	    {"n0012/sys/class/powercap/intel-rapl:1/enabled", S_IFREG | 0644},
	    {"n0012/sys/class/powercap/intel-rapl:1/max_energy_range_uj", S_IFREG | 0444},
	    {"n0012/sys/class/powercap/intel-rapl:1/constraint_0_power_limit_uw", S_IFREG | 0644},
	    {"n0012/sys/class/powercap/intel-rapl:1/constraint_1_time_window_us", S_IFREG | 0644},
	    {"n0012/sys/class/powercap/intel-rapl:1/constraint_1_max_power_uw", S_IFREG | 0444},
	    {"n0003/sys/class/powercap/intel-rapl/intel-rapl:0/intel-rapl:0:0/energy_uj",
	     S_IFREG | 0400},
	    {"n0003/proc/sys/kernel/random/boot_id", S_IFREG | 0444},
	    {"control", S_IFREG | 0600},
	    {"stats", S_IFREG | 0444},
	};
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		assert_int_equal(hr_files_mode(at(files[i].path)), files[i].mode);
}

static void names_that_are_not_there_are_not_found(void **state)
{
	(void)state;
	struct hr_files_ref r;
	const char *const bad[] = {"n0000",
				   "n0013",
				   "n1",
				   "n00001",
				   "n",
				   "n-001",
				   "n+001",
				   "x0001",
				   "",
				   "n000 1",
				   "n99999999999999999999"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(hr_files_find(root, bad[i], NODES, PACKAGES, &r));
		assert_int_equal(hr_files_node_find(bad[i], NODES), -1);
	}
	struct hr_files_ref dram = at("n0001/sys/class/powercap/intel-rapl:0:0");
	assert_false(hr_files_find(dram, "constraint_1_name", NODES, PACKAGES, &r));
	assert_false(hr_files_find(dram, "intel-rapl:0:1", NODES, PACKAGES, &r));
	assert_int_equal(hr_files_zone_find("intel-rapl:2", PACKAGES), -1);
	assert_int_equal(hr_files_zone_find("intel-rapl:1:0", PACKAGES), 3);
}

static void expect(struct hr_plant *p, const char *file, const char *text)
{
	char path[128], got[HR_FILES_TEXT_BYTES];
	snprintf(path, sizeof(path), "n0001/sys/class/powercap/%s", file);
	int n = hr_files_read(p, at(path), got);
	assert_int_equal(n, (int)strlen(text));
	assert_string_equal(got, text);
}

static void texts_are_the_kernels(void **state)
{
	(void)state;
	struct hr_plant p = plant();
	expect(&p, "intel-rapl/enabled", "1\n");
	expect(&p, "intel-rapl/uevent", "");
	expect(&p, "intel-rapl:1/name", "package-1\n");
	expect(&p, "intel-rapl:1:0/name", "dram\n");
	expect(&p, "intel-rapl:0/enabled", "1\n");
	expect(&p, "intel-rapl:0:0/enabled", "0\n");
	expect(&p, "intel-rapl:0/max_energy_range_uj", "262143328850\n");
	expect(&p, "intel-rapl:0/energy_uj", "49999994\n");
	expect(&p, "intel-rapl:0/constraint_0_name", "long_term\n");
	expect(&p, "intel-rapl:0/constraint_1_name", "short_term\n");
	expect(&p, "intel-rapl:0/constraint_0_power_limit_uw", "165000000\n");
	expect(&p, "intel-rapl:0/constraint_1_power_limit_uw", "198000000\n");
	expect(&p, "intel-rapl:0/constraint_0_time_window_us", "999424\n");
	expect(&p, "intel-rapl:0/constraint_1_time_window_us", "2440\n");
	expect(&p, "intel-rapl:0/constraint_0_max_power_uw", "165000000\n");
	expect(&p, "intel-rapl:0:0/constraint_0_power_limit_uw", "0\n");
	char text[HR_FILES_TEXT_BYTES];
	hr_plant_boot(&p, HR_NS_PER_S);
	assert_int_equal(hr_files_read(&p, at("n0001/sys/class/powercap/intel-rapl:0/name"), text),
			 -ENODEV);
}

static void a_boot_id_lasts_for_one_boot(void **state)
{
	(void)state;
	struct hr_plant p = plant();
	struct hr_files_ref r = at("n0001/proc/sys/kernel/random/boot_id");
	char a[HR_FILES_TEXT_BYTES], b[HR_FILES_TEXT_BYTES];
	assert_int_equal(hr_files_read(&p, r, a), 37);
	hr_plant_advance(&p, 3 * HR_NS_PER_S);
	assert_int_equal(hr_files_read(&p, r, b), 37);
	assert_string_equal(a, b);
	hr_plant_boot(&p, 0);
	assert_int_equal(hr_files_read(&p, r, b), 37);
	assert_string_not_equal(a, b);
	a[36] = '\0';
	struct hr_uuid id;
	assert_int_equal(hr_uuid_parse(a, &id), 0);
	assert_int_equal(hr_files_write(&p, r, "x", 1), -EACCES);
}

static int put(struct hr_plant *p, const char *file, const char *text, size_t n)
{
	char path[128];
	snprintf(path, sizeof(path), "n0001/sys/class/powercap/%s", file);
	return hr_files_write(p, at(path), text, n);
}

static void writes_are_judged_as_the_kernel_does(void **state)
{
	(void)state;
	struct hr_plant p = plant();
	const char *limit = "intel-rapl:0/constraint_0_power_limit_uw";
	const char *const bad[] = {
	    "",    "\n",     "abc", "1e8", "100.5",      "0x10", "12 ",
	    " 12", "12\n\n", "-",   "+",   "100000000W", "-5",   "999999999999999999999999"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(put(&p, limit, bad[i], strlen(bad[i])), -EINVAL);
	assert_int_equal(put(&p, limit, "9999999999999999999", 19), -ERANGE);
	expect(&p, limit, "165000000\n");
	assert_int_equal(put(&p, limit, "100000000\n", 10), 0);
	expect(&p, limit, "100000000\n");
	assert_int_equal(put(&p, limit, "+90000000", 9), 0);
	assert_int_equal(put(&p, limit, "80000000\0junk", 13), 0);
	expect(&p, limit, "80000000\n");
	assert_int_equal(put(&p, "intel-rapl:0/constraint_1_time_window_us", "10000\n", 6), 0);
	expect(&p, "intel-rapl:0/constraint_1_time_window_us", "9760\n");
	assert_int_equal(put(&p, "intel-rapl:0/enabled", "0\n", 2), 0);
	expect(&p, "intel-rapl:0/enabled", "0\n");
	assert_int_equal(put(&p, "intel-rapl:0/enabled", "2\n", 2), -EINVAL);
	assert_int_equal(put(&p, "intel-rapl:0/enabled", "on\n", 3), 0);
	expect(&p, "intel-rapl:0/enabled", "1\n");
	assert_int_equal(put(&p, "intel-rapl:0/name", "x\n", 2), -EACCES);
	assert_int_equal(put(&p, "intel-rapl:0/energy_uj", "0\n", 2), -EACCES);
	hr_plant_set_fault(&p, 0, HR_PLANT_LOCKED, 0);
	assert_int_equal(put(&p, limit, "70000000\n", 9), -EACCES);
	assert_int_equal(put(&p, limit, "junk\n", 5), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_name_leads_back_to_itself),
	    cmocka_unit_test(modes_are_the_kernels),
	    cmocka_unit_test(names_that_are_not_there_are_not_found),
	    cmocka_unit_test(texts_are_the_kernels),
	    cmocka_unit_test(a_boot_id_lasts_for_one_boot),
	    cmocka_unit_test(writes_are_judged_as_the_kernel_does),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
