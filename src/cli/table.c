/* SPDX-License-Identifier: Apache-2.0 */
/* See table.h. An empty cell is shown as "-" to people and stays empty in CSV. */
#include "cli/table.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cli/term.h"

#define CELL_BYTES 256

int hr_table_form_parse(const char *text, enum hr_table_form *ret, struct hr_err *reterr)
{
	static const char *const name[] = {
	    [HR_TABLE_ALIGNED] = "table", [HR_TABLE_JSON] = "json", [HR_TABLE_CSV] = "csv"};

	for (size_t i = 0; i < HR_ARRAY_LEN(name); i++)
		if (strcmp(text, name[i]) == 0) {
			*ret = (enum hr_table_form)i;
			return 0;
		}
	return hr_err_set(reterr, -EINVAL, "option -o: found '%.40s', expected table, json or csv",
			  text);
}

void hr_table_row(struct hr_table *t)
{
	void *bigger = realloc(t->row, (t->n_rows + 1) * sizeof(*t->row));

	if (bigger == NULL)
		return;
	t->row = bigger;
	memset(t->row[t->n_rows++], 0, sizeof(*t->row));
}

void hr_table_set(struct hr_table *t, size_t column, const char *fmt, ...)
{
	char text[CELL_BYTES];
	va_list ap;

	HR_CHECK(column < t->n_columns);
	if (t->n_rows == 0)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	char **cell = &t->row[t->n_rows - 1][column];

	free(*cell);
	*cell = strdup(text);
}

static const char *cell_of(const struct hr_table *t, size_t row, size_t column)
{
	const char *c = t->row[row][column];

	return c != NULL && c[0] != '\0' ? c : NULL;
}

static void print_csv_cell(FILE *f, const char *c)
{
	if (strpbrk(c, ",\"\n") == NULL) {
		fputs(c, f);
		return;
	}
	fputc('"', f);
	for (; *c != '\0'; c++) {
		if (*c == '"')
			fputc('"', f);
		fputc(*c, f);
	}
	fputc('"', f);
}

static const char *title_of(const struct hr_table *t, size_t column)
{
	return t->title[column] + (t->title[column][0] == '>');
}

static void print_csv(const struct hr_table *t, FILE *f)
{
	for (size_t k = 0; k < t->n_columns; k++) {
		const char *c = title_of(t, k);

		fputs(k > 0 ? "," : "", f);
		for (; *c != '\0'; c++)
			fputc(*c == ' ' ? '_' : *c >= 'A' && *c <= 'Z' ? *c - 'A' + 'a' : *c, f);
	}
	fputc('\n', f);
	for (size_t i = 0; i < t->n_rows; i++) {
		for (size_t k = 0; k < t->n_columns; k++) {
			const char *c = cell_of(t, i, k);

			fputs(k > 0 ? "," : "", f);
			print_csv_cell(f, c != NULL ? c : "");
		}
		fputc('\n', f);
	}
}

static void print_cell(FILE *f, const char *c, int width, bool right, bool last)
{
	if (last && !right)
		fputs(c, f);
	else
		fprintf(f, "%*s%s", right ? width : -width, c, last ? "" : "  ");
}

static void print_aligned(const struct hr_table *t, FILE *f)
{
	size_t width[HR_TABLE_COLUMNS_MAX];

	for (size_t k = 0; k < t->n_columns; k++) {
		width[k] = strlen(title_of(t, k));
		for (size_t i = 0; i < t->n_rows; i++) {
			const char *c = cell_of(t, i, k);
			size_t n = c != NULL ? strlen(c) : 1;

			width[k] = n > width[k] ? n : width[k];
		}
	}
	fputs(hr_term_colour(f, HR_TERM_BOLD), f);
	for (size_t k = 0; k < t->n_columns; k++)
		print_cell(f, title_of(t, k), (int)width[k], t->title[k][0] == '>',
			   k + 1 == t->n_columns);
	fprintf(f, "%s\n", hr_term_colour(f, HR_TERM_PLAIN));
	for (size_t i = 0; i < t->n_rows; i++) {
		for (size_t k = 0; k < t->n_columns; k++) {
			const char *c = cell_of(t, i, k);

			print_cell(f, c != NULL ? c : "-", (int)width[k], t->title[k][0] == '>',
				   k + 1 == t->n_columns);
		}
		fputc('\n', f);
	}
}

void hr_table_print(const struct hr_table *t, enum hr_table_form form, FILE *f)
{
	if (form == HR_TABLE_CSV)
		print_csv(t, f);
	else
		print_aligned(t, f);
}

void hr_table_done(struct hr_table *t)
{
	for (size_t i = 0; i < t->n_rows; i++)
		for (size_t k = 0; k < t->n_columns; k++)
			free(t->row[i][k]);
	free(t->row);
	t->row = NULL;
	t->n_rows = 0;
}
