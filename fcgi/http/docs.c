#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "fcgi/base/crypto.h"
#include "fcgi/base/json.h"
#include "fcgi/base/text.h"
#include "fcgi/http/openapi.h"
#include "fcgi/http/reply.h"

/* Made at the first request and kept as long as the process. */
static struct {
	struct arena *arena;
	struct buf document;
	const char *etag;
} kept;

const char *openapi_text(size_t *n)
{
	if (!kept.arena) {
		unsigned char hash[32];

		kept.arena = arena_create(0);
		buf_init(&kept.document, kept.arena, 256 * 1024);
		openapi_document(&kept.document);
		sha256(kept.document.s, kept.document.n, hash);
		kept.etag = arena_fmt(kept.arena, "\"%s\"",
		                      text_base64url(kept.arena, hash, 12));
	}
	*n = kept.document.n;
	return kept.document.s;
}

enum rc openapi_get(struct req *r)
{
	size_t n;

	(void)openapi_text(&n);
	enum rc rc =
		reply_text(r, 200, "application/json; charset=utf-8", "", 0);
	/* Sent from where it lies: nobody writes into an answer. */
	r->out = (struct buf){ .arena = r->ctx.arena,
		               .s = kept.document.s,
		               .n = n,
		               .capacity = n + 1 };
	r->etag = kept.etag;
	return rc;
}

const struct route openapi_routes[] = {
	{ "GET", "/api/openapi.json", openapi_get, .who = ROLE_ANYONE,
	  .limit = LIMIT_READ, .max_age_s = 300, .type = "application/json",
	  .summary = "This document" },
	{ 0 },
};
