/* SPDX-License-Identifier: Apache-2.0 */
/* role/guard_state: identity, marks and originals across crashes, reboots and damage. */
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

#include "role/guard_state.h"

static char top[] = "/tmp/headroom-state-XXXXXX";
static char state_dir[64], run_dir[64];
static const struct hr_uuid boot1 = {.byte = {1}}, boot2 = {.byte = {2}};
static uint8_t draw; /* what the next fresh identity is made of */

static int set_up(void **state)
{
	(void)state;
	if (mkdtemp(top) == NULL)
		return -1;
	snprintf(state_dir, sizeof(state_dir), "%s/state", top);
	snprintf(run_dir, sizeof(run_dir), "%s/run", top);
	return 0;
}

static void drop(const char *dir, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	unlink(path);
}

static int wipe(void **state)
{
	(void)state;
	static const char *const name[] = {"identity", "epoch", "originals", "guard.lock", "mark"};

	for (size_t i = 0; i < HR_ARRAY_LEN(name); i++) {
		drop(state_dir, name[i]);
		drop(run_dir, name[i]);
	}
	rmdir(state_dir);
	rmdir(run_dir);
	return 0;
}

static int tear_down(void **state)
{
	return wipe(state) + rmdir(top);
}

static struct hr_guard_state begin(const struct hr_uuid *boot)
{
	struct hr_guard_state s;
	uint8_t random[16];
	struct hr_err err;

	memset(random, ++draw, sizeof(random));
	assert_int_equal(hr_guard_state_open(&s, state_dir, run_dir, &err), 0);
	assert_int_equal(hr_guard_state_begin(&s, boot, random, &err), 0);
	return s;
}

static void damage(const char *dir, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	int fd = open(path, O_WRONLY);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, "~", 1, 2), 1);
	close(fd);
}

static const struct hr_guard_mark newest = {.heard = {.epoch = 7, .seq = 30}, .safe_uw = 99};

static void test_counter_grows(void **state)
{
	(void)state;
	struct hr_guard_state s = begin(&boot1);
	struct hr_uuid node = s.self.node;

	assert_true(s.fresh);
	assert_string_equal(s.why_fresh, "");
	for (uint64_t n = 1; n < 4; n++) {
		assert_int_equal(s.self.incarnation, n);
		assert_int_equal(hr_uuid_compare(&s.self.node, &node), 0);
		hr_guard_state_close(&s);
		s = begin(&boot1);
		assert_false(s.fresh);
	}
	hr_guard_state_close(&s);
}

static void test_mark_in_one_boot(void **state)
{
	(void)state;
	struct hr_guard_state s = begin(&boot1);

	assert_int_equal(s.mark.heard.epoch, 0);
	assert_int_equal(hr_guard_state_mark(&s, &newest, NULL), 0);
	hr_guard_state_close(&s);
	s = begin(&boot1);
	assert_int_equal(s.mark.heard.epoch, 7);
	assert_int_equal(s.mark.heard.seq, 30);
	assert_int_equal(s.mark.safe_uw, 99);
	hr_guard_state_close(&s);
}

/* After a reboot only the epoch is left: run_dir belongs to a boot. */
static void test_mark_after_reboot(void **state)
{
	(void)state;
	struct hr_guard_state s = begin(&boot1);

	assert_int_equal(hr_guard_state_mark(&s, &newest, NULL), 0);
	hr_guard_state_close(&s);
	s = begin(&boot2);
	assert_int_equal(s.mark.heard.epoch, 7);
	assert_int_equal(s.mark.heard.seq, 0);
	assert_int_equal(s.mark.safe_uw, 0);
	assert_int_equal(s.self.incarnation, 2);
	hr_guard_state_close(&s);
}

static void test_torn_mark(void **state)
{
	(void)state;
	struct hr_guard_state s = begin(&boot1);

	assert_int_equal(hr_guard_state_mark(&s, &newest, NULL), 0);
	hr_guard_state_close(&s);
	damage(run_dir, "mark");
	s = begin(&boot1);
	assert_int_equal(s.mark.heard.epoch, 7);
	assert_int_equal(s.mark.heard.seq, 0);
	hr_guard_state_close(&s);
}

/* A counter that cannot be read: a fresh identity, which no old grant is meant for. */
static void test_lost_counter(void **state)
{
	(void)state;
	struct hr_guard_state s = begin(&boot1);
	struct hr_uuid node = s.self.node;

	assert_int_equal(hr_guard_state_mark(&s, &newest, NULL), 0);
	hr_guard_state_close(&s);
	damage(state_dir, "identity");
	s = begin(&boot1);
	assert_true(s.fresh);
	assert_string_not_equal(s.why_fresh, "");
	assert_int_not_equal(hr_uuid_compare(&s.self.node, &node), 0);
	assert_int_equal(s.self.incarnation, 1);
	assert_int_equal(s.mark.heard.seq, 0);
	hr_guard_state_close(&s);
}

static void test_originals(void **state)
{
	(void)state;
	struct hr_original o = {
	    .valid = true,
	    .enabled = true,
	    .has_short = true,
	    .long_uw = 165000000,
	    .long_window_us = 999424,
	    .short_uw = 198000000,
	    .short_window_us = 2440,
	};
	struct hr_guard_state s = begin(&boot1);

	o.twin[1].valid = true;
	o.twin[1].long_uw = 42;
	assert_int_equal(hr_guard_state_original_add(&s, "intel-rapl:0", &o), 0);
	assert_int_equal(hr_guard_state_originals_store(&s, NULL), 0);
	/* Once saved it is not overwritten. */
	o.long_uw = 1;
	assert_int_equal(hr_guard_state_original_add(&s, "intel-rapl:0", &o), -EEXIST);
	hr_guard_state_close(&s);

	s = begin(&boot2);
	const struct hr_original *got = hr_guard_state_original(&s, "intel-rapl:0");

	assert_non_null(got);
	assert_int_equal(got->long_uw, 165000000);
	assert_int_equal(got->short_window_us, 2440);
	assert_true(got->twin[1].valid);
	assert_int_equal(got->twin[1].long_uw, 42);
	assert_int_equal(hr_guard_state_originals_drop(&s, NULL), 0);
	hr_guard_state_close(&s);
	s = begin(&boot2);
	assert_null(hr_guard_state_original(&s, "intel-rapl:0"));
	hr_guard_state_close(&s);
}

static void test_every_zone_fits(void **state)
{
	(void)state;
	struct hr_original o = {.valid = true,
				.long_uw = INT64_MIN,
				.long_window_us = INT64_MIN,
				.short_uw = INT64_MIN,
				.short_window_us = INT64_MIN};
	struct hr_guard_state s = begin(&boot1);
	char name[HR_NAME_BYTES];

	for (size_t i = 0; i < HR_ORIGINAL_TWINS; i++) {
		o.twin[i].long_uw = o.twin[i].short_uw = INT64_MIN;
		o.twin[i].long_window_us = o.twin[i].short_window_us = INT64_MIN;
	}
	for (int i = 0; i < HR_ZONES_MAX; i++) {
		snprintf(name, sizeof(name), "%061d-%c", i, 'z');
		assert_int_equal(hr_guard_state_original_add(&s, name, &o), 0);
	}
	assert_int_equal(hr_guard_state_original_add(&s, "more", &o), -ENOSPC);
	assert_int_equal(hr_guard_state_originals_store(&s, NULL), 0);
	hr_guard_state_close(&s);
	s = begin(&boot1);
	assert_int_equal(s.n_originals, HR_ZONES_MAX);
	hr_guard_state_close(&s);
}

static void test_damaged_originals(void **state)
{
	(void)state;
	struct hr_original o = {.valid = true};
	struct hr_guard_state s = begin(&boot1);
	struct hr_err err;

	assert_int_equal(hr_guard_state_original_add(&s, "intel-rapl:0", &o), 0);
	assert_int_equal(hr_guard_state_originals_store(&s, NULL), 0);
	hr_guard_state_close(&s);
	damage(state_dir, "originals");
	assert_int_equal(hr_guard_state_open(&s, state_dir, run_dir, &err), -EBADMSG);
	assert_non_null(strstr(err.text, "originals"));
}

static void test_second_guard(void **state)
{
	(void)state;
	struct hr_guard_state s = begin(&boot1), second;
	struct hr_err err;

	assert_int_equal(hr_guard_state_open(&second, state_dir, run_dir, &err), -EBUSY);
	assert_non_null(strstr(err.text, "pid"));
	hr_guard_state_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(test_counter_grows, wipe),
	    cmocka_unit_test_teardown(test_mark_in_one_boot, wipe),
	    cmocka_unit_test_teardown(test_mark_after_reboot, wipe),
	    cmocka_unit_test_teardown(test_torn_mark, wipe),
	    cmocka_unit_test_teardown(test_lost_counter, wipe),
	    cmocka_unit_test_teardown(test_originals, wipe),
	    cmocka_unit_test_teardown(test_every_zone_fits, wipe),
	    cmocka_unit_test_teardown(test_damaged_originals, wipe),
	    cmocka_unit_test_teardown(test_second_guard, wipe),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
