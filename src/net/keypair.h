/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Key files: the CURVE keypair of this host or controller, and the list of authorised keys.
 *
 * A secret file is made with mode 0600 and never overwrites another. It is read only if it is a
 * plain file (no symbolic link) of this user or root that nobody else can read or write. A list of
 * authorised keys may be read by all, but written only by its owner.
 */
#ifndef HR_NET_KEYPAIR_H
#define HR_NET_KEYPAIR_H

#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"
#include "wire/authorized_keys.h"

struct hr_keypair {
	char public[HR_KEY_TEXT_BYTES];
	char secret[HR_KEY_TEXT_BYTES];
};

/* A fresh pair from the kernel's random numbers. 0 or -ENOTSUP (libzmq without CURVE). */
int hr_keypair_generate(struct hr_keypair *ret, struct hr_err *reterr) HR_MUST_CHECK;

/*
 * Writes the pair to secret_path (0600) and the public key alone to "<secret_path>.pub" (0644),
 * durably. 0, -EEXIST if either is there, or the errno of the system; then neither is left.
 */
int hr_keypair_save(const char *secret_path, const struct hr_keypair *keys,
		    struct hr_err *reterr) HR_MUST_CHECK;

/* 0; -EPERM (others could read it, wrong owner); -ELOOP (a symbolic link); -EINVAL; errno. */
int hr_keypair_load(const char *secret_path, struct hr_keypair *ret,
		    struct hr_err *reterr) HR_MUST_CHECK;

/* Reads a public key alone, from a ".pub" file. 0, -EINVAL or the errno of the system. */
int hr_keypair_load_public(const char *path, char ret[HR_KEY_TEXT_BYTES],
			   struct hr_err *reterr) HR_MUST_CHECK;

/*
 * Reads authorised keys into memory that the caller frees. All or nothing, so that a reload with
 * a mistake in the file leaves the old table in force. 0, -EPERM, -EINVAL, -EFBIG or errno.
 */
int hr_keypair_load_authorized(const char *path, struct hr_authorized_key **ret, size_t *ret_n,
			       struct hr_err *reterr) HR_MUST_CHECK;

/* Overwrites the pair in memory. */
void hr_keypair_forget(struct hr_keypair *keys);

#endif
