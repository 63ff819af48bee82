/* SPDX-License-Identifier: Apache-2.0 */
/*
 * headroom keys: the CURVE keys of agents and controllers. A secret is written to its file and
 * shown nowhere.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/uuid.h"
#include "cli/verb.h"
#include "model/ident.h"
#include "model/role.h"
#include "net/keypair.h"
#include "wire/authorized_keys.h"

#define LIST "/etc/headroom/authorized_keys"
#define LIST_BYTES_MAX (16 << 20)

static int generate(const char *path, struct hr_err *reterr)
{
	struct hr_keypair pair;
	int rc = hr_keypair_generate(&pair, reterr);

	if (rc == 0)
		rc = hr_keypair_save(path, &pair, reterr);
	if (rc == 0)
		printf("%s\n", pair.public);
	hr_keypair_forget(&pair);
	return rc;
}

/* The public key of a secret file, of a ".pub" file, or the key itself. */
static int read_public(const char *word, char ret[HR_KEY_TEXT_BYTES], struct hr_err *reterr)
{
	struct hr_keypair pair;
	size_t n = strlen(word);

	if (hr_authorized_keys_is_key(word)) {
		memcpy(ret, word, HR_KEY_TEXT_BYTES);
		return 0;
	}
	if (n > 4 && strcmp(word + n - 4, ".pub") == 0)
		return hr_keypair_load_public(word, ret, reterr);
	int rc = hr_keypair_load(word, &pair, reterr);

	if (rc == 0)
		memcpy(ret, pair.public, HR_KEY_TEXT_BYTES);
	hr_keypair_forget(&pair);
	return rc;
}

static int show(const char *word, struct hr_err *reterr)
{
	char public[HR_KEY_TEXT_BYTES];
	int rc = read_public(word, public, reterr);

	if (rc == 0)
		printf("%s\n", public);
	return rc;
}

struct entry {
	const char *list, *node, *role, *domain;
};

static int check_entry(const struct entry *e, struct hr_err *reterr)
{
	struct hr_uuid uuid;

	if (strcmp(e->node, "*") != 0 && hr_uuid_parse(e->node, &uuid) < 0)
		return hr_err_set(reterr, -EINVAL,
				  "option --node: found '%.60s', expected a uuid, or '*' for every "
				  "node of the domain",
				  e->node);
	if (hr_role_find(e->role) == HR_ROLE__MAX)
		return hr_err_set(reterr, -EINVAL, "option --role: found '%.40s', expected agent",
				  e->role);
	if (!hr_name_is_valid(e->domain))
		return hr_err_set(reterr, -EINVAL, "option --domain: '%.60s' is not a name",
				  e->domain);
	return 0;
}

/* The list as it is must be right, and must not have the key. */
static int check_list(const char *path, const char *public, struct hr_err *reterr)
{
	struct hr_authorized_key *table = NULL;
	size_t n = 0;
	int rc = hr_keypair_load_authorized(path, &table, &n, reterr);

	if (rc == -ENOENT)
		return 0;
	if (rc == 0 && hr_authorized_keys_find(table, n, public) != NULL)
		rc = hr_err_set(reterr, -EEXIST, "%.200s: the key is there already, in line %u",
				path, hr_authorized_keys_find(table, n, public)->line);
	free(table);
	return rc;
}

/* One write of one line at the end: a list is never half written. */
static int append(const char *path, const char *line, struct hr_err *reterr)
{
	int fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0644);
	off_t end = fd >= 0 ? lseek(fd, 0, SEEK_END) : -1;
	char last = '\n';
	int rc = 0;

	if (fd >= 0 && end > 0 && pread(fd, &last, 1, end - 1) == 1 && last != '\n' &&
	    write(fd, "\n", 1) != 1)
		rc = -1;
	if (fd < 0 || rc < 0 || write(fd, line, strlen(line)) != (ssize_t)strlen(line) ||
	    fsync(fd) < 0)
		rc = hr_err_set(reterr, -errno, "cannot write %.200s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return rc;
}

static int authorize(const struct entry *e, const char *word, struct hr_err *reterr)
{
	char public[HR_KEY_TEXT_BYTES], line[HR_KEY_TEXT_BYTES + 2 * HR_NAME_BYTES + 80];
	int rc = check_entry(e, reterr);

	if (rc == 0)
		rc = read_public(word, public, reterr);
	if (rc == 0)
		rc = check_list(e->list, public, reterr);
	if (rc < 0)
		return rc;
	snprintf(line, sizeof(line), "%s %s %s %s\n", public, e->node, e->role, e->domain);
	rc = append(e->list, line, reterr);
	if (rc == 0)
		printf("added to %s; the controller reads it on SIGHUP\n", e->list);
	return rc;
}

static enum hr_exit run(const struct hr_verb *v, int argc, char **argv)
{
	struct entry e = {.list = LIST, .node = "*", .role = "agent", .domain = "cluster"};
	const struct hr_arg arg[] = {
	    {.name = "list",
	     .letter = 'l',
	     .argument = "FILE",
	     .help = "authorize: the list (" LIST ")",
	     .text = &e.list},
	    {.name = "node",
	     .argument = "UUID",
	     .help = "authorize: the one node it speaks for ('*': any)",
	     .text = &e.node},
	    {.name = "role",
	     .argument = "ROLE",
	     .help = "authorize: what it may be (agent)",
	     .text = &e.role},
	    {.name = "domain",
	     .argument = "NAME",
	     .help = "authorize: the part of the power tree (cluster)",
	     .text = &e.domain},
	};
	struct hr_args a = {.arg = arg, .n = HR_ARRAY_LEN(arg), .min_words = 2, .max_words = 2};
	struct hr_err err = {0};
	enum hr_exit code;

	if (!hr_verb_begin(v, &a, argc, argv, &code))
		return code;
	int rc = strcmp(a.word[0], "generate") == 0 ? generate(a.word[1], &err)
		 : strcmp(a.word[0], "show") == 0   ? show(a.word[1], &err)
		 : strcmp(a.word[0], "authorize") == 0
		     ? authorize(&e, a.word[1], &err)
		     : hr_err_set(&err, -EINVAL,
				  "found '%.40s', expected generate, "
				  "show or authorize",
				  a.word[0]);
	return rc < 0 ? hr_verb_fail(v, &err) : HR_EXIT_OK;
}

const struct hr_verb hr_verb_keys = {
    .name = "keys",
    .usage = "generate FILE | show FILE | authorize KEY [OPTION...]",
    .about = "make and authorise the keys of agents and controllers",
    .more = "generate   a new pair: the secret into FILE (0600), the public key into FILE.pub\n"
	    "show       the public key that belongs to FILE\n"
	    "authorize  add a public key, or the one in a file, to the controller's list",
    .run = run,
};
