#include "config.h"

#include "fcgi/confine.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fcgi/base/log.h"

bool confine_user(const char *user)
{
	if (!*user || geteuid() != 0)
		return true;
	const struct passwd *p = getpwnam(user);

	if (!p) {
		log_error("user", "there is no user %s", user);
		return false;
	}
	if (initgroups(p->pw_name, p->pw_gid) || setgid(p->pw_gid) ||
	    setuid(p->pw_uid)) {
		log_error("user", "cannot become %s: %s", user,
		          strerror(errno));
		return false;
	}
	/* A way back would mean that nothing was given up. */
	if (p->pw_uid != 0 && setuid(0) == 0) {
		log_error("user", "root rights could be taken back");
		return false;
	}
	return true;
}

static void limit(int what, rlim_t most)
{
	struct rlimit l;

	if (getrlimit((__rlimit_resource_t)what, &l))
		return;
	if (l.rlim_max == RLIM_INFINITY || l.rlim_max > most)
		l.rlim_max = most;
	if (l.rlim_cur == RLIM_INFINITY || l.rlim_cur > l.rlim_max)
		l.rlim_cur = l.rlim_max;
	setrlimit((__rlimit_resource_t)what, &l);
}

void confine_process(void)
{
	umask(027);
	limit(RLIMIT_CORE, 0);
	limit(RLIMIT_NOFILE, 64);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
#ifndef MERKATO_SANITIZE
	/* The sanitizers map terabytes and trace themselves at exit. */
	limit(RLIMIT_AS, (rlim_t)1 << 30);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

bool confine_to_parent(int parent_pid)
{
	prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
	return getppid() == parent_pid;
}
