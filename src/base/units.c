/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Amounts to text and back, and the arithmetic that must not overflow. No locale, no floating
 * point. Invariant: parse(format(x)) == x for every int64_t.
 */
#include "base/units.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define FRACTION_DIGITS_MAX 18
#define TEXT_SHOWN 40 /* of a wrong text, in the sentence */

struct unit {
	const char *name;
	int64_t scale;
	unsigned decimals; /* scale == 10^decimals, or 0 if the unit is not a power of ten */
	bool decimal;
};

/* From small to large: format() prefers the later of two equally short texts. */
static const struct unit power_unit[] = {
    {"uW", 1, 0, true},
    {"mW", 1000, 3, true},
    {"W", HR_UW_PER_W, 6, true},
    {"kW", 1000 * HR_UW_PER_W, 9, true},
    {"MW", 1000000 * HR_UW_PER_W, 12, true},
    {NULL, 0, 0, false},
};

static const struct unit span_unit[] = {
    {"ns", 1, 0, true},
    {"us", 1000, 3, true},
    {"ms", 1000000, 6, true},
    {"s", 1000000000, 9, true},
    {"min", INT64_C(60) * 1000000000, 0, false},
    {"h", INT64_C(3600) * 1000000000, 0, false},
    {"d", INT64_C(86400) * 1000000000, 0, false},
    {NULL, 0, 0, false},
};

/* What is read of a text before its unit is known: (-1)^negative * (whole + part / 10^digits). */
struct number {
	bool negative;
	bool huge;   /* more whole digits than any unit allows */
	bool finest; /* more digits after the point than any unit allows */
	uint64_t whole;
	int64_t part;
	unsigned digits;
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static const char *scan_whole(const char *p, struct number *n)
{
	for (; is_digit(*p); p++) {
		if (n->whole > (UINT64_MAX - 9) / 10)
			n->huge = true;
		else
			n->whole = n->whole * 10 + (uint64_t)(*p - '0');
	}
	return p;
}

static const char *scan_part(const char *p, struct number *n)
{
	unsigned zeros = 0;

	/* Zeros count only when a digit follows them: "1.50000" has one decimal. */
	for (; is_digit(*p); p++) {
		if (*p == '0') {
			zeros++;
			continue;
		}
		if (zeros >= FRACTION_DIGITS_MAX || n->digits + zeros >= FRACTION_DIGITS_MAX) {
			n->finest = true;
			continue;
		}
		for (; zeros > 0; zeros--, n->digits++)
			n->part *= 10;
		n->part = n->part * 10 + (*p - '0');
		n->digits++;
	}
	return p;
}

/* Returns where the number ends, or NULL if there is none. */
static const char *scan_number(const char *p, struct number *n)
{
	*n = (struct number){0};
	if (*p == '-') {
		n->negative = true;
		p++;
	}
	if (!is_digit(*p))
		return NULL;
	p = scan_whole(p, n);
	if (*p != '.')
		return p;
	if (!is_digit(p[1]))
		return NULL;
	return scan_part(p + 1, n);
}

static const struct unit *find_unit(const struct unit *table, const char *name)
{
	const struct unit *u;

	for (u = table; u->name != NULL; u++)
		if (strcmp(u->name, name) == 0)
			return u;
	return NULL;
}

/* 0, or -ERANGE (does not fit), or -EDOM (finer than the smallest amount). */
static int convert(const struct number *n, int64_t scale, int64_t *ret)
{
	__int128 total = (__int128)n->whole * scale;
	__int128 part = (__int128)n->part * scale;
	unsigned i;

	if (n->huge)
		return -ERANGE;
	if (n->finest)
		return -EDOM;
	for (i = 0; i < n->digits; i++) {
		if (part % 10 != 0)
			return -EDOM;
		part /= 10;
	}
	total += part;
	if (n->negative)
		total = -total;
	if (total > INT64_MAX || total < INT64_MIN)
		return -ERANGE;
	*ret = (int64_t)total;
	return 0;
}

static int parse(const char *text, const struct unit *table, const char *what, const char *units,
		 int64_t *ret, struct hr_err *reterr)
{
	const struct unit *u;
	const char *end;
	struct number n;
	int r;

	if (text == NULL)
		return hr_err_set(reterr, -EINVAL, "%s is missing: write a number and a unit (%s)",
				  what, units);
	end = scan_number(text, &n);
	if (end == NULL)
		return hr_err_set(reterr, -EINVAL,
				  "%s \"%.*s\" is not a number with a unit: write for example %s",
				  what, TEXT_SHOWN, text,
				  table == power_unit ? "\"250 W\"" : "\"500 ms\"");
	while (*end == ' ' || *end == '\t')
		end++;
	u = find_unit(table, end);
	if (u == NULL)
		return hr_err_set(reterr, -EINVAL, "%s \"%.*s\" has %s: the units are %s", what,
				  TEXT_SHOWN, text, *end == '\0' ? "no unit" : "an unknown unit",
				  units);
	r = convert(&n, u->scale, ret);
	if (r == -EDOM)
		return hr_err_set(reterr, -ERANGE,
				  "%s \"%.*s\" is finer than one %s: leave out the last digits",
				  what, TEXT_SHOWN, text, table[0].name);
	if (r < 0)
		return hr_err_set(reterr, -ERANGE, "%s \"%.*s\" is too large", what, TEXT_SHOWN,
				  text);
	return 0;
}

int hr_power_parse(const char *text, int64_t *ret_uw, struct hr_err *reterr)
{
	return parse(text, power_unit, "power", "uW, mW, W, kW, MW", ret_uw, reterr);
}

int hr_span_parse(const char *text, int64_t *ret_ns, struct hr_err *reterr)
{
	return parse(text, span_unit, "time span", "ns, us, ms, s, min, h, d", ret_ns, reterr);
}

static uint64_t magnitude(int64_t x)
{
	return x < 0 ? 0 - (uint64_t)x : (uint64_t)x;
}

/* Writes x in one unit, or returns 0 if the unit does not suit it. */
static size_t put_in_unit(int64_t x, const struct unit *u, char buf[HR_UNITS_TEXT_BYTES])
{
	uint64_t m = magnitude(x), scale = (uint64_t)u->scale;
	unsigned digits = u->decimals;
	uint64_t part = m % scale;
	const char *sign = x < 0 ? "-" : "";
	int n;

	if (m < scale || (part != 0 && !u->decimal))
		return 0;
	if (part == 0) {
		n = snprintf(buf, HR_UNITS_TEXT_BYTES, "%s%" PRIu64 " %s", sign, m / scale,
			     u->name);
	} else {
		for (; part % 10 == 0; part /= 10)
			digits--;
		n = snprintf(buf, HR_UNITS_TEXT_BYTES, "%s%" PRIu64 ".%0*" PRIu64 " %s", sign,
			     m / scale, (int)digits, part, u->name);
	}
	return n > 0 && n < HR_UNITS_TEXT_BYTES ? (size_t)n : 0;
}

static char *format(int64_t x, const struct unit *table, const char *zero,
		    char buf[HR_UNITS_TEXT_BYTES])
{
	char candidate[HR_UNITS_TEXT_BYTES];
	size_t best = HR_UNITS_TEXT_BYTES;
	const struct unit *u;

	memcpy(buf, zero, strlen(zero) + 1);
	for (u = table; u->name != NULL; u++) {
		size_t n = put_in_unit(x, u, candidate);

		if (n != 0 && n <= best) {
			best = n;
			memcpy(buf, candidate, n + 1);
		}
	}
	return buf;
}

char *hr_power_format(int64_t uw, char buf[HR_UNITS_TEXT_BYTES])
{
	return format(uw, power_unit, "0 W", buf);
}

char *hr_span_format(int64_t ns, char buf[HR_UNITS_TEXT_BYTES])
{
	return format(ns, span_unit, "0 s", buf);
}

char *hr_power_format_watts(int64_t uw, int decimals, char buf[HR_UNITS_TEXT_BYTES])
{
	uint64_t m = magnitude(uw), step = 1, unit = 1;
	int i, d = decimals < 0 ? 0 : decimals > 6 ? 6 : decimals;

	for (i = d; i < 6; i++)
		step *= 10;
	for (i = 0; i < d; i++)
		unit *= 10;
	m = (m + step / 2) / step;
	if (d == 0)
		snprintf(buf, HR_UNITS_TEXT_BYTES, "%s%" PRIu64, uw < 0 && m != 0 ? "-" : "", m);
	else
		snprintf(buf, HR_UNITS_TEXT_BYTES, "%s%" PRIu64 ".%0*" PRIu64,
			 uw < 0 && m != 0 ? "-" : "", m / unit, d, m % unit);
	return buf;
}

static int64_t saturate(__int128 x)
{
	if (x > INT64_MAX)
		return INT64_MAX;
	if (x < INT64_MIN)
		return INT64_MIN;
	return (int64_t)x;
}

int64_t hr_muldiv_floor(int64_t a, int64_t b, int64_t c)
{
	__int128 product = (__int128)a * b;
	__int128 q;

	HR_CHECK(c > 0);
	q = product / c;
	if (product % c < 0)
		q--;
	return saturate(q);
}

int64_t hr_muldiv_ceil(int64_t a, int64_t b, int64_t c)
{
	__int128 product = (__int128)a * b;
	__int128 q;

	HR_CHECK(c > 0);
	q = product / c;
	if (product % c > 0)
		q++;
	return saturate(q);
}

int64_t hr_add_sat(int64_t a, int64_t b)
{
	return saturate((__int128)a + b);
}
