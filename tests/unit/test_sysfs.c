/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers and texts out of the kernel's one-value files, and numbers into them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "hw/paths.h"
#include "hw/sysfs.h"
#include "hw/sysfs_write.h"
#include "tests/unit/sysfs_tree.h"

static int parse(const char *bytes, size_t n, int64_t *ret)
{
	*ret = -7;
	return hr_sysfs_parse(bytes, n, ret);
}

static void numbers_are_read_strictly(void **state)
{
	int64_t v;

	(void)state;
	assert_int_equal(parse("0\n", 2, &v), 0);
	assert_int_equal(v, 0);
	assert_int_equal(parse("262143328850\n", 13, &v), 0);
	assert_int_equal(v, INT64_C(262143328850));
	assert_int_equal(parse("12", 2, &v), 0);
	assert_int_equal(parse("12 \t\n\0\0", 7, &v), 0);
	assert_int_equal(v, 12);
	assert_int_equal(parse("999999999999999999", 18, &v), 0);
	assert_int_equal(v, INT64_C(999999999999999999));
	assert_int_equal(parse("000000000000000000012", 21, &v), -ERANGE);
	assert_int_equal(parse("9223372036854775808", 19, &v), -ERANGE);
	assert_int_equal(parse("-1\n", 3, &v), -ERANGE);
	assert_int_equal(parse("", 0, &v), -ENODATA);
	assert_int_equal(parse("\n", 1, &v), -ENODATA);
	assert_int_equal(parse("\0", 1, &v), -ENODATA);
	assert_int_equal(parse("-", 1, &v), -EINVAL);
	assert_int_equal(parse(" 1", 2, &v), -EINVAL);
	assert_int_equal(parse("+1", 2, &v), -EINVAL);
	assert_int_equal(parse("0x10", 4, &v), -EINVAL);
	assert_int_equal(parse("1.5", 3, &v), -EINVAL);
	assert_int_equal(parse("1 2", 3, &v), -EINVAL);
	assert_int_equal(parse("1\n2", 3, &v), -EINVAL);
	assert_int_equal(parse("<unsupported>\n", 14, &v), -EINVAL);
	assert_int_equal(v, -7);
}

static void files_are_read_within_bounds(void **state)
{
	struct sysfs_tree t;
	char text[8];
	int64_t v;

	(void)state;
	sysfs_tree_open(&t);
	sysfs_tree_put(&t, "long", "1111111111111111111111111111111111111111111111111111111111");
	sysfs_tree_put(&t, "spaces", "1                               ");
	sysfs_tree_put(&t, "empty", "");
	sysfs_tree_put(&t, "name", "dram\nand more");
	sysfs_tree_put(&t, "odd", "dr\033m\n");
	assert_int_equal(hr_sysfs_read_at(t.fd, HR_PATH_POWERCAP "/long", &v), -EINVAL);
	assert_int_equal(hr_sysfs_read_at(t.fd, HR_PATH_POWERCAP "/spaces", &v), -EINVAL);
	assert_int_equal(hr_sysfs_read_at(t.fd, HR_PATH_POWERCAP "/empty", &v), -ENODATA);
	assert_int_equal(hr_sysfs_read_at(t.fd, HR_PATH_POWERCAP "/none", &v), -ENOENT);
	assert_int_equal(hr_sysfs_read_at(t.fd, HR_PATH_POWERCAP, &v), -EISDIR);
	assert_int_equal(hr_sysfs_read(-1, &v), -EBADF);
	assert_int_equal(hr_sysfs_text_at(t.fd, HR_PATH_POWERCAP "/name", text, 8), -EINVAL);
	assert_int_equal(hr_sysfs_text_at(t.fd, HR_PATH_POWERCAP "/odd", text, 8), -EINVAL);
	sysfs_tree_put(&t, "name", "dram\n");
	assert_int_equal(hr_sysfs_text_at(t.fd, HR_PATH_POWERCAP "/name", text, 8), 0);
	assert_string_equal(text, "dram");
	sysfs_tree_put(&t, "name", "\n");
	assert_int_equal(hr_sysfs_text_at(t.fd, HR_PATH_POWERCAP "/name", text, 8), -ENODATA);
	assert_int_equal(mkfifoat(t.fd, "fifo", 0644), 0);
	/* must come back at once */
	assert_int_equal(hr_sysfs_read_at(t.fd, "fifo", &v), -ESPIPE);
	sysfs_tree_close(&t);
}

static void shorter_numbers_leave_no_rest(void **state)
{
	struct sysfs_tree t;
	int fd;

	(void)state;
	sysfs_tree_open(&t);
	sysfs_tree_put_number(&t, "limit", 4095000000);
	fd = hr_sysfs_open(t.fd, HR_PATH_POWERCAP "/limit", true);
	assert_true(fd >= 0);
	assert_int_equal(hr_sysfs_write_value(fd, 65), 0);
	assert_int_equal(sysfs_tree_number(&t, "limit"), 65);
	assert_int_equal(hr_sysfs_write_value(fd, INT64_C(123456789012)), 0);
	assert_int_equal(sysfs_tree_number(&t, "limit"), INT64_C(123456789012));
	hr_sysfs_close(&fd);
	assert_int_equal(fd, -1);
	assert_int_equal(hr_sysfs_write_value(fd, 1), -EBADF);
	sysfs_tree_close(&t);
}

static void paths_that_do_not_fit_are_refused(void **state)
{
	char path[HR_SYSFS_PATH_BYTES];
	char longest[HR_SYSFS_PATH_BYTES];

	(void)state;
	assert_int_equal(hr_sysfs_path(path, "a", "b"), 0);
	assert_string_equal(path, "a/b");
	(void)memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	assert_int_equal(hr_sysfs_path(path, longest, "b"), -ENAMETOOLONG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(numbers_are_read_strictly),
	    cmocka_unit_test(files_are_read_within_bounds),
	    cmocka_unit_test(shorter_numbers_leave_no_rest),
	    cmocka_unit_test(paths_that_do_not_fit_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
