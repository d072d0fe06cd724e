#include "config.h"

#include <string.h>

#include "fcgi/base/crypto.h"
#include "fcgi/base/text.h"
#include "fcgi/http/gate.h"

enum { HASH_BYTES = 12 };

/* "v7-<hash>" for objects with a version, so that If-Match can tell versions
 * apart from other forms of the same object (?fields=). */
void gate_etag(struct req *r)
{
	unsigned char hash[32];

	/* A tag that the handler made is whole. */
	if (!r->out.n || (r->etag && *r->etag == '"'))
		return;
	sha256(r->out.s, r->out.n, hash);
	const char *text = text_base64url(r->ctx.arena, hash, HASH_BYTES);
	/* reply() has left the version's part. */
	r->etag = arena_fmt(r->ctx.arena, "\"%s%s\"", r->etag ? r->etag : "",
	                    text);
}

/* RFC 9110 section 13.1.2: a weak comparison, as compression on the way weakens
 * tags. */
static bool names(const char *list, const char *etag)
{
	size_t n = strlen(etag);

	while (*list) {
		list += strspn(list, ", \t");
		if (*list == '*')
			return true;
		if (!strncmp(list, "W/", 2))
			list += 2;
		if (!strncmp(list, etag, n) &&
		    (!list[n] || strchr(", \t", list[n])))
			return true;
		list += strcspn(list, ",");
	}
	return false;
}

void gate_not_modified(struct req *r)
{
	const char *given = req_variable(r, "HTTP_IF_NONE_MATCH");

	if (!given || !r->etag || r->status != 200 || !names(given, r->etag))
		return;
	r->status = 304;
	buf_init(&r->out, r->ctx.arena, 0); /* the text may be shared */
	r->type = NULL;
}
