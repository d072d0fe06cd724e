#include "config.h"

#include <string.h>

#include "db/sql.h"
#include "tests/support/check.h"
#include "tests/support/database.h"
#include "tests/support/sql_thing.h"

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

static void gathered_rows_are_written_by_the_commit(void)
{
	struct thing rows[3] = { a_thing(1), a_thing(2), a_thing(3) };
	int before_n;

	NEED_RC(sql_begin(tc), RC_OK, "begin");
	sql_gather();
	before_n = tc->n_statements;
	for (int i = 0; i < 3; i++)
		NEED_RC(sql_insert_later(tc, "thing", &thing_shape, &rows[i],
		                         1),
		        RC_OK, "later");
	CHECK_INT(tc->n_statements - before_n, 0, "not yet");
	CHECK_INT(count_things(), 0, "nothing yet");
	NEED_RC(sql_end(tc, RC_OK), RC_OK, "commit");
	CHECK_INT(count_things(), 3, "all of them");
	NEED_RC(sql_run(tc, "DELETE FROM thing"), RC_OK, "away");
	NEED_RC(sql_begin(tc), RC_OK, "begin");
	sql_gather();
	NEED_RC(sql_insert_later(tc, "thing", &thing_shape, &rows[0], 1), RC_OK,
	        "later");
	CHECK_RC(sql_end(tc, RC_CONFLICT), RC_CONFLICT, "rolled back");
	NEED_RC(sql_begin(tc), RC_OK, "begin");
	NEED_RC(sql_insert_later(tc, "thing", &thing_shape, &rows[1], 1), RC_OK,
	        "at once");
	CHECK_INT(count_things(), 1, "this transaction does not gather");
	NEED_RC(sql_end(tc, RC_OK), RC_OK, "commit");
	CHECK_INT(count_things(), 1, "what was rolled back is forgotten");
	/* One that cannot be written takes its transaction with it. */
	NEED_RC(sql_begin(tc), RC_OK, "begin");
	sql_gather();
	NEED_RC(sql_insert(tc, "thing", &thing_shape, &rows[0]), RC_OK, "one");
	NEED_RC(sql_insert_later(tc, "thing", &thing_shape, &rows[1], 1), RC_OK,
	        "later");
	CHECK_RC(sql_end(tc, RC_OK), RC_CONFLICT, "it is there already");
	CHECK_INT(count_things(), 1, "neither");
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
	.start = sql_thing_start,
	.stop = database_stop,
	.before = database_empty,
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
                TEST(a_change_counts_matched_rows), TEST(a_get_cannot_write),
                TEST(statements_are_counted),
                TEST(gathered_rows_are_written_by_the_commit),
                TEST(more_statements_than_are_kept_all_work),
                TEST(sessions_are_strict_whatever_the_server_says))
