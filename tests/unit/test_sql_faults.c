/* Transactions, and what becomes of them and of the connection when something
 * fails. */
#include "config.h"

#include <sys/wait.h>
#include <unistd.h>

#include "db/sql.h"
#include "fcgi/base/settings.h"
#include "tests/support/check.h"
#include "tests/support/database.h"
#include "tests/support/sql_faults.h"
#include "tests/support/sql_thing.h"

static void before(void)
{
	fault_clear();
	database_empty();
}

static void a_failed_transaction_leaves_nothing(void)
{
	struct thing in = a_thing(1);

	NEED_RC(sql_begin(tc), RC_OK, "begin");
	NEED_RC(sql_insert(tc, "thing", &thing_shape, &in), RC_OK, "insert");
	CHECK_RC(sql_end(tc, RC_CONFLICT), RC_CONFLICT, "end keeps the result");
	CHECK_INT(count_things(), 0, "rows");
	NEED_RC(sql_begin(tc), RC_OK, "begin");
	NEED_RC(sql_insert(tc, "thing", &thing_shape, &in), RC_OK, "insert");
	CHECK_RC(sql_end(tc, RC_OK), RC_OK, "end");
	CHECK_INT(count_things(), 1, "rows");
}

static void nested_transactions_end_together(void)
{
	struct thing in = a_thing(1);

	NEED_RC(sql_begin(tc), RC_OK, "outer");
	NEED_RC(sql_begin(tc), RC_OK, "inner");
	NEED_RC(sql_insert(tc, "thing", &thing_shape, &in), RC_OK, "insert");
	CHECK_RC(sql_end(tc, RC_OK), RC_OK, "inner end");
	CHECK_TRUE(sql_in_transaction(), "still open");
	CHECK_RC(sql_end(tc, RC_NOT_FOUND), RC_NOT_FOUND, "outer end");
	CHECK_INT(count_things(), 0, "rows");
}

static void a_failed_part_is_never_committed(void)
{
	struct thing in = a_thing(1);

	NEED_RC(sql_begin(tc), RC_OK, "outer");
	NEED_RC(sql_begin(tc), RC_OK, "inner");
	NEED_RC(sql_insert(tc, "thing", &thing_shape, &in), RC_OK, "insert");
	CHECK_RC(sql_end(tc, RC_CONFLICT), RC_CONFLICT, "inner end");
	CHECK_RC(sql_end(tc, RC_OK), RC_INTERNAL, "outer end");
	CHECK_INT(count_things(), 0, "rows");
}

static void reset_rolls_back_what_was_left_open(void)
{
	struct thing in = a_thing(1);

	NEED_RC(sql_begin(tc), RC_OK, "begin");
	NEED_RC(sql_insert(tc, "thing", &thing_shape, &in), RC_OK, "insert");
	sql_reset(tc);
	CHECK_FALSE(sql_in_transaction(), "closed");
	CHECK_INT(count_things(), 0, "rows");
}

static enum rc two_inserts(void)
{
	struct thing a = a_thing(1), b = a_thing(2);
	enum rc rc = sql_begin(tc);

	if (rc)
		return rc;
	rc = sql_insert(tc, "thing", &thing_shape, &a);
	if (!rc)
		rc = sql_insert(tc, "thing", &thing_shape, &b);
	return sql_end(tc, rc);
}

static void every_failing_statement_leaves_all_or_nothing(void)
{
	static const struct {
		unsigned error;
		enum rc rc;
	} cases[] = {
		{ 1213, RC_DEADLOCK },    { 1205, RC_DEADLOCK },
		{ 2013, RC_UNAVAILABLE }, { 2006, RC_UNAVAILABLE },
		{ 1062, RC_CONFLICT },    { 1969, RC_UNAVAILABLE },
		{ 3024, RC_UNAVAILABLE }, { 1064, RC_INTERNAL },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		for (int k = 1; k <= 2; k++) {
			const char *what = arena_fmt(tc->arena, "%u at %d",
			                             cases[i].error, k);

			fail_clear(tc);
			fault_at(k, cases[i].error);
			CHECK_RC(two_inserts(), cases[i].rc, what);
			CHECK_TRUE(fault_clear(), what);
			fail_clear(tc);
			CHECK_INT(count_things(), 0, what);
			CHECK_FALSE(sql_in_transaction(), what);
		}
	}
	CHECK_RC(two_inserts(), RC_OK, "and then it works");
	CHECK_INT(count_things(), 2, "rows");
}

static void a_statement_broken_off_among_its_rows_fails(void)
{
	struct label *rows = NULL;
	size_t n = 0;
	int64_t is_mariadb = 0;

	NEED_RC(sql_int(tc, &is_mariadb, "SELECT VERSION() LIKE '%MariaDB%'"),
	        RC_OK, "version");
	/* MySQL's SLEEP() ends early instead. */
	if (!is_mariadb)
		return;
	NEED_RC(sql_run(tc, "SET SESSION max_statement_time = 0.2"), RC_OK,
	        "limit");
	CHECK_RC(sql_list(tc, &label_shape, &rows, &n,
	                  "SELECT CONCAT('', SLEEP(x.n)) AS name"
	                  "  FROM (SELECT 0 AS n UNION ALL SELECT 0"
	                  "        UNION ALL SELECT 5) AS x LIMIT 9"),
	         RC_UNAVAILABLE, "two rows and no end");
	fail_clear(tc);
	CHECK_RC(sql_run(tc, "SET SESSION max_statement_time = 5"), RC_OK,
	         "and the link works on");
}

static void nothing_runs_behind_a_deadlock(void)
{
	struct thing in = a_thing(1);

	NEED_RC(sql_begin(tc), RC_OK, "begin");
	fault_at(1, 1213);
	CHECK_RC(sql_insert(tc, "thing", &thing_shape, &in), RC_DEADLOCK,
	         "first");
	fault_clear();
	CHECK_RC(sql_insert(tc, "thing", &thing_shape, &in), RC_DEADLOCK,
	         "the next would be outside of the transaction");
	CHECK_RC(sql_end(tc, RC_OK), RC_DEADLOCK, "end");
	CHECK_INT(count_things(), 0, "rows");
}

static void a_read_survives_a_lost_connection(void)
{
	fault_at(1, 2013);
	CHECK_INT(count_things(), 0, "lost while reading");
	CHECK_TRUE(fault_clear(), "it was lost");
	fault_at(1, 2006);
	CHECK_INT(count_things(), 0, "lost before");
	CHECK_TRUE(fault_clear(), "it was lost");
	fault_at(1, 1243);
	CHECK_INT(count_things(), 0, "statement forgotten by the server");
	CHECK_TRUE(fault_clear(), "it was forgotten");
}

static void a_write_is_repeated_only_when_it_was_not_sent(void)
{
	struct thing in = a_thing(1);

	fault_at(1, 2006);
	CHECK_RC(sql_insert(tc, "thing", &thing_shape, &in), RC_OK,
	         "not sent: again");
	fault_at(1, 2013);
	CHECK_RC(sql_run(tc, "UPDATE thing SET quantity = quantity + 1"),
	         RC_UNSURE, "sent: nobody knows");
	fault_clear();
}

static void a_killed_connection_comes_back(void)
{
	int64_t id = 0;

	NEED_RC(sql_int(tc, &id, "SELECT CONNECTION_ID()"), RC_OK, "id");
	NEED_TRUE(database_run(
			  arena_fmt(tc->arena, "KILL %lld;\n", (long long)id)),
	          "kill");
	CHECK_INT(count_things(), 0, "outside of a transaction unnoticed");
	NEED_RC(sql_begin(tc), RC_OK, "begin");
	NEED_RC(sql_int(tc, &id, "SELECT CONNECTION_ID()"), RC_OK, "id");
	NEED_TRUE(database_run(
			  arena_fmt(tc->arena, "KILL %lld;\n", (long long)id)),
	          "kill");
	int64_t n = 0;
	enum rc rc = sql_int(tc, &n, "SELECT COUNT(*) FROM thing");
	CHECK_RC(rc, RC_UNAVAILABLE, "inside it is over");
	CHECK_INT(tc->err.retry_after_s, 1, "Retry-After");
	CHECK_RC(sql_end(tc, rc), RC_UNAVAILABLE, "end");
	fail_clear(tc);
	CHECK_INT(count_things(), 0, "and then it works");
}

static void a_lost_commit_is_unsure(void)
{
	static const struct {
		unsigned error;
		bool is_done;
		enum rc rc;
	} cases[] = {
		{ 2013, true, RC_UNSURE },
		{ 2013, false, RC_UNSURE },
		{ 2006, false, RC_UNAVAILABLE },
		{ 1213, false, RC_DEADLOCK },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *what = arena_fmt(tc->arena, "%u done %d",
		                             cases[i].error, cases[i].is_done);

		database_empty();
		fail_clear(tc);
		fault_commit(cases[i].error, cases[i].is_done);
		CHECK_RC(two_inserts(), cases[i].rc, what);
		fault_clear();
		fail_clear(tc);
		CHECK_INT(count_things(), cases[i].is_done ? 2 : 0, what);
	}
}

static int n_calls;

static void note_call(void)
{
	n_calls++;
}

static void hooks_run_once_after_the_commit_only(void)
{
	n_calls = 0;
	NEED_RC(sql_begin(tc), RC_OK, "begin");
	sql_after_commit(note_call);
	sql_after_commit(note_call);
	CHECK_INT(n_calls, 0, "not yet");
	CHECK_RC(sql_end(tc, RC_OK), RC_OK, "end");
	CHECK_INT(n_calls, 1, "once");
	NEED_RC(sql_begin(tc), RC_OK, "begin");
	sql_after_commit(note_call);
	CHECK_RC(sql_end(tc, RC_CONFLICT), RC_CONFLICT, "end");
	NEED_RC(two_inserts(), RC_OK, "another");
	CHECK_INT(n_calls, 1, "not after a rollback, nor by the next");
}

static void a_dead_server_is_said_within_a_second(void)
{
	char *socket = arena_strdup(tc->arena, settings->mysql_socket);

	sql_close();
	NEED_TRUE(settings_set("mysql_socket", "/nonexistent/mysql.sock"),
	          "set");
	int64_t start_us = when_ticks(), n = 0;
	CHECK_RC(sql_int(tc, &n, "SELECT 1"), RC_UNAVAILABLE, "read");
	CHECK_RC(sql_begin(tc), RC_UNAVAILABLE, "begin");
	CHECK_FALSE(sql_in_transaction(), "nothing is open");
	CHECK_FALSE(sql_is_alive(tc), "alive");
	CHECK_TRUE(when_ticks() - start_us < 1000000, "within a second");
	CHECK_TEXT(tc->err.code, NULL, "a look leaves no fault");
	NEED_TRUE(settings_set("mysql_socket", socket), "set");
	fail_clear(tc);
	CHECK_INT(count_things(), 0, "the first question after its return");
	CHECK_TRUE(sql_is_alive(tc), "alive");
}

static void a_child_does_not_share_the_socket(void)
{
	int64_t mine = 0, again = 0;
	int status = -1;

	NEED_RC(sql_int(tc, &mine, "SELECT CONNECTION_ID()"), RC_OK, "mine");
	pid_t child = fork();
	if (!child) {
		int64_t its = 0;

		_exit(!sql_int(tc, &its, "SELECT CONNECTION_ID()") &&
		                      its != mine
		              ? 0
		              : 1);
	}
	NEED_TRUE(waitpid(child, &status, 0) == child, "wait");
	CHECK_INT(status, 0, "the child has its own");
	CHECK_RC(sql_int(tc, &again, "SELECT CONNECTION_ID()"), RC_OK, "again");
	CHECK_INT(again, mine, "the parent keeps its own");
}

static const struct check_hooks hooks = {
	.start = sql_thing_start,
	.stop = database_stop,
	.before = before,
	.after = database_roll_back,
};

CHECK_MAIN_WITH("sql faults", &hooks, TEST(a_failed_transaction_leaves_nothing),
                TEST(nested_transactions_end_together),
                TEST(a_failed_part_is_never_committed),
                TEST(reset_rolls_back_what_was_left_open),
                TEST(every_failing_statement_leaves_all_or_nothing),
                TEST(a_statement_broken_off_among_its_rows_fails),
                TEST(nothing_runs_behind_a_deadlock),
                TEST(a_read_survives_a_lost_connection),
                TEST(a_write_is_repeated_only_when_it_was_not_sent),
                TEST(a_killed_connection_comes_back),
                TEST(a_lost_commit_is_unsure),
                TEST(hooks_run_once_after_the_commit_only),
                TEST(a_dead_server_is_said_within_a_second),
                TEST(a_child_does_not_share_the_socket))
