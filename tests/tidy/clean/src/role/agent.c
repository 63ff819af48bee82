/* SPDX-License-Identifier: Apache-2.0 */
/* The agent's shell. */
#include "role/agent.h"

#include "base/clock.h"
#include "core/agent.h"
#include "hw/meter.h"

int hr_agent_run(void)
{
	return hr_agent_step(hr_meter_read()) > hr_now_read();
}
