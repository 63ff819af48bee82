/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What this process uses, for the metrics that every exporter has: memory, processor, files.
 */
#ifndef HR_ROLE_PROCESS_H
#define HR_ROLE_PROCESS_H

#include <stdint.h>

/* -1: not known. */
struct hr_process_usage {
	int64_t cpu_ns;
	int64_t resident_bytes;
	int64_t open_fds;
	int64_t max_fds;
};

/* dir: where the kernel shows this process; NULL: what is read there stays unknown. */
void hr_process_read(const char *dir, struct hr_process_usage *ret);

#endif
