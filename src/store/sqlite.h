/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The controller's store in one SQLite file: write-ahead log, synchronous=FULL.
 */
#ifndef HR_STORE_SQLITE_H
#define HR_STORE_SQLITE_H

#include "store/store.h"

/*
 * Opens or makes the database. 0; -EBADMSG (not a database, damaged, or of a newer Headroom) with
 * what to do; or another negative errno. *ret is the caller's until ops->close.
 */
int hr_sqlite_open(const char *path, struct hr_store **ret, struct hr_err *reterr) HR_MUST_CHECK;

#endif
