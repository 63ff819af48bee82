/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What can be read and capped on a node. See the header.
 */
#include "hw/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/units.h"
#include "hw/paths.h"
#include "hw/powercap_tree.h"

#define CPUINFO_BYTES 8192

static const struct hr_zone node_zone = {.id = ""};

static HR_PRINTF(5, 6) void add(struct hr_probe *p, enum hr_probe_level level,
				const struct hr_zone *z, const char *fix, const char *what, ...)
{
	struct hr_probe_finding *f;
	va_list args;

	if (p->n == HR_PROBE_FINDINGS_MAX)
		return;
	f = &p->finding[p->n++];
	*f = (struct hr_probe_finding){.level = level};
	(void)memcpy(f->zone, z->id, sizeof(f->zone));
	(void)memcpy(f->name, z->name, sizeof(f->name));
	(void)snprintf(f->fix, sizeof(f->fix), "%s", fix);
	va_start(args, what);
	(void)vsnprintf(f->what, sizeof(f->what), what, args);
	va_end(args);
}

const char *hr_probe_level_name(enum hr_probe_level level)
{
	switch (level) {
	case HR_PROBE_OK:
		return "ok";
	case HR_PROBE_NOTE:
		return "note";
	case HR_PROBE_PROBLEM:
		return "problem";
	}
	return "unknown";
}

static bool exists(int rootfd, const char *path)
{
	return faccessat(rootfd, path, F_OK, 0) == 0;
}

/* Does the description of the first processors hold this word? */
static bool cpuinfo_has(int rootfd, const char *word)
{
	char text[CPUINFO_BYTES];
	int fd = hr_sysfs_open(rootfd, HR_PATH_CPUINFO, false);
	ssize_t n;

	if (fd < 0)
		return false;
	n = pread(fd, text, sizeof(text) - 1, 0);
	hr_sysfs_close(&fd);
	if (n <= 0)
		return false;
	text[n] = '\0';
	return strstr(text, word) != NULL;
}

/* No zone at all: the reason is one of a few. */
static void judge_absence(int rootfd, struct hr_probe *p, const char *what)
{
	const char *fix;

	if (cpuinfo_has(rootfd, "hypervisor"))
		fix = "this is a virtual machine, to which the host passes no power limits: run "
		      "Headroom on the host";
	else if (exists(rootfd, HR_PATH_POWERCAP) &&
		 !exists(rootfd, HR_PATH_MODULES "/intel_rapl_msr"))
		fix = "load the driver: modprobe intel_rapl_msr (in a container: the runtime hides "
		      "powercap; mount the host's " HR_PATH_SHOWN(HR_PATH_SYS) ")";
	else if (!cpuinfo_has(rootfd, "GenuineIntel") && !cpuinfo_has(rootfd, "AuthenticAMD"))
		fix = "this processor has no RAPL: power must come from another meter";
	else
		fix = "load the drivers: modprobe intel_rapl_common intel_rapl_msr; if they do not "
		      "exist, the kernel needs CONFIG_POWERCAP and CONFIG_INTEL_RAPL";
	add(p, HR_PROBE_PROBLEM, &node_zone, fix, "%s", what);
}

static void judge_energy_error(struct hr_probe *p, const struct hr_zone *z, const char *dir, int r)
{
	char fix[HR_PROBE_TEXT_BYTES];

	if (r == -EACCES || r == -EPERM) {
		(void)snprintf(fix, sizeof(fix),
			       "run as root, or let a group read it: groupadd -f powercap; "
			       "chgrp powercap /%.80s/energy_uj; chmod 0440 the same (by a udev "
			       "rule, to last)",
			       dir);
		add(p, HR_PROBE_PROBLEM, z, fix, "energy may not be read by this user");
	} else if (r == -EINVAL || r == -ENODATA || r == -ERANGE) {
		add(p, HR_PROBE_PROBLEM, z, "update the kernel, or report its driver",
		    "the energy counter holds no number");
	} else {
		add(p, HR_PROBE_PROBLEM, z, "see the kernel's log (dmesg) for the device",
		    "energy cannot be read: %s", strerror(-r));
	}
}

static void judge_energy(int rootfd, struct hr_probe *p, const struct hr_powercap_place *place)
{
	const struct hr_zone *z = &place->zone;
	const char *dir = NULL;
	int err = 0;

	for (size_t i = 0; i < place->n_members; i++) {
		char path[HR_SYSFS_PATH_BYTES];
		int64_t uj;
		int r;

		if (!place->member[i].has_energy ||
		    hr_sysfs_path(path, place->member[i].dir, "energy_uj") < 0)
			continue;
		r = hr_sysfs_read_at(rootfd, path, &uj);
		if (r == 0) {
			p->n_metered++;
			add(p, HR_PROBE_OK, z, "", "energy can be read");
			if (z->energy_range_uj == INT64_MAX)
				add(p, HR_PROBE_NOTE, z, "",
				    "the kernel does not say where the counter wraps: the reading "
				    "at a wrap is lost");
			return;
		}
		if (dir == NULL) {
			dir = place->member[i].dir;
			err = r;
		}
	}
	if (dir != NULL)
		judge_energy_error(p, z, dir, err);
	else
		add(p, HR_PROBE_NOTE, z, "", "has no energy counter");
}

static void judge_window(int rootfd, struct hr_probe *p, const struct hr_zone *z,
			 const struct hr_powercap_member *m)
{
	char path[HR_SYSFS_PATH_BYTES];
	int64_t least_us;

	if (hr_powercap_tree_constraint(path, m->dir, m->long_n, "time_window_us") < 0 ||
	    !exists(rootfd, path))
		add(p, HR_PROBE_NOTE, z, "",
		    "the window of the limit is not shown: 10 s are charged as settling time");
	if (hr_powercap_tree_constraint(path, m->dir, m->long_n, "min_time_window_us") == 0 &&
	    hr_sysfs_read_at(rootfd, path, &least_us) == 0 && least_us > 10000)
		add(p, HR_PROBE_NOTE, z, "",
		    "the least window of the limit is %" PRId64 " us: a cut settles no sooner",
		    least_us);
}

static void judge_switch(int rootfd, struct hr_probe *p, const struct hr_zone *z,
			 const struct hr_powercap_member *m)
{
	char path[HR_SYSFS_PATH_BYTES];
	int64_t enabled = 1;

	if (hr_sysfs_path(path, m->dir, "enabled") < 0)
		return;
	if (hr_sysfs_read_at(rootfd, path, &enabled) < 0 || enabled != 0)
		return;
	add(p, HR_PROBE_NOTE, z,
	    "the guard switches it on; if it stays off, the firmware has locked it: unlock the "
	    "package power limit (\"power limit lock\", \"CFG lock\") in the BIOS setup and reboot",
	    "the limit is switched off, or locked by the firmware");
}

static bool is_capped(const struct hr_zone *z)
{
	return z->kind == HR_ZONE_PACKAGE || z->kind == HR_ZONE_DIE ||
	       (z->kind == HR_ZONE_PSYS && z->counts);
}

static void judge_limit(int rootfd, struct hr_probe *p, const struct hr_powercap_place *place)
{
	const struct hr_zone *z = &place->zone;
	const struct hr_powercap_member *m = NULL;
	char text[HR_UNITS_TEXT_BYTES];

	for (size_t i = 0; i < place->n_members && m == NULL; i++) {
		if (place->member[i].long_n >= 0)
			m = &place->member[i];
	}
	if (m == NULL) {
		add(p, HR_PROBE_PROBLEM, z,
		    "AMD processors and some firmware show no limit here: the zone is measured "
		    "only",
		    "has no power limit");
		return;
	}
	if (!z->cappable) {
		add(p, HR_PROBE_PROBLEM, z,
		    "run the guard as root; in a container, mount the host's " HR_PATH_SHOWN(
			HR_PATH_SYS) " writable",
		    "the power limit may not be written by this user");
		return;
	}
	p->n_capped++;
	if (z->ceiling_uw > 0)
		add(p, HR_PROBE_OK, z, "", "the power limit can be written, up to %s",
		    hr_power_format(z->ceiling_uw, text));
	else
		add(p, HR_PROBE_NOTE, z, "set the node's ceiling in the configuration",
		    "the power limit can be written; the hardware does not say its most");
	if (place->n_members > 1)
		add(p, HR_PROBE_NOTE, z, "",
		    "is reached through %zu interfaces, of which the lower limit holds: all are "
		    "written",
		    place->n_members);
	judge_window(rootfd, p, z, m);
	judge_switch(rootfd, p, z, m);
}

static void judge_tree(int rootfd, struct hr_probe *p, const struct hr_powercap_tree *t)
{
	for (size_t i = 0; i < t->n; i++) {
		judge_energy(rootfd, p, &t->place[i]);
		if (is_capped(&t->place[i].zone))
			judge_limit(rootfd, p, &t->place[i]);
	}
	if (t->n_nameless > 0)
		add(p, HR_PROBE_NOTE, &node_zone, "",
		    "%zu powercap directories have no usable name and are left out", t->n_nameless);
	if (t->n_left_out > 0)
		add(p, HR_PROBE_NOTE, &node_zone, "",
		    "%zu core and uncore zones are left out: more than %d zones", t->n_left_out,
		    HR_ZONES_MAX);
}

int hr_probe_run(int rootfd, struct hr_probe *ret)
{
	struct hr_powercap_tree *t = malloc(sizeof(*t));
	struct hr_err err = {0};
	int r;

	*ret = (struct hr_probe){.n = 0};
	if (t == NULL)
		return -ENOMEM;
	r = hr_powercap_tree_read(rootfd, t, &err);
	if (r == -ENODEV)
		judge_absence(rootfd, ret, err.text);
	else if (r < 0 && r != -ENOMEM)
		add(ret, HR_PROBE_PROBLEM, &node_zone, "run as root", "%s", err.text);
	else if (r == 0)
		judge_tree(rootfd, ret, t);
	free(t);
	return r == -ENOMEM ? r : 0;
}
