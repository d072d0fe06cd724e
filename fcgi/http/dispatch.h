/*
 * The one gate. Decides the order, and nothing else does: route, CORS, size and
 * type, rate limit, identify, admit, idempotency, stored or cached answer, read
 * input by its shapes, handler, bump tags, ETag/304, answer, log and metrics.
 */
#ifndef MERKATO_DISPATCH_H
#define MERKATO_DISPATCH_H

#include "fcgi/base/cache_item.h"
#include "fcgi/base/once_answer.h"
#include "fcgi/http/request.h"
#include "fcgi/http/token.h"

/*
 * What dispatch needs from rooms it must not know; main fills it in. Any
 * function may be NULL in tests (no cache, nobody signed in).
 */
struct dispatch_backend {
	/* Cache primitives; false = cache away. */
	bool (*cache_get)(struct ctx *c, struct cache_item *items, size_t n);
	bool (*cache_set)(struct ctx *c, const char *key, const void *p,
	                  size_t n, int ttl_s);
	bool (*cache_add)(struct ctx *c, const char *key, const void *p,
	                  size_t n, int ttl_s); /* false also if it exists */
	bool (*cache_delete)(struct ctx *c, const char *key);
	/* Counts up when a bump was lost: part of every key, so that older
	 * answers are out of reach. Shared memory. */
	uint64_t (*cache_epoch)(void);
	void (*cache_lost)(void);

	/* The signed-in user behind a checked token: fills c->actor, roles,
	 * permissions, vendor. facts = cached session or NULL. RC_UNAUTHORIZED
	 * when ended. */
	enum rc (*identify)(struct ctx *c, const struct token *t,
	                    const char *facts, size_t n_facts);
	/* Cache key of that session's facts. */
	const char *(*session_key)(struct ctx *c, const struct token *t);
	/* Console cookie → actor and CSRF token. RC_UNAUTHORIZED sends to the
	 * login page. */
	enum rc (*identify_cookie)(struct req *r, const char *cookie);

	/* Transactions and idempotency (db): begin … end in one transaction
	 * with the handler. */
	enum rc (*begin)(struct ctx *c);
	enum rc (*end)(struct ctx *c, enum rc rc);
	/* RC_OK = go on; *stored set = replay; RC_CONFLICT = other body or
	 * still running. */
	enum rc (*once_begin)(struct ctx *c, const char *route, const char *key,
	                      const unsigned char fingerprint[32],
	                      struct once_answer *stored, bool *is_stored);
	enum rc (*once_end)(struct ctx *c, const char *route, const char *key,
	                    const struct once_answer *answer);
	/* Gives back what a request may leave behind (open transaction,
	 * statement state). */
	void (*reset)(struct ctx *c);
	/* Keeps the security event r->noticed. */
	void (*notice)(struct req *r);
	/* HTML fault page for the console and public pages; NULL =
	 * problem+json. */
	void (*fault_page)(struct req *r, enum rc rc);
};

void dispatch_use(const struct dispatch_backend *b);
/* Answers r (filled: method, from, ctx.arena). Never fails: every outcome is an
 * answer in r. */
void dispatch(struct req *r);
/* Bumps what a piece of work touched: jobs and commands call it after commit.
 */
bool dispatch_flush_touches(struct ctx *c);
/* The cache's key that says that a row of touches has been flushed. */
const char *dispatch_touch_key(struct arena *a, struct id row);

#endif
