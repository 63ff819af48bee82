/* SPDX-License-Identifier: Apache-2.0 */
/* See term.h. Writes nothing itself. */
#include "cli/term.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/attr.h"

bool hr_term_is_tty(FILE *f)
{
	const char *term = getenv("TERM");

	return isatty(fileno(f)) && (term == NULL || strcmp(term, "dumb") != 0);
}

const char *hr_term_colour(FILE *f, enum hr_term_colour c)
{
	static const char *const sequence[] = {
	    [HR_TERM_PLAIN] = "\033[0m",  [HR_TERM_BOLD] = "\033[1m",
	    [HR_TERM_DIM] = "\033[2m",    [HR_TERM_RED] = "\033[31m",
	    [HR_TERM_GREEN] = "\033[32m", [HR_TERM_YELLOW] = "\033[33m",
	    [HR_TERM_BLUE] = "\033[34m",  [HR_TERM_CYAN] = "\033[36m",
	};
	const char *no = getenv("NO_COLOR");

	if (!hr_term_is_tty(f) || (no != NULL && no[0] != '\0') ||
	    (size_t)c >= HR_ARRAY_LEN(sequence))
		return "";
	return sequence[c];
}

int hr_term_columns(FILE *f)
{
	struct winsize w;

	return ioctl(fileno(f), TIOCGWINSZ, &w) == 0 && w.ws_col > 0 ? w.ws_col : 80;
}

int hr_term_rows(FILE *f)
{
	struct winsize w;

	return ioctl(fileno(f), TIOCGWINSZ, &w) == 0 && w.ws_row > 0 ? w.ws_row : 24;
}

bool hr_term_utf8(void)
{
	static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};

	for (size_t i = 0; i < HR_ARRAY_LEN(names); i++) {
		const char *v = getenv(names[i]);

		if (v != NULL && v[0] != '\0')
			return strcasestr(v, "utf-8") != NULL || strcasestr(v, "utf8") != NULL;
	}
	return false;
}
