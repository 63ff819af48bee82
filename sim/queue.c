/* SPDX-License-Identifier: Apache-2.0 */
/* See queue.h. Invariant: no event is earlier than its parent (i - 1) / 2. */
#include "sim/queue.h"

static bool earlier(const struct hr_queue_event *a, const struct hr_queue_event *b)
{
	if (a->at_ns != b->at_ns)
		return a->at_ns < b->at_ns;
	return a->order < b->order;
}

static void swap(struct hr_queue_event *a, struct hr_queue_event *b)
{
	struct hr_queue_event t = *a;

	*a = *b;
	*b = t;
}

void hr_queue_init(struct hr_queue *q, struct hr_queue_event *memory, size_t max)
{
	*q = (struct hr_queue){.event = memory, .max = max};
}

bool hr_queue_push(struct hr_queue *q, struct hr_queue_event ev)
{
	if (q->n == q->max)
		return false;
	ev.order = q->orders++;
	size_t i = q->n++;

	q->event[i] = ev;
	while (i > 0 && earlier(&q->event[i], &q->event[(i - 1) / 2])) {
		swap(&q->event[i], &q->event[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	return true;
}

bool hr_queue_pop(struct hr_queue *q, struct hr_queue_event *ret)
{
	if (q->n == 0)
		return false;
	*ret = q->event[0];
	q->event[0] = q->event[--q->n];
	for (size_t i = 0;;) {
		size_t least = i, left = 2 * i + 1, right = 2 * i + 2;

		if (left < q->n && earlier(&q->event[left], &q->event[least]))
			least = left;
		if (right < q->n && earlier(&q->event[right], &q->event[least]))
			least = right;
		if (least == i)
			return true;
		swap(&q->event[i], &q->event[least]);
		i = least;
	}
}
