/* SPDX-License-Identifier: Apache-2.0 */
/* What a speaker on the network is. A key is bound to one role (DESIGN rule 16). */
#ifndef HR_MODEL_ROLE_H
#define HR_MODEL_ROLE_H

enum hr_role {
	HR_ROLE_NONE,
	HR_ROLE_CONTROLLER,
	HR_ROLE_AGENT,
	HR_ROLE_GUARD,
	HR_ROLE_TUNER,
	HR_ROLE_OPERATOR,
	HR_ROLE__MAX
};

/* Never NULL; "unknown" for a number outside the list. */
const char *hr_role_name(enum hr_role r);
/* The role of that name, or HR_ROLE__MAX. "none" is not found: it is no role. */
enum hr_role hr_role_find(const char *name);

#endif
