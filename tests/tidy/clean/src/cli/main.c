/* SPDX-License-Identifier: Apache-2.0 */
/* The program. */
#include <stdio.h>
#include <stdlib.h>

#include "role/agent.h"

int main(void)
{
	printf("headroom\n");
	exit(hr_agent_run());
}
