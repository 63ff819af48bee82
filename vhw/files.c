/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names and texts of the tree. Neither FUSE nor a clock: the caller has advanced the plant.
 * Invariant: hr_files_unpack(hr_files_pack(r)) is r for every reference that the tree gives out.
 */
#include "vhw/files.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/units.h"

#define TYPE "intel-rapl"
#define DIGITS_MAX 20

enum attr {
	ATTR_NAME,
	ATTR_UEVENT,
	ATTR_ENABLED,
	ATTR_ENERGY,
	ATTR_RANGE,
	/* four for each constraint, in this order */
	ATTR_CONSTRAINT,
};

enum constraint_attr {
	CONSTRAINT_NAME,
	CONSTRAINT_MAX,
	CONSTRAINT_LIMIT,
	CONSTRAINT_WINDOW,
	CONSTRAINT_ATTRS
};

static const struct {
	const char *name;
	mode_t mode;
} zone_attrs[] = {
    {"name", 0444},
    {"uevent", 0644},
    {"enabled", 0644},
    {"energy_uj", 0400},
    {"max_energy_range_uj", 0444},
    {"constraint_0_name", 0444},
    {"constraint_0_max_power_uw", 0444},
    {"constraint_0_power_limit_uw", 0644},
    {"constraint_0_time_window_us", 0644},
    {"constraint_1_name", 0444},
    {"constraint_1_max_power_uw", 0444},
    {"constraint_1_power_limit_uw", 0644},
    {"constraint_1_time_window_us", 0644},
};

static const char *const type_attrs[] = {"enabled", "uevent"};

/* Directories that show a zone: the class, the control type, the package inside the class. */
enum view {
	VIEW_CLASS,
	VIEW_TYPE,
	VIEW_PACKAGE,
};

uint64_t hr_files_pack(struct hr_files_ref r)
{
	return (uint64_t)r.node << 32 | (uint64_t)r.view << 24 | (uint64_t)r.zone << 16 |
	       (uint64_t)r.attr << 8 | (uint64_t)r.kind;
}

struct hr_files_ref hr_files_unpack(uint64_t ino)
{
	return (struct hr_files_ref){
	    .kind = (enum hr_files_kind)(ino & 0xff),
	    .node = (uint32_t)(ino >> 32),
	    .view = (uint8_t)(ino >> 24),
	    .zone = (uint8_t)(ino >> 16),
	    .attr = (uint8_t)(ino >> 8),
	};
}

mode_t hr_files_mode(struct hr_files_ref r)
{
	switch (r.kind) {
	case HR_FILES_CONTROL:
		return S_IFREG | 0600;
	case HR_FILES_STATS:
	case HR_FILES_BOOT_ID:
		return S_IFREG | 0444;
	case HR_FILES_TYPE_ATTR:
		return S_IFREG | 0644;
	case HR_FILES_ZONE_ATTR:
		return S_IFREG | zone_attrs[r.attr % HR_ARRAY_LEN(zone_attrs)].mode;
	case HR_FILES_ROOT:
	case HR_FILES_NODE:
	case HR_FILES_SYS:
	case HR_FILES_CLASS:
	case HR_FILES_POWERCAP:
	case HR_FILES_TYPE:
	case HR_FILES_ZONE:
	case HR_FILES_PROC:
	case HR_FILES_PROC_SYS:
	case HR_FILES_PROC_KERNEL:
	case HR_FILES_PROC_RANDOM:
		break;
	}
	return S_IFDIR | 0755;
}

bool hr_files_is_limit(struct hr_files_ref r)
{
	return r.kind == HR_FILES_ZONE_ATTR && zone_attrs[r.attr].mode == 0644 &&
	       r.attr != ATTR_UEVENT;
}

char *hr_files_node_name(size_t node, char buf[HR_FILES_NAME_BYTES])
{
	snprintf(buf, HR_FILES_NAME_BYTES, "n%04zu", node + 1);
	return buf;
}

char *hr_files_zone_name(int zone, char buf[HR_FILES_NAME_BYTES])
{
	snprintf(buf, HR_FILES_NAME_BYTES, zone % 2 ? TYPE ":%d:0" : TYPE ":%d", zone / 2);
	return buf;
}

const char *hr_files_attr_name(struct hr_files_ref r)
{
	if (r.kind == HR_FILES_ZONE_ATTR && r.attr < HR_ARRAY_LEN(zone_attrs))
		return zone_attrs[r.attr].name;
	if (r.kind == HR_FILES_TYPE_ATTR && r.attr < HR_ARRAY_LEN(type_attrs))
		return type_attrs[r.attr];
	return "";
}

long hr_files_node_find(const char *name, size_t n_nodes)
{
	if (name[0] != 'n' || name[1] < '0' || name[1] > '9' || strlen(name) > 9)
		return -1;
	char *end;
	long v = strtol(name + 1, &end, 10);
	char exact[HR_FILES_NAME_BYTES];
	if (*end != '\0' || v < 1 || (size_t)v > n_nodes ||
	    strcmp(hr_files_node_name((size_t)v - 1, exact), name) != 0)
		return -1;
	return v - 1;
}

int hr_files_zone_find(const char *name, int n_packages)
{
	char buf[HR_FILES_NAME_BYTES];
	for (int z = 0; z < 2 * n_packages; z++)
		if (strcmp(hr_files_zone_name(z, buf), name) == 0)
			return z;
	return -1;
}

static struct hr_files_ref child_of(struct hr_files_ref dir, enum hr_files_kind kind)
{
	dir.kind = kind;
	return dir;
}

/* Directories with one entry of one name; a node has two of them. */
static const struct {
	enum hr_files_kind dir;
	enum hr_files_kind kind;
	const char *name;
} links[] = {
    {HR_FILES_NODE, HR_FILES_SYS, "sys"},
    {HR_FILES_NODE, HR_FILES_PROC, "proc"},
    {HR_FILES_SYS, HR_FILES_CLASS, "class"},
    {HR_FILES_CLASS, HR_FILES_POWERCAP, "powercap"},
    {HR_FILES_PROC, HR_FILES_PROC_SYS, "sys"},
    {HR_FILES_PROC_SYS, HR_FILES_PROC_KERNEL, "kernel"},
    {HR_FILES_PROC_KERNEL, HR_FILES_PROC_RANDOM, "random"},
    {HR_FILES_PROC_RANDOM, HR_FILES_BOOT_ID, "boot_id"},
};

static bool linked_child(struct hr_files_ref dir, size_t i, struct hr_files_ref *ret,
			 char *ret_name)
{
	for (size_t k = 0; k < HR_ARRAY_LEN(links); k++) {
		if (links[k].dir != dir.kind || i-- > 0)
			continue;
		*ret = child_of(dir, links[k].kind);
		snprintf(ret_name, HR_FILES_NAME_BYTES, "%s", links[k].name);
		return true;
	}
	return false;
}

static bool zone_child(struct hr_files_ref dir, size_t zone, enum view view,
		       struct hr_files_ref *ret, char *ret_name)
{
	*ret = child_of(dir, HR_FILES_ZONE);
	ret->view = (uint8_t)view;
	ret->zone = (uint8_t)zone;
	hr_files_zone_name((int)zone, ret_name);
	return true;
}

static bool root_child(struct hr_files_ref dir, size_t i, size_t n_nodes, struct hr_files_ref *ret,
		       char *ret_name)
{
	if (i < 2) {
		*ret = child_of(dir, i == 0 ? HR_FILES_CONTROL : HR_FILES_STATS);
		snprintf(ret_name, HR_FILES_NAME_BYTES, "%s", i == 0 ? "control" : "stats");
		return true;
	}
	if (i - 2 >= n_nodes)
		return false;
	*ret = child_of(dir, HR_FILES_NODE);
	ret->node = (uint32_t)(i - 2);
	hr_files_node_name(i - 2, ret_name);
	return true;
}

static bool type_child(struct hr_files_ref dir, size_t i, size_t n_packages,
		       struct hr_files_ref *ret, char *ret_name)
{
	if (i < HR_ARRAY_LEN(type_attrs)) {
		*ret = child_of(dir, HR_FILES_TYPE_ATTR);
		ret->attr = (uint8_t)i;
		snprintf(ret_name, HR_FILES_NAME_BYTES, "%s", type_attrs[i]);
		return true;
	}
	i -= HR_ARRAY_LEN(type_attrs);
	return i < n_packages && zone_child(dir, 2 * i, VIEW_TYPE, ret, ret_name);
}

static bool in_zone_child(struct hr_files_ref dir, size_t i, struct hr_files_ref *ret,
			  char *ret_name)
{
	bool dram = dir.zone % 2 == 1;
	size_t n = dram ? ATTR_CONSTRAINT + CONSTRAINT_ATTRS : HR_ARRAY_LEN(zone_attrs);
	if (i < n) {
		*ret = child_of(dir, HR_FILES_ZONE_ATTR);
		ret->attr = (uint8_t)i;
		snprintf(ret_name, HR_FILES_NAME_BYTES, "%s", zone_attrs[i].name);
		return true;
	}
	return !dram && i == n &&
	       zone_child(dir, dir.zone + 1u, dir.view == VIEW_CLASS ? VIEW_PACKAGE : VIEW_TYPE,
			  ret, ret_name);
}

bool hr_files_child(struct hr_files_ref dir, size_t i, size_t n_nodes, int n_packages,
		    struct hr_files_ref *ret, char ret_name[HR_FILES_NAME_BYTES])
{
	size_t packages = (size_t)n_packages;
	switch (dir.kind) {
	case HR_FILES_ROOT:
		return root_child(dir, i, n_nodes, ret, ret_name);
	case HR_FILES_POWERCAP:
		if (i == 0) {
			*ret = child_of(dir, HR_FILES_TYPE);
			snprintf(ret_name, HR_FILES_NAME_BYTES, "%s", TYPE);
			return true;
		}
		return i <= 2 * packages && zone_child(dir, i - 1, VIEW_CLASS, ret, ret_name);
	case HR_FILES_TYPE:
		return type_child(dir, i, packages, ret, ret_name);
	case HR_FILES_ZONE:
		return in_zone_child(dir, i, ret, ret_name);
	case HR_FILES_NODE:
	case HR_FILES_SYS:
	case HR_FILES_CLASS:
	case HR_FILES_PROC:
	case HR_FILES_PROC_SYS:
	case HR_FILES_PROC_KERNEL:
	case HR_FILES_PROC_RANDOM:
		return linked_child(dir, i, ret, ret_name);
	case HR_FILES_BOOT_ID:
	case HR_FILES_CONTROL:
	case HR_FILES_STATS:
	case HR_FILES_TYPE_ATTR:
	case HR_FILES_ZONE_ATTR:
		break;
	}
	return false;
}

bool hr_files_find(struct hr_files_ref dir, const char *name, size_t n_nodes, int n_packages,
		   struct hr_files_ref *ret)
{
	char at[HR_FILES_NAME_BYTES];
	struct hr_files_ref r;
	if (dir.kind == HR_FILES_ROOT && name[0] == 'n') {
		long node = hr_files_node_find(name, n_nodes);
		return node >= 0 && root_child(dir, (size_t)node + 2, n_nodes, ret, at);
	}
	for (size_t i = 0; hr_files_child(dir, i, n_nodes, n_packages, &r, at); i++) {
		if (strcmp(at, name) == 0) {
			*ret = r;
			return true;
		}
	}
	return false;
}

static int print_number(char *buf, int64_t v)
{
	return snprintf(buf, HR_FILES_TEXT_BYTES, "%lld\n", (long long)v);
}

static int read_constraint(const struct hr_plant *p, struct hr_files_ref r, char *ret)
{
	int i = (r.attr - ATTR_CONSTRAINT) / CONSTRAINT_ATTRS;
	enum hr_package_limit which = i == 0 ? HR_PACKAGE_LONG : HR_PACKAGE_SHORT;
	const struct hr_package_conf *c = &p->conf.package;
	int64_t v = 0;
	int rc = 0;
	switch ((enum constraint_attr)((r.attr - ATTR_CONSTRAINT) % CONSTRAINT_ATTRS)) {
	case CONSTRAINT_NAME:
		return snprintf(ret, HR_FILES_TEXT_BYTES, "%s\n",
				i == 0 ? "long_term" : "short_term");
	case CONSTRAINT_MAX:
		v = r.zone % 2 ? c->dram_uw_max : i == 0 ? c->tdp_uw : c->peak_uw;
		break;
	case CONSTRAINT_LIMIT:
		rc = hr_plant_limit(p, r.zone, which, &v);
		break;
	case CONSTRAINT_WINDOW:
		rc = hr_plant_window(p, r.zone, which, &v);
		break;
	case CONSTRAINT_ATTRS:
		return -EIO;
	}
	return rc < 0 ? rc : print_number(ret, v);
}

int hr_files_read(struct hr_plant *p, struct hr_files_ref r, char ret[HR_FILES_TEXT_BYTES])
{
	int64_t v;
	bool on;
	int rc;
	ret[0] = '\0';
	if (p->now_ns < p->boot_until_ns)
		return -ENODEV;
	if (r.kind == HR_FILES_BOOT_ID) {
		struct hr_uuid id = hr_plant_boot_id(p);
		char text[HR_UUID_TEXT_BYTES];
		return snprintf(ret, HR_FILES_TEXT_BYTES, "%s\n", hr_uuid_format(&id, text));
	}
	if (r.kind == HR_FILES_TYPE_ATTR)
		return strcmp(hr_files_attr_name(r), "enabled") == 0 ? print_number(ret, 1) : 0;
	if (r.kind != HR_FILES_ZONE_ATTR)
		return -EISDIR;
	if (r.attr >= ATTR_CONSTRAINT)
		return read_constraint(p, r, ret);
	switch ((enum attr)r.attr) {
	case ATTR_NAME:
		return snprintf(ret, HR_FILES_TEXT_BYTES, r.zone % 2 ? "dram\n" : "package-%d\n",
				r.zone / 2);
	case ATTR_ENABLED:
		rc = hr_plant_enabled(p, r.zone, &on);
		return rc < 0 ? rc : print_number(ret, on);
	case ATTR_ENERGY:
		rc = hr_plant_energy(p, r.zone, &v);
		return rc < 0 ? rc : print_number(ret, v);
	case ATTR_RANGE:
		return print_number(ret, p->conf.energy_range_uj);
	case ATTR_UEVENT:
	case ATTR_CONSTRAINT:
		break;
	}
	return 0;
}

/* As the kernel's kstrtos64 with base 10: one optional sign, digits, one optional newline. */
static int parse_number(const char *text, size_t n, int64_t *ret)
{
	char buf[DIGITS_MAX + 2];
	/* libpowercap writes the final NUL too, and the kernel stops at it */
	n = strnlen(text, n);
	if (n > 0 && text[n - 1] == '\n')
		n--;
	if (n == 0 || n >= sizeof(buf))
		return -EINVAL;
	memcpy(buf, text, n);
	buf[n] = '\0';
	size_t sign = buf[0] == '-' || buf[0] == '+';
	if (n == sign || strspn(buf + sign, "0123456789") != n - sign)
		return -EINVAL;
	errno = 0;
	*ret = strtoll(buf, NULL, 10);
	return errno == ERANGE ? -ERANGE : 0;
}

/* As the kernel's kstrtobool, which looks at one or two characters. */
static int parse_bool(const char *text, size_t n, bool *ret)
{
	char a = n > 0 ? text[0] : '\0', b = n > 1 ? text[1] : '\0';
	if (a == '1' || a == 'y' || a == 'Y' || ((a == 'o' || a == 'O') && (b == 'n' || b == 'N')))
		*ret = true;
	else if (a == '0' || a == 'n' || a == 'N' ||
		 ((a == 'o' || a == 'O') && (b == 'f' || b == 'F')))
		*ret = false;
	else
		return -EINVAL;
	return 0;
}

int hr_files_write(struct hr_plant *p, struct hr_files_ref r, const char *text, size_t text_bytes)
{
	if (!hr_files_is_limit(r))
		return r.kind != HR_FILES_BOOT_ID &&
			       (r.kind == HR_FILES_TYPE_ATTR || r.attr == ATTR_UEVENT)
			   ? 0
			   : -EACCES;
	if (p->now_ns < p->boot_until_ns)
		return -ENODEV;
	int64_t v;
	bool on;
	int rc;
	if (r.attr == ATTR_ENABLED) {
		rc = parse_bool(text, text_bytes, &on);
		return rc < 0 ? rc : hr_plant_set_enabled(p, r.zone, on);
	}
	rc = parse_number(text, text_bytes, &v);
	if (rc < 0)
		return rc;
	int i = (r.attr - ATTR_CONSTRAINT) / CONSTRAINT_ATTRS;
	enum hr_package_limit which = i == 0 ? HR_PACKAGE_LONG : HR_PACKAGE_SHORT;
	if ((r.attr - ATTR_CONSTRAINT) % CONSTRAINT_ATTRS == CONSTRAINT_WINDOW)
		return hr_plant_set_window(p, r.zone, which, v);
	return hr_plant_set_limit(p, r.zone, which, v);
}
