#include "config.h"

#include "handlers/discovery/discovery_http.h"

#include <math.h>
#include <string.h>

#include "db/discovery_db.h"
#include "db/products_db.h"
#include "db/search_db.h"
#include "db/sql.h"
#include "fcgi/base/text.h"
#include "fcgi/http/reply.h"
#include "handlers/discovery/listing.h"

enum { TRENDING = 20, RELATED = 12, RECENT = 50 };

enum rc discovery_products_get(struct req *r)
{
	return listing_answer(r, NULL, NULL);
}

enum rc discovery_above_rating_get(struct req *r)
{
	struct product_query in;

	req_query(r, &in);
	if (isnan(in.rating) && isnan(in.min_rating))
		return fail_field(&r->ctx, "rating", "required",
		                  "This field is needed.");
	return listing_answer(r, NULL, NULL);
}

enum rc discovery_category_products_get(struct req *r)
{
	return listing_answer(r, req_param(r, 0), NULL);
}

enum rc discovery_vendor_products_get(struct req *r)
{
	return listing_answer(r, NULL, req_param(r, 0));
}

/* % and _ are letters like others here. */
static const char *prefix_of(struct ctx *c, const char *text)
{
	struct buf b;

	buf_init(&b, c->arena, strlen(text) + 8);
	for (; *text; text++) {
		if (*text == '%' || *text == '_' || *text == '\\')
			buf_putc(&b, '\\');
		buf_putc(&b, *text);
	}
	buf_putc(&b, '%');
	return b.s;
}

static const char *last_word(struct ctx *c, const char *text)
{
	const char *words = text_words(c->arena, text);
	const char *blank = strrchr(words, ' ');

	return blank ? blank + 1 : words;
}

enum rc discovery_suggest_get(struct req *r)
{
	struct suggest_query in;
	struct suggestion *rows = NULL;
	size_t n = 0;

	req_query(r, &in);
	const char *word = last_word(&r->ctx, in.q);
	/* A word of no letters begins nothing. */
	enum rc rc = search_db_suggest(&r->ctx, prefix_of(&r->ctx, in.q),
	                               *word ? prefix_of(&r->ctx, word) : "",
	                               &rows, &n);
	return rc ? rc : reply_all(r, rows, n);
}

static enum rc answer_all(struct req *r, struct product_card *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		rows[i].distance_km = REAL_NONE;
	enum rc rc = listing_show(r, rows, n);

	return rc ? rc : reply_all(r, rows, n);
}

enum rc discovery_trending_get(struct req *r)
{
	struct product_card *rows = NULL;
	size_t n = 0;
	enum rc rc = discovery_db_trending(&r->ctx, TRENDING, &rows, &n);

	return rc ? rc : answer_all(r, rows, n);
}

enum rc discovery_related_get(struct req *r)
{
	const char *key = req_param(r, 0);
	struct product p = { 0 };
	struct product_card *rows = NULL;
	struct id id = { { 0 } };
	size_t n = 0;

	(void)id_parse(key, &id);
	enum rc rc = products_db_visible(&r->ctx, id, key, false, &p);
	if (!rc)
		rc = discovery_db_related(&r->ctx, p.id, RELATED, &rows, &n);
	return rc ? rc : answer_all(r, rows, n);
}

enum rc discovery_recent_get(struct req *r)
{
	struct product_card *rows = NULL;
	size_t n = 0;
	enum rc rc =
		discovery_db_recent(&r->ctx, r->ctx.actor, RECENT, &rows, &n);

	return rc ? rc : answer_all(r, rows, n);
}

enum rc discovery_synonyms_get(struct req *r)
{
	struct synonym *rows = NULL;
	struct page_info info = { 0 };
	size_t n = 0;
	enum rc rc =
		search_db_synonym_list(&r->ctx, &r->page, &rows, &n, &info);

	return rc ? rc : reply_page(r, rows, n, &info);
}

enum rc discovery_synonyms_post(struct req *r)
{
	struct ctx *c = &r->ctx;
	struct synonym in;

	req_body(r, &in);
	in.term = text_words(c->arena, in.term);
	in.created_at = c->now;
	if (!*in.term || strchr(in.term, ' '))
		return fail_field(c, "term", "not_one_word",
		                  "A synonym stands for one word.");
	if (!*text_words(c->arena, in.synonym))
		return fail_field(c, "synonym", "no_words",
		                  "There is no word in it.");
	enum rc rc = sql_begin(c);
	if (rc)
		return rc;
	rc = sql_end(c, search_db_synonym_put(c, in.term, in.synonym));
	return rc ? rc : reply(r, &in);
}

enum rc discovery_synonyms_delete(struct req *r)
{
	struct synonym in;
	int64_t changed = 0;

	req_query(r, &in);
	enum rc rc = sql_begin(&r->ctx);
	if (rc)
		return rc;
	rc = search_db_synonym_delete(&r->ctx, in.term, in.synonym, &changed);
	if (!rc && !changed)
		rc = RC_NOT_FOUND;
	rc = sql_end(&r->ctx, rc);
	return rc ? rc : reply_empty(r);
}

enum rc discovery_misses_get(struct req *r)
{
	struct search_miss *rows = NULL;
	size_t n = 0;
	enum rc rc = search_db_misses(&r->ctx, &rows, &n);

	return rc ? rc : reply_all(r, rows, n);
}
