/*
 * For whom and when work is done: made for each request, job, command and
 * test. It carries the memory, the clock, who acts, the first fault, and which
 * cached answers the work has outdated. Rules and SQL see a ctx, never a
 * request.
 */
#ifndef MERKATO_CTX_H
#define MERKATO_CTX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fcgi/base/access.h"
#include "fcgi/base/arena.h"
#include "fcgi/base/rc.h"
#include "fcgi/base/value.h"

struct field_fault {
	const char *path; /* "items[2].quantity" */
	const char *code; /* "required", "too_long" …: for programs */
	const char *text; /* for people */
	struct field_fault *next;
};

struct fault {
	enum rc rc;
	const char *code;   /* stable, for programs */
	const char *detail; /* for people; safe to send */
	struct field_fault *fields, **fields_tail;
	const char *members; /* further members of the problem as JSON text
	                        without braces: "\"quote\":{…}"; or NULL */
	int retry_after_s;   /* for RC_TOO_MANY and RC_UNAVAILABLE */
};

/* What answers may be cached under; a write gives its tags new generations. */
#define TAG_TABLE(X)                                                        \
	X(CATALOG, 0, "catalog")       /* any public listing of products */ \
	X(CATEGORIES, 1, "categories") /* the tree and its counts */        \
	X(VENDORS, 2, "vendors")                                            \
	X(REVIEWS, 3, "reviews")                                            \
	X(QUESTIONS, 4, "questions")                                        \
	X(SETTINGS, 5, "settings")                                          \
	X(VARIANTS, 6, "variants") /* lists of variants: each one's stock */
#define TAG_N 7

enum tag {
#define X(name, bit, text) TAG_##name = 1 << (bit),
	TAG_TABLE(X)
#undef X
};

/* A tag of one object: "product:018f…". Writers touch every name it is read
 * under. */
struct touch {
	const char *name;
	bool is_noted; /* by who writes down what changes */
	struct touch *next;
};

struct ctx {
	struct arena *arena;
	struct when now;

	struct id actor;      /* the signed-in user; none = nobody */
	struct id session;    /* their session family */
	unsigned roles;       /* enum role bits */
	unsigned permissions; /* enum permission bits, staff and admin halves */
	struct id vendor;     /* the store they own or work for */
	struct id client;     /* OAuth client, if any */
	const char *request_id; /* never NULL */
	const char *address;    /* client address, text; "" for jobs */
	const char *agent;      /* User-Agent, cut; "" if none */

	bool read_only;   /* a GET: the SQL layer refuses writes and may use the
	                     replica */
	bool use_primary; /* read_only, but must see the newest */

	unsigned touched; /* enum tag bits, flushed by dispatch or job runner
	                     after commit */
	struct touch *touches;
	struct id touch_row; /* where a commit has written them down */

	struct fault err;
	int n_statements; /* SQL statements run so far; tests assert on it */
};

/* Zeroes c; now = wall clock, actor nobody, request_id "". */
void ctx_init(struct ctx *c, struct arena *a);

bool is_super(const struct ctx *c);
/* Super admins may all; limited admins, staff by granted bits; owners all of
 * STAFF. */
bool may(const struct ctx *c, enum permission p);

/* Records the first reason and yields rc. code is a literal; fmt is for people.
 */
enum rc fail(struct ctx *c, enum rc rc, const char *code, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* Collects a field fault (all are reported at once); yields RC_INVALID. */
enum rc fail_field(struct ctx *c, const char *path, const char *code,
                   const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* Forgets the fault, to try something else. */
void fail_clear(struct ctx *c);

/* Marks cached answers as outdated once the work has committed. */
void touch(struct ctx *c, unsigned tags);
/* touch_one(c, "product", id) and touch_name(c, "product", slug). */
void touch_one(struct ctx *c, const char *kind, struct id id);
void touch_name(struct ctx *c, const char *kind, const char *name);

#endif
