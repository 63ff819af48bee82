/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who speaks, and how new it is.
 *
 * A node is a uuid. One life of its guard is an incarnation: the start counter is durable and
 * grows with every start of the guard, across boots, so two incarnations of one node compare by
 * it alone; the boot id tells whether a reboot lay between. A mark orders grants: epoch first,
 * then the sequence within the reign.
 */
#ifndef HR_MODEL_IDENT_H
#define HR_MODEL_IDENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/uuid.h"

#define HR_NAME_BYTES 64 /* names of nodes, domains, zones; with the final zero */

struct hr_ident {
	struct hr_uuid node;
	struct hr_uuid boot;
	uint64_t incarnation; /* the start counter, from 1 */
};

struct hr_mark {
	uint64_t epoch; /* from 1; 0: none */
	uint64_t seq;   /* from 1 within the epoch */
};

/* <0, 0, >0: a older than, the same as, newer than b. */
static inline int hr_mark_compare(struct hr_mark a, struct hr_mark b)
{
	if (a.epoch != b.epoch)
		return a.epoch < b.epoch ? -1 : 1;
	return (a.seq > b.seq) - (a.seq < b.seq);
}

/*
 * Is this a usable name: 1 to HR_NAME_BYTES - 1 bytes of [A-Za-z0-9._:-], not beginning with '.'
 * or '-'? Names become file names, metric labels and URL parts, hence the narrow set.
 */
bool hr_name_is_valid(const char *name);

#endif
