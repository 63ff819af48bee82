/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sets of node names. The names are made on demand, so that a set costs the same however many
 * names it has. Invariant: n is the product of the brackets, summed over the terms, and at most
 * HR_NODESET_NAMES_MAX; every name is valid and fits.
 */
#include "conf/nodeset.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define NUMBER_MAX 999999999
#define WIDTH_MAX 9

static int fail(const struct hr_nodeset *s, int code, const char *expected, struct hr_err *reterr)
{
	return hr_err_set(reterr, code, "found '%.60s', expected %s", s->text, expected);
}

static bool number(const char **text, uint32_t *ret, unsigned *ret_digits)
{
	unsigned digits = 0;
	uint32_t v = 0;

	for (; **text >= '0' && **text <= '9'; (*text)++) {
		if (++digits > WIDTH_MAX)
			return false;
		v = v * 10 + (uint32_t)(**text - '0');
	}
	*ret = v;
	*ret_digits = digits;
	return digits > 0;
}

/* "01", "01-80" or "0-8/2" */
static bool range_parse(const char **text, struct hr_nodeset_range *ret)
{
	uint32_t low;
	uint32_t high;
	uint32_t step = 1;
	unsigned low_digits;
	unsigned digits;

	if (!number(text, &low, &low_digits))
		return false;
	high = low;
	if (**text == '-') {
		(*text)++;
		if (!number(text, &high, &digits) || high < low)
			return false;
		/* 01-080 would mean two paddings */
		if (digits < low_digits ||
		    (digits > low_digits && low_digits > 1 && (*text)[-(int)digits] == '0'))
			return false;
		if (**text == '/') {
			(*text)++;
			if (!number(text, &step, &digits) || step == 0)
				return false;
		}
	}
	*ret = (struct hr_nodeset_range){
	    .low = low, .step = step, .n = (high - low) / step + 1, .width = low_digits};
	return true;
}

/* From behind '[' to behind ']'. */
static int bracket_parse(struct hr_nodeset *s, struct hr_nodeset_term *term, const char **text,
			 struct hr_err *reterr)
{
	static const char expected[] = "numbers and ranges in brackets, such as node[01-80,90]";
	unsigned b = term->n_brackets;

	term->bracket[b].range_at = (uint16_t)s->n_ranges;
	for (;;) {
		if (s->n_ranges == HR_NODESET_RANGES_MAX)
			return fail(s, -E2BIG, "at most 64 ranges", reterr);
		struct hr_nodeset_range *r = &s->range[s->n_ranges];
		if (!range_parse(text, r))
			return fail(s, -EINVAL, expected, reterr);
		s->n_ranges++;
		term->bracket[b].n_ranges++;
		term->bracket[b].n += r->n;
		if (**text != ',')
			break;
		(*text)++;
	}
	if (**text != ']')
		return fail(s, -EINVAL, expected, reterr);
	(*text)++;
	term->n_brackets++;
	return 0;
}

/* Up to a comma outside of brackets, or the end. */
static int term_parse(struct hr_nodeset *s, struct hr_nodeset_term *term, const char **text,
		      struct hr_err *reterr)
{
	uint64_t n = 1;

	for (;;) {
		size_t plain = strcspn(*text, "[],");
		uint16_t from = (uint16_t)(*text - s->text);

		*text += plain;
		if (**text != '[') {
			term->tail_at = from;
			term->tail_n = (uint16_t)plain;
			break;
		}
		if (term->n_brackets == HR_NODESET_BRACKETS_MAX)
			return fail(s, -E2BIG, "at most 3 brackets in a name", reterr);
		term->bracket[term->n_brackets].text_at = from;
		term->bracket[term->n_brackets].text_n = (uint16_t)plain;
		(*text)++;
		int rc = bracket_parse(s, term, text, reterr);
		if (rc < 0)
			return rc;
		n *= term->bracket[term->n_brackets - 1].n;
		if (n > HR_NODESET_NAMES_MAX)
			return fail(s, -E2BIG, "at most 65536 names", reterr);
	}
	if (**text == ']')
		return fail(s, -EINVAL, "a '[' before every ']'", reterr);
	term->n = (size_t)n;
	return 0;
}

/*
 * Names of one term differ in their digits only, so it is enough to look at the longest, which
 * the last number of each bracket's widest range makes.
 */
static bool term_is_valid(const struct hr_nodeset *s, const struct hr_nodeset_term *term)
{
	char name[HR_NODESET_TEXT_BYTES];
	size_t n = 0;

	for (unsigned b = 0; b < term->n_brackets; b++) {
		memcpy(name + n, s->text + term->bracket[b].text_at, term->bracket[b].text_n);
		n += term->bracket[b].text_n;
		unsigned width = 0;
		for (unsigned r = 0; r < term->bracket[b].n_ranges; r++) {
			const struct hr_nodeset_range *x = &s->range[term->bracket[b].range_at + r];
			uint32_t last = x->low + x->step * (x->n - 1);
			unsigned digits = 1;
			for (uint32_t v = last; v >= 10; v /= 10)
				digits++;
			width = digits > width ? digits : width;
			width = x->width > width ? x->width : width;
		}
		if (n + width + HR_NAME_BYTES >= sizeof(name))
			return false;
		memset(name + n, '0', width);
		n += width;
	}
	if (n + term->tail_n >= HR_NAME_BYTES)
		return false;
	memcpy(name + n, s->text + term->tail_at, term->tail_n);
	name[n + term->tail_n] = '\0';
	return hr_name_is_valid(name);
}

int hr_nodeset_parse(const char *text, struct hr_nodeset *ret, struct hr_err *reterr)
{
	struct hr_nodeset *s = ret;
	size_t bytes = strlen(text);

	memset(s, 0, sizeof(*s));
	if (bytes >= sizeof(s->text))
		return hr_err_set(reterr, -E2BIG, "found %zu bytes, expected at most %zu", bytes,
				  sizeof(s->text) - 1);
	memcpy(s->text, text, bytes);
	for (const char *at = s->text;; at++) {
		if (s->n_terms == HR_NODESET_TERMS_MAX)
			return fail(s, -E2BIG, "at most 16 sets joined by commas", reterr);
		struct hr_nodeset_term *term = &s->term[s->n_terms];
		int rc = term_parse(s, term, &at, reterr);
		if (rc < 0)
			return rc;
		if (!term_is_valid(s, term))
			return fail(s, -EINVAL,
				    "names of 1 to 63 letters, digits and ._:- that begin with "
				    "none of .-",
				    reterr);
		s->n_terms++;
		s->n += term->n;
		if (s->n > HR_NODESET_NAMES_MAX)
			return fail(s, -E2BIG, "at most 65536 names", reterr);
		if (*at == '\0')
			return 0;
	}
}

/* The i-th number of a bracket. */
static uint32_t bracket_number(const struct hr_nodeset *s, const struct hr_nodeset_term *term,
			       unsigned b, size_t i, unsigned *ret_width)
{
	const struct hr_nodeset_range *r = &s->range[term->bracket[b].range_at];

	while (i >= r->n) {
		i -= r->n;
		r++;
	}
	*ret_width = r->width;
	return r->low + r->step * (uint32_t)i;
}

char *hr_nodeset_name(const struct hr_nodeset *s, size_t i, char buf[HR_NAME_BYTES])
{
	const struct hr_nodeset_term *term = s->term;
	size_t n = 0;

	HR_CHECK(i < s->n);
	while (i >= term->n) {
		i -= term->n;
		term++;
	}
	size_t below = term->n; /* names for one number of the bracket at hand */
	for (unsigned b = 0; b < term->n_brackets; b++) {
		unsigned width;
		below /= term->bracket[b].n;
		uint32_t v = bracket_number(s, term, b, i / below, &width);
		i %= below;
		int more = snprintf(buf + n, HR_NAME_BYTES - n, "%.*s%0*" PRIu32,
				    (int)term->bracket[b].text_n,
				    s->text + term->bracket[b].text_at, (int)width, v);
		HR_CHECK(more > 0 && n + (size_t)more < HR_NAME_BYTES);
		n += (size_t)more;
	}
	(void)snprintf(buf + n, HR_NAME_BYTES - n, "%.*s", (int)term->tail_n,
		       s->text + term->tail_at);
	return buf;
}
