/* SPDX-License-Identifier: Apache-2.0 */
/* Key files on disk: modes, links, owners, damage. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "net/keypair.h"

static char folder[64];
static char path[128], pub[140], other[128];

static int set_up(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/headroom-keys-XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/agent.key", folder);
	snprintf(pub, sizeof(pub), "%s.pub", path);
	snprintf(other, sizeof(other), "%s/other", folder);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	(void)unlink(path);
	(void)unlink(pub);
	(void)unlink(other);
	return rmdir(folder);
}

static void put(const char *file, mode_t mode, const char *text)
{
	FILE *f = fopen(file, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(file, mode), 0);
}

static mode_t mode_of(const char *file)
{
	struct stat st;
	assert_int_equal(stat(file, &st), 0);
	return st.st_mode & 07777;
}

static void test_round_trip(void **state)
{
	(void)state;
	struct hr_keypair keys, back;
	struct hr_err err = {0};
	char public[HR_KEY_TEXT_BYTES];
	mode_t before = umask(0);
	assert_int_equal(hr_keypair_generate(&keys, &err), 0);
	assert_int_equal(hr_keypair_save(path, &keys, &err), 0);
	umask(before);
	assert_int_equal(mode_of(path), 0600);
	assert_int_equal(mode_of(pub), 0644);
	assert_int_equal(hr_keypair_load(path, &back, &err), 0);
	assert_memory_equal(&keys, &back, sizeof(keys));
	assert_int_equal(hr_keypair_load_public(pub, public, &err), 0);
	assert_string_equal(public, keys.public);
	/* never overwritten */
	assert_int_equal(hr_keypair_save(path, &keys, &err), -EEXIST);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(hr_keypair_save(path, &keys, &err), -EEXIST);
	assert_int_equal(access(path, F_OK), -1);
}

static void test_rights(void **state)
{
	(void)state;
	struct hr_keypair keys;
	struct hr_err err = {0};
	assert_int_equal(hr_keypair_generate(&keys, &err), 0);
	assert_int_equal(hr_keypair_save(path, &keys, &err), 0);
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(hr_keypair_load(path, &keys, &err), -EPERM);
	assert_non_null(strstr(err.text, "chmod 600"));
	assert_int_equal(chmod(path, 0602), 0);
	assert_int_equal(hr_keypair_load(path, &keys, &err), -EPERM);
	assert_int_equal(chmod(path, 0400), 0);
	assert_int_equal(hr_keypair_load(path, &keys, &err), 0);
	assert_int_equal(symlink(path, other), 0);
	assert_int_equal(hr_keypair_load(other, &keys, &err), -ELOOP);
	assert_non_null(strstr(err.text, "symbolic link"));
	assert_int_equal(hr_keypair_load(folder, &keys, &err), -EINVAL);
	assert_int_equal(unlink(other), 0);
	assert_int_equal(mkfifo(other, 0600), 0);
	assert_int_equal(hr_keypair_load(other, &keys, &err), -EINVAL);
	assert_int_equal(hr_keypair_load("/nonexistent/key", &keys, &err), -ENOENT);
	if (geteuid() == 0) {
		assert_int_equal(chown(path, 12345, 0), 0);
		assert_int_equal(hr_keypair_load(path, &keys, &err), -EPERM);
		assert_non_null(strstr(err.text, "chown"));
	}
}

static void test_damage(void **state)
{
	(void)state;
	struct hr_keypair a, b, got;
	struct hr_err err = {0};
	char text[300];
	assert_int_equal(hr_keypair_generate(&a, &err), 0);
	assert_int_equal(hr_keypair_generate(&b, &err), 0);
	memset(&got, 0x5a, sizeof(got));
	put(path, 0600, "");
	assert_int_equal(hr_keypair_load(path, &got, &err), -EINVAL);
	snprintf(text, sizeof(text), "public %s\nsecret %.39s\n", a.public, a.secret);
	put(path, 0600, text);
	assert_int_equal(hr_keypair_load(path, &got, &err), -EINVAL);
	snprintf(text, sizeof(text), "public %s\nsecret %s\n", a.public, b.secret);
	put(path, 0600, text);
	assert_int_equal(hr_keypair_load(path, &got, &err), -EINVAL);
	assert_non_null(strstr(err.text, "damaged"));
	assert_null(strstr(err.text, b.secret));
	for (size_t i = 0; i < sizeof(got); i++)
		assert_int_equal(((const uint8_t *)&got)[i], 0x5a);
	char *large = malloc(5001);
	assert_non_null(large);
	memset(large, 'x', 5000);
	large[5000] = '\0';
	put(path, 0600, large);
	free(large);
	assert_int_equal(hr_keypair_load(path, &got, &err), -EFBIG);
}

static void test_authorized(void **state)
{
	(void)state;
	struct hr_keypair a;
	struct hr_err err = {0};
	struct hr_authorized_key *table = NULL;
	size_t n = 0;
	char text[300];
	assert_int_equal(hr_keypair_generate(&a, &err), 0);
	snprintf(text, sizeof(text), "%s * agent rack-1\n", a.public);
	put(other, 0644, text);
	assert_int_equal(hr_keypair_load_authorized(other, &table, &n, &err), 0);
	assert_int_equal(n, 1);
	assert_string_equal(table[0].key, a.public);
	free(table);
	table = NULL;
	put(other, 0664, text);
	assert_int_equal(hr_keypair_load_authorized(other, &table, &n, &err), -EPERM);
	assert_non_null(strstr(err.text, "change"));
	put(other, 0644, "one\n");
	assert_int_equal(hr_keypair_load_authorized(other, &table, &n, &err), -EINVAL);
	assert_non_null(strstr(err.text, "/other:1: "));
	assert_null(table);
	put(other, 0644, "");
	assert_int_equal(hr_keypair_load_authorized(other, &table, &n, &err), 0);
	assert_int_equal(n, 0);
	free(table);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {CASE(test_round_trip), CASE(test_rights),
					   CASE(test_damage), CASE(test_authorized)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
