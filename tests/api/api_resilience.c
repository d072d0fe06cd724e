#include "config.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/api.h"
#include "tests/support/api_stack.h"

/* What happens when something underneath is killed, hangs, or is away: no order
 * is lost or doubled, nobody restarts anything by hand. */

enum { ORDERS = 12, TRIES_S = 60, RECOVERY_S = 40 };

/* A question that no cached answer fits. */
static const char *uncached(void)
{
	return FMT("/api/products?min_price=%d.%02d",
	           (int)(when_ticks() / 100 % 1000000),
	           (int)(when_ticks() % 100));
}

static bool is_away(const struct api_answer *a)
{
	/* lighttpd calls a worker that ended 500; our own 500 has a code. */
	return a->status == 0 || a->status == 502 || a->status == 503 ||
	       a->status == 504 || (a->status == 500 && !at_text(a, "code"));
}

/* Something with enough in stock to sell from. */
static const char *a_variant(void)
{
	const char *id =
		peek("SELECT LOWER(INSERT(INSERT(INSERT(INSERT(HEX(v.id), 9, 0,"
	             " '-'), 14, 0, '-'), 19, 0, '-'), 24, 0, '-'))"
	             " FROM variant v JOIN product p ON p.id = v.product_id"
	             " WHERE p.is_visible = 1 AND v.status = 'active'"
	             " AND v.stock > 60 ORDER BY v.stock DESC LIMIT 1");

	NEED_TRUE(id != NULL, "the demonstration has something in stock");
	return id;
}

static int64_t stock_of(const char *variant)
{
	return peek_int("SELECT stock FROM variant WHERE id ="
	                " UNHEX(REPLACE('%s', '-', ''))",
	                variant);
}

static int64_t count_orders(void)
{
	return peek_int("SELECT COUNT(*) FROM orders");
}

struct attempt {
	const char *key, *body, *token;
	const struct api_answer *answer;
};

/* A client that got no answer asks again with the same key. */
static bool is_placed(void *arg)
{
	struct attempt *t = arg;
	const struct api_call call = { .method = "POST",
		                       .path = "/api/orders/checkout",
		                       .body = t->body,
		                       .token = t->token,
		                       .idempotency_key = t->key };

	t->answer = api_call(&call);
	return !is_away(t->answer) && t->answer->status != 409;
}

/* Does its damage in a process of its own while orders are placed. */
static void orders_survive(void (*damage)(void))
{
	const char *token = token_of("customer"), *variant = a_variant();
	int64_t stock = stock_of(variant), orders = count_orders();

	damage_begin(damage);
	for (int i = 0; i < ORDERS; i++) {
		struct attempt t = {
			.key = unique("resilience"),
			.token = token,
			.body = FMT("{\"items\":[{\"variant_id\":\"%s\","
			            "\"quantity\":1}],\"address\":{\"name\":"
			            "\"Abebe Bikila\",\"phone\":"
			            "\"+251911234567\",\"line1\":\"Bole 1\","
			            "\"city\":\"Addis Ababa\"}}",
			            variant)
		};

		damage_step();
		CHECK_TRUE(wait_until(is_placed, &t, TRIES_S),
		           "an answer comes in the end");
		CHECK_API(t.answer, 201, "the order is placed");
	}
	damage_end();
	CHECK_TRUE(wait_ready(RECOVERY_S), "all is well again by itself");
	CHECK_INT(count_orders() - orders, ORDERS, "orders, none twice");
	CHECK_INT(stock - stock_of(variant), ORDERS, "taken from the stock");
}

static void kill_workers(void)
{
	pid_t workers[64];

	for (int i = 0; i < ORDERS; i++) {
		damage_at(i + 1);
		size_t n = workers_of(workers, 64);

		for (size_t k = 0; k < n; k++)
			if (((int)k + i) % 3 == 0)
				kill(workers[k], SIGKILL);
	}
}

static void kill_database(void)
{
	damage_at(3);
	kill(process_of("mariadbd"), SIGKILL);
}

static void kill_cache(void)
{
	for (int i = 1; i <= 3; i++) {
		damage_at(3 * i);
		kill(process_of("memcached"), SIGKILL);
	}
}

static void killed_workers_lose_no_order(void)
{
	orders_survive(kill_workers);
}

static void a_killed_database_loses_no_order(void)
{
	orders_survive(kill_database);
}

static void a_killed_cache_loses_no_order(void)
{
	orders_survive(kill_cache);
}

static void killed_workers_lose_no_get_behind_nginx(void)
{
	int lost = 0;

	if (process_of("nginx") <= 0)
		return;
	damage_begin(kill_workers);
	for (int i = 0; i < 300; i++) {
		if (i % 25 == 0)
			damage_step();
		lost += api_get("/healthz", NULL)->status != 200;
	}
	damage_end();
	/* Two workers in a row may be hit by one request. */
	CHECK_TRUE(lost <= 2, FMT("%d of 300 lost", lost));
}

static int64_t metric(const char *name)
{
	const struct api_answer *a = api_get("/metrics", NULL);
	const char *at = strstr(a->body, FMT("\n%s ", name));

	NEED_TRUE(at != NULL, name);
	return strtoll(at + strlen(name) + 2, NULL, 10);
}

static bool has_cache(void *arg)
{
	(void)arg;
	return at_true(api_get("/readyz", NULL), "cache");
}

static bool has_no_cache(void *arg)
{
	return !has_cache(arg);
}

static void without_the_cache_answers_are_the_same(void)
{
	static const char path[] = "/api/products?ordering=price&page_size=5";
	pid_t supervisor = process_of("supervisor");
	const struct api_answer *with = api_get(path, NULL);
	const struct api_answer *again = api_get(path, NULL);

	CHECK_API(with, 200, "with the cache");
	CHECK_TEXT(again->body, with->body, "out of the cache");
	kill(supervisor, SIGSTOP);
	kill(process_of("memcached"), SIGKILL);
	CHECK_TRUE(wait_until(has_no_cache, NULL, RECOVERY_S),
	           "readyz tells that the cache is away");
	CHECK_API(api_get("/readyz", NULL), 200, "but it serves");
	const struct api_answer *without = api_get(path, NULL);
	kill(supervisor, SIGCONT);
	CHECK_API(without, 200, "without the cache");
	CHECK_TEXT(without->body, with->body, "the same answer");
	CHECK_TRUE(wait_until(has_cache, NULL, RECOVERY_S), "it comes back");
}

static void a_hung_cache_costs_a_moment_once(void)
{
	pid_t memcached = process_of("memcached");
	int64_t passed_by = metric("merkato_cache_bypasses_total");

	kill(memcached, SIGSTOP);
	for (int i = 0; i < 40; i++)
		CHECK_API(api_get(uncached(), NULL), 200,
		          "an answer without the cache");
	passed_by = metric("merkato_cache_bypasses_total") - passed_by;
	kill(memcached, SIGCONT);
	/* Processes of mod_fcgid count each for itself. */
	if (process_of("merkato"))
		CHECK_TRUE(passed_by >= 20,
		           FMT("only %lld times it was not waited for",
		               (long long)passed_by));
	CHECK_TRUE(wait_until(has_cache, NULL, RECOVERY_S), "it comes back");
}

/* 503 with the time to try again. */
static void check_refused(const struct api_answer *a, const char *what)
{
	CHECK_PROBLEM(a, 503, NULL, what);
	CHECK_TRUE(api_header(a, "Retry-After") != NULL, "Retry-After");
}

static void without_the_database_the_answer_is_503(void)
{
	pid_t supervisor = process_of("supervisor");
	const char *token = token_of("customer");

	kill(supervisor, SIGSTOP);
	kill(process_of("mariadbd"), SIGKILL);
	NEED_SOON(api_get("/readyz", NULL)->status == 503, "it has gone");
	check_refused(api_get(uncached(), NULL), "a listing");
	check_refused(api_get("/api/orders", token), "my orders");
	check_refused(api_login("nobody@demo.example", "not-a-password"),
	              "a login");
	CHECK_API(api_get("/readyz", NULL), 503, "readyz");
	CHECK_API(api_get("/healthz", NULL), 200, "healthz");
	kill(supervisor, SIGCONT);
	CHECK_TRUE(wait_ready(RECOVERY_S), "it recovers by itself");
	CHECK_API(api_get(uncached(), NULL), 200, "the first listing");
	CHECK_API(api_get("/api/orders", token), 200, "the first orders");
}

/* What the web server says while the program is away is not in the document. */
static bool start(void)
{
	unsetenv("API_RECORD");
	return api_start();
}

static const struct check_hooks hooks = { .start = start, .stop = api_stop };

CHECK_MAIN_WITH("resilience", &hooks, TEST(killed_workers_lose_no_order),
                TEST(killed_workers_lose_no_get_behind_nginx),
                TEST(a_killed_cache_loses_no_order),
                TEST(without_the_cache_answers_are_the_same),
                TEST(a_hung_cache_costs_a_moment_once),
                TEST(a_killed_database_loses_no_order),
                TEST(without_the_database_the_answer_is_503))
