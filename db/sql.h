/*
 * SQL with values by type and columns by name. Text is always a literal; values
 * are A(x); statements are prepared once for each connection. One connection to
 * the primary and, when configured, one to a replica, opened on first use after
 * fork; lost connections come back by themselves (RC_UNAVAILABLE meanwhile).
 *
 * Rows are locked in one order: account, cart, order, vendor order, payment,
 * variants by id, coupons, ledger accounts by id. RC_DEADLOCK (1213, 1205) has
 * rolled everything back: the outermost caller repeats the whole work.
 * A read-only ctx (GET) may not write and reads from the replica unless
 * use_primary is set.
 */
#ifndef MERKATO_SQL_H
#define MERKATO_SQL_H

#include "fcgi/base/ctx.h"
#include "fcgi/base/shape.h"

enum arg_kind {
	ARG_NULL,
	ARG_INT,
	ARG_REAL,
	ARG_TEXT,
	ARG_ID,
	ARG_WHEN,
	ARG_BLOB
};

struct arg {
	enum arg_kind kind;
	union {
		int64_t i;
		double real;
		const char *text; /* NULL = SQL NULL */
		struct id id;     /* none = SQL NULL */
		struct when when; /* 0 = SQL NULL */
		struct blob blob;
	};
};

struct arg arg_int(int64_t v); /* INT_NONE = NULL */
struct arg arg_bool(bool v);
struct arg arg_real(double v); /* NaN = NULL */
struct arg arg_text(const char *v);
struct arg arg_id(struct id v);
struct arg arg_money(struct money v); /* MONEY_NONE = NULL */
struct arg arg_when(struct when v);
struct arg arg_json(struct json_text v);
struct arg arg_blob(struct blob v);

/* The value of a scalar member. */
struct arg arg_member(const struct field *f, const void *object);
/* Objects and lists are no columns. */
bool field_is_column(const struct field *f);

/* clang-format off */
#define A(x) _Generic((x), \
	bool: arg_bool, int: arg_int, unsigned: arg_int, int64_t: arg_int, uint64_t: arg_int, double: arg_real, \
	char *: arg_text, const char *: arg_text, struct id: arg_id, struct money: arg_money, \
	struct when: arg_when, struct json_text: arg_json, struct blob: arg_blob)(x)
/* clang-format on */
#define ARGS_(...)                                                     \
	((const struct arg[]){ { .kind = ARG_NULL }, ##__VA_ARGS__ }), \
		(sizeof((const struct arg[]){ { .kind = ARG_NULL },    \
	                                      ##__VA_ARGS__ }) /       \
	                 sizeof(struct arg) -                          \
	         1)

/* One row that must exist: RC_NOT_FOUND, out untouched. Every column must be a
 * field of the shape. */
#define sql_get(c, shape, out, text, ...) \
	sql_get_((c), (shape), (out), "" text "", ARGS_(__VA_ARGS__))
/* One row that may exist. */
#define sql_find(c, shape, out, found, text, ...) \
	sql_find_((c), (shape), (out), (found), "" text "", ARGS_(__VA_ARGS__))
/* Many rows: *rows points to an array of the shape's structs in the arena.
 * Always with LIMIT. */
#define sql_list(c, shape, rows, n, text, ...)                    \
	sql_list_((c), (shape), (void **)(rows), (n), "" text "", \
	          ARGS_(__VA_ARGS__))
/* One number; RC_NOT_FOUND without a row, NULL gives 0. */
#define sql_int(c, out, text, ...) \
	sql_int_((c), (out), "" text "", ARGS_(__VA_ARGS__))
/* A change, whatever it hits. */
#define sql_run(c, text, ...) \
	sql_run_((c), NULL, "" text "", ARGS_(__VA_ARGS__))
/* A change; *changed = rows matched (CLIENT_FOUND_ROWS). */
#define sql_change(c, changed, text, ...) \
	sql_run_((c), (changed), "" text "", ARGS_(__VA_ARGS__))

CHECKED enum rc sql_get_(struct ctx *c, const struct shape *s, void *out,
                         const char *text, const struct arg *args, size_t n);
CHECKED enum rc sql_find_(struct ctx *c, const struct shape *s, void *out,
                          bool *found, const char *text, const struct arg *args,
                          size_t n);
CHECKED enum rc sql_list_(struct ctx *c, const struct shape *s, void **rows,
                          size_t *n_rows, const char *text,
                          const struct arg *args, size_t n);
CHECKED enum rc sql_int_(struct ctx *c, int64_t *out, const char *text,
                         const struct arg *args, size_t n);
CHECKED enum rc sql_run_(struct ctx *c, int64_t *changed, const char *text,
                         const struct arg *args, size_t n);
/* (args in these five begin with the ARG_NULL that ARGS_ puts in front, which n
 * does not count: the macros and sql.c agree on it.) */

/* INSERT INTO table (every field of the shape that is scalar) VALUES (…).
 * Duplicate key: RC_CONFLICT, sql_duplicate() names it. */
#define sql_insert(c, table, shape, row) \
	sql_insert_((c), "" table "", (shape), (row))
CHECKED enum rc sql_insert_(struct ctx *c, const char *table,
                            const struct shape *s, const void *row);
/* Several rows in one statement, in slices. */
#define sql_insert_all(c, table, shape, rows, n) \
	sql_insert_all_((c), "" table "", (shape), (rows), (n))
CHECKED enum rc sql_insert_all_(struct ctx *c, const char *table,
                                const struct shape *s, const void *rows,
                                size_t n);
/* Rows of journals, which nothing reads back before the transaction ends: at
 * once, or, after sql_gather, all of a table together just before the commit.
 * What they point to must live as long. */
#define sql_insert_later(c, table, shape, rows, n) \
	sql_insert_later_((c), "" table "", (shape), (rows), (n))
CHECKED enum rc sql_insert_later_(struct ctx *c, const char *table,
                                  const struct shape *s, const void *rows,
                                  size_t n);
/* For work that writes many of them: gathers until the open transaction ends.
 */
void sql_gather(void);
/* What is to be added to the number n of the row id of a table of these two. */
struct sql_tally {
	int64_t id, n;
};
extern const struct shape sql_tally_shape;
/* Adds to many of them. Inside a transaction it is done just before the commit,
 * all that a table is to be given together and in the order of the ids: rows
 * that every writer wants are locked briefly, and by all in one order. */
#define sql_tally(c, table, rows, n) sql_tally_((c), "" table "", (rows), (n))
CHECKED enum rc sql_tally_(struct ctx *c, const char *table,
                           const struct sql_tally *rows, size_t n);
/* The unique key of the last RC_CONFLICT by duplicate (text after the last
 * dot), else "". No fault is recorded for a duplicate: the caller knows what it
 * means and says so with fail(). */
const char *sql_duplicate(void);

/* Whether the last RC_DEADLOCK was a lock waited for in vain (1205), not a
 * circle. */
bool sql_was_locked(void);

/* Transactions. Nested begins count; the outermost end commits (RC_OK) or rolls
 * back and yields rc. A commit whose answer was lost is RC_UNSURE. A nested end
 * with a fault rules out the commit: parts cannot be rolled back alone. */
CHECKED enum rc sql_begin(struct ctx *c);
CHECKED enum rc sql_end(struct ctx *c, enum rc rc);
bool sql_in_transaction(void);
/* Calls fn within every transaction that is about to be committed; what it says
 * stands for the whole. Set once, before work. */
void sql_before_commit(enum rc (*fn)(struct ctx *c));
/* Calls fn once when the open transaction has committed; forgotten when it is
 * rolled back. */
void sql_after_commit(void (*fn)(void));
/* Rolls back what is open, frees what a request left: after every request and
 * job. */
void sql_reset(struct ctx *c);

/* A cheap question to the primary, for /readyz. */
bool sql_is_alive(struct ctx *c);
/* Closes connections (before fork, at exit). */
void sql_close(void);

#endif
