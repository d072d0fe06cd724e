/*
 * The same thing at the same moment, from processes with connections of their
 * own, as workers are: one wins.
 */
#include "config.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <liboath/oath.h>

#include "db/cache.h"
#include "db/sql.h"
#include "fcgi/base/settings.h"
#include "handlers/accounts/accounts_inside.h"
#include "tests/support/people.h"

#define TEXT(...) arena_fmt(tc->arena, __VA_ARGS__)

enum { CROWD = 8 };

struct asked {
	const char *method, *uri, *body, *header;
};

static struct {
	int n_200, n_201, n_401, n_409, n_422, n_429, n_other;
} seen;

static void tally(int code)
{
	int *places[] = { &seen.n_200, &seen.n_201, &seen.n_401,
		          &seen.n_409, &seen.n_422, &seen.n_429 };

	if (code < 6)
		++*places[code];
	else
		seen.n_other++;
}

/* A status small enough for an exit status. */
static int small(int status)
{
	static const int known[] = { 200, 201, 401, 409, 422, 429 };

	for (int i = 0; i < 6; i++)
		if (known[i] == status)
			return i;
	return 6;
}

static void child(const struct asked *ask, int gate)
{
	char go;

	if (read(gate, &go, 1) < 0)
		_exit(7);
	const struct answered *a =
		ask->header
			? request(ask->method, ask->uri, ask->body, ask->header)
			: request(ask->method, ask->uri, ask->body);

	_exit(small(a->status));
}

/* Every child does asks[i % n_asks] as soon as all are there. */
static void crowd(const struct asked *asks, int n_asks, int n)
{
	int gate[2];

	memset(&seen, 0, sizeof(seen));
	sql_close();
	cache_close();
	NEED_TRUE(pipe(gate) == 0, "pipe");
	for (int i = 0; i < n; i++) {
		pid_t pid = fork();

		NEED_TRUE(pid >= 0, "fork");
		if (pid == 0) {
			close(gate[1]);
			child(&asks[i % n_asks], gate[0]);
		}
	}
	close(gate[0]);
	close(gate[1]); /* all of them read its end now */
	for (int i = 0; i < n; i++) {
		int status = 0;

		NEED_TRUE(wait(&status) > 0, "wait");
		tally(WIFEXITED(status) ? WEXITSTATUS(status) : 7);
	}
}

static void post_crowd(const char *uri, const char *body)
{
	struct asked ask = { "POST", uri, body, NULL };

	crowd(&ask, 1, CROWD);
}

static void one_refresh_wins_and_the_family_ends(void)
{
	const struct person *p = a_customer();

	post_crowd("/api/auth/refresh",
	           TEXT("{\"refresh\":\"%s\"}", p->refresh));
	CHECK_INT(seen.n_200, 1, "one");
	CHECK_INT(seen.n_401, CROWD - 1, "the others");
	CHECK_INT(db_number("SELECT COUNT(*) FROM session"
	                    " WHERE end_reason = 'reused'"),
	          1, "the family has ended");
	CHECK_INT(request("GET", "/api/users/me", NULL, p->bearer)->status, 401,
	          "for access tokens too");
}

static void one_verification_wins(void)
{
	request("POST", "/api/auth/register/customer",
	        "{\"email\":\"almaz@example.com\","
	        "\"password\":\"blue nile falls 7\"}");
	post_crowd("/api/auth/verify-email",
	           TEXT("{\"token\":\"%s\"}", told_token("account.verify")));
	CHECK_INT(seen.n_200, 1, "one");
	CHECK_INT(seen.n_422, CROWD - 1, "the others");
}

static void one_reset_wins(void)
{
	const struct person *p = a_customer();

	request("POST", "/api/auth/password/forgot",
	        TEXT("{\"email\":\"%s\"}", p->email));
	work_off("account.forgot");
	post_crowd("/api/auth/password/reset",
	           TEXT("{\"token\":\"%s\",\"password\":\"red sea salt 9\"}",
	                told_token("account.reset")));
	CHECK_INT(seen.n_200, 1, "one");
	CHECK_INT(seen.n_422, CROWD - 1, "the others");
	CHECK_INT(n_told("account.password_changed"), 1, "one mail");
}

static void one_acceptance_wins(void)
{
	const struct person *owner = an_owner();

	request("POST", "/api/vendor/staff",
	        "{\"email\":\"h@example.com\",\"permissions\":[\"orders\"]}",
	        owner->bearer);
	post_crowd("/api/auth/invitations/accept",
	           TEXT("{\"token\":\"%s\",\"name\":\"H\","
	                "\"password\":\"red sea salt 9\"}",
	                told_token("account.staff_invited")));
	CHECK_INT(seen.n_200, 1, "one");
	CHECK_INT(seen.n_422, CROWD - 1, "the others");
	CHECK_INT(db_number("SELECT COUNT(*) FROM users"
	                    " WHERE email_key = 'h@example.com'"),
	          1, "one account");
}

static void an_address_is_registered_once(void)
{
	post_crowd("/api/auth/register/customer",
	           "{\"email\":\"almaz@example.com\","
	           "\"password\":\"blue nile falls 7\"}");
	CHECK_INT(seen.n_201, CROWD, "all are answered alike");
	CHECK_INT(db_number("SELECT COUNT(*) FROM users"), 1, "one account");
	CHECK_TRUE(n_told("account.verify") + n_told("account.exists") <= 3,
	           "mails");
}

static void parallel_guesses_do_not_slip_through(void)
{
	const struct person *p = a_customer();
	struct asked ask = { "POST", "/api/auth/login",
		             TEXT("{\"email\":\"%s\",\"password\":\"guess %d "
		                  "of many\"}",
		                  p->email, 1),
		             NULL };

	crowd(&ask, 1, 16);
	CHECK_TRUE(seen.n_401 <= 5, "five at most are looked at");
	CHECK_INT(seen.n_401 + seen.n_429, 16, "the others wait");
}

static void two_super_admins_do_not_remove_each_other(void)
{
	const struct person *a = an_admin(0), *b = an_admin(0);
	char text[ID_TEXT_MAX];
	struct asked asks[2] = {
		{ "PATCH", TEXT("/api/admin/users/%s", id_text(b->id, text)),
		  "{\"roles\":[\"customer\"]}", a->bearer },
		{ "PATCH", TEXT("/api/admin/users/%s", id_text(a->id, text)),
		  "{\"roles\":[\"customer\"]}", b->bearer },
	};

	crowd(asks, 2, 2);
	CHECK_INT(db_number("SELECT COUNT(*) FROM users"
	                    " WHERE roles & 32 <> 0"),
	          1, "one stays");
	CHECK_INT(seen.n_200, 1, "one was let go");
}

static void a_code_of_the_second_factor_works_once(void)
{
	const struct person *p = a_customer();
	const struct answered *a =
		request("POST", "/api/auth/2fa/enroll", NULL, p->bearer);
	const char *secret32 = answered_text(a, "secret");
	char *secret = NULL, code[7];
	size_t n = 0;
	int64_t now = tc->now.us / 1000000;

	NEED_INT(oath_base32_decode(secret32, strlen(secret32), &secret, &n),
	         OATH_OK, "base32");
	NEED_INT(oath_totp_generate(secret, n, (time_t)now, 30, 0, 6, code),
	         OATH_OK, "code");
	a = request("POST", "/api/auth/2fa/confirm",
	            TEXT("{\"totp\":\"%s\"}", code), p->bearer);
	NEED_INT(a->status, 200, a->body);
	NEED_INT(
		oath_totp_generate(secret, n, (time_t)now + 30, 30, 0, 6, code),
		OATH_OK, "code");
	free(secret);
	struct asked ask = { "POST", "/api/auth/login",
		             TEXT("{\"email\":\"%s\",\"password\":\"%s\","
		                  "\"totp\":\"%s\"}",
		                  p->email, PEOPLE_PASSWORD, code),
		             NULL };

	crowd(&ask, 1, 4);
	CHECK_INT(seen.n_200, 1, "one");
	CHECK_INT(seen.n_401, 3, "the others");
}

/* The slots for hashing. */

static int slot_in_child(bool keep)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		struct slot *s = slot_take();

		if (s && !keep)
			slot_give(s);
		_exit(s ? 0 : 1);
	}
	NEED_TRUE(pid > 0 && waitpid(pid, &status, 0) == pid, "child");
	return WEXITSTATUS(status);
}

static void a_slot_is_free_again_when_its_owner_dies(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN) / 2;
	struct slot *mine[64];

	n = n < 1 ? 1 : n > 64 ? 64 : n;
	for (long i = 0; i < n + 1; i++)
		CHECK_INT(slot_in_child(true), 0, "taken to the grave");
	for (long i = 0; i < n; i++) {
		mine[i] = slot_take();
		NEED_TRUE(mine[i] != NULL, "free again");
	}
	int64_t before = when_ticks();

	CHECK_INT(slot_in_child(false), 1, "none is left");
	CHECK_TRUE(when_ticks() - before >= 200000, "after a wait");
	for (long i = 0; i < n; i++)
		slot_give(mine[i]);
	CHECK_INT(slot_in_child(false), 0, "given back");
}

/* Whether somebody has an account must not be heard in the time. */

static int64_t cpu_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

enum { BATCHES = 20, TRIES = 3 };

static const struct answered *failed_login(const char *email, int net, int host)
{
	const struct answered *a = request(
		"POST", "/api/auth/login",
		TEXT("{\"email\":\"%s\",\"password\":\"not this one\"}", email),
		TEXT("REMOTE-ADDR: 198.51.%d.%d", net, host));

	CHECK_INT(a->status, 401, "wrong");
	return a;
}

static double ratio_of_batch(const char *email, int batch)
{
	int64_t known = 0, unknown = 0;

	for (int i = 1; i <= TRIES; i++) {
		int64_t t0 = cpu_us();

		failed_login(email, 1 + batch, i);
		int64_t t1 = cpu_us();

		failed_login("nobody@example.com", 101 + batch, i);
		known += t1 - t0;
		unknown += cpu_us() - t1;
	}
	return (double)known / (double)unknown;
}

/* By turns. A busy machine adds to one or the other, so the batch that is
 * nearest counts; a hash left out would show in all of them. */
static void known_and_unknown_addresses_take_the_same_time(void)
{
	double nearest = 0;

	NEED_TRUE(settings_set("password_rounds", "50000"), "rounds");
	const struct person *p = a_customer();

	for (int i = 0; i < BATCHES && (nearest < 0.95 || nearest > 1.05);
	     i++) {
		double now = ratio_of_batch(p->email, i);

		if (fabs(now - 1) < fabs(nearest - 1))
			nearest = now;
		/* Otherwise the account is slowed as a whole. */
		NEED_RC(sql_run(tc, "DELETE FROM login_attempt"), RC_OK,
		        "forget");
	}
	NEED_TRUE(settings_set("password_rounds", "1000"), "rounds");
	CHECK_REAL(nearest, 1.0, 0.1, "known to unknown");
	CHECK_INT(failed_login(p->email, 99, 1)->req->ctx.n_statements,
	          failed_login("nobody@example.com", 98, 1)
	                  ->req->ctx.n_statements,
	          "and the same number of statements");
}

static const struct check_hooks hooks = {
	.start = people_start,
	.stop = database_stop,
	.after = people_after,
};

CHECK_MAIN_WITH("races", &hooks, TEST(one_refresh_wins_and_the_family_ends),
                TEST(one_verification_wins), TEST(one_reset_wins),
                TEST(one_acceptance_wins), TEST(an_address_is_registered_once),
                TEST(parallel_guesses_do_not_slip_through),
                TEST(two_super_admins_do_not_remove_each_other),
                TEST(a_code_of_the_second_factor_works_once),
                TEST(a_slot_is_free_again_when_its_owner_dies),
                TEST(known_and_unknown_addresses_take_the_same_time))
