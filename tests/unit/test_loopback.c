/* SPDX-License-Identifier: Apache-2.0 */
/* The transport without a network: order, loss, copies, delay, cuts, keys, another server. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "net/loopback.h"

#define K1 "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"
#define K2 "JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6"

struct side {
	struct hr_transport_server *s;
	unsigned n_up, n_down, n_refused, n;
	uint64_t peer;
	char seen[64];
};

static void note(struct side *x, const uint8_t *bytes, size_t size)
{
	assert_int_equal(size, 1);
	x->seen[x->n++] = (char)bytes[0];
}

static void server_message(void *ctx, uint64_t peer, const struct hr_authorized_key *who,
			   const uint8_t *bytes, size_t size)
{
	struct side *x = ctx;
	assert_string_equal(who->key, K1);
	x->peer = peer;
	note(x, bytes, size);
	assert_int_equal(hr_transport_server_send(x->s, peer, bytes, size), 0);
}

static void refused(void *ctx, const char *key, const char *address)
{
	(void)address;
	assert_string_equal(key, K2);
	((struct side *)ctx)->n_refused++;
}

static void client_message(void *ctx, const uint8_t *bytes, size_t size)
{
	note(ctx, bytes, size);
}

static void up(void *ctx)
{
	((struct side *)ctx)->n_up++;
}

static void down(void *ctx, const char *why)
{
	assert_true(why[0] != '\0');
	((struct side *)ctx)->n_down++;
}

static const struct hr_transport_server_events server_events = {server_message, refused};
static const struct hr_transport_client_events client_events = {client_message, up, down};
static const struct hr_authorized_key table[1] = {
    {.key = K1, .any_node = true, .role = HR_ROLE_AGENT, .domain = "cluster"}};

static void say(struct hr_transport_client *c, const char *letters)
{
	for (; *letters; letters++)
		assert_int_equal(hr_transport_client_send(c, (const uint8_t *)letters, 1), 0);
}

/* a is lost, b comes twice, c is late, the rest is ordinary; answers are ordinary. */
static void fate(void *ctx, bool to_server, const uint8_t *bytes, size_t size,
		 struct hr_loopback_fate *ret)
{
	(void)ctx;
	(void)size;
	if (!to_server)
		return;
	if (bytes[0] == 'a')
		ret->n = 0;
	if (bytes[0] == 'b')
		*ret = (struct hr_loopback_fate){2, {0, 50}};
	if (bytes[0] == 'c')
		ret->delay_ns[0] = 100;
}

static void test_faults(void **state)
{
	(void)state;
	struct side a = {0}, b = {0}, c = {0};
	struct hr_transport_client *agent, *stranger;
	struct hr_loopback *hub = hr_loopback_new();
	assert_non_null(hub);
	assert_int_equal(hr_loopback_server(hub, table, 1, &a.s), 0);
	assert_int_equal(hr_loopback_client(hub, K1, &agent), 0);
	assert_int_equal(hr_loopback_client(hub, K2, &stranger), 0);
	hr_transport_server_attach(a.s, &server_events, &a);
	hr_transport_client_attach(agent, &client_events, &b);
	hr_transport_client_attach(stranger, &client_events, &c);
	assert_int_equal(hr_transport_client_send(agent, (const uint8_t *)"z", 1), -ENOTCONN);
	assert_int_equal(hr_loopback_step(hub, 0), 0);
	assert_int_equal(b.n_up, 1);
	assert_int_equal(c.n_up, 0);
	assert_int_equal(c.n_down, 1);
	assert_int_equal(a.n_refused, 1);

	hr_loopback_set_fate(hub, fate, NULL);
	say(agent, "abcde");
	(void)hr_loopback_step(hub, 1);
	assert_string_equal(a.seen, "bde");
	assert_string_equal(b.seen, "");
	(void)hr_loopback_step(hub, 60);
	assert_string_equal(a.seen, "bdeb");
	assert_string_equal(b.seen, "bde");
	(void)hr_loopback_step(hub, 200);
	assert_string_equal(a.seen, "bdebc");
	assert_int_equal(a.n_refused, 1);

	hr_transport_client_close(agent);
	hr_transport_client_close(stranger);
	hr_transport_server_close(a.s);
	(void)hr_loopback_step(hub, 300);
	hr_loopback_free(hub);
}

static void test_cut_and_restart(void **state)
{
	(void)state;
	struct side a = {0}, b = {0};
	struct hr_transport_client *agent;
	struct hr_loopback *hub = hr_loopback_new();
	assert_non_null(hub);
	assert_int_equal(hr_loopback_server(hub, table, 1, &a.s), 0);
	assert_int_equal(hr_loopback_client(hub, K1, &agent), 0);
	hr_transport_server_attach(a.s, &server_events, &a);
	hr_transport_client_attach(agent, &client_events, &b);
	(void)hr_loopback_step(hub, 0);
	say(agent, "x");
	(void)hr_loopback_step(hub, 1);
	uint64_t old = a.peer;
	hr_loopback_cut(agent, true);
	(void)hr_loopback_step(hub, 2);
	assert_int_equal(b.n_down, 1);
	assert_int_equal(hr_transport_client_send(agent, (const uint8_t *)"y", 1), -ENOTCONN);
	assert_int_equal(hr_transport_server_send(a.s, old, (const uint8_t *)"y", 1), -ENOTCONN);
	hr_loopback_cut(agent, false);
	(void)hr_loopback_step(hub, 3);
	assert_int_equal(b.n_up, 2);
	say(agent, "y");
	(void)hr_loopback_step(hub, 4);
	assert_true(a.peer != old);

	hr_transport_server_close(a.s);
	assert_int_equal(hr_loopback_server(hub, table, 1, &a.s), 0);
	hr_transport_server_attach(a.s, &server_events, &a);
	(void)hr_loopback_step(hub, 5);
	(void)hr_loopback_step(hub, 6);
	assert_int_equal(b.n_down, 2);
	assert_int_equal(b.n_up, 3);

	/* A key that is withdrawn is heard no more. */
	assert_int_equal(hr_transport_server_authorize(a.s, NULL, 0), 0);
	say(agent, "z");
	(void)hr_loopback_step(hub, 7);
	assert_int_equal(a.s->counts.refused_messages, 1);
	assert_string_equal(a.seen, "xy");
	hr_transport_client_close(agent);
	hr_transport_server_close(a.s);
	hr_loopback_free(hub);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_faults),
	    cmocka_unit_test(test_cut_and_restart),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
