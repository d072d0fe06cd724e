#include "config.h"

#include "fcgi/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* With less, a burst of connections is answered 502 by the web server. */
enum { BACKLOG = 1024, FIRST_INHERITED = 3 };

static bool refuse(const char *path, const char *what)
{
	fprintf(stderr, "merkato: socket %s: %s: %s\n", path, what,
	        strerror(errno));
	return false;
}

/* How many descriptors systemd handed to this process (sd_listen_fds(3)). */
static int inherited_count(void)
{
	const char *pid = getenv("LISTEN_PID");
	const char *n = getenv("LISTEN_FDS");

	if (!pid || !n || strtol(pid, NULL, 10) != (long)getpid())
		return 0;
	long count = strtol(n, NULL, 10);
	return count > 0 && count < 16 ? (int)count : 0;
}

bool listen_is_socket(int fd)
{
	int listening = 0;
	socklen_t n = sizeof(listening);

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &n) == 0 &&
	       listening;
}

static bool is_bound_to(int fd, const char *path)
{
	struct sockaddr_un a = { 0 };
	socklen_t n = sizeof(a);

	return getsockname(fd, (struct sockaddr *)&a, &n) == 0 &&
	       a.sun_family == AF_UNIX && strcmp(a.sun_path, path) == 0;
}

bool listen_is_of_mod_fcgid(int fd)
{
	struct sockaddr_un a = { 0 };
	socklen_t n = sizeof(a);
	char *end;

	if (getsockname(fd, (struct sockaddr *)&a, &n) ||
	    a.sun_family != AF_UNIX)
		return false;
	const char *name = strrchr(a.sun_path, '/');
	long pid = name ? strtol(name + 1, &end, 10) : 0;
	return pid == (long)getppid() && *end == '.' &&
	       end[1 + strspn(end + 1, "0123456789")] == '\0';
}

static int inherited_for(const char *path)
{
	int n = inherited_count();

	for (int fd = FIRST_INHERITED; fd < FIRST_INHERITED + n; fd++)
		if (listen_is_socket(fd) && is_bound_to(fd, path))
			return fd;
	return -1;
}

void listen_take(struct listener *l, int fd)
{
	*l = (struct listener){ .path = "", .fd = fd, .is_inherited = true };
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	if (fd > 2)
		fcntl(fd, F_SETFD, FD_CLOEXEC);
}

static bool give_to_group(const char *path, const char *group)
{
	if (!*group)
		return true;
	const struct group *g = getgrnam(group);

	if (!g) {
		fprintf(stderr, "merkato: socket_group %s: no such group\n",
		        group);
		return false;
	}
	return chown(path, (uid_t)-1, g->gr_gid) == 0 ||
	       refuse(path, "giving it to the group");
}

/* Bound, listening and with its final mode before anybody can see the name. */
static bool prepare(struct listener *l, const char *temporary,
                    const char *group)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	struct stat st;

	if (strlen(temporary) >= sizeof(a.sun_path)) {
		errno = ENAMETOOLONG;
		return refuse(l->path, "name");
	}
	memcpy(a.sun_path, temporary, strlen(temporary) + 1);
	unlink(temporary);
	mode_t mask = umask(0177);
	int bound = bind(l->fd, (struct sockaddr *)&a, sizeof(a));

	umask(mask);
	if (bound)
		return refuse(l->path, "bind");
	if (!give_to_group(temporary, group))
		return false;
	if (chmod(temporary, 0660) || listen(l->fd, BACKLOG) ||
	    stat(temporary, &st))
		return refuse(l->path, "preparing");
	l->device = st.st_dev;
	l->inode = st.st_ino;
	return rename(temporary, l->path) == 0 || refuse(l->path, "rename");
}

bool listen_open(struct listener *l, const char *path, const char *group)
{
	int fd = inherited_for(path);

	if (fd >= 0) {
		listen_take(l, fd);
		l->path = path;
		return true;
	}
	char temporary[sizeof(((struct sockaddr_un *)0)->sun_path) + 16];

	snprintf(temporary, sizeof(temporary), "%s.%d", path, (int)getpid());
	*l = (struct listener){ .path = path };
	l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (l->fd < 0)
		return refuse(path, "socket");
	if (prepare(l, temporary, group))
		return true;
	unlink(temporary);
	close(l->fd);
	l->fd = -1;
	return false;
}

void listen_unlink(const struct listener *l)
{
	struct stat st;

	if (l->is_inherited || l->fd < 0 || stat(l->path, &st))
		return;
	if (st.st_dev == l->device && st.st_ino == l->inode)
		unlink(l->path);
}

void listen_close_others(void)
{
	unsigned first = (unsigned)(FIRST_INHERITED + inherited_count());

	if (close_range(first, ~0U, 0) == 0)
		return;
	for (long fd = (long)first; fd < sysconf(_SC_OPEN_MAX); fd++)
		close((int)fd);
}
