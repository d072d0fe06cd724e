#include "config.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "db/jobs_db.h"
#include "db/once_db.h"
#include "db/outbox_db.h"
#include "db/sql.h"
#include "tests/support/check.h"
#include "tests/support/database.h"

static bool start(void)
{
	outbox_create();
	return database_start();
}

static void add(const char *topic, struct id subject)
{
	NEED_RC(sql_begin(tc), RC_OK, "begin");
	CHECK_RC(outbox_add(tc, topic, subject, "{\"n\":1}"), RC_OK, "add");
	NEED_RC(sql_end(tc, RC_OK), RC_OK, "end");
}

static size_t lease(struct outbox_event **out)
{
	size_t n = 0;

	NEED_RC(outbox_lease(tc, 10, 60, out, &n), RC_OK, "lease");
	return n;
}

static void an_event_lives_and_dies_with_its_cause(void)
{
	struct outbox_event *e;

	NEED_RC(sql_begin(tc), RC_OK, "begin");
	CHECK_RC(outbox_add(tc, "a.b", id_new(), NULL), RC_OK, "add");
	CHECK_RC(sql_end(tc, RC_CONFLICT), RC_CONFLICT, "end");
	CHECK_INT(lease(&e), 0, "rolled back");
	CHECK_RC(outbox_add(tc, "a.b", id_new(), NULL), RC_INTERNAL,
	         "only inside of a transaction");
}

static void an_event_is_leased_once_and_done(void)
{
	struct outbox_event *e, *other;
	struct id subject = id_new();

	add("order.placed", subject);
	NEED_INT(lease(&e), 1, "first");
	CHECK_TEXT(e->topic, "order.placed", "topic");
	CHECK_ID(e->subject, subject, "subject");
	CHECK_TEXT(e->payload, "{\"n\":1}", "payload");
	CHECK_INT(e->attempts, 1, "attempts");
	CHECK_INT(lease(&other), 0, "second");
	NEED_RC(outbox_done(tc, &e->id, 1), RC_OK, "done");
	tc->now = when_plus(tc->now, 3600);
	CHECK_INT(lease(&other), 0, "gone");
}

static void a_lost_lease_runs_out(void)
{
	struct outbox_event *e;

	add("a.b", id_new());
	CHECK_INT(lease(&e), 1, "first");
	tc->now = when_plus(tc->now, 61);
	NEED_INT(lease(&e), 1, "after the lease");
	CHECK_INT(e->attempts, 2, "attempts");
}

static void a_later_event_waits(void)
{
	struct outbox_event *e;

	NEED_RC(sql_begin(tc), RC_OK, "begin");
	CHECK_RC(outbox_add_at(tc, "a.b", id_new(), NULL,
	                       when_plus(tc->now, 100)),
	         RC_OK, "add");
	NEED_RC(sql_end(tc, RC_OK), RC_OK, "end");
	CHECK_INT(lease(&e), 0, "now");
	tc->now = when_plus(tc->now, 100);
	CHECK_INT(lease(&e), 1, "then");
	CHECK_TEXT(e->payload, "{}", "payload");
}

static void failures_back_off_and_end(void)
{
	static const int delays[] = { 60, 300, 1800, 7200, 43200 };
	struct outbox_event *e;
	int64_t n_dead = -1;

	add("a.b", id_new());
	for (int i = 0; i < 5; i++) {
		const char *what = arena_fmt(tc->arena, "failure %d", i + 1);

		NEED_INT(lease(&e), 1, what);
		NEED_RC(outbox_failed(tc, e, "the other side is away"), RC_OK,
		        what);
		tc->now = when_plus(tc->now, delays[i] - 1);
		CHECK_INT(lease(&e), 0, what);
		tc->now = when_plus(tc->now, 1);
	}
	NEED_INT(lease(&e), 1, "last try");
	NEED_RC(outbox_failed(tc, e, "still away"), RC_OK, "failed");
	tc->now = when_plus(tc->now, 10L * 86400);
	CHECK_INT(lease(&e), 0, "given up");
	CHECK_RC(outbox_count_dead(tc, &n_dead), RC_OK, "count");
	CHECK_INT(n_dead, 1, "but kept");
}

static void a_commit_wakes_the_waiting_runner(void)
{
	struct pollfd wake = { .fd = outbox_wake_fd(), .events = POLLIN };
	int status;

	outbox_wait(0);
	pid_t child = fork();
	if (!child) {
		bool ok = !sql_begin(tc) &&
		          !outbox_add(tc, "a.b", id_new(), NULL) &&
		          !sql_end(tc, RC_OK);
		_exit(ok ? 0 : 1);
	}
	CHECK_INT(poll(&wake, 1, WAIT_S * 1000), 1, "woken");
	outbox_wait(WAIT_S * 1000);
	CHECK_INT(poll(&wake, 1, 0), 0, "once");
	NEED_TRUE(waitpid(child, &status, 0) == child, "wait");
	CHECK_INT(status, 0, "child");
	struct outbox_event *e;
	CHECK_INT(lease(&e), 1, "and there it is");
}

static void two_runners_share_the_work(void)
{
	int status;

	for (int i = 0; i < 30; i++)
		add("a.b", id_new());
	pid_t child = fork();
	struct outbox_event *e;
	size_t n, total = 0;
	do {
		n = 0;
		enum rc rc = outbox_lease(tc, 4, 60, &e, &n);
		if (rc && rc != RC_DEADLOCK) {
			total = 99;
			break;
		}
		total += n;
	} while (n);
	if (!child)
		_exit((int)total);
	NEED_TRUE(waitpid(child, &status, 0) == child, "wait");
	CHECK_INT(total + (size_t)WEXITSTATUS(status), 30,
	          "each event was leased by one");
}

static const unsigned char print_a[32] = { 1 }, print_b[32] = { 2 };

static enum rc begin_once(const char *key, const unsigned char *print,
                          struct once_answer *a, bool *is_stored)
{
	NEED_RC(sql_begin(tc), RC_OK, "begin");
	return once_begin(tc, "POST /x", key, print, a, is_stored);
}

static void an_answer_is_replayed_to_the_same_question(void)
{
	struct once_answer in = { 201, "application/json", "/x/1", "{}\n", 3 };
	struct once_answer out = { 0 };
	bool is_stored = true;

	NEED_RC(begin_once("k", print_a, &out, &is_stored), RC_OK, "first");
	CHECK_FALSE(is_stored, "is new");
	CHECK_RC(once_end(tc, "POST /x", "k", &in), RC_OK, "store");
	CHECK_RC(sql_end(tc, RC_OK), RC_OK, "end");

	NEED_RC(begin_once("k", print_a, &out, &is_stored), RC_OK, "replay");
	NEED_TRUE(is_stored, "is stored");
	CHECK_INT(out.status, 201, "status");
	CHECK_TEXT(out.location, "/x/1", "location");
	CHECK_INT(out.n_body, 3, "length");
	CHECK_BYTES(out.body, "{}\n", 3, "body");
	CHECK_RC(sql_end(tc, RC_OK), RC_OK, "end");

	CHECK_RC(begin_once("k", print_b, &out, &is_stored), RC_CONFLICT,
	         "another body");
	CHECK_TEXT(tc->err.code, "key_reused", "code");
	CHECK_RC(sql_end(tc, RC_CONFLICT), RC_CONFLICT, "end");
}

static void keys_belong_to_their_actor_and_route(void)
{
	struct once_answer in = { 200, "text/plain", NULL, NULL, 0 };
	struct once_answer out = { 0 };
	bool is_stored = false;

	tc->actor = id_new();
	NEED_RC(begin_once("k2", print_a, &out, &is_stored), RC_OK, "mine");
	CHECK_RC(once_end(tc, "POST /x", "k2", &in), RC_OK, "store");
	CHECK_RC(sql_end(tc, RC_OK), RC_OK, "end");
	tc->actor = id_new();
	NEED_RC(begin_once("k2", print_b, &out, &is_stored), RC_OK, "theirs");
	CHECK_FALSE(is_stored, "another actor's key is another key");
	CHECK_RC(once_begin(tc, "POST /y", "k2", print_b, &out, &is_stored),
	         RC_OK, "another route");
	CHECK_FALSE(is_stored, "another route's key is another key");
	CHECK_RC(sql_end(tc, RC_OK), RC_OK, "end");
}

static void a_rolled_back_first_try_leaves_the_key_free(void)
{
	struct once_answer out = { 0 };
	bool is_stored = true;

	NEED_RC(begin_once("k3", print_a, &out, &is_stored), RC_OK, "first");
	CHECK_RC(sql_end(tc, RC_INVALID), RC_INVALID, "end");
	NEED_RC(begin_once("k3", print_b, &out, &is_stored), RC_OK, "second");
	CHECK_FALSE(is_stored, "free");
	CHECK_RC(sql_end(tc, RC_OK), RC_OK, "end");
}

/* Whether another of our connections is in the middle of a statement. */
static bool somebody_waits(void)
{
	int64_t n = 0;

	return !sql_int(tc, &n,
	                "SELECT COUNT(*) FROM information_schema.PROCESSLIST"
	                " WHERE COMMAND <> 'Sleep' AND DB = DATABASE()"
	                "   AND ID <> CONNECTION_ID()") &&
	       n > 0;
}

static void the_second_waits_for_the_first(void)
{
	struct once_answer in = { 200, "text/plain", NULL, "done", 4 };
	struct once_answer out = { 0 };
	bool is_stored = false;
	int fds[2], status;
	char ready;

	NEED_INT(pipe(fds), 0, "pipe");
	pid_t child = fork();
	if (!child) {
		bool ok = !sql_begin(tc) &&
		          !once_begin(tc, "POST /x", "k4", print_a, &out,
		                      &is_stored);
		ok = write(fds[1], "r", 1) == 1 && ok;
		CHECK_SOON(somebody_waits(), "the second waits");
		ok = ok && !once_end(tc, "POST /x", "k4", &in) &&
		     !sql_end(tc, RC_OK);
		_exit(ok ? 0 : 1);
	}
	NEED_TRUE(read(fds[0], &ready, 1) == 1, "the first has begun");
	NEED_RC(begin_once("k4", print_a, &out, &is_stored), RC_OK, "second");
	CHECK_TRUE(is_stored, "it has the first's answer");
	CHECK_RC(sql_end(tc, RC_OK), RC_OK, "end");
	NEED_TRUE(waitpid(child, &status, 0) == child, "wait");
	CHECK_INT(status, 0, "child");
	close(fds[0]);
	close(fds[1]);
}

static void answers_are_forgotten_after_two_days(void)
{
	struct once_answer in = { 200, "text/plain", NULL, NULL, 0 };
	struct once_answer out = { 0 };
	bool is_stored = false, more = true;

	NEED_RC(begin_once("k5", print_a, &out, &is_stored), RC_OK, "first");
	CHECK_RC(once_end(tc, "POST /x", "k5", &in), RC_OK, "store");
	CHECK_RC(sql_end(tc, RC_OK), RC_OK, "end");
	CHECK_RC(once_purge(tc, &more), RC_OK, "purge");
	CHECK_FALSE(more, "nothing more");
	NEED_RC(begin_once("k5", print_a, &out, &is_stored), RC_OK, "again");
	CHECK_TRUE(is_stored, "still there");
	CHECK_RC(sql_end(tc, RC_OK), RC_OK, "end");
	tc->now = when_plus(tc->now, 49 * 3600L);
	CHECK_RC(once_purge(tc, &more), RC_OK, "purge");
	NEED_RC(begin_once("k5", print_b, &out, &is_stored), RC_OK, "again");
	CHECK_FALSE(is_stored, "gone");
	CHECK_RC(sql_end(tc, RC_OK), RC_OK, "end");
}

static void a_job_is_taken_by_one_and_due_again_later(void)
{
	struct job_due *due;
	bool is_mine = false;
	size_t n;

	NEED_RC(jobs_db_ensure(tc, "j"), RC_OK, "row");
	NEED_RC(jobs_db_ensure(tc, "j"), RC_OK, "row again");
	NEED_RC(jobs_db_due(tc, &due, &n), RC_OK, "due");
	NEED_INT(n, 1, "due at once");
	NEED_RC(jobs_db_take(tc, "j", 60, 300, &is_mine), RC_OK, "take");
	CHECK_TRUE(is_mine, "mine");
	NEED_RC(jobs_db_take(tc, "j", 60, 300, &is_mine), RC_OK, "take");
	CHECK_FALSE(is_mine, "not twice");
	tc->now = when_plus(tc->now, 100);
	NEED_RC(jobs_db_take(tc, "j", 60, 300, &is_mine), RC_OK, "take");
	CHECK_FALSE(is_mine, "due, but still running");
	NEED_RC(jobs_db_done(tc, "j", false, 5), RC_OK, "done");
	NEED_RC(jobs_db_take(tc, "j", 60, 300, &is_mine), RC_OK, "take");
	CHECK_TRUE(is_mine, "mine again");
	tc->now = when_plus(tc->now, 301);
	NEED_RC(jobs_db_take(tc, "j", 60, 300, &is_mine), RC_OK, "take");
	CHECK_TRUE(is_mine, "a killed runner's lease runs out");
}

static const struct check_hooks hooks = {
	.start = start,
	.stop = database_stop,
	.before = database_empty,
	.after = database_roll_back,
};

CHECK_MAIN_WITH("outbox", &hooks, TEST(an_event_lives_and_dies_with_its_cause),
                TEST(an_event_is_leased_once_and_done),
                TEST(a_lost_lease_runs_out), TEST(a_later_event_waits),
                TEST(failures_back_off_and_end),
                TEST(a_commit_wakes_the_waiting_runner),
                TEST(two_runners_share_the_work),
                TEST(an_answer_is_replayed_to_the_same_question),
                TEST(keys_belong_to_their_actor_and_route),
                TEST(a_rolled_back_first_try_leaves_the_key_free),
                TEST(the_second_waits_for_the_first),
                TEST(answers_are_forgotten_after_two_days),
                TEST(a_job_is_taken_by_one_and_due_again_later))
