/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One line per event, key=value, to stderr. For shells (role, cli) only: libraries and cores do
 * not log, they return errors and reasons.
 *
 * When stderr is the journal the line is preceded by its priority, "<3>" to "<7>". A line is at
 * most 1000 bytes; control characters in it are replaced.
 */
#ifndef HR_BASE_LOG_H
#define HR_BASE_LOG_H

#include "base/attr.h"

enum hr_log_level {
	HR_LOG_ERROR = 3,
	HR_LOG_WARNING = 4,
	HR_LOG_NOTICE = 5,
	HR_LOG_INFO = 6,
	HR_LOG_DEBUG = 7,
};

/* Name printed in every line ("agent", "guard n3"); copied, at most 31 bytes. */
void hr_log_init(const char *name, enum hr_log_level most);
void hr_log(enum hr_log_level level, const char *fmt, ...) HR_PRINTF(2, 3);

#endif
