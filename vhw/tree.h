/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The names, modes and texts of the virtual sysfs tree, as Linux' powercap and intel_rapl drivers
 * give them (Documentation/power/powercap/powercap.rst, drivers/powercap/powercap_sys.c). Knows
 * nothing of FUSE: a reference is a plain value that packs into an inode number.
 *
 *	/control /stats				commands in, figures out
 *	/nNNNN/sys/class/powercap/		of node NNNN, counted from 1
 *		intel-rapl/			control type; also holds its zones, as in the kernel
 *		intel-rapl:P/ intel-rapl:P:0/	package P and its memory
 *
 * In the kernel the entries of the class directory are symbolic links; here they are directories
 * (the same ones a second time), so that the directory can be bound elsewhere on its own.
 */
#ifndef HR_VHW_TREE_H
#define HR_VHW_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attr.h"
#include "sim/plant.h"

#define HR_TREE_NAME_BYTES 48
#define HR_TREE_TEXT_BYTES 64
#define HR_TREE_NODES_MAX 20000

enum hr_tree_kind {
	HR_TREE_ROOT = 1,
	HR_TREE_CONTROL,
	HR_TREE_STATS,
	HR_TREE_NODE,
	HR_TREE_SYS,
	HR_TREE_CLASS,
	HR_TREE_POWERCAP,
	HR_TREE_TYPE,      /* intel-rapl */
	HR_TREE_TYPE_ATTR, /* a file in it */
	HR_TREE_ZONE,
	HR_TREE_ZONE_ATTR,
};

struct hr_tree_ref {
	enum hr_tree_kind kind;
	uint32_t node; /* from 0 */
	uint8_t view;  /* which of the directories that show the zone */
	uint8_t zone;  /* as in plant.h */
	uint8_t attr;
};

/* The root is inode 1. */
uint64_t hr_tree_pack(struct hr_tree_ref r);
struct hr_tree_ref hr_tree_unpack(uint64_t ino);
mode_t hr_tree_mode(struct hr_tree_ref r);
/* May a write change a limit? For the recorder. */
bool hr_tree_is_limit(struct hr_tree_ref r);

/*
 * The i-th entry of a directory; false if there are fewer, or dir is a file. n_nodes and
 * n_packages describe the rack.
 */
bool hr_tree_child(struct hr_tree_ref dir, size_t i, size_t n_nodes, int n_packages,
		   struct hr_tree_ref *ret, char ret_name[HR_TREE_NAME_BYTES]);
/* The entry of that name; false if there is none. */
bool hr_tree_find(struct hr_tree_ref dir, const char *name, size_t n_nodes, int n_packages,
		  struct hr_tree_ref *ret);
/* "n0001", "intel-rapl:0:0", "constraint_0_power_limit_uw"; returns buf. */
char *hr_tree_node_name(size_t node, char buf[HR_TREE_NAME_BYTES]);
char *hr_tree_zone_name(int zone, char buf[HR_TREE_NAME_BYTES]);
const char *hr_tree_attr_name(struct hr_tree_ref r);
/* The node or zone of that name; -1 if there is none. */
long hr_tree_node_find(const char *name, size_t n_nodes);
int hr_tree_zone_find(const char *name, int n_packages);

/* The text of a file of a node, with its newline: its length, or a negative errno. */
int hr_tree_read(struct hr_plant *p, struct hr_tree_ref r,
		 char ret[HR_TREE_TEXT_BYTES]) HR_MUST_CHECK;
/* Writes a file of a node: 0, or a negative errno as the kernel's. text need not end in NUL. */
int hr_tree_write(struct hr_plant *p, struct hr_tree_ref r, const char *text,
		  size_t text_bytes) HR_MUST_CHECK;

#endif
