#include "config.h"

#include "db/cache.h"

#include <libmemcached/memcached.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "fcgi/base/log.h"
#include "fcgi/base/metrics.h"
#include "fcgi/base/settings.h"

enum {
	KEY_MAX = 200,
	TIMEOUT_MS = 100,
	RETRY_S = 1,
	SLOW_US = 80 * 1000, /* a failure that took this long was a hang */
	HANGS_MAX = 2,       /* within WINDOW_US, then the breaker opens */
	WINDOW_US = 10 * 1000 * 1000,
	REST_US = 2 * 1000 * 1000,
	FRAME_VERSION = 1,
	VALUE_MAX = 1000 * 1000,
	ITEMS_MAX = 32,
	TTL_MAX_S = 30 * 24 * 3600 /* above, memcached reads a date */
};

/*
 * Shared by the processes of this host: one of them finds out that the cache
 * hangs, all leave it alone for a while, and one looks whether it is back.
 */
struct breaker {
	_Atomic int64_t rests_until; /* when_ticks; 0 = closed */
	_Atomic int64_t window_start;
	_Atomic int n_hangs;
	_Atomic uint64_t epoch;
	_Atomic bool is_lost; /* a bump was lost: flush before the next use */
};

/* Until cache_create, a process of its own (tests, commands). */
static struct breaker own_breaker;
static struct breaker *breaker = &own_breaker;
static memcached_st *handle; /* of this process; opened on first use */

void cache_create(void)
{
	void *p = mmap(NULL, sizeof *breaker, PROT_READ | PROT_WRITE,
	               MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED) {
		log_error("cache", "no shared memory");
		abort();
	}
	breaker = p;
}

/* A handle shared over a fork gives one process the other's answers. */
static void forget_after_fork(void)
{
	handle = NULL;
}

static bool add_server(memcached_st *m, const char *s, size_t n)
{
	char name[256];
	char *colon;

	if (!n || n >= sizeof name)
		return false;
	memcpy(name, s, n);
	name[n] = '\0';
	if (name[0] == '/')
		return memcached_success(
			memcached_server_add_unix_socket(m, name));
	colon = strrchr(name, ':');
	long port = 11211;
	if (colon) {
		*colon = '\0';
		port = strtol(colon + 1, NULL, 10);
	}
	return port > 0 && port < 65536 &&
	       memcached_success(
		       memcached_server_add(m, name, (in_port_t)port));
}

static int add_servers(memcached_st *m, const char *list)
{
	int n = 0;

	while (*list) {
		size_t length = strcspn(list, ",");

		if (!add_server(m, list, length))
			log_error("cache", "bad server in the settings");
		n++;
		list += length;
		list += *list == ',';
	}
	return n;
}

static memcached_st *open_handle(void)
{
	static bool is_registered;
	memcached_st *m;

	if (handle || !*settings->memcached)
		return handle;
	if (!is_registered)
		pthread_atfork(NULL, NULL, forget_after_fork);
	is_registered = true;
	m = memcached_create(NULL);
	if (!m)
		abort();
	memcached_behavior_set(m, MEMCACHED_BEHAVIOR_VERIFY_KEY, 1);
	memcached_behavior_set(m, MEMCACHED_BEHAVIOR_TCP_NODELAY, 1);
	memcached_behavior_set(m, MEMCACHED_BEHAVIOR_CONNECT_TIMEOUT,
	                       TIMEOUT_MS);
	memcached_behavior_set(m, MEMCACHED_BEHAVIOR_POLL_TIMEOUT, TIMEOUT_MS);
	memcached_behavior_set(m, MEMCACHED_BEHAVIOR_RETRY_TIMEOUT, RETRY_S);
	if (add_servers(m, settings->memcached) > 1)
		memcached_behavior_set(m, MEMCACHED_BEHAVIOR_KETAMA, 1);
	handle = m;
	return m;
}

void cache_close(void)
{
	if (handle)
		memcached_free(handle);
	handle = NULL;
}

/* Whether the cache may be asked now. After a rest one process asks first. */
static bool breaker_admits(void)
{
	int64_t until = atomic_load(&breaker->rests_until);
	int64_t now;

	if (!until)
		return true;
	now = when_ticks();
	if (now < until)
		return false;
	return atomic_compare_exchange_strong(&breaker->rests_until, &until,
	                                      now + REST_US);
}

static void note_success(void)
{
	if (atomic_load_explicit(&breaker->n_hangs, memory_order_relaxed))
		atomic_store(&breaker->n_hangs, 0);
	if (atomic_load_explicit(&breaker->rests_until, memory_order_relaxed))
		atomic_store(&breaker->rests_until, 0);
}

static void note_failure(int64_t start, memcached_return_t rc)
{
	int64_t now = when_ticks();

	count(COUNTER_CACHE_ERRORS);
	if (now - start < SLOW_US)
		return;
	if (now - atomic_load(&breaker->window_start) > WINDOW_US) {
		atomic_store(&breaker->window_start, now);
		atomic_store(&breaker->n_hangs, 0);
	}
	if (atomic_fetch_add(&breaker->n_hangs, 1) + 1 < HANGS_MAX)
		return;
	/* Still hanging after a rest: the next failure ends the next try. */
	atomic_store(&breaker->n_hangs, HANGS_MAX - 1);
	atomic_store(&breaker->window_start, now);
	atomic_store(&breaker->rests_until, now + REST_US);
	log_warn("cache", "hangs (%d): left alone for a while", (int)rc);
}

static bool is_answer(memcached_return_t rc)
{
	switch (rc) {
	case MEMCACHED_SUCCESS:
	case MEMCACHED_STORED:
	case MEMCACHED_END:
	case MEMCACHED_NOTFOUND:
	case MEMCACHED_NOTSTORED:
	case MEMCACHED_DATA_EXISTS:
	case MEMCACHED_DELETED:
	case MEMCACHED_E2BIG:
		return true;
	default:
		return false;
	}
}

static bool note(int64_t start, memcached_return_t rc)
{
	if (!is_answer(rc)) {
		note_failure(start, rc);
		return false;
	}
	note_success();
	return true;
}

/* A bump that did not arrive leaves old answers current in the cache: they are
 * thrown away, for all hosts, before the cache is believed again. */
static bool make_up_for_lost(memcached_st *m)
{
	if (!atomic_load_explicit(&breaker->is_lost, memory_order_relaxed))
		return true;
	int64_t start = when_ticks();
	if (!note(start, memcached_flush(m, 0)))
		return false;
	atomic_store(&breaker->is_lost, false);
	return true;
}

/* NULL = do without. */
static memcached_st *ready(void)
{
	memcached_st *m = open_handle();

	if (!m)
		return NULL;
	if (!breaker_admits()) {
		count(COUNTER_CACHE_BYPASSES);
		return NULL;
	}
	return make_up_for_lost(m) ? m : NULL;
}

/*
 * Values begin with a version, the length of their key and the key, so that an
 * answer that belongs to another question is a miss.
 */
static const char *unframe(const char *key, const char *value, size_t n,
                           size_t *n_out)
{
	size_t n_key = strlen(key);

	if (n < 2 + n_key || value[0] != FRAME_VERSION ||
	    (unsigned char)value[1] != n_key ||
	    memcmp(value + 2, key, n_key) != 0)
		return NULL;
	*n_out = n - 2 - n_key;
	return value + 2 + n_key;
}

static char *frame(struct ctx *c, const char *key, const void *p, size_t n,
                   size_t *n_out)
{
	size_t n_key = strlen(key);
	char *s = arena_room(c->arena, 2 + n_key + n);

	s[0] = FRAME_VERSION;
	s[1] = (char)n_key;
	memcpy(s + 2, key, n_key);
	if (n)
		memcpy(s + 2 + n_key, p, n);
	*n_out = 2 + n_key + n;
	return s;
}

static time_t ttl(int seconds)
{
	return seconds > TTL_MAX_S ? TTL_MAX_S : seconds;
}

static bool is_key(const char *key)
{
	size_t n = strlen(key);

	if (!n || n > KEY_MAX)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (key[i] <= ' ' || key[i] > '~')
			return false;
	}
	return true;
}

static void take_value(struct ctx *c, memcached_result_st *result,
                       struct cache_item *items, size_t n)
{
	const char *key = memcached_result_key_value(result);
	size_t n_key = memcached_result_key_length(result);
	size_t length = memcached_result_length(result);
	const char *value = memcached_result_value(result);

	for (size_t i = 0; i < n; i++) {
		struct cache_item *item = &items[i];

		if (item->found || strlen(item->key) != n_key ||
		    memcmp(item->key, key, n_key) != 0)
			continue;
		const char *data =
			value ? unframe(item->key, value, length, &item->n)
			      : NULL;
		if (!data)
			return;
		char *copy = arena_room(c->arena, item->n + 1);
		memcpy(copy, data, item->n);
		copy[item->n] = '\0';
		item->value = copy;
		item->found = true;
		return;
	}
}

static memcached_return_t fetch_all(struct ctx *c, memcached_st *m,
                                    struct cache_item *items, size_t n)
{
	memcached_result_st result;
	memcached_return_t rc = MEMCACHED_SUCCESS;

	memcached_result_create(m, &result);
	while (memcached_fetch_result(m, &result, &rc)) {
		if (rc != MEMCACHED_SUCCESS)
			break;
		take_value(c, &result, items, n);
	}
	memcached_result_free(&result);
	return rc;
}

bool cache_get(struct ctx *c, struct cache_item *items, size_t n)
{
	const char *keys[ITEMS_MAX];
	size_t lengths[ITEMS_MAX];
	memcached_st *m = ready();

	for (size_t i = 0; i < n; i++)
		items[i].found = false;
	if (!m || n > ITEMS_MAX)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!is_key(items[i].key))
			return false;
		keys[i] = items[i].key;
		lengths[i] = strlen(items[i].key);
	}
	int64_t start = when_ticks();
	memcached_return_t rc = memcached_mget(m, keys, lengths, n);
	if (rc == MEMCACHED_SUCCESS)
		rc = fetch_all(c, m, items, n);
	return note(start, rc);
}

typedef memcached_return_t put_fn(memcached_st *m, const char *key,
                                  size_t n_key, const char *value,
                                  size_t n_value, time_t expires,
                                  uint32_t flags);

static memcached_return_t put(struct ctx *c, put_fn *how, const char *key,
                              const void *p, size_t n, int ttl_s)
{
	memcached_st *m = ready();
	size_t n_framed;

	if (!m || !is_key(key) || n > VALUE_MAX || ttl_s < 0)
		return MEMCACHED_FAILURE;
	const char *value = frame(c, key, p, n, &n_framed);
	int64_t start = when_ticks();
	memcached_return_t rc =
		how(m, key, strlen(key), value, n_framed, ttl(ttl_s), 0);
	return note(start, rc) ? rc : MEMCACHED_FAILURE;
}

bool cache_set(struct ctx *c, const char *key, const void *p, size_t n,
               int ttl_s)
{
	memcached_return_t rc = put(c, memcached_set, key, p, n, ttl_s);

	return rc != MEMCACHED_FAILURE && rc != MEMCACHED_E2BIG;
}

bool cache_add(struct ctx *c, const char *key, const void *p, size_t n,
               int ttl_s)
{
	return memcached_success(put(c, memcached_add, key, p, n, ttl_s));
}

bool cache_delete(struct ctx *c, const char *key)
{
	memcached_st *m = ready();

	(void)c;
	if (!m || !is_key(key))
		return false;
	int64_t start = when_ticks();
	return note(start, memcached_delete(m, key, strlen(key), 0));
}

uint64_t cache_epoch(void)
{
	return atomic_load_explicit(&breaker->epoch, memory_order_relaxed);
}

void cache_lost(void)
{
	if (!*settings->memcached)
		return;
	atomic_fetch_add(&breaker->epoch, 1);
	atomic_store(&breaker->is_lost, true);
}

bool cache_is_alive(struct ctx *c)
{
	struct cache_item probe = { .key = "alive" };

	return cache_get(c, &probe, 1);
}

bool cache_flush(struct ctx *c)
{
	memcached_st *m = ready();

	(void)c;
	if (!m)
		return false;
	atomic_fetch_add(&breaker->epoch, 1);
	int64_t start = when_ticks();
	return note(start, memcached_flush(m, 0));
}
