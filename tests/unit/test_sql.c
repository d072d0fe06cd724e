#include "config.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "db/sql.h"
#include "fcgi/base/settings.h"
#include "tests/support/check.h"
#include "tests/support/database.h"
#include "tests/support/sql_faults.h"

struct thing {
	struct id id;
	const char *name;
	int quantity;
	int64_t big;
	bool is_old;
	double ratio;
	struct money price;
	struct when made_at;
	struct json_text data;
	struct blob raw;
};

static const struct field thing_fields[] = {
	FIELD(thing, id),
	FIELD(thing, name),
	FIELD(thing, quantity),
	FIELD(thing, big),
	FIELD(thing, is_old),
	FIELD(thing, ratio),
	FIELD(thing, price),
	FIELD(thing, made_at),
	FIELD(thing, data),
	FIELD(thing, raw),
	FIELDS_END,
};
static const struct shape thing_shape = SHAPE(thing, thing_fields);

/* The same rows with fewer members. */
struct label {
	const char *name;
	struct id id;
};

static const struct field label_fields[] = {
	FIELD(label, name),
	FIELD(label, id),
	FIELDS_END,
};
static const struct shape label_shape = SHAPE(label, label_fields);

static bool start(void)
{
	return database_start_empty() &&
	       database_run("CREATE TABLE thing ("
	                    " id BINARY(16) NOT NULL PRIMARY KEY,"
	                    " name MEDIUMTEXT,"
	                    " quantity INT,"
	                    " big BIGINT,"
	                    " is_old BOOLEAN,"
	                    " ratio DOUBLE,"
	                    " price BIGINT,"
	                    " made_at DATETIME(6),"
	                    " data MEDIUMTEXT,"
	                    " raw MEDIUMBLOB,"
	                    " UNIQUE KEY thing_quantity (quantity),"
	                    " CHECK (quantity >= 0)"
	                    ") ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;\n"
	                    "CREATE TABLE part ("
	                    " id BINARY(16) NOT NULL PRIMARY KEY,"
	                    " thing_id BINARY(16) NOT NULL,"
	                    " FOREIGN KEY (thing_id) REFERENCES thing (id)"
	                    ") ENGINE=InnoDB;\n");
}

static void before(void)
{
	fault_clear();
	database_empty();
}

static struct thing a_thing(int quantity)
{
	return (struct thing){
		.id = id_new(),
		.name = "ቡና 🫘",
		.quantity = quantity,
		.big = INT64_C(9007199254740993),
		.is_old = true,
		.ratio = 0.1,
		.price = { 125050 },
		.made_at = { INT64_C(1763812800123456) },
		.data = { "{\"a\":[1,2]}" },
		.raw = { "\0\1\2", 3 },
	};
}

static int64_t count_things(void)
{
	int64_t n = -1;

	CHECK_RC(sql_int(tc, &n, "SELECT COUNT(*) FROM thing"), RC_OK, "count");
	return n;
}

static enum rc get_thing(struct id id, struct thing *out)
{
	return sql_get(tc, &thing_shape, out,
	               "SELECT raw, data, made_at, price, ratio, is_old, big,"
	               "       quantity, name, id"
	               "  FROM thing WHERE id = ?",
	               A(id));
}

static void every_kind_of_value_comes_back_as_it_went(void)
{
	struct thing in = a_thing(3), out = { 0 };

	NEED_RC(sql_insert(tc, "thing", &thing_shape, &in), RC_OK, "insert");
	NEED_RC(get_thing(in.id, &out), RC_OK, "get");
	CHECK_ID(out.id, in.id, "id");
	CHECK_TEXT(out.name, in.name, "text");
	CHECK_INT(out.quantity, 3, "int");
	CHECK_INT(out.big, in.big, "int64");
	CHECK_TRUE(out.is_old, "bool");
	CHECK_REAL(out.ratio, 0.1, 0, "double");
	CHECK_INT(out.price.minor, 125050, "money");
	CHECK_INT(out.made_at.us, in.made_at.us, "microseconds survive");
	CHECK_TEXT(out.data.s, in.data.s, "json");
	NEED_INT(out.raw.n, 3, "blob length");
	CHECK_BYTES(out.raw.p, in.raw.p, 3, "blob");
}

static void absent_values_are_null_both_ways(void)
{
	struct thing in = { .id = id_new(),
		            .quantity = 1,
		            .big = INT_NONE,
		            .ratio = REAL_NONE,
		            .price = MONEY_NONE };
	struct thing out = a_thing(2);
	int64_t n = 0;

	NEED_RC(sql_insert(tc, "thing", &thing_shape, &in), RC_OK, "insert");
	CHECK_RC(sql_int(tc, &n,
	                 "SELECT (name IS NULL) + (big IS NULL)"
	                 "     + (ratio IS NULL) + (price IS NULL)"
	                 "     + (made_at IS NULL) + (data IS NULL)"
	                 "     + (raw IS NULL) FROM thing"),
	         RC_OK, "count");
	CHECK_INT(n, 7, "all are NULL in the table");
	NEED_RC(get_thing(in.id, &out), RC_OK, "get");
	CHECK_TEXT(out.name, NULL, "text");
	CHECK_TRUE(money_is_none(out.price), "money");
	CHECK_INT(out.made_at.us, 0, "when");
	CHECK_TRUE(out.data.s == NULL, "json");
	CHECK_TRUE(out.raw.p == NULL, "blob");
}

static void texts_of_any_length_arrive_whole(void)
{
	static const size_t sizes[] = { 0, 1, 255, 256, 257, 70000, 3000000 };

	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		struct thing in = a_thing((int)i), out = { 0 };
		char *s = arena_alloc(tc->arena, sizes[i] + 1);
		const char *what = arena_fmt(tc->arena, "%zu bytes", sizes[i]);

		memset(s, 'x', sizes[i]);
		if (sizes[i])
			s[sizes[i] - 1] = 'z';
		in.name = s;
		NEED_RC(sql_insert(tc, "thing", &thing_shape, &in), RC_OK,
		        what);
		NEED_RC(get_thing(in.id, &out), RC_OK, what);
		NEED_INT(strlen(out.name), sizes[i], what);
		CHECK_INT(memcmp(out.name, s, sizes[i]), 0, what);
	}
}

static void one_statement_fills_two_shapes_in_turn(void)
{
	struct thing in = a_thing(1);

	NEED_RC(sql_insert(tc, "thing", &thing_shape, &in), RC_OK, "insert");
	for (int i = 0; i < 3; i++) {
		struct thing t = { 0 };
		struct label l = { 0 };

		NEED_RC(sql_get_(tc, &thing_shape, &t,
		                 "SELECT id, name FROM thing", ARGS_()),
		        RC_OK, "as thing");
		NEED_RC(sql_get_(tc, &label_shape, &l,
		                 "SELECT id, name FROM thing", ARGS_()),
		        RC_OK, "as label");
		CHECK_TEXT(t.name, in.name, "thing");
		CHECK_TEXT(l.name, in.name, "label");
		CHECK_ID(l.id, in.id, "label's id");
	}
}

static void an_unknown_column_is_our_fault(void)
{
	struct label l = { 0 };
	struct thing in = a_thing(1);

	NEED_RC(sql_insert(tc, "thing", &thing_shape, &in), RC_OK, "insert");
	CHECK_RC(sql_get(tc, &label_shape, &l, "SELECT quantity FROM thing"),
	         RC_INTERNAL, "no such member");
	fail_clear(tc);
	CHECK_INT(count_things(), 1, "the connection still works");
}

static void a_row_that_is_not_there_is_not_found(void)
{
	struct thing out = a_thing(7);
	bool found = true;

	CHECK_RC(get_thing(id_new(), &out), RC_NOT_FOUND, "get");
	CHECK_INT(out.quantity, 7, "out is untouched");
	CHECK_RC(sql_find(tc, &thing_shape, &out, &found,
	                  "SELECT id FROM thing WHERE id = ?", A(id_new())),
	         RC_OK, "find");
	CHECK_FALSE(found, "found");
}

static void lists_grow_as_needed(void)
{
	struct thing in[150], *out;
	size_t n;

	for (int i = 0; i < 150; i++)
		in[i] = a_thing(i);
	NEED_RC(sql_insert_all(tc, "thing", &thing_shape, in, 150), RC_OK,
	        "insert");
	NEED_RC(sql_list(tc, &thing_shape, &out, &n,
	                 "SELECT id, name, quantity FROM thing"
	                 " ORDER BY quantity LIMIT 1000"),
	        RC_OK, "list");
	NEED_INT(n, 150, "rows");
	for (int i = 0; i < 150; i++) {
		CHECK_INT(out[i].quantity, i, "in order");
		CHECK_ID(out[i].id, in[i].id, "its id");
	}
}

static void a_duplicate_names_its_key(void)
{
	struct thing a = a_thing(1), b = a_thing(1);

	NEED_RC(sql_insert(tc, "thing", &thing_shape, &a), RC_OK, "first");
	CHECK_RC(sql_insert(tc, "thing", &thing_shape, &b), RC_CONFLICT,
	         "second");
	CHECK_TEXT(sql_duplicate(), "thing_quantity", "key");
	CHECK_INT(tc->err.rc, RC_OK, "the caller says what it means");
}

static void a_broken_rule_of_the_table_is_our_fault(void)
{
	struct thing in = a_thing(-1);

	CHECK_RC(sql_insert(tc, "thing", &thing_shape, &in), RC_INTERNAL,
	         "check");
	fail_clear(tc);
	in = a_thing(1);
	in.name = "\xff";
	CHECK_RC(sql_insert(tc, "thing", &thing_shape, &in), RC_INTERNAL,
	         "not UTF-8");
}

static void foreign_keys_are_conflicts(void)
{
	struct thing in = a_thing(1);

	CHECK_RC(sql_run(tc, "INSERT INTO part (id, thing_id) VALUES (?, ?)",
	                 A(id_new()), A(id_new())),
	         RC_CONFLICT, "dangling");
	CHECK_TEXT(tc->err.code, "reference_gone", "code");
	fail_clear(tc);
	NEED_RC(sql_insert(tc, "thing", &thing_shape, &in), RC_OK, "thing");
	NEED_RC(sql_run(tc, "INSERT INTO part (id, thing_id) VALUES (?, ?)",
	                A(id_new()), A(in.id)),
	        RC_OK, "part");
	CHECK_RC(sql_run(tc, "DELETE FROM thing WHERE id = ?", A(in.id)),
	         RC_CONFLICT, "in use");
	CHECK_TEXT(tc->err.code, "in_use", "code");
}

static void a_change_counts_matched_rows(void)
{
	struct thing in = a_thing(1);
	int64_t changed = -1;

	NEED_RC(sql_insert(tc, "thing", &thing_shape, &in), RC_OK, "insert");
	for (int i = 0; i < 2; i++) {
		CHECK_RC(sql_change(tc, &changed,
		                    "UPDATE thing SET quantity = 5"
		                    " WHERE id = ?",
		                    A(in.id)),
		         RC_OK, "update");
		CHECK_INT(changed, 1, "also when nothing is new");
	}
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

static void a_get_cannot_write(void)
{
	struct thing in = a_thing(1);
	struct label l = { 0 };

	tc->read_only = true;
	CHECK_RC(sql_insert(tc, "thing", &thing_shape, &in), RC_INTERNAL,
	         "insert");
	fail_clear(tc);
	CHECK_RC(sql_run(tc, "DELETE FROM thing"), RC_INTERNAL, "delete");
	fail_clear(tc);
	CHECK_RC(sql_get(tc, &label_shape, &l,
	                 "SELECT id FROM thing LIMIT 1 FOR UPDATE"),
	         RC_INTERNAL, "lock");
	fail_clear(tc);
	CHECK_INT(count_things(), 0, "reads still work");
}

static void statements_are_counted(void)
{
	int before_n = tc->n_statements;

	count_things();
	count_things();
	CHECK_INT(tc->n_statements - before_n, 2, "statements");
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

static void more_statements_than_are_kept_all_work(void)
{
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 300; i++) {
			const char *text =
				arena_fmt(tc->arena,
			                  "SELECT %d + COUNT(*) FROM thing", i);
			int64_t n = -1;

			NEED_RC(sql_int_(tc, &n, text, ARGS_()), RC_OK, text);
			CHECK_INT(n, i, "its own answer");
		}
	}
}

static void sessions_are_strict_whatever_the_server_says(void)
{
	int64_t n = 0;

	CHECK_RC(sql_int(tc, &n,
	                 "SELECT @@session.sql_mode LIKE '%STRICT_TRANS%'"
	                 "   AND @@session.sql_mode LIKE '%ONLY_FULL_GROUP%'"
	                 "   AND @@session.time_zone = '+00:00'"
	                 "   AND @@session.innodb_lock_wait_timeout = 3"),
	         RC_OK, "session");
	CHECK_INT(n, 1, "mode, zone and lock wait");
}

static const struct check_hooks hooks = {
	.start = start,
	.stop = database_stop,
	.before = before,
	.after = database_roll_back,
};

CHECK_MAIN_WITH("sql", &hooks, TEST(every_kind_of_value_comes_back_as_it_went),
                TEST(absent_values_are_null_both_ways),
                TEST(texts_of_any_length_arrive_whole),
                TEST(one_statement_fills_two_shapes_in_turn),
                TEST(an_unknown_column_is_our_fault),
                TEST(a_row_that_is_not_there_is_not_found),
                TEST(lists_grow_as_needed), TEST(a_duplicate_names_its_key),
                TEST(a_broken_rule_of_the_table_is_our_fault),
                TEST(foreign_keys_are_conflicts),
                TEST(a_change_counts_matched_rows),
                TEST(a_failed_transaction_leaves_nothing),
                TEST(nested_transactions_end_together),
                TEST(a_failed_part_is_never_committed),
                TEST(reset_rolls_back_what_was_left_open),
                TEST(a_get_cannot_write), TEST(statements_are_counted),
                TEST(every_failing_statement_leaves_all_or_nothing),
                TEST(a_statement_broken_off_among_its_rows_fails),
                TEST(nothing_runs_behind_a_deadlock),
                TEST(a_read_survives_a_lost_connection),
                TEST(a_write_is_repeated_only_when_it_was_not_sent),
                TEST(a_killed_connection_comes_back),
                TEST(a_lost_commit_is_unsure),
                TEST(hooks_run_once_after_the_commit_only),
                TEST(a_dead_server_is_said_within_a_second),
                TEST(a_child_does_not_share_the_socket),
                TEST(more_statements_than_are_kept_all_work),
                TEST(sessions_are_strict_whatever_the_server_says))
