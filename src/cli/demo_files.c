/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The demo's directory under TMPDIR: keys, configurations, logs, mount point. Invariant: only what
 * hr_demo_files_make made is ever removed.
 */
#include <errno.h>
#include <ftw.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/demo.h"

/* A port that is free now. */
static int free_port(int *ret, struct hr_err *reterr)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int rc = 0;

	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 ||
	    getsockname(fd, (struct sockaddr *)&a, &n) < 0)
		rc = hr_err_set(reterr, -errno, "cannot get a port on 127.0.0.1: %s",
				strerror(errno));
	if (fd >= 0)
		close(fd);
	*ret = ntohs(a.sin_port);
	return rc;
}

int hr_demo_files_make(struct hr_demo *d, struct hr_err *reterr)
{
	const char *tmp = getenv("TMPDIR");
	char path[HR_DEMO_PATH_BYTES + 32];

	if (tmp == NULL || tmp[0] != '/' || strlen(tmp) > 64)
		tmp = "/tmp";
	snprintf(path, sizeof(path), "%s/headroom-demo-XXXXXX", tmp);
	if (mkdtemp(path) == NULL)
		return hr_err_set(reterr, -errno, "cannot make a directory in %s: %s", tmp,
				  strerror(errno));
	snprintf(d->top, sizeof(d->top), "%.*s", (int)sizeof(d->top) - 1, path);
	snprintf(d->mount, sizeof(d->mount), "%s/rack", d->top);
	snprintf(path, sizeof(path), "%s/logs", d->top);
	if (mkdir(d->mount, 0700) < 0 || mkdir(path, 0700) < 0)
		return hr_err_set(reterr, -errno, "cannot make a directory in %s: %s", d->top,
				  strerror(errno));
	int rc = free_port(&d->port, reterr);

	while (rc == 0 && (d->http_port == 0 || d->http_port == d->port))
		rc = free_port(&d->http_port, reterr);
	return rc;
}

static FILE *open_file(const struct hr_demo *d, const char *name, struct hr_err *reterr)
{
	char path[HR_DEMO_PATH_BYTES + 64];

	snprintf(path, sizeof(path), "%s/%s", d->top, name);
	FILE *f = fopen(path, "we");

	if (f == NULL)
		hr_err_set(reterr, -errno, "cannot write %s: %s", path, strerror(errno));
	return f;
}

/* Ends the file, and makes it one that only its owner may write, as key lists want it. */
static int close_file(FILE *f, struct hr_err *reterr)
{
	int rc = fchmod(fileno(f), 0600);

	if (fclose(f) != 0 || rc < 0)
		return hr_err_set(reterr, -EIO, "a file of the demo could not be written");
	return 0;
}

static int make_key(const struct hr_demo *d, const char *name, char ret_public[HR_KEY_TEXT_BYTES],
		    struct hr_err *reterr)
{
	char path[HR_DEMO_PATH_BYTES + 64];
	struct hr_keypair pair;
	int rc = hr_keypair_generate(&pair, reterr);

	snprintf(path, sizeof(path), "%s/%s.key", d->top, name);
	if (rc == 0)
		rc = hr_keypair_save(path, &pair, reterr);
	memcpy(ret_public, pair.public, HR_KEY_TEXT_BYTES);
	hr_keypair_forget(&pair);
	return rc;
}

static int make_keys(struct hr_demo *d, struct hr_err *reterr)
{
	char public[HR_KEY_TEXT_BYTES], name[24];
	int rc = make_key(d, "controller", public, reterr);
	/* A token is a secret text of no meaning: a fresh public key whose pair is not kept. */
	struct hr_keypair token;

	if (rc == 0)
		rc = hr_keypair_generate(&token, reterr);
	if (rc != 0)
		return rc;
	for (size_t i = 0; i < sizeof(d->token) - 1; i++)
		d->token[i] = (char)('a' + (unsigned char)token.secret[i] % 26);
	hr_keypair_forget(&token);
	FILE *f = open_file(d, "token", reterr);

	if (f == NULL)
		return reterr->code;
	fprintf(f, "%s\n", d->token);
	rc = close_file(f, reterr);
	f = rc == 0 ? open_file(d, "authorized_keys", reterr) : NULL;
	if (f == NULL)
		return reterr->code;
	for (size_t i = 0; rc == 0 && i < d->n_nodes; i++) {
		snprintf(name, sizeof(name), "n%zu", i + 1);
		rc = make_key(d, name, public, reterr);
		fprintf(f, "%s * agent cluster # %s\n", public, name);
	}
	int close_rc = close_file(f, reterr);

	return rc < 0 ? rc : close_rc;
}

static int configure_controller(const struct hr_demo *d, struct hr_err *reterr)
{
	char budget[HR_UNITS_TEXT_BYTES];
	FILE *f = open_file(d, "controller.yaml", reterr);

	if (f == NULL)
		return reterr->code;
	fprintf(f,
		"controller:\n"
		"  name: demo\n"
		"  listen: 127.0.0.1:%d\n"
		"  key_file: %s/controller.key\n"
		"  authorized_keys: %s/authorized_keys\n"
		"  state_dir: %s/controller\n"
		"  budget: %s\n"
		"  http:\n"
		"    listen: 127.0.0.1:%d\n"
		"    token_file: %s/token\n"
		"  nodes:\n",
		d->port, d->top, d->top, d->top, hr_power_format(d->budget_uw, budget),
		d->http_port, d->top);
	for (size_t i = 0; i < d->n_nodes; i++)
		fprintf(f, "    - {name: n%zu, class: %s}\n", i + 1,
			hr_demo_rack_is_primary(d, i) ? "primary" : "replica");
	return close_file(f, reterr);
}

static int configure_node(const struct hr_demo *d, size_t i, struct hr_err *reterr)
{
	char name[32], common[HR_DEMO_PATH_BYTES + 160];
	char rest[HR_UNITS_TEXT_BYTES], safe[HR_UNITS_TEXT_BYTES];

	snprintf(name, sizeof(name), "n%zu.yaml", i + 1);
	FILE *f = open_file(d, name, reterr);

	if (f == NULL)
		return reterr->code;
	snprintf(common, sizeof(common),
		 "  name: n%zu\n  root: %s/n%04zu\n  rest: %s\n  supply_efficiency: 0.%03d\n",
		 i + 1, d->mount, i + 1, hr_power_format(d->rest_uw, rest),
		 (int)d->efficiency_permille);
	fprintf(f,
		"guard:\n%s"
		"  socket: %s/n%zu.sock\n"
		"  run_dir: %s/run%zu\n"
		"  state_dir: %s/state%zu\n"
		"  safe: %s\n",
		common, d->top, i + 1, d->top, i + 1, d->top, i + 1,
		hr_power_format(d->safe_uw, safe));
	fprintf(f,
		"agent:\n%s"
		"  guard_socket: %s/n%zu.sock\n"
		"  controller: 127.0.0.1:%d\n"
		"  server_key: %s/controller.key.pub\n"
		"  key_file: %s/n%zu.key\n",
		common, d->top, i + 1, d->port, d->top, d->top, i + 1);
	return close_file(f, reterr);
}

int hr_demo_files_configure(struct hr_demo *d, struct hr_err *reterr)
{
	int rc = make_keys(d, reterr);

	if (rc == 0)
		rc = configure_controller(d, reterr);
	for (size_t i = 0; rc == 0 && i < d->n_nodes; i++)
		rc = configure_node(d, i, reterr);
	return rc;
}

char *hr_demo_files_logs(const struct hr_demo *d, char buf[HR_DEMO_LOGS_BYTES])
{
	if (d->logs != NULL)
		snprintf(buf, HR_DEMO_LOGS_BYTES, "%s", d->logs);
	else
		snprintf(buf, HR_DEMO_LOGS_BYTES, "%s/logs", d->top);
	return buf;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	(void)remove(path);
	return 0;
}

void hr_demo_files_remove(struct hr_demo *d)
{
	/* FTW_MOUNT: never into a mount that could not be taken away. */
	if (d->top[0] != '\0')
		nftw(d->top, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
	d->top[0] = '\0';
}
