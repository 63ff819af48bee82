/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See process.h. Reads only; what cannot be read is unknown, never 0.
 */
#include "role/process.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"

/* The second number of statm: pages in memory. */
static int64_t resident(int dirfd)
{
	char text[128], *end;
	int fd = openat(dirfd, "statm", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	if (n <= 0)
		return -1;
	text[n] = '\0';
	(void)strtoll(text, &end, 10);
	if (*end != ' ')
		return -1;
	return strtoll(end, NULL, 10) * sysconf(_SC_PAGESIZE);
}

static int64_t count_fds(int dirfd)
{
	int fd = openat(dirfd, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	int64_t n = 0;

	if (dir == NULL) {
		if (fd >= 0)
			close(fd);
		return -1;
	}
	for (const struct dirent *e = readdir(dir); e != NULL; e = readdir(dir))
		n += e->d_name[0] != '.';
	closedir(dir);
	/* Without the two that were opened to count. */
	return n - 2;
}

void hr_process_read(const char *dir, struct hr_process_usage *ret)
{
	int dirfd = dir == NULL ? -1 : open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct rlimit most;
	struct rusage u;

	*ret = (struct hr_process_usage){-1, -1, -1, -1};
	if (getrusage(RUSAGE_SELF, &u) == 0)
		ret->cpu_ns = (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * HR_NS_PER_S +
			      (u.ru_utime.tv_usec + u.ru_stime.tv_usec) * HR_NS_PER_US;
	if (getrlimit(RLIMIT_NOFILE, &most) == 0 && most.rlim_cur != RLIM_INFINITY)
		ret->max_fds = (int64_t)most.rlim_cur;
	if (dirfd < 0)
		return;
	ret->resident_bytes = resident(dirfd);
	ret->open_fds = count_fds(dirfd);
	close(dirfd);
}
