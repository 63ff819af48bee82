/* SPDX-License-Identifier: Apache-2.0 */
/* The guard's shell. */
#ifndef HR_ROLE_GUARD_H
#define HR_ROLE_GUARD_H

int hr_guard_run(void);

#endif
