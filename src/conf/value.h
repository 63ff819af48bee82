/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One scalar value of a key: text to field and back.
 */
#ifndef HR_CONF_VALUE_H
#define HR_CONF_VALUE_H

#include "base/err.h"
#include "conf/keys.h"

#define HR_CONF_VALUE_BYTES (HR_CONF_STRING_BYTES * 2 + 3)

/*
 * Sets *field (the key's own type, k->bytes long). 0, -EINVAL or -ERANGE with "found ...,
 * expected ..." and nothing changed. bytes: of the text, so that a zero inside is seen.
 */
int hr_conf_value_parse(const struct hr_conf_key *k, const char *text, size_t bytes, void *field,
			struct hr_err *reterr) HR_MUST_CHECK;

/* The value as YAML reads it back, quoted where needed; returns buf. */
char *hr_conf_value_format(const struct hr_conf_key *k, const void *field,
			   char buf[HR_CONF_VALUE_BYTES]);

/* What the key takes, for people: "a power from 0 W to 1 MW, with its unit"; returns buf. */
char *hr_conf_value_expected(const struct hr_conf_key *k, char *buf, size_t bytes);

bool hr_conf_type_is_scalar(enum hr_conf_type type);
const char *hr_conf_type_name(enum hr_conf_type type);

#endif
