#include "config.h"

#include "fcgi/http/limit.h"

#include <arpa/inet.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "fcgi/base/crypto.h"
#include "fcgi/base/metrics.h"
#include "fcgi/base/settings.h"
#include "fcgi/base/text.h"
#include "fcgi/http/reply.h"

/*
 * A table of counters in memory that all workers share. A slot is two words: a
 * keyed hash of class and address, and start of the window with its count in
 * one word, so that both change together. Two who meet in one slot by a full
 * 64-bit hash share a counter; when all slots of a neighbourhood are alive the
 * smallest count gives way: the table can be flooded, but not locked up.
 */

enum {
	SLOTS = 1 << 14,
	NEIGHBOURS = 8,
	NOTICES_OF_ONE = 60,  /* an hour */
	NOTICES_OF_ALL = 300, /* a minute */
};

struct slot {
	_Atomic uint64_t key;
	_Atomic uint64_t window; /* start in seconds << 32 | count */
};

struct rate {
	const char *name;
	int64_t n, seconds; /* n 0 = no limit */
	const char *policy;
	char policy_text[64];
};

/* As long as the process; slots are NULL until limit_create. */
static struct {
	struct slot *slots;
	unsigned char secret[16];
	struct rate rates[LIMIT_N];
} limits;

/* "600/60": requests/seconds; "0" = no limit. */
static bool read_rate(struct rate *rate, const char *name, const char *text)
{
	const char *slash = strchr(text, '/');

	*rate = (struct rate){ .name = name };
	if (!strcmp(text, "0"))
		return true;
	if (slash && text_int(text, (size_t)(slash - text), &rate->n) &&
	    text_int(slash + 1, strlen(slash + 1), &rate->seconds) &&
	    rate->n > 0 && rate->n < INT32_MAX && rate->seconds > 0 &&
	    rate->seconds <= 86400) {
		snprintf(rate->policy_text, sizeof(rate->policy_text),
		         "\"%s\";q=%lld;w=%lld", name, (long long)rate->n,
		         (long long)rate->seconds);
		rate->policy = rate->policy_text;
		return true;
	}
	fprintf(stderr, "limit_%s must be requests/seconds like 600/60, or 0\n",
	        name);
	return false;
}

bool limit_create(void)
{
	bool good = read_rate(&limits.rates[LIMIT_READ], "read",
	                      settings->limit_read);

	good &= read_rate(&limits.rates[LIMIT_WRITE], "write",
	                  settings->limit_write);
	good &= read_rate(&limits.rates[LIMIT_AUTH], "auth",
	                  settings->limit_auth);
	good &= read_rate(&limits.rates[LIMIT_REGISTER], "register",
	                  settings->limit_register);
	if (!good)
		return false;
	if (limits.slots)
		munmap(limits.slots, SLOTS * sizeof(*limits.slots));
	limits.slots =
		mmap(NULL, SLOTS * sizeof(*limits.slots),
	             PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (limits.slots == MAP_FAILED) {
		limits.slots = NULL;
		fprintf(stderr, "no shared memory for rate limits\n");
		return false;
	}
	random_bytes(limits.secret, sizeof(limits.secret));
	return true;
}

static uint64_t mix(uint64_t h)
{
	/* Finaliser of MurmurHash3 (Appleby, public domain). */
	h ^= h >> 33;
	h *= 0xff51afd7ed558ccdULL;
	h ^= h >> 33;
	h *= 0xc4ceb9fe1a85ec53ULL;
	return h ^ (h >> 33);
}

static uint64_t hash(enum limit_class class, const void *p, size_t n)
{
	uint64_t h, more;
	unsigned char block[32] = { (unsigned char)class };

	memcpy(block + 1, p, n < 31 ? n : 31);
	memcpy(&h, limits.secret, 8);
	for (size_t i = 0; i < sizeof(block); i += 8) {
		memcpy(&more, block + i, 8);
		h = mix(h ^ more);
	}
	memcpy(&more, limits.secret + 8, 8);
	h = mix(h ^ more);
	return h ? h : 1;
}

/* The account, or the address: a /64 of IPv6, as that is one customer. */
static uint64_t key_of(const struct req *r, enum limit_class class)
{
	unsigned char v6[17] = { 6 };
	const char *address = r->ctx.address;

	if (!id_is_none(r->ctx.actor))
		return hash(class, r->ctx.actor.b, 16);
	if (strchr(address, ':') && inet_pton(AF_INET6, address, v6 + 1) == 1)
		return hash(class, v6, 9);
	return hash(class, address, strlen(address));
}

static uint64_t start_of(uint64_t window)
{
	return window >> 32;
}

static int64_t count_of(uint64_t window)
{
	return (int64_t)(window & UINT32_MAX);
}

/* The slot of that key: found, free, ended, or the neighbour with the least
 * to forget. */
static struct slot *slot_of(uint64_t key, uint64_t start)
{
	struct slot *best = NULL;
	int64_t least = INT64_MAX;

	for (size_t i = 0; i < NEIGHBOURS; i++) {
		struct slot *s = &limits.slots[(key + i) % SLOTS];
		uint64_t known =
			atomic_load_explicit(&s->key, memory_order_relaxed);

		if (known == key)
			return s;
		uint64_t window =
			atomic_load_explicit(&s->window, memory_order_relaxed);
		/* A day is the longest window. */
		bool ended = !known || start_of(window) + 86400 < start;
		int64_t held = ended ? -1 : count_of(window);
		if (held < least) {
			least = held;
			best = s;
		}
	}
	atomic_store_explicit(&best->window, 0, memory_order_relaxed);
	atomic_store_explicit(&best->key, key, memory_order_relaxed);
	return best;
}

/* Adds one to the window that is running; the new count. */
static int64_t add_one(struct slot *s, uint64_t start)
{
	uint64_t seen = atomic_load_explicit(&s->window, memory_order_relaxed);
	uint64_t next;

	do {
		bool same = start_of(seen) == start;

		if (same && count_of(seen) >= INT32_MAX)
			return INT32_MAX;
		next = same ? seen + 1 : start << 32 | 1;
	} while (!atomic_compare_exchange_weak_explicit(&s->window, &seen, next,
	                                                memory_order_relaxed,
	                                                memory_order_relaxed));
	return count_of(next);
}

/* draft-ietf-httpapi-ratelimit-headers: what is left and for how long. */
static void tell(struct req *r, const struct rate *rate, int64_t left,
                 int64_t ends_in)
{
	const char *text =
		arena_fmt(r->ctx.arena, "\"%s\";r=%lld;t=%lld", rate->name,
	                  (long long)left, (long long)ends_in);

	for (size_t i = 0; i < r->n_headers; i++) {
		if (strcmp(r->headers[i].name, "RateLimit") != 0)
			continue;
		/* The account's counter says more than the address's. */
		r->headers[i].value = text;
		r->headers[i].n_value = strlen(text);
		return;
	}
	reply_header(r, "RateLimit", text);
	reply_header(r, "RateLimit-Policy", rate->policy);
}

/* One more in the key's running window of so many seconds: how many now. */
static int64_t count_in(uint64_t key, int64_t now_s, int64_t seconds)
{
	uint64_t start = (uint64_t)(now_s - now_s % seconds);

	return add_one(slot_of(key, start), start);
}

bool limit_notice(const struct req *r)
{
	int64_t now = r->ctx.now.us / 1000000;

	return limits.slots &&
	       count_in(key_of(r, LIMIT_NOTICE), now, 3600) <= NOTICES_OF_ONE &&
	       count_in(hash(LIMIT_NOTICE, "", 0), now, 60) <= NOTICES_OF_ALL;
}

enum rc limit_check(struct req *r, enum limit_class class)
{
	const struct rate *rate = &limits.rates[class];

	if (!limits.slots || !rate->n)
		return RC_OK;
	int64_t now = r->ctx.now.us / 1000000;
	int64_t used = count_in(key_of(r, class), now, rate->seconds);
	int64_t ends_in = rate->seconds - now % rate->seconds;

	tell(r, rate, used < rate->n ? rate->n - used : 0, ends_in);
	if (used <= rate->n)
		return RC_OK;
	count(COUNTER_LIMITED);
	/* The first one of a window tells of all. */
	if (used == rate->n + 1)
		r->noticed = "limit.hit";
	r->ctx.err.retry_after_s = (int)ends_in;
	return fail(&r->ctx, RC_TOO_MANY, "rate_limited",
	            "Too many requests: wait %d seconds", (int)ends_in);
}
