/* SPDX-License-Identifier: Apache-2.0 */
/* The log: one line per call, bounded, clean, at the level asked for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"

static int saved = -1, ends[2] = {-1, -1};

/* From here on stderr is a pipe. */
static int divert(void **state)
{
	(void)state;
	saved = dup(STDERR_FILENO);
	if (pipe(ends) < 0 || dup2(ends[1], STDERR_FILENO) < 0)
		return -1;
	return 0;
}

static int bring_back(void **state)
{
	(void)state;
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(ends[0]);
	close(ends[1]);
	return 0;
}

static size_t take(char *buf, size_t size)
{
	ssize_t n = read(ends[0], buf, size - 1);

	if (n < 0)
		n = 0;
	buf[n] = '\0';
	return (size_t)n;
}

static void one_line_with_its_keys(void **state)
{
	char line[2000];

	(void)state;
	hr_log_init("guard n3", HR_LOG_INFO);
	hr_log(HR_LOG_DEBUG, "event=hidden");
	hr_log(HR_LOG_WARNING, "event=%s cap_uw=%d", "lowered", 5);
	take(line, sizeof(line));
	assert_null(strstr(line, "hidden"));
	assert_memory_equal(line, "time=20", 7);
	assert_non_null(strstr(line, "Z level=warning name=\"guard n3\" event=lowered cap_uw=5\n"));
}

static void the_line_is_bounded_and_clean(void **state)
{
	char line[2000], big[1500];
	size_t n;

	(void)state;
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	big[0] = '\n';
	big[1] = '\033';
	hr_log_init("agent", HR_LOG_INFO);
	hr_log(HR_LOG_ERROR, "%s", big);
	n = take(line, sizeof(line));
	assert_int_equal(n, 1000);
	assert_ptr_equal(strchr(line, '\n'), line + 999);
	assert_null(strchr(line, '\033'));
	assert_non_null(strstr(line, "name=agent ??xxx"));
	for (n = 900; n < 1000; n++) {
		size_t got;

		hr_log(HR_LOG_ERROR, "%.*s", (int)n, big);
		got = take(line, sizeof(line));
		assert_true(got <= 1000);
		assert_ptr_equal(strchr(line, '\n'), line + got - 1);
	}
}

static void the_journal_gets_priorities(void **state)
{
	char line[2000], stream[64];
	struct stat st;

	(void)state;
	assert_int_equal(fstat(STDERR_FILENO, &st), 0);
	snprintf(stream, sizeof(stream), "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	hr_log_init("agent", HR_LOG_INFO);
	hr_log(HR_LOG_NOTICE, "event=x");
	take(line, sizeof(line));
	assert_string_equal(line, "<5>name=agent event=x\n");
	setenv("JOURNAL_STREAM", "1:1", 1);
	hr_log_init("agent", HR_LOG_INFO);
	hr_log(HR_LOG_NOTICE, "event=x");
	take(line, sizeof(line));
	assert_memory_equal(line, "time=", 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(one_line_with_its_keys, divert, bring_back),
	    cmocka_unit_test_setup_teardown(the_line_is_bounded_and_clean, divert, bring_back),
	    cmocka_unit_test_setup_teardown(the_journal_gets_priorities, divert, bring_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
