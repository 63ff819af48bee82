/* SPDX-License-Identifier: Apache-2.0 */
/* Priority: class first, strictly; weight within the class. */
#ifndef HR_MODEL_CLASS_H
#define HR_MODEL_CLASS_H

enum hr_class { HR_CLASS_PRIMARY, HR_CLASS_REPLICA, HR_CLASS__MAX };

#define HR_WEIGHT_DEFAULT 100
#define HR_WEIGHT_MAX 10000

const char *hr_class_name(enum hr_class c);
/* The class of that name, or HR_CLASS__MAX. */
enum hr_class hr_class_find(const char *name);

#endif
