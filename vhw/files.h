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
 *	/nNNNN/proc/sys/kernel/random/boot_id	changes with every reboot of the node
 *
 * In the kernel the entries of the class directory are symbolic links; here they are directories
 * (the same ones a second time), so that the directory can be bound elsewhere on its own.
 */
#ifndef HR_VHW_FILES_H
#define HR_VHW_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attr.h"
#include "sim/plant.h"

#define HR_FILES_NAME_BYTES 48
#define HR_FILES_TEXT_BYTES 64
#define HR_FILES_NODES_MAX 20000

enum hr_files_kind {
	HR_FILES_ROOT = 1,
	HR_FILES_CONTROL,
	HR_FILES_STATS,
	HR_FILES_NODE,
	HR_FILES_SYS,
	HR_FILES_CLASS,
	HR_FILES_POWERCAP,
	HR_FILES_TYPE,      /* intel-rapl */
	HR_FILES_TYPE_ATTR, /* a file in it */
	HR_FILES_ZONE,
	HR_FILES_ZONE_ATTR,
	HR_FILES_PROC,
	HR_FILES_PROC_SYS,
	HR_FILES_PROC_KERNEL,
	HR_FILES_PROC_RANDOM,
	HR_FILES_BOOT_ID,
};

struct hr_files_ref {
	enum hr_files_kind kind;
	uint32_t node; /* from 0 */
	uint8_t view;  /* which of the directories that show the zone */
	uint8_t zone;  /* as in plant.h */
	uint8_t attr;
};

/* The root is inode 1. */
uint64_t hr_files_pack(struct hr_files_ref r);
struct hr_files_ref hr_files_unpack(uint64_t ino);
mode_t hr_files_mode(struct hr_files_ref r);
/* May a write change a limit? For the recorder. */
bool hr_files_is_limit(struct hr_files_ref r);

/*
 * The i-th entry of a directory; false if there are fewer, or dir is a file. n_nodes and
 * n_packages describe the rack.
 */
bool hr_files_child(struct hr_files_ref dir, size_t i, size_t n_nodes, int n_packages,
		    struct hr_files_ref *ret, char ret_name[HR_FILES_NAME_BYTES]);
/* The entry of that name; false if there is none. */
bool hr_files_find(struct hr_files_ref dir, const char *name, size_t n_nodes, int n_packages,
		   struct hr_files_ref *ret);
/* "n0001", "intel-rapl:0:0", "constraint_0_power_limit_uw"; returns buf. */
char *hr_files_node_name(size_t node, char buf[HR_FILES_NAME_BYTES]);
char *hr_files_zone_name(int zone, char buf[HR_FILES_NAME_BYTES]);
const char *hr_files_attr_name(struct hr_files_ref r);
/* The node or zone of that name; -1 if there is none. */
long hr_files_node_find(const char *name, size_t n_nodes);
int hr_files_zone_find(const char *name, int n_packages);

/* The text of a file of a node, with its newline: its length, or a negative errno. */
int hr_files_read(struct hr_plant *p, struct hr_files_ref r,
		  char ret[HR_FILES_TEXT_BYTES]) HR_MUST_CHECK;
/* Writes a file of a node: 0, or a negative errno as the kernel's. text need not end in NUL. */
int hr_files_write(struct hr_plant *p, struct hr_files_ref r, const char *text,
		   size_t text_bytes) HR_MUST_CHECK;

#endif
