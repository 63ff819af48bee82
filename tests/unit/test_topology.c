/* SPDX-License-Identifier: Apache-2.0 */
/* The checks between the keys of a controller: times, HTTP, schedule, tree, sums. */
#include "conf_case.h"

#include <stdio.h>

#define CONTROLLER (&hr_conf_controller_table)
#define C "controller:\n"

static void refused(const char *text, const char *sentence)
{
	case_refused(CONTROLLER, text, sentence);
}

static void taken(const char *text)
{
	struct hr_conf_controller c;
	struct hr_err err;

	hr_conf_init(CONTROLLER, &c);
	if (case_load(CONTROLLER, &c, text, &err) < 0)
		fail_msg("%s", err.text);
	hr_conf_done(CONTROLLER, &c);
}

static void test_times(void **state)
{
	(void)state;
	taken(C "  ttl: 2 s\n  report_period: 1 s\n");
	refused(C "  ttl: 1.9 s\n",
		"t.conf:2: key 'controller.ttl': found 1.9 s, expected at least twice the "
		"report_period, 2 s, so that one lost report does not end a lease");
	refused(C "  report_period: 2 s\n",
		"default: key 'controller.ttl': found 2 s, expected at least twice the "
		"report_period, 4 s, so that one lost report does not end a lease");
	refused(
	    C "  round: 1.1 s\n",
	    "t.conf:2: key 'controller.round': found 1.1 s, expected at most half the ttl, 1 s");
	refused(C "  tick: 3 s\n",
		"t.conf:2: key 'controller.tick': found 3 s, expected at most the ttl, 2 s");
}

static void test_http(void **state)
{
	(void)state;
	taken(C "  http: {listen: ''}\n");
	taken(C "  http: {listen: '[::1]:1'}\n");
	taken(C "  http: {listen: '0.0.0.0:1', tls_cert: /c, tls_key: /k}\n");
	refused(C "  http:\n    listen: '*:7711'\n",
		"t.conf:3: key 'controller.http.listen': found '*:7711' without TLS, expected a "
		"loopback address such as 127.0.0.1:7711, or http.tls_cert and http.tls_key");
	refused(C "  http:\n    tls_cert: /c\n",
		"t.conf:3: key 'controller.http.tls_cert': found one of tls_cert and tls_key, "
		"expected both or none");
}

static void test_schedule(void **state)
{
	(void)state;
	refused(C "  budget_windows: [{from: 08:00, to: 09:00, limit: 1 kW}]\n",
		"t.conf:2: key 'controller.budget_windows': found a schedule without a budget, "
		"expected 'budget' too");
	refused(C "  budget: 2 kW\n  budget_windows:\n  - {from: 08:00, to: 08:00, limit: 1 kW}\n",
		"t.conf:4: key 'controller.budget_windows[0].to': found the same time as 'from', "
		"expected another one; a limit for the whole day is 'budget'");
	refused(C "  budget: 2 kW\n  budget_steps:\n  - {at: 2026-03-29T08:00:00Z, limit: 1 kW}\n"
		  "  - {at: 2026-03-29T09:00:00+01:00, limit: 1 kW}\n",
		"t.conf:5: key 'controller.budget_steps[1].at': found an instant that is not after "
		"the step before, expected steps in rising order");
}

static void test_domains(void **state)
{
	(void)state;
	refused(C "  domains:\n  - {name: row1}\n  - {name: rack1, parent: rwo1}\n",
		"t.conf:4: key 'controller.domains[1].parent': found 'rwo1', expected 'cluster' or "
		"the name of a domain (did you mean 'row1'?)");
	refused(
	    C "  domains: [{name: cluster}]\n",
	    "t.conf:2: key 'controller.domains[0].name': found 'cluster', expected another name: "
	    "that is the root, whose limit is controller.budget");
	refused(C "  domains: [{name: a}, {name: a}]\n",
		"t.conf:2: key 'controller.domains[1].name': found 'a' twice, expected each domain "
		"once");
	refused(C "  domains: [{name: a, parent: b}, {name: b, parent: a}]\n",
		"t.conf:2: key 'controller.domains[0].parent': found 'b', which leads in a circle "
		"back to 'a', expected a way up to 'cluster'");
	refused(C "  domains: [{name: a, parent: a}]\n",
		"t.conf:2: key 'controller.domains[0].parent': found 'a', which leads in a circle "
		"back to 'a', expected a way up to 'cluster'");
	refused(
	    C "  domains: [{name: f, feed: true}, {name: a, parent: f}]\n",
	    "t.conf:2: key 'controller.domains[1].parent': found 'f', which is a feed, expected "
	    "a domain that is no feed");
	refused(C "  domains: [{name: a b}]\n",
		"t.conf:2: key 'controller.domains[0].name': found 'a b', expected a name of "
		"letters, digits and ._:- that begins with none of .-");
}

static void test_depth(void **state)
{
	char text[1000] = C "  domains:\n  - {name: d1}\n";
	size_t n = strlen(text);

	(void)state;
	/* root, d1 to d6, node: eight levels */
	for (int i = 2; i <= 6; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "  - {name: d%d, parent: d%d}\n",
				      i, i - 1);
	taken(text);
	snprintf(text + n, sizeof(text) - n, "  - {name: d7, parent: d6}\n");
	refused(text, "t.conf:9: key 'controller.domains[6].parent': found 8 levels from 'cluster' "
		      "to 'd7', expected at most 7, so that nodes fit below");
}

static void test_nodes(void **state)
{
	(void)state;
	refused(C "  nodes:\n  - {name: 'n[1-3'}\n",
		"t.conf:3: key 'controller.nodes[0].name': found 'n[1-3', expected numbers and "
		"ranges in brackets, such as node[01-80,90]");
	refused(C "  nodes:\n  - {name: 'n[1-3]'}\n  - {name: n2}\n",
		"t.conf:4: key 'controller.nodes': found node 'n2' twice, expected each node once");
	refused(C "  nodes: [{name: n1, domain: rack1}]\n",
		"t.conf:2: key 'controller.nodes[0].domain': found 'rack1', expected 'cluster' or "
		"the name of a domain that is no feed");
	refused(
	    C "  domains: [{name: rack1}]\n  nodes: [{name: n1, feeds: [{name: rack1}]}]\n",
	    "t.conf:3: key 'controller.nodes[0].feeds[0].name': found 'rack1', expected the name "
	    "of a domain with 'feed: true'");
	refused(C "  domains: [{name: f, feed: true}]\n"
		  "  nodes: [{name: n1, feeds: [{name: f}, {name: f}]}]\n",
		"t.conf:3: key 'controller.nodes[0].feeds[1].name': found 'f' twice, expected each "
		"feed once");
	refused(C "  nodes: [{name: 'n[1-2]', uuid: 1b4e28ba-2fa1-41d2-883f-0016d3cca427}]\n",
		"t.conf:2: key 'controller.nodes[0].uuid': found one uuid for 2 nodes, expected it "
		"for a single node");
	refused(C "  nodes:\n  - {name: a, uuid: 1b4e28ba-2fa1-41d2-883f-0016d3cca427}\n"
		  "  - {name: b, uuid: 1b4e28ba-2fa1-41d2-883f-0016d3cca427}\n",
		"t.conf:4: key 'controller.nodes[1].uuid': found the uuid of 'a', expected another "
		"one");
	refused(
	    C "  nodes: [{name: a, floor: 100 W, ceiling: 90 W}]\n",
	    "t.conf:2: key 'controller.nodes[0].ceiling': found 90 W, expected at least floor and "
	    "safe, 100 W");
	refused(C "  nodes: [{name: 'n[0-9999]'}, {name: 'm[0-9999]'}]\n",
		"t.conf:2: key 'controller.nodes[1].name': found more than 16384 nodes, expected "
		"fewer");
}

static void test_sums(void **state)
{
	(void)state;
	taken(C "  budget: 1 kW\n  nodes: [{name: 'n[1-10]', safe: 100 W}]\n");
	refused(
	    C "  budget: 999 W\n  nodes: [{name: 'n[1-10]', safe: 100 W, floor: 80 W}]\n",
	    "t.conf:2: key 'controller.budget': found a limit of 999 W for 'cluster', expected at "
	    "least 1 kW: its 10 nodes have floors of 800 W and safe caps of 1 kW in sum, and 0 W "
	    "are reserved; raise the limit or lower the safe caps");
	/* the floor counts where the safe cap is lower; reserves of domains count above them */
	refused(
	    C "  budget: 1 kW\n  reserve: 10 W\n  domains: [{name: r, reserve: 20 W}]\n"
	      "  nodes: [{name: 'n[1-10]', domain: r, floor: 98 W}]\n",
	    "t.conf:2: key 'controller.budget': found a limit of 1 kW for 'cluster', expected at "
	    "least 1010 W: its 10 nodes have floors of 980 W and safe caps of 980 W in sum, and "
	    "30 W are reserved; raise the limit or lower the safe caps");
	refused(C "  domains:\n  - {name: r, limit: 150 W}\n  - {name: s, parent: r}\n"
		  "  nodes: [{name: 'n[1-2]', domain: s, safe: 100 W}]\n",
		"t.conf:3: key 'controller.domains[0].limit': found a limit of 150 W for 'r', "
		"expected at least 200 W: its 2 nodes have floors of 0 W and safe caps of 200 W in "
		"sum, and 0 W are reserved; raise the limit or lower the safe caps");
	/* the lowest budget of all times counts */
	refused(
	    C "  budget: 2 kW\n"
	      "  budget_windows: [{from: 08:00, to: 09:00, limit: 100 W}]\n"
	      "  nodes: [{name: n, safe: 101 W}]\n",
	    "t.conf:2: key 'controller.budget': found a limit of 100 W for 'cluster', expected at "
	    "least 101 W: its 1 nodes have floors of 0 W and safe caps of 101 W in sum, and 0 W "
	    "are reserved; raise the limit or lower the safe caps");
}

static void test_feeds_count_shares(void **state)
{
	(void)state;
	taken(C "  budget: 200 W\n  domains: [{name: f, feed: true, limit: 100 W}]\n"
		"  nodes: [{name: 'n[1-2]', safe: 100 W, feeds: [{name: f, share: 0.5}]}]\n");
	refused(
	    C "  budget: 200 W\n  domains: [{name: f, feed: true, limit: 100 W}]\n"
	      "  nodes: [{name: 'n[1-2]', safe: 100 W, feeds: [{name: f, share: 0.501}]}]\n",
	    "t.conf:3: key 'controller.domains[0].limit': found a limit of 100 W for 'f', "
	    "expected at least 100.2 W: its 2 nodes have floors of 0 W and safe caps of 100.2 W "
	    "in sum, and 0 W are reserved; raise the limit or lower the safe caps");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_times),    cmocka_unit_test(test_http),
	    cmocka_unit_test(test_schedule), cmocka_unit_test(test_domains),
	    cmocka_unit_test(test_depth),    cmocka_unit_test(test_nodes),
	    cmocka_unit_test(test_sums),     cmocka_unit_test(test_feeds_count_shares),
	};
	return cmocka_run_group_tests_name("topology", tests, NULL, NULL);
}
