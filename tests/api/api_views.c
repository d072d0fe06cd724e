/*
 * Looks at a product are counted exactly, whoever looks at once: 50 clients,
 * API_VIEWS looks each (./dev check long: 1,000).
 */
#include "config.h"

#include <signal.h>
#include <stdlib.h>

#include "tests/support/api.h"
#include "tests/support/api_stack.h"

enum { CLIENTS = 50, ROBOTS = 5, PEOPLE = CLIENTS - ROBOTS, LOOKS = 30 };

static const char *a_product(void)
{
	const struct api_answer *a = api_post(
		"/api/admin/categories",
		FMT("{\"name\":\"%s\"}", unique("Glass")), token_of("admin"));

	NEED_API(a, 201, "a category");
	a = api_post("/api/vendor/products",
	             FMT("{\"name\":\"Mirror\",\"category_id\":\"%s\","
	                 "\"variants\":[{\"sku\":\"%s\",\"price\":\"5.00\"}]}",
	                 at_text(a, "id"), unique("M")),
	             token_of("vendor"));
	NEED_API(a, 201, "a product");
	NEED_API(api_post(FMT("/api/admin/products/%s/approve",
	                      at_text(a, "id")),
	                  NULL, token_of("moderator")),
	         200, "approved");
	return at_text(a, "id");
}

static int64_t counted(const char *column, const char *id)
{
	return peek_int("SELECT %s FROM product"
	                " WHERE id = UNHEX(REPLACE('%s', '-', ''))",
	                column, id);
}

/* Nothing waits to be counted; the job is called now, not in half a minute. */
static bool is_flushed(void *id)
{
	poke("UPDATE job SET due_at = '2000-01-01' WHERE name = 'catalog.views'");
	return peek_int("SELECT COUNT(*) FROM product_visit"
	                " WHERE counted <> 1"
	                "   AND product_id = UNHEX(REPLACE('%s', '-', ''))",
	                (const char *)id) == 0;
}

static void check_counts(const char *id, int64_t people, int64_t robots,
                         const char *what)
{
	NEED_TRUE(wait_until(is_flushed, (void *)(uintptr_t)id, 90), what);
	CHECK_INT(counted("views", id), people, what);
	CHECK_INT(counted("robot_views", id), robots, what);
}

/* All clients at once, each as somebody who has not been here: the last ones
 * are robots. tag makes them other people. */
static void look_together(const char *path, const char *tag, int round)
{
	const struct api_answer *out[CLIENTS];
	struct api_call calls[CLIENTS];
	const char *headers[CLIENTS][2];

	for (int i = 0; i < CLIENTS; i++) {
		headers[i][0] =
			FMT("User-Agent: %s/%s.%d.%d",
		            i < PEOPLE ? "Firefox" : "Nosybot", tag, i, round);
		headers[i][1] = NULL;
		calls[i] = (struct api_call){ .method = "GET",
			                      .path = path,
			                      .headers = headers[i] };
	}
	api_together(calls, CLIENTS, out);
	for (int i = 0; i < CLIENTS; i++)
		if (out[i]->status != 200)
			CHECK_API(out[i], 200, "a look");
}

static void fifty_clients_are_counted_exactly(void)
{
	const char *wish = getenv("API_VIEWS");
	int looks = wish ? (int)strtol(wish, NULL, 10) : LOOKS;
	const char *id = a_product();
	const char *path = FMT("/api/products/%s", id);

	for (int round = 0; round < looks; round++)
		look_together(path, "a", round);
	check_counts(id, (int64_t)PEOPLE * looks, (int64_t)ROBOTS * looks,
	             "each look of another");
	CHECK_INT(peek_int("SELECT SUM(views) FROM product_day"
	                   " WHERE product_id = UNHEX(REPLACE('%s', '-', ''))",
	                   id),
	          (int64_t)PEOPLE * looks, "by day");
}

static void the_same_visitor_counts_once(void)
{
	const char *id = a_product();
	const char *path = FMT("/api/products/%s", id);
	int64_t half_hour = peek_int("SELECT UNIX_TIMESTAMP() DIV 1800");

	for (int i = 0; i < 4; i++)
		look_together(path, "b", 0);
	/* Unless the next half-hour has begun. */
	bool same = peek_int("SELECT UNIX_TIMESTAMP() DIV 1800") == half_hour;
	NEED_TRUE(wait_until(is_flushed, (void *)(uintptr_t)id, 90), "counted");
	CHECK_TRUE(!same || counted("views", id) == PEOPLE, "people");
	CHECK_TRUE(!same || counted("robot_views", id) == ROBOTS, "robots");
}

static void who_does_not_look_is_not_counted(void)
{
	const char *id = a_product();
	const char *path = FMT("/api/products/%s", id);
	static const char *const browser[] = { "User-Agent: Firefox/1", NULL };
	static const char *const ahead[] = { "User-Agent: Firefox/2",
		                             "Sec-Purpose: prefetch", NULL };
	const struct api_call calls[] = {
		{ .method = "HEAD", .path = path, .headers = browser },
		{ .method = "GET", .path = path, .headers = ahead },
		{ .method = "GET",
		  .path = path,
		  .headers = browser,
		  .token = token_of("vendor") },
		{ .method = "GET",
		  .path = path,
		  .headers = browser,
		  .token = token_of("staff") },
	};

	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++)
		CHECK_API(api_call(&calls[i]), 200, "an answer");
	/* One that counts, so that there is something to wait for. */
	CHECK_API(api_call(&(struct api_call){ .method = "GET",
	                                       .path = path,
	                                       .headers = browser,
	                                       .token = token_of("customer") }),
	          200, "a look");
	check_counts(id, 1, 0, "one look");
}

static void without_the_cache_they_are_counted_all_the_same(void)
{
	const char *id = a_product();
	const char *path = FMT("/api/products/%s", id);
	pid_t cache = process_of("memcached");

	NEED_TRUE(cache > 0 && !kill(cache, SIGSTOP), "the cache hangs");
	for (int round = 0; round < 4; round++)
		look_together(path, "c", round);
	kill(cache, SIGCONT);
	check_counts(id, 4L * PEOPLE, 4L * ROBOTS, "all");
}

CHECK_MAIN_WITH("views", &api_hooks, TEST(fifty_clients_are_counted_exactly),
                TEST(the_same_visitor_counts_once),
                TEST(who_does_not_look_is_not_counted),
                TEST(without_the_cache_they_are_counted_all_the_same))
