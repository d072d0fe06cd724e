#include "config.h"

#include "fcgi/http/openapi.h"

#include <string.h>

#include "fcgi/base/settings.h"
#include "fcgi/base/text.h"
#include "fcgi/http/openapi_parts.h"

static const struct {
	unsigned bit;
	const char *text;
} roles[] = {
	{ ROLE_ANYONE, "public" },
#define X(name, bit, text) { ROLE_##name, text },
	ROLE_TABLE(X)
#undef X
		{ ROLE_CLIENT, "client" },
};

static const struct {
	unsigned bit;
	const char *text;
} permissions[] = {
#define X(name, bit, text) { (unsigned)MAY_##name, text },
	PERMISSION_TABLE(X)
#undef X
};

#define COUNT(table) (sizeof(table) / sizeof(*(table)))

void openapi_roles(struct buf *b, unsigned who)
{
	buf_putc(b, '[');
	for (size_t i = 0; i < COUNT(roles); i++) {
		if (!(who & roles[i].bit))
			continue;
		json_next(b);
		buf_json(b, roles[i].text);
	}
	buf_putc(b, ']');
}

/* Staff and admins have permissions of the same names: each once. */
void openapi_permissions(struct buf *b, unsigned permission)
{
	buf_putc(b, '[');
	for (size_t i = 0; i < COUNT(permissions); i++) {
		bool told = false;

		for (size_t j = 0; j < i; j++)
			told |= (permission & permissions[j].bit) &&
			        !strcmp(permissions[i].text,
			                permissions[j].text);
		if (told || !(permission & permissions[i].bit))
			continue;
		json_next(b);
		buf_json(b, permissions[i].text);
	}
	buf_putc(b, ']');
}

static const char *tag_text(const char *tag)
{
	static const char *const known[][2] = {
		{ "admin", "What the platform's people decide" },
		{ "auth", "Registration, login, sessions, second factor" },
		{ "cart", "The cart before checkout" },
		{ "categories", "The tree of categories" },
		{ "delivery", "What couriers do" },
		{ "disputes", "Disagreements about an order" },
		{ "notifications", "Messages to the signed-in person" },
		{ "oauth", "Merkato as OAuth 2.0 server" },
		{ "openapi.json", "This document" },
		{ "operations", "Health and metrics" },
		{ "orders", "Checkout, orders and where they are" },
		{ "product-images", "Pictures of products" },
		{ "products", "What is for sale" },
		{ "questions", "Questions about products and their answers" },
		{ "reviews", "What buyers think of products" },
		{ "users", "The signed-in person's own data" },
		{ "variants", "Sizes, colours and packages of products" },
		{ "vendor", "What a store does for itself" },
		{ "vendors", "Stores, as shoppers see them" },
		{ "webhooks", "What outside services tell" },
	};

	for (size_t i = 0; i < COUNT(known); i++) {
		if (!strcmp(tag, known[i][0]))
			return known[i][1];
	}
	return "Further routes";
}

static void put_tags(struct buf *b)
{
	json_key(b, "tags");
	buf_putc(b, '[');
	for (size_t i = 0; i < routes_count(); i++) {
		bool told = !openapi_tells(route_at(i));
		const char *tag = openapi_tag(b->arena, route_at(i));

		for (size_t j = 0; j < i && !told; j++)
			told = openapi_tells(route_at(j)) &&
			       !strcmp(tag, openapi_tag(b->arena, route_at(j)));
		if (told)
			continue;
		json_next(b);
		buf_putc(b, '{');
		json_pair(b, "name", tag);
		json_pair(b, "description", tag_text(tag));
		buf_putc(b, '}');
	}
	buf_putc(b, ']');
}

static void put_info(struct buf *b)
{
	buf_puts(b, "{\"openapi\":\"3.1.0\",\"info\":{");
	json_pair(b, "title", "Merkato");
	json_pair(b, "version", PACKAGE_VERSION);
	json_pair(b, "summary", "Marketplace of many vendors");
	json_pair(
		b, "description",
		"JSON in UTF-8 with snake_case names. Ids are UUIDs, money is "
		"decimal text with its currency beside it, times are RFC 3339 "
		"in UTC. A slash at the end of a path changes nothing. Faults "
		"are application/problem+json (RFC 9457) and name every bad "
		"field at once. Other origins may call when the operator lists "
		"them; cookies open nothing here.");
	json_key(b, "contact");
	buf_putc(b, '{');
	json_pair(b, "name", "The operator of this marketplace");
	json_pair(b, "url", settings->base_url);
	buf_puts(b, "},\"license\":{\"name\":\"Proprietary\",\"identifier\":"
	            "\"LicenseRef-Proprietary\"}},\"servers\":[{");
	json_pair(b, "url",
	          text_starts(settings->base_url, "https://")
	                  ? settings->base_url
	                  : "/");
	buf_puts(b, "}]");
}

/* Linters want nothing that is never used. */
static bool has_oauth(void)
{
	for (size_t i = 0; i < routes_count(); i++) {
		if (route_at(i)->surface == SURFACE_OAUTH)
			return true;
	}
	return false;
}

static void put_security_schemes(struct buf *b)
{
	buf_puts(b,
	         ",\"securitySchemes\":{\"bearer\":{\"type\":\"http\","
	         "\"scheme\":\"bearer\",\"bearerFormat\":\"JWT\","
	         "\"description\":\"Access token of POST /api/auth/login\"}");
	if (has_oauth())
		buf_puts(
			b,
			",\"client\":{\"type\":\"http\",\"scheme\":\"basic\","
			"\"description\":\"Id and secret of an OAuth client\"}");
	buf_puts(b, ",\"oauth\":{\"type\":\"oauth2\",\"flows\":{");
	for (int i = 0; i < 2; i++) {
		json_key(b, i ? "clientCredentials" : "authorizationCode");
		buf_putc(b, '{');
		if (!i)
			json_pair(b, "authorizationUrl",
			          arena_fmt(b->arena, "%s/oauth/authorize",
			                    settings->base_url));
		json_pair(b, "tokenUrl",
		          arena_fmt(b->arena, "%s/oauth/token",
		                    settings->base_url));
		json_key(b, "scopes");
		buf_putc(b, '{');
		for (size_t j = 0; j < COUNT(permissions); j++) {
			bool told = false;

			for (size_t k = 0; k < j; k++)
				told |= !strcmp(permissions[k].text,
				                permissions[j].text);
			if (told)
				continue;
			json_pair(b, permissions[j].text,
			          "The permission of the same name");
		}
		buf_puts(b, "}}");
	}
	buf_puts(b, "}}}");
}

static void put_problem(struct buf *b)
{
	buf_puts(b,
	         "\"problem\":{\"type\":\"object\",\"description\":\"RFC 9457; "
	         "some codes add a member, as price_changed its "
	         "quote\",\"additionalProperties\":true,"
	         "\"properties\":{\"type\":{\"type\":\"string\",\"format\":"
	         "\"uri-reference\"},\"title\":{\"type\":\"string\"},"
	         "\"status\":{\"type\":\"integer\",\"format\":\"int32\"},"
	         "\"code\":{\"type\":\"string\",\"description\":\"Stable, for "
	         "programs\"},\"detail\":{\"type\":\"string\"},"
	         "\"request_id\":{\"type\":\"string\"},\"errors\":{\"type\":"
	         "\"object\",\"description\":\"What is wrong with each field\","
	         "\"additionalProperties\":{\"type\":\"array\",\"items\":{"
	         "\"type\":\"string\"}}}},\"required\":[\"type\",\"title\","
	         "\"status\",\"request_id\"]},"
	         "\"oauth_fault\":{\"type\":\"object\",\"description\":\"RFC "
	         "6749 section 5.2\",\"properties\":{\"error\":{\"type\":"
	         "\"string\"},\"error_description\":{\"type\":\"string\"}},"
	         "\"required\":[\"error\"]}");
}

static void put_responses(struct buf *b)
{
	static const enum rc told[] = {
		RC_BAD_REQUEST, RC_UNAUTHORIZED, RC_FORBIDDEN,    RC_NOT_FOUND,
		RC_CONFLICT,    RC_LENGTH,       RC_PRECONDITION, RC_TOO_LARGE,
		RC_UNSUPPORTED, RC_MISDIRECTED,  RC_INVALID,      RC_TOO_MANY,
		RC_INTERNAL,    RC_UNAVAILABLE,
	};

	json_key(b, "responses");
	buf_putc(b, '{');
	for (size_t i = 0; i < COUNT(told); i++) {
		int status = rc_status(told[i]);

		json_key(b, arena_fmt(b->arena, "%d", status));
		buf_putc(b, '{');
		json_pair(b, "description", rc_title(told[i]));
		if (status == 429 || status == 503)
			buf_puts(b, ",\"headers\":{\"Retry-After\":{\"$ref\":"
			            "\"#/components/headers/Retry-After\"}}");
		if (status == 401)
			buf_puts(b, ",\"headers\":{\"WWW-Authenticate\":{"
			            "\"$ref\":\"#/components/headers/"
			            "WWW-Authenticate\"}}");
		buf_puts(b, ",\"content\":{\"application/problem+json\":{"
		            "\"schema\":{\"$ref\":\"#/components/schemas/"
		            "problem\"}}");
		if (status == 400 || status == 401)
			buf_puts(b,
			         ",\"application/json\":{\"schema\":{\"$ref\""
			         ":\"#/components/schemas/oauth_fault\"}}");
		buf_puts(b, "}}");
	}
	buf_putc(b, '}');
}

static void put_shared(struct buf *b)
{
	buf_puts(b,
	         ",\"parameters\":{"
	         "\"page\":{\"name\":\"page\",\"in\":\"query\",\"schema\":{"
	         "\"type\":\"integer\",\"minimum\":1,\"maximum\":10000,"
	         "\"default\":1}},"
	         "\"page_size\":{\"name\":\"page_size\",\"in\":\"query\","
	         "\"schema\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":"
	         "100,\"default\":20}},"
	         "\"cursor\":{\"name\":\"cursor\",\"in\":\"query\","
	         "\"allowEmptyValue\":true,\"description\":\"Instead of page: "
	         "empty to begin, then as next says; any depth at one cost\","
	         "\"schema\":{\"type\":\"string\"}},"
	         "\"if_match\":{\"name\":\"If-Match\",\"in\":\"header\","
	         "\"description\":\"The ETag or version that is to be "
	         "changed\",\"schema\":{\"type\":\"string\"}}}");
	buf_puts(
		b,
		",\"headers\":{"
		"\"X-Request-Id\":{\"description\":\"Names this request in all "
		"logs\",\"schema\":{\"type\":\"string\"}},"
		"\"ETag\":{\"description\":\"For If-None-Match and "
		"If-Match\",\"schema\":{\"type\":\"string\"}},"
		"\"Location\":{\"description\":\"Where it is\",\"schema\":{"
		"\"type\":\"string\",\"format\":\"uri\"}},"
		"\"Retry-After\":{\"description\":\"Seconds to wait\","
		"\"schema\":{\"type\":\"integer\"}},"
		"\"WWW-Authenticate\":{\"description\":\"How to sign in\","
		"\"schema\":{\"type\":\"string\"}}}");
}

void openapi_document(struct buf *b)
{
	struct schemas *s = arena_new(b->arena, struct schemas);

	s->arena = b->arena;
	put_info(b);
	put_tags(b);
	openapi_paths(b, s);
	json_key(b, "components");
	buf_puts(b, "{\"schemas\":{");
	put_problem(b);
	schema_components(b, s);
	buf_putc(b, '}');
	put_responses(b);
	put_shared(b);
	put_security_schemes(b);
	buf_puts(b, "}}");
}
