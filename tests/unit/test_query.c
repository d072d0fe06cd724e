#include "config.h"

#include <string.h>

#include "db/query.h"
#include "tests/support/check.h"
#include "tests/support/database.h"

struct item {
	struct id id;
	const char *name;
	struct money price; /* may be none */
	int rank_no;
};

static const struct field item_fields[] = {
	FIELD(item, id),      FIELD(item, name), FIELD(item, price),
	FIELD(item, rank_no), FIELDS_END,
};
static const struct shape item_shape = SHAPE(item, item_fields);

struct item_patch {
	const char *name;
	struct money price;
	uint64_t given;
};

static const struct field patch_fields[] = {
	FIELD(item_patch, name),
	FIELD(item_patch, price),
	FIELDS_END,
};
static const struct shape patch_shape = SHAPE_PATCH(item_patch, patch_fields);

static const struct sort sorts[] = {
	{ "rank_no", "i.rank_no", false },
	{ "price", "i.price", true },
	{ "name", "i.name", false },
	{ 0 },
};

enum { ROWS = 47 };

static bool start(void)
{
	return database_start_empty() &&
	       database_run("CREATE TABLE item ("
	                    " id BINARY(16) NOT NULL PRIMARY KEY,"
	                    " name VARCHAR(50) NOT NULL,"
	                    " price BIGINT,"
	                    " rank_no INT NOT NULL,"
	                    " KEY item_rank (rank_no, id)"
	                    ") ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;\n");
}

/* Many equal values and a few NULLs, so that ties and ends are met. */
static void before(void)
{
	struct item rows[ROWS];

	database_empty();
	for (int i = 0; i < ROWS; i++) {
		rows[i] = (struct item){
			.id = id_new(),
			.name = arena_fmt(tc->arena, "n%02d", i % 9),
			.price = i % 5 ? (struct money){ i % 4 * 100LL }
			               : MONEY_NONE,
			.rank_no = i % 3
		};
	}
	NEED_RC(sql_insert_all(tc, "item", &item_shape, rows, ROWS), RC_OK,
	        "rows");
}

static enum rc read_page(const struct page *p, struct item **rows, size_t *n,
                         struct page_info *info)
{
	struct query q;

	query_init(&q, tc);
	query_add(&q,
	          "SELECT i.id, i.name, i.price, ? * i.rank_no AS rank_no"
	          "  FROM item i"
	          " WHERE i.rank_no >= ?",
	          A(1), A(0));
	return query_page(&q, &item_shape, sorts, "i.id", p, rows, n, info);
}

static const char *value_text(const struct item *it, const char *name)
{
	int f = shape_find(&item_shape, name, strlen(name));

	return shape_get_text(tc, &item_shape.fields[f], it);
}

/* Follows cursors to the end; every row comes exactly once. */
static void walk_all(const struct page_order *order, int n_order)
{
	struct page p = { .size = 5, .walks = true, .n_order = n_order };
	struct id seen[ROWS];
	size_t n_seen = 0;
	const char *what = arena_fmt(tc->arena, "%s%s and %d more",
	                             order[0].descending ? "-" : "",
	                             order[0].name, n_order - 1);

	for (int i = 0; i < n_order; i++)
		p.order[i] = order[i];
	for (int round = 0; round < 20; round++) {
		struct item *rows;
		struct page_info info;
		size_t n;

		NEED_RC(read_page(&p, &rows, &n, &info), RC_OK, what);
		CHECK_INT(info.count, -1, "a walk counts nothing");
		for (size_t i = 0; i < n; i++) {
			for (size_t j = 0; j < n_seen; j++)
				CHECK_FALSE(id_equal(seen[j], rows[i].id),
				            what);
			NEED_TRUE(n_seen < ROWS, what);
			seen[n_seen++] = rows[i].id;
		}
		if (!info.more)
			break;
		p.has_after = true;
		p.after_id = rows[n - 1].id;
		for (int i = 0; i < n_order; i++)
			p.after[i] = value_text(&rows[n - 1], order[i].name);
	}
	CHECK_INT(n_seen, ROWS, what);
}

static void cursors_meet_every_row_once(void)
{
	static const struct page_order orders[][2] = {
		{ { "rank_no", false }, { "price", false } },
		{ { "rank_no", true }, { "price", true } },
		{ { "price", false }, { "name", true } },
		{ { "price", true }, { "name", false } },
		{ { "name", true }, { "rank_no", false } },
	};

	for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
		walk_all(orders[i], 1);
		walk_all(orders[i], 2);
	}
}

static void pages_add_up_and_are_counted(void)
{
	struct page p = { .number = 1,
		          .size = 10,
		          .n_order = 1,
		          .order = { { "rank_no", true } } };
	size_t total = 0;

	for (p.number = 1; p.number < 7; p.number++) {
		struct item *rows;
		struct page_info info;
		size_t n;

		NEED_RC(read_page(&p, &rows, &n, &info), RC_OK, "page");
		CHECK_INT(info.count, ROWS, "count");
		CHECK_INT(info.more, p.number < 5, "more");
		total += n;
	}
	CHECK_INT(total, ROWS, "rows");
}

static void a_forged_cursor_is_refused(void)
{
	struct page p = { .size = 5,
		          .walks = true,
		          .has_after = true,
		          .n_order = 1,
		          .order = { { "price", true } },
		          .after = { "1e9" } };
	struct item *rows;
	struct page_info info;
	size_t n;

	CHECK_RC(read_page(&p, &rows, &n, &info), RC_BAD_REQUEST, "price");
	CHECK_TEXT(tc->err.code, "bad_cursor", "code");
}

static void a_list_takes_the_same_statements_whatever_its_length(void)
{
	struct page p = { .number = 1,
		          .n_order = 1,
		          .order = { { "rank_no", true } } };

	for (p.size = 1; p.size < 60; p.size += 29) {
		struct item *rows;
		struct page_info info;
		size_t n;
		int start_n = tc->n_statements;

		NEED_RC(read_page(&p, &rows, &n, &info), RC_OK, "page");
		CHECK_INT(tc->n_statements - start_n, 2, "rows and count");
	}
}

static void lists_of_ids_are_padded(void)
{
	struct item *rows, *again;
	size_t n, m;

	NEED_RC(sql_list(tc, &item_shape, &rows, &n,
	                 "SELECT id, name FROM item LIMIT 5"),
	        RC_OK, "five");
	struct query q;
	query_init(&q, tc);
	query_add(&q, "SELECT id, name FROM item WHERE id IN ");
	query_ids_of(&q, rows, n, sizeof *rows, offsetof(struct item, id));
	CHECK_INT(q.n_args, 8, "a power of two");
	query_add(&q, " LIMIT 100");
	NEED_RC(query_list(&q, &item_shape, &again, &m), RC_OK, "list");
	CHECK_INT(m, 5, "the same rows");
	query_init(&q, tc);
	query_add(&q, "SELECT id, name FROM item WHERE id IN ");
	query_ids(&q, NULL, 0);
	query_add(&q, " LIMIT 100");
	NEED_RC(query_list(&q, &item_shape, &again, &m), RC_OK, "none");
	CHECK_INT(m, 0, "no ids, no rows");
}

static void a_patch_sets_what_was_given(void)
{
	struct item *rows, after = { 0 };
	struct item_patch patch = { .name = "new",
		                    .price = MONEY_NONE,
		                    .given = 2 };
	size_t n;
	struct query q;

	NEED_RC(sql_list(tc, &item_shape, &rows, &n,
	                 "SELECT id, name FROM item"
	                 " WHERE price IS NOT NULL LIMIT 1"),
	        RC_OK, "one");
	query_init(&q, tc);
	query_add(&q, "UPDATE item SET");
	CHECK_INT(query_set_given(&q, &patch_shape, &patch), 1, "fields");
	query_add(&q, " WHERE id = ?", A(rows[0].id));
	NEED_RC(query_run(&q, NULL), RC_OK, "update");
	NEED_RC(sql_get(tc, &item_shape, &after,
	                "SELECT id, name, price FROM item WHERE id = ?",
	                A(rows[0].id)),
	        RC_OK, "get");
	CHECK_TEXT(after.name, rows[0].name, "was not given");
	CHECK_TRUE(money_is_none(after.price), "null was given");
}

static void too_many_arguments_are_refused(void)
{
	struct id ids[1100] = { 0 };
	struct query q;

	query_init(&q, tc);
	query_add(&q, "SELECT id FROM item WHERE id IN ");
	query_ids(&q, ids, 1100);
	struct item *rows;
	size_t n;
	CHECK_RC(query_list(&q, &item_shape, &rows, &n), RC_INTERNAL, "1100");
}

static const struct check_hooks hooks = {
	.start = start,
	.stop = database_stop,
	.before = before,
	.after = database_roll_back,
};

CHECK_MAIN_WITH("query", &hooks, TEST(cursors_meet_every_row_once),
                TEST(pages_add_up_and_are_counted),
                TEST(a_forged_cursor_is_refused),
                TEST(a_list_takes_the_same_statements_whatever_its_length),
                TEST(lists_of_ids_are_padded),
                TEST(a_patch_sets_what_was_given),
                TEST(too_many_arguments_are_refused))
