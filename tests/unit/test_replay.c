/* SPDX-License-Identifier: Apache-2.0 */
/* Recorded traces as a meter: exact energy, absent values, the end, loops, and bad files. */
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

#include "hw/replay.h"

#define W INT64_C(1000000)

static char path[128];
static struct hr_sample s[HR_ZONES_MAX];
static size_t n;

static int begin(void **state)
{
	int fd;

	(void)state;
	(void)snprintf(path, sizeof(path), "/tmp/hr-trace-XXXXXX");
	fd = mkstemp(path);
	if (fd < 0)
		return -1;
	(void)close(fd);
	return 0;
}

static int end(void **state)
{
	(void)state;
	(void)unlink(path);
	return 0;
}

static void put(const char *text)
{
	FILE *out = fopen(path, "we");

	assert_non_null(out);
	assert_int_equal(fwrite(text, 1, strlen(text), out), strlen(text));
	assert_int_equal(fclose(out), 0);
}

static int open_trace(const char *prefix, struct hr_meter **m, struct hr_err *err)
{
	char option[160];
	struct hr_meter_conf conf = {.rootfd = -1, .option = option};

	(void)snprintf(option, sizeof(option), "%s%s", prefix, path);
	return hr_replay_meter_ops.open(&conf, m, err);
}

static void at(struct hr_meter *m, int64_t ms)
{
	m->ops->read(m, (struct hr_now){.raw_ns = 77 * HR_NS_PER_S + ms * HR_NS_PER_MS}, s, &n);
}

static void a_trace_is_integrated_exactly(void **state)
{
	struct hr_meter *m;
	struct hr_err err = {0};

	(void)state;
	put("# recorded somewhere\n\n t_s , package-0, dram-0 ,wall\r\n"
	    "1700000000.0,100,10.5,\n1700000000.5,200,10.5,250\n1700000001,50,nan,250\n");
	if (open_trace("", &m, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(m->n_zones, 3);
	assert_int_equal(m->zone[0].kind, HR_ZONE_PACKAGE);
	assert_int_equal(m->zone[1].kind, HR_ZONE_DRAM);
	assert_int_equal(m->zone[2].kind, HR_ZONE_OTHER);
	assert_true(m->zone[0].counts && m->zone[1].counts && !m->zone[2].counts);
	at(m, 0);
	assert_int_equal(n, 3);
	assert_int_equal(s[0].reason, HR_REASON_FIRST);
	at(m, 750);
	assert_int_equal(s[0].quality, HR_QUALITY_OK);
	assert_int_equal(s[0].energy_uj, 100 * W);
	assert_int_equal(s[0].power_uw, 133333333);
	assert_int_equal(s[1].energy_uj, 7875000);
	/* absent in part of the span is absent */
	assert_int_equal(s[2].quality, HR_QUALITY_UNREADABLE);
	at(m, 1000);
	assert_int_equal(s[2].power_uw, 250 * W);
	at(m, 1000);
	assert_int_equal(s[0].quality, HR_QUALITY_UNREADABLE);
	at(m, 1400);
	assert_int_equal(s[0].power_uw, 50 * W);
	assert_int_equal(s[1].quality, HR_QUALITY_UNREADABLE);
	/* the last row holds for as long as the one before it */
	at(m, 1600);
	assert_int_equal(s[0].quality, HR_QUALITY_UNREADABLE);
	assert_int_equal(s[0].reason, HR_REASON_LOST);
	m->ops->close(m);
}

static void loops_lose_no_energy(void **state)
{
	const int64_t end_ms = 300000;
	struct hr_meter *m;
	int64_t ms = 0;

	(void)state;
	put("t_s,package-0\n0,0.000007\n0.1,0.000013\n0.2,900\n");
	assert_int_equal(open_trace("loop:", &m, NULL), 0);
	at(m, 0);
	while (ms < end_ms) {
		ms += 7;
		at(m, ms > end_ms ? end_ms : ms);
	}
	/* 1000 rounds of 0.1 s at 7 uW, 13 uW and 900 W */
	assert_int_equal(s[0].energy_uj, INT64_C(90000000000) + 700 + 1300);
	m->ops->close(m);
}

static void bad_traces_are_refused_with_their_line(void **state)
{
	static const struct {
		const char *text;
		const char *says;
	} bad[] = {
	    {"", "two rows"},
	    {"t_s,package-0\n0,1\n", "two rows"},
	    {"time,package-0\n0,1\n1,2\n", "line 1"},
	    {"t_s\n0\n1\n", "line 1"},
	    {"t_s,a,a\n0,1,1\n1,2,2\n", "line 1"},
	    {"t_s,bad name\n0,1\n1,2\n", "line 1"},
	    {"t_s,a\n0,1\n0,2\n", "line 3"},
	    {"t_s,a\n1,1\n0,2\n", "line 3"},
	    {"t_s,a\n0,1\n1,2,3\n", "line 3"},
	    {"t_s,a,b\n0,1,1\n1,2\n", "line 3"},
	    {"t_s,a\n0,-1\n1,2\n", "line 2"},
	    {"t_s,a\n0,1e3\n1,2\n", "line 2"},
	    {"t_s,a\n0,99999999\n1,2\n", "line 2"},
	    {"t_s,a\n0,99999999999999999999\n1,2\n", "line 2"},
	    {"t_s,a\nx,1\n1,2\n", "line 2"},
	};

	(void)state;
	for (size_t i = 0; i < HR_ARRAY_LEN(bad); i++) {
		struct hr_meter *m;
		struct hr_err err = {0};

		put(bad[i].text);
		assert_int_equal(open_trace("", &m, &err), -EINVAL);
		if (strstr(err.text, bad[i].says) == NULL)
			fail_msg("row %zu says: %s", i, err.text);
	}
}

static void no_file_and_no_option_are_errors(void **state)
{
	struct hr_meter_conf conf = {.rootfd = -1};
	struct hr_meter *m;
	struct hr_err err = {0};

	(void)state;
	assert_int_equal(hr_replay_meter_ops.open(&conf, &m, &err), -EINVAL);
	conf.option = "/nonexistent/trace.csv";
	assert_int_equal(hr_replay_meter_ops.open(&conf, &m, &err), -ENOENT);
	assert_non_null(strstr(err.text, "/nonexistent/trace.csv"));
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_trace_is_integrated_exactly),
	    TEST(loops_lose_no_energy),
	    TEST(bad_traces_are_refused_with_their_line),
	    TEST(no_file_and_no_option_are_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
