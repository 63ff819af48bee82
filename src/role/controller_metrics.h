/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The controller's metrics. Private to controller_*.c. Every name stands for one thing that may be
 * summed over its labels; what is not known is left out.
 */
#ifndef HR_ROLE_CONTROLLER_METRICS_H
#define HR_ROLE_CONTROLLER_METRICS_H

#include "role/controller_internal.h"
#include "wire/prom_text.h"

/* 0 or the first error of the sink. */
int hr_controller_metrics_write(const struct hr_controller_shell *s, enum hr_prom_format format,
				hr_prom_sink_fn *sink, void *ctx) HR_MUST_CHECK;

#endif
