/* Looks at products: people once per half-hour, robots apart, own staff never.
 */
#include "config.h"

#include <string.h>
#include <strings.h>

#include "db/cache.h"
#include "db/search_db.h"
#include "db/sql.h"
#include "db/views_db.h"
#include "fcgi/base/crypto.h"
#include "fcgi/base/text.h"
#include "fcgi/http/request.h"
#include "handlers/discovery/discovery.h"
#include "handlers/discovery/listing.h"

enum { HALF_HOUR_S = 1800, DAY_S = 86400, TREND_DAYS = 7, TREND_MAX = 500 };

/* Words in the names of programs that read by themselves. */
static bool is_robot(const char *agent)
{
	static const char *const words[] = {
		"bot",     "crawl",  "spider",   "slurp",   "preview",
		"monitor", "scrapy", "headless", "archive", "facebookexternal",
		"curl",    "wget",   "python",   "java/",   "go-http",
		NULL
	};

	if (!*agent)
		return true;
	for (size_t i = 0; words[i]; i++)
		if (strcasestr(agent, words[i]))
			return true;
	return false;
}

static bool is_prefetch(struct req *r)
{
	static const char *const names[] = { "HTTP_SEC_PURPOSE", "HTTP_PURPOSE",
		                             "HTTP_X_MOZ", NULL };

	for (size_t i = 0; names[i]; i++) {
		const char *value = req_variable(r, names[i]);

		if (value && strcasestr(value, "prefetch"))
			return true;
	}
	return false;
}

/* An account, or a hash of address and program that is another every day. */
static void visitor_of(const struct ctx *c, unsigned char out[16])
{
	unsigned char mac[32];
	char id[ID_TEXT_MAX];
	const char *who =
		id_is_none(c->actor)
			? arena_fmt(c->arena, "%lld %s %s",
	                            (long long)(c->now.us / 1000000 / DAY_S),
	                            c->address, c->agent)
			: id_text(c->actor, id);

	hmac_sha256(key_for("visitor"), 32, who, strlen(who), mac);
	memcpy(out, mac, 16);
}

/*
 * What this process knows to be counted: hashes of visitor, product and
 * half-hour, each in the one place its first bytes name. It spares the cache a
 * question, as the cache spares the database one; the primary key decides.
 */
enum { KNOWN = 4096, MARK = 16 };
static unsigned char known[KNOWN][MARK];

static unsigned char *place_of(const unsigned char mark[MARK])
{
	return known[(mark[0] << 8 | mark[1]) % KNOWN];
}

static bool was_counted(struct ctx *c, const unsigned char mark[MARK],
                        struct cache_item *item)
{
	if (memcmp(place_of(mark), mark, MARK) == 0)
		return true;
	item->key =
		arena_fmt(c->arena, "visit:%s", text_hex(c->arena, mark, MARK));
	if (!cache_get(c, item, 1) || !item->found)
		return false;
	memcpy(place_of(mark), mark, MARK);
	return true;
}

static void mark_of(const struct ctx *c, const struct visit *v, const char *key,
                    unsigned char out[MARK])
{
	unsigned char hash[32];
	struct buf b;

	buf_init(&b, c->arena, 128);
	buf_put(&b, (const char *)v->visitor, sizeof(v->visitor));
	buf_int(&b, v->half_hour);
	buf_putc(&b, ' ');
	/* A cache that was emptied takes this memory with it. */
	buf_int(&b, (int64_t)cache_epoch());
	buf_putc(&b, ' ');
	buf_puts(&b, key);
	sha256(b.s, b.n, hash);
	memcpy(out, hash, MARK);
}

void discovery_product_seen(struct req *r)
{
	struct ctx *c = &r->ctx;
	const char *key = req_param(r, 0);
	struct visit v = { .half_hour = c->now.us / 1000000 / HALF_HOUR_S,
		           .slug = key,
		           .is_robot = is_robot(c->agent),
		           .own_vendor = c->vendor };
	struct cache_item item = { 0 };
	unsigned char mark[MARK];

	if (is_prefetch(r))
		return;
	(void)id_parse(key, &v.product);
	visitor_of(c, v.visitor);
	mark_of(c, &v, key, mark);
	if (was_counted(c, mark, &item))
		return;
	if (views_db_visit(c, &v))
		return;
	memcpy(place_of(mark), mark, MARK);
	(void)cache_set(c, item.key, "1", 1, HALF_HOUR_S);
	if (c->roles & ROLE_CUSTOMER)
		(void)!views_db_remember(c, c->actor, v.product, key);
}

/* The first page of a search that is empty. */
void discovery_list_seen(struct req *r)
{
	struct ctx *c = &r->ctx;

	if (r->status != 200 || !strstr(r->out.s, "\"count\":0,"))
		return;
	for (size_t i = 0; i < r->n_queries; i++)
		if (strcmp(r->queries[i].name, "q") == 0) {
			const char *words =
				text_words(c->arena, r->queries[i].value);

			(void)!search_db_miss(c,
			                      text_cut(c->arena, words, 200));
		}
}

enum rc discovery_job_views(struct ctx *c, bool *more)
{
	enum rc rc = views_db_flush(c, more);

	return rc ? rc : views_db_forget(c);
}

enum rc discovery_job_trending(struct ctx *c, bool *more)
{
	*more = false;
	return views_db_rank(c, TREND_DAYS, TREND_MAX);
}
