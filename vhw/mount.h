/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A rack as a FUSE file system, in one thread. Reads go through direct_io to the plant each time;
 * names and modes never change, so the kernel keeps them. Permissions are checked by the kernel
 * against the modes of files.c; the owner is the user who mounts (and root's mount is open to all).
 */
#ifndef HR_VHW_MOUNT_H
#define HR_VHW_MOUNT_H

#include "vhw/rack.h"

struct hr_mount;

/*
 * Mounts at dir, which must exist. The rack is borrowed until close. -EPERM, -ENOENT, -ENODEV ...
 * with a sentence that says how FUSE is permitted.
 */
int hr_mount_open(struct hr_rack *rack, const char *dir, struct hr_mount **ret,
		  struct hr_err *reterr) HR_MUST_CHECK;
/* To be polled for input. */
int hr_mount_fd(const struct hr_mount *m);
/* Answers one request, without blocking if the descriptor is readable; -ENODEV when unmounted. */
int hr_mount_serve(struct hr_mount *m) HR_MUST_CHECK;
/* Unmounts; NULL is fine. */
void hr_mount_close(struct hr_mount *m);

#endif
