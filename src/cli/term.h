/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a terminal can do: colour only where a person looks at one and NO_COLOR is not set.
 */
#ifndef HR_CLI_TERM_H
#define HR_CLI_TERM_H

#include <stdbool.h>
#include <stdio.h>

enum hr_term_colour {
	HR_TERM_PLAIN,
	HR_TERM_BOLD,
	HR_TERM_DIM,
	HR_TERM_RED,
	HR_TERM_GREEN,
	HR_TERM_YELLOW,
	HR_TERM_BLUE,
	HR_TERM_CYAN,
};

bool hr_term_is_tty(FILE *f);
/* The escape sequence, or "". HR_TERM_PLAIN goes back. */
const char *hr_term_colour(FILE *f, enum hr_term_colour c);
/* Columns and rows of the terminal; 80 and 24 where there is none. */
int hr_term_columns(FILE *f);
int hr_term_rows(FILE *f);
/* Does it understand UTF-8? */
bool hr_term_utf8(void);

#endif
