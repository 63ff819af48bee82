/* SPDX-License-Identifier: Apache-2.0 */
/*
 * headroom-guard: the only writer of limits on its node. A small executable of its own; here the
 * drivers that it may use are put together with the shell.
 */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "cli/options.h"
#include "conf/guard.h"
#include "hw/drivers.h"
#include "hw/paths.h"
#include "role/guard_daemon.h"

static int report(const struct hr_err *err, int rc)
{
	hr_log(HR_LOG_ERROR, "msg=\"%s\"", err->text);
	return hr_options_exit(rc);
}

static int put_back(const struct hr_guard_env *env)
{
	struct hr_err err;
	size_t n;
	int rc = hr_guard_daemon_restore(env, &n, &err);

	if (rc < 0) {
		fprintf(stderr, "headroom-guard: %s\n", err.text);
		return hr_options_exit(rc);
	}
	printf("restored the original limits of %zu zone%s\n", n, n == 1 ? "" : "s");
	return HR_EXIT_OK;
}

int main(int argc, char **argv)
{
	struct hr_conf_guard conf;
	struct hr_guard_env env = {
	    .conf = &conf,
	    .open_actuator = hr_drivers_actuator_open,
	    .boot_path = HR_PATH_BOOT_ID,
	};
	bool restore = false;
	const struct hr_option own[] = {
	    {"restore", NULL, "put the saved original limits back and end", NULL, &restore},
	    {"claims", "DIR", "where zones are claimed", &env.claims, NULL},
	    {"boot-file", "FILE", "file with the id of this boot", &env.boot_file, NULL},
	};
	struct hr_options o = {
	    .program = "headroom-guard",
	    .about = "Holds the power limits of a node and lowers them when no grant comes.",
	    .option = own,
	    .n_options = HR_ARRAY_LEN(own),
	    .table = &hr_conf_guard_table,
	};
	struct hr_err err;
	int rc = hr_options_parse(&o, argc, argv, &err);

	hr_log_init("guard", o.verbose ? HR_LOG_DEBUG : HR_LOG_INFO);
	if (rc == 0 && hr_options_answered(&o))
		return HR_EXIT_OK;
	hr_conf_init(&hr_conf_guard_table, &conf);
	if (rc == 0)
		rc = hr_options_load(&o, &conf, &err);
	if (rc < 0)
		return report(&err, rc);
	if (restore) {
		rc = put_back(&env);
	} else {
		char name[HR_NAME_BYTES + 8];

		hr_options_name(conf.name);
		snprintf(name, sizeof(name), "guard:%s", conf.name);
		hr_log_init(name, o.verbose ? HR_LOG_DEBUG : HR_LOG_INFO);
		rc = hr_guard_daemon_run(&env, &err);
		rc = rc < 0 ? report(&err, rc) : HR_EXIT_OK;
	}
	hr_conf_done(&hr_conf_guard_table, &conf);
	return rc;
}
