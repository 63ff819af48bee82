/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a guard keeps in files.
 *
 * state_dir, outliving boots, durable:
 *   identity   node uuid and start counter; raised and stored before the guard says a word
 *   epoch      the greatest epoch heard
 *   originals  every zone's limits as found before the first write, saved once
 * run_dir, until the next boot:
 *   mark       newest grant accepted, safe cap granted, left; bound to node and boot
 *
 * Invariants: no incarnation is used twice; an identity whose counter cannot be read is never used
 * again; originals that were saved are not overwritten until they were restored.
 */
#ifndef HR_ROLE_GUARD_STATE_H
#define HR_ROLE_GUARD_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "core/guard.h"
#include "hw/actuator.h"
#include "model/ident.h"

struct hr_guard_original {
	char zone[HR_NAME_BYTES];
	struct hr_original original;
};

struct hr_guard_state {
	int state_fd;
	int run_fd;
	int lock_fd;
	struct hr_ident self;
	bool fresh;          /* the identity was made now */
	char why_fresh[200]; /* "" if it is simply the first start */
	struct hr_guard_mark mark;
	uint64_t epoch; /* as stored */
	size_t n_originals;
	struct hr_guard_original original[HR_ZONES_MAX];
};

/*
 * Opens or makes both directories, locks state_dir (-EBUSY, with the holder) and reads what is
 * there. Changes nothing. On failure nothing is left open.
 */
int hr_guard_state_open(struct hr_guard_state *s, const char *state_dir, const char *run_dir,
			struct hr_err *reterr) HR_MUST_CHECK;

/*
 * Begins a new incarnation in this boot: self and mark are set, the counter is on the disk.
 * random: 16 bytes, for a fresh identity should one be needed.
 */
int hr_guard_state_begin(struct hr_guard_state *s, const struct hr_uuid *boot,
			 const uint8_t random[16], struct hr_err *reterr) HR_MUST_CHECK;

/* Stores the mark; the epoch durably if it is new. */
int hr_guard_state_mark(struct hr_guard_state *s, const struct hr_guard_mark *mark,
			struct hr_err *reterr) HR_MUST_CHECK;

/* The saved original of a zone, or NULL. */
const struct hr_original *hr_guard_state_original(const struct hr_guard_state *s, const char *zone);
/* Adds one, in memory; to be stored with _originals_store before anything is written. */
int hr_guard_state_original_add(struct hr_guard_state *s, const char *zone,
				const struct hr_original *o) HR_MUST_CHECK;
int hr_guard_state_originals_store(struct hr_guard_state *s, struct hr_err *reterr) HR_MUST_CHECK;
/* They are back in the hardware: forgets them. */
int hr_guard_state_originals_drop(struct hr_guard_state *s, struct hr_err *reterr) HR_MUST_CHECK;

void hr_guard_state_close(struct hr_guard_state *s);

#endif
