/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A YAML document into a struct under its table, with the line of every mistake.
 *
 * Not a YAML parser (libyaml is) and no reader of files. Invariant: shape.c has refused aliases and
 * depth, so that each node is visited once and the work is bounded by the text; a list in the
 * struct is replaced only by a list that was read wholly.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/attr.h"
#include "conf/keys.h"
#include "conf/shape.h"
#include "conf/value.h"

#define PATH_BYTES 256

struct walk {
	yaml_document_t *doc;
	const char *file;   /* NULL: a single value from environment or flag */
	const char *source; /* "environment HEADROOM_..." then */
	enum hr_conf_origin from;
	struct hr_conf_origins *origins;
	char path[PATH_BYTES]; /* of the key at hand */
	struct hr_err *reterr;
};

/* One struct that is being filled. */
struct target {
	const struct hr_conf_table *table;
	char *base;
	int origin; /* of its first key; -1: an item of a list */
};

static int line_of(const yaml_node_t *node)
{
	return node->start_mark.line >= INT_MAX ? INT_MAX : (int)node->start_mark.line + 1;
}

/* Puts place and key before the sentence that is already there. */
static int at(struct walk *w, const yaml_node_t *node, int code)
{
	if (w->file != NULL)
		(void)hr_err_prefix(w->reterr, "%s:%d: key '%s'", w->file, line_of(node), w->path);
	else
		(void)hr_err_prefix(w->reterr, "%s: key '%s'", w->source, w->path);
	return code;
}

static const char *node_kind(const yaml_node_t *node)
{
	return node->type == YAML_SCALAR_NODE     ? "a single value"
	       : node->type == YAML_SEQUENCE_NODE ? "a list"
						  : "a mapping";
}

/* Nothing behind the colon, or a plain "~" or "null". */
static bool is_nothing(const yaml_node_t *node)
{
	const char *text = (const char *)node->data.scalar.value;

	return node->type == YAML_SCALAR_NODE &&
	       node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
	       (text[0] == '\0' || strcmp(text, "~") == 0 || strcmp(text, "null") == 0);
}

static yaml_node_t *node_at(const struct walk *w, int index)
{
	yaml_node_t *node = yaml_document_get_node(w->doc, index);

	HR_CHECK(node != NULL);
	return node;
}

static size_t path_push(struct walk *w, const char *fmt, const char *name, size_t number)
{
	size_t n = strlen(w->path);

	if (name != NULL)
		(void)snprintf(w->path + n, PATH_BYTES - n, "%s%.80s", fmt, name);
	else
		(void)snprintf(w->path + n, PATH_BYTES - n, "[%zu]", number);
	return n;
}

static int apply_mapping(struct walk *w, yaml_node_t *node, const struct target *to);

static int wrong_kind(struct walk *w, const yaml_node_t *node, const struct hr_conf_key *k)
{
	char expected[200];

	(void)hr_err_set(w->reterr, -EINVAL, "found %s, expected %s%s",
			 is_nothing(node) ? "nothing" : node_kind(node),
			 hr_conf_value_expected(k, expected, sizeof(expected)),
			 k->type == HR_CONF_LIST && is_nothing(node) ? " ([] for an empty one)"
								     : "");
	return at(w, node, -EINVAL);
}

static int apply_scalar(struct walk *w, yaml_node_t *node, const struct hr_conf_key *k, char *field)
{
	/* "null" may be one of the words to choose from: "driver: null" */
	bool word = k->type == HR_CONF_CHOICE && node->type == YAML_SCALAR_NODE &&
		    node->data.scalar.length > 0;
	if (node->type != YAML_SCALAR_NODE || (is_nothing(node) && !word))
		return wrong_kind(w, node, k);
	int rc = hr_conf_value_parse(k, (const char *)node->data.scalar.value,
				     node->data.scalar.length, field, w->reterr);
	return rc < 0 ? at(w, node, rc) : 0;
}

/* One item: a struct, or a scalar if its table is one nameless key. */
static int apply_item(struct walk *w, yaml_node_t *node, const struct hr_conf_table *t, char *item)
{
	if (t->n_keys == 1 && t->key[0].name[0] == '\0')
		return apply_scalar(w, node, &t->key[0], item + t->key[0].offset);
	if (node->type != YAML_MAPPING_NODE) {
		(void)hr_err_set(
		    w->reterr, -EINVAL, "found %s, expected the keys of a %s, such as {%s: ...}",
		    is_nothing(node) ? "nothing" : node_kind(node), t->name, t->key[0].name);
		return at(w, node, -EINVAL);
	}
	if (t->offset_line != 0) {
		int line = line_of(node);
		memcpy(item + t->offset_line, &line, sizeof(line));
	}
	return apply_mapping(w, node, &(struct target){t, item, -1});
}

static int apply_items(struct walk *w, yaml_node_t *node, const struct hr_conf_table *t,
		       char *items, size_t n)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < n; i++) {
		size_t before = path_push(w, "", NULL, i);
		yaml_node_t *child = node_at(w, node->data.sequence.items.start[i]);

		hr_conf_defaults(t, items + i * t->bytes);
		rc = apply_item(w, child, t, items + i * t->bytes);
		w->path[before] = '\0';
	}
	return rc;
}

static int apply_list(struct walk *w, yaml_node_t *node, const struct hr_conf_key *k, char *base)
{
	if (node->type != YAML_SEQUENCE_NODE)
		return wrong_kind(w, node, k);
	size_t n = (size_t)(node->data.sequence.items.top - node->data.sequence.items.start);
	if (k->max > 0 && n > (size_t)k->max) {
		(void)hr_err_set(w->reterr, -ERANGE, "found %zu items, expected at most %lld", n,
				 (long long)k->max);
		return at(w, node, -ERANGE);
	}
	char *items = n > 0 ? calloc(n, k->table->bytes) : NULL;
	if (n > 0 && items == NULL) {
		(void)hr_err_set(w->reterr, -ENOMEM, "no memory for %zu items", n);
		return at(w, node, -ENOMEM);
	}
	int rc = apply_items(w, node, k->table, items, n);
	/* what is freed is the new list after a failure, the old one after success */
	struct hr_conf_key one = *k;
	struct hr_conf_table holder = {.key = &one, .n_keys = 1};
	if (rc == 0)
		hr_conf_lists_free(&holder, base);
	char *old;
	size_t n_old;
	memcpy(&old, base + k->offset, sizeof(old));
	memcpy(&n_old, base + k->offset_n, sizeof(n_old));
	memcpy(base + k->offset, &items, sizeof(items));
	memcpy(base + k->offset_n, &n, sizeof(n));
	if (rc == 0)
		return 0;
	hr_conf_lists_free(&holder, base);
	memcpy(base + k->offset, &old, sizeof(old));
	memcpy(base + k->offset_n, &n_old, sizeof(n_old));
	return rc;
}

/* line: of the key */
static int apply_value(struct walk *w, yaml_node_t *node, const struct hr_conf_key *k,
		       const struct target *to, int origin, int line)
{
	int rc;

	if (k->type == HR_CONF_STRUCT) {
		if (is_nothing(node))
			return 0;
		if (node->type != YAML_MAPPING_NODE)
			return wrong_kind(w, node, k);
		return apply_mapping(w, node,
				     &(struct target){k->table, to->base + k->offset, origin});
	}
	if (origin >= 0 && w->origins->key[origin].from > w->from)
		return 0;
	if (k->type == HR_CONF_LIST)
		rc = apply_list(w, node, k, to->base);
	else
		rc = apply_scalar(w, node, k, to->base + k->offset);
	if (rc == 0 && origin >= 0) {
		w->origins->key[origin].from = w->from;
		w->origins->key[origin].line = line;
	}
	return rc;
}

static int unknown_key(struct walk *w, const yaml_node_t *node, const struct hr_conf_table *t,
		       const char *name)
{
	char suggestion[80];
	const struct hr_conf_table *const *s = hr_conf_sections;

	(void)hr_conf_suggest(t, name, suggestion, sizeof(suggestion));
	for (; suggestion[0] == '\0' && *s != NULL; s++)
		if (*s != t && hr_conf_key_find(*s, name) != NULL)
			(void)snprintf(suggestion, sizeof(suggestion), " (it belongs to '%s')",
				       (*s)->name);
	(void)hr_err_set(w->reterr, -EINVAL, "found an unknown key, expected one of '%s'%s",
			 t->name, suggestion);
	return at(w, node, -EINVAL);
}

/* The key node as text, or NULL with the sentence. */
static const char *key_text(struct walk *w, const yaml_node_t *node)
{
	const char *name = (const char *)node->data.scalar.value;

	if (node->type == YAML_SCALAR_NODE && strlen(name) == node->data.scalar.length)
		return name;
	(void)hr_err_set(w->reterr, -EINVAL, "found %s as a key, expected a word",
			 node->type == YAML_SCALAR_NODE ? "a zero byte" : node_kind(node));
	(void)at(w, node, -EINVAL);
	return NULL;
}

static int apply_pair(struct walk *w, const yaml_node_pair_t *pair, const struct target *to,
		      bool *had)
{
	yaml_node_t *key = node_at(w, pair->key);
	const char *name = key_text(w, key);
	int origin = to->origin;
	size_t i = 0;
	int rc;

	if (name == NULL)
		return -EINVAL;
	size_t before = path_push(w, w->path[0] != '\0' ? "." : "", name, 0);
	while (i < to->table->n_keys && strcmp(to->table->key[i].name, name) != 0) {
		if (origin >= 0)
			origin += (int)hr_conf_key_span(&to->table->key[i]);
		i++;
	}
	if (i == to->table->n_keys) {
		rc = unknown_key(w, key, to->table, name);
	} else if (had[i]) {
		(void)hr_err_set(w->reterr, -EINVAL, "found twice, expected once");
		rc = at(w, key, -EINVAL);
	} else {
		yaml_node_t *value = node_at(w, pair->value);
		had[i] = true;
		rc = apply_value(w, value, &to->table->key[i], to, origin, line_of(key));
	}
	w->path[before] = '\0';
	return rc;
}

static int apply_mapping(struct walk *w, yaml_node_t *node, const struct target *to)
{
	bool had[HR_CONF_KEYS_MAX] = {false};

	HR_CHECK(to->table->n_keys <= HR_CONF_KEYS_MAX);
	for (yaml_node_pair_t *p = node->data.mapping.pairs.start; p < node->data.mapping.pairs.top;
	     p++) {
		int rc = apply_pair(w, p, to, had);
		if (rc < 0)
			return rc;
	}
	for (size_t i = 0; to->origin < 0 && i < to->table->n_keys; i++) {
		if (to->table->key[i].required && !had[i]) {
			(void)hr_err_set(w->reterr, -EINVAL, "found no '%s', expected it in a %s",
					 to->table->key[i].name, to->table->name);
			return at(w, node, -EINVAL);
		}
	}
	return 0;
}

/* A section of the file that is not the one asked for: only its name is checked. */
static int other_section(struct walk *w, const yaml_node_t *key, const char *name)
{
	const char *word[16];
	size_t n = 0;

	for (; hr_conf_sections[n] != NULL && n < HR_ARRAY_LEN(word); n++) {
		word[n] = hr_conf_sections[n]->name;
		if (strcmp(word[n], name) == 0)
			return 0;
	}
	const char *near = hr_conf_nearest(name, word, n);
	for (size_t i = 0; near == NULL && i < n; i++)
		if (hr_conf_key_find(hr_conf_sections[i], name) != NULL) {
			(void)hr_err_set(w->reterr, -EINVAL,
					 "found at the top of the file, expected below a section "
					 "such as '%s:', indented",
					 word[i]);
			return at(w, key, -EINVAL);
		}
	(void)hr_err_set(w->reterr, -EINVAL,
			 "found an unknown section, expected agent, guard or controller%s%s%s",
			 near != NULL ? " (did you mean '" : "", near != NULL ? near : "",
			 near != NULL ? "'?)" : "");
	return at(w, key, -EINVAL);
}

/* The top of a file: sections. */
static int apply_file(struct walk *w, yaml_node_t *root, const struct hr_conf_table *t, void *conf)
{
	struct target to = {t, conf, 0};
	bool had = false;

	if (is_nothing(root))
		return 0;
	if (root->type != YAML_MAPPING_NODE) {
		(void)hr_err_set(w->reterr, -EINVAL,
				 "%s:%d: found %s, expected sections such as 'agent:'", w->file,
				 line_of(root), node_kind(root));
		return -EINVAL;
	}
	for (yaml_node_pair_t *p = root->data.mapping.pairs.start; p < root->data.mapping.pairs.top;
	     p++) {
		yaml_node_t *key = node_at(w, p->key);
		const char *name = key_text(w, key);
		if (name == NULL)
			return -EINVAL;
		(void)snprintf(w->path, PATH_BYTES, "%.80s", name);
		int rc = 0;
		if (strcmp(name, t->name) != 0) {
			rc = other_section(w, key, name);
		} else if (had) {
			(void)hr_err_set(w->reterr, -EINVAL, "found twice, expected once");
			rc = at(w, key, -EINVAL);
		} else {
			const struct hr_conf_key section = {.type = HR_CONF_STRUCT, .table = t};
			yaml_node_t *value = node_at(w, p->value);
			had = true;
			rc = apply_value(w, value, &section, &to, 0, line_of(key));
		}
		w->path[0] = '\0';
		if (rc < 0)
			return rc;
	}
	return 0;
}

typedef int apply_root(struct walk *w, yaml_node_t *root, const struct hr_conf_table *t, void *conf,
		       const void *arg);

static int load_text(struct walk *w, const char *text, size_t bytes, const struct hr_conf_table *t,
		     void *conf, apply_root *apply, const void *arg)
{
	const char *name = w->file != NULL ? w->file : w->source;
	yaml_parser_t parser;
	yaml_document_t doc;
	int rc = hr_conf_shape_check(text, bytes, name, w->reterr);

	if (rc < 0)
		return rc;
	if (yaml_parser_initialize(&parser) == 0)
		return hr_err_set(w->reterr, -ENOMEM, "%s: no memory", name);
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, bytes);
	if (yaml_parser_load(&parser, &doc) == 0) {
		/* the same text has passed once */
		rc = hr_err_set(w->reterr, -ENOMEM, "%s: no memory", name);
	} else {
		yaml_node_t *root = yaml_document_get_root_node(&doc);
		w->doc = &doc;
		rc = root != NULL ? apply(w, root, t, conf, arg) : 0;
		w->doc = NULL;
		yaml_document_delete(&doc);
	}
	yaml_parser_delete(&parser);
	return rc;
}

static int root_is_file(struct walk *w, yaml_node_t *root, const struct hr_conf_table *t,
			void *conf, const void *arg)
{
	(void)arg;
	return apply_file(w, root, t, conf);
}

int hr_conf_parse(const struct hr_conf_table *t, void *conf, const char *text, size_t bytes,
		  const char *file, struct hr_err *reterr)
{
	struct hr_err unused;
	struct walk w = {.file = file,
			 .from = HR_CONF_FROM_FILE,
			 .origins = conf,
			 .reterr = reterr != NULL ? reterr : &unused};

	(void)snprintf(w.origins->file, sizeof(w.origins->file), "%s", file);
	return load_text(&w, text, bytes, t, conf, root_is_file, NULL);
}

/* Where hr_conf_set puts its value. */
struct place {
	const struct hr_conf_key *key;
	size_t offset; /* of the struct that has the key, in the whole */
	int origin;
};

static bool place_find(const struct hr_conf_table *t, const char *path, struct place *ret)
{
	size_t n = strcspn(path, ".");

	for (size_t i = 0; i < t->n_keys; i++) {
		const struct hr_conf_key *k = &t->key[i];

		if (strlen(k->name) == n && strncmp(k->name, path, n) == 0) {
			ret->key = k;
			if (path[n] == '\0')
				return true;
			ret->offset += k->offset;
			return k->type == HR_CONF_STRUCT && place_find(k->table, path + n + 1, ret);
		}
		ret->origin += (int)hr_conf_key_span(k);
	}
	return false;
}

static int root_is_value(struct walk *w, yaml_node_t *root, const struct hr_conf_table *t,
			 void *conf, const void *arg)
{
	const struct place *p = arg;
	struct target to = {t, (char *)conf + p->offset, p->origin};

	return apply_value(w, root, p->key, &to, p->origin, 0);
}

/* Lists and structs: YAML in its flow form. */
static int set_tree(struct walk *w, const struct hr_conf_table *t, void *conf,
		    const struct place *p, const char *text)
{
	bool words = p->key->type == HR_CONF_LIST && p->key->table->n_keys == 1 &&
		     p->key->table->key[0].name[0] == '\0' && text[strspn(text, " ")] != '[';
	size_t bytes = strlen(text);
	char *flow = NULL;

	if (bytes > HR_CONF_TEXT_BYTES_MAX)
		bytes = HR_CONF_TEXT_BYTES_MAX + 1;
	else if (words && (flow = malloc(bytes + 3)) != NULL)
		bytes = (size_t)snprintf(flow, bytes + 3, "[%s]", text);
	int rc = load_text(w, flow != NULL ? flow : text, bytes, t, conf, root_is_value, p);
	free(flow);
	return rc;
}

int hr_conf_set(const struct hr_conf_table *t, void *conf, const char *path, const char *text,
		enum hr_conf_origin from, struct hr_err *reterr)
{
	struct hr_err unused;
	struct walk w = {.source = from == HR_CONF_FROM_ENV ? "environment" : "command line",
			 .from = from,
			 .origins = conf,
			 .reterr = reterr != NULL ? reterr : &unused};
	struct place p = {0};
	char suggestion[80];

	(void)snprintf(w.path, PATH_BYTES, "%s.%.80s", t->name, path);
	if (!place_find(t, path, &p)) {
		(void)hr_conf_suggest(t, path, suggestion, sizeof(suggestion));
		return hr_err_set(w.reterr, -EINVAL,
				  "%s: key '%s': found an unknown key, expected one of '%s'%s",
				  w.source, w.path, t->name, suggestion);
	}
	if (!hr_conf_type_is_scalar(p.key->type))
		return set_tree(&w, t, conf, &p, text);
	if (w.origins->key[p.origin].from > from)
		return 0;
	int rc = hr_conf_value_parse(p.key, text, strlen(text),
				     (char *)conf + p.offset + p.key->offset, w.reterr);
	if (rc < 0) {
		(void)hr_err_prefix(w.reterr, "%s: key '%s'", w.source, w.path);
		return rc;
	}
	w.origins->key[p.origin].from = from;
	w.origins->key[p.origin].line = 0;
	return 0;
}
