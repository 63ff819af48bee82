/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Metrics as text: Prometheus 0.0.4, or OpenMetrics 1.0 where the scraper asks for it.
 *
 * The writer keeps a small buffer and hands pieces to the caller's sink, so that ten thousand
 * nodes need no more memory here than one. The first error of the sink stops all output and is
 * the answer of _done. Families come one after the other; a family's samples follow it.
 *
 * A name is given without "_total" and "_info"; the writer adds them where the format wants them.
 * Where there is a unit ("joules", "watts") the name must end with it.
 */
#ifndef HR_WIRE_PROM_TEXT_H
#define HR_WIRE_PROM_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

enum hr_prom_format { HR_PROM_TEXT, HR_PROM_OPENMETRICS };

enum hr_prom_type { HR_PROM_COUNTER, HR_PROM_GAUGE, HR_PROM_HISTOGRAM, HR_PROM_INFO };

struct hr_prom_label {
	const char *name;
	const char *value; /* any text: escaped, what is not UTF-8 becomes '?' */
};

/* Takes n bytes; 0, or a negative errno that ends the output. */
typedef int hr_prom_sink_fn(void *ctx, const char *bytes, size_t n);

/* The fields are the writer's. */
struct hr_prom_text {
	enum hr_prom_format format;
	hr_prom_sink_fn *sink;
	void *ctx;
	int rc;
	const char *family;
	enum hr_prom_type type;
	size_t used;
	char buf[2048];
};

/* The format that an Accept header asks for; NULL is no header. */
enum hr_prom_format hr_prom_text_negotiate(const char *accept);
/* The Content-Type that goes with a format. */
const char *hr_prom_text_content_type(enum hr_prom_format format);

void hr_prom_text_init(struct hr_prom_text *p, enum hr_prom_format format, hr_prom_sink_fn *sink,
		       void *ctx);

/* Begins a family. name and unit ("" or NULL: none) must live until the next one. */
void hr_prom_text_family(struct hr_prom_text *p, const char *name, enum hr_prom_type type,
			 const char *unit, const char *help);

/*
 * A sample of value / 10^decimals (0 to 9), written exactly: microwatts as watts are decimals 6.
 * Of an info family the value must be 1.
 */
void hr_prom_text_sample(struct hr_prom_text *p, const struct hr_prom_label *label, size_t n,
			 int64_t value, int decimals);

/*
 * A histogram: n_bounds rising upper bounds with 10^-decimals as unit, n_bounds + 1 counts that
 * are not cumulative, and the sum in the same unit.
 */
void hr_prom_text_histogram(struct hr_prom_text *p, const struct hr_prom_label *label, size_t n,
			    const int64_t *bound, const uint64_t *count, size_t n_bounds,
			    int64_t sum, int decimals);

/* Ends the text. 0 or the first error of the sink. */
int hr_prom_text_done(struct hr_prom_text *p) HR_MUST_CHECK;

#endif
