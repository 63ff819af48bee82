/* SPDX-License-Identifier: Apache-2.0 */
/* store/sqlite: rows and their count change together; the audit log only grows. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "store/sqlite.h"

static char top[] = "/tmp/headroom-sqlite-XXXXXX";

static char *path_of(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", top, name);
	return path;
}

static int set_up(void **state)
{
	(void)state;
	return mkdtemp(top) == NULL ? -1 : 0;
}

static int wipe(void **state)
{
	(void)state;
	unlink(path_of("db"));
	unlink(path_of("db-wal"));
	unlink(path_of("db-shm"));
	return 0;
}

static int tear_down(void **state)
{
	return wipe(state) + rmdir(top);
}

static struct hr_store *open_it(void)
{
	struct hr_store *s = NULL;
	struct hr_err err;

	assert_int_equal(hr_sqlite_open(path_of("db"), &s, &err), 0);
	return s;
}

struct found {
	struct hr_store_row *row;
	struct hr_store_binding *binding;
	size_t n_rows, n_bindings;
	uint64_t writes;
};

static struct found load(struct hr_store *s)
{
	struct found f;

	assert_int_equal(
	    s->ops->load(s, &f.row, &f.n_rows, &f.binding, &f.n_bindings, &f.writes, NULL), 0);
	return f;
}

static void forget(struct found *f)
{
	free(f->row);
	free(f->binding);
}

static struct hr_store_row row_of(uint8_t id, int64_t charge_uw)
{
	return (struct hr_store_row){
	    .node = {.byte = {id}},
	    .state = 2,
	    .charge_uw = charge_uw,
	    .safe_uw = 5,
	    .boot_uw = 6,
	    .worst_uw = 7,
	};
}

static void test_rows(void **state)
{
	(void)state;
	struct hr_store *s = open_it();
	struct hr_store_row rows[] = {row_of(1, 100), row_of(2, 200)};
	struct found f = load(s);

	assert_int_equal(f.n_rows, 0);
	assert_int_equal(f.writes, 0);
	forget(&f);
	assert_int_equal(s->ops->write(s, rows, 2, 1, NULL), 0);
	rows[1].charge_uw = INT64_MAX;
	assert_int_equal(s->ops->write(s, &rows[1], 1, 2, NULL), 0);
	s->ops->close(s);
	s = open_it();
	f = load(s);
	assert_int_equal(f.n_rows, 2);
	assert_int_equal(f.writes, 2);
	assert_int_equal(f.row[0].charge_uw, 100);
	assert_int_equal(f.row[1].charge_uw, INT64_MAX);
	assert_int_equal(f.row[1].worst_uw, 7);
	forget(&f);
	s->ops->close(s);
}

/* A process that ends between writes loses nothing that was answered. */
static void test_crash(void **state)
{
	(void)state;
	pid_t child = fork();

	if (child == 0) {
		struct hr_store *s = open_it();
		struct hr_store_row row = row_of(1, 300);

		_exit(s->ops->write(s, &row, 1, 1, NULL) == 0 ? 0 : 1);
	}
	int status;

	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	struct hr_store *s = open_it();
	struct found f = load(s);

	assert_int_equal(f.n_rows, 1);
	assert_int_equal(f.row[0].charge_uw, 300);
	assert_int_equal(f.writes, 1);
	forget(&f);
	s->ops->close(s);
}

static void test_bindings(void **state)
{
	(void)state;
	struct hr_store *s = open_it();
	struct hr_store_binding b = {.name = "n1", .node = {.byte = {9}}};

	assert_int_equal(s->ops->bind(s, &b, NULL), 0);
	b.node.byte[0] = 8;
	assert_int_equal(s->ops->bind(s, &b, NULL), 0);
	struct found f = load(s);

	assert_int_equal(f.n_bindings, 1);
	assert_string_equal(f.binding[0].name, "n1");
	assert_int_equal(f.binding[0].node.byte[0], 8);
	forget(&f);
	s->ops->close(s);
}

static void test_audit_only_grows(void **state)
{
	(void)state;
	struct hr_store *s = open_it();
	const struct hr_store_audit a = {1, "ada", "budget", "cluster", "1 kW", "900 W", "done"};
	sqlite3 *db = NULL;

	assert_int_equal(s->ops->audit(s, &a, NULL), 0);
	s->ops->close(s);
	assert_int_equal(sqlite3_open(path_of("db"), &db), SQLITE_OK);
	assert_int_not_equal(sqlite3_exec(db, "DELETE FROM audit", NULL, NULL, NULL), SQLITE_OK);
	assert_int_not_equal(sqlite3_exec(db, "UPDATE audit SET who='x'", NULL, NULL, NULL),
			     SQLITE_OK);
	sqlite3_close(db);
}

static void test_not_a_database(void **state)
{
	(void)state;
	int fd = open(path_of("db"), O_WRONLY | O_CREAT, 0600);
	struct hr_store *s = NULL;
	struct hr_err err;

	for (int i = 0; i < 100; i++)
		assert_int_equal(write(fd, "this is no database, certainly not\n", 35), 35);
	close(fd);
	assert_int_equal(hr_sqlite_open(path_of("db"), &s, &err), -EBADMSG);
	assert_non_null(strstr(err.text, "db"));
	assert_int_equal(hr_sqlite_open("/nonexistent/db", &s, &err), -EACCES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(test_rows, wipe),
	    cmocka_unit_test_teardown(test_crash, wipe),
	    cmocka_unit_test_teardown(test_bindings, wipe),
	    cmocka_unit_test_teardown(test_audit_only_grows, wipe),
	    cmocka_unit_test_teardown(test_not_a_database, wipe),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
