/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The configuration of a controller: section "controller:".
 *
 * All power is wall power in microwatts. The root of the power tree is the domain "cluster"; it is
 * not listed.
 */
#ifndef HR_CONF_CONTROLLER_H
#define HR_CONF_CONTROLLER_H

#include "base/uuid.h"
#include "conf/keys.h"
#include "model/budget.h"
#include "model/class.h"
#include "model/ident.h"

#define HR_CONF_ROOT_DOMAIN "cluster"
#define HR_CONF_TREE_DEPTH_MAX 8 /* root and node included */
#define HR_CONF_DOMAINS_MAX 4096
#define HR_CONF_NODES_MAX 16384
#define HR_CONF_FEEDS_MAX 4 /* of one node */

enum hr_conf_silent { HR_CONF_SILENT_HOLD, HR_CONF_SILENT_SAFE, HR_CONF_SILENT__MAX };

struct hr_conf_window {
	int32_t from_s;
	int32_t to_s;
	int64_t limit_uw;
	int line;
};

struct hr_conf_step {
	int64_t at_ns;
	int64_t limit_uw;
	int line;
};

struct hr_conf_domain {
	char name[HR_NAME_BYTES];
	int line;
	char parent[HR_NAME_BYTES]; /* "cluster": the root */
	int64_t limit_uw;           /* 0: none of its own */
	bool feed;                  /* a feed: a second, crossing constraint on the nodes */
	int64_t reserve_uw;         /* load under it that is not managed */
};

struct hr_conf_feed {
	char name[HR_NAME_BYTES];
	int line;
	int64_t share_permille; /* of the node's power that may come through this feed */
};

struct hr_conf_node {
	char name[HR_CONF_STRING_BYTES]; /* a name or a set, "node[01-80]" */
	int line;
	struct hr_uuid uuid;        /* none: bound by the authorised key */
	char domain[HR_NAME_BYTES]; /* "cluster": the root */
	struct hr_conf_feed *feeds;
	size_t n_feeds;
	enum hr_class class;
	int64_t weight;
	int64_t safe_uw;    /* 0: what the node reports */
	int64_t floor_uw;   /* 0: what the node reports */
	int64_t ceiling_uw; /* 0: what the node reports */
	int64_t boot_uw;    /* 0: what the node reports */
};

struct hr_conf_http {
	struct hr_conf_endpoint listen; /* none: no HTTP */
	char tls_cert[HR_CONF_STRING_BYTES];
	char tls_key[HR_CONF_STRING_BYTES];
	char token_file[HR_CONF_STRING_BYTES]; /* "": nothing can be written */
};

struct hr_conf_controller {
	struct hr_conf_origins origins;
	char name[HR_NAME_BYTES]; /* "": the host's name */
	struct hr_conf_endpoint listen;
	struct hr_conf_http http;
	char key_file[HR_CONF_STRING_BYTES];
	char authorized_keys[HR_CONF_STRING_BYTES];
	char state_dir[HR_CONF_STRING_BYTES];
	int64_t budget_uw;  /* standing limit of the root; 0: not set, nothing is granted */
	int64_t reserve_uw; /* load in the cluster that is not managed */
	struct hr_conf_window *budget_windows;
	size_t n_budget_windows;
	struct hr_conf_step *budget_steps;
	size_t n_budget_steps;
	int64_t round_ns;
	int64_t ttl_ns;
	int64_t report_period_ns;
	enum hr_conf_silent silent_node;
	bool reserve_for_boot;
	int64_t min_reboot_ns;
	int64_t drift_ppm;
	int64_t tick_ns;   /* bound of a guard's tick */
	int64_t write_ns;  /* bound of one write to hardware */
	int64_t settle_ns; /* bound of an actuator's settling where the node reports none */
	struct hr_conf_domain *domains;
	size_t n_domains;
	struct hr_conf_node *nodes;
	size_t n_nodes;
};

extern const struct hr_conf_table hr_conf_controller_table;

/* The root's budget as the model's struct; version is 0. conf has passed its checks. */
void hr_conf_controller_budget(const struct hr_conf_controller *conf, struct hr_budget *ret);

/*
 * One item per single node, in the order of the file; feeds point into conf. The array is the
 * caller's to free (free). 0, -ENOMEM, or -EINVAL for a bad set or a name that appears twice.
 */
int hr_conf_controller_nodes(const struct hr_conf_controller *conf, struct hr_conf_node **ret,
			     size_t *ret_n, struct hr_err *reterr) HR_MUST_CHECK;

/* What must fit a budget; the sums cover the nodes that are known. */
struct hr_conf_sums {
	int64_t floors_uw;
	int64_t safes_uw; /* of max(safe, floor) */
	int64_t reserve_uw;
	size_t n_nodes;
};

/*
 * Does a limit of that domain hold the reserve plus the greater of both sums? 0, or -ENOSPC with
 * one sentence that says both sums: for configurations and for "budget set" alike.
 */
int hr_conf_controller_fits(const char *domain, int64_t limit_uw, const struct hr_conf_sums *sums,
			    struct hr_err *reterr) HR_MUST_CHECK;

/* What is allowed and probably not meant: at most max sentences into ret; their number. */
size_t hr_conf_controller_warn(const struct hr_conf_controller *conf, struct hr_err *ret,
			       size_t max);

#endif
