/* SPDX-License-Identifier: Apache-2.0 */
/* base/file: texts that are whole or refused, locks that name their holder. */
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

#include "base/file.h"

static char top[] = "/tmp/headroom-file-XXXXXX";
static int dir = -1;

static int set_up(void **state)
{
	(void)state;
	if (mkdtemp(top) == NULL)
		return -1;
	dir = hr_file_dir_open(top, 0755, NULL);
	return dir < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
	(void)state;
	static const char *const name[] = {"text", "lock", "text.new"};

	for (size_t i = 0; i < HR_ARRAY_LEN(name); i++)
		if (hr_file_remove(dir, name[i]) < 0)
			return -1;
	close(dir);
	return rmdir(top);
}

static void test_crc(void **state)
{
	(void)state;
	assert_int_equal(hr_file_crc32("123456789", 9), 0xcbf43926);
	assert_int_equal(hr_file_crc32("", 0), 0);
}

static void test_round_trip(void **state)
{
	(void)state;
	char text[64];

	assert_int_equal(hr_file_text_write(dir, "text", "epoch 7\n", true, NULL), 0);
	assert_int_equal(hr_file_text_read(dir, "text", text, sizeof(text), NULL), 0);
	assert_string_equal(text, "epoch 7\n");
	assert_int_equal(hr_file_text_write(dir, "text", "", false, NULL), 0);
	assert_int_equal(hr_file_text_read(dir, "text", text, sizeof(text), NULL), 0);
	assert_string_equal(text, "");
	assert_int_equal(hr_file_text_read(dir, "none", text, sizeof(text), NULL), -ENOENT);
}

/* Every shorter file and every changed byte is refused. */
static void test_damage(void **state)
{
	(void)state;
	char whole[64], text[64];

	assert_int_equal(hr_file_text_write(dir, "text", "epoch 7\n", true, NULL), 0);
	int fd = openat(dir, "text", O_RDWR);
	ssize_t n = read(fd, whole, sizeof(whole));

	assert_int_equal(n, 23);
	for (ssize_t at = 0; at < n; at++) {
		char bad = (char)(whole[at] ^ 1);

		assert_int_equal(pwrite(fd, &bad, 1, at), 1);
		assert_int_equal(hr_file_text_read(dir, "text", text, sizeof(text), NULL),
				 -EBADMSG);
		assert_int_equal(pwrite(fd, &whole[at], 1, at), 1);
	}
	assert_int_equal(hr_file_text_read(dir, "text", text, sizeof(text), NULL), 0);
	for (ssize_t size = n - 1; size >= 0; size--) {
		assert_int_equal(ftruncate(fd, size), 0);
		assert_int_equal(hr_file_text_read(dir, "text", text, sizeof(text), NULL),
				 -EBADMSG);
	}
	close(fd);
	assert_int_equal(hr_file_text_write(dir, "text", "0123456789", true, NULL), 0);
	assert_int_equal(hr_file_text_read(dir, "text", text, 20, NULL), -EBADMSG);
}

/* A crash before the rename leaves the old text. */
static void test_torn_new_file(void **state)
{
	(void)state;
	char text[64];

	assert_int_equal(hr_file_text_write(dir, "text", "old\n", true, NULL), 0);
	int fd = openat(dir, "text.new", O_WRONLY | O_CREAT, 0600);

	assert_int_equal(write(fd, "ne", 2), 2);
	close(fd);
	assert_int_equal(hr_file_text_read(dir, "text", text, sizeof(text), NULL), 0);
	assert_string_equal(text, "old\n");
	assert_int_equal(hr_file_text_write(dir, "text", "new\n", true, NULL), 0);
	assert_int_equal(hr_file_text_read(dir, "text", text, sizeof(text), NULL), 0);
	assert_string_equal(text, "new\n");
}

static void test_lock(void **state)
{
	(void)state;
	struct hr_err err;
	char pid[32];
	int fd = hr_file_lock(dir, "lock", "guard of n1", NULL);

	assert_true(fd >= 0);
	assert_int_equal(hr_file_lock(dir, "lock", "another", &err), -EBUSY);
	snprintf(pid, sizeof(pid), "(pid %ld)", (long)getpid());
	assert_non_null(strstr(err.text, "guard of n1"));
	assert_non_null(strstr(err.text, pid));
	close(fd);
	fd = hr_file_lock(dir, "lock", "another", NULL);
	assert_true(fd >= 0);
	close(fd);
}

static void test_slurp(void **state)
{
	(void)state;
	char path[64], *text = NULL;
	struct hr_err err;
	size_t n = 0;

	snprintf(path, sizeof(path), "%s/text", top);
	assert_int_equal(hr_file_text_write(dir, "text", "abc\n", true, NULL), 0);
	assert_int_equal(hr_file_slurp(path, 100, &text, &n, NULL), 0);
	assert_int_equal(n, 19);
	assert_memory_equal(text, "abc\ncrc32 ", 10);
	free(text);
	assert_int_equal(hr_file_slurp(path, 18, &text, &n, &err), -EFBIG);
	assert_int_equal(hr_file_slurp("/nonexistent", 18, &text, &n, &err), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_crc),    cmocka_unit_test(test_round_trip),
	    cmocka_unit_test(test_damage), cmocka_unit_test(test_torn_new_file),
	    cmocka_unit_test(test_lock),   cmocka_unit_test(test_slurp),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
