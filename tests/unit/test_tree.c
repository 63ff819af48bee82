/* SPDX-License-Identifier: Apache-2.0 */
/* The power tree: what may be added, the charged sums, the room below every limit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/attr.h"
#include "base/rng.h"
#include "base/units.h"
#include "power/tree.h"

#define W HR_UW_PER_W
#define DOMAINS 16
#define LEAVES 64

struct fixture {
	struct hr_tree t;
	struct hr_tree_domain domain[DOMAINS];
	struct hr_tree_leaf leaf[LEAVES];
};

/* cluster 1000 W (reserve 50) > rack-a 300 W, rack-b; feeds f1 200 W, f2 unlimited */
static void build(struct fixture *f)
{
	struct hr_err err;

	hr_tree_init(&f->t, f->domain, DOMAINS, f->leaf, LEAVES);
	assert_int_equal(hr_tree_domain_add(&f->t, "cluster", -1, false, 1000 * W, 50 * W, &err),
			 0);
	assert_int_equal(hr_tree_domain_add(&f->t, "rack-a", 0, false, 300 * W, 0, &err), 1);
	assert_int_equal(
	    hr_tree_domain_add(&f->t, "rack-b", 0, false, HR_TREE_NO_LIMIT, 10 * W, &err), 2);
	assert_int_equal(hr_tree_domain_add(&f->t, "f1", -1, true, 200 * W, 0, &err), 3);
	assert_int_equal(hr_tree_domain_add(&f->t, "f2", -1, true, HR_TREE_NO_LIMIT, 0, &err), 4);
}

static struct hr_tree_leaf leaf_in(int domain, int feed, int32_t share)
{
	return (struct hr_tree_leaf){
	    .domain = domain,
	    .feed = {{feed, share}, {-1, 0}},
	    .floor_uw = 40 * W,
	    .ceiling_uw = 300 * W,
	    .safe_uw = 60 * W,
	    .class = HR_CLASS_PRIMARY,
	    .weight = HR_WEIGHT_DEFAULT,
	};
}

static void wrong_input_is_refused(void **state)
{
	struct fixture f;
	struct hr_err err = {0};
	struct hr_tree_leaf l;
	char name[8] = "d0";
	int parent = 0;

	(void)state;
	build(&f);
	assert_int_equal(hr_tree_domain_add(&f.t, "rack-a", 0, false, W, 0, &err), -EEXIST);
	assert_int_equal(hr_tree_domain_add(&f.t, "x", 77, false, W, 0, &err), -EINVAL);
	assert_int_equal(hr_tree_domain_add(&f.t, "x", 3, false, W, 0, &err), -EINVAL);
	assert_int_equal(hr_tree_domain_add(&f.t, "x", 0, true, W, 0, &err), -EINVAL);
	assert_int_equal(hr_tree_domain_add(&f.t, "a b", 0, false, W, 0, &err), -EINVAL);
	assert_int_equal(hr_tree_domain_add(&f.t, "x", 0, false, -W, 0, &err), -EINVAL);
	for (int i = 0; i < HR_TREE_DEPTH_MAX - 1; i++) {
		name[1] = (char)('0' + i);
		parent = hr_tree_domain_add(&f.t, name, parent, false, W, 0, &err);
		assert_true(parent > 0);
	}
	assert_int_equal(hr_tree_domain_add(&f.t, "deep", parent, false, W, 0, &err), -EINVAL);
	assert_non_null(strstr(err.text, "deeper than 8"));
	l = leaf_in(3, -1, 0);
	assert_int_equal(hr_tree_leaf_add(&f.t, &l, &err), -EINVAL);
	l = leaf_in(1, 2, 500);
	assert_int_equal(hr_tree_leaf_add(&f.t, &l, &err), -EINVAL);
	l = leaf_in(1, 3, 1001);
	assert_int_equal(hr_tree_leaf_add(&f.t, &l, &err), -EINVAL);
	l = leaf_in(1, 3, 500);
	l.feed[1] = l.feed[0];
	assert_int_equal(hr_tree_leaf_add(&f.t, &l, &err), -EINVAL);
}

static void slots_are_used_again(void **state)
{
	struct fixture f;
	struct hr_tree_leaf l = leaf_in(1, -1, 0);

	(void)state;
	build(&f);
	for (int i = 0; i < LEAVES; i++)
		assert_int_equal(hr_tree_leaf_add(&f.t, &l, NULL), i);
	assert_int_equal(hr_tree_leaf_add(&f.t, &l, NULL), -ENOSPC);
	hr_tree_charge_set(&f.t, 5, 100 * W);
	hr_tree_leaf_remove(&f.t, 5);
	hr_tree_leaf_remove(&f.t, 5);
	hr_tree_leaf_remove(&f.t, 9);
	assert_int_equal(hr_tree_charged(&f.t, 0), 0);
	assert_int_equal(hr_tree_leaf_add(&f.t, &l, NULL), 9);
	assert_int_equal(hr_tree_leaf_add(&f.t, &l, NULL), 5);
	assert_int_equal(hr_tree_leaf_add(&f.t, &l, NULL), -ENOSPC);
}

static void room_is_the_least_of_all_limits(void **state)
{
	struct fixture f;
	struct hr_tree_leaf a = leaf_in(1, -1, 0), b = leaf_in(2, 3, 500);

	(void)state;
	build(&f);
	assert_int_equal(hr_tree_leaf_add(&f.t, &a, NULL), 0);
	assert_int_equal(hr_tree_leaf_add(&f.t, &b, NULL), 1);
	assert_int_equal(hr_tree_room(&f.t, 0), 300 * W);
	assert_int_equal(hr_tree_room(&f.t, 1), 400 * W); /* half of it on a feed of 200 W */
	hr_tree_charge_set(&f.t, 0, 250 * W);
	assert_int_equal(hr_tree_room(&f.t, 0), 50 * W);
	hr_tree_limit_set(&f.t, 0, 400 * W); /* of which 50 W are reserved */
	assert_int_equal(hr_tree_room(&f.t, 1), 100 * W);
	hr_tree_limit_set(&f.t, 0, 1000 * W);
	hr_tree_charge_set(&f.t, 1, 399 * W + 1);
	assert_int_equal(hr_tree_room(&f.t, 1), W - 1);
	assert_int_equal(hr_tree_charged(&f.t, 3), 199 * W + W / 2 + 1);
	hr_tree_limit_set(&f.t, 0, 600 * W);
	assert_int_equal(hr_tree_room(&f.t, 1), 0);
	assert_int_equal(hr_tree_over(&f.t, 0), 250 * W + 399 * W + 1 + 50 * W - 600 * W);
	assert_int_equal(hr_tree_over(&f.t, 1), 0);
}

static void absurd_charges_do_not_wrap(void **state)
{
	struct fixture f;
	struct hr_tree_leaf b = leaf_in(2, 4, 333);

	(void)state;
	build(&f);
	for (int i = 0; i < 4; i++)
		assert_int_equal(hr_tree_leaf_add(&f.t, &b, NULL), i);
	for (int i = 0; i < 4; i++)
		hr_tree_charge_set(&f.t, i, INT64_MAX);
	assert_int_equal(hr_tree_charged(&f.t, 0), INT64_MAX);
	assert_int_equal(hr_tree_room(&f.t, 0), 0);
	for (int i = 0; i < 4; i++)
		hr_tree_charge_set(&f.t, i, -7);
	for (int d = 0; d < 5; d++)
		assert_int_equal(hr_tree_charged(&f.t, d), 0);
}

/* The sums kept step by step equal those added up anew; a charge grown by the room just fits. */
static void sums_and_room_agree_with_a_recount(void **state)
{
	struct fixture f;
	struct hr_rng r;

	(void)state;
	hr_rng_init(&r, 7);
	build(&f);
	for (int step = 0; step < 20000; step++) {
		int64_t sum[DOMAINS] = {0};
		int i = (int)hr_rng_below(&r, LEAVES);

		if (i >= f.t.n_leaves || f.leaf[i].domain < 0) {
			struct hr_tree_leaf l = leaf_in((int)hr_rng_below(&r, 3), 3,
							(int32_t)hr_rng_range(&r, 1, 1000));

			if (hr_rng_chance(&r, 0.5))
				l.feed[1] = (struct hr_tree_feed){4,
								  1001 - l.feed[0].share_permille};
			assert_true(hr_tree_leaf_add(&f.t, &l, NULL) >= 0);
		} else if (hr_rng_chance(&r, 0.1)) {
			hr_tree_leaf_remove(&f.t, i);
		} else if (hr_rng_chance(&r, 0.3)) {
			int64_t room = hr_tree_room(&f.t, i);

			hr_tree_charge_set(&f.t, i, f.leaf[i].charged_uw + room);
			if (room > 0) {
				for (int d = 0; d < f.t.n_domains; d++)
					if (hr_tree_over(&f.t, d) > 0 && d != 3)
						assert_int_not_equal(d, f.leaf[i].domain);
				assert_int_equal(hr_tree_over(&f.t, 3), 0);
				assert_int_equal(hr_tree_room(&f.t, i), 0);
			}
		} else {
			hr_tree_charge_set(&f.t, i, hr_rng_range(&r, 0, 30 * W));
		}
		for (int k = 0; k < f.t.n_leaves; k++) {
			const struct hr_tree_leaf *l = &f.leaf[k];

			for (int d = l->domain; d >= 0; d = f.domain[d].parent)
				sum[d] += l->charged_uw;
			for (int e = 0; e < 2; e++)
				if (l->feed[e].domain >= 0)
					sum[l->feed[e].domain] += (l->charged_uw *
								       l->feed[e].share_permille +
								   999) /
								  1000;
		}
		for (int d = 0; d < f.t.n_domains; d++)
			assert_int_equal(hr_tree_charged(&f.t, d), sum[d]);
	}
}

static void a_limit_below_the_sums_is_refused_with_both(void **state)
{
	struct fixture f;
	struct hr_tree_leaf l = leaf_in(1, 3, 500);
	struct hr_tree_sums s;
	struct hr_err err = {0};

	(void)state;
	build(&f);
	for (int i = 0; i < 4; i++)
		assert_int_equal(hr_tree_leaf_add(&f.t, &l, NULL), i);
	assert_int_equal(hr_tree_limit_check(&f.t, 0, 290 * W, &s, &err), 0);
	assert_int_equal(s.floors_uw, 160 * W);
	assert_int_equal(s.safe_uw, 240 * W);
	assert_int_equal(hr_tree_limit_check(&f.t, 0, 290 * W - 1, &s, &err), -ERANGE);
	assert_non_null(strstr(err.text, "floors 160 W"));
	assert_non_null(strstr(err.text, "safe caps 240 W"));
	assert_non_null(strstr(err.text, "cluster"));
	assert_int_equal(hr_tree_limit_check(&f.t, 3, 120 * W, &s, &err), 0);
	assert_int_equal(hr_tree_limit_check(&f.t, 3, 119 * W, &s, &err), -ERANGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(wrong_input_is_refused),
	    cmocka_unit_test(slots_are_used_again),
	    cmocka_unit_test(room_is_the_least_of_all_limits),
	    cmocka_unit_test(absurd_charges_do_not_wrap),
	    cmocka_unit_test(sums_and_room_agree_with_a_recount),
	    cmocka_unit_test(a_limit_below_the_sums_is_refused_with_both),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
