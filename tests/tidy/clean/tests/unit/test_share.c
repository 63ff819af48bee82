/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of share. */
#include "power/share.h"
