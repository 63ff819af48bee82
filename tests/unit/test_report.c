/* SPDX-License-Identifier: Apache-2.0 */
/* Reports from a stranger: every field at its absurd values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "model/report.h"

static struct hr_report good(void)
{
	struct hr_report r = {
	    .from = {.node = {{1}}, .boot = {{2}}, .incarnation = 3},
	    .n = 10,
	    .oldest_n = 8,
	    .ack = {1, 5},
	    .heard = {1, 6},
	    .cap_uw = 200,
	    .applied_uw = 190,
	    .floor_uw = 50,
	    .ceiling_uw = 400,
	    .safe_uw = 100,
	    .boot_uw = 500,
	    .uncapped_uw = 500,
	    .settle_ns = 10000000,
	    .in_force_known = true,
	    .draw_uw = 180,
	    .need_uw = 190,
	    .energy_uj = INT64_MAX,
	};

	return r;
}

static void refused(const struct hr_report *r, const char *says)
{
	struct hr_err err = {0};

	assert_int_equal(hr_report_validate(r, &err), -EINVAL);
	assert_non_null(strstr(err.text, says));
}

static void good_reports_pass(void **state)
{
	struct hr_report r = good();

	(void)state;
	assert_int_equal(hr_report_validate(&r, NULL), 0);
	r.oldest_n = 11; /* accepts no report made so far */
	assert_int_equal(hr_report_validate(&r, NULL), 0);
	r.ack = (struct hr_mark){0, 0};
	r.heard = (struct hr_mark){2, 0}; /* adopted an epoch, heard no grant of it */
	assert_int_equal(hr_report_validate(&r, NULL), 0);
	r.n = UINT64_MAX;
	r.oldest_n = UINT64_MAX;
	assert_int_equal(hr_report_validate(&r, NULL), 0);
	r.in_force_known = false;
	r.applied_uw = r.cap_uw + 1;
	assert_int_equal(hr_report_validate(&r, NULL), 0);
}

static void missing_identity_is_refused(void **state)
{
	struct hr_report r = good();

	(void)state;
	r.from.node = (struct hr_uuid){{0}};
	refused(&r, "from.node");
	r = good();
	r.from.boot = (struct hr_uuid){{0}};
	refused(&r, "from.boot");
	r = good();
	r.from.incarnation = 0;
	refused(&r, "from.incarnation");
	r = good();
	r.n = 0;
	refused(&r, "n is 0");
	r = good();
	r.oldest_n = 12;
	refused(&r, "oldest_n");
	r.n = UINT64_MAX - 2;
	r.oldest_n = UINT64_MAX;
	refused(&r, "oldest_n");
}

static void marks_out_of_order_are_refused(void **state)
{
	struct hr_report r = good();

	(void)state;
	r.ack.seq = 7;
	refused(&r, "ack 1.7 is newer");
	r = good();
	r.ack = (struct hr_mark){0, 1};
	refused(&r, "ack has");
	r = good();
	r.ack = (struct hr_mark){0, 0};
	r.heard = (struct hr_mark){0, 1};
	refused(&r, "heard has");
}

static void absurd_amounts_are_refused(void **state)
{
	static const size_t field[] = {
	    offsetof(struct hr_report, cap_uw),      offsetof(struct hr_report, applied_uw),
	    offsetof(struct hr_report, floor_uw),    offsetof(struct hr_report, ceiling_uw),
	    offsetof(struct hr_report, safe_uw),     offsetof(struct hr_report, boot_uw),
	    offsetof(struct hr_report, uncapped_uw), offsetof(struct hr_report, settle_ns),
	    offsetof(struct hr_report, draw_uw),     offsetof(struct hr_report, need_uw),
	    offsetof(struct hr_report, energy_uj),
	};
	static const char *const name[] = {
	    "cap_uw",      "applied_uw", "floor_uw", "ceiling_uw", "safe_uw",   "boot_uw",
	    "uncapped_uw", "settle_ns",  "draw_uw",  "need_uw",    "energy_uj",
	};
	static const int64_t absurd[] = {-1, INT64_MIN, HR_NODE_POWER_MAX_UW + 1, INT64_MAX};
	size_t i, j;

	(void)state;
	for (i = 0; i < sizeof(field) / sizeof(field[0]); i++) {
		for (j = 0; j < sizeof(absurd) / sizeof(absurd[0]); j++) {
			struct hr_report r = good();

			if (field[i] == offsetof(struct hr_report, energy_uj) && absurd[j] > 0)
				continue;
			memcpy((char *)&r + field[i], &absurd[j], sizeof(absurd[j]));
			refused(&r, name[i]);
		}
	}
}

static void bounds_out_of_order_are_refused(void **state)
{
	struct hr_report r = good();

	(void)state;
	r.floor_uw = 401;
	refused(&r, "above ceiling_uw");
	r = good();
	r.safe_uw = 49;
	refused(&r, "below floor_uw");
	r = good();
	r.applied_uw = 201;
	refused(&r, "above cap_uw");
}

static void enumerators_outside_their_list_are_refused(void **state)
{
	static const int bad[] = {-1, 1000, 1 << 30};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct hr_report r = good();

		memcpy(&r.cap_reason, &bad[i], sizeof(r.cap_reason));
		refused(&r, "cap_reason");
		r = good();
		memcpy(&r.fault, &bad[i], sizeof(r.fault));
		refused(&r, "fault");
		r = good();
		memcpy(&r.draw_quality, &bad[i], sizeof(r.draw_quality));
		refused(&r, "draw_quality");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(good_reports_pass),
	    cmocka_unit_test(missing_identity_is_refused),
	    cmocka_unit_test(marks_out_of_order_are_refused),
	    cmocka_unit_test(absurd_amounts_are_refused),
	    cmocka_unit_test(bounds_out_of_order_are_refused),
	    cmocka_unit_test(enumerators_outside_their_list_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
