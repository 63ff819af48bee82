/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parser of authorised keys and the look-up. No file is opened here and no key is made.
 * Invariant: a table that was returned is sorted and has no key twice.
 */
#include "wire/authorized_keys.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "base/sort.h"

#define FIELDS 4

static const char z85[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			  ".-:+=^!/*?&<>()[]{}@%$#";

struct field {
	const char *text;
	size_t len;
};

static bool key_is_valid(const char *text, size_t len)
{
	if (len != HR_KEY_TEXT_BYTES - 1)
		return false;
	for (size_t i = 0; i < len; i += 5) {
		uint64_t group = 0;
		for (size_t k = i; k < i + 5; k++) {
			const char *at = memchr(z85, text[k], sizeof(z85) - 1);
			if (!at)
				return false;
			group = group * 85 + (uint64_t)(at - z85);
		}
		if (group > UINT32_MAX)
			return false;
	}
	return true;
}

bool hr_authorized_keys_is_key(const char *text)
{
	return key_is_valid(text, strnlen(text, HR_KEY_TEXT_BYTES));
}

size_t hr_authorized_keys_count_lines(const char *text, size_t size)
{
	size_t n = 1;
	for (size_t i = 0; i < size; i++)
		n += text[i] == '\n';
	return n;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* Cuts a line into at most FIELDS + 1 fields, the last of which is not cut. */
static size_t split(const char *line, size_t len, struct field field[FIELDS + 1])
{
	size_t n = 0, i = 0;
	while (n <= FIELDS) {
		while (i < len && is_blank(line[i]))
			i++;
		if (i == len)
			break;
		size_t from = i;
		while (i < len && !is_blank(line[i]))
			i++;
		field[n++] = (struct field){line + from, i - from};
	}
	return n;
}

static bool copy(const struct field *f, char *ret, size_t size)
{
	if (f->len >= size || memchr(f->text, '\0', f->len))
		return false;
	memcpy(ret, f->text, f->len);
	ret[f->len] = '\0';
	return true;
}

/* Not shown: what was found. A secret that was pasted here must not end up in a log. */
static int parse_entry(const struct field *field, size_t n, struct hr_authorized_key *ret,
		       struct hr_err *reterr)
{
	char text[HR_NAME_BYTES];
	if (n < FIELDS)
		return hr_err_set(reterr, -EINVAL,
				  "%zu fields instead of \"KEY NODE-UUID ROLE DOMAIN\"", n);
	if (n > FIELDS && field[FIELDS].text[0] != '#')
		return hr_err_set(reterr, -EINVAL,
				  "more than four fields; a comment begins with '#'");
	if (!key_is_valid(field[0].text, field[0].len))
		return hr_err_set(reterr, -EINVAL,
				  "the first field is not a public key (40 characters of Z85, "
				  "made by \"headroom keys generate\")");
	(void)copy(&field[0], ret->key, sizeof(ret->key));
	ret->any_node = field[1].len == 1 && field[1].text[0] == '*';
	if (!ret->any_node && (!copy(&field[1], text, sizeof(text)) ||
			       hr_uuid_parse(text, &ret->node) < 0 || hr_uuid_is_none(&ret->node)))
		return hr_err_set(reterr, -EINVAL,
				  "the second field is neither the uuid of a node nor *");
	ret->role = copy(&field[2], text, sizeof(text)) ? hr_role_find(text) : HR_ROLE__MAX;
	if (ret->role == HR_ROLE__MAX)
		return hr_err_set(reterr, -EINVAL,
				  "the third field is no role; roles are controller, agent, guard, "
				  "tuner and operator");
	if (!copy(&field[3], ret->domain, sizeof(ret->domain)) || !hr_name_is_valid(ret->domain))
		return hr_err_set(reterr, -EINVAL,
				  "the fourth field is not the name of a domain; \"cluster\" is "
				  "all of them");
	return 0;
}

static int compare(const void *a, const void *b, void *ctx)
{
	const struct hr_authorized_key *x = a, *y = b;
	(void)ctx;
	return strcmp(x->key, y->key);
}

static int refuse_twins(const struct hr_authorized_key *table, size_t n, const char *name,
			struct hr_err *reterr)
{
	for (size_t i = 1; i < n; i++) {
		unsigned a = table[i - 1].line, b = table[i].line;
		if (strcmp(table[i - 1].key, table[i].key) == 0)
			return hr_err_set(reterr, -EINVAL,
					  "%s:%u: the key stands in line %u already; a key is "
					  "bound once",
					  name, a > b ? a : b, a > b ? b : a);
	}
	return 0;
}

/* One line: *ret_taken tells whether *ret was filled. */
static int parse_line(const char *line, size_t len, struct hr_authorized_key *ret, bool *ret_taken,
		      struct hr_err *reterr)
{
	struct field field[FIELDS + 1];
	size_t n = split(line, len, field);
	*ret_taken = false;
	if (n == 0)
		return 0;
	/* No key begins so: the first group of five would be above 2^32 - 1. */
	if (field[0].text[0] == '#')
		return 0;
	*ret_taken = true;
	return parse_entry(field, n, ret, reterr);
}

int hr_authorized_keys_parse(const char *text, size_t size, const char *name,
			     struct hr_authorized_key *ret, size_t max, size_t *ret_n,
			     struct hr_err *reterr)
{
	size_t n = 0;
	unsigned number = 0;
	for (size_t at = 0; at < size;) {
		const char *end = memchr(text + at, '\n', size - at);
		size_t len = end ? (size_t)(end - (text + at)) : size - at;
		struct hr_authorized_key entry;
		bool taken;
		memset(&entry, 0, sizeof(entry));
		entry.line = ++number;
		int rc = parse_line(text + at, len, &entry, &taken, reterr);
		if (rc == 0 && taken && n == max)
			rc = hr_err_set(reterr, -E2BIG, "more than %zu keys", max);
		if (rc < 0) {
			(void)hr_err_prefix(reterr, "%s:%u", name, number);
			return rc;
		}
		if (taken)
			ret[n++] = entry;
		at += len + 1;
	}
	hr_sort(ret, n, sizeof(*ret), compare, NULL);
	int rc = refuse_twins(ret, n, name, reterr);
	if (rc == 0)
		*ret_n = n;
	return rc;
}

const struct hr_authorized_key *hr_authorized_keys_find(const struct hr_authorized_key *table,
							size_t n, const char *key)
{
	size_t low = 0, high = n;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int order = strcmp(key, table[mid].key);
		if (order == 0)
			return &table[mid];
		if (order < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return NULL;
}
