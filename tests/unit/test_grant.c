/* SPDX-License-Identifier: Apache-2.0 */
/* Grants from a stranger: every field at its absurd values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "model/grant.h"
#include "model/report.h"

static struct hr_grant good(void)
{
	struct hr_grant g = {
	    .to = {.node = {{1}}, .boot = {{2}}, .incarnation = 3},
	    .echo_n = 4,
	    .mark = {5, 6},
	    .cap_uw = 100000000,
	    .safe_uw = 50000000,
	    .ttl_ns = HR_TTL_DEFAULT_NS,
	    .period_ns = 250000000,
	    .reason = HR_REASON_GRANTED,
	};

	return g;
}

static void refused(const struct hr_grant *g, const char *says)
{
	struct hr_err err = {0};

	assert_int_equal(hr_grant_validate(g, &err), -EINVAL);
	assert_non_null(strstr(err.text, says));
}

static void a_good_grant_passes(void **state)
{
	struct hr_grant g = good();

	(void)state;
	assert_int_equal(hr_grant_validate(&g, NULL), 0);
	g.leave = true;
	g.ttl_ns = 0;
	assert_int_equal(hr_grant_validate(&g, NULL), 0);
	g.leave = false;
	refused(&g, "ttl_ns");
}

static void missing_identity_is_refused(void **state)
{
	struct hr_grant g = good();

	(void)state;
	g.to.node = (struct hr_uuid){{0}};
	refused(&g, "to.node");
	g = good();
	g.to.boot = (struct hr_uuid){{0}};
	refused(&g, "to.boot");
	g = good();
	g.to.incarnation = 0;
	refused(&g, "to.incarnation");
	g = good();
	g.echo_n = 0;
	refused(&g, "echo_n");
	g = good();
	g.mark.epoch = 0;
	refused(&g, "mark");
	g = good();
	g.mark.seq = 0;
	refused(&g, "mark");
}

static void absurd_amounts_are_refused(void **state)
{
	static const int64_t absurd[] = {-1, INT64_MIN, INT64_MAX, HR_NODE_POWER_MAX_UW + 1};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(absurd) / sizeof(absurd[0]); i++) {
		struct hr_grant g = good();

		g.cap_uw = absurd[i];
		refused(&g, "cap_uw");
		g = good();
		g.safe_uw = absurd[i];
		refused(&g, "safe_uw");
		g = good();
		g.ttl_ns = absurd[i];
		refused(&g, "ttl_ns");
		g = good();
		g.period_ns = absurd[i];
		refused(&g, "period_ns");
	}
}

static void reasons_outside_the_list_are_refused(void **state)
{
	static const int bad[] = {-1, HR_REASON__MAX, 1 << 30};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct hr_grant g = good();

		memcpy(&g.reason, &bad[i], sizeof(g.reason));
		refused(&g, "reason");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_good_grant_passes),
	    cmocka_unit_test(missing_identity_is_refused),
	    cmocka_unit_test(absurd_amounts_are_refused),
	    cmocka_unit_test(reasons_outside_the_list_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
