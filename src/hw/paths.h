/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the kernel keeps things: the only file with such names. All paths are relative to the
 * injected root directory, so that a captured tree or virtual hardware serves as well as a host.
 */
#ifndef HR_HW_PATHS_H
#define HR_HW_PATHS_H

/* For messages to people only: the path as it would be typed on a host. */
#define HR_PATH_SHOWN(path) "/" path

#define HR_PATH_SYS "sys"
#define HR_PATH_POWERCAP "sys/class/powercap"
#define HR_PATH_MODULES "sys/module"
#define HR_PATH_CPUINFO "proc/cpuinfo"
/* Of this very process, never of the injected tree: the host's own path. */
#define HR_PATH_PROCESS "/proc/self"
#define HR_PATH_BOOT_ID "proc/sys/kernel/random/boot_id"
#define HR_PATH_SELF "proc/self/exe"

#endif
