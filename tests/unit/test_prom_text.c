/* SPDX-License-Identifier: Apache-2.0 */
/* Metrics as text, against texts written by hand and against promtool where it is installed. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "wire/prom_text.h"

struct page {
	char text[65536];
	size_t used, max;
};

static int take(void *ctx, const char *bytes, size_t n)
{
	struct page *page = ctx;
	if (page->used + n > page->max)
		return -EFBIG;
	memcpy(page->text + page->used, bytes, n);
	page->used += n;
	page->text[page->used] = '\0';
	return 0;
}

static int write_sample(struct page *page, enum hr_prom_format format)
{
	struct hr_prom_text p;
	static const struct hr_prom_label odd[] = {
	    {"node", "a\\b\"c\nd"}, {"zone", "m\xc3\xa9ga \xff\xc0\x80 \xed\xa0\x80"}};
	static const struct hr_prom_label build[] = {{"version", "0.1.0"}};
	static const int64_t bound[] = {100, 250, 1000};
	static const uint64_t count[] = {3, 4, 0, 1};
	page->used = 0;
	page->max = sizeof(page->text) - 1;
	hr_prom_text_init(&p, format, take, page);
	hr_prom_text_family(&p, "headroom_node_energy_joules", HR_PROM_COUNTER, "joules",
			    "Energy of the node \\ since\nthe agent \"started\".");
	hr_prom_text_sample(&p, odd, 2, INT64_C(1234500000), 6);
	hr_prom_text_sample(&p, odd, 1, 0, 6);
	hr_prom_text_family(&p, "headroom_node_cap_watts", HR_PROM_GAUGE, "watts", "The cap.");
	hr_prom_text_sample(&p, NULL, 0, -1500000, 6);
	hr_prom_text_family(&p, "headroom_build", HR_PROM_INFO, NULL, "What runs here.");
	hr_prom_text_sample(&p, build, 1, 1, 0);
	hr_prom_text_family(&p, "headroom_cut_seconds", HR_PROM_HISTOGRAM, "seconds",
			    "From the cut until the limits fit.");
	hr_prom_text_histogram(&p, build, 1, bound, count, 3, 2150, 3);
	return hr_prom_text_done(&p);
}

static const char text_004[] =
    "# HELP headroom_node_energy_joules_total Energy of the node \\\\ since\\nthe agent "
    "\"started\".\n"
    "# TYPE headroom_node_energy_joules_total counter\n"
    "headroom_node_energy_joules_total{node=\"a\\\\b\\\"c\\nd\",zone=\"m\xc3\xa9ga ??? "
    "???\"} 1234.5\n"
    "headroom_node_energy_joules_total{node=\"a\\\\b\\\"c\\nd\"} 0\n"
    "# HELP headroom_node_cap_watts The cap.\n"
    "# TYPE headroom_node_cap_watts gauge\n"
    "headroom_node_cap_watts -1.5\n"
    "# HELP headroom_build_info What runs here.\n"
    "# TYPE headroom_build_info gauge\n"
    "headroom_build_info{version=\"0.1.0\"} 1\n"
    "# HELP headroom_cut_seconds From the cut until the limits fit.\n"
    "# TYPE headroom_cut_seconds histogram\n"
    "headroom_cut_seconds_bucket{version=\"0.1.0\",le=\"0.1\"} 3\n"
    "headroom_cut_seconds_bucket{version=\"0.1.0\",le=\"0.25\"} 7\n"
    "headroom_cut_seconds_bucket{version=\"0.1.0\",le=\"1\"} 7\n"
    "headroom_cut_seconds_bucket{version=\"0.1.0\",le=\"+Inf\"} 8\n"
    "headroom_cut_seconds_sum{version=\"0.1.0\"} 2.15\n"
    "headroom_cut_seconds_count{version=\"0.1.0\"} 8\n";

static const char openmetrics_begins[] =
    "# HELP headroom_node_energy_joules Energy of the node \\\\ since\\nthe agent "
    "\\\"started\\\".\n"
    "# TYPE headroom_node_energy_joules counter\n"
    "# UNIT headroom_node_energy_joules joules\n"
    "headroom_node_energy_joules_total{";

static struct page page;

static void test_text(void **state)
{
	(void)state;
	assert_int_equal(write_sample(&page, HR_PROM_TEXT), 0);
	assert_string_equal(page.text, text_004);
}

static void test_openmetrics(void **state)
{
	(void)state;
	assert_int_equal(write_sample(&page, HR_PROM_OPENMETRICS), 0);
	assert_memory_equal(page.text, openmetrics_begins, sizeof(openmetrics_begins) - 1);
	assert_non_null(strstr(page.text, "# TYPE headroom_build info\nheadroom_build_info{"));
	assert_non_null(strstr(page.text, "le=\"1.0\"} 7\n"));
	assert_string_equal(page.text + page.used - 6, "# EOF\n");
}

static void test_numbers(void **state)
{
	(void)state;
	static const struct {
		int64_t value;
		int decimals;
		const char *text;
	} rows[] = {
	    {0, 0, "x 0\n"},
	    {INT64_MIN, 0, "x -9223372036854775808\n"},
	    {INT64_MIN, 6, "x -9223372036854.775808\n"},
	    {INT64_MAX, 9, "x 9223372036.854775807\n"},
	    {-1, 6, "x -0.000001\n"},
	    {250000000, 6, "x 250\n"},
	    {1010, 3, "x 1.01\n"},
	};
	for (size_t i = 0; i < HR_ARRAY_LEN(rows); i++) {
		struct hr_prom_text p;
		page.used = 0;
		page.max = sizeof(page.text) - 1;
		hr_prom_text_init(&p, HR_PROM_TEXT, take, &page);
		hr_prom_text_family(&p, "x", HR_PROM_GAUGE, "", "h");
		hr_prom_text_sample(&p, NULL, 0, rows[i].value, rows[i].decimals);
		assert_int_equal(hr_prom_text_done(&p), 0);
		assert_string_equal(strrchr(page.text, 'x'), rows[i].text);
	}
}

/* Long output comes in pieces; the first refusal of the sink ends it. */
static void test_sink(void **state)
{
	(void)state;
	struct hr_prom_text p;
	page.used = 0;
	page.max = 5000;
	hr_prom_text_init(&p, HR_PROM_TEXT, take, &page);
	hr_prom_text_family(&p, "x", HR_PROM_GAUGE, "", "h");
	for (int i = 0; i < 10000; i++)
		hr_prom_text_sample(&p, NULL, 0, i, 0);
	assert_int_equal(hr_prom_text_done(&p), -EFBIG);
	assert_int_equal(page.used, 4096);
}

static void test_negotiate(void **state)
{
	(void)state;
	assert_int_equal(hr_prom_text_negotiate(NULL), HR_PROM_TEXT);
	assert_int_equal(hr_prom_text_negotiate("text/html, */*"), HR_PROM_TEXT);
	assert_int_equal(hr_prom_text_negotiate("application/openmetrics-text;version=1.0.0;q=0.5,"
						"text/plain;version=0.0.4;q=0.2"),
			 HR_PROM_OPENMETRICS);
	assert_non_null(strstr(hr_prom_text_content_type(HR_PROM_TEXT), "0.0.4"));
}

static void test_promtool(void **state)
{
	(void)state;
	int to[2];
	assert_int_equal(write_sample(&page, HR_PROM_TEXT), 0);
	assert_int_equal(pipe(to), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)dup2(to[0], 0);
		(void)dup2(2, 1); /* stdout belongs to TAP */
		(void)close(to[1]);
		execlp("promtool", "promtool", "check", "metrics", (char *)NULL);
		_exit(127);
	}
	close(to[0]);
	assert_int_equal(write(to[1], page.text, page.used), page.used);
	close(to[1]);
	int status = 0;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 127) {
		print_message("# SKIP promtool is not installed (Debian package prometheus)\n");
		skip();
	}
	assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_text),      cmocka_unit_test(test_openmetrics),
	    cmocka_unit_test(test_numbers),   cmocka_unit_test(test_sink),
	    cmocka_unit_test(test_negotiate), cmocka_unit_test(test_promtool),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
