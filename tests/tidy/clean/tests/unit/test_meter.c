/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of meter. */
#include "hw/meter.h"
