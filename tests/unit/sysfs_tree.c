/* SPDX-License-Identifier: Apache-2.0 */
/* Trees of sysfs files for tests. See the header. */
#include "tests/unit/sysfs_tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hw/paths.h"
#include "hw/sysfs.h"

#define PATH_BYTES 512

void sysfs_tree_open(struct sysfs_tree *t)
{
	const char *tmp = getenv("TMPDIR");

	(void)snprintf(t->path, sizeof(t->path), "%s/hr-sysfs-XXXXXX", tmp != NULL ? tmp : "/tmp");
	assert_non_null(mkdtemp(t->path));
	/* an unprivileged child of a test looks in here too */
	assert_int_equal(chmod(t->path, 0755), 0);
	t->fd = open(t->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(t->fd >= 0);
}

static void make_parents(int fd, const char *path)
{
	char part[PATH_BYTES];

	for (size_t i = 1; path[i] != '\0'; i++) {
		if (path[i] != '/')
			continue;
		assert_true(i < sizeof(part));
		(void)memcpy(part, path, i);
		part[i] = '\0';
		(void)mkdirat(fd, part, 0755);
	}
}

static void put_bytes(int fd, const char *path, const char *bytes, size_t n)
{
	int out;

	make_parents(fd, path);
	out = openat(fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	assert_true(out >= 0);
	assert_int_equal(write(out, bytes, n), n);
	(void)close(out);
}

static void copy_file(int from, int to, const char *path)
{
	char bytes[8192];
	int in = openat(from, path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	assert_true(in >= 0);
	n = read(in, bytes, sizeof(bytes));
	assert_true(n >= 0 && (size_t)n < sizeof(bytes));
	(void)close(in);
	put_bytes(to, path, bytes, (size_t)n);
}

static void copy_dir(int from, int to, const char *path)
{
	int fd = openat(from, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fdopendir(fd);
	struct dirent *e;

	assert_non_null(dir);
	while ((e = readdir(dir)) != NULL) {
		char sub[PATH_BYTES];
		struct stat st;

		if (e->d_name[0] == '.')
			continue;
		(void)snprintf(sub, sizeof(sub), "%.200s/%s", path, e->d_name);
		assert_int_equal(fstatat(from, sub, &st, 0), 0);
		if (S_ISDIR(st.st_mode))
			copy_dir(from, to, sub);
		else
			copy_file(from, to, sub);
	}
	(void)closedir(dir);
}

void sysfs_tree_open_copy(struct sysfs_tree *t, const char *name)
{
	char path[PATH_BYTES];
	int from;

	(void)snprintf(path, sizeof(path), "%s/%s", HR_TEST_DATA, name);
	from = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(from >= 0);
	sysfs_tree_open(t);
	copy_dir(from, t->fd, HR_PATH_POWERCAP);
	(void)close(from);
}

/* "Zone 0:1" begins a zone, "Constraint 0" a limit of it; else "key: value". */
static void put_info_line(const struct sysfs_tree *t, const char *line, char id[64],
			  int *constraint)
{
	char file[PATH_BYTES];
	char key[64];
	char value[64];

	if (sscanf(line, " Zone %63s", value) == 1) {
		(void)snprintf(id, 64, "intel-rapl:%.50s", value);
		(void)snprintf(file, sizeof(file), "%s/energy_uj", id);
		sysfs_tree_put(t, file, "0\n");
		*constraint = -1;
	} else if (sscanf(line, " Constraint %63s", value) == 1) {
		*constraint = (int)strtol(value, NULL, 10);
	} else if (sscanf(line, " %63[^:]: %63s", key, value) == 2) {
		if (*constraint < 0)
			(void)snprintf(file, sizeof(file), "%s/%s", id, key);
		else
			(void)snprintf(file, sizeof(file), "%s/constraint_%d_%s", id, *constraint,
				       key);
		sysfs_tree_put(t, file, value);
	}
}

void sysfs_tree_open_info(struct sysfs_tree *t, const char *file)
{
	char path[PATH_BYTES];
	char line[256];
	char id[64] = "intel-rapl";
	int constraint = -1;
	FILE *in;

	(void)snprintf(path, sizeof(path), "%s/%s", HR_TEST_DATA, file);
	in = fopen(path, "re");
	assert_non_null(in);
	sysfs_tree_open(t);
	while (fgets(line, sizeof(line), in) != NULL)
		put_info_line(t, line, id, &constraint);
	(void)fclose(in);
}

static void remove_dir(int parent, const char *name)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	if (dir == NULL)
		return;
	while ((e = readdir(dir)) != NULL) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (unlinkat(fd, e->d_name, 0) < 0)
			remove_dir(fd, e->d_name);
	}
	(void)closedir(dir);
	(void)unlinkat(parent, name, AT_REMOVEDIR);
}

void sysfs_tree_close(struct sysfs_tree *t)
{
	(void)close(t->fd);
	remove_dir(AT_FDCWD, t->path);
}

static void full_path(char ret[PATH_BYTES], const char *file)
{
	(void)snprintf(ret, PATH_BYTES, HR_PATH_POWERCAP "/%s", file);
}

void sysfs_tree_put(const struct sysfs_tree *t, const char *file, const char *text)
{
	char path[PATH_BYTES];

	full_path(path, file);
	put_bytes(t->fd, path, text, strlen(text));
}

void sysfs_tree_put_number(const struct sysfs_tree *t, const char *file, int64_t value)
{
	char text[32];

	(void)snprintf(text, sizeof(text), "%" PRId64 "\n", value);
	sysfs_tree_put(t, file, text);
}

int64_t sysfs_tree_number(const struct sysfs_tree *t, const char *file)
{
	char path[PATH_BYTES];
	int64_t value = -1;

	full_path(path, file);
	assert_int_equal(hr_sysfs_read_at(t->fd, path, &value), 0);
	return value;
}

void sysfs_tree_remove(const struct sysfs_tree *t, const char *file)
{
	char path[PATH_BYTES];

	full_path(path, file);
	if (unlinkat(t->fd, path, 0) < 0)
		remove_dir(t->fd, path);
}

void sysfs_tree_chmod(const struct sysfs_tree *t, const char *file, unsigned mode)
{
	char path[PATH_BYTES];

	full_path(path, file);
	assert_int_equal(fchmodat(t->fd, path, mode, 0), 0);
}

static void put_of(const struct sysfs_tree *t, const char *id, const char *item, int64_t value)
{
	char file[PATH_BYTES];

	(void)snprintf(file, sizeof(file), "%s/%s", id, item);
	sysfs_tree_put_number(t, file, value);
}

void sysfs_tree_zone(const struct sysfs_tree *t, const char *id, const char *name)
{
	char file[PATH_BYTES];
	char text[128];

	(void)snprintf(file, sizeof(file), "%s/name", id);
	(void)snprintf(text, sizeof(text), "%s\n", name);
	sysfs_tree_put(t, file, text);
	put_of(t, id, "energy_uj", 1000000);
	put_of(t, id, "max_energy_range_uj", INT64_C(262143328850));
	put_of(t, id, "enabled", 1);
}

void sysfs_tree_constraint(const struct sysfs_tree *t, const char *id, int n, const char *name,
			   int64_t limit_uw, int64_t window_us, int64_t max_uw)
{
	char item[64];
	char file[PATH_BYTES];
	char text[128];

	(void)snprintf(file, sizeof(file), "%s/constraint_%d_name", id, n);
	(void)snprintf(text, sizeof(text), "%s\n", name);
	sysfs_tree_put(t, file, text);
	(void)snprintf(item, sizeof(item), "constraint_%d_power_limit_uw", n);
	put_of(t, id, item, limit_uw);
	(void)snprintf(item, sizeof(item), "constraint_%d_time_window_us", n);
	put_of(t, id, item, window_us);
	(void)snprintf(item, sizeof(item), "constraint_%d_max_power_uw", n);
	if (max_uw > 0)
		put_of(t, id, item, max_uw);
}

void sysfs_tree_package(const struct sysfs_tree *t, const char *id, const char *name,
			int64_t limit_uw)
{
	sysfs_tree_zone(t, id, name);
	sysfs_tree_constraint(t, id, 0, "long_term", limit_uw, 999424, limit_uw);
	sysfs_tree_constraint(t, id, 1, "short_term", limit_uw / 4 * 5, 2440, 0);
}
