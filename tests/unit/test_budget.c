/* SPDX-License-Identifier: Apache-2.0 */
/* Budgets: what is refused, and the lowest limit to come. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/units.h"
#include "model/budget.h"

static struct hr_budget good(void)
{
	struct hr_budget b = {.domain = "rack-1", .version = 7, .limit_uw = 1000 * HR_UW_PER_W};

	b.n_windows = 2;
	b.window[0] = (struct hr_budget_window){28800, 64800, 800 * HR_UW_PER_W};
	b.window[1] = (struct hr_budget_window){79200, 21600, 900 * HR_UW_PER_W};
	b.n_steps = 2;
	b.step[0] = (struct hr_budget_step){INT64_C(1000000000), 700 * HR_UW_PER_W};
	b.step[1] = (struct hr_budget_step){INT64_C(2000000000), 950 * HR_UW_PER_W};
	return b;
}

static void refused(const struct hr_budget *b, const char *says)
{
	struct hr_err err = {0};

	assert_int_equal(hr_budget_validate(b, &err), -EINVAL);
	assert_non_null(strstr(err.text, says));
	assert_int_equal(hr_budget_validate(b, NULL), -EINVAL);
}

static void a_good_budget_passes(void **state)
{
	struct hr_budget b = good();

	(void)state;
	assert_int_equal(hr_budget_validate(&b, NULL), 0);
	b.domain[0] = '\0';
	b.window[0] = (struct hr_budget_window){0, 86400, 1};
	assert_int_equal(hr_budget_validate(&b, NULL), 0);
}

static void wrong_limits_are_refused(void **state)
{
	static const int64_t bad[] = {0, -1, INT64_MIN, INT64_MAX, HR_BUDGET_MAX_UW + 1};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct hr_budget b = good();

		b.limit_uw = bad[i];
		refused(&b, "limit is");
		b = good();
		b.window[1].limit_uw = bad[i];
		refused(&b, "limit of window 1");
		b = good();
		b.step[1].limit_uw = bad[i];
		refused(&b, "limit of step 1");
	}
}

static void wrong_counts_times_and_names_are_refused(void **state)
{
	struct hr_budget b = good();

	(void)state;
	b.n_windows = HR_BUDGET_WINDOWS_MAX + 1;
	refused(&b, "25 windows");
	b = good();
	b.n_steps = 0xffffffff;
	refused(&b, "4294967295 steps");
	b = good();
	b.window[0].from_s = -1;
	refused(&b, "window 0 begins");
	b.window[0].from_s = 86400;
	refused(&b, "window 0 begins");
	b.window[0].from_s = 0;
	b.window[0].to_s = 86401;
	refused(&b, "window 0 ends");
	b.window[0].to_s = 0;
	refused(&b, "begins and ends");
	b = good();
	b.step[1].at_ns = b.step[0].at_ns;
	refused(&b, "step 1 is not later");
	b.step[0].at_ns = INT64_MIN;
	refused(&b, "step 0 has no time");
	b = good();
	memset(b.domain, 'a', sizeof(b.domain));
	refused(&b, "domain");
	memcpy(b.domain, "a/b", 4);
	refused(&b, "domain");
}

static void the_lowest_counts_everything(void **state)
{
	struct hr_budget b = good();

	(void)state;
	assert_true(hr_budget_lowest_uw(&b) == 700 * HR_UW_PER_W);
	b.n_steps = 0;
	assert_true(hr_budget_lowest_uw(&b) == 800 * HR_UW_PER_W);
	b.n_windows = 0;
	assert_true(hr_budget_lowest_uw(&b) == 1000 * HR_UW_PER_W);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_good_budget_passes),
	    cmocka_unit_test(wrong_limits_are_refused),
	    cmocka_unit_test(wrong_counts_times_and_names_are_refused),
	    cmocka_unit_test(the_lowest_counts_everything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
