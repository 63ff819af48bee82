/* SPDX-License-Identifier: Apache-2.0 */
/* Errors and our own bugs (attr.c): what a person gets to read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/err.h"

static void text_and_code(void **state)
{
	struct hr_err err = {0};

	(void)state;
	assert_int_equal(hr_err_set(&err, -EIO, "%s is %d", "cap", 3), -EIO);
	assert_int_equal(err.code, -EIO);
	assert_string_equal(err.text, "cap is 3");
	assert_int_equal(hr_err_prefix(&err, "node %s", "n1"), -EIO);
	assert_string_equal(err.text, "node n1: cap is 3");
	assert_int_equal(hr_err_set(NULL, -EIO, "%s", "x"), -EIO);
	assert_int_equal(hr_err_prefix(NULL, "x"), 0);
}

static void long_texts_are_cut_at_the_end(void **state)
{
	char big[2 * HR_ERR_TEXT_BYTES];
	struct hr_err err = {0};
	int i;

	(void)state;
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	hr_err_set(&err, -EINVAL, "%s", big);
	assert_int_equal(strlen(err.text), HR_ERR_TEXT_BYTES - 1);
	hr_err_prefix(&err, "node n1");
	assert_int_equal(strlen(err.text), HR_ERR_TEXT_BYTES - 1);
	assert_memory_equal(err.text, "node n1: xxx", 12);
	for (i = 0; i < 100; i++)
		hr_err_prefix(&err, "frame");
	assert_int_equal(strlen(err.text), HR_ERR_TEXT_BYTES - 1);
	hr_err_prefix(&err, "%s", big);
	assert_int_equal(strlen(err.text), HR_ERR_TEXT_BYTES - 1);
	for (i = HR_ERR_TEXT_BYTES - 20; i < HR_ERR_TEXT_BYTES; i++) {
		hr_err_set(&err, -EINVAL, "%.*s", i, big);
		hr_err_prefix(&err, "node n1");
		assert_int_equal(strlen(err.text),
				 i + 9 < HR_ERR_TEXT_BYTES ? i + 9 : HR_ERR_TEXT_BYTES - 1);
	}
}

static void a_bug_ends_the_process_with_its_place(void **state)
{
	char text[200] = "";
	int status, fd[2];
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(fd), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		dup2(fd[1], STDERR_FILENO);
		signal(SIGABRT, SIG_DFL);
		HR_CHECK(1 + 1 == 3);
		_exit(0);
	}
	close(fd[1]);
	assert_true(read(fd[0], text, sizeof(text) - 1) > 0);
	close(fd[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	assert_non_null(strstr(text, "test_err.c:"));
	assert_non_null(strstr(text, "1 + 1 == 3"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(text_and_code),
	    cmocka_unit_test(long_texts_are_cut_at_the_end),
	    cmocka_unit_test(a_bug_ends_the_process_with_its_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
