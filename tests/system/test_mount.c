/* SPDX-License-Identifier: Apache-2.0 */
/*
 * headroom-vhw as a process: plain file calls, the control file, the powercap drivers, and that no
 * mount stays behind. Skips where FUSE is not permitted. HEADROOM_VHW names the program.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "hw/powercap.h"

#define W INT64_C(1000000)
#define START_MS 10000

static char dir[] = "/tmp/headroom-vhw-test-XXXXXX";
static const char *program = "";
static pid_t child;
static int out_fd = -1;

/* Starts the program; false if it ended before it was ready, with its first line in *said. */
static bool start(const char *parent, char *said, size_t said_bytes)
{
	int fds[2];
	if (pipe2(fds, O_CLOEXEC) < 0)
		fail_msg("pipe: %s", strerror(errno));
	child = fork();
	if (child == 0) {
		dup2(fds[1], 1);
		dup2(fds[1], 2);
		execl(program, "headroom-vhw", "--mount", dir, "--nodes", "3", "--traces",
		      HR_TEST_DATA "/traces", parent ? "--parent-pid" : NULL, parent, NULL);
		_exit(127);
	}
	close(fds[1]);
	struct pollfd p = {.fd = fds[0], .events = POLLIN};
	ssize_t n = poll(&p, 1, START_MS) == 1 ? read(fds[0], said, said_bytes - 1) : 0;
	said[n > 0 ? n : 0] = '\0';
	out_fd = fds[0];
	return strncmp(said, "READY", 5) == 0;
}

/* Waits for the program's end; its status, or -1 after ten seconds. */
static int ended(void)
{
	int status = -1;
	for (int i = 0; i < 1000 && waitpid(child, &status, WNOHANG) == 0; i++)
		poll(NULL, 0, 10);
	close(out_fd);
	return status;
}

static bool is_mounted(void)
{
	struct stat here, above;
	if (stat(dir, &here) < 0)
		return true; /* a dead mount does not answer */
	return stat("/tmp", &above) == 0 && here.st_dev != above.st_dev;
}

static int up(void **state)
{
	(void)state;
	char said[512];
	return start(NULL, said, sizeof(said)) ? 0 : -1;
}

static int down(void **state)
{
	(void)state;
	kill(child, SIGTERM);
	return ended() == 0 && !is_mounted() ? 0 : -1;
}

static char *path_of(const char *file, char path[256])
{
	snprintf(path, 256, "%s/%s", dir, file);
	return path;
}

/* Length, or a negative errno. */
static int get(const char *file, char text[128])
{
	char path[256];
	int fd = open(path_of(file, path), O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ssize_t n = pread(fd, text, 127, 0);
	int rc = n < 0 ? -errno : (int)n;
	text[n > 0 ? n : 0] = '\0';
	close(fd);
	return rc;
}

static int put(const char *file, const char *text)
{
	char path[256];
	int fd = open(path_of(file, path), O_WRONLY | O_TRUNC | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ssize_t n = write(fd, text, strlen(text));
	int rc = n < 0 ? -errno : 0;
	close(fd);
	return rc;
}

static long long number(const char *file)
{
	char text[128];
	assert_true(get(file, text) > 0);
	return strtoll(text, NULL, 10);
}

#define CAP "n0001/sys/class/powercap/"

static void files_read_and_write_as_sysfs(void **state)
{
	(void)state;
	char text[128], path[256];
	assert_int_equal(get(CAP "intel-rapl:1/name", text), 10);
	assert_string_equal(text, "package-1\n");
	assert_int_equal(get(CAP "intel-rapl:2/name", text), -ENOENT);
	assert_int_equal(get(CAP "intel-rapl:0/intel-rapl:0:0/name", text), 5);
	assert_int_equal(put(CAP "intel-rapl:0/constraint_0_power_limit_uw", "90000000\n"), 0);
	assert_int_equal(number(CAP "intel-rapl:0/constraint_0_power_limit_uw"), 90000000);
	assert_int_equal(number(CAP "intel-rapl/intel-rapl:0/constraint_0_power_limit_uw"),
			 90000000);
	assert_int_equal(put(CAP "intel-rapl:0/constraint_0_power_limit_uw", "much\n"), -EINVAL);
	assert_int_equal(mkdir(path_of("n0001/x", path), 0700), -1);
	struct stat st;
	assert_int_equal(stat(path_of(CAP "intel-rapl:0/energy_uj", path), &st), 0);
	assert_int_equal(st.st_mode, S_IFREG | 0400);
	/* a descriptor kept open sees the counter go on */
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_true(pread(fd, text, sizeof(text) - 1, 0) > 0);
	long long before = strtoll(text, NULL, 10);
	poll(NULL, 0, 50);
	assert_true(pread(fd, text, sizeof(text) - 1, 0) > 0);
	assert_true(strtoll(text, NULL, 10) >= before + 50LL * 25000 - 100);
	close(fd);
}

static void others_may_not_read_energy(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	pid_t pid = fork();
	if (pid == 0) {
		char text[128];
		if (setuid(65534) < 0)
			_exit(9);
		int energy = get(CAP "intel-rapl:0/energy_uj", text);
		int name = get(CAP "intel-rapl:0/name", text);
		int limit = put(CAP "intel-rapl:0/constraint_0_power_limit_uw", "1\n");
		_exit(energy == -EACCES && name > 0 && limit == -EACCES ? 0 : 1);
	}
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void the_control_file_makes_faults_and_work(void **state)
{
	(void)state;
	char text[128];
	assert_int_equal(put("control", "fault n0002 intel-rapl:0 eio\n"), 0);
	assert_int_equal(get("n0002/sys/class/powercap/intel-rapl:0/energy_uj", text), -EIO);
	assert_true(get("n0001/sys/class/powercap/intel-rapl:0/energy_uj", text) > 0);
	assert_int_equal(put("control", "fault n0002 intel-rapl:0 locked\n"), 0);
	assert_int_equal(
	    put("n0002/sys/class/powercap/intel-rapl:0/constraint_0_power_limit_uw", "60000000\n"),
	    -EACCES);
	assert_int_equal(put("control", "boot n0003 10 s\n"), 0);
	assert_int_equal(get("n0003/sys/class/powercap/intel-rapl:0/energy_uj", text), -ENODEV);
	assert_int_equal(put("control", "nonsense\n"), -EINVAL);
	assert_true(get("control", text) > 0);
	assert_non_null(strstr(text, "error: there is no command \"nonsense\""));
	assert_int_equal(put("control", "workload n0001 trace=ep\nworkload all trace=session\n"),
			 0);
	assert_true(get("control", text) > 0);
	assert_string_equal(text, "ok\n");
	assert_true(get("stats", text) > 100);
	assert_int_equal(strncmp(text, "{\"t_raw_ns\":", 12), 0);
	assert_int_equal(put("control", "fault n0002 intel-rapl:0 none\n"), 0);
}

static void the_meter_finds_the_zones(void **state)
{
	(void)state;
	char path[256];
	struct hr_err err = {0};
	struct hr_meter *m = NULL;
	struct hr_sample s[HR_ZONES_MAX];
	size_t n;
	int root = open(path_of("n0001", path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(root >= 0);
	const struct hr_meter_conf conf = {.rootfd = root};
	if (hr_powercap_meter_ops.open(&conf, &m, &err) != 0)
		fail_msg("%s", err.text);
	assert_int_equal(m->n_zones, 4);
	int packages = 0, drams = 0;
	for (size_t i = 0; i < m->n_zones; i++) {
		packages += m->zone[i].kind == HR_ZONE_PACKAGE && m->zone[i].counts;
		drams += m->zone[i].kind == HR_ZONE_DRAM;
	}
	assert_int_equal(packages, 2);
	assert_int_equal(drams, 2);
	m->ops->read(m, hr_now_read(), s, &n);
	poll(NULL, 0, 300);
	m->ops->read(m, hr_now_read(), s, &n);
	assert_int_equal(n, 4);
	for (size_t i = 0; i < n; i++) {
		bool package = m->zone[s[i].zone].kind == HR_ZONE_PACKAGE;
		assert_int_equal(s[i].quality, HR_QUALITY_OK);
		/* idle draws 25 W and 5 W; wide, because a busy host reads late */
		assert_in_range(s[i].power_uw, package ? 8 * W : 2 * W, package ? 80 * W : 16 * W);
	}
	m->ops->close(m);
	close(root);
}

static void the_actuator_sets_and_restores(void **state)
{
	(void)state;
	char path[256];
	struct hr_err err = {0};
	struct hr_actuator *a = NULL;
	struct hr_limit limit;
	struct hr_original was;
	assert_int_equal(put("control", "boot n0001\n"), 0);
	int root = open(path_of("n0001", path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const struct hr_actuator_conf conf = {.rootfd = root};
	if (hr_powercap_actuator_ops.open(&conf, &a, &err) != 0)
		fail_msg("%s", err.text);
	for (size_t i = 0; i < a->n_zones; i++) {
		if (a->zone[i].kind != HR_ZONE_PACKAGE)
			continue;
		assert_int_equal(a->ops->save(a, i, &was), 0);
		assert_int_equal(a->ops->set(a, i, 77 * W + 60000, &limit), 0);
		assert_true(limit.known);
		assert_int_equal(limit.fault, HR_REASON_NONE);
		assert_int_equal(limit.limit_uw, 77 * W);
		assert_true(limit.settle_ns <= 10 * HR_NS_PER_MS);
		assert_int_equal(a->ops->restore(a, i, &was), 0);
	}
	assert_int_equal(number(CAP "intel-rapl:0/constraint_0_power_limit_uw"), 165 * W);
	assert_int_equal(number(CAP "intel-rapl:0/constraint_1_power_limit_uw"), 198 * W);
	assert_int_equal(number(CAP "intel-rapl:0/constraint_0_time_window_us"), 999424);
	a->ops->close(a);
	close(root);
}

static void it_ends_with_its_parent(void **state)
{
	(void)state;
	char pid_text[32], said[512];
	pid_t parent = fork();
	if (parent == 0)
		for (;;)
			pause();
	snprintf(pid_text, sizeof(pid_text), "%d", (int)parent);
	assert_true(start(pid_text, said, sizeof(said)));
	assert_true(is_mounted());
	kill(parent, SIGKILL);
	waitpid(parent, NULL, 0);
	assert_int_equal(ended(), 0);
	assert_false(is_mounted());
}

static void a_wrong_place_is_one_sentence(void **state)
{
	(void)state;
	char said[512];
	rmdir(dir);
	assert_false(start(NULL, said, sizeof(said)));
	assert_int_not_equal(ended(), 0);
	assert_non_null(strstr(said, dir));
	assert_int_equal(mkdir(dir, 0700), 0);
}

int main(void)
{
	char said[512];
	const char *named = getenv("HEADROOM_VHW");
	if (named)
		program = named;
	if (!named || !mkdtemp(dir)) {
		printf("1..0 # SKIP HEADROOM_VHW is not set\n");
		return 0;
	}
	if (!start(NULL, said, sizeof(said))) {
		int status = ended();
		rmdir(dir);
		if (!WIFEXITED(status) || WEXITSTATUS(status) != 3) {
			printf("Bail out! %s\n", said);
			return 1;
		}
		said[strcspn(said, "\n")] = '\0';
		printf("1..0 # SKIP FUSE: %s\n", said);
		return 0;
	}
	kill(child, SIGTERM);
	ended();
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(files_read_and_write_as_sysfs, up, down),
	    cmocka_unit_test_setup_teardown(others_may_not_read_energy, up, down),
	    cmocka_unit_test_setup_teardown(the_control_file_makes_faults_and_work, up, down),
	    cmocka_unit_test_setup_teardown(the_meter_finds_the_zones, up, down),
	    cmocka_unit_test_setup_teardown(the_actuator_sets_and_restores, up, down),
	    cmocka_unit_test(it_ends_with_its_parent),
	    cmocka_unit_test(a_wrong_place_is_one_sentence),
	};
	int rc = cmocka_run_group_tests(tests, NULL, NULL);
	rmdir(dir);
	return rc;
}
