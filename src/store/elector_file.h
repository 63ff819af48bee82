/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The elector of a single controller: files in its state directory, locked for as long as it lives.
 */
#ifndef HR_STORE_ELECTOR_FILE_H
#define HR_STORE_ELECTOR_FILE_H

#include "store/elector.h"

/*
 * Opens or makes the directory and takes the lock: -EBUSY names the process that holds it. Damaged
 * contents are no error: lost is set. *ret is the caller's until ops->close.
 */
int hr_elector_file_open(const char *dir, struct hr_elector **ret,
			 struct hr_err *reterr) HR_MUST_CHECK;

#endif
