/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of clock. */
#include "base/clock.h"
