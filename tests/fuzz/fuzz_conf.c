/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any text at all as a configuration: each section refuses it with a sentence and stays what it
 * was, or takes it, and then what is printed is taken again and says the same. The text is also
 * tried as a single value, as a set of nodes and as an instant.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/controller.h"
#include "conf/keys.h"
#include "conf/nodeset.h"
#include "conf/rfc3339.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int ok)
{
	if (!ok)
		abort();
}

static void check_same(const struct hr_conf_table *t, const void *conf)
{
	char *text = hr_conf_print(t, conf, true);
	void *again = malloc(t->bytes);

	check(text != NULL && again != NULL);
	hr_conf_init(t, again);
	struct hr_conf_input in = {.file = "printed", .text = text, .bytes = strlen(text)};
	check(hr_conf_load(t, again, &in, NULL) == 0);
	char *first = hr_conf_print(t, conf, false);
	char *second = hr_conf_print(t, again, false);
	check(first != NULL && second != NULL && strcmp(first, second) == 0);
	hr_conf_done(t, again);
	free(again);
	free(text);
	free(first);
	free(second);
}

static void try_section(const struct hr_conf_table *t, const char *text, size_t size)
{
	void *conf = malloc(t->bytes);
	struct hr_err err = {0};
	struct hr_conf_input in = {.file = "fuzz", .text = text, .bytes = size};

	check(conf != NULL);
	hr_conf_init(t, conf);
	if (hr_conf_load(t, conf, &in, &err) == 0)
		check_same(t, conf);
	else
		check(err.code < 0 && err.text[0] != '\0');
	hr_conf_done(t, conf);
	/* steps without the checks between keys: every key with the whole text */
	hr_conf_init(t, conf);
	for (size_t i = 0; i < t->n_keys && size < 200; i++)
		if (hr_conf_set(t, conf, t->key[i].name, text, HR_CONF_FROM_FLAG, &err) < 0)
			check(err.code < 0);
	if (size < 200 && t->validate != NULL && t->validate(conf, &err) == 0)
		check_same(t, conf);
	hr_conf_done(t, conf);
	free(conf);
}

static void try_nodeset(const char *text)
{
	char name[HR_NAME_BYTES];
	struct hr_nodeset set;

	if (hr_nodeset_parse(text, &set, NULL) < 0)
		return;
	check(set.n > 0 && set.n <= HR_NODESET_NAMES_MAX);
	for (size_t i = 0; i < set.n; i += 1 + set.n / 64)
		check(hr_name_is_valid(hr_nodeset_name(&set, i, name)));
	check(hr_name_is_valid(hr_nodeset_name(&set, set.n - 1, name)));
}

static void try_instant(const char *text)
{
	char again[HR_RFC3339_BYTES];
	int64_t ns;
	int64_t back;

	if (hr_rfc3339_parse(text, &ns) < 0)
		return;
	check(hr_rfc3339_parse(hr_rfc3339_format(ns, again), &back) == 0 && back == ns);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	check(text != NULL);
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	for (size_t i = 0; hr_conf_sections[i] != NULL; i++)
		try_section(hr_conf_sections[i], text, size);
	try_nodeset(text);
	try_instant(text);
	free(text);
	return 0;
}
