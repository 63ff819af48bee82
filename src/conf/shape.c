/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first look at a YAML text, through libyaml's events.
 *
 * Not the meaning of the text. libyaml's loader takes time that grows with the square of the
 * depth and of the number of anchors; a text that passed here has neither. Invariant: the pass
 * ends at the first thing that is refused.
 */
#include "conf/shape.h"

#include <errno.h>
#include <string.h>
#include <yaml.h>

#include "conf/keys.h"

struct shape {
	const char *name;
	unsigned depth;
	unsigned documents;
	struct hr_err *reterr;
};

/* What libyaml has to say, in our form. */
static int syntax_error(const struct shape *s, const yaml_parser_t *p)
{
	const char *problem = p->problem != NULL ? p->problem : "unreadable";
	const char
	    *hint = strstr(problem, "tab character") != NULL ? "; indent with spaces"
		    : strstr(problem, "cannot start any token") != NULL
			? "; indent with spaces, and put texts that begin with a sign in quotes"
			: "";

	if (p->error == YAML_MEMORY_ERROR)
		return hr_err_set(s->reterr, -ENOMEM, "%s: no memory", s->name);
	if (p->error == YAML_READER_ERROR)
		return hr_err_set(
		    s->reterr, -EINVAL,
		    "%s: found bytes that are not printable UTF-8 text: %s at byte %zu", s->name,
		    problem, p->problem_offset);
	return hr_err_set(s->reterr, -EINVAL, "%s:%zu: found text that is not YAML: %s%s%s%s",
			  s->name, p->problem_mark.line + 1, problem, p->context != NULL ? " " : "",
			  p->context != NULL ? p->context : "", hint);
}

static int refuse(const struct shape *s, const yaml_event_t *e, const char *what)
{
	return hr_err_set(s->reterr, -EINVAL, "%s:%zu: found %s", s->name, e->start_mark.line + 1,
			  what);
}

static int open_node(struct shape *s, const yaml_event_t *e, const yaml_char_t *anchor,
		     const yaml_char_t *tag)
{
	if (anchor != NULL)
		return refuse(s, e, "an anchor (&name), expected each value written out");
	if (tag != NULL)
		return refuse(s, e, "a tag (!name), expected a plain value");
	if (s->depth > HR_CONF_SHAPE_DEPTH_MAX)
		return refuse(s, e, "lists and mappings nested deeper than 16, expected fewer");
	return 0;
}

static int step(struct shape *s, const yaml_event_t *e)
{
	switch (e->type) {
	case YAML_DOCUMENT_START_EVENT:
		if (s->documents++ > 0)
			return refuse(s, e, "a second document ('---'), expected one");
		return 0;
	case YAML_ALIAS_EVENT:
		return refuse(s, e, "an alias (*name), expected the value written out");
	case YAML_SCALAR_EVENT:
		return open_node(s, e, e->data.scalar.anchor, e->data.scalar.tag);
	case YAML_SEQUENCE_START_EVENT:
		s->depth++;
		return open_node(s, e, e->data.sequence_start.anchor, e->data.sequence_start.tag);
	case YAML_MAPPING_START_EVENT:
		s->depth++;
		return open_node(s, e, e->data.mapping_start.anchor, e->data.mapping_start.tag);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		s->depth--;
		return 0;
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_STREAM_END_EVENT:
	case YAML_DOCUMENT_END_EVENT:
		break;
	}
	return 0;
}

int hr_conf_shape_check(const char *text, size_t bytes, const char *name, struct hr_err *reterr)
{
	struct shape s = {.name = name, .reterr = reterr};
	yaml_parser_t parser;
	yaml_event_t event;
	bool end = false;
	int rc = 0;

	if (bytes > HR_CONF_TEXT_BYTES_MAX)
		return hr_err_set(reterr, -E2BIG, "%s: found %zu bytes, expected at most %u", name,
				  bytes, HR_CONF_TEXT_BYTES_MAX);
	if (yaml_parser_initialize(&parser) == 0)
		return hr_err_set(reterr, -ENOMEM, "%s: no memory", name);
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, bytes);
	while (rc == 0 && !end) {
		if (yaml_parser_parse(&parser, &event) == 0) {
			rc = syntax_error(&s, &parser);
			break;
		}
		end = event.type == YAML_STREAM_END_EVENT;
		rc = step(&s, &event);
		yaml_event_delete(&event);
	}
	yaml_parser_delete(&parser);
	return rc;
}
