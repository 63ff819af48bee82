/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The end of a process that has found itself in a state it must never be in. Not for errors.
 * Invariant: the place and the condition reach stderr before the process is gone.
 */
#include "base/attr.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void hr_bug(const char *file, int line, const char *condition)
{
	dprintf(STDERR_FILENO, "headroom: bug at %s:%d: \"%s\" does not hold; please report it\n",
		file, line, condition);
	abort();
}
