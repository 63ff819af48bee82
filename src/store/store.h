/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The seam to what a controller must remember: the ledger's rows, which node a name is bound to,
 * and the audit log. Calls block, for as long as a disk takes.
 */
#ifndef HR_STORE_STORE_H
#define HR_STORE_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/uuid.h"
#include "model/ident.h"

#define HR_STORE_TEXT_BYTES 256

/* Amounts are wall power; state is the controller core's, by number. */
struct hr_store_row {
	struct hr_uuid node;
	int state;
	int64_t charge_uw;
	int64_t safe_uw;
	int64_t boot_uw;
	int64_t worst_uw;
};

struct hr_store_binding {
	char name[HR_NAME_BYTES];
	struct hr_uuid node;
};

struct hr_store_audit {
	int64_t wall_ns;
	const char *who;
	const char *what;
	const char *target;
	const char *before;
	const char *after;
	const char *result;
};

struct hr_store;

struct hr_store_ops {
	/*
	 * All rows and bindings; arrays are the caller's to free. *ret_writes: how often rows were
	 * written, to be compared with the elector's count.
	 */
	int (*load)(struct hr_store *s, struct hr_store_row **ret_rows, size_t *ret_n_rows,
		    struct hr_store_binding **ret_bindings, size_t *ret_n_bindings,
		    uint64_t *ret_writes, struct hr_err *reterr);
	/* Writes rows in one transaction, on the disk before it returns: all or none. */
	int (*write)(struct hr_store *s, const struct hr_store_row *rows, size_t n, uint64_t writes,
		     struct hr_err *reterr);
	/* Binds a name to a node, in place of what it was bound to. */
	int (*bind)(struct hr_store *s, const struct hr_store_binding *b, struct hr_err *reterr);
	/* Adds a line to the audit log, which has no call to change or remove one. */
	int (*audit)(struct hr_store *s, const struct hr_store_audit *a, struct hr_err *reterr);
	void (*close)(struct hr_store *s);
};

struct hr_store {
	const struct hr_store_ops *ops;
};

#endif
