/* SPDX-License-Identifier: Apache-2.0 */
/* The agent's state machine. */
#ifndef HR_CORE_AGENT_H
#define HR_CORE_AGENT_H

long hr_agent_step(long watts);

#endif
