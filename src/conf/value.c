/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One scalar value of a key: text to field and back, with the sentence for what does not fit.
 *
 * Not YAML: quoting and structure are dealt with elsewhere. Invariant: a field is written only
 * when its whole text is right, and what format writes, parse reads back to the same value.
 */
#include "conf/value.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/units.h"
#include "base/uuid.h"
#include "conf/endpoint.h"
#include "conf/rfc3339.h"
#include "model/ident.h"

#define FOUND_BYTES_MAX 60 /* of a wrong value, shown back */

static const char *const type_names[HR_CONF__MAX] = {
    [HR_CONF_BOOL] = "boolean",        [HR_CONF_INTEGER] = "integer",
    [HR_CONF_PERMILLE] = "decimal",    [HR_CONF_POWER] = "power",
    [HR_CONF_SPAN] = "time span",      [HR_CONF_CHOICE] = "word",
    [HR_CONF_STRING] = "text",         [HR_CONF_NAME] = "name",
    [HR_CONF_PATH] = "path",           [HR_CONF_UUID] = "uuid",
    [HR_CONF_ENDPOINT] = "host:port",  [HR_CONF_TIME] = "instant",
    [HR_CONF_DAYTIME] = "time of day", [HR_CONF_STRUCT] = "mapping",
    [HR_CONF_LIST] = "list",
};

const char *hr_conf_type_name(enum hr_conf_type type)
{
	return (unsigned)type < HR_CONF__MAX ? type_names[type] : "unknown";
}

bool hr_conf_type_is_scalar(enum hr_conf_type type)
{
	return type != HR_CONF_STRUCT && type != HR_CONF_LIST;
}

static char *permille_format(int64_t v, char *buf, size_t bytes)
{
	int n = snprintf(buf, bytes, "%" PRId64 ".%03" PRId64, v / 1000, v % 1000);

	while (n > 0 && buf[n - 1] == '0')
		buf[--n] = '\0';
	if (n > 0 && buf[n - 1] == '.')
		buf[--n] = '\0';
	return buf;
}

static char *number_format(const struct hr_conf_key *k, int64_t v, char *buf, size_t bytes)
{
	char text[HR_UNITS_TEXT_BYTES];

	if (k->type == HR_CONF_POWER)
		(void)snprintf(buf, bytes, "%s", hr_power_format(v, text));
	else if (k->type == HR_CONF_SPAN)
		(void)snprintf(buf, bytes, "%s", hr_span_format(v, text));
	else if (k->type == HR_CONF_PERMILLE)
		permille_format(v, buf, bytes);
	else
		(void)snprintf(buf, bytes, "%" PRId64, v);
	return buf;
}

static char *expected_choice(const struct hr_conf_key *k, char *buf, size_t bytes)
{
	size_t n = 0;

	buf[0] = '\0';
	for (const struct hr_conf_choice *c = k->choice; c->name != NULL && n < bytes; c++) {
		const char *before = c == k->choice ? "" : c[1].name == NULL ? " or " : ", ";
		int more = snprintf(buf + n, bytes - n, "%s%s", before, c->name);
		if (more < 0)
			break;
		n += (size_t)more;
	}
	return buf;
}

char *hr_conf_value_expected(const struct hr_conf_key *k, char *buf, size_t bytes)
{
	char low[HR_UNITS_TEXT_BYTES];
	char high[HR_UNITS_TEXT_BYTES];
	const char *text = "";

	switch (k->type) {
	case HR_CONF_INTEGER:
	case HR_CONF_PERMILLE:
	case HR_CONF_POWER:
	case HR_CONF_SPAN:
		(void)snprintf(buf, bytes, "%s from %s to %s%s%s",
			       k->type == HR_CONF_INTEGER    ? "an integer"
			       : k->type == HR_CONF_PERMILLE ? "a decimal"
			       : k->type == HR_CONF_POWER    ? "a power with its unit"
							     : "a time span with its unit",
			       number_format(k, k->min, low, sizeof(low)),
			       number_format(k, k->max, high, sizeof(high)),
			       k->unit != NULL ? " " : "", k->unit != NULL ? k->unit : "");
		return buf;
	case HR_CONF_CHOICE:
		return expected_choice(k, buf, bytes);
	case HR_CONF_STRING:
		(void)snprintf(buf, bytes, "a text of %" PRId64 " to %" PRId64 " printable bytes",
			       k->min, k->max);
		return buf;
	case HR_CONF_BOOL:
		text = "true or false";
		break;
	case HR_CONF_NAME:
		text = "a name of letters, digits and ._:- that begins with none of .-";
		break;
	case HR_CONF_PATH:
		text = "an absolute path";
		break;
	case HR_CONF_UUID:
		text = "a uuid, such as 1b4e28ba-2fa1-41d2-883f-0016d3cca427";
		break;
	case HR_CONF_ENDPOINT:
		text = "host:port, such as 127.0.0.1:7710 or [::1]:7710";
		break;
	case HR_CONF_TIME:
		text = "an instant, such as 2026-03-29T08:00:00Z";
		break;
	case HR_CONF_DAYTIME:
		text = k->max < 86400 ? "a time of day from 00:00 to 23:59"
				      : "a time of day from 00:00 to 24:00";
		break;
	case HR_CONF_STRUCT:
		text = "keys with their values, indented below it";
		break;
	case HR_CONF_LIST:
		text = "a list";
		break;
	case HR_CONF__MAX:
		break;
	}
	(void)snprintf(buf, bytes, "%s", text);
	return buf;
}

/* The common sentence; what: NULL or why it does not fit, ", which ...". */
static int fail(const struct hr_conf_key *k, int code, const char *text, const char *what,
		struct hr_err *reterr)
{
	char expected[200];

	return hr_err_set(reterr, code, "found '%.*s'%s%s, expected %s", FOUND_BYTES_MAX, text,
			  strlen(text) > FOUND_BYTES_MAX ? "..." : "", what != NULL ? what : "",
			  hr_conf_value_expected(k, expected, sizeof(expected)));
}

/*
 * Printable UTF-8 without the line breaks of other scripts: what YAML can hold on one line, and
 * what cannot spoil a terminal.
 */
static bool is_printable(const char *text, size_t n)
{
	const unsigned char *s = (const unsigned char *)text;

	for (size_t i = 0; i < n;) {
		uint32_t c = s[i];
		size_t more = c < 0x80 ? 0 : c < 0xc2 ? 9 : c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;

		if (c < 0x20 || c == 0x7f || c > 0xf4 || more > 3 || i + more >= n)
			return false;
		c = more == 0 ? c : c & (0x3fU >> more);
		for (size_t j = 1; j <= more; j++) {
			if ((s[i + j] & 0xc0) != 0x80)
				return false;
			c = c << 6 | (s[i + j] & 0x3f);
		}
		if ((more == 1 && c < 0xa0) || (more == 2 && c < 0x800) ||
		    (more == 3 && c < 0x10000) || c > 0x10ffff || (c >= 0xd800 && c < 0xe000) ||
		    c == 0x2028 || c == 0x2029 || c == 0xfeff || (c & 0xfffe) == 0xfffe)
			return false;
		i += more + 1;
	}
	return true;
}

static bool is_bare_number(const char *text)
{
	size_t n = strspn(text, "0123456789.");

	return n > 0 && text[n] == '\0';
}

static int parse_amount(const struct hr_conf_key *k, const char *text, int64_t *ret,
			struct hr_err *reterr)
{
	bool power = k->type == HR_CONF_POWER;
	int rc = power ? hr_power_parse(text, ret, NULL) : hr_span_parse(text, ret, NULL);

	if (rc == -EINVAL && is_bare_number(text) && strlen(text) < 16) {
		const char *unit = power ? "W" : "s";
		char with[HR_UNITS_TEXT_BYTES];
		char big[HR_UNITS_TEXT_BYTES];
		int64_t v;

		(void)snprintf(with, sizeof(with), "%s %s", text, unit);
		if ((power ? hr_power_parse(with, &v, NULL) : hr_span_parse(with, &v, NULL)) < 0)
			return fail(k, rc, text, " without a unit", reterr);
		if (power)
			hr_power_format(v, big);
		else
			hr_span_format(v, big);
		return hr_err_set(
		    reterr, rc, "found '%s', which has no unit, expected a %s; write %s%s%s", text,
		    power ? "power" : "time span", with, strcmp(with, big) == 0 ? "" : " or ",
		    strcmp(with, big) == 0 ? "" : big);
	}
	if (rc < 0)
		return fail(k, rc, text, NULL, reterr);
	return 0;
}

static int parse_integer(const struct hr_conf_key *k, const char *text, int64_t *ret,
			 struct hr_err *reterr)
{
	const char *s = text;
	bool negative = *s == '-';
	int64_t v = 0;

	if (negative)
		s++;
	if (*s == '\0')
		return fail(k, -EINVAL, text, NULL, reterr);
	for (; *s != '\0'; s++) {
		if (*s < '0' || *s > '9')
			return fail(k, -EINVAL, text, NULL, reterr);
		if (v > (INT64_MAX - 9) / 10)
			return fail(k, -ERANGE, text, NULL, reterr);
		v = v * 10 + (*s - '0');
	}
	*ret = negative ? -v : v;
	return 0;
}

static int parse_permille(const struct hr_conf_key *k, const char *text, int64_t *ret,
			  struct hr_err *reterr)
{
	int64_t v = 0;
	int decimals = -1;
	size_t n = strlen(text);

	if (n == 0 || n > 12 || text[0] == '.' || text[n - 1] == '.')
		return fail(k, -EINVAL, text, NULL, reterr);
	for (const char *s = text; *s != '\0'; s++) {
		if (*s == '.' && decimals < 0) {
			decimals = 0;
			continue;
		}
		if (*s < '0' || *s > '9')
			return fail(k, -EINVAL, text, *s == '%' ? " as a percentage" : NULL,
				    reterr);
		if (decimals >= 0 && ++decimals > 3)
			return fail(k, -EINVAL, text, " with more than three decimals", reterr);
		v = v * 10 + (*s - '0');
	}
	for (decimals = decimals < 0 ? 0 : decimals; decimals < 3; decimals++)
		v *= 10;
	*ret = v;
	return 0;
}

static int parse_number(const struct hr_conf_key *k, const char *text, void *field,
			struct hr_err *reterr)
{
	int64_t v = 0;
	int rc;

	if (k->type == HR_CONF_INTEGER)
		rc = parse_integer(k, text, &v, reterr);
	else if (k->type == HR_CONF_PERMILLE)
		rc = parse_permille(k, text, &v, reterr);
	else
		rc = parse_amount(k, text, &v, reterr);
	if (rc < 0)
		return rc;
	if (v < k->min || v > k->max)
		return fail(k, -ERANGE, text, NULL, reterr);
	memcpy(field, &v, sizeof(v));
	return 0;
}

static int parse_choice(const struct hr_conf_key *k, const char *text, void *field,
			struct hr_err *reterr)
{
	for (const struct hr_conf_choice *c = k->choice; c->name != NULL; c++) {
		if (strcmp(c->name, text) == 0) {
			memcpy(field, &c->value, sizeof(c->value));
			return 0;
		}
	}
	return fail(k, -EINVAL, text, NULL, reterr);
}

static int parse_text(const struct hr_conf_key *k, const char *text, size_t n, void *field,
		      struct hr_err *reterr)
{
	int64_t most = k->max > 0 && k->max < (int64_t)k->bytes ? k->max : (int64_t)k->bytes - 1;

	if (!is_printable(text, n))
		return hr_err_set(reterr, -EINVAL,
				  "found a character that is not printable, expected printable "
				  "UTF-8 text");
	if ((int64_t)n > most || (int64_t)n < k->min || (n == 0 && k->required))
		return fail(k, n > 0 ? -ERANGE : -EINVAL, text, NULL, reterr);
	if (k->type == HR_CONF_NAME && n > 0 && !hr_name_is_valid(text))
		return fail(k, -EINVAL, text, NULL, reterr);
	if (k->type == HR_CONF_PATH && n > 0 && text[0] != '/')
		return fail(k, -EINVAL, text, ", a relative path", reterr);
	memset(field, 0, k->bytes);
	memcpy(field, text, n);
	return 0;
}

/* "08:00" or "08:00:30" */
static int parse_daytime(const struct hr_conf_key *k, const char *text, void *field,
			 struct hr_err *reterr)
{
	int32_t part[3] = {0};
	size_t n = strlen(text);

	if (n != 5 && n != 8)
		return fail(k, -EINVAL, text, NULL, reterr);
	for (size_t i = 0; i < n; i++) {
		if (i % 3 == 2 ? text[i] != ':' : text[i] < '0' || text[i] > '9')
			return fail(k, -EINVAL, text, NULL, reterr);
		if (i % 3 != 2)
			part[i / 3] = part[i / 3] * 10 + (text[i] - '0');
	}
	int32_t s = (part[0] * 60 + part[1]) * 60 + part[2];
	if (part[1] > 59 || part[2] > 59 || s > k->max)
		return fail(k, -ERANGE, text, NULL, reterr);
	memcpy(field, &s, sizeof(s));
	return 0;
}

/* The types whose text has a parser of its own. */
static int parse_other(const struct hr_conf_key *k, const char *text, void *field)
{
	struct hr_conf_endpoint endpoint;
	struct hr_uuid uuid = {{0}};
	int64_t ns;
	int rc = -EINVAL;

	if (k->type == HR_CONF_UUID) {
		rc = *text == '\0' ? 0 : hr_uuid_parse(text, &uuid);
		if (rc == 0)
			memcpy(field, &uuid, sizeof(uuid));
	} else if (k->type == HR_CONF_ENDPOINT) {
		rc = hr_conf_endpoint_parse(text, (uint16_t)k->max, &endpoint);
		if (rc == 0)
			memcpy(field, &endpoint, sizeof(endpoint));
	} else if (k->type == HR_CONF_TIME) {
		rc = hr_rfc3339_parse(text, &ns);
		if (rc == 0)
			memcpy(field, &ns, sizeof(ns));
	}
	return rc;
}

int hr_conf_value_parse(const struct hr_conf_key *k, const char *text, size_t bytes, void *field,
			struct hr_err *reterr)
{
	bool b = strcmp(text, "true") == 0;
	int rc;

	if (strlen(text) != bytes)
		return hr_err_set(reterr, -EINVAL, "found a zero byte, expected printable text");
	switch (k->type) {
	case HR_CONF_BOOL:
		if (!b && strcmp(text, "false") != 0)
			return fail(k, -EINVAL, text, NULL, reterr);
		memcpy(field, &b, sizeof(b));
		return 0;
	case HR_CONF_INTEGER:
	case HR_CONF_PERMILLE:
	case HR_CONF_POWER:
	case HR_CONF_SPAN:
		return parse_number(k, text, field, reterr);
	case HR_CONF_CHOICE:
		return parse_choice(k, text, field, reterr);
	case HR_CONF_STRING:
	case HR_CONF_NAME:
	case HR_CONF_PATH:
		return parse_text(k, text, bytes, field, reterr);
	case HR_CONF_DAYTIME:
		return parse_daytime(k, text, field, reterr);
	case HR_CONF_UUID:
	case HR_CONF_ENDPOINT:
	case HR_CONF_TIME:
		rc = parse_other(k, text, field);
		return rc < 0 ? fail(k, rc, text, NULL, reterr) : 0;
	case HR_CONF_STRUCT:
	case HR_CONF_LIST:
	case HR_CONF__MAX:
		break;
	}
	return fail(k, -EINVAL, text, NULL, reterr);
}

/* Words that some YAML reader takes for something else than text. */
static bool is_yaml_word(const char *text)
{
	static const char *const words[] = {"true", "false", "yes", "no", "on",
					    "off",  "null",  "y",   "n",  "~"};

	for (size_t i = 0; i < HR_ARRAY_LEN(words); i++)
		if (strcasecmp(text, words[i]) == 0)
			return true;
	return is_bare_number(text);
}

/* Text plain where every YAML reader takes it for text, else in double quotes. */
static char *quote(const char *text, char buf[HR_CONF_VALUE_BYTES])
{
	static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "0123456789/._-+";
	size_t n = 0;

	if (text[0] != '\0' && text[strspn(text, safe)] == '\0' && strchr("-+.", text[0]) == NULL &&
	    !is_yaml_word(text)) {
		(void)snprintf(buf, HR_CONF_VALUE_BYTES, "%s", text);
		return buf;
	}
	buf[n++] = '"';
	for (; *text != '\0' && n + 3 < HR_CONF_VALUE_BYTES; text++) {
		if (*text == '"' || *text == '\\')
			buf[n++] = '\\';
		buf[n++] = *text;
	}
	buf[n++] = '"';
	buf[n] = '\0';
	return buf;
}

static char *format_other(const struct hr_conf_key *k, const void *field,
			  char buf[HR_CONF_VALUE_BYTES])
{
	char text[HR_CONF_ENDPOINT_BYTES];
	struct hr_conf_endpoint endpoint;
	struct hr_uuid uuid;
	int64_t ns;
	int32_t s;

	buf[0] = '\0';
	if (k->type == HR_CONF_UUID) {
		memcpy(&uuid, field, sizeof(uuid));
		return quote(hr_uuid_is_none(&uuid) ? "" : hr_uuid_format(&uuid, text), buf);
	}
	if (k->type == HR_CONF_ENDPOINT) {
		memcpy(&endpoint, field, sizeof(endpoint));
		return quote(hr_conf_endpoint_format(&endpoint, text), buf);
	}
	if (k->type == HR_CONF_TIME) {
		memcpy(&ns, field, sizeof(ns));
		return quote(hr_rfc3339_format(ns, text), buf);
	}
	if (k->type == HR_CONF_DAYTIME) {
		memcpy(&s, field, sizeof(s));
		(void)snprintf(text, sizeof(text), s % 60 != 0 ? "%02d:%02d:%02d" : "%02d:%02d",
			       s / 3600 % 100, s / 60 % 60, s % 60);
		return quote(text, buf);
	}
	return buf;
}

char *hr_conf_value_format(const struct hr_conf_key *k, const void *field,
			   char buf[HR_CONF_VALUE_BYTES])
{
	int64_t v;
	int choice;
	bool b;

	switch (k->type) {
	case HR_CONF_BOOL:
		memcpy(&b, field, sizeof(b));
		(void)snprintf(buf, HR_CONF_VALUE_BYTES, "%s", b ? "true" : "false");
		return buf;
	case HR_CONF_INTEGER:
	case HR_CONF_PERMILLE:
	case HR_CONF_POWER:
	case HR_CONF_SPAN:
		memcpy(&v, field, sizeof(v));
		return number_format(k, v, buf, HR_CONF_VALUE_BYTES);
	case HR_CONF_CHOICE:
		memcpy(&choice, field, sizeof(choice));
		for (const struct hr_conf_choice *c = k->choice; c->name != NULL; c++)
			if (c->value == choice)
				return quote(c->name, buf);
		return quote("", buf);
	case HR_CONF_STRING:
	case HR_CONF_NAME:
	case HR_CONF_PATH:
		return quote(field, buf);
	case HR_CONF_UUID:
	case HR_CONF_ENDPOINT:
	case HR_CONF_TIME:
	case HR_CONF_DAYTIME:
	case HR_CONF_STRUCT:
	case HR_CONF_LIST:
	case HR_CONF__MAX:
		break;
	}
	return format_other(k, field, buf);
}
