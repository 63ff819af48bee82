/* SPDX-License-Identifier: Apache-2.0 */
/* Where the kernel shows its devices. */
#ifndef HR_HW_PATHS_H
#define HR_HW_PATHS_H

#define HR_PATH_POWERCAP "/sys/class/powercap"

#endif
