/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Configuration as data: one table of keys per struct. The checker, the effective configuration
 * that "config print" shows, the manual page and the commented sample are all made from the
 * tables, so that they cannot disagree.
 *
 * A file is one YAML mapping of sections ("agent:", "guard:", "controller:"); a role reads its
 * own section. Nothing here opens a file or reads the environment: the caller hands text in.
 * It is strict: unknown key, duplicate key, wrong type, missing unit and a value out of range
 * are each one sentence, "FILE:LINE: key 'x': found ..., expected ...".
 *
 * Precedence is flag over environment over file over default, whatever the order of the calls.
 *
 * A configured struct begins with its struct hr_conf_origins (offset 0). Lists are arrays on the
 * heap that the struct owns: hr_conf_done frees them.
 */
#ifndef HR_CONF_KEYS_H
#define HR_CONF_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"

#define HR_CONF_TEXT_BYTES_MAX (UINT32_C(8) << 20) /* of a file */
#define HR_CONF_STRING_BYTES 256                   /* paths and other texts, with the final zero */
#define HR_CONF_HOST_BYTES 128
#define HR_CONF_ENDPOINT_BYTES (HR_CONF_HOST_BYTES + 16)
#define HR_CONF_KEYS_MAX 64 /* of a section, nested structs included, lists counted as one */
#define HR_CONF_DEPTH_MAX 8

enum hr_conf_type {
	HR_CONF_BOOL,     /* bool: true or false */
	HR_CONF_INTEGER,  /* int64_t */
	HR_CONF_PERMILLE, /* int64_t: "0.905" is stored as 905 */
	HR_CONF_POWER,    /* int64_t microwatts, unit required */
	HR_CONF_SPAN,     /* int64_t nanoseconds, unit required */
	HR_CONF_CHOICE,   /* an enum: one of a list of words */
	HR_CONF_STRING,   /* char[]: printable text; min and max bound its length */
	HR_CONF_NAME,     /* char[HR_NAME_BYTES]: hr_name_is_valid, or empty unless required */
	HR_CONF_PATH,     /* char[]: an absolute path, or empty unless required */
	HR_CONF_UUID,     /* struct hr_uuid; empty: none */
	HR_CONF_ENDPOINT, /* struct hr_conf_endpoint; empty: none; max: port if none is written */
	HR_CONF_TIME,     /* int64_t nanoseconds of Unix time, written as RFC 3339 */
	HR_CONF_DAYTIME,  /* int32_t second of the day, "08:00" or "08:00:30" */
	HR_CONF_STRUCT,   /* a nested struct */
	HR_CONF_LIST,     /* pointer to items and, at offset_n, their number (size_t) */
	HR_CONF__MAX
};

struct hr_conf_choice {
	const char *name; /* NULL ends the list */
	int value;
	const char *help;
};

struct hr_conf_endpoint {
	char host[HR_CONF_HOST_BYTES]; /* name, address without brackets, "*": any; "": none */
	uint16_t port;
};

struct hr_conf_table;

struct hr_conf_key {
	const char *name; /* "": the item of a list of scalars */
	enum hr_conf_type type;
	bool required; /* must be there in an item; texts: must not be empty */
	size_t offset;
	size_t bytes;      /* of the field */
	size_t offset_n;   /* lists */
	const char *unset; /* default as text; NULL: "", "0" or the empty list, as fits the type */
	const char *unit;  /* of an integer, for people */
	int64_t min;
	int64_t max;
	const struct hr_conf_choice *choice;
	const struct hr_conf_table *table; /* of nested structs and of the items of a list */
	const char *help;                  /* sentences */
	const char *example;               /* a value worth showing, one YAML line; or NULL */
};

struct hr_conf_table {
	const char *name; /* of the section, or of one item: "node" */
	const char *help;
	size_t bytes; /* of the struct */
	const struct hr_conf_key *key;
	size_t n_keys;
	size_t offset_line; /* items: an int that takes the line; 0: there is none */
	/* Checks between keys; NULL: none. 0 or -EINVAL with the sentence. */
	int (*validate)(const void *conf, struct hr_err *reterr);
};

/* One row of a table: HR_CONF_KEY(struct x, "rate_hz", INTEGER, rate_hz, .min = 1, ...). */
#define HR_CONF_KEY(strukt, key, kind, member, ...) \
	{ \
		.name = key, .type = HR_CONF_##kind, .offset = offsetof(strukt, member), \
		.bytes = sizeof(((strukt *)0)->member), __VA_ARGS__ \
	}
/* One row for a list: pointer "member" and count "n_member". */
#define HR_CONF_KEY_LIST(strukt, key, member, items, ...) \
	{ \
		.name = key, .type = HR_CONF_LIST, .offset = offsetof(strukt, member), \
		.bytes = sizeof(void *), .offset_n = offsetof(strukt, n_##member), .table = items, \
		__VA_ARGS__ \
	}

enum hr_conf_origin {
	HR_CONF_FROM_DEFAULT,
	HR_CONF_FROM_FILE,
	HR_CONF_FROM_ENV,
	HR_CONF_FROM_FLAG,
	HR_CONF_FROM__MAX
};

/* Where each value came from; keys are counted in the order of the table, nested ones in place. */
struct hr_conf_origins {
	char file[HR_CONF_STRING_BYTES];
	struct {
		enum hr_conf_origin from;
		int line; /* in the file, from 1 */
	} key[HR_CONF_KEYS_MAX];
};

/* One item of a list of texts (patterns, users). */
struct hr_conf_word {
	char text[HR_CONF_STRING_BYTES];
};

/* Asks for an environment variable; NULL: not set. The text need not outlive the call. */
typedef const char *hr_conf_getenv(void *ctx, const char *name);

struct hr_conf_flag {
	const char *path; /* "rate_hz", "http.listen" */
	const char *text;
};

/* Everything one load is made of. */
struct hr_conf_input {
	const char *file; /* for messages; NULL: there is no file */
	const char *text; /* need not end in a zero */
	size_t bytes;
	hr_conf_getenv *env; /* NULL: no environment */
	void *env_ctx;
	const struct hr_conf_flag *flag;
	size_t n_flags;
};

/*
 * Builds a new configuration from defaults, file, environment and flags, checks it wholly and
 * only then replaces *conf, freeing what it held: after any failure *conf is what it was. *conf
 * must have been set by hr_conf_init or by an earlier load.
 * 0, -EINVAL, -ERANGE or -ENOMEM with the sentence.
 */
int hr_conf_load(const struct hr_conf_table *t, void *conf, const struct hr_conf_input *in,
		 struct hr_err *reterr) HR_MUST_CHECK;

/* Fills the struct with the defaults; what it held is not freed. */
void hr_conf_init(const struct hr_conf_table *t, void *conf);
/* Frees the lists and zeroes the struct. */
void hr_conf_done(const struct hr_conf_table *t, void *conf);

/*
 * The steps of a load. Each changes *conf in place, and may leave it half changed on failure:
 * for a running configuration use hr_conf_load. No checks between keys.
 */
int hr_conf_parse(const struct hr_conf_table *t, void *conf, const char *text, size_t bytes,
		  const char *file, struct hr_err *reterr) HR_MUST_CHECK;
/* One key; lists and structs are given in YAML's flow form, lists of words also as "a,b". */
int hr_conf_set(const struct hr_conf_table *t, void *conf, const char *path, const char *text,
		enum hr_conf_origin from, struct hr_err *reterr) HR_MUST_CHECK;
/* Every key that has its variable set: key http.listen of agent is HEADROOM_AGENT_HTTP_LISTEN. */
int hr_conf_env(const struct hr_conf_table *t, void *conf, hr_conf_getenv *env, void *ctx,
		struct hr_err *reterr) HR_MUST_CHECK;

/*
 * The effective configuration as YAML, with_origin: each value with a comment that says where it
 * came from. The text is the caller's to free; NULL: no memory. It parses back to the same values.
 */
char *hr_conf_print(const struct hr_conf_table *t, const void *conf, bool with_origin);
/* scdoc source of the section's part of headroom.conf(5); heap, NULL: no memory. */
char *hr_conf_manual(const struct hr_conf_table *t);
/* A sample section, every key commented out with its default; heap, NULL: no memory. */
char *hr_conf_sample(const struct hr_conf_table *t);
/* The whole of headroom.conf(5) in scdoc's form, every section in it; heap, NULL: no memory. */
char *hr_conf_manual_page(void);

/* Where the top-level key of that name was set: "FILE:LINE", "environment", ...; returns buf. */
char *hr_conf_where(const struct hr_conf_table *t, const void *conf, const char *path, int line,
		    char *buf, size_t bytes);

/* The sections that a file may have, in the order of the manual; ended by NULL. */
extern const struct hr_conf_table *const hr_conf_sections[];

/* ---- for conf/ itself ---- */

/* The key of that name, or NULL. */
const struct hr_conf_key *hr_conf_key_find(const struct hr_conf_table *t, const char *name);
/* The number of origins that the key takes: nested structs take one for each of their keys. */
size_t hr_conf_key_span(const struct hr_conf_key *k);
/* The nearest of n words within a small edit distance, or NULL. */
const char *hr_conf_nearest(const char *found, const char *const word[], size_t n);
/* " (did you mean 'x'?)" or "" for an unknown key; returns buf. */
char *hr_conf_suggest(const struct hr_conf_table *t, const char *found, char *buf, size_t bytes);
/* Frees the lists inside one struct. */
void hr_conf_lists_free(const struct hr_conf_table *t, void *strukt);
/* Defaults into one struct without origins. */
void hr_conf_defaults(const struct hr_conf_table *t, void *strukt);

#endif
