#include "config.h"

#include "uploads/image.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fcgi/base/buf.h"
#include "fcgi/base/log.h"
#include "fcgi/base/settings.h"
#include "uploads/image_frames.h"

enum { DEADLINE_MS = 25000, OUTPUT_MAX = 16 << 20 };

/* One run of the program: a socket to its standard input and output. */
struct run {
	struct ctx *c;
	pid_t pid;
	int fd;
	int64_t deadline; /* when_ticks */
};

static const char *sibling(struct ctx *c)
{
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

	if (n <= 0)
		return NULL;
	path[n] = '\0';
	char *slash = strrchr(path, '/');
	if (!slash)
		return NULL;
	return arena_fmt(c->arena, "%.*s/merkato-image", (int)(slash - path),
	                 path);
}

/* As configured; beside us in a build directory; where it was installed. */
static const char *find_program(struct ctx *c)
{
	if (*settings->image_program)
		return settings->image_program;
	const char *beside = sibling(c);
	if (beside && access(beside, X_OK) == 0)
		return beside;
	return MERKATO_LIBEXECDIR "/merkato-image";
}

static enum rc cannot(struct ctx *c, const char *what, int error)
{
	log_error("image", "%s: %s", what, strerror(error));
	return fail(c, RC_UNAVAILABLE, "no_decoder",
	            "Pictures cannot be worked on at the moment.");
}

static int spawn(const char *path, char *const *argv, int fd, pid_t *pid)
{
	/* A directory nobody else writes to; no other word gets in. */
	char *const env[] = { (char[]){ "PATH=/nonexistent" }, NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t all, none;

	sigfillset(&all);
	sigdelset(&all, SIGKILL);
	sigdelset(&all, SIGSTOP);
	sigemptyset(&none);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, fd, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, fd, STDOUT_FILENO);
	/* Its words are for people who run it by hand; the log is JSON. */
	posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null",
	                                 O_WRONLY, 0);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigdefault(&attr, &all);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF |
	                                        POSIX_SPAWN_SETSIGMASK);
	int error = posix_spawn(pid, path, &actions, &attr, argv, env);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&actions);
	return error;
}

static enum rc start(struct run *r, const char *mode, const char *number)
{
	const char *path = find_program(r->c);
	/* posix_spawn takes char *, but writes to none of them. */
	char *const argv[] = { arena_strdup(r->c->arena, path),
		               arena_strdup(r->c->arena, mode),
		               arena_strdup(r->c->arena, number), NULL };
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		return cannot(r->c, "socketpair", errno);
	int error = spawn(path, argv, ends[1], &r->pid);
	close(ends[1]);
	if (error) {
		close(ends[0]);
		return cannot(r->c, path, error);
	}
	r->fd = ends[0];
	r->deadline = when_ticks() + (int64_t)DEADLINE_MS * 1000;
	return RC_OK;
}

/* Waits until the socket is ready; false at the deadline. */
static bool ready(const struct run *r, short events)
{
	struct pollfd p = { .fd = r->fd, .events = events };
	int n;

	do {
		int64_t left = (r->deadline - when_ticks()) / 1000;

		n = left > 0 ? poll(&p, 1, (int)left) : 0;
	} while (n < 0 && errno == EINTR);
	return n > 0;
}

static bool give(const struct run *r, const char *p, size_t n)
{
	while (n) {
		if (!ready(r, POLLOUT))
			return false;
		ssize_t done = send(r->fd, p, n, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (done < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		/* It may end before it has read all: it has seen enough. */
		if (done < 0)
			break;
		p += done;
		n -= (size_t)done;
	}
	shutdown(r->fd, SHUT_WR);
	return true;
}

static bool take(const struct run *r, struct buf *out)
{
	for (;;) {
		if (!ready(r, POLLIN))
			return false;
		char *to = buf_room(out, 65536);
		ssize_t got = recv(r->fd, to, 65536, MSG_DONTWAIT);
		if (got < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (got < 0 && errno != ECONNRESET)
			return false;
		if (got <= 0)
			return true;
		buf_took(out, (size_t)got);
		if (out->n > OUTPUT_MAX)
			return false;
	}
}

/* Its exit status, or -1 when it was killed. */
static int finish(struct run *r, bool in_time)
{
	int status = 0;

	if (!in_time)
		kill(r->pid, SIGKILL);
	close(r->fd);
	while (waitpid(r->pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	if (!WIFEXITED(status)) {
		log_warn("image", "the decoder was ended by signal %d",
		         WIFSIGNALED(status) ? WTERMSIG(status) : 0);
		return -1;
	}
	return WEXITSTATUS(status);
}

static bool is_sane(const struct image_frame *f, bool is_first)
{
	if (f->magic != FRAME_MAGIC || !f->width || !f->height ||
	    f->width > PICTURE_SIDE_MAX || f->height > PICTURE_SIDE_MAX)
		return false;
	if (is_first)
		return !f->target && !f->n;
	return (f->target == 160 || f->target == 480 || f->target == 960) &&
	       (f->format == PICTURE_WEBP || f->format == PICTURE_JPEG) &&
	       f->n && f->width <= f->target;
}

/* The program has handled foreign bytes: what it says is checked like input. */
static bool read_frames(const struct buf *b, struct made_picture *out)
{
	struct image_frame f;
	size_t at = 0;

	for (int i = 0; i < FRAMES_MAX; i++) {
		if (b->n - at < sizeof(f))
			return false;
		memcpy(&f, b->s + at, sizeof(f));
		at += sizeof(f);
		if (!is_sane(&f, i == 0) || f.n > b->n - at)
			return false;
		if (i == 0) {
			out->width = (int)f.width;
			out->height = (int)f.height;
			continue;
		}
		struct picture_facts seen;
		sniff_picture(b->s + at, f.n, &seen);
		if (seen.format != f.format)
			return false;
		out->files[out->n++] = (struct made_file){
			.target = (int)f.target,
			.format = f.format,
			.width = (int)f.width,
			.height = (int)f.height,
			.p = b->s + at,
			.n = f.n,
		};
		out->bytes += f.n;
		at += f.n;
	}
	return at == b->n;
}

static enum rc run(struct run *r, const void *p, size_t n,
                   struct made_picture *out, bool *is_made)
{
	struct buf answer;

	buf_init(&answer, r->c->arena, 1 << 18);
	*out = (struct made_picture){ 0 };
	bool in_time = give(r, p, n) && take(r, &answer);
	int status = finish(r, in_time);
	/* 127: the program itself could not be started. */
	if (status == 127 || status == IMAGE_BROKEN)
		return cannot(r->c, "merkato-image", ENOEXEC);
	*is_made = status == IMAGE_DONE && read_frames(&answer, out);
	return RC_OK;
}

enum rc image_make(struct ctx *c, const void *p, size_t n,
                   struct made_picture *out, const char **refused)
{
	struct picture_facts facts;
	struct run r = { .c = c };
	bool is_made = false;

	*refused = sniff_picture(p, n, &facts);
	if (*refused)
		return RC_OK;
	enum rc rc = start(&r, "file", NULL);
	if (!rc)
		rc = run(&r, p, n, out, &is_made);
	if (!rc && !is_made)
		*refused = "undecodable";
	return rc;
}

enum rc image_draw_demo(struct ctx *c, unsigned n, struct made_picture *out)
{
	struct run r = { .c = c };
	bool is_made = false;

	enum rc rc = start(&r, "draw", arena_fmt(c->arena, "%u", n));
	if (!rc)
		rc = run(&r, "", 0, out, &is_made);
	if (!rc && !is_made)
		rc = cannot(c, "merkato-image draw", EIO);
	return rc;
}
