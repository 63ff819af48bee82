/* SPDX-License-Identifier: Apache-2.0 */
/* The agent's decisions. Pure. */
#include "core/agent.h"

#include "power/share.h"

long hr_agent_step(long watts)
{
	return hr_share_of(watts, 2);
}
