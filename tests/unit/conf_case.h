/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of conf/ share: loading a text as "t.conf", and looking at the sentence.
 */
#ifndef HR_TESTS_CONF_CASE_H
#define HR_TESTS_CONF_CASE_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "conf/agent.h"
#include "conf/controller.h"
#include "conf/guard.h"
#include "conf/keys.h"

/* Loads text over *conf, which must have been initialised. */
static inline int case_load(const struct hr_conf_table *t, void *conf, const char *text,
			    struct hr_err *err)
{
	struct hr_conf_input in = {.file = "t.conf", .text = text, .bytes = strlen(text)};

	*err = (struct hr_err){0};
	return hr_conf_load(t, conf, &in, err);
}

/* The text must be refused with exactly that sentence, and leave the defaults as they were. */
static inline void case_refused(const struct hr_conf_table *t, const char *text,
				const char *sentence)
{
	void *conf = calloc(1, t->bytes);
	void *before = calloc(1, t->bytes);
	struct hr_err err;

	assert_non_null(conf);
	assert_non_null(before);
	hr_conf_init(t, conf);
	hr_conf_init(t, before);
	assert_true(case_load(t, conf, text, &err) < 0);
	assert_string_equal(err.text, sentence);
	assert_true(err.code < 0);
	assert_memory_equal(conf, before, t->bytes);
	free(conf);
	free(before);
}

/* Both have the same values, whatever their origins. */
static inline void case_same(const struct hr_conf_table *t, const void *a, const void *b)
{
	char *x = hr_conf_print(t, a, false);
	char *y = hr_conf_print(t, b, false);

	assert_non_null(x);
	assert_non_null(y);
	assert_string_equal(x, y);
	free(x);
	free(y);
}

#endif
