/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A powercap tree of plain files whose writes come past a piece of pretended hardware, which
 * decides what lands in the tree: for tests of the actuator. Programs that use it are linked with
 * --wrap=pwrite64. One tree at a time.
 */
#ifndef HR_TESTS_UNIT_POWERCAP_HARDWARE_H
#define HR_TESTS_UNIT_POWERCAP_HARDWARE_H

#include <stdint.h>

#include "hw/actuator.h"
#include "tests/unit/sysfs_tree.h"

#define W INT64_C(1000000)
#define LONG0 "intel-rapl:0/constraint_0_power_limit_uw"
#define SHORT0 "intel-rapl:0/constraint_1_power_limit_uw"
#define WINDOW0 "intel-rapl:0/constraint_0_time_window_us"
#define ENABLED0 "intel-rapl:0/enabled"
#define MMIO_LONG "intel-rapl-mmio:0/constraint_0_power_limit_uw"
#define MMIO_SHORT "intel-rapl-mmio:0/constraint_1_power_limit_uw"

#define POWERCAP_KEEP_OLD INT64_MIN

extern struct sysfs_tree tree;
/*
 * What the hardware makes of a value: the value to keep, negative errno, or POWERCAP_KEEP_OLD.
 * NULL: everything is taken as it is.
 */
extern int64_t (*hardware)(const char *file, int64_t value);
/* Files written, one letter each: l s (limits) w (window) e (enabled). */
extern char writes[512];

/* Setup and teardown of a test: a tree with package-0 at 100 W and 125 W. */
int powercap_hardware_begin(void **state);
int powercap_hardware_end(void **state);
struct hr_actuator *powercap_hardware_actuator(void);

/* Every write is refused, as by firmware that has locked the limit. */
int64_t powercap_hardware_locked(const char *file, int64_t value);

#endif
