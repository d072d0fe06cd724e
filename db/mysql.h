/*
 * The connections to the database and their prepared statements: the thin file
 * around the client library. Only db/ includes it; callers use db/sql.h.
 *
 * A process has at most one connection to the primary and one to a replica,
 * opened on first use. A fork forgets them in the child, so that no socket is
 * shared. Statements are prepared once for each connection and found again by
 * their text; what reads a row into a struct is worked out once for each
 * statement and shape.
 */
#ifndef MERKATO_DB_MYSQL_H
#define MERKATO_DB_MYSQL_H

#include <mysql.h>

#include "db/sql.h"

#ifdef HAVE_MY_BOOL
typedef my_bool db_bool;
#else
typedef bool db_bool;
#endif

#define COLUMNS_MAX 96
#define ARGS_MAX 1024

/* What one run of a statement is to yield. */
enum want { WANT_CHANGE, WANT_NUMBER, WANT_ONE, WANT_MANY };

struct work {
	const char *text;
	size_t n_text;
	const struct arg *args;
	size_t n_args;
	enum want want;
	const struct shape *shape; /* WANT_ONE, WANT_MANY */
	void *one;                 /* WANT_ONE: filled when there is a row */
	void *rows;                /* WANT_MANY: array in the arena */
	size_t n_rows;             /* WANT_ONE, WANT_MANY, WANT_NUMBER */
	int64_t number;            /* WANT_NUMBER, WANT_CHANGE: rows matched */
	bool is_scan;              /* prepared for this once: query_init_scan */
};

struct statement {
	MYSQL_STMT *stmt;
	char *text;
	size_t n_text;
	uint64_t hash;
	unsigned long n_params;
	unsigned n_columns;
	uint64_t used;             /* tick of the last use, for eviction */
	const struct shape *shape; /* that columns[] and the binding are for */
	bool is_bound;
	short columns[COLUMNS_MAX]; /* field number of each column */
};

#define STATEMENTS_MAX 256

struct link {
	const char *name; /* "primary", "replica": for logs */
	MYSQL *mysql;     /* NULL = not open */
	struct statement *statements[STATEMENTS_MAX];
	int n_statements;
	uint64_t tick;
	int64_t used_at;    /* when_ticks of the last answer */
	int64_t away_until; /* when_ticks; a slow failure is not repeated at
	                       once */
	bool was_open;
};

/* How an error number of client or server is to be taken. */
enum trouble {
	TROUBLE_NONE,
	TROUBLE_NOT_SENT,  /* connection lost before the server saw it */
	TROUBLE_LOST,      /* connection lost, it may have happened */
	TROUBLE_PREPARE,   /* the statement must be prepared again */
	TROUBLE_FULL,      /* too many prepared statements */
	TROUBLE_DUPLICATE, /* unique key */
	TROUBLE_DEADLOCK,  /* roll back and repeat */
	TROUBLE_LOCKED,    /* the same: a lock was waited for in vain */
	TROUBLE_BUSY,      /* time-out, read-only, too many connections */
	TROUBLE_IN_USE,    /* foreign key: still referred to */
	TROUBLE_DANGLING,  /* foreign key: refers to nothing */
	TROUBLE_BUG        /* ours */
};
enum trouble mysql_trouble(unsigned error);

/* Opens l if it is closed. RC_UNAVAILABLE. */
CHECKED enum rc link_open(struct ctx *c, struct link *l, bool is_replica);
/* Closes connection and statements. */
void link_close(struct link *l);
/* Opens one that lasts for a command: the admin user, no statement deadline.
 * The caller closes it. */
CHECKED enum rc link_open_admin(struct ctx *c, MYSQL **out);

/* The prepared statement; on failure *error is the error number and no fault
 * is recorded. */
struct statement *link_prepare(struct link *l, const char *text, size_t n,
                               unsigned *error);
void link_forget(struct link *l, struct statement *st);
/* Executes w and reads what comes back; the error number or 0. rc is set for
 * faults that are ours (unknown column …), with the fault recorded. */
unsigned link_run(struct ctx *c, struct link *l, struct statement *st,
                  struct work *w, enum rc *rc);

/* db/rows.c: binds result columns to cells by w's shape, reads what was
 * executed. Same results as link_run. */
unsigned rows_read(struct ctx *c, struct statement *st, struct work *w,
                   enum rc *rc);

/* db/insert.c: writes what sql_insert_later has gathered; forgets it. */
CHECKED enum rc gathered_write(struct ctx *c);
void gathered_forget(void);

/* db/sql.c: one piece of work with choice of connection and repetition. */
CHECKED enum rc sql_work(struct ctx *c, struct work *w);

#endif
