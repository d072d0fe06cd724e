#include "config.h"

#include <stdio.h>
#include <string.h>

#include "fcgi/base/log.h"
#include "fcgi/base/settings.h"
#include "fcgi/base/text.h"
#include "handlers/discovery/opensearch.h"

enum { CONNECT_MS = 300, ANSWER_MAX = 16 << 20, NAME_MAX_ = 200, WHY = 200 };

const char *opensearch_alias(void)
{
	return settings->search_index;
}

const char *opensearch_next(struct ctx *c)
{
	return arena_fmt(c->arena, "%s-next", settings->search_index);
}

static bool complain(const char *why)
{
	fprintf(stderr, "configuration: %s\n", why);
	return false;
}

/* What servers take as a name, and URLs as it is. */
static bool is_index_name(const char *s)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-_.");

	return n && !s[n] && n <= NAME_MAX_ && !strchr("-_.", *s);
}

bool opensearch_check(void)
{
	const char *url = settings->search_url;
	bool has_user = *settings->search_user;

	if (!text_starts(url, "https://") && !text_starts(url, "http://"))
		return complain("search_url: must be an http(s) address");
	if (url[strlen(url) - 1] == '/')
		return complain("search_url: must not end with /");
	if (!is_index_name(settings->search_index))
		return complain("search_index: must be lower-case letters, "
		                "digits and - _ . between them");
	if (has_user && *settings->search_api_key)
		return complain("search_user and search_api_key: only one of "
		                "them can be used");
	if (has_user != (*settings->search_password != '\0'))
		return complain("search_user and search_password: both or "
		                "neither");
	return true;
}

static const char *authorization(struct ctx *c)
{
	if (*settings->search_api_key)
		return arena_fmt(c->arena, "Authorization: ApiKey %s",
		                 settings->search_api_key);
	if (!*settings->search_user)
		return NULL;
	const char *both = arena_fmt(c->arena, "%s:%s", settings->search_user,
	                             settings->search_password);

	return arena_fmt(c->arena, "Authorization: Basic %s",
	                 text_base64(c->arena, both, strlen(both)));
}

enum rc opensearch_call(struct ctx *c, const struct opensearch_call *q,
                        struct answer *out)
{
	const char *headers[4] = { "Accept: application/json" };
	const char *who = authorization(c);
	size_t n = 1;

	if (q->body)
		headers[n++] = q->is_lines
		                       ? "Content-Type: application/x-ndjson"
		                       : "Content-Type: application/json";
	if (who)
		headers[n++] = who;
	return client_call(
		c,
		&(struct call){ .service = "search",
	                        .method = q->method,
	                        .url = arena_fmt(c->arena, "%s%s",
	                                         settings->search_url, q->path),
	                        .headers = headers,
	                        .body = q->body ? q->body->s : NULL,
	                        .n_body = q->body ? q->body->n : 0,
	                        .timeout_ms = q->timeout_ms,
	                        .connect_ms = CONNECT_MS,
	                        .answer_max = ANSWER_MAX,
	                        .ca = settings->search_ca,
	                        .plain_http = true },
		out);
}

static void drop(void *p)
{
	json_decref(p);
}

static json_t *parse(struct ctx *c, const struct answer *a)
{
	json_t *j =
		json_loadb(a->body, a->n_body, JSON_REJECT_DUPLICATES, NULL);

	arena_defer(c->arena, drop, j);
	return j;
}

enum rc opensearch_fault(struct ctx *c, const struct answer *a)
{
	const json_t *error = json_object_get(parse(c, a), "error");
	const char *type = json_string_value(json_object_get(error, "type"));
	const char *why = json_string_value(json_object_get(error, "reason"));

	if (!why)
		why = json_string_value(error);
	return fail(c, a->status == 413 ? RC_TOO_LARGE : RC_UNAVAILABLE,
	            "search_refused", "the search server answered %d%s%s%s%s",
	            a->status, type ? ", " : "", type ? type : "",
	            why ? ": " : "", why ? text_cut(c->arena, why, WHY) : "");
}

enum rc opensearch_read(struct ctx *c, const struct answer *a, json_t **out)
{
	if (a->status < 200 || a->status >= 300)
		return opensearch_fault(c, a);
	json_t *j = parse(c, a);

	if (!json_is_object(j))
		return fail(c, RC_UNAVAILABLE, "search_nonsense",
		            "the search server's answer is not JSON");
	*out = j;
	return RC_OK;
}

enum rc opensearch_ask(struct ctx *c, const struct opensearch_call *q,
                       json_t **out)
{
	struct answer a = { 0 };
	enum rc rc = opensearch_call(c, q, &a);

	return rc ? rc : opensearch_read(c, &a, out);
}
