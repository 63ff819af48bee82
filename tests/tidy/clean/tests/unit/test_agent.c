/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of agent. */
#include "core/agent.h"
