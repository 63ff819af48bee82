/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A table of texts, for people (aligned columns) or as CSV. Owns its cells.
 */
#ifndef HR_CLI_TABLE_H
#define HR_CLI_TABLE_H

#include <stddef.h>
#include <stdio.h>

#include "base/err.h"

#define HR_TABLE_COLUMNS_MAX 16

enum hr_table_form { HR_TABLE_ALIGNED, HR_TABLE_JSON, HR_TABLE_CSV };

struct hr_table {
	size_t n_columns, n_rows;
	const char *const *title; /* a leading '>' puts the column to the right */
	char *(*row)[HR_TABLE_COLUMNS_MAX];
};

/* "table", "json" or "csv". 0 or -EINVAL. */
int hr_table_form_parse(const char *text, enum hr_table_form *ret,
			struct hr_err *reterr) HR_MUST_CHECK;

/* Adds an empty row; cells are set in it. Without memory the row is dropped when printed. */
void hr_table_row(struct hr_table *t);
void hr_table_set(struct hr_table *t, size_t column, const char *fmt, ...) HR_PRINTF(3, 4);
/* JSON is the caller's: the same as HR_TABLE_ALIGNED here. */
void hr_table_print(const struct hr_table *t, enum hr_table_form form, FILE *f);
void hr_table_done(struct hr_table *t);

#endif
