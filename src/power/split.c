/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The split of a node's budget: a call of the allocation rule with the working memory of at most
 * HR_ZONES_MAX zones on the stack. It keeps no state, so that equal needs give equal limits.
 */
#include "power/split.h"

#include "base/units.h"
#include "power/allocate.h"

int64_t hr_split_zones(int64_t device_uw, const struct hr_split_zone *zone, size_t n,
		       int64_t *ret_uw)
{
	struct hr_allocate_child child[HR_ZONES_MAX];
	struct hr_allocate_item item[HR_ZONES_MAX];
	struct hr_allocate_active active[HR_ZONES_MAX];
	struct hr_allocate_scratch scratch = {.item = item, .active = active};
	int64_t left;

	n = n > HR_ZONES_MAX ? HR_ZONES_MAX : n;
	for (size_t i = 0; i < n; i++) {
		const struct hr_split_zone *z = &zone[i];
		bool all = z->hungry || z->need_uw <= 0;

		child[i] = (struct hr_allocate_child){
		    .floor_uw = z->floor_uw,
		    .ceiling_uw = z->ceiling_uw,
		};
		for (int c = 0; c < HR_CLASS__MAX; c++) {
			child[i].need_uw[c] = all ? z->ceiling_uw : z->need_uw;
			child[i].weight[c] = HR_WEIGHT_DEFAULT;
		}
	}
	left = hr_allocate_divide(device_uw, child, n, scratch);
	for (size_t i = 0; i < n; i++)
		ret_uw[i] = child[i].given_uw;
	return left;
}
