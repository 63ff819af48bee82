/* SPDX-License-Identifier: Apache-2.0 */
/* The control file's language, and with it the rack, its twins, logs and figures. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "vhw/command.h"

#define W INT64_C(1000000)
#define S HR_NS_PER_S
#define MS HR_NS_PER_MS

static struct hr_rack *made(size_t n, const char *log_dir)
{
	struct hr_rack_conf c = {
	    .n_nodes = n, .plant = hr_plant_conf_default(), .log_dir = log_dir};
	struct hr_rack *r = hr_rack_new(&c, 0, NULL);
	assert_non_null(r);
	const char *text = "t_ms,package_mw,dram_mw\n0,70000,10000\n100,90000,20000\n";
	struct hr_trace t;
	assert_int_equal(hr_trace_parse("ep", text, strlen(text), &t, NULL), 0);
	assert_int_equal(hr_rack_add_trace(r, &t), 0);
	return r;
}

static void run(struct hr_rack *r, const char *line, int64_t now_ns)
{
	struct hr_err err = {0};
	if (hr_command_run(r, line, now_ns, &err) != 0)
		fail_msg("%s: %s", line, err.text);
}

/* The number after "key": in the figures, the n-th time it stands there. */
static int64_t figure(struct hr_rack *r, int64_t now_ns, const char *key, int nth)
{
	char *text, want[64];
	size_t n;
	assert_int_equal(hr_rack_stats(r, now_ns, &text, &n), 0);
	assert_int_equal(n, strlen(text));
	snprintf(want, sizeof(want), "\"%s\":", key);
	const char *found = text;
	for (int i = 0; i <= nth; i++) {
		found = strstr(found + (i > 0), want);
		assert_non_null(found);
	}
	const char *value = found + strlen(want);
	int64_t v = strncmp(value, "null", 4) == 0 ? -1 : strtoll(value, NULL, 10);
	free(text);
	return v;
}

static void put(struct hr_rack *r, size_t node, int zone, const char *attr, const char *value,
		int64_t now_ns)
{
	struct hr_files_ref ref = {.kind = HR_FILES_ROOT}, dir;
	const char *const path[] = {"sys", "class", "powercap"};
	char name[HR_FILES_NAME_BYTES];
	assert_true(hr_files_find(ref, hr_files_node_name(node, name), hr_rack_nodes(r), 2, &dir));
	for (size_t i = 0; i < 3; i++)
		assert_true(hr_files_find(dir, path[i], hr_rack_nodes(r), 2, &dir));
	assert_true(hr_files_find(dir, hr_files_zone_name(zone, name), hr_rack_nodes(r), 2, &dir));
	assert_true(hr_files_find(dir, attr, hr_rack_nodes(r), 2, &ref));
	assert_int_equal(hr_rack_write(r, ref, now_ns, value, strlen(value)), 0);
}

static void refuses_with_a_sentence(void **state)
{
	(void)state;
	struct hr_rack *r = made(3, NULL);
	const char *const bad[][2] = {
	    {"dance", "no command"},
	    {"fault n0001 intel-rapl:0", "few"},
	    {"fault n0004 intel-rapl:0 eio", "no node"},
	    {"fault n0001 intel-rapl:7 eio", "no zone"},
	    {"fault n0001 intel-rapl:0 tired", "no fault"},
	    {"fault n0001 intel-rapl:0 clamp", "one argument"},
	    {"fault n0001 intel-rapl:0 eio 3", "no argument"},
	    {"fault n0001 intel-rapl:0 clamp 60", "60"},
	    {"fault n0001 intel-rapl:0 jump 1.5", "whole number"},
	    {"overwrite n0001 intel-rapl:0 middle 60 W", "long or short"},
	    {"overwrite n0001 intel-rapl:0 long 5 kW", "4095"},
	    {"workload n0001 sleepy", "no workload"},
	    {"workload n0001 flat", "power"},
	    {"workload n0001:2 flat 60W", "no package"},
	    {"workload n0001 trace=nothing", "no trace"},
	    {"workload n0001 trace=ep scale=-1", "a number from"},
	    {"workload n0001 trace=ep scale=nan", "a number from"},
	    {"workload n0001 trace=ep wobble=3", "no key"},
	    {"workload n0001 trace=ep curve=round", "curve"},
	    {"workload n0001 trace=ep low=90W high=80W", "low"},
	    {"workload n0001 flat 60W noise=1W noise_every=1us", "noise_every"},
	    {"boot n0001 2", "2"},
	    {"budget 300", "300"},
	    {"budget 300W at=999999999999999", "later"},
	    {"budget 300W when=1", "at="},
	    {"a b c d e f g h i j k l m n o p q r", "words"},
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct hr_err err = {0};
		assert_true(hr_command_run(r, bad[i][0], 0, &err) < 0);
		if (!strstr(err.text, bad[i][1]))
			fail_msg("%s: %s", bad[i][0], err.text);
	}
	char lengthy[2 * HR_COMMAND_BYTES_MAX];
	memset(lengthy, 'a', sizeof(lengthy));
	lengthy[sizeof(lengthy) - 1] = '\0';
	assert_int_equal(hr_command_run(r, lengthy, 0, NULL), -EINVAL);
	assert_int_equal(hr_command_run(r, "  ", 0, NULL), 0);
	hr_rack_free(r);
}

static void workloads_reach_their_packages(void **state)
{
	(void)state;
	struct hr_rack *r = made(3, NULL);
	run(r, "workload n0001 flat 100 W", 0);
	run(r, "workload n0002:1 flat 100W noise=5W noise_every=100ms curve=steep", 0);
	run(r, "workload n0003 trace=ep low=40 W high=120 W speed=2 on=2s off=1s phase=500 ms", 0);
	int64_t idle = (2 * (25 + 5) * W * 1000 + 919) / 920 + 60 * W;
	int64_t flat = figure(r, 50 * MS, "demand_uw", 1), one = figure(r, 50 * MS, "demand_uw", 2);
	assert_int_equal(flat, (2 * (100 * W + 12500000) * 1000 + 919) / 920 + 60 * W);
	assert_true(one > idle && one < flat);
	assert_true(figure(r, 90 * MS, "demand_uw", 3) != figure(r, 140 * MS, "demand_uw", 3));
	assert_int_equal(figure(r, 1600 * MS, "demand_uw", 3), idle);
	run(r, "workload all idle", 2 * S);
	assert_int_equal(figure(r, 2100 * MS, "demand_uw", 0), 3 * idle);
	hr_rack_free(r);
}

static void budget_and_writes_are_judged(void **state)
{
	(void)state;
	struct hr_rack *r = made(2, NULL);
	const char *limit = "constraint_0_power_limit_uw";
	run(r, "workload all flat 150 W", 0);
	run(r, "fair 600 W", 0);
	run(r, "budget 600 W", 0);
	for (size_t node = 0; node < 2; node++)
		for (int zone = 0; zone < 4; zone += 2)
			put(r, node, zone, limit, "80000000\n", 0);
	run(r, "arm", S);
	int64_t sum = figure(r, S, "sum_limit_uw", 0);
	assert_true(sum > 550 * W && sum <= 600 * W);
	put(r, 0, 0, limit, "130000000\n", 2 * S);
	assert_int_equal(figure(r, 2 * S, "violations", 0), 1);
	put(r, 0, 0, limit, "80000000\n", 2 * S + 50 * MS);
	assert_int_equal(figure(r, 3 * S, "violation_ns", 0), 50 * MS);
	run(r, "budget 500 W at=3000000000", 3 * S + 10 * MS);
	assert_true(hr_rack_hurried(r));
	for (size_t node = 0; node < 2; node++)
		for (int zone = 0; zone < 4; zone += 2)
			put(r, node, zone, limit, "55000000\n", 3 * S + 30 * MS);
	assert_int_equal(figure(r, 4 * S, "capped_ns", 0), 30 * MS);
	assert_true(figure(r, 5 * S, "settled_ns", 0) > 0);
	assert_int_equal(figure(r, 5 * S, "violations", 0), 1);
	assert_int_equal(figure(r, 5 * S, "limit_writes", 0), 6);
	assert_false(hr_rack_hurried(r));
	/* the twins kept the larger share all the time */
	assert_true(figure(r, 5 * S, "fair_work_ms", 0) > figure(r, 5 * S, "work_ms", 0));
	assert_in_range(figure(r, 5 * S, "mean_draw_uw", 0), 450 * W, 620 * W);
	hr_rack_free(r);
}

static void strangers_and_boots_are_excused(void **state)
{
	(void)state;
	struct hr_rack *r = made(1, NULL);
	run(r, "budget 400 W", 0);
	for (int zone = 0; zone < 4; zone += 2)
		put(r, 0, zone, "constraint_0_power_limit_uw", "100000000\n", 0);
	run(r, "arm", S);
	run(r, "overwrite n0001 intel-rapl:0 long 190 W", 2 * S);
	assert_int_equal(figure(r, 3 * S, "violations", 0), 0);
	assert_true(figure(r, 3 * S, "sum_limit_uw", 0) > 400 * W);
	put(r, 0, 0, "constraint_0_power_limit_uw", "100000000\n", 3 * S);
	run(r, "boot n0001 1 s", 4 * S);
	assert_int_equal(figure(r, 5 * S, "violations", 0), 0);
	int64_t excused = figure(r, 6 * S, "excused_uws", 0);
	assert_true(excused > 0);
	run(r, "fault n0001 intel-rapl:0 locked", 6 * S);
	run(r, "fault n0001 intel-rapl:0 none", 6 * S);
	run(r, "fault n0001 intel-rapl:0 jump -5000", 6 * S);
	hr_rack_free(r);
}

static void logs_are_written(void **state)
{
	(void)state;
	char dir[] = "/tmp/headroom-test-XXXXXX", path[64], line[256];
	assert_non_null(mkdtemp(dir));
	struct hr_rack *r = made(2, dir);
	put(r, 1, 2, "constraint_1_power_limit_uw", "70000000\n", 1500 * MS);
	hr_rack_tick(r, 2 * S, true);
	hr_rack_free(r);
	snprintf(path, sizeof(path), "%s/registers.csv", dir);
	FILE *f = fopen(path, "re");
	assert_non_null(f);
	assert_non_null(fgets(line, sizeof(line), f));
	assert_non_null(fgets(line, sizeof(line), f));
	assert_int_equal(strncmp(line,
				 "1500000000,n0002,intel-rapl:1,constraint_1_power_limit_uw,"
				 "198000000,70000000,0,",
				 79),
			 0);
	fclose(f);
	unlink(path);
	snprintf(path, sizeof(path), "%s/state.csv", dir);
	f = fopen(path, "re");
	assert_non_null(f);
	int lines = 0;
	while (fgets(line, sizeof(line), f))
		lines++;
	assert_int_equal(lines, 3);
	fclose(f);
	unlink(path);
	rmdir(dir);
	struct hr_err err = {0};
	struct hr_rack_conf c = {.n_nodes = 1, .plant = hr_plant_conf_default(), .log_dir = dir};
	assert_null(hr_rack_new(&c, 0, &err));
	assert_non_null(strstr(err.text, dir));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(refuses_with_a_sentence),
	    cmocka_unit_test(workloads_reach_their_packages),
	    cmocka_unit_test(budget_and_writes_are_judged),
	    cmocka_unit_test(strangers_and_boots_are_excused),
	    cmocka_unit_test(logs_are_written),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
