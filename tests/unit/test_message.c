/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The codec: every message that encodes comes back equal, the bytes never change between
 * versions, and whatever is malformed is refused with a sentence and leaves the result alone.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "wire/message.h"

#define ROUNDS 20000

static uint64_t seed(void)
{
	const char *text = getenv("HR_SEED");
	return text ? strtoull(text, NULL, 0) : UINT64_C(20261121);
}

static void draw_name(struct hr_rng *r, char name[HR_NAME_BYTES], size_t least)
{
	static const char set[] = "ABCXYZabcxyz0189._:-";
	size_t n = (size_t)hr_rng_range(r, (int64_t)least, HR_NAME_BYTES - 1);
	for (size_t i = 0; i < n; i++)
		name[i] = set[hr_rng_below(r, sizeof(set) - 1)];
	if (n > 0)
		name[0] = 'n';
	name[n] = '\0';
}

static void draw_text(struct hr_rng *r, char text[HR_MESSAGE_TEXT_BYTES])
{
	size_t n = hr_rng_below(r, HR_MESSAGE_TEXT_BYTES);
	for (size_t i = 0; i < n; i++)
		text[i] = (char)hr_rng_range(r, 0x20, 0x7e);
	text[n] = '\0';
}

static struct hr_uuid draw_uuid(struct hr_rng *r)
{
	struct hr_uuid u;
	for (size_t i = 0; i < sizeof(u.byte); i++)
		u.byte[i] = (uint8_t)hr_rng_next(r);
	return u;
}

/* Numbers of every length, the extremes among them. */
static uint64_t draw_u64(struct hr_rng *r)
{
	return hr_rng_next(r) >> hr_rng_below(r, 64);
}

static int64_t draw_i64(struct hr_rng *r)
{
	switch (hr_rng_below(r, 8)) {
	case 0:
		return 0;
	case 1:
		return INT64_MIN;
	case 2:
		return INT64_MAX;
	default:
		return (int64_t)(hr_rng_next(r) >> hr_rng_below(r, 64));
	}
}

static bool draw_bool(struct hr_rng *r)
{
	return hr_rng_below(r, 2) != 0;
}

static enum hr_reason draw_reason(struct hr_rng *r)
{
	return (enum hr_reason)hr_rng_below(r, HR_REASON__MAX);
}

static struct hr_mark draw_mark(struct hr_rng *r)
{
	return (struct hr_mark){draw_u64(r), draw_u64(r)};
}

static void draw_report(struct hr_rng *r, struct hr_uuid node, struct hr_report *p)
{
	p->from.node = node;
	p->from.boot = draw_uuid(r);
	p->from.incarnation = draw_u64(r) | 1;
	p->n = draw_u64(r);
	p->oldest_n = draw_u64(r);
	p->ack = draw_mark(r);
	p->heard = draw_mark(r);
	int64_t *amount[] = {&p->cap_uw,    &p->applied_uw,  &p->floor_uw, &p->ceiling_uw,
			     &p->safe_uw,   &p->boot_uw,     &p->draw_uw,  &p->need_uw,
			     &p->energy_uj, &p->uncapped_uw, &p->settle_ns};
	for (size_t i = 0; i < HR_ARRAY_LEN(amount); i++)
		*amount[i] = draw_i64(r);
	p->cap_reason = draw_reason(r);
	p->fault = draw_reason(r);
	p->draw_quality = (enum hr_quality)hr_rng_below(r, HR_QUALITY__MAX);
	p->left = draw_bool(r);
	p->in_force_known = draw_bool(r);
	p->hungry = draw_bool(r);
	p->over = draw_bool(r);
}

static void draw_grant(struct hr_rng *r, struct hr_grant *g)
{
	g->to.node = draw_uuid(r);
	g->to.boot = draw_uuid(r);
	g->to.incarnation = draw_u64(r) | 1;
	g->echo_n = draw_u64(r);
	g->mark = (struct hr_mark){draw_u64(r) | 1, draw_u64(r) | 1};
	g->cap_uw = draw_i64(r);
	g->safe_uw = draw_i64(r);
	g->ttl_ns = draw_i64(r);
	g->period_ns = draw_i64(r);
	g->budget_version = draw_u64(r);
	g->leave = draw_bool(r);
	g->reason = draw_reason(r);
}

static unsigned draw_zones(struct hr_rng *r, struct hr_zone_limit zone[HR_ZONES_MAX])
{
	unsigned n = (unsigned)hr_rng_below(r, HR_ZONES_MAX + 1);
	for (unsigned i = 0; i < n; i++) {
		snprintf(zone[i].id, sizeof(zone[i].id), "intel-rapl:%u:%u", i, i % 3);
		zone[i].limit_uw = draw_i64(r);
		zone[i].fault = draw_reason(r);
	}
	return n;
}

static void draw_session(struct hr_rng *r, struct hr_message *m)
{
	if (m->kind == HR_MESSAGE_HELLO) {
		m->version = (uint32_t)draw_u64(r) | 1;
		m->hello.min_version = (uint32_t)hr_rng_range(r, 1, 9);
		m->hello.max_version = (uint32_t)hr_rng_range(r, 9, 99);
		m->hello.role = (enum hr_role)hr_rng_range(r, 1, HR_ROLE__MAX - 1);
		draw_name(r, m->hello.name, 0);
		draw_name(r, m->hello.software, 0);
	} else if (m->kind == HR_MESSAGE_WELCOME) {
		m->welcome.version = (uint32_t)draw_u64(r) | 1;
		m->welcome.epoch = draw_u64(r);
		m->welcome.period_ns = draw_i64(r);
	} else {
		m->refuse.reason = draw_reason(r);
		draw_text(r, m->refuse.text);
		m->refuse.min_version = (uint32_t)draw_u64(r);
		m->refuse.max_version = (uint32_t)draw_u64(r);
	}
}

static void draw_local(struct hr_rng *r, struct hr_message *m)
{
	enum hr_guard_verb verb = (enum hr_guard_verb)hr_rng_range(r, 1, HR_GUARD_VERB__MAX - 1);
	if (m->kind == HR_MESSAGE_CLIENT_LIMIT) {
		draw_name(r, m->client_limit.name, 1);
		m->client_limit.cap_uw = draw_i64(r);
		m->client_limit.ttl_ns = draw_i64(r);
	} else if (m->kind == HR_MESSAGE_GUARD_COMMAND) {
		m->guard_command.verb = verb;
		draw_name(r, m->guard_command.by, 0);
	} else if (m->kind == HR_MESSAGE_GUARD_ANSWER) {
		m->guard_answer.verb = verb;
		m->guard_answer.done = draw_bool(r);
		m->guard_answer.reason = draw_reason(r);
		draw_text(r, m->guard_answer.text);
	}
}

static void draw_message(struct hr_rng *r, enum hr_message_kind kind, struct hr_message *m)
{
	memset(m, 0, sizeof(*m));
	m->version = HR_PROTOCOL_MAX;
	m->sender = draw_uuid(r);
	m->kind = kind;
	draw_name(r, m->domain, 0);
	if (kind == HR_MESSAGE_REPORT) {
		draw_report(r, m->sender, &m->report);
	} else if (kind == HR_MESSAGE_GRANT) {
		draw_grant(r, &m->grant);
	} else if (kind == HR_MESSAGE_TICKET) {
		draw_report(r, m->sender, &m->ticket.report);
		m->ticket.n_zones = draw_zones(r, m->ticket.zone);
	} else if (kind == HR_MESSAGE_SPLIT) {
		m->split.n_zones = draw_zones(r, m->split.zone);
		m->split.has_grant = draw_bool(r);
		if (m->split.has_grant)
			draw_grant(r, &m->split.grant);
	} else if (kind == HR_MESSAGE_LEAVE_REQUEST) {
		m->leave_request.from.node = m->sender;
		m->leave_request.from.boot = draw_uuid(r);
		m->leave_request.from.incarnation = draw_u64(r) | 1;
		draw_name(r, m->leave_request.by, 0);
	} else if (kind <= HR_MESSAGE_REFUSE) {
		draw_session(r, m);
	} else {
		draw_local(r, m);
	}
}

/* What a rack node would say: the numbers of an ordinary two-socket machine. */
static void fill_usual(struct hr_message *m)
{
	struct hr_rng r;
	hr_rng_init(&r, 7);
	draw_message(&r, HR_MESSAGE_REPORT, m);
	snprintf(m->domain, sizeof(m->domain), "rack-1");
	m->report.from.incarnation = 12;
	m->report.n = 40000;
	m->report.oldest_n = 39998;
	m->report.ack = (struct hr_mark){7, 123456};
	m->report.heard = (struct hr_mark){7, 123457};
	int64_t *watts[] = {&m->report.cap_uw,      &m->report.applied_uw, &m->report.floor_uw,
			    &m->report.ceiling_uw,  &m->report.safe_uw,    &m->report.boot_uw,
			    &m->report.uncapped_uw, &m->report.draw_uw,    &m->report.need_uw};
	for (size_t i = 0; i < HR_ARRAY_LEN(watts); i++)
		*watts[i] = INT64_C(612345678);
	m->report.settle_ns = 50000000;
	m->report.energy_uj = INT64_C(40000) * 612345678;
	m->report.cap_reason = HR_REASON_NEED_ROSE;
	m->report.fault = HR_REASON_NONE;
	m->report.draw_quality = HR_QUALITY_OK;
}

static void test_round_trip(void **state)
{
	(void)state;
	struct hr_rng r;
	hr_rng_init(&r, seed());
	print_message("# seed %llu\n", (unsigned long long)seed());
	size_t largest = 0;
	for (int i = 0; i < ROUNDS; i++) {
		struct hr_message m, back;
		struct hr_err err = {0};
		uint8_t bytes[HR_MESSAGE_MAX_BYTES];
		size_t len = 0;
		enum hr_message_kind kind = (enum hr_message_kind)hr_rng_range(&r, 1,
									       HR_MESSAGE__MAX - 1);
		draw_message(&r, kind, &m);
		if (hr_message_encode(&m, bytes, sizeof(bytes), &len, &err) < 0)
			fail_msg("round %d: %s", i, err.text);
		largest = len > largest ? len : largest;
		memset(&back, 0xff, sizeof(back));
		if (hr_message_decode(bytes, len, &back, &err) < 0)
			fail_msg("round %d: %s", i, err.text);
		assert_memory_equal(&m, &back, sizeof(m));
	}
	print_message("# largest message drawn: %zu bytes\n", largest);
}

static void test_sizes(void **state)
{
	(void)state;
	struct hr_message m;
	uint8_t bytes[HR_MESSAGE_MAX_BYTES];
	size_t len;
	fill_usual(&m);
	assert_int_equal(hr_message_encode(&m, bytes, sizeof(bytes), &len, NULL), 0);
	print_message("# a report takes %zu bytes\n", len);
	assert_true(len <= 160);
	assert_int_equal(hr_message_encode(&m, bytes, len - 1, &len, NULL), -ENOBUFS);

	/* The largest ticket there can be still fits. */
	memset(&m, 0, sizeof(m));
	struct hr_rng r;
	hr_rng_init(&r, 1);
	draw_message(&r, HR_MESSAGE_TICKET, &m);
	m.ticket.n_zones = HR_ZONES_MAX;
	for (unsigned i = 0; i < HR_ZONES_MAX; i++) {
		memset(m.ticket.zone[i].id, 'z', HR_NAME_BYTES - 1);
		m.ticket.zone[i].id[HR_NAME_BYTES - 1] = '\0';
		m.ticket.zone[i].id[0] = (char)('0' + i / 8);
		m.ticket.zone[i].id[1] = (char)('0' + i % 8);
		m.ticket.zone[i].limit_uw = -1;
		m.ticket.zone[i].fault = HR_REASON_LOCKED;
	}
	struct hr_message back;
	struct hr_err err = {0};
	assert_int_equal(hr_message_encode(&m, bytes, sizeof(bytes), &len, &err), 0);
	print_message("# the largest ticket takes %zu bytes\n", len);
	assert_int_equal(hr_message_decode(bytes, len, &back, &err), 0);
	assert_memory_equal(&m, &back, sizeof(m));
}

/* Every cut and every flipped bit is refused or gives a message that passes the checks. */
static void test_mutations(void **state)
{
	(void)state;
	struct hr_message m;
	uint8_t bytes[HR_MESSAGE_MAX_BYTES];
	size_t len, refused = 0;
	fill_usual(&m);
	assert_int_equal(hr_message_encode(&m, bytes, sizeof(bytes), &len, NULL), 0);
	for (size_t bit = 0; bit < 8 * len; bit++) {
		struct hr_message back;
		struct hr_err err = {0};
		bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
		int rc = hr_message_decode(bytes, len, &back, &err);
		if (rc < 0) {
			refused++;
			assert_int_equal(err.code, rc);
			assert_true(err.text[0] != '\0');
		} else {
			assert_int_equal(hr_message_check(&back, NULL), 0);
		}
		bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	assert_true(refused > 100);
	for (size_t cut = 0; cut < len; cut++) {
		struct hr_message back;
		assert_true(hr_message_decode(bytes, cut, &back, NULL) < 0);
	}
}

struct refusal {
	const char *says;
	int code;
	void (*spoil)(struct hr_message *m);
};

static void no_sender(struct hr_message *m)
{
	memset(&m->sender, 0, sizeof(m->sender));
}

static void other_node(struct hr_message *m)
{
	m->report.from.node.byte[3] ^= 1;
}

static void no_boot(struct hr_message *m)
{
	memset(&m->report.from.boot, 0, sizeof(m->report.from.boot));
}

static void no_incarnation(struct hr_message *m)
{
	m->report.from.incarnation = 0;
}

static void bad_reason(struct hr_message *m)
{
	m->report.cap_reason = HR_REASON__MAX;
}

static void bad_quality(struct hr_message *m)
{
	m->report.draw_quality = HR_QUALITY__MAX;
}

static void no_version(struct hr_message *m)
{
	m->version = 0;
}

static void new_version(struct hr_message *m)
{
	m->version = HR_PROTOCOL_MAX + 1;
}

static void bad_domain(struct hr_message *m)
{
	snprintf(m->domain, sizeof(m->domain), "../rack");
}

static void no_kind(struct hr_message *m)
{
	m->kind = HR_MESSAGE_NONE;
}

static void test_refused_on_the_way_out(void **state)
{
	(void)state;
	static const struct refusal refusals[] = {
	    {"sender is missing", -EBADMSG, no_sender},
	    {"node is not the sender", -EBADMSG, other_node},
	    {"boot is missing", -EBADMSG, no_boot},
	    {"incarnation is missing", -EBADMSG, no_incarnation},
	    {"cap_reason", -EBADMSG, bad_reason},
	    {"draw_quality", -EBADMSG, bad_quality},
	    {"version is missing", -EBADMSG, no_version},
	    {"this build", -EPROTONOSUPPORT, new_version},
	    {"domain is not a name", -EBADMSG, bad_domain},
	    {"kind is not known", -EBADMSG, no_kind},
	};
	for (size_t i = 0; i < HR_ARRAY_LEN(refusals); i++) {
		struct hr_message m;
		struct hr_err err = {0};
		uint8_t bytes[HR_MESSAGE_MAX_BYTES];
		size_t len = 77;
		fill_usual(&m);
		refusals[i].spoil(&m);
		assert_int_equal(hr_message_encode(&m, bytes, sizeof(bytes), &len, &err),
				 refusals[i].code);
		assert_int_equal(len, 77);
		if (!strstr(err.text, refusals[i].says))
			fail_msg("\"%s\" does not say \"%s\"", err.text, refusals[i].says);
	}
}

static void refused_bytes(const char *bytes, size_t size, const char *says)
{
	struct hr_message back;
	struct hr_err err = {0};
	memset(&back, 0x5a, sizeof(back));
	int rc = hr_message_decode((const uint8_t *)bytes, size, &back, &err);
	assert_true(rc < 0);
	if (!strstr(err.text, says))
		fail_msg("\"%s\" does not say \"%s\"", err.text, says);
	for (size_t i = 0; i < sizeof(back); i++)
		assert_int_equal(((const uint8_t *)&back)[i], 0x5a);
}

#define REFUSED(bytes, says) refused_bytes(bytes, sizeof(bytes) - 1, says)
#define U16 "0123456789abcdef"

static void test_refused_on_the_way_in(void **state)
{
	(void)state;
	refused_bytes("", 0, "version");
	REFUSED("GET / HTTP/1.1\r\n\r\n", "not a Headroom envelope");
	REFUSED("\x08\x01\x12\x0f"
		"0123456789abcde"
		"\x4a\x00",
		"sender has 15 bytes");
	REFUSED("\x08\x01\x12\x10" U16, "no body");
	/* field 99: a kind of a later version */
	REFUSED("\x08\x01\x12\x10" U16 "\x9a\x06\x00", "no body");
	REFUSED("\x08\x02\x12\x10" U16 "\x4a\x00", "protocol version 2");
	/* a report whose boot has 3 bytes; one with reason 200 */
	REFUSED("\x08\x01\x12\x10" U16 "\x3a\x05\x0a\x03"
		"abc",
		"boot has 3 bytes");
	REFUSED("\x08\x01\x12\x10" U16 "\x3a\x18\x0a\x10" U16 "\x10\x01\x88\x01\xc8\x01",
		"cap_reason 200 is not known");
	/* a length that points beyond the end */
	REFUSED("\x08\x01\x12\x10" U16 "\x3a\x7f\x0a\x03"
		"abc",
		"not a Headroom envelope");
	/* a split that names one zone twice */
	REFUSED("\x08\x01\x12\x10" U16 "\x5a\x0a\x0a\x03\x0a\x01"
		"a"
		"\x0a\x03\x0a\x01"
		"a",
		"zone a is listed twice");
	/* a client limit without a name */
	REFUSED("\x08\x01\x12\x10" U16 "\x62\x02\x10\x05", "name is not a name");

	static char large[HR_MESSAGE_MAX_BYTES + 2];
	refused_bytes(large, HR_MESSAGE_MAX_BYTES + 1, "at most 8192");
}

/* Thousands of tiny zones would take far more room than the message has: bounded, refused. */
static void test_bomb(void **state)
{
	(void)state;
	char bytes[8000] = "\x08\x01\x12\x10" U16 "\x5a";
	size_t at = 21, body = 7900;
	bytes[at++] = (char)(0x80 | (body & 0x7f));
	bytes[at++] = (char)(body >> 7);
	for (size_t i = 0; i < body; i += 2) {
		bytes[at++] = 0x0a;
		bytes[at++] = 0x00;
	}
	refused_bytes(bytes, at, "refused");
	/* 65 zones would fit the scratch area, not the list */
	at = 21;
	body = 65 * 2;
	bytes[at++] = (char)(0x80 | (body & 0x7f));
	bytes[at++] = (char)(body >> 7);
	refused_bytes(bytes, at + body, "65 zones");
}

static void test_hello_of_any_version(void **state)
{
	(void)state;
	struct hr_rng r;
	hr_rng_init(&r, 3);
	struct hr_message m, back;
	uint8_t bytes[HR_MESSAGE_MAX_BYTES];
	size_t len;
	uint32_t version = 0;
	struct hr_err err = {0};
	draw_message(&r, HR_MESSAGE_HELLO, &m);
	m.version = 900;
	m.hello.min_version = 899;
	m.hello.max_version = 900;
	assert_int_equal(hr_message_encode(&m, bytes, sizeof(bytes), &len, NULL), 0);
	assert_int_equal(hr_message_decode(bytes, len, &back, NULL), 0);
	assert_int_equal(hr_message_negotiate(&back.hello, &version, &err), -EPROTONOSUPPORT);
	assert_non_null(strstr(err.text, "899 to 900"));
	back.hello.min_version = 1;
	assert_int_equal(hr_message_negotiate(&back.hello, &version, &err), 0);
	assert_int_equal(version, HR_PROTOCOL_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_round_trip),
	    cmocka_unit_test(test_sizes),
	    cmocka_unit_test(test_mutations),
	    cmocka_unit_test(test_refused_on_the_way_out),
	    cmocka_unit_test(test_refused_on_the_way_in),
	    cmocka_unit_test(test_bomb),
	    cmocka_unit_test(test_hello_of_any_version),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
