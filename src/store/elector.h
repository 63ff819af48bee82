/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who reigns, since when, and what must never go back: epoch, budgets with their versions, and the
 * ledger's write count (rule 11 of docs/safety.md). The seam: elector_file.h is the elector of a
 * single controller.
 *
 * Invariant: what a call has stored is on the disk before it returns; epoch, version and write
 * count never fall.
 */
#ifndef HR_STORE_ELECTOR_H
#define HR_STORE_ELECTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "model/budget.h"

#define HR_ELECTOR_BUDGETS_MAX 64

struct hr_elector;

struct hr_elector_ops {
	/* A new reign: an epoch greater than any before and than above. */
	int (*reign)(struct hr_elector *e, uint64_t above, struct hr_err *reterr);
	/* The longest lease that may be out from now on. */
	int (*lease)(struct hr_elector *e, int64_t ttl_ns, struct hr_err *reterr);
	/* Notes that the ledger has been written that often. */
	int (*count)(struct hr_elector *e, uint64_t writes, struct hr_err *reterr);
	/*
	 * Stores the budget of a domain under the next version, which *b is given. On failure
	 * nothing has changed. -ENOSPC for more domains than HR_ELECTOR_BUDGETS_MAX.
	 */
	int (*budget)(struct hr_elector *e, struct hr_budget *b, uint32_t conf_crc,
		      struct hr_err *reterr);
	void (*close)(struct hr_elector *e);
};

/* To be read by all, changed by the elector only. */
struct hr_elector {
	const struct hr_elector_ops *ops;
	bool lost; /* what was stored was damaged: everything below began anew */
	uint64_t epoch;
	uint64_t version;  /* of the newest budget */
	uint64_t writes;   /* of the ledger */
	int64_t ttl_ns;    /* the longest lease that may be out: a successor waits for it */
	uint32_t conf_crc; /* of the budget that the configuration had when it was last taken */
	unsigned n_budgets;
	struct hr_budget budget[HR_ELECTOR_BUDGETS_MAX];
};

/* The stored budget of a domain, or NULL. */
const struct hr_budget *hr_elector_find(const struct hr_elector *e, const char *domain);

#endif
