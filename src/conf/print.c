/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The effective configuration as YAML, with the origin of each value beside it.
 *
 * Invariant: what is printed parses back to the same values.
 */
#include <stdio.h>
#include <string.h>

#include "conf/keys.h"
#include "conf/text.h"
#include "conf/value.h"

#define ORIGIN_COLUMN 48

struct print {
	struct hr_text out;
	const struct hr_conf_table *top;
	const void *conf; /* NULL: no origins */
};

static void end_line(struct print *p, size_t line_at, const char *path)
{
	char where[HR_CONF_STRING_BYTES + 32];

	if (p->conf != NULL && path != NULL) {
		size_t n = p->out.n - line_at;
		int pad = n < ORIGIN_COLUMN ? (int)(ORIGIN_COLUMN - n) : 1;
		hr_text_add(&p->out, "%*s# %s", pad, "",
			    hr_conf_where(p->top, p->conf, path, 0, where, sizeof(where)));
	}
	hr_text_add(&p->out, "\n");
}

static void print_keys(struct print *p, const struct hr_conf_table *t, const char *base,
		       const char *path, int indent, const char *first);

static void print_items(struct print *p, const struct hr_conf_key *k, const char *items, size_t n,
			int indent)
{
	const struct hr_conf_table *t = k->table;
	char value[HR_CONF_VALUE_BYTES];

	for (size_t i = 0; i < n; i++) {
		const char *item = items + i * t->bytes;

		if (t->n_keys == 1 && t->key[0].name[0] == '\0')
			hr_text_add(
			    &p->out, "%*s- %s\n", indent, "",
			    hr_conf_value_format(&t->key[0], item + t->key[0].offset, value));
		else
			print_keys(p, t, item, NULL, indent + 2, "- ");
	}
}

static void print_key(struct print *p, const struct hr_conf_key *k, const char *base,
		      const char *path, int indent, const char *lead)
{
	char value[HR_CONF_VALUE_BYTES];
	size_t line_at = p->out.n;
	const char *items;
	size_t n;

	hr_text_add(&p->out, "%*s%s%s:", indent - (int)strlen(lead), "", lead, k->name);
	if (k->type == HR_CONF_STRUCT) {
		hr_text_add(&p->out, "\n");
		print_keys(p, k->table, base + k->offset, path, indent + 2, "");
		return;
	}
	if (k->type != HR_CONF_LIST) {
		hr_text_add(&p->out, " %s", hr_conf_value_format(k, base + k->offset, value));
		end_line(p, line_at, path);
		return;
	}
	memcpy(&items, base + k->offset, sizeof(items));
	memcpy(&n, base + k->offset_n, sizeof(n));
	hr_text_add(&p->out, "%s", n == 0 ? " []" : "");
	end_line(p, line_at, path);
	print_items(p, k, items, n, indent + 2);
}

/* path: of the struct; NULL: below a list, where values have no origin of their own. */
static void print_keys(struct print *p, const struct hr_conf_table *t, const char *base,
		       const char *path, int indent, const char *first)
{
	char full[128];

	for (size_t i = 0; i < t->n_keys; i++) {
		const struct hr_conf_key *k = &t->key[i];

		if (path != NULL)
			(void)snprintf(full, sizeof(full), "%s%s%s", path,
				       path[0] != '\0' ? "." : "", k->name);
		print_key(p, k, base, path != NULL ? full : NULL, indent, i == 0 ? first : "");
	}
}

char *hr_conf_print(const struct hr_conf_table *t, const void *conf, bool with_origin)
{
	struct print p = {.top = t, .conf = with_origin ? conf : NULL};

	hr_text_add(&p.out, "%s:\n", t->name);
	print_keys(&p, t, conf, "", 2, "");
	return hr_text_take(&p.out);
}
