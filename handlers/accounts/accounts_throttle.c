/*
 * How often somebody may try to log in. A try is counted before anything is
 * hashed and taken back after success, so that parallel tries cannot slip
 * through. All is counted in the database, whether the account exists or not:
 *   5 failures of an account from one address within 15 min lock this pair for
 *   15 min; 20 failures or 11 accounts from one address lock the address until
 *   the window has passed; an account as a whole is only slowed, and not for
 *   addresses its owner has used, so that nobody locks another out.
 */
#include "config.h"

#include "handlers/accounts/accounts_inside.h"

#include <arpa/inet.h>
#include <string.h>

enum {
	WINDOW_S = 15 * MINUTE,
	PAIR_MAX = 5,
	ADDRESS_MAX = 20,
	ACCOUNTS_MAX = 10,
	ACCOUNT_FREE = 20,
	SLOWEST_S = 30,
};

/* One household or host has a /64 of IPv6. */
const char *address_net(struct ctx *c)
{
	unsigned char b[16];
	char *out = arena_alloc(c->arena, INET6_ADDRSTRLEN);

	if (inet_pton(AF_INET6, c->address, b) != 1)
		return c->address;
	memset(b + 8, 0, 8);
	if (!inet_ntop(AF_INET6, b, out, INET6_ADDRSTRLEN))
		return c->address;
	return out;
}

static enum rc too_many(struct ctx *c, int64_t wait_us)
{
	enum rc rc = fail(c, RC_TOO_MANY, "too_many_tries",
	                  "Too many failed tries; try again later");

	c->err.retry_after_s = (int)((wait_us + 999999) / 1000000);
	if (c->err.retry_after_s < 1)
		c->err.retry_after_s = 1;
	return rc;
}

static enum rc check_pair(struct ctx *c, const struct attempt *a)
{
	struct attempt_row *rows = NULL;
	size_t n = 0, others = 0;
	struct when newest = { 0 }, oldest = { 0 };
	enum rc rc = security_db_attempts_of_pair(
		c, a->account, a->address, when_plus(c->now, -2L * WINDOW_S),
		PAIR_MAX + 1, &rows, &n);

	if (rc)
		return rc;
	for (size_t i = 0; i < n && others < PAIR_MAX; i++) {
		if (id_equal(rows[i].id, a->id))
			continue;
		if (others == 0)
			newest = rows[i].created_at;
		oldest = rows[i].created_at;
		others++;
	}
	if (others < PAIR_MAX ||
	    newest.us - oldest.us > (int64_t)WINDOW_S * 1000000)
		return RC_OK;
	int64_t left = when_plus(newest, WINDOW_S).us - c->now.us;

	return left > 0 ? too_many(c, left) : RC_OK;
}

static enum rc check_address(struct ctx *c, const struct attempt *a)
{
	struct attempt_counts counts = { 0 };
	enum rc rc = security_db_attempts_of_address(
		c, a->address, when_plus(c->now, -WINDOW_S), &counts);

	/* Mine is among them. */
	if (!rc &&
	    (counts.tries > ADDRESS_MAX || counts.accounts > ACCOUNTS_MAX))
		rc = too_many(c, (int64_t)MINUTE * 1000000);
	return rc;
}

static int64_t slow_down_s(int64_t failures)
{
	int64_t s = 1;

	for (int64_t i = ACCOUNT_FREE; i < failures && s < SLOWEST_S; i++)
		s *= 2;
	return s < SLOWEST_S ? s : SLOWEST_S;
}

static enum rc check_account(struct ctx *c, const struct attempt *a)
{
	struct attempt_counts counts = { 0 };
	int64_t known = 0;
	enum rc rc = security_db_attempts_of_account(
		c, a->account, a->id, when_plus(c->now, -WINDOW_S), &counts);

	if (rc || counts.tries < ACCOUNT_FREE)
		return rc;
	int64_t left = when_plus(counts.newest, slow_down_s(counts.tries)).us -
	               c->now.us;

	if (left <= 0)
		return RC_OK;
	rc = security_db_address_known(c, a->email_key, c->address, &known);
	if (rc || known)
		return rc;
	return too_many(c, left);
}

static enum rc check_slowed(struct ctx *c, const struct attempt *a)
{
	struct when until = { 0 };
	struct blob address =
		token_hash(c, arena_fmt(c->arena, "address:%s", a->address));
	enum rc rc = security_db_slow_get(c, a->account, address, &until);

	if (!rc && until.us > c->now.us)
		rc = too_many(c, until.us - c->now.us);
	return rc;
}

enum rc throttle_take(struct ctx *c, const char *key, struct attempt *out)
{
	struct attempt a = { .id = id_new(),
		             .account = account_hash(c, key),
		             .email_key = key,
		             .address = address_net(c) };
	enum rc rc = security_db_attempt_insert(c, a.id, a.account, a.address);

	if (rc)
		return rc;
	rc = check_pair(c, &a);
	if (!rc)
		rc = check_address(c, &a);
	if (!rc)
		rc = check_account(c, &a);
	if (!rc)
		rc = check_slowed(c, &a);
	if (rc == RC_TOO_MANY) {
		struct fault why = c->err;
		enum rc other = security_db_attempt_delete(c, a.id);

		/* Refusals do not count, or a lock would never end. */
		c->err = why;
		if (other)
			return other;
	}
	if (!rc)
		*out = a;
	return rc;
}

enum rc throttle_forgive(struct ctx *c, const struct attempt *a)
{
	return security_db_attempts_forgive(c, a->account, a->address);
}
