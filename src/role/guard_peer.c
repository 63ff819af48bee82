/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See guard_peer.h. Not what messages mean: that is guard_daemon.c.
 */
#include "role/guard_peer.h"

#include <errno.h>
#include <grp.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static int give_to_group(const struct hr_conf_guard *conf, struct hr_err *reterr)
{
	if (conf->group[0] == '\0')
		return 0;
	const struct group *g = getgrnam(conf->group);

	if (g == NULL)
		return hr_err_set(reterr, -ENOENT,
				  "there is no group '%s': make it, or change 'guard.group'",
				  conf->group);
	if (chown(conf->socket, (uid_t)-1, g->gr_gid) < 0)
		return hr_err_set(reterr, -errno, "cannot give %s to group %s: %s", conf->socket,
				  conf->group, strerror(errno));
	if (chmod(conf->socket, 0660) < 0)
		return hr_err_set(reterr, -errno, "cannot open %s to its group: %s", conf->socket,
				  strerror(errno));
	return 0;
}

static int bind_socket(int fd, const struct sockaddr_un *at, const char *path,
		       struct hr_err *reterr)
{
	if (connect(fd, (const struct sockaddr *)at, sizeof(*at)) == 0)
		return hr_err_set(reterr, -EADDRINUSE,
				  "another guard serves %s: give this one another 'guard.socket'",
				  path);
	if (errno == ECONNREFUSED && unlink(path) < 0)
		return hr_err_set(reterr, -errno, "cannot remove the old socket %s: %s", path,
				  strerror(errno));
	/* Nobody else, until it has been given to the group. */
	mode_t old = umask(0177);
	int rc = bind(fd, (const struct sockaddr *)at, sizeof(*at)) < 0 ? -errno : 0;

	umask(old);
	if (rc == 0 && listen(fd, HR_GUARD_PEERS_MAX) < 0)
		rc = -errno;
	return rc == 0 ? 0 : hr_err_set(reterr, rc, "cannot listen on %s: %s", path, strerror(-rc));
}

int hr_guard_peer_listen(const struct hr_conf_guard *conf, struct hr_err *reterr)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};

	if (strlen(conf->socket) >= sizeof(at.sun_path))
		return hr_err_set(reterr, -ENAMETOOLONG,
				  "socket path %s is longer than the %zu bytes allowed",
				  conf->socket, sizeof(at.sun_path) - 1);
	memcpy(at.sun_path, conf->socket, strlen(conf->socket));
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return hr_err_set(reterr, -errno, "cannot make a socket: %s", strerror(errno));
	int rc = bind_socket(fd, &at, conf->socket, reterr);

	if (rc == 0)
		rc = give_to_group(conf, reterr);
	if (rc < 0) {
		close(fd);
		return rc;
	}
	return fd;
}

struct hr_guard_peer *hr_guard_peer_accept(int listen_fd, struct hr_guard_peer peer[])
{
	struct ucred who;
	socklen_t len = sizeof(who);
	int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return NULL;
	for (size_t i = 0; i < HR_GUARD_PEERS_MAX; i++) {
		if (peer[i].fd >= 0)
			continue;
		if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) < 0)
			break;
		peer[i] = (struct hr_guard_peer){.fd = fd, .pid = who.pid, .uid = who.uid};
		return &peer[i];
	}
	close(fd);
	return NULL;
}

static bool user_is(const char *text, uid_t uid)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (end != text && *end == '\0')
		return n == uid;
	const struct passwd *pw = getpwnam(text);

	return pw != NULL && pw->pw_uid == uid;
}

bool hr_guard_peer_may(const struct hr_guard_peer *p, enum hr_role role,
		       const struct hr_conf_guard *conf)
{
	bool own = p->uid == 0 || p->uid == geteuid();

	if (own)
		return role == HR_ROLE_AGENT || role == HR_ROLE_TUNER || role == HR_ROLE_OPERATOR;
	/* Who could open the socket is of the group that agents run in. */
	if (role == HR_ROLE_AGENT)
		return true;
	for (size_t i = 0; role == HR_ROLE_TUNER && i < conf->n_allow_clients; i++)
		if (user_is(conf->allow_clients[i].text, p->uid))
			return true;
	return false;
}

int hr_guard_peer_send(struct hr_guard_peer *p, const struct hr_message *m)
{
	uint8_t bytes[HR_MESSAGE_MAX_BYTES];
	size_t n;
	int rc = hr_message_encode(m, bytes, sizeof(bytes), &n, NULL);

	if (rc < 0)
		return rc;
	return send(p->fd, bytes, n, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int hr_guard_peer_receive(struct hr_guard_peer *p, struct hr_message *ret, struct hr_err *reterr)
{
	uint8_t bytes[HR_MESSAGE_MAX_BYTES + 1];
	ssize_t n = recv(p->fd, bytes, sizeof(bytes), MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0)
		return -ECONNRESET;
	int rc = hr_message_decode(bytes, (size_t)n, ret, reterr);

	return rc < 0 ? rc : 1;
}

void hr_guard_peer_drop(struct hr_guard_peer *p)
{
	if (p->fd >= 0)
		close(p->fd);
	*p = (struct hr_guard_peer){.fd = -1};
}
