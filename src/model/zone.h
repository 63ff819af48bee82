/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A zone: the smallest place whose energy is counted or whose power is limited (a package, its
 * DRAM, a whole platform). Zones are found by what their "name" says, never by their index.
 */
#ifndef HR_MODEL_ZONE_H
#define HR_MODEL_ZONE_H

#include <stdbool.h>
#include <stdint.h>

#include "model/ident.h"
#include "model/reason.h"

#define HR_ZONES_MAX 64 /* of one node: eight sockets with every kind of zone */

enum hr_zone_kind {
	HR_ZONE_PACKAGE,
	HR_ZONE_DIE, /* package-N-die-M: a die, limited on its own */
	HR_ZONE_CORE,
	HR_ZONE_UNCORE,
	HR_ZONE_DRAM,
	HR_ZONE_PSYS, /* the whole platform; contains the packages */
	HR_ZONE_GPU,
	HR_ZONE_OTHER,
	HR_ZONE__MAX
};

struct hr_zone {
	char id[HR_NAME_BYTES];   /* unique on the node, "intel-rapl:0:1" */
	char name[HR_NAME_BYTES]; /* what the device calls itself, "dram" */
	enum hr_zone_kind kind;
	int package;                 /* physical package number; -1: belongs to none */
	int die;                     /* -1: the zone is not a die */
	int parent;                  /* index of the zone that contains this one; -1: none */
	bool counts;                 /* top of its chain: adds to the node's device power */
	bool cappable;               /* has a limit that can be written now */
	enum hr_reason not_cappable; /* why not; NONE if cappable */
	int64_t floor_uw;            /* least limit the hardware is known to take; 0: not known */
	int64_t ceiling_uw;          /* most limit the hardware is known to take; 0: not known */
	int64_t energy_range_uj;     /* the counter wraps after this value; 0: no counter */
};

const char *hr_zone_kind_name(enum hr_zone_kind k);

#endif
