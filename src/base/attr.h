/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compiler attributes and the check for our own bugs.
 *
 * HR_CHECK stays on in release builds and is only for a state that the program itself must never
 * reach. Nothing that comes from a socket, a file, an API or a device is ever checked with it.
 */
#ifndef HR_BASE_ATTR_H
#define HR_BASE_ATTR_H

#include <stddef.h>

#define HR_MUST_CHECK __attribute__((warn_unused_result))
#define HR_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define HR_NONNULL __attribute__((nonnull))
#define HR_UNUSED __attribute__((unused))
#define HR_NORETURN __attribute__((noreturn))

#define HR_ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* Ends the process with the place and the broken condition on stderr. */
HR_NORETURN void hr_bug(const char *file, int line, const char *condition);

#define HR_CHECK(condition) \
	do { \
		if (!(condition)) \
			hr_bug(__FILE__, __LINE__, #condition); \
	} while (0)

#endif
