/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See guard_state.h. Not the guard: it decides nothing. Invariant: every file is a checked text
 * (base/file.h); one that fails its check is treated as lost, and what that means is said once.
 */
#include "role/guard_state.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

/* The numbers that sscanf reads stood in a text whose checksum was right. */
/* NOLINTBEGIN(cert-err34-c) */
#define IDENTITY "identity"
#define EPOCH "epoch"
#define ORIGINALS "originals"
#define MARK "mark"
#define LOCK "guard.lock"
#define ORIGINALS_BYTES (HR_ZONES_MAX * 500) /* a name and 21 numbers to a line */

static int read_epoch(struct hr_guard_state *s, struct hr_err *reterr)
{
	char text[128];
	int rc = hr_file_text_read(s->state_fd, EPOCH, text, sizeof(text), reterr);

	s->epoch = 0;
	if (rc == -ENOENT)
		return 0;
	if (rc < 0)
		return rc;
	return sscanf(text, "epoch %" SCNu64, &s->epoch) == 1 ? 0 : -EBADMSG;
}

static int write_epoch(struct hr_guard_state *s, uint64_t epoch, struct hr_err *reterr)
{
	char text[64];

	snprintf(text, sizeof(text), "epoch %" PRIu64 "\n", epoch);
	int rc = hr_file_text_write(s->state_fd, EPOCH, text, true, reterr);

	if (rc == 0)
		s->epoch = epoch;
	return rc;
}

static const char *take_limits(const char *at, struct hr_original *o)
{
	int valid, enabled, has_short, n = 0;

	if (sscanf(at, "%d %d %d %" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNd64 "%n", &valid,
		   &enabled, &has_short, &o->long_uw, &o->long_window_us, &o->short_uw,
		   &o->short_window_us, &n) != 7)
		return NULL;
	o->valid = valid != 0;
	o->enabled = enabled != 0;
	o->has_short = has_short != 0;
	return at + n;
}

/* One line: zone, then seven numbers for the limit and for each twin. */
static int parse_original(const char *line, struct hr_guard_original *ret)
{
	int n = 0;

	memset(ret, 0, sizeof(*ret));
	if (sscanf(line, "zone %63s%n", ret->zone, &n) != 1 || !hr_name_is_valid(ret->zone))
		return -EBADMSG;
	const char *at = take_limits(line + n, &ret->original);

	for (size_t i = 0; at != NULL && i < HR_ORIGINAL_TWINS; i++) {
		struct hr_original twin;

		memset(&twin, 0, sizeof(twin));
		at = take_limits(at, &twin);
		ret->original.twin[i].valid = twin.valid;
		ret->original.twin[i].enabled = twin.enabled;
		ret->original.twin[i].has_short = twin.has_short;
		ret->original.twin[i].long_uw = twin.long_uw;
		ret->original.twin[i].long_window_us = twin.long_window_us;
		ret->original.twin[i].short_uw = twin.short_uw;
		ret->original.twin[i].short_window_us = twin.short_window_us;
	}
	return at != NULL ? 0 : -EBADMSG;
}

static int read_originals(struct hr_guard_state *s, struct hr_err *reterr)
{
	char text[ORIGINALS_BYTES];
	int rc = hr_file_text_read(s->state_fd, ORIGINALS, text, sizeof(text), reterr);

	s->n_originals = 0;
	if (rc == -ENOENT)
		return 0;
	for (char *line = text; rc == 0 && *line != '\0';) {
		size_t n = strcspn(line, "\n");
		bool last = line[n] == '\0';

		line[n] = '\0';
		if (s->n_originals == HR_ZONES_MAX)
			rc = -EBADMSG;
		else
			rc = parse_original(line, &s->original[s->n_originals++]);
		line += n + (last ? 0 : 1);
	}
	if (rc == -EBADMSG) {
		s->n_originals = 0;
		return hr_err_set(reterr, rc,
				  "the saved original limits are damaged: remove the file "
				  "'" ORIGINALS
				  "' from the state directory after setting the limits "
				  "that the node shall return to");
	}
	return rc;
}

int hr_guard_state_open(struct hr_guard_state *s, const char *state_dir, const char *run_dir,
			struct hr_err *reterr)
{
	memset(s, 0, sizeof(*s));
	s->run_fd = -1;
	s->lock_fd = -1;
	s->state_fd = hr_file_dir_open(state_dir, 0750, reterr);
	int rc = s->state_fd;

	if (rc >= 0)
		rc = s->lock_fd = hr_file_lock(s->state_fd, LOCK, "guard", reterr);
	if (rc >= 0)
		rc = s->run_fd = hr_file_dir_open(run_dir, 0755, reterr);
	if (rc >= 0)
		rc = read_originals(s, reterr);
	if (rc < 0) {
		hr_err_prefix(reterr, "state directory %s", state_dir);
		hr_guard_state_close(s);
		return rc;
	}
	return 0;
}

/* The stored identity, or a fresh one if its counter is lost. */
static int read_identity(struct hr_guard_state *s, const uint8_t random[16], struct hr_err *reterr)
{
	char text[160];
	char uuid[HR_UUID_TEXT_BYTES];
	struct hr_err why = {0};
	int rc = hr_file_text_read(s->state_fd, IDENTITY, text, sizeof(text), &why);

	if (rc == 0 &&
	    (sscanf(text, "node %36s starts %" SCNu64, uuid, &s->self.incarnation) != 2 ||
	     hr_uuid_parse(uuid, &s->self.node) < 0 || hr_uuid_is_none(&s->self.node) ||
	     s->self.incarnation == UINT64_MAX))
		rc = hr_err_set(&why, -EBADMSG, IDENTITY " does not read \"node UUID starts N\"");
	if (rc == 0)
		return 0;
	if (rc != -ENOENT && rc != -EBADMSG)
		return hr_err_set(reterr, rc, "%s", why.text);
	s->fresh = true;
	s->self.node = hr_uuid_from_random(random);
	s->self.incarnation = 0;
	if (rc == -EBADMSG)
		snprintf(s->why_fresh, sizeof(s->why_fresh), "%.199s", why.text);
	return 0;
}

/* The mark of this boot and node; else no grant heard, of the greatest epoch known. */
static void read_mark(struct hr_guard_state *s)
{
	char text[256];
	char node_text[HR_UUID_TEXT_BYTES], boot_text[HR_UUID_TEXT_BYTES];
	struct hr_uuid node, boot;
	struct hr_guard_mark m;
	int left;

	s->mark = (struct hr_guard_mark){.heard = {.epoch = s->epoch}};
	memset(&m, 0, sizeof(m));
	if (hr_file_text_read(s->run_fd, MARK, text, sizeof(text), NULL) < 0 ||
	    sscanf(text,
		   "node %36s boot %36s epoch %" SCNu64 " seq %" SCNu64 " safe %" SCNd64 " left %d",
		   node_text, boot_text, &m.heard.epoch, &m.heard.seq, &m.safe_uw, &left) != 6 ||
	    hr_uuid_parse(node_text, &node) < 0 || hr_uuid_parse(boot_text, &boot) < 0)
		return;
	if (hr_uuid_compare(&node, &s->self.node) != 0 ||
	    hr_uuid_compare(&boot, &s->self.boot) != 0 || m.heard.epoch < s->epoch)
		return;
	m.left = left != 0;
	s->mark = m;
}

int hr_guard_state_begin(struct hr_guard_state *s, const struct hr_uuid *boot,
			 const uint8_t random[16], struct hr_err *reterr)
{
	char text[160];
	char uuid[HR_UUID_TEXT_BYTES];
	struct hr_err why = {0};
	int rc = read_identity(s, random, reterr);

	if (rc < 0)
		return rc;
	s->self.boot = *boot;
	s->self.incarnation++;
	snprintf(text, sizeof(text), "node %s starts %" PRIu64 "\n",
		 hr_uuid_format(&s->self.node, uuid), s->self.incarnation);
	rc = hr_file_text_write(s->state_fd, IDENTITY, text, true, reterr);
	if (rc < 0)
		return rc;
	/* Without the epoch the fresh identity still refuses every grant to the old one. */
	rc = read_epoch(s, &why);
	if (rc == -EBADMSG && !s->fresh) {
		snprintf(s->why_fresh, sizeof(s->why_fresh), "%.199s", why.text);
		s->fresh = true;
		s->self.node = hr_uuid_from_random(random);
		s->self.incarnation = 0;
		snprintf(text, sizeof(text), "node %s starts %" PRIu64 "\n",
			 hr_uuid_format(&s->self.node, uuid), ++s->self.incarnation);
		rc = hr_file_text_write(s->state_fd, IDENTITY, text, true, reterr);
	}
	if (rc == -EBADMSG)
		rc = 0;
	if (rc < 0)
		return rc;
	read_mark(s);
	return 0;
}

int hr_guard_state_mark(struct hr_guard_state *s, const struct hr_guard_mark *mark,
			struct hr_err *reterr)
{
	char text[256];
	char node[HR_UUID_TEXT_BYTES], boot[HR_UUID_TEXT_BYTES];
	int rc = 0;

	if (mark->heard.epoch > s->epoch)
		rc = write_epoch(s, mark->heard.epoch, reterr);
	if (rc < 0)
		return rc;
	snprintf(text, sizeof(text),
		 "node %s boot %s epoch %" PRIu64 " seq %" PRIu64 " safe %" PRId64 " left %d\n",
		 hr_uuid_format(&s->self.node, node), hr_uuid_format(&s->self.boot, boot),
		 mark->heard.epoch, mark->heard.seq, mark->safe_uw, mark->left);
	rc = hr_file_text_write(s->run_fd, MARK, text, false, reterr);
	if (rc == 0)
		s->mark = *mark;
	return rc;
}

const struct hr_original *hr_guard_state_original(const struct hr_guard_state *s, const char *zone)
{
	for (size_t i = 0; i < s->n_originals; i++)
		if (strcmp(s->original[i].zone, zone) == 0)
			return &s->original[i].original;
	return NULL;
}

int hr_guard_state_original_add(struct hr_guard_state *s, const char *zone,
				const struct hr_original *o)
{
	if (hr_guard_state_original(s, zone) != NULL)
		return -EEXIST;
	if (s->n_originals == HR_ZONES_MAX)
		return -ENOSPC;
	struct hr_guard_original *slot = &s->original[s->n_originals++];

	snprintf(slot->zone, sizeof(slot->zone), "%s", zone);
	slot->original = *o;
	return 0;
}

static size_t put_limits(char *at, size_t size, bool valid, bool enabled, bool has_short,
			 const int64_t value[4])
{
	int n = snprintf(at, size, " %d %d %d %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64, valid,
			 enabled, has_short, value[0], value[1], value[2], value[3]);

	return n < 0 ? 0 : (size_t)n;
}

static size_t put_original(char *at, size_t size, const struct hr_guard_original *g)
{
	const struct hr_original *o = &g->original;
	int64_t value[4] = {o->long_uw, o->long_window_us, o->short_uw, o->short_window_us};
	int head = snprintf(at, size, "zone %s", g->zone);
	size_t n = head < 0 ? 0 : (size_t)head;

	n += put_limits(at + n, size - n, o->valid, o->enabled, o->has_short, value);
	for (size_t i = 0; i < HR_ORIGINAL_TWINS; i++) {
		int64_t twin[4] = {o->twin[i].long_uw, o->twin[i].long_window_us,
				   o->twin[i].short_uw, o->twin[i].short_window_us};

		n += put_limits(at + n, size - n, o->twin[i].valid, o->twin[i].enabled,
				o->twin[i].has_short, twin);
	}
	at[n++] = '\n';
	at[n] = '\0';
	return n;
}

int hr_guard_state_originals_store(struct hr_guard_state *s, struct hr_err *reterr)
{
	char text[ORIGINALS_BYTES];
	size_t n = 0;

	text[0] = '\0';
	for (size_t i = 0; i < s->n_originals; i++)
		n += put_original(text + n, sizeof(text) - n, &s->original[i]);
	return hr_file_text_write(s->state_fd, ORIGINALS, text, true, reterr);
}

int hr_guard_state_originals_drop(struct hr_guard_state *s, struct hr_err *reterr)
{
	int rc = hr_file_remove(s->state_fd, ORIGINALS);

	if (rc < 0)
		return hr_err_set(reterr, rc, "cannot remove the saved original limits: %s",
				  strerror(-rc));
	s->n_originals = 0;
	return 0;
}

void hr_guard_state_close(struct hr_guard_state *s)
{
	int *fd[] = {&s->run_fd, &s->lock_fd, &s->state_fd};

	for (size_t i = 0; i < HR_ARRAY_LEN(fd); i++) {
		if (*fd[i] >= 0)
			close(*fd[i]);
		*fd[i] = -1;
	}
}
/* NOLINTEND(cert-err34-c) */
