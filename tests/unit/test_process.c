/*
 * The master, its workers and their signals, with a handler of our own: what
 * must never lose a request is done under load.
 */
#include "config.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fcgi/base/log.h"
#include "fcgi/base/settings.h"
#include "fcgi/http/request.h"
#include "fcgi/master.h"
#include "fcgi/scoreboard.h"
#include "tests/support/check.h"
#include "tests/support/fastcgi_client.h"

/* ALL are three fast workers, a slow one and the job runner. */
enum { CLIENTS = 4, ALL = 5 };

/* Shared with the servers and clients that the tests fork. */
struct shared {
	atomic_int asked, failed, is_over;
	atomic_int held, is_released; /* requests for /hold */
	atomic_int starts, is_broken; /* workers end at their start */
};

static struct {
	char dir[64], fast[96], slow[96];
	struct shared *shared;
	pid_t master;
	pid_t clients[CLIENTS];
} t;

/* The server's side. */
static void handle(struct req *r)
{
	const char *uri = r->from.variable(r->from.self, "REQUEST_URI");
	char text[32];

	r->ctx.request_id = "test-request";
	if (strcmp(uri, "/work") == 0)
		check_pause(1);
	if (strcmp(uri, "/hold") == 0) {
		atomic_fetch_add(&t.shared->held, 1);
		while (!atomic_load(&t.shared->is_released))
			check_pause(5);
	}
	if (strcmp(uri, "/end") == 0)
		_exit(3);
	snprintf(text, sizeof(text), "pid=%d", (int)getpid());
	r->status = 200;
	r->type = "text/plain";
	buf_puts(&r->out, text);
}

static void open_worker(void)
{
	atomic_fetch_add(&t.shared->starts, 1);
	if (atomic_load(&t.shared->is_broken))
		_exit(1);
}

static void jobs_wait(const volatile int *stop, void (*rests)(void))
{
	rests();
	while (!*stop)
		check_pause(20);
}

static pid_t start_master(void)
{
	static const struct master_plan plan = {
		.worker = { .handle = handle, .open = open_worker },
		.jobs = jobs_wait,
	};
	pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
	scoreboard_create(master_seats());
	exit(master_serve(&plan));
}

static bool answers(const char *socket_path)
{
	struct fastcgi_answer a;

	return fastcgi_ask(socket_path, "GET", "/", NULL, &a) == 200;
}

static int starts(void)
{
	return atomic_load(&t.shared->starts);
}

static int asked(void)
{
	return atomic_load(&t.shared->asked);
}

static int held(void)
{
	return atomic_load(&t.shared->held);
}

static void release(void)
{
	atomic_store(&t.shared->is_released, 1);
}

static void set(const char *key, const char *value)
{
	if (!settings_set(key, value))
		abort();
}

static bool begin(void)
{
	snprintf(t.dir, sizeof(t.dir), "/tmp/merkato-process-XXXXXX");
	if (!mkdtemp(t.dir))
		return false;
	snprintf(t.fast, sizeof(t.fast), "%s/fast.sock", t.dir);
	snprintf(t.slow, sizeof(t.slow), "%s/slow.sock", t.dir);
	t.shared = mmap(NULL, sizeof(*t.shared), PROT_READ | PROT_WRITE,
	                MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	set("fast_socket", t.fast);
	set("slow_socket", t.slow);
	set("slow_workers", "1");
	set("slow_deadline_s", "60");
	/* Their deaths are wanted here: no lines about them. */
	log_open("/dev/null", LOG_ERROR_);
	return t.shared != MAP_FAILED;
}

static void end(void)
{
	rmdir(t.dir);
}

static void before(void)
{
	set("fast_workers", "3");
	set("fast_deadline_s", "60");
	set("worker_requests", "10000");
	memset(t.shared, 0, sizeof(*t.shared));
	t.master = start_master();
}

static int wait_for(pid_t pid)
{
	int status = -1;

	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void stop_clients(void)
{
	atomic_store(&t.shared->is_over, 1);
	for (int i = 0; i < CLIENTS; i++) {
		if (t.clients[i])
			waitpid(t.clients[i], NULL, 0);
		t.clients[i] = 0;
	}
	atomic_store(&t.shared->is_over, 0);
}

static void after(void)
{
	stop_clients();
	if (t.master) {
		kill(t.master, SIGTERM);
		wait_for(t.master);
	}
	t.master = 0;
}

static void start_again_with(const char *key, const char *value)
{
	after();
	set(key, value);
	t.master = start_master();
	NEED_SOON(answers(t.fast), "it answers");
}

/* The web server's side: one request after the other until told to end. */
static void be_client(void)
{
	struct fastcgi_answer a;

	while (!atomic_load(&t.shared->is_over)) {
		int status = fastcgi_ask(t.fast, "POST", "/work",
		                         "{\"some\":\"body\"}", &a);

		atomic_fetch_add(&t.shared->asked, 1);
		if (status != 200)
			atomic_fetch_add(&t.shared->failed, 1);
	}
	_exit(0);
}

static void start_clients(void)
{
	for (int i = 0; i < CLIENTS; i++) {
		t.clients[i] = fork();
		if (!t.clients[i])
			be_client();
	}
}

static long server_pid(const char *socket_path)
{
	struct fastcgi_answer a;

	if (fastcgi_ask(socket_path, "GET", "/", NULL, &a) != 200)
		return 0;
	const char *pid = strstr(a.text, "pid=");
	return pid ? strtol(pid + 4, NULL, 10) : 0;
}

static void check_nothing_lost(const char *what)
{
	stop_clients();
	CHECK_TRUE(atomic_load(&t.shared->asked) > 50, what);
	CHECK_INT(atomic_load(&t.shared->failed), 0, what);
}

static void an_answer_comes_whole(void)
{
	struct fastcgi_answer a;

	NEED_SOON(answers(t.fast), "the fast pool answers");
	NEED_SOON(answers(t.slow), "the slow pool answers");
	fastcgi_ask(t.fast, "GET", "/", NULL, &a);
	CHECK_HAS(a.text, "Status: 200 OK\r\n", "status line");
	CHECK_HAS(a.text, "Content-Type: text/plain\r\n", "type");
	CHECK_HAS(a.text, "\r\n\r\npid=", "body");
	fastcgi_ask(t.fast, "HEAD", "/", NULL, &a);
	CHECK_HAS(a.text, "Content-Length: ", "HEAD has the length");
	CHECK_LACKS(a.text, "pid=", "and no body");
}

static void sockets_are_for_owner_and_group_only(void)
{
	struct stat st;

	NEED_SOON(answers(t.fast), "it answers");
	NEED_INT(stat(t.fast, &st), 0, "the socket is there");
	CHECK_INT(st.st_mode & 0777, 0660, "mode");
}

static void a_reload_under_load_loses_nothing(void)
{
	NEED_SOON(answers(t.fast), "it answers");
	NEED_SOON(starts() >= ALL, "all have started");
	start_clients();
	for (int i = 0; i < 3; i++) {
		int before_starts = starts(), before_asked = asked();

		NEED_SOON(asked() > before_asked + 20, "there is load");
		kill(t.master, SIGHUP);
		NEED_SOON(starts() >= before_starts + ALL, "all are replaced");
	}
	check_nothing_lost("three reloads");
}

static void a_master_started_beside_the_old_one_takes_over(void)
{
	struct stat st;

	NEED_SOON(answers(t.fast), "the old one answers");
	NEED_SOON(starts() >= ALL, "all have started");
	start_clients();
	NEED_SOON(asked() > 20, "there is load");
	pid_t young = start_master();
	NEED_SOON(starts() >= 2 * ALL, "the new one's workers start");
	kill(t.master, SIGTERM);
	CHECK_INT(wait_for(t.master), 0, "the old one ends well");
	t.master = young;
	int before_asked = asked();
	NEED_SOON(asked() > before_asked + 20, "the new one has the load");
	check_nothing_lost("taking over");
	CHECK_INT(stat(t.fast, &st), 0, "the new one's socket is still there");
	CHECK_SOON(answers(t.fast), "the new one answers");
}

static void used_up_workers_are_replaced_without_loss(void)
{
	start_again_with("worker_requests", "20");
	start_clients();
	NEED_SOON(starts() > 20, "many are started");
	check_nothing_lost("recycling");
}

static void a_killed_worker_loses_what_it_held_and_no_more(void)
{
	int kills = 0;

	NEED_SOON(answers(t.fast), "it answers");
	start_clients();
	for (int i = 0; i < 10; i++) {
		int before_asked = asked();
		long pid = server_pid(t.fast);

		if (pid > 1 && kill((pid_t)pid, SIGKILL) == 0)
			kills++;
		NEED_SOON(asked() > before_asked + 10, "there is load");
	}
	stop_clients();
	CHECK_TRUE(kills >= 8, "workers were killed");
	CHECK_TRUE(atomic_load(&t.shared->failed) <= kills,
	           "at most one request for each");
	CHECK_SOON(answers(t.fast), "and it goes on");
}

static void a_request_that_takes_too_long_is_answered_503(void)
{
	struct fastcgi_answer a;

	start_again_with("fast_deadline_s", "1");
	CHECK_INT(fastcgi_ask(t.fast, "GET", "/hold", NULL, &a), 503, "status");
	CHECK_HAS(a.text, "application/problem+json", "type");
	CHECK_HAS(a.text, "Retry-After: 1\r\n", "when to come again");
	CHECK_HAS(a.text, "\"request_id\":\"test-request\"", "which request");
	CHECK_SOON(answers(t.fast), "another worker has taken the place");
}

static void half_a_request_does_not_hold_a_worker_for_ever(void)
{
	static const unsigned char begin_request[16] = { 1, 1, 0, 1, 0,
		                                         8, 0, 0, 0, 1 };
	int fds[3];

	start_again_with("fast_deadline_s", "1");
	NEED_SOON(starts() >= ALL, "all have started");
	int before_starts = starts();
	for (int i = 0; i < 3; i++) {
		fds[i] = fastcgi_connect(t.fast);
		NEED_INT(write(fds[i], begin_request, sizeof(begin_request)),
		         sizeof(begin_request), "half a request");
	}
	CHECK_SOON(starts() >= before_starts + 3, "all three are replaced");
	CHECK_SOON(answers(t.fast), "and answer");
	for (int i = 0; i < 3; i++)
		close(fds[i]);
}

static void a_busy_slow_pool_leaves_the_fast_one_alone(void)
{
	struct fastcgi_answer a;

	NEED_SOON(answers(t.fast), "fast answers");
	NEED_SOON(answers(t.slow), "slow answers");
	int fd = fastcgi_connect(t.slow);
	NEED_INT(fastcgi_send(fd, "GET", "/hold", NULL), 0, "sent");
	NEED_SOON(held() == 1, "the only slow worker has it");
	for (int i = 0; i < 10; i++)
		CHECK_INT(fastcgi_ask(t.fast, "GET", "/", NULL, &a), 200,
		          "fast");
	struct pollfd p = { .fd = fd, .events = POLLIN };
	CHECK_INT(poll(&p, 1, 0), 0, "while the slow one is still at it");
	release();
	fastcgi_receive(fd, &a);
	CHECK_INT(a.status, 200, "slow comes too");
}

static void stopping_finishes_what_is_at_hand_and_queued(void)
{
	struct fastcgi_answer a;
	struct stat st;
	int fds[6];

	NEED_SOON(answers(t.fast), "it answers");
	NEED_SOON(starts() >= ALL, "all have started");
	for (int i = 0; i < 6; i++) {
		fds[i] = fastcgi_connect(t.fast);
		NEED_INT(fastcgi_send(fds[i], "GET", "/hold", NULL), 0, "sent");
	}
	NEED_SOON(held() == 3, "three are at hand, three wait in the queue");
	kill(t.master, SIGTERM);
	release();
	for (int i = 0; i < 6; i++) {
		fastcgi_receive(fds[i], &a);
		CHECK_INT(a.status, 200, "answered");
	}
	CHECK_INT(wait_for(t.master), 0, "ends well");
	t.master = 0;
	CHECK_INT(stat(t.fast, &st), -1, "its socket is gone");
}

static void workers_that_end_at_the_start_are_not_started_in_a_rush(void)
{
	NEED_SOON(answers(t.fast), "it answers");
	NEED_SOON(starts() >= ALL, "all have started");
	atomic_store(&t.shared->is_broken, 1);
	struct fastcgi_answer a;
	int64_t from = when_ticks();
	int before_starts = starts();
	for (int i = 0; i < 3; i++)
		fastcgi_ask(t.fast, "GET", "/end", NULL, &a);
	/* Each failure doubles the pause, from 0.1 s: started at once again
	 * they would need a few milliseconds. A busy machine only makes it
	 * longer. */
	NEED_SOON(starts() >= before_starts + 7, "they are tried");
	CHECK_TRUE(when_ticks() - from >= 300000, "ever more rarely");
	atomic_store(&t.shared->is_broken, 0);
	CHECK_SOON(answers(t.fast), "and it recovers by itself");
}

static void workers_end_with_a_killed_master(void)
{
	NEED_SOON(answers(t.fast), "it answers");
	long pid = server_pid(t.fast);
	kill(t.master, SIGKILL);
	wait_for(t.master);
	t.master = 0;
	CHECK_SOON(kill((pid_t)pid, 0) != 0, "the worker has ended");
	unlink(t.fast);
	unlink(t.slow);
}

/* As mod_fcgid, spawn-fcgi and lighttpd start it. */
static void a_socket_that_was_handed_over_is_served(void)
{
	static const struct worker_plan plan = { .handle = handle };
	struct fastcgi_answer a;
	struct listener l;
	char path[96];

	snprintf(path, sizeof(path), "%s/handed.sock", t.dir);
	NEED_TRUE(listen_open(&l, path, ""), "a socket");
	pid_t pid = fork();
	if (!pid) {
		struct listener taken;

		listen_take(&taken, l.fd);
		exit(worker_serve(&plan, taken.fd, -1, 1));
	}
	CHECK_SOON(answers(path), "it answers");
	CHECK_INT(fastcgi_ask(path, "GET", "/hold", NULL, &a), 503,
	          "it keeps its own deadline");
	CHECK_INT(wait_for(pid), 1, "and ends, for the web server to replace");
	listen_unlink(&l);
	close(l.fd);
}

static int bound_socket(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	NEED_INT(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0, path);
	NEED_INT(listen(fd, 64), 0, path);
	return fd;
}

/* mod_fcgid's sockets have one process each: what waits there when it has had
 * enough would be lost with it. */
static void a_worker_of_mod_fcgid_leaves_nothing_behind(void)
{
	static const struct worker_plan plan = { .handle = handle };
	struct fastcgi_answer a;
	char path[96];
	int fds[16];

	set("worker_requests", "10");
	snprintf(path, sizeof(path), "%s/%d.7", t.dir, (int)getpid());
	int listening = bound_socket(path);
	for (int i = 0; i < 16; i++) {
		fds[i] = fastcgi_connect(path);
		NEED_INT(fastcgi_send(fds[i], "GET", "/", NULL), 0, "sent");
	}
	pid_t pid = fork();
	if (!pid) {
		struct listener taken;

		listen_take(&taken, listening);
		exit(worker_serve(&plan, taken.fd, -1, 60));
	}
	for (int i = 0; i < 16; i++) {
		fastcgi_receive(fds[i], &a);
		CHECK_INT(a.status, 200, "what waited is answered");
	}
	CHECK_INT(wait_for(pid), 0, "it ends well");
	CHECK_INT(fastcgi_connect(path), -1, "nobody else is let in");
	unlink(path);
	close(listening);
}

static void a_newer_socket_is_not_removed(void)
{
	struct listener old, young;
	struct stat st;
	char path[96];

	snprintf(path, sizeof(path), "%s/twice.sock", t.dir);
	NEED_TRUE(listen_open(&old, path, ""), "the old one");
	NEED_TRUE(listen_open(&young, path, ""), "the new one");
	listen_unlink(&old);
	CHECK_INT(stat(path, &st), 0, "still there");
	listen_unlink(&young);
	CHECK_INT(stat(path, &st), -1, "gone");
	close(old.fd);
	close(young.fd);
}

static const struct check_hooks hooks = { begin, end, before, after };

CHECK_MAIN_WITH("process", &hooks, TEST(an_answer_comes_whole),
                TEST(sockets_are_for_owner_and_group_only),
                TEST(a_reload_under_load_loses_nothing),
                TEST(a_master_started_beside_the_old_one_takes_over),
                TEST(used_up_workers_are_replaced_without_loss),
                TEST(a_killed_worker_loses_what_it_held_and_no_more),
                TEST(a_request_that_takes_too_long_is_answered_503),
                TEST(half_a_request_does_not_hold_a_worker_for_ever),
                TEST(a_busy_slow_pool_leaves_the_fast_one_alone),
                TEST(stopping_finishes_what_is_at_hand_and_queued),
                TEST(workers_that_end_at_the_start_are_not_started_in_a_rush),
                TEST(workers_end_with_a_killed_master),
                TEST(a_socket_that_was_handed_over_is_served),
                TEST(a_worker_of_mod_fcgid_leaves_nothing_behind),
                TEST(a_newer_socket_is_not_removed))
