/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walking a table: defaults, freeing, finding a key and the name that was probably meant, the
 * environment, and the load that is all or nothing.
 *
 * Not the reading of YAML (yaml.c) nor of single values (value.c). Invariant: a struct between two
 * calls is whole: every list pointer is NULL or owned, with its count.
 */
#include "conf/keys.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/agent.h"
#include "conf/controller.h"
#include "conf/guard.h"
#include "conf/value.h"

#define WORD_BYTES_MAX 48 /* longer words are not compared */
#define VARIABLE_BYTES 128

const struct hr_conf_table *const hr_conf_sections[] = {
    &hr_conf_agent_table,
    &hr_conf_guard_table,
    &hr_conf_controller_table,
    NULL,
};

const struct hr_conf_key *hr_conf_key_find(const struct hr_conf_table *t, const char *name)
{
	for (size_t i = 0; i < t->n_keys; i++)
		if (strcmp(t->key[i].name, name) == 0)
			return &t->key[i];
	return NULL;
}

size_t hr_conf_key_span(const struct hr_conf_key *k)
{
	size_t n = 0;

	if (k->type != HR_CONF_STRUCT)
		return 1;
	for (size_t i = 0; i < k->table->n_keys; i++)
		n += hr_conf_key_span(&k->table->key[i]);
	return n;
}

/* Edits to make a of b: insert, delete, change, swap neighbours (optimal string alignment). */
static size_t distance(const char *a, const char *b)
{
	size_t d[3][WORD_BYTES_MAX + 1];
	size_t n_a = strlen(a);
	size_t n_b = strlen(b);

	if (n_a > WORD_BYTES_MAX || n_b > WORD_BYTES_MAX)
		return SIZE_MAX;
	for (size_t j = 0; j <= n_b; j++)
		d[0][j] = j;
	for (size_t i = 1; i <= n_a; i++) {
		size_t *row = d[i % 3];
		const size_t *above = d[(i + 2) % 3];
		const size_t *above2 = d[(i + 1) % 3];

		row[0] = i;
		for (size_t j = 1; j <= n_b; j++) {
			size_t least = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
			if (above[j] + 1 < least)
				least = above[j] + 1;
			if (row[j - 1] + 1 < least)
				least = row[j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    above2[j - 2] + 1 < least)
				least = above2[j - 2] + 1;
			row[j] = least;
		}
	}
	return d[n_a % 3][n_b];
}

/* How far a word may be to be offered. */
static size_t reach(const char *found)
{
	size_t n = strlen(found);

	return n <= 3 ? 1 : n <= 6 ? 2 : n / 3;
}

const char *hr_conf_nearest(const char *found, const char *const word[], size_t n)
{
	const char *best = NULL;
	size_t least = reach(found) + 1;

	for (size_t i = 0; i < n; i++) {
		size_t d = distance(found, word[i]);
		if (d < least) {
			least = d;
			best = word[i];
		}
	}
	return best;
}

char *hr_conf_suggest(const struct hr_conf_table *t, const char *found, char *buf, size_t bytes)
{
	const char *word[HR_CONF_KEYS_MAX];
	size_t n = 0;

	for (; n < t->n_keys && n < HR_CONF_KEYS_MAX; n++)
		word[n] = t->key[n].name;
	const char *near = hr_conf_nearest(found, word, n);
	buf[0] = '\0';
	if (near != NULL)
		(void)snprintf(buf, bytes, " (did you mean '%s'?)", near);
	return buf;
}

void hr_conf_lists_free(const struct hr_conf_table *t, void *strukt)
{
	for (size_t i = 0; i < t->n_keys; i++) {
		const struct hr_conf_key *k = &t->key[i];
		char *field = (char *)strukt + k->offset;

		if (k->type == HR_CONF_STRUCT) {
			hr_conf_lists_free(k->table, field);
		} else if (k->type == HR_CONF_LIST) {
			char *items;
			size_t n;
			memcpy(&items, field, sizeof(items));
			memcpy(&n, (char *)strukt + k->offset_n, sizeof(n));
			for (size_t j = 0; items != NULL && j < n; j++)
				hr_conf_lists_free(k->table, items + j * k->table->bytes);
			free(items);
			char *none = NULL;
			memcpy(field, &none, sizeof(none));
			memset((char *)strukt + k->offset_n, 0, sizeof(n));
		}
	}
}

void hr_conf_defaults(const struct hr_conf_table *t, void *strukt)
{
	memset(strukt, 0, t->bytes);
	for (size_t i = 0; i < t->n_keys; i++) {
		const struct hr_conf_key *k = &t->key[i];
		char *field = (char *)strukt + k->offset;

		if (k->type == HR_CONF_STRUCT)
			hr_conf_defaults(k->table, field);
		else if (k->unset != NULL)
			HR_CHECK(hr_conf_value_parse(k, k->unset, strlen(k->unset), field, NULL) ==
				 0);
	}
}

void hr_conf_init(const struct hr_conf_table *t, void *conf)
{
	hr_conf_defaults(t, conf);
}

void hr_conf_done(const struct hr_conf_table *t, void *conf)
{
	hr_conf_lists_free(t, conf);
	memset(conf, 0, t->bytes);
}

static char upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c == '.' ? '_' : c;
}

/* HEADROOM_<section>_<path> */
static void variable_name(const char *section, const char *path, char buf[VARIABLE_BYTES])
{
	(void)snprintf(buf, VARIABLE_BYTES, "HEADROOM_%s_%s", section, path);
	for (char *c = buf; *c != '\0'; c++)
		*c = upper(*c);
}

static int env_keys(const struct hr_conf_table *top, const struct hr_conf_table *t, void *conf,
		    const char *before, hr_conf_getenv *env, void *ctx, struct hr_err *reterr)
{
	char path[VARIABLE_BYTES];
	char variable[VARIABLE_BYTES];

	for (size_t i = 0; i < t->n_keys; i++) {
		const struct hr_conf_key *k = &t->key[i];
		int rc = 0;

		(void)snprintf(path, sizeof(path), "%s%s%s", before, before[0] != '\0' ? "." : "",
			       k->name);
		if (k->type == HR_CONF_STRUCT) {
			rc = env_keys(top, k->table, conf, path, env, ctx, reterr);
		} else {
			variable_name(top->name, path, variable);
			const char *text = env(ctx, variable);
			if (text != NULL)
				rc = hr_conf_set(top, conf, path, text, HR_CONF_FROM_ENV, reterr);
		}
		if (rc < 0)
			return rc;
	}
	return 0;
}

int hr_conf_env(const struct hr_conf_table *t, void *conf, hr_conf_getenv *env, void *ctx,
		struct hr_err *reterr)
{
	return env_keys(t, t, conf, "", env, ctx, reterr);
}

static int load_all(const struct hr_conf_table *t, void *conf, const struct hr_conf_input *in,
		    struct hr_err *reterr)
{
	int rc = 0;

	if (in->file != NULL)
		rc = hr_conf_parse(t, conf, in->text, in->bytes, in->file, reterr);
	if (rc == 0 && in->env != NULL)
		rc = hr_conf_env(t, conf, in->env, in->env_ctx, reterr);
	for (size_t i = 0; rc == 0 && i < in->n_flags; i++)
		rc = hr_conf_set(t, conf, in->flag[i].path, in->flag[i].text, HR_CONF_FROM_FLAG,
				 reterr);
	if (rc == 0 && t->validate != NULL)
		rc = t->validate(conf, reterr);
	return rc;
}

int hr_conf_load(const struct hr_conf_table *t, void *conf, const struct hr_conf_input *in,
		 struct hr_err *reterr)
{
	void *fresh = malloc(t->bytes);

	if (fresh == NULL)
		return hr_err_set(reterr, -ENOMEM, "configuration of %s: no memory", t->name);
	hr_conf_init(t, fresh);
	int rc = load_all(t, fresh, in, reterr);
	if (rc < 0) {
		hr_conf_done(t, fresh);
	} else {
		hr_conf_done(t, conf);
		memcpy(conf, fresh, t->bytes);
	}
	free(fresh);
	return rc;
}

/* The position of the path's key among the origins, or -1. */
static int origin_index(const struct hr_conf_table *t, const char *path)
{
	size_t n = strcspn(path, ".");
	size_t index = 0;

	for (size_t i = 0; i < t->n_keys; i++) {
		const struct hr_conf_key *k = &t->key[i];

		if (strlen(k->name) == n && strncmp(k->name, path, n) == 0) {
			if (k->type != HR_CONF_STRUCT || path[n] == '\0')
				return (int)index;
			int below = origin_index(k->table, path + n + 1);
			return below < 0 ? -1 : (int)index + below;
		}
		index += hr_conf_key_span(k);
	}
	return -1;
}

char *hr_conf_where(const struct hr_conf_table *t, const void *conf, const char *path, int line,
		    char *buf, size_t bytes)
{
	const struct hr_conf_origins *o = conf;
	int i = origin_index(t, path);
	enum hr_conf_origin from = i < 0 ? HR_CONF_FROM_DEFAULT : o->key[i].from;
	char variable[VARIABLE_BYTES];

	switch (from) {
	case HR_CONF_FROM_FILE:
		(void)snprintf(buf, bytes, "%s:%d", o->file, line > 0 ? line : o->key[i].line);
		break;
	case HR_CONF_FROM_ENV:
		variable_name(t->name, path, variable);
		(void)snprintf(buf, bytes, "environment %s", variable);
		break;
	case HR_CONF_FROM_FLAG:
		(void)snprintf(buf, bytes, "flag");
		break;
	case HR_CONF_FROM_DEFAULT:
	case HR_CONF_FROM__MAX:
		(void)snprintf(buf, bytes, "default");
		break;
	}
	return buf;
}
