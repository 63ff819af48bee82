/* SPDX-License-Identifier: Apache-2.0 */
/* Pretended hardware behind a powercap tree of plain files. See the header. */
#include "tests/unit/powercap_hardware.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hw/paths.h"
#include "hw/powercap.h"

ssize_t __real_pwrite64(int fd, const void *buf, size_t n, off_t at);
ssize_t __wrap_pwrite64(int fd, const void *buf, size_t n, off_t at);

struct sysfs_tree tree;
int64_t (*hardware)(const char *file, int64_t value);
char writes[512];

static const char *const known_files[] = {
    LONG0,
    SHORT0,
    WINDOW0,
    "intel-rapl:0/constraint_1_time_window_us",
    ENABLED0,
    MMIO_LONG,
    MMIO_SHORT,
    "intel-rapl-mmio:0/constraint_0_time_window_us",
    "intel-rapl-mmio:0/constraint_1_time_window_us",
    "intel-rapl-mmio:0/enabled",
};

static const char *file_of(int fd)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	for (size_t i = 0; i < HR_ARRAY_LEN(known_files); i++) {
		char path[256];
		struct stat of;

		(void)snprintf(path, sizeof(path), HR_PATH_POWERCAP "/%s", known_files[i]);
		if (fstatat(tree.fd, path, &of, 0) == 0 && of.st_ino == st.st_ino)
			return known_files[i];
	}
	return "?";
}

static void note_write(const char *file)
{
	size_t n = strlen(writes);
	char c = 'e';

	if (strstr(file, "constraint_0_power") != NULL)
		c = 'l';
	else if (strstr(file, "constraint_1_power") != NULL)
		c = 's';
	else if (strstr(file, "window") != NULL)
		c = 'w';
	if (n + 1 < sizeof(writes)) {
		writes[n] = c;
		writes[n + 1] = '\0';
	}
}

ssize_t __wrap_pwrite64(int fd, const void *buf, size_t n, off_t at)
{
	const char *file = file_of(fd);
	char text[32] = "";
	int64_t value;

	assert_true(n < sizeof(text));
	(void)memcpy(text, buf, n);
	value = strtoll(text, NULL, 10);
	note_write(file);
	if (hardware == NULL)
		return __real_pwrite64(fd, buf, n, at);
	value = hardware(file, value);
	if (value == POWERCAP_KEEP_OLD)
		return (ssize_t)n;
	if (value < 0) {
		errno = (int)-value;
		return -1;
	}
	(void)snprintf(text, sizeof(text), "%0*lld\n", (int)n - 1, (long long)value);
	return __real_pwrite64(fd, text, n, at);
}

struct hr_actuator *powercap_hardware_actuator(void)
{
	struct hr_actuator_conf conf = {.rootfd = tree.fd};
	struct hr_actuator *a = NULL;
	struct hr_err err = {0};

	if (hr_powercap_actuator_ops.open(&conf, &a, &err) < 0)
		fail_msg("%s", err.text);
	return a;
}

int powercap_hardware_begin(void **state)
{
	(void)state;
	hardware = NULL;
	writes[0] = '\0';
	sysfs_tree_open(&tree);
	sysfs_tree_package(&tree, "intel-rapl:0", "package-0", 100 * W);
	return 0;
}

int powercap_hardware_end(void **state)
{
	(void)state;
	sysfs_tree_close(&tree);
	return 0;
}

int64_t powercap_hardware_locked(const char *file, int64_t value)
{
	(void)file;
	(void)value;
	return -EACCES;
}
