/* SPDX-License-Identifier: Apache-2.0 */
/* The agent's shell. */
#ifndef HR_ROLE_AGENT_H
#define HR_ROLE_AGENT_H

int hr_agent_run(void);

#endif
