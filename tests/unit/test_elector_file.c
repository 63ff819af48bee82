/* SPDX-License-Identifier: Apache-2.0 */
/* store/elector_file: nothing that it keeps ever goes back. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/elector_file.h"

static char top[] = "/tmp/headroom-elector-XXXXXX";

static char *path_of(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", top, name);
	return path;
}

static int set_up(void **state)
{
	(void)state;
	return mkdtemp(top) == NULL ? -1 : 0;
}

static int wipe(void **state)
{
	(void)state;
	unlink(path_of("elector"));
	unlink(path_of("writes"));
	unlink(path_of("controller.lock"));
	return 0;
}

static int tear_down(void **state)
{
	return wipe(state) + rmdir(top);
}

static struct hr_elector *open_it(void)
{
	struct hr_elector *e = NULL;
	struct hr_err err;

	assert_int_equal(hr_elector_file_open(top, &e, &err), 0);
	return e;
}

static void test_reigns_grow(void **state)
{
	(void)state;
	struct hr_elector *e = open_it();

	assert_int_equal(e->epoch, 0);
	assert_int_equal(e->ops->reign(e, 0, NULL), 0);
	assert_int_equal(e->epoch, 1);
	assert_int_equal(e->ops->lease(e, 5000, NULL), 0);
	e->ops->close(e);
	e = open_it();
	assert_int_equal(e->epoch, 1);
	assert_int_equal(e->ttl_ns, 5000);
	assert_int_equal(e->ops->reign(e, 41, NULL), 0);
	assert_int_equal(e->epoch, 42);
	assert_int_equal(e->ops->reign(e, UINT64_MAX, NULL), -ERANGE);
	e->ops->close(e);
	e = open_it();
	assert_int_equal(e->epoch, 42);
	e->ops->close(e);
}

static void test_budgets(void **state)
{
	(void)state;
	struct hr_elector *e = open_it();
	struct hr_budget b = {.domain = "cluster", .limit_uw = 1000, .n_windows = 1, .n_steps = 1};

	b.window[0] = (struct hr_budget_window){.from_s = 10, .to_s = 20, .limit_uw = 900};
	b.step[0] = (struct hr_budget_step){.at_ns = 77, .limit_uw = 800};
	assert_int_equal(e->ops->budget(e, &b, 5, NULL), 0);
	assert_int_equal(b.version, 1);
	snprintf(b.domain, sizeof(b.domain), "rack1");
	assert_int_equal(e->ops->budget(e, &b, 5, NULL), 0);
	assert_int_equal(b.version, 2);
	e->ops->close(e);

	e = open_it();
	assert_int_equal(e->version, 2);
	assert_int_equal(e->conf_crc, 5);
	assert_int_equal(e->n_budgets, 2);
	const struct hr_budget *got = hr_elector_find(e, "cluster");

	assert_non_null(got);
	assert_int_equal(got->version, 1);
	assert_int_equal(got->limit_uw, 1000);
	assert_int_equal(got->window[0].limit_uw, 900);
	assert_int_equal(got->step[0].at_ns, 77);
	assert_null(hr_elector_find(e, "rack2"));
	e->ops->close(e);
}

static void test_one_controller(void **state)
{
	(void)state;
	struct hr_elector *e = open_it(), *second = NULL;
	struct hr_err err;
	char pid[32];

	assert_int_equal(hr_elector_file_open(top, &second, &err), -EBUSY);
	snprintf(pid, sizeof(pid), "pid %ld", (long)getpid());
	assert_non_null(strstr(err.text, pid));
	e->ops->close(e);
}

/* A crash in the middle of a slot leaves the count before it. */
static void test_write_count(void **state)
{
	(void)state;
	struct hr_elector *e = open_it();

	for (uint64_t i = 1; i <= 5; i++)
		assert_int_equal(e->ops->count(e, i, NULL), 0);
	assert_int_equal(e->ops->count(e, 4, NULL), -EINVAL);
	e->ops->close(e);
	e = open_it();
	assert_int_equal(e->writes, 5);
	e->ops->close(e);

	int fd = open(path_of("writes"), O_RDWR);

	assert_int_equal(pwrite(fd, "writes 00000000000000009999", 27, 48), 27);
	close(fd);
	e = open_it();
	assert_int_equal(e->writes, 4);
	e->ops->close(e);
}

static void test_damaged(void **state)
{
	(void)state;
	struct hr_elector *e = open_it();

	assert_int_equal(e->ops->reign(e, 0, NULL), 0);
	assert_false(e->lost);
	e->ops->close(e);
	int fd = open(path_of("elector"), O_RDWR);

	assert_int_equal(pwrite(fd, "X", 1, 3), 1);
	close(fd);
	e = open_it();
	assert_true(e->lost);
	assert_int_equal(e->epoch, 0);
	e->ops->close(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(test_reigns_grow, wipe),
	    cmocka_unit_test_teardown(test_budgets, wipe),
	    cmocka_unit_test_teardown(test_one_controller, wipe),
	    cmocka_unit_test_teardown(test_write_count, wipe),
	    cmocka_unit_test_teardown(test_damaged, wipe),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
