/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See sqlite.h. Not a general layer over SQLite. Invariant: the write count and the rows that it
 * counts change in one transaction.
 */
#include "store/sqlite.h"

#include <errno.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCHEMA_VERSION 1
#define NODES_MAX 65536
#define BUSY_MS 2000

struct sqlite {
	struct hr_store base;
	sqlite3 *db;
	sqlite3_stmt *begin, *commit, *rollback, *row, *writes, *bind, *audit;
};

static const char schema[] =
    "CREATE TABLE IF NOT EXISTS ledger (node BLOB PRIMARY KEY, state INTEGER NOT NULL,"
    " charge_uw INTEGER NOT NULL, safe_uw INTEGER NOT NULL, boot_uw INTEGER NOT NULL,"
    " worst_uw INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS counted (id INTEGER PRIMARY KEY CHECK (id = 1),"
    " writes INTEGER NOT NULL);"
    "INSERT OR IGNORE INTO counted VALUES (1, 0);"
    "CREATE TABLE IF NOT EXISTS roster (name TEXT PRIMARY KEY, node BLOB NOT NULL) "
    "WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS audit (id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " at_ns INTEGER NOT NULL, who TEXT NOT NULL, what TEXT NOT NULL, target TEXT NOT NULL,"
    " before TEXT NOT NULL, after TEXT NOT NULL, result TEXT NOT NULL);"
    "CREATE TRIGGER IF NOT EXISTS audit_stays BEFORE UPDATE ON audit BEGIN"
    " SELECT RAISE(ABORT, 'the audit log is append-only'); END;"
    "CREATE TRIGGER IF NOT EXISTS audit_kept BEFORE DELETE ON audit BEGIN"
    " SELECT RAISE(ABORT, 'the audit log is append-only'); END;";

static int failed(struct sqlite *s, const char *what, struct hr_err *reterr)
{
	int code = sqlite3_errcode(s->db) & 0xff;
	int rc = -EIO;

	if (code == SQLITE_NOTADB || code == SQLITE_CORRUPT)
		rc = -EBADMSG;
	else if (code == SQLITE_FULL)
		rc = -ENOSPC;
	else if (code == SQLITE_BUSY || code == SQLITE_LOCKED)
		rc = -EBUSY;
	else if (code == SQLITE_CANTOPEN || code == SQLITE_READONLY || code == SQLITE_PERM)
		rc = -EACCES;
	return hr_err_set(reterr, rc, "database %s: cannot %s: %s",
			  sqlite3_db_filename(s->db, NULL), what, sqlite3_errmsg(s->db));
}

/* Runs a bound statement that gives no rows. */
static int run(struct sqlite *s, sqlite3_stmt *st, const char *what, struct hr_err *reterr)
{
	int code = sqlite3_step(st);
	int rc = code == SQLITE_DONE ? 0 : failed(s, what, reterr);

	sqlite3_reset(st);
	return rc;
}

static int read_rows(struct sqlite *s, struct hr_store_row *row, size_t max, size_t *ret_n)
{
	sqlite3_stmt *st;
	size_t n = 0;

	if (sqlite3_prepare_v2(s->db,
			       "SELECT node,state,charge_uw,safe_uw,boot_uw,worst_uw "
			       "FROM ledger ORDER BY node",
			       -1, &st, NULL) != SQLITE_OK)
		return -EIO;
	int code = sqlite3_step(st);

	for (; code == SQLITE_ROW && row != NULL && n < max; code = sqlite3_step(st)) {
		const void *node = sqlite3_column_blob(st, 0);

		if (node == NULL || sqlite3_column_bytes(st, 0) != (int)sizeof(row->node.byte))
			break;
		memcpy(row[n].node.byte, node, sizeof(row->node.byte));
		row[n].state = sqlite3_column_int(st, 1);
		row[n].charge_uw = sqlite3_column_int64(st, 2);
		row[n].safe_uw = sqlite3_column_int64(st, 3);
		row[n].boot_uw = sqlite3_column_int64(st, 4);
		row[n].worst_uw = sqlite3_column_int64(st, 5);
		n++;
	}
	sqlite3_finalize(st);
	*ret_n = n;
	return code == SQLITE_DONE ? 0 : -EIO;
}

static int read_bindings(struct sqlite *s, struct hr_store_binding *b, size_t max, size_t *ret_n)
{
	sqlite3_stmt *st;
	size_t n = 0;

	if (sqlite3_prepare_v2(s->db, "SELECT name,node FROM roster ORDER BY name", -1, &st,
			       NULL) != SQLITE_OK)
		return -EIO;
	int code = sqlite3_step(st);

	for (; code == SQLITE_ROW && n < max; code = sqlite3_step(st)) {
		const char *name = (const char *)sqlite3_column_text(st, 0);
		const void *node = sqlite3_column_blob(st, 1);

		if (name == NULL || node == NULL || !hr_name_is_valid(name) ||
		    sqlite3_column_bytes(st, 1) != (int)sizeof(b->node.byte))
			break;
		snprintf(b[n].name, sizeof(b[n].name), "%s", name);
		memcpy(b[n].node.byte, node, sizeof(b->node.byte));
		n++;
	}
	sqlite3_finalize(st);
	*ret_n = n;
	return code == SQLITE_DONE ? 0 : -EIO;
}

/* The one number that a query gives, or -1. */
static int64_t ask(struct sqlite *s, const char *query)
{
	sqlite3_stmt *st;
	int64_t n = -1;

	if (sqlite3_prepare_v2(s->db, query, -1, &st, NULL) != SQLITE_OK)
		return -1;
	if (sqlite3_step(st) == SQLITE_ROW)
		n = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return n;
}

static int sqlite_load(struct hr_store *base, struct hr_store_row **ret_rows, size_t *ret_n_rows,
		       struct hr_store_binding **ret_bindings, size_t *ret_n_bindings,
		       uint64_t *ret_writes, struct hr_err *reterr)
{
	struct sqlite *s = (struct sqlite *)base;
	int64_t n_rows = ask(s, "SELECT count(*) FROM ledger");
	int64_t n_bindings = ask(s, "SELECT count(*) FROM roster");
	int64_t writes = ask(s, "SELECT writes FROM counted");

	if (n_rows < 0 || n_bindings < 0 || writes < 0)
		return failed(s, "read the ledger", reterr);
	if (n_rows > NODES_MAX || n_bindings > NODES_MAX)
		return hr_err_set(reterr, -E2BIG,
				  "the database has %" PRId64 " nodes, at most %d "
				  "are allowed",
				  n_rows, NODES_MAX);
	*ret_rows = calloc((size_t)n_rows + 1, sizeof(**ret_rows));
	*ret_bindings = calloc((size_t)n_bindings + 1, sizeof(**ret_bindings));
	*ret_writes = (uint64_t)writes;
	int rc = *ret_rows == NULL || *ret_bindings == NULL
		     ? hr_err_set(reterr, -ENOMEM, "no memory for the ledger")
		     : 0;

	if (rc == 0 && (read_rows(s, *ret_rows, (size_t)n_rows, ret_n_rows) < 0 ||
			read_bindings(s, *ret_bindings, (size_t)n_bindings, ret_n_bindings) < 0))
		rc = failed(s, "read the ledger", reterr);
	if (rc < 0) {
		free(*ret_rows);
		free(*ret_bindings);
	}
	return rc;
}

static int write_row(struct sqlite *s, const struct hr_store_row *r, struct hr_err *reterr)
{
	sqlite3_bind_blob(s->row, 1, r->node.byte, sizeof(r->node.byte), SQLITE_TRANSIENT);
	sqlite3_bind_int(s->row, 2, r->state);
	sqlite3_bind_int64(s->row, 3, r->charge_uw);
	sqlite3_bind_int64(s->row, 4, r->safe_uw);
	sqlite3_bind_int64(s->row, 5, r->boot_uw);
	sqlite3_bind_int64(s->row, 6, r->worst_uw);
	return run(s, s->row, "write a row", reterr);
}

static int sqlite_write(struct hr_store *base, const struct hr_store_row *rows, size_t n,
			uint64_t writes, struct hr_err *reterr)
{
	struct sqlite *s = (struct sqlite *)base;
	int rc = run(s, s->begin, "begin", reterr);

	if (rc < 0)
		return rc;
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = write_row(s, &rows[i], reterr);
	if (rc == 0) {
		sqlite3_bind_int64(s->writes, 1, (sqlite3_int64)writes);
		rc = run(s, s->writes, "count", reterr);
	}
	if (rc == 0)
		rc = run(s, s->commit, "commit", reterr);
	if (rc < 0)
		(void)run(s, s->rollback, "roll back", NULL);
	return rc;
}

static int sqlite_bind(struct hr_store *base, const struct hr_store_binding *b,
		       struct hr_err *reterr)
{
	struct sqlite *s = (struct sqlite *)base;

	sqlite3_bind_text(s->bind, 1, b->name, -1, SQLITE_TRANSIENT);
	sqlite3_bind_blob(s->bind, 2, b->node.byte, sizeof(b->node.byte), SQLITE_TRANSIENT);
	return run(s, s->bind, "bind a name", reterr);
}

static int sqlite_audit(struct hr_store *base, const struct hr_store_audit *a,
			struct hr_err *reterr)
{
	struct sqlite *s = (struct sqlite *)base;
	const char *text[] = {a->who, a->what, a->target, a->before, a->after, a->result};

	sqlite3_bind_int64(s->audit, 1, a->wall_ns);
	for (int i = 0; i < (int)HR_ARRAY_LEN(text); i++)
		sqlite3_bind_text(s->audit, 2 + i, text[i], -1, SQLITE_TRANSIENT);
	return run(s, s->audit, "write the audit log", reterr);
}

static void sqlite_close(struct hr_store *base)
{
	struct sqlite *s = (struct sqlite *)base;
	sqlite3_stmt *st[] = {s->begin,  s->commit, s->rollback, s->row,
			      s->writes, s->bind,   s->audit};

	for (size_t i = 0; i < HR_ARRAY_LEN(st); i++)
		sqlite3_finalize(st[i]);
	sqlite3_close(s->db);
	free(s);
}

static const struct hr_store_ops sqlite_ops = {
    .load = sqlite_load,
    .write = sqlite_write,
    .bind = sqlite_bind,
    .audit = sqlite_audit,
    .close = sqlite_close,
};

static int set_up(struct sqlite *s, struct hr_err *reterr)
{
	char stamp[64];

	sqlite3_busy_timeout(s->db, BUSY_MS);
	if (sqlite3_exec(s->db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;", NULL, NULL,
			 NULL) != SQLITE_OK)
		return failed(s, "open", reterr);
	int64_t version = ask(s, "PRAGMA user_version");

	if (version < 0 || version > SCHEMA_VERSION)
		return hr_err_set(reterr, -EBADMSG,
				  "database %s has format %" PRId64
				  ", this build reads up to %d: run "
				  "the newer Headroom that wrote it",
				  sqlite3_db_filename(s->db, NULL), version, SCHEMA_VERSION);
	snprintf(stamp, sizeof(stamp), "PRAGMA user_version=%d", SCHEMA_VERSION);
	if (sqlite3_exec(s->db, schema, NULL, NULL, NULL) != SQLITE_OK ||
	    sqlite3_exec(s->db, stamp, NULL, NULL, NULL) != SQLITE_OK)
		return failed(s, "set up its tables", reterr);
	return 0;
}

static int prepare(struct sqlite *s, struct hr_err *reterr)
{
	const struct {
		sqlite3_stmt **st;
		const char *text;
	} all[] = {
	    {&s->begin, "BEGIN IMMEDIATE"},
	    {&s->commit, "COMMIT"},
	    {&s->rollback, "ROLLBACK"},
	    {&s->row, "INSERT OR REPLACE INTO ledger VALUES (?,?,?,?,?,?)"},
	    {&s->writes, "UPDATE counted SET writes=?"},
	    {&s->bind, "INSERT OR REPLACE INTO roster VALUES (?,?)"},
	    {&s->audit, "INSERT INTO audit (at_ns,who,what,target,before,after,result) "
			"VALUES (?,?,?,?,?,?,?)"},
	};

	for (size_t i = 0; i < HR_ARRAY_LEN(all); i++)
		if (sqlite3_prepare_v3(s->db, all[i].text, -1, SQLITE_PREPARE_PERSISTENT, all[i].st,
				       NULL) != SQLITE_OK)
			return failed(s, "prepare", reterr);
	return 0;
}

int hr_sqlite_open(const char *path, struct hr_store **ret, struct hr_err *reterr)
{
	struct sqlite *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return hr_err_set(reterr, -ENOMEM, "no memory for the database");
	s->base.ops = &sqlite_ops;
	int rc = 0;

	if (sqlite3_open_v2(path, &s->db,
			    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
			    NULL) != SQLITE_OK)
		rc = s->db == NULL ? hr_err_set(reterr, -ENOMEM, "no memory for the database")
				   : failed(s, "open", reterr);
	if (rc == 0)
		rc = set_up(s, reterr);
	if (rc == 0)
		rc = prepare(s, reterr);
	if (rc < 0) {
		sqlite_close(&s->base);
		return rc;
	}
	*ret = &s->base;
	return 0;
}
