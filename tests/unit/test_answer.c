#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fcgi/base/crypto.h"
#include "fcgi/base/metrics.h"
#include "fcgi/base/settings.h"
#include "fcgi/http/reply.h"
#include "tests/support/check.h"
#include "tests/support/inproc.h"

/* A cache of a few keys that can be lost, emptied and looked into. */
enum { KEYS = 64 };
static struct {
	struct {
		char key[200], value[4096];
		size_t n;
		int ttl_s;
	} all[KEYS];
	size_t n;
	int gets;
	bool is_away, sets_fail;
	uint64_t epoch;
} cache;

static struct {
	int calls, value;
	enum rc rc;
	bool use_primary, degraded;
	/* What somebody else does while the handler runs. */
	void (*meanwhile)(void);
} shop;

static size_t find(const char *key)
{
	size_t i = 0;

	while (i < cache.n && strcmp(cache.all[i].key, key) != 0)
		i++;
	return i;
}

static bool cache_get(struct ctx *c, struct cache_item *items, size_t n)
{
	cache.gets++;
	if (cache.is_away)
		return false;
	for (size_t i = 0; i < n; i++) {
		size_t at = find(items[i].key);

		items[i].found = at < cache.n;
		if (!items[i].found)
			continue;
		items[i].n = cache.all[at].n;
		items[i].value = arena_strndup(c->arena, cache.all[at].value,
		                               items[i].n);
	}
	return true;
}

static bool cache_set(struct ctx *c, const char *key, const void *p, size_t n,
                      int ttl_s)
{
	size_t at = find(key);

	(void)c;
	if (cache.is_away || cache.sets_fail || at == KEYS)
		return false;
	if (at == cache.n)
		cache.n++;
	snprintf(cache.all[at].key, sizeof(cache.all[at].key), "%s", key);
	memcpy(cache.all[at].value, p, n);
	cache.all[at].n = n;
	cache.all[at].ttl_s = ttl_s;
	return true;
}

static bool cache_add(struct ctx *c, const char *key, const void *p, size_t n,
                      int ttl_s)
{
	return find(key) == cache.n && cache_set(c, key, p, n, ttl_s);
}

static bool cache_delete(struct ctx *c, const char *key)
{
	size_t at = find(key);

	(void)c;
	if (at < cache.n)
		cache.all[at] = cache.all[--cache.n];
	return true;
}

static uint64_t cache_epoch(void)
{
	return cache.epoch;
}

static void cache_lost(void)
{
	cache.epoch++;
}

static const struct dispatch_backend backend = {
	.cache_get = cache_get,
	.cache_set = cache_set,
	.cache_add = cache_add,
	.cache_delete = cache_delete,
	.cache_epoch = cache_epoch,
	.cache_lost = cache_lost,
};

struct item {
	const char *name;
	int value;
};
static const struct field item_fields[] = {
	FIELD(item, name),
	FIELD(item, value),
	FIELDS_END,
};
static const struct shape item_shape = SHAPE(item, item_fields);

struct ask {
	int64_t least, most;
};
static const struct field ask_fields[] = {
	FIELD(ask, least),
	FIELD(ask, most),
	FIELDS_END,
};
static const struct shape ask_shape = SHAPE(ask, ask_fields);

static enum rc item_get(struct req *r)
{
	struct item i = { .name = req_param(r, 0), .value = shop.value };

	shop.calls++;
	shop.use_primary = r->ctx.use_primary;
	if (shop.meanwhile)
		shop.meanwhile();
	if (shop.degraded)
		reply_header(r, "X-Degraded", "search");
	return shop.rc ? shop.rc : reply(r, &i);
}

static enum rc item_post(struct req *r)
{
	shop.value++;
	touch_name(&r->ctx, "item", "tea");
	return shop.rc ? shop.rc : reply_empty(r);
}

#define COMMON .who = ROLE_ANYONE, .limit = LIMIT_READ, .summary = "Test"
static const struct route routes[] = {
	{ "GET", "/api/items", item_get, COMMON, .query = &ask_shape,
	  .reply = &item_shape, .cache = CACHE_LISTING,
	  .depends = TAG_CATALOG },
	{ "GET", "/api/items/{id}", item_get, COMMON, .reply = &item_shape,
	  .cache = CACHE_REVIEW, .depends_on = "item" },
	{ "GET", "/api/fresh", item_get, COMMON, .reply = &item_shape },
	{ "POST", "/api/items", item_post, COMMON, .status = 204,
	  .touches = TAG_CATALOG },
	{ "POST", "/api/other", item_post, COMMON, .status = 204,
	  .touches = TAG_VENDORS },
	{ 0 },
};
static const struct route *const tables[] = { routes, NULL };

static bool start(void)
{
	key_set_master("a secret for tests that is long enough", 38);
	return true;
}

static void before(void)
{
	memset(&cache, 0, sizeof(cache));
	memset(&shop, 0, sizeof(shop));
	routes_use(tables);
	dispatch_use(&backend);
}

static int value_of(const char *uri)
{
	const struct answered *a = request("GET", uri, NULL);
	const char *value = a->status == 200 ? answered_text(a, "value") : "-1";

	return value ? (int)strtol(value, NULL, 10) : -1;
}

/* The one key that begins so. */
static size_t key_like(const char *start)
{
	size_t i = 0;

	while (i < cache.n &&
	       strncmp(cache.all[i].key, start, strlen(start)) != 0)
		i++;
	return i;
}

/* Makes a tag's generation older than anything that counts as recent. */
static void age_generations(void)
{
	for (size_t i = 0; i < cache.n; i++) {
		if (strncmp(cache.all[i].key, "g", 1) != 0)
			continue;
		snprintf(cache.all[i].value, sizeof(cache.all[i].value), "%lld",
		         (long long)(when_now().us - 60000000));
		cache.all[i].n = strlen(cache.all[i].value);
	}
}

static void an_answer_is_made_once(void)
{
	const struct answered *a = request("GET", "/api/items", NULL);

	CHECK_INT(shop.calls, 1, "made");
	cache.gets = 0;
	const struct answered *b = request("GET", "/api/items/", NULL);
	CHECK_INT(shop.calls, 1, "not again");
	CHECK_INT(cache.gets, 1, "one round trip");
	CHECK_TEXT(b->body, a->body, "same bytes");
	CHECK_TEXT(b->etag, a->etag, "same tag");
	CHECK_TEXT(b->type, a->type, "same type");
	CHECK_INT(request("GET", "/api/items", NULL,
	                  arena_fmt(tc->arena, "If-None-Match: %s", a->etag))
	                  ->status,
	          304, "unchanged");
	CHECK_INT(shop.calls, 1, "no handler for 304");
	CHECK_TRUE(find("g:catalog") < cache.n, "generation");
	CHECK_INT(key_like("l:"), cache.n, "the lock is gone");
}

static void hits_and_misses_are_counted(void)
{
	uint64_t hits = counter_read(COUNTER_CACHE_HITS);
	uint64_t misses = counter_read(COUNTER_CACHE_MISSES);

	request("GET", "/api/items", NULL);
	request("GET", "/api/items", NULL);
	CHECK_INT(counter_read(COUNTER_CACHE_HITS) - hits, 1, "hits");
	CHECK_INT(counter_read(COUNTER_CACHE_MISSES) - misses, 1, "misses");
}

static void lives_are_those_of_the_settings(void)
{
	static const struct {
		enum cache_life life;
		const char *setting;
		int by_default;
	} lives[] = {
		{ CACHE_LISTING, "cache_listing_s", 900 },
		{ CACHE_CATEGORY, "cache_category_s", 86400 },
		{ CACHE_REVIEW, "cache_review_s", 1800 },
		{ CACHE_STORE, "cache_store_s", 60 },
	};
	struct route r = { .cache = CACHE_NONE };

	CHECK_INT(route_cache_s(&r), 0, "none");
	for (size_t i = 0; i < sizeof(lives) / sizeof(*lives); i++) {
		r.cache = lives[i].life;
		CHECK_INT(route_cache_s(&r), lives[i].by_default,
		          lives[i].setting);
		settings_set(lives[i].setting, "7");
		CHECK_INT(route_cache_s(&r), 7, lives[i].setting);
		settings_set(lives[i].setting,
		             arena_fmt(tc->arena, "%d", lives[i].by_default));
	}
}

static void answers_live_as_long_as_the_settings_say(void)
{
	settings_set("cache_review_s", "77");
	request("GET", "/api/items", NULL);
	CHECK_INT(cache.all[key_like("a:")].ttl_s, 905, "listing");
	before();
	request("GET", "/api/items/tea", NULL);
	CHECK_INT(cache.all[key_like("a:")].ttl_s, 82, "review");
	settings_set("cache_review_s", "1800");
}

static void a_write_outdates_what_depends_on_it(void)
{
	CHECK_INT(value_of("/api/items"), 0, "before");
	request("POST", "/api/other", NULL);
	CHECK_INT(value_of("/api/items"), 0, "another tag: the kept answer");
	request("POST", "/api/items", NULL);
	CHECK_INT(value_of("/api/items"), 2, "after");
	CHECK_INT(value_of("/api/items"), 2, "kept");
	CHECK_INT(shop.calls, 2, "made twice");
}

static void an_object_is_outdated_by_its_name(void)
{
	CHECK_INT(value_of("/api/items/tea"), 0, "tea");
	CHECK_INT(value_of("/api/items/teff"), 0, "teff");
	request("POST", "/api/other", NULL);
	CHECK_INT(value_of("/api/items/tea"), 1, "touched");
	CHECK_INT(value_of("/api/items/teff"), 0, "not touched");
}

static void a_refused_write_outdates_nothing(void)
{
	value_of("/api/items");
	shop.rc = RC_CONFLICT;
	request("POST", "/api/items", NULL);
	shop.rc = RC_OK;
	CHECK_INT(value_of("/api/items"), 0, "kept");
	CHECK_INT(shop.calls, 1, "made once");
}

static void an_unsure_commit_outdates(void)
{
	value_of("/api/items");
	shop.rc = RC_UNSURE;
	request("POST", "/api/items", NULL);
	shop.rc = RC_OK;
	CHECK_INT(value_of("/api/items"), 1, "made anew");
}

static void write_meanwhile(void)
{
	struct ctx c;

	ctx_init(&c, tc->arena);
	shop.value++;
	touch(&c, TAG_CATALOG);
	dispatch_flush_touches(&c);
}

static void an_answer_overtaken_by_a_write_is_not_kept(void)
{
	shop.meanwhile = write_meanwhile;
	CHECK_INT(value_of("/api/items"), 0, "what was read before");
	shop.meanwhile = NULL;
	CHECK_INT(value_of("/api/items"), 1, "the write is seen at once");
}

static void a_lost_bump_puts_old_answers_out_of_reach(void)
{
	value_of("/api/items");
	cache.sets_fail = true;
	request("POST", "/api/items", NULL);
	cache.sets_fail = false;
	CHECK_INT(cache.epoch, 1, "epoch");
	CHECK_INT(value_of("/api/items"), 1, "made anew");
}

static void a_lost_generation_outdates(void)
{
	struct ctx c;

	ctx_init(&c, tc->arena);
	value_of("/api/items");
	cache_delete(&c, "g:catalog");
	shop.value = 5;
	CHECK_INT(value_of("/api/items"), 5, "made anew");
}

static void without_a_cache_the_answers_are_the_same(void)
{
	const struct answered *a = request("GET", "/api/items", NULL);

	cache.is_away = true;
	const struct answered *b = request("GET", "/api/items", NULL);
	CHECK_INT(shop.calls, 2, "made each time");
	CHECK_TEXT(b->body, a->body, "same bytes");
	CHECK_TEXT(b->etag, a->etag, "same tag");
	CHECK_INT(request("POST", "/api/items", NULL)->status, 204, "writes");
}

static void the_order_of_parameters_does_not_matter(void)
{
	value_of("/api/items?least=1&most=2");
	value_of("/api/items?most=2&least=1");
	CHECK_INT(shop.calls, 1, "same question");
	value_of("/api/items?least=2&most=1");
	CHECK_INT(shop.calls, 2, "another question");
	value_of("/api/items");
	CHECK_INT(shop.calls, 3, "another question");
	value_of("/api/items?fields=value");
	CHECK_INT(shop.calls, 4, "another form");
}

static void faults_and_makeshifts_are_not_kept(void)
{
	shop.rc = RC_NOT_FOUND;
	CHECK_INT(request("GET", "/api/items/tea", NULL)->status, 404, "none");
	shop.rc = RC_OK;
	CHECK_INT(request("GET", "/api/items/tea", NULL)->status, 200, "now");
	shop.degraded = true;
	request("GET", "/api/items", NULL);
	shop.degraded = false;
	request("GET", "/api/items", NULL);
	CHECK_INT(shop.calls, 4, "made each time");
	CHECK_INT(key_like("l:"), cache.n, "no lock is left");
	CHECK_INT(request("GET", "/api/items?bad=1", NULL)->status, 400, "bad");
	CHECK_INT(key_like("l:"), cache.n, "no lock is left");
}

static void others_get_the_old_answer_for_a_moment(void)
{
	struct ctx c;

	ctx_init(&c, tc->arena);
	value_of("/api/items");
	write_meanwhile();
	/* Somebody else rebuilds. */
	char lock[200];
	snprintf(lock, sizeof(lock), "l:%s", cache.all[key_like("a:")].key + 2);
	cache_set(&c, lock, "1", 1, 10);
	CHECK_INT(value_of("/api/items"), 0, "outdated this very second");
	age_generations();
	CHECK_INT(value_of("/api/items"), 1, "older: made here after waiting");
	CHECK_TRUE(find(lock) < cache.n, "the other's lock stays");
}

static void an_expired_answer_is_rebuilt_by_one(void)
{
	struct ctx c;

	ctx_init(&c, tc->arena);
	value_of("/api/items");
	size_t at = key_like("a:");
	/* "1 <expires>\n": long ago. */
	memcpy(cache.all[at].value + 2, "1000000000000000", 16);
	char lock[200];
	snprintf(lock, sizeof(lock), "l:%s", cache.all[at].key + 2);
	cache_set(&c, lock, "1", 1, 10);
	shop.value = 9;
	CHECK_INT(value_of("/api/items"), 0, "others get the old one");
	cache_delete(&c, lock);
	CHECK_INT(value_of("/api/items"), 9, "one makes it anew");
}

static void a_fresh_bump_is_read_from_the_primary(void)
{
	value_of("/api/items");
	CHECK_TRUE(shop.use_primary, "the generation is new");
	age_generations();
	value_of("/api/items?least=1");
	CHECK_FALSE(shop.use_primary, "the replica has caught up");
	value_of("/api/fresh");
	CHECK_FALSE(shop.use_primary, "not kept anyway");
}

static void foreign_values_are_misses(void)
{
	struct ctx c;

	ctx_init(&c, tc->arena);
	value_of("/api/items");
	const char *key =
		arena_strdup(tc->arena, cache.all[key_like("a:")].key);
	static const char *const junk[] = { "", "1 ", "2 1\na\nb\nc\nd",
		                            "1 99\nno end" };
	for (size_t i = 0; i < sizeof(junk) / sizeof(*junk); i++) {
		cache_set(&c, key, junk[i], strlen(junk[i]), 9);
		CHECK_INT(value_of("/api/items"), 0, junk[i]);
	}
	CHECK_INT(shop.calls, 5, "made each time");
}

static const struct check_hooks hooks = { .start = start, .before = before };

CHECK_MAIN_WITH("answer", &hooks, TEST(an_answer_is_made_once),
                TEST(hits_and_misses_are_counted),
                TEST(lives_are_those_of_the_settings),
                TEST(answers_live_as_long_as_the_settings_say),
                TEST(a_write_outdates_what_depends_on_it),
                TEST(an_object_is_outdated_by_its_name),
                TEST(a_refused_write_outdates_nothing),
                TEST(an_unsure_commit_outdates),
                TEST(an_answer_overtaken_by_a_write_is_not_kept),
                TEST(a_lost_bump_puts_old_answers_out_of_reach),
                TEST(a_lost_generation_outdates),
                TEST(without_a_cache_the_answers_are_the_same),
                TEST(the_order_of_parameters_does_not_matter),
                TEST(faults_and_makeshifts_are_not_kept),
                TEST(others_get_the_old_answer_for_a_moment),
                TEST(an_expired_answer_is_rebuilt_by_one),
                TEST(a_fresh_bump_is_read_from_the_primary),
                TEST(foreign_values_are_misses))
