/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is a text one YAML document that can be loaded at a bounded cost? Looked at event by event,
 * before any tree is built: depth is bounded, anchors, aliases and tags are refused.
 */
#ifndef HR_CONF_SHAPE_H
#define HR_CONF_SHAPE_H

#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"

#define HR_CONF_SHAPE_DEPTH_MAX 16

/*
 * name: of the file, for "NAME:LINE: ...". 0, -EINVAL (no YAML, or of another shape), -E2BIG
 * (longer than HR_CONF_TEXT_BYTES_MAX) or -ENOMEM.
 */
int hr_conf_shape_check(const char *text, size_t bytes, const char *name,
			struct hr_err *reterr) HR_MUST_CHECK;

#endif
