/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When a guard has to look at its clocks again. Leases, clients and readings end at instants that
 * are known, so a guard at rest need not wake ten times a second to find that nothing has ended;
 * while anything is under way or has failed it does.
 *
 * Invariant: the wait never goes beyond the end of a lease, by either clock.
 */
#include "base/units.h"
#include "core/guard.h"

static int64_t until_either_ns(struct hr_now now, struct hr_now t)
{
	return hr_min_i64(t.raw_ns - now.raw_ns, t.boot_ns - now.boot_ns);
}

static int64_t until_both_ns(struct hr_now now, struct hr_now t)
{
	return hr_max_i64(t.raw_ns - now.raw_ns, t.boot_ns - now.boot_ns);
}

int64_t hr_guard_wait_ns(const struct hr_guard *g, struct hr_now now, int64_t tick_ns)
{
	int64_t wait_ns = until_either_ns(now, hr_now_add(g->last_verify, g->conf.verify_ns));

	/* Nothing is read again then, and nothing can end. */
	if (g->left || g->leaving)
		return g->leaving ? tick_ns : HR_NS_PER_S;
	if (g->leased)
		wait_ns = hr_min_i64(wait_ns, until_either_ns(now, g->lease_ends));
	for (size_t i = 0; i < HR_GUARD_CLIENTS; i++)
		if (g->client[i].used)
			wait_ns = hr_min_i64(wait_ns, until_either_ns(now, g->client[i].ends));
	for (size_t i = 0; i < g->n_zones; i++) {
		const struct hr_guard_zone *z = &g->zone[i];

		if (z->busy || z->wait)
			wait_ns = hr_min_i64(wait_ns, tick_ns);
		/* Others wait for it: the zones to be raised, and the nodes that get its watts. */
		if (z->settling)
			wait_ns = hr_min_i64(wait_ns, until_both_ns(now, z->settles));
	}
	if (g->persisting > 0)
		wait_ns = hr_min_i64(wait_ns, tick_ns);
	return wait_ns;
}
