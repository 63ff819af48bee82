/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text of the control file to calls on the rack. Invariant: a line is understood as a whole before
 * anything of it is done.
 */
#include "vhw/command.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/units.h"

#define WORDS_MAX 16

struct words {
	char text[HR_COMMAND_BYTES_MAX];
	int n;
	char *word[WORDS_MAX];
};

struct verb {
	const char *name;
	int least, most; /* words, the verb among them */
	int (*run)(struct hr_rack *r, struct words *w, int64_t now_ns, struct hr_err *reterr);
};

/* "60 W" is one word: a unit behind a number belongs to it. */
static bool is_unit(const char *s)
{
	static const char *const units[] = {"uW", "mW", "W", "kW",  "MW", "ns",
					    "us", "ms", "s", "min", "h"};
	for (size_t i = 0; i < HR_ARRAY_LEN(units); i++) {
		size_t n = strlen(units[i]);
		if (strncmp(s, units[i], n) == 0 && (s[n] == '\0' || isspace((unsigned char)s[n])))
			return true;
	}
	return false;
}

static int split(const char *line, struct words *w, struct hr_err *reterr)
{
	w->n = 0;
	if ((size_t)snprintf(w->text, sizeof(w->text), "%s", line) >= sizeof(w->text))
		return hr_err_set(reterr, -EINVAL, "a command has at most %zu characters",
				  sizeof(w->text) - 1);
	for (char *at = w->text; *at;) {
		if (isspace((unsigned char)*at)) {
			/* the blank before a unit stays part of the word */
			bool joins = w->n > 0 && at > w->text && isdigit((unsigned char)at[-1]) &&
				     is_unit(at + 1);
			*at = joins ? ' ' : '\0';
			at++;
			continue;
		}
		if (at == w->text || at[-1] == '\0') {
			if (w->n == WORDS_MAX)
				return hr_err_set(reterr, -EINVAL, "more than %d words", WORDS_MAX);
			w->word[w->n++] = at;
		}
		at++;
	}
	return 0;
}

static int find_node(const struct hr_rack *r, const char *name, long *ret, struct hr_err *reterr)
{
	*ret = -1;
	if (strcmp(name, "all") == 0)
		return 0;
	*ret = hr_files_node_find(name, hr_rack_nodes(r));
	if (*ret < 0)
		return hr_err_set(reterr, -EINVAL,
				  "there is no node \"%.40s\": n0001 to n%04zu, or all", name,
				  hr_rack_nodes(r));
	return 0;
}

static int find_zone(const struct hr_rack *r, const char *name, int *ret, struct hr_err *reterr)
{
	*ret = hr_files_zone_find(name, hr_rack_packages(r));
	if (*ret < 0)
		return hr_err_set(reterr, -EINVAL,
				  "there is no zone \"%.40s\": intel-rapl:P or intel-rapl:P:0 with "
				  "P below %d",
				  name, hr_rack_packages(r));
	return 0;
}

static int read_integer(const char *text, int64_t *ret, struct hr_err *reterr)
{
	char *end;
	errno = 0;
	long long v = strtoll(text, &end, 10);
	if (end == text || *end != '\0' || errno != 0 || v > INT64_MAX / 4 || v < INT64_MIN / 4)
		return hr_err_set(reterr, -EINVAL, "\"%.40s\" is not a whole number", text);
	*ret = v;
	return 0;
}

/* A power that a register can hold. */
static int read_register(const char *text, int64_t *ret_uw, struct hr_err *reterr)
{
	int64_t uw;
	int rc = hr_power_parse(text, &uw, reterr);
	if (rc == 0 && (uw < 0 || uw > HR_PLANT_POWER_MAX_UW))
		rc = hr_err_set(reterr, -ERANGE, "\"%.40s\": a register holds 0 to 4095.875 W",
				text);
	if (rc == 0)
		*ret_uw = uw;
	return rc;
}

static int run_fault(struct hr_rack *r, struct words *w, int64_t now_ns, struct hr_err *reterr)
{
	long node = -1;
	int zone = 0, rc;
	int64_t argument = 0;
	if ((rc = find_node(r, w->word[1], &node, reterr)) < 0 ||
	    (rc = find_zone(r, w->word[2], &zone, reterr)) < 0)
		return rc;
	int fault = hr_plant_fault_find(w->word[3]);
	if (fault < 0)
		return hr_err_set(reterr, -EINVAL,
				  "there is no fault \"%.40s\": none, eio, eacces, locked, clamp, "
				  "ignore, lie, freeze or jump",
				  w->word[3]);
	bool wants = fault == HR_PLANT_CLAMP || fault == HR_PLANT_JUMP;
	if (wants != (w->n == 5))
		return hr_err_set(reterr, -EINVAL, "fault %s takes %s", w->word[3],
				  wants ? "one argument" : "no argument");
	if (fault == HR_PLANT_CLAMP)
		rc = read_register(w->word[4], &argument, reterr);
	else if (fault == HR_PLANT_JUMP)
		rc = read_integer(w->word[4], &argument, reterr);
	if (rc < 0)
		return rc;
	hr_rack_fault(r, node, zone, (enum hr_plant_fault)fault, argument, now_ns);
	return 0;
}

static int run_overwrite(struct hr_rack *r, struct words *w, int64_t now_ns, struct hr_err *reterr)
{
	long node = -1;
	int zone = 0, rc;
	int64_t uw = 0;
	if ((rc = find_node(r, w->word[1], &node, reterr)) < 0 ||
	    (rc = find_zone(r, w->word[2], &zone, reterr)) < 0 ||
	    (rc = read_register(w->word[4], &uw, reterr)) < 0)
		return rc;
	bool is_long = strcmp(w->word[3], "long") == 0;
	if (!is_long && strcmp(w->word[3], "short") != 0)
		return hr_err_set(reterr, -EINVAL, "\"%.40s\": long or short is wanted",
				  w->word[3]);
	hr_rack_overwrite(r, node, zone, is_long ? HR_PACKAGE_LONG : HR_PACKAGE_SHORT, uw, now_ns);
	return 0;
}

/* A factor, for scale and speed. */
static int read_factor(const char *text, int64_t *ret_permille, struct hr_err *reterr)
{
	char *end;
	double v = strtod(text, &end);
	if (end == text || *end != '\0' || !(v >= 0.001 && v <= 100))
		return hr_err_set(reterr, -EINVAL,
				  "\"%.40s\": a number from 0.001 to 100 is wanted", text);
	*ret_permille = (int64_t)(v * 1000 + 0.5);
	return 0;
}

static int read_span_ms(const char *text, int64_t *ret_ms, struct hr_err *reterr)
{
	int64_t ns;
	int rc = hr_span_parse(text, &ns, reterr);
	if (rc == 0 && (ns < 0 || ns > 86400 * HR_NS_PER_S))
		rc = hr_err_set(reterr, -ERANGE, "\"%.40s\": at most a day", text);
	if (rc == 0)
		*ret_ms = ns / HR_NS_PER_MS;
	return rc;
}

static int read_curve(const char *text, enum hr_curve_kind *ret, struct hr_err *reterr)
{
	int k = hr_curve_find(text);
	if (k < 0)
		return hr_err_set(reterr, -EINVAL,
				  "curve=%.40s: typical, steep or shallow is wanted", text);
	*ret = (enum hr_curve_kind)k;
	return 0;
}

static int read_key(struct hr_load *l, char *word, struct hr_err *reterr)
{
	char *value = strchr(word, '=');
	if (!value)
		return hr_err_set(reterr, -EINVAL, "\"%.40s\": KEY=VALUE is wanted", word);
	*value++ = '\0';
	if (strcmp(word, "curve") == 0)
		return read_curve(value, &l->curve, reterr);
	const struct {
		const char *key;
		int64_t *at;
		int (*read)(const char *text, int64_t *ret, struct hr_err *reterr);
	} keys[] = {
	    {"low", &l->low_uw, hr_power_parse},
	    {"high", &l->high_uw, hr_power_parse},
	    {"noise", &l->noise_uw, hr_power_parse},
	    {"noise_every", &l->noise_ms, read_span_ms},
	    {"on", &l->on_ms, read_span_ms},
	    {"off", &l->off_ms, read_span_ms},
	    {"phase", &l->phase_ms, read_span_ms},
	    {"scale", &l->scale_permille, read_factor},
	    {"speed", &l->speed_permille, read_factor},
	};
	for (size_t i = 0; i < HR_ARRAY_LEN(keys); i++)
		if (strcmp(word, keys[i].key) == 0)
			return keys[i].read(value, keys[i].at, reterr);
	return hr_err_set(reterr, -EINVAL, "a workload has no key \"%.40s\"", word);
}

/* The kind of load; how many words it took, or a negative errno. */
static int read_kind(const struct hr_rack *r, struct words *w, struct hr_load *l,
		     struct hr_err *reterr)
{
	const char *kind = w->word[2];
	if (strcmp(kind, "idle") == 0)
		return 1;
	if (strcmp(kind, "flat") == 0) {
		l->kind = HR_LOAD_FLAT;
		if (w->n < 4)
			return hr_err_set(reterr, -EINVAL, "flat takes a power, as in flat 60 W");
		int rc = hr_power_parse(w->word[3], &l->high_uw, reterr);
		return rc < 0 ? rc : 2;
	}
	if (strncmp(kind, "trace=", 6) != 0)
		return hr_err_set(reterr, -EINVAL,
				  "there is no workload \"%.40s\": idle, flat POWER or trace=NAME",
				  kind);
	l->kind = HR_LOAD_TRACE;
	l->trace = hr_rack_trace(r, kind + 6);
	if (!l->trace)
		return hr_err_set(reterr, -EINVAL,
				  "there is no trace \"%.40s\": --traces names the directory that "
				  "is read at the start",
				  kind + 6);
	return 1;
}

static bool load_in_range(const struct hr_load *l)
{
	return l->low_uw >= 0 && l->low_uw <= HR_PLANT_POWER_MAX_UW && l->high_uw >= 0 &&
	       l->high_uw <= HR_PLANT_POWER_MAX_UW && l->noise_uw >= 0 &&
	       l->noise_uw <= HR_PLANT_POWER_MAX_UW && l->noise_ms > 0 &&
	       (l->high_uw == 0 || l->low_uw <= l->high_uw);
}

static int run_workload(struct hr_rack *r, struct words *w, int64_t now_ns, struct hr_err *reterr)
{
	struct hr_load l = {.kind = HR_LOAD_IDLE, .scale_permille = 1000, .noise_ms = 100};
	long node = -1;
	int package = -1, rc;
	char *colon = strchr(w->word[1], ':');
	if (colon) {
		int64_t v = 0;
		*colon = '\0';
		if ((rc = read_integer(colon + 1, &v, reterr)) < 0)
			return rc;
		if (v < 0 || v >= hr_rack_packages(r))
			return hr_err_set(reterr, -EINVAL, "there is no package %s: 0 to %d",
					  colon + 1, hr_rack_packages(r) - 1);
		package = (int)v;
	}
	if ((rc = find_node(r, w->word[1], &node, reterr)) < 0 ||
	    (rc = read_kind(r, w, &l, reterr)) < 0)
		return rc;
	for (int i = 2 + rc; i < w->n; i++) {
		int key_rc = read_key(&l, w->word[i], reterr);
		if (key_rc < 0)
			return key_rc;
	}
	if (!load_in_range(&l))
		return hr_err_set(reterr, -ERANGE,
				  "a workload's powers are 0 to 4095.875 W, low at most high, and "
				  "noise_every at least 1 ms");
	hr_rack_load(r, node, package, &l, now_ns);
	return 0;
}

static int run_boot(struct hr_rack *r, struct words *w, int64_t now_ns, struct hr_err *reterr)
{
	long node;
	int64_t ms = 0;
	int rc = find_node(r, w->word[1], &node, reterr);
	if (rc == 0 && w->n == 3)
		rc = read_span_ms(w->word[2], &ms, reterr);
	if (rc == 0)
		hr_rack_boot(r, node, ms * HR_NS_PER_MS, now_ns);
	return rc;
}

static int run_budget(struct hr_rack *r, struct words *w, int64_t now_ns, struct hr_err *reterr)
{
	int64_t uw, at_ns = now_ns;
	int rc = hr_power_parse(w->word[1], &uw, reterr);
	if (rc == 0 && w->n == 3)
		rc = strncmp(w->word[2], "at=", 3) == 0
			 ? read_integer(w->word[2] + 3, &at_ns, reterr)
			 : hr_err_set(reterr, -EINVAL, "\"%.40s\": at=RAW_NS is wanted",
				      w->word[2]);
	if (rc == 0 && (uw < 0 || at_ns > now_ns))
		rc = hr_err_set(reterr, -ERANGE,
				"a budget is at least 0 W, and at= not later than now");
	if (rc == 0)
		hr_rack_budget(r, at_ns, uw);
	return rc;
}

static int run_fair(struct hr_rack *r, struct words *w, int64_t now_ns, struct hr_err *reterr)
{
	int64_t uw;
	int rc = hr_power_parse(w->word[1], &uw, reterr);
	if (rc == 0 && uw < 0)
		rc = hr_err_set(reterr, -ERANGE, "a budget is at least 0 W");
	if (rc == 0)
		hr_rack_fair(r, uw, now_ns);
	return rc;
}

static int run_arm(struct hr_rack *r, struct words *w HR_UNUSED, int64_t now_ns,
		   struct hr_err *reterr HR_UNUSED)
{
	hr_rack_arm(r, now_ns);
	return 0;
}

static const struct verb verbs[] = {
    {"fault", 4, 5, run_fault},
    {"overwrite", 5, 5, run_overwrite},
    {"workload", 3, WORDS_MAX, run_workload},
    {"boot", 2, 3, run_boot},
    {"budget", 2, 3, run_budget},
    {"fair", 2, 2, run_fair},
    {"arm", 1, 1, run_arm},
};

int hr_command_run(struct hr_rack *r, const char *line, int64_t now_ns, struct hr_err *reterr)
{
	struct words w;
	int rc = split(line, &w, reterr);
	if (rc < 0 || w.n == 0)
		return rc;
	for (size_t i = 0; i < HR_ARRAY_LEN(verbs); i++) {
		if (strcmp(w.word[0], verbs[i].name) != 0)
			continue;
		if (w.n < verbs[i].least || w.n > verbs[i].most)
			return hr_err_set(reterr, -EINVAL, "%s: %d words are too %s", w.word[0],
					  w.n, w.n < verbs[i].least ? "few" : "many");
		return verbs[i].run(r, &w, now_ns, reterr);
	}
	return hr_err_set(
	    reterr, -EINVAL,
	    "there is no command \"%.40s\": fault, overwrite, workload, boot, budget, "
	    "fair or arm",
	    w.word[0]);
}
