/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of watt. */
#include "model/watt.h"
