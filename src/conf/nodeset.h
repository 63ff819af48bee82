/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sets of node names in ClusterShell's way: "node[01-80,90]", "rack[1-4]n[01-20]", "a1,b[2-3]".
 * Zero padding is kept as written, "[0-8/2]" steps. Bounded: HR_NODESET_NAMES_MAX names.
 */
#ifndef HR_CONF_NODESET_H
#define HR_CONF_NODESET_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "model/ident.h"

#define HR_NODESET_TEXT_BYTES 256
#define HR_NODESET_NAMES_MAX 65536
#define HR_NODESET_TERMS_MAX 16
#define HR_NODESET_BRACKETS_MAX 3 /* of one term */
#define HR_NODESET_RANGES_MAX 64  /* of all terms together */

struct hr_nodeset_range {
	uint32_t low;
	uint32_t step;
	uint32_t n;
	unsigned width; /* least number of digits */
};

struct hr_nodeset_term {
	size_t n; /* names of this term */
	unsigned n_brackets;
	struct {
		uint16_t text_at; /* the text before the bracket */
		uint16_t text_n;
		uint16_t range_at;
		uint16_t n_ranges;
		size_t n; /* numbers in the bracket */
	} bracket[HR_NODESET_BRACKETS_MAX];
	uint16_t tail_at; /* the text after the last bracket */
	uint16_t tail_n;
};

struct hr_nodeset {
	size_t n; /* names in all */
	char text[HR_NODESET_TEXT_BYTES];
	unsigned n_terms;
	struct hr_nodeset_term term[HR_NODESET_TERMS_MAX];
	unsigned n_ranges;
	struct hr_nodeset_range range[HR_NODESET_RANGES_MAX];
};

/* 0 or -EINVAL, -E2BIG (too many names) with "found ..., expected ...". Every name is valid. */
int hr_nodeset_parse(const char *text, struct hr_nodeset *ret, struct hr_err *reterr) HR_MUST_CHECK;
/* The i-th name, i < s->n; returns buf. A name may appear twice. */
char *hr_nodeset_name(const struct hr_nodeset *s, size_t i, char buf[HR_NAME_BYTES]);

#endif
