/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log: one write(2) of one line to stderr. No files, no rotation, no buffering: journald or
 * whoever holds the other end does that. Invariant: one call is at most one line, whatever the
 * text contains.
 */
#include "base/log.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

#define LINE_BYTES 1000
#define NAME_BYTES 32

static struct {
	char name[NAME_BYTES];
	enum hr_log_level most;
	bool journal;
} self = {"headroom", HR_LOG_INFO, false};

static const char *level_name(enum hr_log_level level)
{
	static const char *const name[] = {"error", "warning", "notice", "info", "debug"};

	if (level < HR_LOG_ERROR || level > HR_LOG_DEBUG)
		return "unknown";
	return name[level - HR_LOG_ERROR];
}

/* $JOURNAL_STREAM names the device and inode of the journal's socket (systemd.exec(5)). */
static bool stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	char mine[64];
	struct stat st;

	if (stream == NULL || fstat(STDERR_FILENO, &st) < 0)
		return false;
	snprintf(mine, sizeof(mine), "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
	return strcmp(stream, mine) == 0;
}

void hr_log_init(const char *name, enum hr_log_level most)
{
	snprintf(self.name, sizeof(self.name), "%s", name);
	self.most = most;
	self.journal = stderr_is_journal();
}

/* What precedes the text; returns its length. The journal keeps time itself. */
static size_t put_head(char *line, size_t size, enum hr_log_level level)
{
	int64_t wall_ns = hr_now_read().wall_ns;
	time_t s = (time_t)(wall_ns / HR_NS_PER_S);
	struct tm tm;
	int n;

	if (self.journal) {
		n = snprintf(line, size, "<%d>", (int)level);
	} else {
		gmtime_r(&s, &tm);
		n = snprintf(line, size, "time=%04d-%02d-%02dT%02d:%02d:%02d.%03dZ level=%s ",
			     tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min,
			     tm.tm_sec, (int)(wall_ns % HR_NS_PER_S / HR_NS_PER_MS),
			     level_name(level));
	}
	if (n < 0 || (size_t)n >= size)
		return 0;
	return (size_t)n;
}

void hr_log(enum hr_log_level level, const char *fmt, ...)
{
	bool quote = strpbrk(self.name, " \"=") != NULL;
	char line[LINE_BYTES];
	size_t used, i;
	va_list args;
	ssize_t r;
	int n;

	if (level > self.most)
		return;
	used = put_head(line, sizeof(line), level);
	n = snprintf(line + used, sizeof(line) - used, quote ? "name=\"%s\" " : "name=%s ",
		     self.name);
	used += n < 0 ? 0 : (size_t)n;
	va_start(args, fmt);
	n = vsnprintf(line + used, sizeof(line) - used, fmt, args);
	va_end(args);
	used += n < 0 ? 0 : (size_t)n;
	if (used > sizeof(line) - 1)
		used = sizeof(line) - 1;
	for (i = 0; i < used; i++)
		if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
			line[i] = '?';
	line[used++] = '\n';
	/* A log that cannot be written has nowhere to say so. */
	r = write(STDERR_FILENO, line, used);
	(void)r;
}
