/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The demo's processes: started, watched, killed by their ids. They get no signal of the terminal,
 * and die with the demo even if it is killed itself.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/demo.h"

#define END_MS 3000

int hr_demo_child_watch(struct hr_demo *d, struct hr_err *reterr)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGCHLD);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0 ||
	    (d->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK)) < 0)
		return hr_err_set(reterr, -errno, "cannot watch signals: %s", strerror(errno));
	/* A terminal that went away must not end us before the children are ended. */
	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		return hr_err_set(reterr, -errno, "cannot ignore SIGPIPE: %s", strerror(errno));
	return 0;
}

static struct hr_demo_child *find(struct hr_demo *d, const char *name)
{
	for (size_t i = 0; i < d->n_children; i++)
		if (strcmp(d->child[i].name, name) == 0)
			return &d->child[i];
	return NULL;
}

/* In the child: becomes the program, or ends. */
HR_NORETURN static void become(const char *log, const char *path, char *const argv[], pid_t parent,
			       int death)
{
	static char *const environment[] = {NULL};
	sigset_t none;
	int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
	int null = open("/dev/null", O_RDONLY);

	sigemptyset(&none);
	if (fd < 0 || null < 0 || dup2(null, 0) < 0 || dup2(fd, 1) < 0 || dup2(fd, 2) < 0 ||
	    setsid() < 0 || prctl(PR_SET_PDEATHSIG, death) < 0 || getppid() != parent ||
	    sigprocmask(SIG_SETMASK, &none, NULL) < 0)
		_exit(127);
	(void)signal(SIGPIPE, SIG_DFL);
	close(fd);
	close(null);
	execve(path, argv, environment);
	_exit(127);
}

int hr_demo_child_start(struct hr_demo *d, const char *name, const char *program,
			const char *const argv[], struct hr_err *reterr)
{
	char path[HR_PLACE_BYTES], log[HR_DEMO_PATH_BYTES + 40];
	char *words[24];
	size_t n = 0;
	struct hr_demo_child *c = find(d, name);
	int rc = hr_place_program(program, path, reterr);

	if (rc < 0)
		return rc;
	if (c == NULL) {
		HR_CHECK(d->n_children < HR_ARRAY_LEN(d->child));
		c = &d->child[d->n_children++];
		snprintf(c->name, sizeof(c->name), "%s", name);
	}
	snprintf(log, sizeof(log), "%s/%s.log", d->top, name);
	words[n++] = strdup(program);
	for (size_t i = 0; argv[i] != NULL && n + 1 < HR_ARRAY_LEN(words); i++)
		words[n++] = strdup(argv[i]);
	words[n] = NULL;
	pid_t parent = getpid(), pid = fork();

	/* The rack unmounts itself, which SIGKILL would not let it do. */
	if (pid == 0)
		become(log, path, words, parent, strcmp(name, "rack") == 0 ? SIGTERM : SIGKILL);
	for (size_t i = 0; i < n; i++)
		free(words[i]);
	if (pid < 0)
		return hr_err_set(reterr, -errno, "cannot start %s: %s", name, strerror(errno));
	c->pid = pid;
	return 0;
}

static void reap(struct hr_demo_child *c, int options)
{
	int status;

	if (c->pid != 0 && waitpid(c->pid, &status, options) == c->pid)
		c->pid = 0;
}

void hr_demo_child_kill(struct hr_demo *d, const char *name, int number)
{
	struct hr_demo_child *c = find(d, name);

	if (c == NULL || c->pid == 0)
		return;
	kill(c->pid, number);
	if (number == SIGKILL)
		reap(c, 0);
}

/* The first line of what a child printed, for the person. */
static void last_words(const struct hr_demo *d, const char *name, char *ret, size_t size)
{
	char path[HR_DEMO_PATH_BYTES + 40], line[512];

	snprintf(path, sizeof(path), "%s/%s.log", d->top, name);
	FILE *f = fopen(path, "re");

	ret[0] = '\0';
	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		snprintf(ret, size, "%.*s", (int)strcspn(line, "\n"), line);
	if (f != NULL)
		fclose(f);
}

/* A child that ended by itself ends the demo. */
static int check_children(struct hr_demo *d, struct hr_err *reterr)
{
	char text[300];

	for (size_t i = 0; i < d->n_children; i++) {
		struct hr_demo_child *c = &d->child[i];
		int status;

		if (c->pid == 0 || waitpid(c->pid, &status, WNOHANG) != c->pid)
			continue;
		c->pid = 0;
		last_words(d, c->name, text, sizeof(text));
		/* 3: what the rack answers where FUSE is not permitted */
		if (WIFEXITED(status) && WEXITSTATUS(status) == 3)
			return hr_err_set(reterr, -EPERM, "%s", text);
		return hr_err_set(reterr, -ECHILD, "%s ended by itself (%s %d): %s", c->name,
				  WIFSIGNALED(status) ? "signal" : "exit code",
				  WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status),
				  text);
	}
	return 0;
}

int hr_demo_child_pause(struct hr_demo *d, int64_t ms, struct hr_err *reterr)
{
	int64_t until = hr_now_read().raw_ns + ms * HR_NS_PER_MS;

	for (;;) {
		int64_t left = until - hr_now_read().raw_ns;
		struct pollfd p = {.fd = d->signal_fd, .events = POLLIN};
		struct signalfd_siginfo info;

		if (poll(&p, 1, left > 0 ? (int)(left / HR_NS_PER_MS) + 1 : 0) < 0 &&
		    errno != EINTR)
			return hr_err_set(reterr, -errno, "cannot wait: %s", strerror(errno));
		while (read(d->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
			if (info.ssi_signo != SIGCHLD)
				return hr_err_set(reterr, -EINTR, "stopped by signal %u",
						  info.ssi_signo);
		int rc = check_children(d, reterr);

		if (rc < 0 || left <= 0)
			return rc;
	}
}

/* Until all but the rack have ended, or the time is up. */
static bool wait_all(struct hr_demo *d, size_t first)
{
	int64_t until = hr_now_read().raw_ns + END_MS * HR_NS_PER_MS;

	for (;;) {
		bool running = false;

		for (size_t i = first; i < d->n_children; i++) {
			reap(&d->child[i], WNOHANG);
			running |= d->child[i].pid != 0;
		}
		if (!running || hr_now_read().raw_ns > until)
			return !running;
		struct pollfd p = {.fd = d->signal_fd, .events = POLLIN};
		struct signalfd_siginfo info;

		(void)poll(&p, 1, 50);
		while (read(d->signal_fd, &info, sizeof(info)) > 0)
			;
	}
}

static void end_from(struct hr_demo *d, size_t first)
{
	for (size_t i = d->n_children; i-- > first;)
		if (d->child[i].pid != 0)
			kill(d->child[i].pid, SIGTERM);
	if (wait_all(d, first))
		return;
	for (size_t i = d->n_children; i-- > first;)
		if (d->child[i].pid != 0) {
			kill(d->child[i].pid, SIGKILL);
			reap(&d->child[i], 0);
		}
}

/* Only where the rack itself could not: it unmounts when it ends. */
static void unmount(struct hr_demo *d)
{
	if (!d->mounted)
		return;
	d->mounted = false;
	if (umount2(d->mount, MNT_DETACH) == 0 || errno == EINVAL)
		return;
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		execlp("fusermount3", "fusermount3", "-u", "-z", "-q", d->mount, (char *)NULL);
		_exit(127);
	}
	if (pid > 0)
		waitpid(pid, &status, 0);
}

void hr_demo_child_end_all(struct hr_demo *d)
{
	/* The rack is the first child and the last to go. */
	if (d->n_children > 0) {
		end_from(d, 1);
		end_from(d, 0);
	}
	unmount(d);
	if (d->signal_fd >= 0)
		close(d->signal_fd);
	d->signal_fd = -1;
}
