/* The words that screening holds or refuses, kept by moderators. */
#include "config.h"

#include <string.h>

#include "db/sql.h"
#include "fcgi/base/text.h"
#include "fcgi/http/reply.h"
#include "handlers/accounts/accounts.h"
#include "handlers/catalog/catalog_http.h"

enum rc catalog_words_get(struct req *r)
{
	struct screening_word *rows = NULL;
	struct page_info info = { 0 };
	size_t n = 0;
	enum rc rc = screening_db_list(&r->ctx, &r->page, &rows, &n, &info);

	return rc ? rc : reply_page(r, rows, n, &info);
}

static enum rc record(struct ctx *c, const char *what, const char *word)
{
	static const struct id none;

	return audit_add(c, what, "screening", none, NULL, NULL, word);
}

enum rc catalog_words_post(struct req *r)
{
	struct ctx *c = &r->ctx;
	struct screening_word in;

	req_body(r, &in);
	/* As products' words are looked at. */
	in.word = text_words(c->arena, in.word);
	in.created_at = c->now;
	if (!*in.word || strchr(in.word, ' '))
		return fail_field(c, "word", "not_one_word",
		                  "Screening looks at single words.");
	enum rc rc = sql_begin(c);
	if (rc)
		return rc;
	rc = screening_db_put(c, &in);
	if (!rc)
		rc = record(c, "screening.word", in.word);
	rc = sql_end(c, rc);
	return rc ? rc : reply(r, &in);
}

enum rc catalog_words_delete(struct req *r)
{
	struct ctx *c = &r->ctx;
	struct screening_word in;
	int64_t changed = 0;

	req_query(r, &in);
	enum rc rc = sql_begin(c);
	if (rc)
		return rc;
	rc = screening_db_delete(c, text_words(c->arena, in.word), &changed);
	if (!rc && !changed)
		rc = RC_NOT_FOUND;
	if (!rc)
		rc = record(c, "screening.word_gone", in.word);
	rc = sql_end(c, rc);
	return rc ? rc : reply_empty(r);
}
