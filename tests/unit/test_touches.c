/* Workers that die between COMMIT and telling the cache. */
#include "config.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "db/cache.h"
#include "db/sql.h"
#include "fcgi/base/metrics.h"
#include "fcgi/base/settings.h"
#include "fcgi/http/gate.h"
#include "handlers/jobs.h"
#include "handlers/touches.h"
#include "tests/support/check.h"
#include "tests/support/goods.h"

/* The first thing that a writer tells the cache after its commit. */
static bool die(struct ctx *c, const char *key, const void *p, size_t n,
                int ttl_s)
{
	(void)c, (void)key, (void)p, (void)n, (void)ttl_s;
	kill(getpid(), SIGKILL);
	return false;
}

/* The request in a process of its own that is killed at its first bump. */
static void killed_before_the_bump(const char *method, const char *uri,
                                   const char *body, const char *bearer)
{
	int status = 0;

	/* Neither connection may be shared over the fork. */
	sql_close();
	cache_close();
	pid_t pid = fork();
	if (!pid) {
		struct dispatch_backend mortal = *gate_backend;

		mortal.cache_set = die;
		dispatch_use(&mortal);
		request(method, uri, body, bearer);
		_exit(0);
	}
	NEED_TRUE(pid > 0 && waitpid(pid, &status, 0) == pid, "waited");
	NEED_TRUE(WIFSIGNALED(status), "killed at its first bump");
}

static const char *price(const char *uri, const char *path)
{
	const struct answered *a = request("GET", uri, NULL);

	NEED_INT(a->status, 200, a->body);
	return answered_text(a, path);
}

/* A product, its page and a listing of it in the cache; what changes it. */
struct scene {
	const struct person *owner;
	const char *page, *list, *variant;
};

static struct scene a_scene(void)
{
	struct scene s = { .owner = an_owner() };
	struct id category = a_category("Pots", (struct id){ { 0 } });
	struct id product = a_live_product(s.owner, category, "Clay pot");

	s.page = arena_fmt(tc->arena, "/api/products/%s", text_of(product));
	s.list = "/api/products?category=pots";
	s.variant = arena_fmt(tc->arena, "/api/variants/%s",
	                      text_of(variant_of(product, 0)));
	bool more = true;
	while (more)
		NEED_RC(touches_settle(tc, &more), RC_OK, "settled");
	CHECK_TEXT(price(s.page, "price"), "100.00", "page");
	CHECK_TEXT(price(s.list, "results.0.price"), "100.00", "list");
	return s;
}

static void a_writer_killed_after_its_commit_is_heard_of(void)
{
	struct scene s = a_scene();
	uint64_t rescued = counter_read(COUNTER_CACHE_RESCUED);

	killed_before_the_bump("PATCH", s.variant, "{\"price\":\"77.00\"}",
	                       s.owner->bearer);
	CHECK_INT(db_number("SELECT MIN(min_price) FROM product"), 7700,
	          "committed");
	/* A moment in which the cache was too slow shows the rows instead. */
	NEED_SOON(!strcmp(price(s.page, "price"), "100.00"),
	          "the cache has not heard");
	NEED_RC(jobs_once(tc), RC_OK, "the runner's turn");
	CHECK_TEXT(price(s.page, "price"), "77.00", "page");
	CHECK_TEXT(price(s.list, "results.0.price"), "77.00", "list");
	CHECK_INT(counter_read(COUNTER_CACHE_RESCUED) - rescued, 1, "counted");
	CHECK_INT(db_number("SELECT COUNT(*) FROM cache_touch"), 0, "settled");
}

static void what_was_told_is_not_told_again(void)
{
	struct scene s = a_scene();
	uint64_t bumps;
	bool more;

	CHECK_INT(request("PATCH", s.variant, "{\"price\":\"88.00\"}",
	                  s.owner->bearer)
	                  ->status,
	          200, "changed");
	CHECK_INT(db_number("SELECT COUNT(*) FROM cache_touch"), 1, "written");
	bumps = counter_read(COUNTER_CACHE_BUMPS);
	NEED_RC(touches_settle(tc, &more), RC_OK, "settled");
	CHECK_INT(counter_read(COUNTER_CACHE_BUMPS), bumps, "no second bump");
	CHECK_INT(db_number("SELECT COUNT(*) FROM cache_touch"), 0, "gone");
	CHECK_TEXT(price(s.page, "price"), "88.00", "seen at once");
}

static void a_write_that_is_refused_leaves_nothing(void)
{
	struct scene s = a_scene();

	CHECK_INT(request("PATCH", s.variant, "{\"sku\":\"clay-pot-B\"}",
	                  s.owner->bearer)
	                          ->status /
	                  100,
	          4, "refused");
	CHECK_INT(db_number("SELECT COUNT(*) FROM cache_touch"), 0, "no row");
}

static void a_write_that_outdates_nothing_writes_nothing(void)
{
	const struct person *p = a_customer();

	a_scene();
	CHECK_INT(request("PATCH", "/api/users/me", "{\"name\":\"Abebe B\"}",
	                  p->bearer)
	                  ->status,
	          200, "changed");
	CHECK_INT(db_number("SELECT COUNT(*) FROM cache_touch"), 0, "no row");
}

/* Rows wait for a cache that is away, as long as anything in it may live. */
static void rows_wait_for_the_cache(void)
{
	struct scene s = a_scene();
	char *real = strdup(settings->memcached);
	bool more;

	killed_before_the_bump("PATCH", s.variant, "{\"price\":\"66.00\"}",
	                       s.owner->bearer);
	cache_close();
	settings_set("memcached", "/nowhere/at/all.sock");
	NEED_RC(touches_settle(tc, &more), RC_OK, "away");
	CHECK_INT(db_number("SELECT COUNT(*) FROM cache_touch"), 1, "waits");
	struct when now = tc->now;
	tc->now = when_plus(now, settings->cache_category_s + 120);
	NEED_RC(touches_settle(tc, &more), RC_OK, "away for long");
	CHECK_INT(db_number("SELECT COUNT(*) FROM cache_touch"), 0, "dropped");
	tc->now = now;
	cache_close();
	settings_set("memcached", real);
	free(real);
}

/* One question of the database when there is nothing to do. */
static void an_idle_look_costs_one_statement(void)
{
	int before = tc->n_statements;
	bool more = true;

	NEED_RC(touches_settle(tc, &more), RC_OK, "looked");
	CHECK_INT(tc->n_statements - before, 1, "statements");
	CHECK_FALSE(more, "nothing");
}

static bool start(void)
{
	if (!getenv("WITH_DB_MEMCACHED_PID"))
		check_skip("needs a cache: run under tests/with-db");
	return people_start();
}

static const struct check_hooks hooks = { .start = start,
	                                  .stop = database_stop,
	                                  .after = people_after };

CHECK_MAIN_WITH("touches", &hooks,
                TEST(a_writer_killed_after_its_commit_is_heard_of),
                TEST(what_was_told_is_not_told_again),
                TEST(a_write_that_is_refused_leaves_nothing),
                TEST(a_write_that_outdates_nothing_writes_nothing),
                TEST(rows_wait_for_the_cache),
                TEST(an_idle_look_costs_one_statement))
