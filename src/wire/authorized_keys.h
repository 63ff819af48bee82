/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which keys may speak, and as whom (DESIGN rule 16). A file has one key on each line:
 *
 *   <public key, 40 characters of Z85> <node uuid, or *> <role> <domain> [# comment]
 *
 * The domain is a name of the power tree, "cluster" for all of it. A line that begins with '#' is
 * a comment; Z85 has '#' among its characters, but no key of 256 bits begins with it.
 *
 * Only text is handled here; reading the file and its rights is net/keypair.h's.
 */
#ifndef HR_WIRE_AUTHORIZED_KEYS_H
#define HR_WIRE_AUTHORIZED_KEYS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/uuid.h"
#include "model/ident.h"
#include "model/role.h"

#define HR_KEY_TEXT_BYTES 41 /* 40 characters of Z85 (ZeroMQ RFC 32) and the final zero */
#define HR_AUTHORIZED_KEYS_MAX 65536

struct hr_authorized_key {
	char key[HR_KEY_TEXT_BYTES];
	bool any_node; /* the key may speak for every node of the domain */
	struct hr_uuid node;
	enum hr_role role;
	char domain[HR_NAME_BYTES];
	unsigned line; /* where it stands in the file */
};

/* Is this the text of a 256-bit key: 40 characters of Z85, no group above 2^32 - 1? */
bool hr_authorized_keys_is_key(const char *text);

/* How many entries a text can have at most: its lines. */
size_t hr_authorized_keys_count_lines(const char *text, size_t size);

/*
 * Parses size bytes of text, all or nothing, into at most max entries, sorted by key. name stands
 * in the sentences ("name:12: ..."). 0, -EINVAL, or -E2BIG when there are more than max.
 */
int hr_authorized_keys_parse(const char *text, size_t size, const char *name,
			     struct hr_authorized_key *ret, size_t max, size_t *ret_n,
			     struct hr_err *reterr) HR_MUST_CHECK;

/* The entry of that key in a sorted table, or NULL. */
const struct hr_authorized_key *hr_authorized_keys_find(const struct hr_authorized_key *table,
							size_t n, const char *key);

#endif
