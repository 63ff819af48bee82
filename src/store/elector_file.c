/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See elector_file.h. Two files: "elector", replaced whole, and "writes", two slots of which the
 * older is overwritten, because it is stored with every commit of the ledger.
 */
#include "store/elector_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

/* The numbers that sscanf reads stood in a text whose checksum was right. */
/* NOLINTBEGIN(cert-err34-c) */
#define STATE "elector"
#define COUNT "writes"
#define LOCK "controller.lock"
#define SLOT_BYTES 48 /* "writes NNNNNNNNNNNNNNNNNNNN XXXXXXXX\n", padded */

struct file {
	struct hr_elector base;
	int dir_fd;
	int lock_fd;
	int count_fd;
};

static int slot_parse(const char *slot, uint64_t *ret)
{
	char check[16];

	snprintf(check, sizeof(check), "%08x", hr_file_crc32(slot, 27));
	if (memcmp(slot, "writes ", 7) != 0 || memcmp(slot + 28, check, 8) != 0)
		return -EBADMSG;
	return sscanf(slot + 7, "%" SCNu64, ret) == 1 ? 0 : -EBADMSG;
}

static void count_read(struct file *f)
{
	char slot[2 * SLOT_BYTES + 1];

	memset(slot, 0, sizeof(slot));
	if (pread(f->count_fd, slot, 2 * SLOT_BYTES, 0) < SLOT_BYTES)
		return;
	for (int i = 0; i < 2; i++) {
		uint64_t writes = 0;

		if (slot_parse(slot + i * SLOT_BYTES, &writes) == 0 && writes > f->base.writes)
			f->base.writes = writes;
	}
}

static int file_count(struct hr_elector *e, uint64_t writes, struct hr_err *reterr)
{
	const struct file *f = (struct file *)e;
	char slot[SLOT_BYTES + 1];
	off_t at = writes % 2 == 0 ? 0 : SLOT_BYTES;

	if (writes < e->writes)
		return hr_err_set(reterr, -EINVAL, "the ledger's write count cannot fall");
	snprintf(slot, sizeof(slot), "writes %020" PRIu64, writes);
	snprintf(slot + 27, sizeof(slot) - 27, " %08x%*s\n", hr_file_crc32(slot, 27),
		 SLOT_BYTES - 37, "");
	if (pwrite(f->count_fd, slot, SLOT_BYTES, at) != SLOT_BYTES || fdatasync(f->count_fd) < 0)
		return hr_err_set(reterr, -errno, "cannot store the ledger's write count: %s",
				  strerror(errno));
	e->writes = writes;
	return 0;
}

static char *put(char *at, const char *end, const char *fmt, ...) HR_PRINTF(3, 4);

static char *put(char *at, const char *end, const char *fmt, ...)
{
	va_list args;

	if (at == NULL)
		return NULL;
	va_start(args, fmt);
	int n = vsnprintf(at, (size_t)(end - at), fmt, args);
	va_end(args);
	return n < 0 || n >= end - at ? NULL : at + n;
}

static int state_write(const struct hr_elector *e, struct hr_err *reterr)
{
	const struct file *f = (const struct file *)e;
	char *text = malloc(HR_FILE_TEXT_BYTES);
	char *end = text ? text + HR_FILE_TEXT_BYTES : NULL;
	char *at = text;
	int rc;

	at = put(at, end, "epoch %" PRIu64 " version %" PRIu64 " conf %08x ttl %" PRId64 "\n",
		 e->epoch, e->version, e->conf_crc, e->ttl_ns);
	for (unsigned i = 0; i < e->n_budgets; i++) {
		const struct hr_budget *b = &e->budget[i];

		at = put(at, end, "budget %s %" PRIu64 " %" PRId64 " %u %u\n", b->domain,
			 b->version, b->limit_uw, b->n_windows, b->n_steps);
		for (unsigned k = 0; k < b->n_windows; k++)
			at = put(at, end, "window %" PRId32 " %" PRId32 " %" PRId64 "\n",
				 b->window[k].from_s, b->window[k].to_s, b->window[k].limit_uw);
		for (unsigned k = 0; k < b->n_steps; k++)
			at = put(at, end, "step %" PRId64 " %" PRId64 "\n", b->step[k].at_ns,
				 b->step[k].limit_uw);
	}
	rc = at == NULL ? hr_err_set(reterr, -E2BIG, "the budgets do not fit the elector's file")
			: hr_file_text_write(f->dir_fd, STATE, text, true, reterr);
	free(text);
	return rc;
}

static int budget_parse(const char **text, struct hr_budget *b)
{
	int n = 0;

	memset(b, 0, sizeof(*b));
	if (sscanf(*text, "budget %63s %" SCNu64 " %" SCNd64 " %u %u\n%n", b->domain, &b->version,
		   &b->limit_uw, &b->n_windows, &b->n_steps, &n) != 5)
		return -EBADMSG;
	*text += n;
	if (b->n_windows > HR_BUDGET_WINDOWS_MAX || b->n_steps > HR_BUDGET_STEPS_MAX)
		return -EBADMSG;
	for (unsigned k = 0; k < b->n_windows; k++, *text += n)
		if (sscanf(*text, "window %" SCNd32 " %" SCNd32 " %" SCNd64 "\n%n",
			   &b->window[k].from_s, &b->window[k].to_s, &b->window[k].limit_uw,
			   &n) != 3)
			return -EBADMSG;
	for (unsigned k = 0; k < b->n_steps; k++, *text += n)
		if (sscanf(*text, "step %" SCNd64 " %" SCNd64 "\n%n", &b->step[k].at_ns,
			   &b->step[k].limit_uw, &n) != 2)
			return -EBADMSG;
	return hr_budget_validate(b, NULL) < 0 ? -EBADMSG : 0;
}

static int state_parse(struct hr_elector *e, const char *text)
{
	int n = 0;

	if (sscanf(text, "epoch %" SCNu64 " version %" SCNu64 " conf %x ttl %" SCNd64 "\n%n",
		   &e->epoch, &e->version, &e->conf_crc, &e->ttl_ns, &n) != 4)
		return -EBADMSG;
	for (text += n; *text != '\0'; e->n_budgets++)
		if (e->n_budgets == HR_ELECTOR_BUDGETS_MAX ||
		    budget_parse(&text, &e->budget[e->n_budgets]) < 0)
			return -EBADMSG;
	return 0;
}

static int state_read(struct file *f, struct hr_err *reterr)
{
	struct hr_elector *e = &f->base;
	char *text = malloc(HR_FILE_TEXT_BYTES);
	int rc = text ? hr_file_text_read(f->dir_fd, STATE, text, HR_FILE_TEXT_BYTES, reterr)
		      : hr_err_set(reterr, -ENOMEM, "no memory");

	if (rc == 0 && text != NULL)
		rc = state_parse(e, text);
	free(text);
	if (rc == -EBADMSG) {
		e->lost = true;
		e->epoch = e->version = 0;
		e->ttl_ns = 0;
		e->n_budgets = 0;
		e->conf_crc = 0;
	}
	return rc == -ENOENT || rc == -EBADMSG ? 0 : rc;
}

static int file_reign(struct hr_elector *e, uint64_t above, struct hr_err *reterr)
{
	uint64_t before = e->epoch;

	if (above == UINT64_MAX || before == UINT64_MAX)
		return hr_err_set(reterr, -ERANGE, "there is no greater epoch");
	e->epoch = (above > before ? above : before) + 1;
	int rc = state_write(e, reterr);

	if (rc < 0)
		e->epoch = before;
	return rc;
}

static int file_lease(struct hr_elector *e, int64_t ttl_ns, struct hr_err *reterr)
{
	int64_t before_ns = e->ttl_ns;

	e->ttl_ns = ttl_ns;
	int rc = state_write(e, reterr);

	if (rc < 0)
		e->ttl_ns = before_ns;
	return rc;
}

const struct hr_budget *hr_elector_find(const struct hr_elector *e, const char *domain)
{
	for (unsigned i = 0; i < e->n_budgets; i++)
		if (strcmp(e->budget[i].domain, domain) == 0)
			return &e->budget[i];
	return NULL;
}

static int file_budget(struct hr_elector *e, struct hr_budget *b, uint32_t conf_crc,
		       struct hr_err *reterr)
{
	unsigned i = 0;

	while (i < e->n_budgets && strcmp(e->budget[i].domain, b->domain) != 0)
		i++;
	if (i == HR_ELECTOR_BUDGETS_MAX)
		return hr_err_set(reterr, -ENOSPC, "at most %d domains may have a budget",
				  HR_ELECTOR_BUDGETS_MAX);
	struct hr_budget before = e->budget[i];
	unsigned n_before = e->n_budgets;
	uint32_t crc_before = e->conf_crc;

	b->version = e->version + 1;
	e->budget[i] = *b;
	e->n_budgets = i == n_before ? n_before + 1 : n_before;
	e->version = b->version;
	e->conf_crc = conf_crc;
	int rc = state_write(e, reterr);

	if (rc < 0) {
		e->budget[i] = before;
		e->n_budgets = n_before;
		e->version--;
		e->conf_crc = crc_before;
	}
	return rc;
}

static void file_close(struct hr_elector *e)
{
	struct file *f = (struct file *)e;
	const int fd[] = {f->count_fd, f->lock_fd, f->dir_fd};

	for (size_t i = 0; i < HR_ARRAY_LEN(fd); i++)
		if (fd[i] >= 0)
			close(fd[i]);
	free(f);
}

static const struct hr_elector_ops file_ops = {
    .reign = file_reign,
    .lease = file_lease,
    .count = file_count,
    .budget = file_budget,
    .close = file_close,
};

int hr_elector_file_open(const char *dir, struct hr_elector **ret, struct hr_err *reterr)
{
	struct file *f = calloc(1, sizeof(*f));

	if (f == NULL)
		return hr_err_set(reterr, -ENOMEM, "no memory for the elector");
	f->base.ops = &file_ops;
	f->lock_fd = f->count_fd = -1;
	f->dir_fd = hr_file_dir_open(dir, 0750, reterr);
	int rc = f->dir_fd;

	if (rc >= 0)
		rc = f->lock_fd = hr_file_lock(f->dir_fd, LOCK, "controller", reterr);
	if (rc >= 0) {
		f->count_fd = openat(f->dir_fd, COUNT, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
		if (f->count_fd < 0)
			rc = hr_err_set(reterr, -errno, "cannot open %s: %s", COUNT,
					strerror(errno));
	}
	if (rc >= 0)
		rc = state_read(f, reterr);
	if (rc < 0) {
		hr_err_prefix(reterr, "state directory %s", dir);
		file_close(&f->base);
		return rc;
	}
	count_read(f);
	*ret = &f->base;
	return 0;
}
/* NOLINTEND(cert-err34-c) */
