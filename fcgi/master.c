#include "config.h"

#include "fcgi/master.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fcgi/base/log.h"
#include "fcgi/base/metrics.h"
#include "fcgi/base/settings.h"
#include "fcgi/confine.h"
#include "fcgi/scoreboard.h"

enum {
	JOBS = POOL_N, /* the job runner's place behind the pools */
	GROUPS,
	TICK_MS = 200,
	FIRST_DELAY_MS = 100,
	LONGEST_DELAY_MS = 10000,
	DRAIN_S = 10,         /* for requests at hand after TERM */
	LAST_WORDS_MS = 1000, /* between asking and killing */
	SLOW_NICE = 10,
	CHILDREN_MAX = 2 * (256 + 256) + 2
};

/* What one group of equal processes is to look like. */
struct group {
	const char *name;
	struct listener listener; /* fd -1 for the job runner */
	int wanted;
	int nice;
	int failures;       /* starts that failed, one after the other */
	int64_t not_before; /* when_ticks() of the next try */
};

struct child {
	pid_t pid; /* 0 = free */
	int group;
	int seat;
	int generation;   /* of the configuration it was started with */
	bool is_leaving;  /* was asked to */
	int64_t asked_us; /* when it was told that its time is over */
};

/* The master's own memory; children see a copy and use none of it. */
static struct {
	const struct master_plan *plan;
	struct group groups[GROUPS];
	struct child children[CHILDREN_MAX];
	int generation;
	bool is_stopping;
	int64_t stop_us;
	pid_t pid;
} m;

static volatile int jobs_stop;

static int default_fast_workers(void)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	return cores > 0 ? (int)(2 * cores > 256 ? 256 : 2 * cores) : 2;
}

static int wanted_workers(int group)
{
	if (group == POOL_SLOW)
		return (int)settings->slow_workers;
	if (group == POOL_FAST)
		return settings->fast_workers ? (int)settings->fast_workers
		                              : default_fast_workers();
	return m.plan->jobs && settings->jobs ? 1 : 0;
}

size_t master_seats(void)
{
	/* A reload keeps old and new side by side and may ask for more. */
	size_t n = (size_t)settings->slow_workers +
	           (size_t)(settings->fast_workers ? settings->fast_workers
	                                           : default_fast_workers());

	return n < 24 ? 50 : 2 * n + 2;
}

static int64_t deadline_us(int group)
{
	int64_t s = group == POOL_SLOW ? settings->slow_deadline_s
	                               : settings->fast_deadline_s;

	return s * 1000000;
}

static void on_jobs_leave(int sig)
{
	(void)sig;
	jobs_stop = 1;
}

/* The job runner's own; set after fork. */
static int jobs_seat = -1;

static void on_jobs_rest(void)
{
	scoreboard_served(jobs_seat, 0, worker_resident_kb());
}

static void run_jobs(int seat)
{
	struct sigaction leave = { .sa_handler = on_jobs_leave };
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	sigset_t none;

	sigaction(SIGTERM, &leave, NULL);
	sigaction(SIGUSR1, &leave, NULL);
	sigaction(SIGINT, &ignore, NULL);
	sigaction(SIGHUP, &ignore, NULL);
	sigaction(SIGPIPE, &ignore, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (m.plan->worker.open)
		m.plan->worker.open();
	/* Not before: an end in open is a start that failed. */
	scoreboard_set(seat, SEAT_IDLE);
	jobs_seat = seat;
	m.plan->jobs(&jobs_stop, on_jobs_rest);
	if (m.plan->worker.close)
		m.plan->worker.close();
}

/* The life of a child; never returns. */
static void be_child(int group, int seat)
{
	const struct group *g = &m.groups[group];
	int status = EXIT_SUCCESS;

	for (int i = 0; i < JOBS; i++)
		if (i != group && m.groups[i].listener.fd >= 0)
			close(m.groups[i].listener.fd);
	if (g->nice)
		setpriority(PRIO_PROCESS, 0, g->nice);
	if (!confine_user(settings->user))
		exit(EXIT_FAILURE);
	confine_process();
	if (!confine_to_parent(m.pid))
		exit(EXIT_SUCCESS);
	/* The first slot is the master's. */
	metrics_take_slot((size_t)seat + 1);
	if (group == JOBS) {
		run_jobs(seat);
	} else {
		status = worker_serve(&m.plan->worker, g->listener.fd, seat, 0);
	}
	exit(status);
}

static struct child *free_child(void)
{
	for (size_t i = 0; i < CHILDREN_MAX; i++)
		if (!m.children[i].pid)
			return &m.children[i];
	return NULL;
}

static void delay(struct group *g)
{
	int shift = g->failures < 7 ? g->failures : 7;
	int ms = FIRST_DELAY_MS << shift;

	g->failures++;
	if (ms > LONGEST_DELAY_MS)
		ms = LONGEST_DELAY_MS;
	g->not_before = when_ticks() + (int64_t)ms * 1000;
}

static bool start(int group)
{
	struct child *c = free_child();
	int seat =
		c ? scoreboard_reserve(group == JOBS ? SEAT_JOBS : group) : -1;

	if (seat < 0) {
		log_error("master", "no seat for another %s process",
		          m.groups[group].name);
		delay(&m.groups[group]);
		return false;
	}
	pid_t pid = fork();
	if (pid == 0)
		be_child(group, seat);
	if (pid < 0) {
		log_error("master", "fork: %s", strerror(errno));
		scoreboard_free(seat);
		delay(&m.groups[group]);
		return false;
	}
	scoreboard_seat_pid(seat, pid);
	*c = (struct child){ pid, group, seat, m.generation, false, 0 };
	count(COUNTER_WORKERS_STARTED);
	return true;
}

static bool is_ready(const struct child *c)
{
	struct seat_view v;

	return scoreboard_read((size_t)c->seat, &v) && v.state != SEAT_STARTING;
}

static void ask_to_leave(struct child *c, int sig)
{
	c->is_leaving = true;
	kill(c->pid, sig);
}

/* Looks after one that has ended. */
static void bury(struct child *c, int status)
{
	struct group *g = &m.groups[c->group];
	bool was_ready = is_ready(c);
	bool is_fault = !WIFEXITED(status) || WEXITSTATUS(status) != 0;

	if (is_fault && !c->is_leaving) {
		log_error("master", "%s process %d ended: %s %d", g->name,
		          (int)c->pid,
		          WIFSIGNALED(status) ? "signal" : "status",
		          WIFSIGNALED(status) ? WTERMSIG(status)
		                              : WEXITSTATUS(status));
		count(COUNTER_WORKERS_DIED);
	}
	scoreboard_free(c->seat);
	c->pid = 0;
	if (was_ready)
		g->failures = 0;
	else if (!c->is_leaving)
		delay(g);
}

static void reap(void)
{
	int status;
	pid_t pid = waitpid(-1, &status, WNOHANG);

	while (pid > 0) {
		for (size_t i = 0; i < CHILDREN_MAX; i++)
			if (m.children[i].pid == pid)
				bury(&m.children[i], status);
		pid = waitpid(-1, &status, WNOHANG);
	}
}

/* Those of a group that stay; also how many of them are of this generation. */
static int staying(int group, int *n_new)
{
	int n = 0;

	*n_new = 0;
	for (size_t i = 0; i < CHILDREN_MAX; i++) {
		const struct child *c = &m.children[i];

		if (!c->pid || c->group != group || c->is_leaving)
			continue;
		n++;
		*n_new += c->generation == m.generation;
	}
	return n;
}

static void fill(int group)
{
	struct group *g = &m.groups[group];
	int n_new, n = staying(group, &n_new);

	while (n < g->wanted && when_ticks() >= g->not_before && start(group))
		n++;
}

static void kill_overdue(void)
{
	int64_t now = when_ticks();

	for (size_t i = 0; i < CHILDREN_MAX; i++) {
		struct child *c = &m.children[i];
		struct seat_view v;

		if (!c->pid || c->group == JOBS ||
		    !scoreboard_read((size_t)c->seat, &v))
			continue;
		if (v.state != SEAT_BUSY ||
		    now - v.since_us < deadline_us(c->group)) {
			c->asked_us = 0;
		} else if (!c->asked_us) {
			c->asked_us = now;
			count(COUNTER_WORKERS_KILLED);
			kill(c->pid, SIGUSR2);
		} else if (now - c->asked_us > LAST_WORDS_MS * 1000LL) {
			log_error("master", "%s process %d is killed",
			          m.groups[c->group].name, (int)c->pid);
			kill(c->pid, SIGKILL);
		}
	}
}

/* One that should go: of an older configuration, or one too many. */
static struct child *find_surplus(int group, bool is_any)
{
	for (size_t i = 0; i < CHILDREN_MAX; i++) {
		struct child *c = &m.children[i];

		if (c->pid && c->group == group && !c->is_leaving &&
		    (is_any || c->generation != m.generation))
			return c;
	}
	return NULL;
}

/* Whether one is on its way in or out. */
static bool is_moving(int group)
{
	for (size_t i = 0; i < CHILDREN_MAX; i++) {
		const struct child *c = &m.children[i];

		if (c->pid && c->group == group &&
		    (c->is_leaving || !is_ready(c)))
			return true;
	}
	return false;
}

static void renew(int group)
{
	struct group *g = &m.groups[group];
	int n_new, n = staying(group, &n_new);

	if (is_moving(group))
		return;
	struct child *old = find_surplus(group, false);
	/* Two job runners may be alive at once as well: work is leased. */
	if (old && n <= g->wanted) {
		if (when_ticks() >= g->not_before)
			start(group);
	} else if (old) {
		ask_to_leave(old, SIGTERM);
	} else if (n > g->wanted) {
		ask_to_leave(find_surplus(group, true), SIGTERM);
	}
}

static void plan_groups(void)
{
	for (int i = 0; i < GROUPS; i++)
		m.groups[i].wanted = wanted_workers(i);
}

static void reload(void)
{
	if (m.plan->reload && !m.plan->reload()) {
		log_error("master", "the new configuration has faults; "
		                    "going on with the old one");
		return;
	}
	plan_groups();
	for (int i = 0; i < GROUPS; i++)
		m.groups[i].not_before = 0;
	m.generation++;
	log_info("master", "reloading");
}

static bool is_alone(void)
{
	for (size_t i = 0; i < CHILDREN_MAX; i++)
		if (m.children[i].pid)
			return false;
	return true;
}

/*
 * Nobody can connect any more once our name is gone, so that workers may serve
 * what is queued and leave; a socket that the supervisor holds keeps its queue.
 */
static void stop(void)
{
	if (m.is_stopping)
		return;
	log_info("master", "stopping");
	m.is_stopping = true;
	m.stop_us = when_ticks();
	for (int i = 0; i < JOBS; i++)
		listen_unlink(&m.groups[i].listener);
	for (size_t i = 0; i < CHILDREN_MAX; i++) {
		struct child *c = &m.children[i];

		if (c->pid)
			ask_to_leave(c, m.groups[c->group].listener.is_inherited
			                        ? SIGTERM
			                        : SIGUSR1);
	}
}

static void kill_rest(void)
{
	if (when_ticks() - m.stop_us < DRAIN_S * 1000000LL)
		return;
	for (size_t i = 0; i < CHILDREN_MAX; i++)
		if (m.children[i].pid)
			kill(m.children[i].pid, SIGKILL);
}

static void tend(void)
{
	reap();
	kill_overdue();
	if (m.is_stopping) {
		kill_rest();
		return;
	}
	for (int i = 0; i < GROUPS; i++) {
		fill(i);
		renew(i);
	}
}

static void write_pid(void)
{
	if (!*settings->pid_file)
		return;
	FILE *f = fopen(settings->pid_file, "we");

	if (!f || fprintf(f, "%d\n", (int)getpid()) < 0)
		log_error("master", "%s: %s", settings->pid_file,
		          strerror(errno));
	if (f)
		fclose(f);
}

/* Not when a newer master has written its own. */
static void remove_pid(void)
{
	char text[32] = "";

	if (!*settings->pid_file)
		return;
	FILE *f = fopen(settings->pid_file, "re");
	if (!f)
		return;
	bool ours = fgets(text, sizeof(text), f) &&
	            strtol(text, NULL, 10) == (long)getpid();
	fclose(f);
	if (ours)
		unlink(settings->pid_file);
}

static bool open_sockets(void)
{
	m.groups[JOBS].listener.fd = -1;
	m.groups[POOL_SLOW].listener.fd = -1;
	return listen_open(&m.groups[POOL_FAST].listener, settings->fast_socket,
	                   settings->socket_group) &&
	       listen_open(&m.groups[POOL_SLOW].listener, settings->slow_socket,
	                   settings->socket_group);
}

static sigset_t block_signals(void)
{
	static const int ours[] = { SIGCHLD, SIGHUP,  SIGTERM, SIGINT,
		                    SIGQUIT, SIGUSR1, SIGUSR2 };
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(ours) / sizeof(*ours); i++)
		sigaddset(&set, ours[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	return set;
}

int master_serve(const struct master_plan *plan)
{
	static const struct timespec tick = { 0, TICK_MS * 1000000L };
	sigset_t set = block_signals();

	memset(&m, 0, sizeof(m));
	m.plan = plan;
	m.pid = getpid();
	m.groups[POOL_FAST].name = "fast";
	m.groups[POOL_SLOW].name = "slow";
	m.groups[POOL_SLOW].nice = SLOW_NICE;
	m.groups[JOBS].name = "jobs";
	if (!open_sockets())
		return EXIT_FAILURE;
	if (plan->ready && !plan->ready()) {
		stop();
		return EXIT_FAILURE;
	}
	plan_groups();
	write_pid();
	log_info("master", "serving with %d fast and %d slow workers",
	         m.groups[POOL_FAST].wanted, m.groups[POOL_SLOW].wanted);
	while (!m.is_stopping || !is_alone()) {
		tend();
		int sig = sigtimedwait(&set, NULL, &tick);

		if (sig == SIGHUP)
			reload();
		else if (sig == SIGTERM || sig == SIGINT || sig == SIGQUIT)
			stop();
	}
	remove_pid();
	log_info("master", "stopped");
	return EXIT_SUCCESS;
}
