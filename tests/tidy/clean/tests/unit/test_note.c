/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of note. */
#include "wire/note.h"
