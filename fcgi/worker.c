#include "config.h"

#include "fcgi/worker.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fcgi/base/arena.h"
#include "fcgi/base/crypto.h"
#include "fcgi/base/log.h"
#include "fcgi/base/settings.h"
#include "fcgi/http/request.h"
#include "fcgi/http/route.h"
#include "fcgi/listen.h"
#include "fcgi/scoreboard.h"
#include "fcgi/transport.h"

/* A request may take this much memory; uploads are streamed to files. */
enum { REQUEST_MEMORY = 32 << 20, MEMORY_CHECK = 64 };

enum leaving { STAYS, DRAINS, LEAVES };

/* What signal handlers see; lives as long as the process. */
static struct {
	volatile sig_atomic_t leaving; /* enum leaving */
	struct fastcgi *fastcgi;
	struct req *request; /* NULL between requests */
} at;

static void on_leave(int sig)
{
	if (sig == SIGTERM)
		at.leaving = LEAVES;
	else if (at.leaving == STAYS)
		at.leaving = DRAINS;
}

/* Plain text at the end of a fixed buffer; the rest of it is cut. */
static size_t put(char *line, size_t n, size_t size, const char *text)
{
	while (*text && n < size)
		line[n++] = *text++;
	return n;
}

/* In a signal handler: which request ends this process, as one log line. */
static void report(const char *what, const struct req *r)
{
	char line[512];
	size_t size = sizeof(line) - 4, n = 0;

	n = put(line, n, size, "{\"level\":\"error\",\"what\":\"");
	n = put(line, n, size, what);
	n = put(line, n, size, "\",\"route\":\"");
	n = put(line, n, size, r && r->route ? r->route->path : "");
	n = put(line, n, size, "\",\"request_id\":\"");
	n = put(line, n, size, r ? r->ctx.request_id : "");
	n = put(line, n, sizeof(line), "\"}\n");
	ssize_t written = write(log_fd(), line, n);
	(void)written;
}

static void on_deadline(int sig)
{
	(void)sig;
	struct req *r = at.request;

	if (at.fastcgi)
		fastcgi_give_up(at.fastcgi, r ? r->ctx.request_id : "");
	report("deadline", r);
	_exit(EXIT_FAILURE);
}

#ifndef MERKATO_SANITIZE
static void on_crash(int sig)
{
	report(sig == SIGSEGV  ? "crash: segmentation fault"
	       : sig == SIGBUS ? "crash: bus error"
	       : sig == SIGFPE ? "crash: arithmetic fault"
	                       : "crash: abort",
	       at.request);
	signal(sig, SIG_DFL);
	raise(sig);
}
#endif

static void handle_signal(int sig, void (*handler)(int))
{
	struct sigaction a = { .sa_handler = handler };

	sigemptyset(&a.sa_mask);
	sigaction(sig, &a, NULL);
}

/* Returns the mask to wait with. */
static sigset_t prepare_signals(void)
{
	sigset_t blocked, open;

	sigemptyset(&open);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGTERM);
	sigaddset(&blocked, SIGUSR1);
	sigprocmask(SIG_SETMASK, &blocked, NULL);
	handle_signal(SIGTERM, on_leave);
	handle_signal(SIGUSR1, on_leave);
	handle_signal(SIGUSR2, on_deadline);
	handle_signal(SIGALRM, on_deadline);
	/* A terminal's and the master's business. */
	handle_signal(SIGINT, SIG_IGN);
	handle_signal(SIGHUP, SIG_IGN);
	handle_signal(SIGPIPE, SIG_IGN);
	handle_signal(SIGCHLD, SIG_DFL);
#ifndef MERKATO_SANITIZE
	handle_signal(SIGSEGV, on_crash);
	handle_signal(SIGBUS, on_crash);
	handle_signal(SIGFPE, on_crash);
	handle_signal(SIGABRT, on_crash);
#endif
	return open;
}

/* EPOLLEXCLUSIVE wakes one waiting worker for each connection, not all. */
static int watch(int fd)
{
	struct epoll_event e = { .events = EPOLLIN | EPOLLEXCLUSIVE };
	int poll = epoll_create1(EPOLL_CLOEXEC);

	if (poll < 0 || epoll_ctl(poll, EPOLL_CTL_ADD, fd, &e)) {
		log_error("worker", "epoll: %s", strerror(errno));
		exit(EXIT_FAILURE);
	}
	return poll;
}

uint64_t worker_resident_kb(void)
{
	unsigned long size = 0, resident = 0;
	FILE *f = fopen("/proc/self/statm", "re");

	if (!f)
		return 0;
	/* NOLINTNEXTLINE(cert-err34-c): the kernel wrote the numbers */
	if (fscanf(f, "%lu %lu", &size, &resident) != 2)
		resident = 0;
	fclose(f);
	return (uint64_t)resident * (uint64_t)sysconf(_SC_PAGESIZE) / 1024;
}

/* Up to 10 % more than told, so that a pool's workers do not leave together. */
static uint64_t requests_allowed(void)
{
	uint64_t most = (uint64_t)settings->worker_requests, more;

	random_bytes(&more, sizeof(more));
	return most + more % (most / 10 + 1);
}

static void serve_request(const struct worker_plan *plan, struct arena *arena)
{
	struct req r;

	fastcgi_fill(at.fastcgi, &r, arena);
	at.request = &r;
	plan->handle(&r);
	fastcgi_answer(at.fastcgi, &r);
	fastcgi_finish(at.fastcgi);
	at.request = NULL;
	arena_reset(arena);
}

/* Whether the worker may go on. */
static bool is_fit(int seat, uint64_t n, uint64_t allowed)
{
	uint64_t kb = 0;
	bool is_fit = n < allowed;

	if (n % MEMORY_CHECK == 1) {
		kb = worker_resident_kb();
		if (kb > (uint64_t)settings->worker_memory_mb * 1024) {
			log_info("worker", "leaves at %llu kB",
			         (unsigned long long)kb);
			is_fit = false;
		}
	}
	scoreboard_served(seat, n, kb);
	return is_fit;
}

/* A worker that shares its socket just leaves: others accept. mod_fcgid gives
 * each its own, which only the worker can close: new connections are refused,
 * and so given to another process, and those that wait are still served. */
static void begin_leaving(int fd)
{
	if (!listen_is_of_mod_fcgid(fd)) {
		at.leaving = LEAVES;
		return;
	}
	shutdown(fd, SHUT_RD);
	at.leaving = DRAINS;
}

static void work(const struct worker_plan *plan, int fd, int seat,
                 int deadline_s, const sigset_t *open)
{
	struct arena *arena = arena_create(REQUEST_MEMORY);
	int poll = watch(fd);
	uint64_t allowed = requests_allowed(), n = 0;

	while (at.leaving != LEAVES) {
		struct epoll_event e;
		/* While draining the signals need not be waited for. */
		int timeout = at.leaving == DRAINS ? 0 : -1;
		int ready = epoll_pwait(poll, &e, 1, timeout, open);

		if (ready < 0 || at.leaving == LEAVES)
			continue;
		scoreboard_set(seat, SEAT_BUSY);
		if (deadline_s)
			alarm((unsigned)deadline_s);
		bool accepted = fastcgi_accept(at.fastcgi);
		if (accepted) {
			serve_request(plan, arena);
			if (!is_fit(seat, ++n, allowed) && !at.leaving)
				begin_leaving(fd);
		}
		if (deadline_s)
			alarm(0);
		scoreboard_set(seat, SEAT_IDLE);
		if (!accepted && at.leaving == DRAINS)
			break;
	}
	close(poll);
	arena_destroy(arena);
}

int worker_serve(const struct worker_plan *plan, int fd, int seat,
                 int deadline_s)
{
	sigset_t open = prepare_signals();

	at.fastcgi = fastcgi_open(fd);
	if (plan->open)
		plan->open();
	scoreboard_served(seat, 0, worker_resident_kb());
	scoreboard_set(seat, SEAT_IDLE);
	work(plan, fd, seat, deadline_s, &open);
	if (plan->close)
		plan->close();
	fastcgi_close(at.fastcgi);
	at.fastcgi = NULL;
	return EXIT_SUCCESS;
}
