/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The events of a simulated world in the order of their time; equal times keep the order in which
 * they were added, so a run is a function of its seed.
 */
#ifndef HR_SIM_QUEUE_H
#define HR_SIM_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hr_queue_event {
	int64_t at_ns;
	uint64_t order; /* set by hr_queue_push */
	int kind;
	int node;
	uint32_t life; /* of whom it concerns; an event of an earlier life is void */
	int slot;      /* of what it carries; -1: nothing */
};

/* A binary heap over the caller's array. */
struct hr_queue {
	struct hr_queue_event *event;
	size_t n, max;
	uint64_t orders;
};

void hr_queue_init(struct hr_queue *q, struct hr_queue_event *memory, size_t max);
/* False if the queue is full: nothing was added. */
bool hr_queue_push(struct hr_queue *q, struct hr_queue_event ev);
/* False if it is empty. */
bool hr_queue_pop(struct hr_queue *q, struct hr_queue_event *ret);

#endif
