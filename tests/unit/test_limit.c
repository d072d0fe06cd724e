#include "config.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fcgi/base/settings.h"
#include "fcgi/http/limit.h"
#include "tests/support/check.h"

static struct req *asked(const char *address)
{
	struct req *r = arena_new(tc->arena, struct req);

	ctx_init(&r->ctx, tc->arena);
	r->ctx.now = (struct when){ 1800000030000000 }; /* 30 s into a minute */
	r->ctx.address = address;
	return r;
}

static const char *header(const struct req *r, const char *name)
{
	for (size_t i = 0; i < r->n_headers; i++) {
		if (!strcmp(r->headers[i].name, name))
			return r->headers[i].value;
	}
	return NULL;
}

static void before(void)
{
	settings_set("limit_read", "3/60");
	settings_set("limit_write", "0");
	settings_set("limit_auth", "2/60");
	settings_set("limit_register", "1/3600");
	limit_create();
}

static void the_next_after_the_last_is_refused(void)
{
	static const char *const left[] = { "\"read\";r=2;t=30",
		                            "\"read\";r=1;t=30",
		                            "\"read\";r=0;t=30" };
	for (int i = 0; i < 3; i++) {
		struct req *r = asked("192.0.2.1");

		CHECK_RC(limit_check(r, LIMIT_READ), RC_OK, "allowed");
		CHECK_TEXT(header(r, "RateLimit"), left[i], "what is left");
		CHECK_TEXT(header(r, "RateLimit-Policy"), "\"read\";q=3;w=60",
		           "policy");
	}
	struct req *r = asked("192.0.2.1");
	CHECK_RC(limit_check(r, LIMIT_READ), RC_TOO_MANY, "refused");
	CHECK_INT(r->ctx.err.retry_after_s, 30, "when again");
	CHECK_RC(limit_check(asked("192.0.2.2"), LIMIT_READ), RC_OK,
	         "somebody else");
	CHECK_RC(limit_check(asked("192.0.2.1"), LIMIT_AUTH), RC_OK,
	         "something else");
}

static void a_new_window_begins_at_nothing(void)
{
	for (int i = 0; i < 4; i++)
		(void)!limit_check(asked("192.0.2.1"), LIMIT_READ);
	struct req *r = asked("192.0.2.1");
	r->ctx.now.us += 29999999;
	CHECK_RC(limit_check(r, LIMIT_READ), RC_TOO_MANY, "same minute");
	r = asked("192.0.2.1");
	r->ctx.now.us += 30000000;
	CHECK_RC(limit_check(r, LIMIT_READ), RC_OK, "next minute");
}

static void no_limit_says_nothing(void)
{
	for (int i = 0; i < 100; i++) {
		struct req *r = asked("192.0.2.1");

		CHECK_RC(limit_check(r, LIMIT_WRITE), RC_OK, "write");
		CHECK_RC(limit_check(r, LIMIT_NONE), RC_OK, "none");
		CHECK_INT(r->n_headers, 0, "headers");
	}
}

static void an_account_has_its_own_counter(void)
{
	for (int i = 0; i < 3; i++) {
		struct req *r = asked("192.0.2.1");

		r->ctx.actor.b[0] = 1;
		CHECK_RC(limit_check(r, LIMIT_READ), RC_OK, "account");
	}
	struct req *r = asked("192.0.2.77");
	r->ctx.actor.b[0] = 1;
	CHECK_RC(limit_check(r, LIMIT_READ), RC_TOO_MANY,
	         "from another address too");
	CHECK_RC(limit_check(asked("192.0.2.1"), LIMIT_READ), RC_OK,
	         "the address is not counted with it");
}

static void an_ipv6_customer_is_a_64(void)
{
	static const char *const same[] = { "2001:db8:1:2::1",
		                            "2001:db8:1:2:ffff::9",
		                            "2001:0db8:1:2::3" };
	for (int i = 0; i < 3; i++)
		CHECK_RC(limit_check(asked(same[i]), LIMIT_READ), RC_OK,
		         same[i]);
	CHECK_RC(limit_check(asked("2001:db8:1:2::4"), LIMIT_READ), RC_TOO_MANY,
	         "same customer");
	CHECK_RC(limit_check(asked("2001:db8:1:3::1"), LIMIT_READ), RC_OK,
	         "the neighbour");
}

/* Children ask at once; each tells how often it was let in. */
static void all_workers_count_together(void)
{
	enum { CHILDREN = 4, TRIES = 500 };
	int total = 0;

	settings_set("limit_read", "1000/60");
	limit_create();
	int ends[2];
	NEED_INT(pipe(ends), 0, "pipe");
	for (int i = 0; i < CHILDREN; i++) {
		if (fork() == 0) {
			int let_in = 0;

			for (int j = 0; j < TRIES; j++)
				let_in += !limit_check(asked("192.0.2.1"),
				                       LIMIT_READ);
			ssize_t n = write(ends[1], &let_in, sizeof(let_in));
			_exit(n != sizeof(let_in));
		}
	}
	for (int i = 0; i < CHILDREN; i++) {
		int let_in = 0;

		NEED_INT(read(ends[0], &let_in, sizeof(let_in)), sizeof(let_in),
		         "child");
		total += let_in;
		wait(NULL);
	}
	close(ends[0]);
	close(ends[1]);
	CHECK_INT(total, 1000, "let in by all together");
}

static void a_flood_of_addresses_locks_nobody_out(void)
{
	for (int i = 0; i < 200000; i++) {
		char address[32];
		struct req r = { 0 };

		snprintf(address, sizeof(address), "10.%d.%d.%d", i >> 16,
		         (i >> 8) & 255, i & 255);
		ctx_init(&r.ctx, tc->arena);
		r.ctx.now = (struct when){ 1800000030000000 };
		r.ctx.address = address;
		if (limit_check(&r, LIMIT_READ)) {
			CHECK_TEXT(address, "", "refused at the first request");
			break;
		}
		if (i % 1000 == 0)
			arena_reset(tc->arena);
	}
}

static void bad_rates_stop_the_start(void)
{
	static const char *const bad[] = { "",      "x",         "5",   "5/",
		                           "/5",    "0/5",       "5/0", "-5/60",
		                           "5/60s", "5/99999999" };
	int kept = dup(2);

	if (!freopen("/dev/null", "w", stderr))
		return;
	bool any = false;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		any |= settings_set("limit_read", bad[i]) && limit_create();
	fflush(stderr);
	dup2(kept, 2);
	close(kept);
	CHECK_FALSE(any, "a bad rate was taken");
}

static const struct check_hooks hooks = { .before = before };

CHECK_MAIN_WITH("limit", &hooks, TEST(the_next_after_the_last_is_refused),
                TEST(a_new_window_begins_at_nothing),
                TEST(no_limit_says_nothing),
                TEST(an_account_has_its_own_counter),
                TEST(an_ipv6_customer_is_a_64),
                TEST(all_workers_count_together),
                TEST(a_flood_of_addresses_locks_nobody_out),
                TEST(bad_rates_stop_the_start))
