/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bytes on the wire stay what they are: the examples of docs/protocol.md, byte by byte. A
 * difference here means that other builds of the same protocol version would no longer
 * understand this one; the remedy is a new version, not a new example.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/units.h"
#include "wire/message.h"

#define W HR_UW_PER_W
#define BYTES_MAX 512

static struct hr_uuid uuid(const char *text)
{
	struct hr_uuid u;
	assert_int_equal(hr_uuid_parse(text, &u), 0);
	return u;
}

/* Wattson's example: a budget of 100 W, and the replica that has watts to spare. */
static struct hr_ident replica_1(void)
{
	struct hr_ident id = {uuid("7e57ab1e-0000-4000-8000-000000000002"),
			      uuid("b007b007-0000-4000-8000-000000000001"), 3};
	return id;
}

static void fill_hello(struct hr_message *m)
{
	m->sender = replica_1().node;
	m->kind = HR_MESSAGE_HELLO;
	m->hello.min_version = 1;
	m->hello.max_version = 1;
	m->hello.role = HR_ROLE_AGENT;
	snprintf(m->hello.name, sizeof(m->hello.name), "replica-1");
	snprintf(m->hello.software, sizeof(m->hello.software), "0.1.0");
}

/* It may draw 25 W and draws 12. */
static void fill_reading(struct hr_message *m)
{
	m->kind = HR_MESSAGE_REPORT;
	m->report.from = replica_1();
	m->sender = m->report.from.node;
	m->report.n = 41;
	m->report.oldest_n = 39;
	m->report.ack = (struct hr_mark){2, 7};
	m->report.heard = (struct hr_mark){2, 7};
	m->report.cap_uw = 25 * W;
	m->report.applied_uw = 25 * W;
	m->report.floor_uw = 10 * W;
	m->report.ceiling_uw = 70 * W;
	m->report.safe_uw = 10 * W;
	m->report.boot_uw = 70 * W;
	m->report.uncapped_uw = 70 * W;
	m->report.settle_ns = 10 * HR_NS_PER_MS;
	m->report.cap_reason = HR_REASON_GRANTED;
	m->report.in_force_known = true;
	m->report.draw_uw = 12 * W;
	m->report.need_uw = 13 * W;
	m->report.energy_uj = 4800 * W;
}

/* The decrease: 15 W, in answer to report 41, for 2 s from the moment that report was made. */
static void fill_decrease(struct hr_message *m)
{
	m->sender = uuid("c0117201-0000-4000-8000-000000000001");
	m->kind = HR_MESSAGE_GRANT;
	m->grant.to = replica_1();
	m->grant.echo_n = 41;
	m->grant.mark = (struct hr_mark){2, 8};
	m->grant.cap_uw = 15 * W;
	m->grant.safe_uw = 10 * W;
	m->grant.ttl_ns = HR_TTL_DEFAULT_NS;
	m->grant.period_ns = HR_NS_PER_S;
	m->grant.budget_version = 5;
	m->grant.reason = HR_REASON_NEED_FELL;
}

/* The acknowledgement: grant 8 is written, read back and settled. */
static void fill_acknowledgement(struct hr_message *m)
{
	fill_reading(m);
	m->report.n = 42;
	m->report.oldest_n = 40;
	m->report.ack.seq = 8;
	m->report.heard.seq = 8;
	m->report.cap_uw = 15 * W;
	m->report.applied_uw = 15 * W;
	m->report.energy_uj = 4812 * W;
}

static void begin(struct hr_message *m)
{
	memset(m, 0, sizeof(*m));
	m->version = 1;
	snprintf(m->domain, sizeof(m->domain), "rack-1");
}

/* The document, whole; freed by the caller. */
static char *read_document(void)
{
	FILE *f = fopen(HR_TEST_DATA "/../../docs/protocol.md", "r");
	char *text = calloc(1, 1 << 20);
	assert_non_null(f);
	assert_non_null(text);
	assert_true(fread(text, 1, (1 << 20) - 1, f) > 0);
	(void)fclose(f);
	return text;
}

/* The bytes of one line: pairs of hex digits with one blank between, up to two blanks. */
static size_t parse_line(const char *line, uint8_t *ret)
{
	size_t n = 0;
	for (; line[0] != '\n' && line[0] != ' '; line += line[2] == ' ' ? 3 : 2) {
		const char pair[] = {line[0], line[1], '\0'};
		char *end;
		unsigned long byte = strtoul(pair, &end, 16);
		if (end != pair + 2)
			fail_msg("not bytes: %.40s", line);
		ret[n++] = (uint8_t)byte;
	}
	return n;
}

/* The bytes of the block of code that follows the heading. */
static size_t parse_block(const char *document, const char *heading, uint8_t ret[BYTES_MAX])
{
	size_t n = 0;
	const char *at = strstr(document, heading);
	if (!at)
		fail_msg("docs/protocol.md has no \"%s\"", heading);
	at = strstr(at, "```\n");
	assert_non_null(at);
	for (at += 4; strncmp(at, "```", 3) != 0; at = strchr(at, '\n') + 1) {
		assert_true(n + 40 < BYTES_MAX);
		n += parse_line(at, ret + n);
	}
	return n;
}

static void test_examples(void **state)
{
	static const struct {
		const char *heading;
		void (*fill)(struct hr_message *m);
	} examples[] = {
	    {"### A hello in bytes", fill_hello},
	    {"### A report in bytes", fill_reading},
	    {"### A grant in bytes", fill_decrease},
	};
	char *document = read_document();
	(void)state;
	for (size_t i = 0; i < HR_ARRAY_LEN(examples); i++) {
		struct hr_message m, back;
		struct hr_err err = {0};
		uint8_t ours[BYTES_MAX], theirs[BYTES_MAX];
		size_t len = 0;
		begin(&m);
		examples[i].fill(&m);
		if (hr_message_encode(&m, ours, sizeof(ours), &len, &err) < 0)
			fail_msg("%s", err.text);
		assert_int_equal(parse_block(document, examples[i].heading, theirs), len);
		assert_memory_equal(ours, theirs, len);
		assert_int_equal(hr_message_decode(theirs, len, &back, NULL), 0);
		assert_memory_equal(&m, &back, sizeof(m));
	}
	free(document);
}

/* The example keeps the rule it is there to show: the sum never exceeds 100 W. */
static void test_wattson_order(void **state)
{
	struct hr_message reading, decrease, acknowledgement;
	(void)state;
	begin(&reading);
	begin(&decrease);
	begin(&acknowledgement);
	fill_reading(&reading);
	fill_decrease(&decrease);
	fill_acknowledgement(&acknowledgement);
	assert_int_equal(hr_report_validate(&reading.report, NULL), 0);
	assert_int_equal(hr_grant_validate(&decrease.grant, NULL), 0);
	assert_int_equal(hr_report_validate(&acknowledgement.report, NULL), 0);
	assert_int_equal(decrease.grant.echo_n, reading.report.n);
	assert_true(hr_mark_compare(decrease.grant.mark, reading.report.heard) > 0);
	assert_int_equal(hr_mark_compare(acknowledgement.report.ack, decrease.grant.mark), 0);
	assert_int_equal(50 * W + reading.report.cap_uw + 25 * W, 100 * W);
	assert_int_equal(60 * W + acknowledgement.report.cap_uw + 25 * W, 100 * W);
	assert_true(60 * W + reading.report.cap_uw + 25 * W > 100 * W);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_examples),
	    cmocka_unit_test(test_wattson_order),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
