#include "config.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "db/cache.h"
#include "fcgi/base/metrics.h"
#include "fcgi/base/settings.h"
#include "tests/support/check.h"

static pid_t server;

static bool start(void)
{
	const char *pid = getenv("WITH_DB_MEMCACHED_PID");

	if (!pid)
		check_skip("needs a cache: run under tests/with-db");
	else
		server = (pid_t)strtol(pid, NULL, 10);
	if (!settings_load(NULL))
		return false;
	cache_create();
	return true;
}

static void stop(void)
{
	cache_close();
}

static void before(void)
{
	NEED_TRUE(cache_flush(tc), "flush");
}

static struct cache_item ask(const char *key)
{
	struct cache_item item = { .key = key };

	CHECK_TRUE(cache_get(tc, &item, 1), "the cache answers");
	return item;
}

static void what_was_set_comes_back(void)
{
	static const char bytes[] = "a\0b\r\nEND\r\n";

	CHECK_TRUE(cache_set(tc, "k", bytes, sizeof bytes, 60), "set");
	struct cache_item item = ask("k");
	NEED_TRUE(item.found, "found");
	NEED_INT(item.n, sizeof bytes, "length");
	CHECK_BYTES(item.value, bytes, sizeof bytes, "bytes");
	CHECK_TRUE(cache_delete(tc, "k"), "delete");
	CHECK_FALSE(ask("k").found, "gone");
	CHECK_TRUE(cache_delete(tc, "k"), "deleting nothing is fine");
}

static void an_empty_value_is_a_value(void)
{
	CHECK_TRUE(cache_set(tc, "empty", "", 0, 60), "set");
	struct cache_item item = ask("empty");
	CHECK_TRUE(item.found, "found");
	CHECK_INT(item.n, 0, "length");
}

static void many_keys_take_one_question(void)
{
	struct cache_item items[5];
	char value[8];

	for (int i = 0; i < 5; i++) {
		items[i] =
			(struct cache_item){ .key = arena_fmt(tc->arena,
			                                      "many:%d", i) };
		snprintf(value, sizeof value, "v%d", i);
		if (i != 2)
			CHECK_TRUE(cache_set(tc, items[i].key, value, 2, 60),
			           "set");
	}
	CHECK_TRUE(cache_get(tc, items, 5), "get");
	for (int i = 0; i < 5; i++) {
		CHECK_INT(items[i].found, i != 2, items[i].key);
		if (items[i].found)
			CHECK_INT(items[i].value[1], '0' + i, "its own value");
	}
}

static void add_succeeds_once(void)
{
	CHECK_TRUE(cache_add(tc, "lock", "1", 1, 60), "first");
	CHECK_FALSE(cache_add(tc, "lock", "2", 1, 60), "second");
	CHECK_BYTES(ask("lock").value, "1", 1, "the first stays");
}

static void bad_keys_reach_nobody(void)
{
	char *long_key = arena_alloc(tc->arena, 300);
	const char *keys[] = { "a b", "a\r\nset x 0 0 1\r\ny", "", "ቡና",
		               long_key };

	memset(long_key, 'k', 201);
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		struct cache_item item = { .key = keys[i] };

		CHECK_FALSE(cache_set(tc, keys[i], "v", 1, 60), keys[i]);
		CHECK_FALSE(cache_get(tc, &item, 1), keys[i]);
		CHECK_FALSE(item.found, keys[i]);
	}
	long_key[200] = '\0';
	CHECK_TRUE(cache_set(tc, long_key, "v", 1, 60), "200 bytes");
	CHECK_TRUE(ask(long_key).found, "200 bytes");
}

static void too_large_is_no_failure_of_the_cache(void)
{
	char *big = arena_alloc(tc->arena, 2000000);

	CHECK_FALSE(cache_set(tc, "big", big, 2000000, 60), "set");
	CHECK_TRUE(cache_set(tc, "small", "v", 1, 60), "the cache is fine");
	CHECK_TRUE(ask("small").found, "found");
}

static void a_life_of_years_is_not_a_date(void)
{
	CHECK_TRUE(cache_set(tc, "old", "v", 1, 400 * 24 * 3600), "set");
	CHECK_TRUE(ask("old").found, "found");
}

/* Whether each of its threads has stopped: one that still runs may answer. */
static bool has_stopped(pid_t pid)
{
	char *dir = arena_fmt(tc->arena, "/proc/%d/task", (int)pid);
	DIR *tasks = opendir(dir);
	bool all = tasks != NULL;

	for (struct dirent *e; all && (e = readdir(tasks)) != NULL;) {
		char state = 'T';
		FILE *f = e->d_name[0] == '.'
		                  ? NULL
		                  : fopen(arena_fmt(tc->arena, "%s/%s/stat",
		                                    dir, e->d_name),
		                          "re");

		if (f && fscanf(f, "%*d (%*[^)]) %c", &state) != 1)
			state = '?';
		if (f)
			fclose(f);
		all = state == 'T';
	}
	if (tasks)
		closedir(tasks);
	return all;
}

static void a_hung_cache_is_left_alone_and_comes_back(void)
{
	struct cache_item item = { .key = "hung" };
	uint64_t errors = counter_read(COUNTER_CACHE_ERRORS);
	uint64_t bypasses = counter_read(COUNTER_CACHE_BYPASSES);

	CHECK_TRUE(cache_set(tc, "hung", "v", 1, 60), "set");
	kill(server, SIGSTOP);
	NEED_SOON(has_stopped(server), "it hangs");
	for (int i = 0; i < 50; i++) {
		CHECK_FALSE(cache_get(tc, &item, 1), "no answer");
		CHECK_FALSE(item.found, "nothing found");
	}
	kill(server, SIGCONT);
	CHECK_TRUE(counter_read(COUNTER_CACHE_ERRORS) > errors,
	           "some have waited in vain");
	CHECK_TRUE(counter_read(COUNTER_CACHE_BYPASSES) > bypasses + 40,
	           "most have not waited at all");
	CHECK_SOON(cache_get(tc, &item, 1), "asked again after a while");
	CHECK_TRUE(cache_is_alive(tc), "back by itself");
}

static void a_lost_bump_flushes_before_the_next_use(void)
{
	uint64_t epoch = cache_epoch();

	CHECK_TRUE(cache_set(tc, "stale", "v", 1, 60), "set");
	cache_lost();
	CHECK_INT(cache_epoch(), epoch + 1, "older answers are out of reach");
	CHECK_FALSE(ask("stale").found, "and gone for other hosts too");
	CHECK_TRUE(cache_set(tc, "new", "v", 1, 60), "set");
	CHECK_TRUE(ask("new").found, "and then all is as ever");
}

static void a_child_has_a_handle_of_its_own(void)
{
	pid_t child;
	int status = -1, n_found = 0;

	CHECK_TRUE(cache_set(tc, "parent", "p", 1, 60), "set");
	CHECK_TRUE(cache_set(tc, "child", "c", 1, 60), "set");
	child = fork();
	if (!child) {
		int bad = 0;

		for (int i = 0; i < 2000; i++) {
			struct cache_item item = { .key = "child" };

			bad += cache_get(tc, &item, 1) && item.found &&
			       item.value[0] != 'c';
		}
		_exit(bad ? 1 : 0);
	}
	/* On a busy machine an answer may be late, and then is a miss. */
	for (int i = 0; i < 2000; i++) {
		struct cache_item item = ask("parent");

		n_found += item.found;
		NEED_TRUE(!item.found || item.value[0] == 'p', "mine");
	}
	CHECK_TRUE(n_found > 0, "some were found");
	NEED_TRUE(waitpid(child, &status, 0) == child, "wait");
	CHECK_INT(status, 0, "the child got its own answers");
}

static void without_a_server_nothing_is_found(void)
{
	char *old = arena_strdup(tc->arena, settings->memcached);
	struct cache_item item = { .key = "k" };

	cache_close();
	NEED_TRUE(settings_set("memcached", ""), "none");
	CHECK_FALSE(cache_get(tc, &item, 1), "get");
	CHECK_FALSE(cache_set(tc, "k", "v", 1, 60), "set");
	NEED_TRUE(settings_set("memcached", "/nonexistent/memcached.sock"),
	          "dead");
	int64_t start_us = when_ticks();
	for (int i = 0; i < 20; i++)
		CHECK_FALSE(cache_get(tc, &item, 1), "get");
	CHECK_TRUE(when_ticks() - start_us < 300000, "at once");
	cache_close();
	NEED_TRUE(settings_set("memcached", old), "back");
	CHECK_TRUE(cache_set(tc, "k", "v", 1, 60), "set");
}

static const struct check_hooks hooks = {
	.start = start,
	.stop = stop,
	.before = before,
};

CHECK_MAIN_WITH("cache", &hooks, TEST(what_was_set_comes_back),
                TEST(an_empty_value_is_a_value),
                TEST(many_keys_take_one_question), TEST(add_succeeds_once),
                TEST(bad_keys_reach_nobody),
                TEST(too_large_is_no_failure_of_the_cache),
                TEST(a_life_of_years_is_not_a_date),
                TEST(a_lost_bump_flushes_before_the_next_use),
                TEST(a_child_has_a_handle_of_its_own),
                TEST(without_a_server_nothing_is_found),
                TEST(a_hung_cache_is_left_alone_and_comes_back))
