/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The writer of metrics. Formats: Prometheus "Exposition formats", text 0.0.4; OpenMetrics 1.0.
 * It keeps no values and knows no metric.
 * Invariant: after an error of the sink nothing more is handed to it.
 */
#include "wire/prom_text.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define NUMBER_BYTES 64

static const int64_t powers[] = {1,      10,      100,      1000,      10000,
				 100000, 1000000, 10000000, 100000000, 1000000000};

enum hr_prom_format hr_prom_text_negotiate(const char *accept)
{
	return accept && strstr(accept, "application/openmetrics-text") ? HR_PROM_OPENMETRICS
									: HR_PROM_TEXT;
}

const char *hr_prom_text_content_type(enum hr_prom_format format)
{
	return format == HR_PROM_OPENMETRICS
		   ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
		   : "text/plain; version=0.0.4; charset=utf-8";
}

static void flush(struct hr_prom_text *p)
{
	if (p->used > 0 && p->rc == 0)
		p->rc = p->sink(p->ctx, p->buf, p->used);
	p->used = 0;
}

static void put(struct hr_prom_text *p, const char *bytes, size_t n)
{
	while (n > 0) {
		size_t room = sizeof(p->buf) - p->used;
		size_t piece = n < room ? n : room;
		memcpy(p->buf + p->used, bytes, piece);
		p->used += piece;
		bytes += piece;
		n -= piece;
		if (p->used == sizeof(p->buf))
			flush(p);
	}
}

static void text(struct hr_prom_text *p, const char *s)
{
	put(p, s, strlen(s));
}

/* Length of the UTF-8 character at s (Unicode 15, table 3-7), 0 if it is not one. */
static size_t utf8_len(const unsigned char *s)
{
	if (s[0] < 0x80)
		return 1;
	size_t n = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
	unsigned char low = s[0] == 0xe0 ? 0xa0 : s[0] == 0xf0 ? 0x90 : 0x80;
	unsigned char high = s[0] == 0xed ? 0x9f : s[0] == 0xf4 ? 0x8f : 0xbf;
	if (s[0] < 0xc2 || s[0] > 0xf4 || s[1] < low || s[1] > high)
		return 0;
	for (size_t i = 2; i < n; i++) {
		if (s[i] < 0x80 || s[i] > 0xbf)
			return 0;
	}
	return n;
}

static void escaped(struct hr_prom_text *p, const char *s, bool quotes)
{
	while (*s) {
		size_t n = utf8_len((const unsigned char *)s);
		if (n == 0)
			text(p, "?");
		else if (*s == '\\')
			text(p, "\\\\");
		else if (*s == '\n')
			text(p, "\\n");
		else if (*s == '"' && quotes)
			text(p, "\\\"");
		else
			put(p, s, n);
		s += n ? n : 1;
	}
}

/* The shortest exact decimal of value / 10^decimals. */
static void format_number(int64_t value, int decimals, char buf[NUMBER_BYTES])
{
	HR_CHECK(decimals >= 0 && decimals < (int)HR_ARRAY_LEN(powers));
	/* Through the unsigned type, for INT64_MIN has no positive. */
	uint64_t size = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
	uint64_t unit = (uint64_t)powers[decimals];
	uint64_t rest = size % unit;
	while (decimals > 0 && rest % 10 == 0) {
		rest /= 10;
		decimals--;
	}
	const char *sign = value < 0 ? "-" : "";
	if (decimals == 0)
		(void)snprintf(buf, NUMBER_BYTES, "%s%" PRIu64, sign, size / unit);
	else
		(void)snprintf(buf, NUMBER_BYTES, "%s%" PRIu64 ".%0*" PRIu64, sign, size / unit,
			       decimals, rest);
}

void hr_prom_text_init(struct hr_prom_text *p, enum hr_prom_format format, hr_prom_sink_fn *sink,
		       void *ctx)
{
	*p = (struct hr_prom_text){.format = format, .sink = sink, .ctx = ctx};
}

static bool name_is_valid(const char *name)
{
	size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_:");
	return n > 0 && name[n] == '\0' && !(name[0] >= '0' && name[0] <= '9');
}

static bool ends_with(const char *name, const char *unit)
{
	size_t n = strlen(name), m = strlen(unit);
	return n > m && name[n - m - 1] == '_' && strcmp(name + n - m, unit) == 0;
}

static const char *type_name(const struct hr_prom_text *p, enum hr_prom_type type)
{
	switch (type) {
	case HR_PROM_COUNTER:
		return "counter";
	case HR_PROM_HISTOGRAM:
		return "histogram";
	case HR_PROM_INFO:
		return p->format == HR_PROM_OPENMETRICS ? "info" : "gauge";
	case HR_PROM_GAUGE:
		break;
	}
	return "gauge";
}

static const char *suffix(enum hr_prom_type type)
{
	return type == HR_PROM_COUNTER ? "_total" : type == HR_PROM_INFO ? "_info" : "";
}

/* "# HELP name_total": 0.0.4 describes the sample, OpenMetrics the family. */
static void describe(struct hr_prom_text *p, const char *what)
{
	text(p, what);
	text(p, p->family);
	if (p->format == HR_PROM_TEXT)
		text(p, suffix(p->type));
	text(p, " ");
}

void hr_prom_text_family(struct hr_prom_text *p, const char *name, enum hr_prom_type type,
			 const char *unit, const char *help)
{
	bool has_unit = unit && unit[0];
	HR_CHECK(name_is_valid(name) && (!has_unit || ends_with(name, unit)));
	p->family = name;
	p->type = type;
	describe(p, "# HELP ");
	escaped(p, help, p->format == HR_PROM_OPENMETRICS);
	text(p, "\n");
	describe(p, "# TYPE ");
	text(p, type_name(p, type));
	text(p, "\n");
	if (has_unit && p->format == HR_PROM_OPENMETRICS) {
		describe(p, "# UNIT ");
		text(p, unit);
		text(p, "\n");
	}
}

/* le: the bound of a bucket, or NULL. */
static void line(struct hr_prom_text *p, const char *ending, const struct hr_prom_label *label,
		 size_t n, const char *le, const char *number)
{
	text(p, p->family);
	text(p, ending);
	for (size_t i = 0; i < n; i++) {
		HR_CHECK(name_is_valid(label[i].name));
		text(p, i == 0 ? "{" : ",");
		text(p, label[i].name);
		text(p, "=\"");
		escaped(p, label[i].value, true);
		text(p, "\"");
	}
	if (le) {
		text(p, n == 0 ? "{le=\"" : ",le=\"");
		text(p, le);
		text(p, "\"");
	}
	text(p, n > 0 || le ? "} " : " ");
	text(p, number);
	text(p, "\n");
}

void hr_prom_text_sample(struct hr_prom_text *p, const struct hr_prom_label *label, size_t n,
			 int64_t value, int decimals)
{
	char number[NUMBER_BYTES];
	HR_CHECK(p->family && p->type != HR_PROM_HISTOGRAM);
	format_number(value, decimals, number);
	line(p, suffix(p->type), label, n, NULL, number);
}

void hr_prom_text_histogram(struct hr_prom_text *p, const struct hr_prom_label *label, size_t n,
			    const int64_t *bound, const uint64_t *count, size_t n_bounds,
			    int64_t sum, int decimals)
{
	char le[NUMBER_BYTES + 2], number[NUMBER_BYTES];
	uint64_t total = 0;
	HR_CHECK(p->family && p->type == HR_PROM_HISTOGRAM);
	for (size_t i = 0; i <= n_bounds; i++) {
		total += count[i];
		if (i < n_bounds)
			format_number(bound[i], decimals, le);
		else
			(void)snprintf(le, sizeof(le), "+Inf");
		/* OpenMetrics wants bounds in their canonical form, with a point. */
		if (i < n_bounds && p->format == HR_PROM_OPENMETRICS && !strchr(le, '.'))
			memcpy(le + strlen(le), ".0", 3);
		(void)snprintf(number, sizeof(number), "%" PRIu64, total);
		line(p, "_bucket", label, n, le, number);
	}
	format_number(sum, decimals, number);
	line(p, "_sum", label, n, NULL, number);
	(void)snprintf(number, sizeof(number), "%" PRIu64, total);
	line(p, "_count", label, n, NULL, number);
}

int hr_prom_text_done(struct hr_prom_text *p)
{
	if (p->format == HR_PROM_OPENMETRICS)
		text(p, "# EOF\n");
	flush(p);
	return p->rc;
}
