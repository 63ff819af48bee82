/* SPDX-License-Identifier: Apache-2.0 */
/*
 * headroom-vhw: virtual hardware. Serves the powercap trees of virtual nodes until it is told to
 * end (SIGTERM, SIGINT, unmounted from outside, or the process of --parent-pid has ended).
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/units.h"
#include "vhw/mount.h"
#include "vhw/rack.h"

#define STATE_NS (100 * HR_NS_PER_MS)
#define HURRIED_NS (10 * HR_NS_PER_MS)
#define TRACE_BYTES_MAX (64 << 20)

struct options {
	struct hr_rack_conf rack;
	const char *mount_dir;
	const char *traces_dir;
	long parent_pid; /* 0: none */
};

enum {
	EXIT_USAGE = 2,
	EXIT_PERMISSION = 3,
};

static const char usage_text[] =
    "usage: headroom-vhw --mount DIR [options]\n"
    "Serves live powercap trees of virtual nodes: DIR/n0001/sys/class/powercap ...\n"
    "\n"
    "  --mount DIR         where to mount; must exist and be empty\n"
    "  --nodes N           number of nodes (1)\n"
    "  --sockets N         packages of each node (2)\n"
    "  --seed N            of the noise (1)\n"
    "  --traces DIR        recorded workloads: every NAME.csv in DIR becomes trace=NAME\n"
    "  --log DIR           write registers.csv and state.csv there\n"
    "  --parent-pid PID    end when that process ends\n"
    "  --static POWER      of a package without work (25 W)\n"
    "  --floor POWER       least draw that a limit enforces (40 W)\n"
    "  --tdp POWER         firmware's long-term limit (165 W)\n"
    "  --peak POWER        most a package can draw (198 W)\n"
    "  --rest POWER        fans, disks, board of a node (60 W)\n"
    "  --efficiency PERMILLE  of the power supply (920)\n"
    "  --energy-range UJ   the energy counters wrap after this (262143328850)\n"
    "  --version, --help\n"
    "\n"
    "Commands are written to DIR/control (its answer is read there), figures are in DIR/stats.\n";

static int read_number(const char *text, int64_t low, int64_t high, int64_t *ret)
{
	char *end;
	errno = 0;
	long long v = strtoll(text, &end, 10);
	if (end == text || *end != '\0' || errno != 0 || v < low || v > high) {
		fprintf(stderr, "headroom-vhw: \"%s\" is not a whole number from %lld to %lld\n",
			text, (long long)low, (long long)high);
		return -EINVAL;
	}
	*ret = v;
	return 0;
}

static int read_power(const char *text, int64_t *ret)
{
	struct hr_err err = {0};
	int rc = hr_power_parse(text, ret, &err);
	if (rc < 0)
		fprintf(stderr, "headroom-vhw: %s\n", err.text);
	return rc;
}

static const struct option long_options[] = {
    {"mount", required_argument, NULL, 'm'},
    {"nodes", required_argument, NULL, 'n'},
    {"sockets", required_argument, NULL, 's'},
    {"seed", required_argument, NULL, 'k'},
    {"traces", required_argument, NULL, 't'},
    {"log", required_argument, NULL, 'l'},
    {"parent-pid", required_argument, NULL, 'p'},
    {"static", required_argument, NULL, 'S'},
    {"floor", required_argument, NULL, 'F'},
    {"tdp", required_argument, NULL, 'T'},
    {"peak", required_argument, NULL, 'P'},
    {"rest", required_argument, NULL, 'R'},
    {"efficiency", required_argument, NULL, 'E'},
    {"energy-range", required_argument, NULL, 'U'},
    {"version", no_argument, NULL, 'V'},
    {"help", no_argument, NULL, 'h'},
    {0},
};

/* One option; 0, 1 for "done, all well", or -EINVAL. */
static int take_option(struct options *o, int c, const char *arg)
{
	struct hr_plant_conf *p = &o->rack.plant;
	int64_t v = 0;
	int rc = 0;
	switch (c) {
	case 'm':
		o->mount_dir = arg;
		break;
	case 't':
		o->traces_dir = arg;
		break;
	case 'l':
		o->rack.log_dir = arg;
		break;
	case 'n':
		rc = read_number(arg, 1, HR_FILES_NODES_MAX, &v);
		o->rack.n_nodes = (size_t)v;
		break;
	case 's':
		rc = read_number(arg, 1, HR_PLANT_PACKAGES_MAX, &v);
		p->n_packages = (int)v;
		break;
	case 'k':
		rc = read_number(arg, 0, INT64_MAX, &v);
		p->seed = (uint64_t)v;
		break;
	case 'p':
		rc = read_number(arg, 1, INT32_MAX, &v);
		o->parent_pid = (long)v;
		break;
	case 'E':
		return read_number(arg, 1, 1000, &p->efficiency_permille);
	case 'U':
		return read_number(arg, 1, INT64_MAX / 2, &p->energy_range_uj);
	case 'S':
		return read_power(arg, &p->package.static_uw);
	case 'F':
		return read_power(arg, &p->package.floor_uw);
	case 'T':
		return read_power(arg, &p->package.tdp_uw);
	case 'P':
		return read_power(arg, &p->package.peak_uw);
	case 'R':
		return read_power(arg, &p->rest_uw);
	case 'V':
		puts("headroom-vhw " HR_VERSION);
		return 1;
	case 'h':
		fputs(usage_text, stdout);
		return 1;
	default:
		return -EINVAL;
	}
	return rc;
}

static int read_options(int argc, char **argv, struct options *o)
{
	*o = (struct options){.rack = {.n_nodes = 1, .plant = hr_plant_conf_default()}};
	for (int c; (c = getopt_long(argc, argv, "", long_options, NULL)) != -1;) {
		int rc = take_option(o, c, optarg);
		if (rc != 0)
			return rc;
	}
	if (!o->mount_dir || optind != argc) {
		fprintf(stderr, "headroom-vhw: --mount DIR is wanted and no other argument; see "
				"headroom-vhw --help\n");
		return -EINVAL;
	}
	return 0;
}

static int load_trace(struct hr_rack *rack, int dirfd, const char *file, struct hr_err *reterr)
{
	char name[HR_TRACE_NAME_BYTES];
	size_t stem = strlen(file) - strlen(".csv");
	snprintf(name, sizeof(name), "%.*s", (int)(stem < sizeof(name) ? stem : sizeof(name) - 1),
		 file);
	int fd = openat(dirfd, file, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return hr_err_set(reterr, -errno, "trace %s: %s", file, strerror(errno));
	struct stat st;
	char *text = NULL;
	struct hr_trace t;
	int rc = -EINVAL;
	if (fstat(fd, &st) < 0 || st.st_size > TRACE_BYTES_MAX ||
	    !(text = malloc((size_t)st.st_size + 1)))
		hr_err_set(reterr, rc, "trace %s: too large", file);
	else if (read(fd, text, (size_t)st.st_size) != st.st_size)
		hr_err_set(reterr, rc, "trace %s: could not be read", file);
	else
		rc = hr_trace_parse(name, text, (size_t)st.st_size, &t, reterr);
	free(text);
	close(fd);
	if (rc == 0 && hr_rack_add_trace(rack, &t) < 0) {
		hr_trace_done(&t);
		rc = hr_err_set(reterr, -ENOSPC, "trace %s: more than %d traces", file,
				HR_RACK_TRACES_MAX);
	}
	return rc;
}

static int load_traces(struct hr_rack *rack, const char *dir, struct hr_err *reterr)
{
	DIR *d = opendir(dir);
	if (!d)
		return hr_err_set(reterr, -errno, "cannot read the traces in %s: %s", dir,
				  strerror(errno));
	int rc = 0;
	for (struct dirent *e; rc == 0 && (e = readdir(d));) {
		size_t n = strlen(e->d_name);
		if (n > 4 && strcmp(e->d_name + n - 4, ".csv") == 0)
			rc = load_trace(rack, dirfd(d), e->d_name, reterr);
	}
	closedir(d);
	return rc;
}

/* Readable when the parent has ended; -1 if none is watched. */
static int watch_parent(long pid, int *ret_fd, struct hr_err *reterr)
{
	*ret_fd = -1;
	if (pid == 0)
		return 0;
	*ret_fd = (int)syscall(SYS_pidfd_open, (pid_t)pid, 0);
	if (*ret_fd < 0)
		return hr_err_set(reterr, -errno, "cannot watch process %ld: %s", pid,
				  strerror(errno));
	return 0;
}

static int watch_signals(int *ret_fd, struct hr_err *reterr)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0 ||
	    (*ret_fd = signalfd(-1, &set, SFD_CLOEXEC)) < 0)
		return hr_err_set(reterr, -errno, "cannot watch signals: %s", strerror(errno));
	return 0;
}

/* Until something says end. */
static void serve(struct hr_rack *rack, struct hr_mount *mount, int signal_fd, int parent_fd)
{
	struct pollfd fds[] = {
	    {.fd = hr_mount_fd(mount), .events = POLLIN},
	    {.fd = signal_fd, .events = POLLIN},
	    {.fd = parent_fd, .events = POLLIN},
	};
	int64_t state_ns = hr_now_read().raw_ns, tick_ns = state_ns;
	for (;;) {
		int64_t now = hr_now_read().raw_ns;
		bool state = now >= state_ns;
		if (now >= tick_ns) {
			hr_rack_tick(rack, now, state);
			if (state)
				state_ns += (1 + (now - state_ns) / STATE_NS) * STATE_NS;
		}
		tick_ns = hr_rack_hurried(rack) ? hr_min_i64(now + HURRIED_NS, state_ns) : state_ns;
		struct timespec left = {.tv_nsec = (long)hr_max_i64(tick_ns - now, 0)};
		if (ppoll(fds, HR_ARRAY_LEN(fds), &left, NULL) < 0 && errno != EINTR)
			return;
		if (fds[1].revents || fds[2].revents)
			return;
		if (fds[0].revents && hr_mount_serve(mount) < 0)
			return;
	}
}

static int fail(const struct hr_err *err)
{
	fprintf(stderr, "headroom-vhw: %s\n", err->text);
	return err->code == -EPERM || err->code == -ENODEV ? EXIT_PERMISSION : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	struct options o;
	struct hr_err err = {0};
	struct hr_mount *mount = NULL;
	int signal_fd = -1, parent_fd = -1, status = EXIT_SUCCESS;

	int rc = read_options(argc, argv, &o);
	if (rc != 0)
		return rc < 0 ? EXIT_USAGE : EXIT_SUCCESS;
	struct hr_rack *rack = hr_rack_new(&o.rack, hr_now_read().raw_ns, &err);
	if (!rack || (o.traces_dir && load_traces(rack, o.traces_dir, &err) < 0) ||
	    watch_signals(&signal_fd, &err) < 0 ||
	    watch_parent(o.parent_pid, &parent_fd, &err) < 0 ||
	    hr_mount_open(rack, o.mount_dir, &mount, &err) < 0) {
		status = fail(&err);
	} else {
		puts("READY");
		fflush(stdout);
		serve(rack, mount, signal_fd, parent_fd);
	}

	hr_mount_close(mount);
	if (parent_fd >= 0)
		close(parent_fd);
	if (signal_fd >= 0)
		close(signal_fd);
	hr_rack_free(rack);
	return status;
}
