/*
 * What is wrong with a question is told exactly: every list of the catalog is
 * asked with every parameter that it has, badly. Which parameters those are is
 * read from the table of routes; what must come out stands here.
 */
#include "config.h"

#include <string.h>

#include "handlers/catalog/catalog.h"
#include "handlers/discovery/discovery.h"
#include "handlers/media/media.h"
#include "handlers/reviews/reviews.h"
#include "tests/support/api.h"
#include "tests/support/api_stack.h"

static const struct route *const tables[] = { catalog_routes, discovery_routes,
	                                      media_routes, reviews_routes,
	                                      NULL };

/* A question, and its answer: a fault of that field with that text, or a
 * problem of that code. */
struct bad {
	const char *query;
	int status;
	const char *field, *text;
};

#define PAGE_TEXT "Must be a number from 1 to 10000"
#define SIZE_TEXT "Must be a number from 1 to 100"

/* Of every list with pages. */
static const struct bad of_pages[] = {
	{ "page=0", 422, "page", PAGE_TEXT },
	{ "page=-1", 422, "page", PAGE_TEXT },
	{ "page=10001", 422, "page", PAGE_TEXT },
	{ "page=1.5", 422, "page", PAGE_TEXT },
	{ "page=", 422, "page", PAGE_TEXT },
	{ "page=99999999999999999999", 422, "page", PAGE_TEXT },
	{ "page_size=0", 422, "page_size", SIZE_TEXT },
	{ "page_size=101", 422, "page_size", SIZE_TEXT },
	{ "page_size=ten", 422, "page_size", SIZE_TEXT },
	{ "cursor=abc", 422, "cursor",
	  "This cursor does not belong to this list" },
	{ "cursor=%7B%7D", 422, "cursor",
	  "This cursor does not belong to this list" },
	{ "page=1&cursor=", 400, NULL, "page_and_cursor" },
	{ "ordering=weight", 400, NULL, "bad_ordering" },
	{ "ordering=", 400, NULL, "bad_ordering" },
	{ "ordering=id%3B", 400, NULL, "bad_ordering" },
	{ "page=1&page=1", 400, NULL, "malformed" },
};

/* Of every GET. */
static const struct bad of_all[] = {
	{ "colour=red", 400, NULL, "unknown_parameter" },
	{ "Fields=id", 400, NULL, "unknown_parameter" },
	{ "a%5B%5D=1", 400, NULL, "malformed" },
	{ "fields=nothing", 422, "fields", "There is no field \"nothing\"" },
	{ "fields=", 422, "fields", "There is no field \"\"" },
	{ "fields=id&fields=id", 400, NULL, "malformed" },
	{ "fields=%ff", 400, NULL, "malformed" },
	{ "fields=%zz", 400, NULL, "malformed" },
	{ "fields=%00", 400, NULL, "malformed" },
};

/* By the kind of a parameter. */
static const struct {
	enum kind kind;
	const char *value, *text;
} of_kinds[] = {
	{ KIND_ID, "x", "This is not an id." },
	{ KIND_ID, "018f0000-0000-7000-8000-00000000000",
	  "This is not an id." },
	{ KIND_INT, "x", "This is not a whole number." },
	{ KIND_INT, "1.0", "This is not a whole number." },
	{ KIND_INT, "%2B1", "This is not a whole number." },
	{ KIND_INT, "99999999999999999999", "This is not a whole number." },
	{ KIND_REAL, "x", "This is not a number." },
	{ KIND_REAL, "nan", "This is not a number." },
	{ KIND_REAL, "1e1", "This is not a number." },
	{ KIND_MONEY, "x", "An amount like \"1250.00\", as text." },
	{ KIND_MONEY, "1.005", "An amount like \"1250.00\", as text." },
	{ KIND_MONEY, "1,00", "An amount like \"1250.00\", as text." },
	{ KIND_WHEN, "yesterday", "A time like \"2026-11-22T12:00:00Z\"." },
	{ KIND_WHEN, "2026-13-01T00:00:00Z",
	  "A time like \"2026-11-22T12:00:00Z\"." },
	{ KIND_BOOL, "maybe", "Either true or false." },
};

static const char *token_for(const struct route *r)
{
	if (r->who & ROLE_ANYONE)
		return NULL;
	if (r->who & ROLE_CUSTOMER)
		return token_of("customer");
	return token_of(r->who & (ROLE_ADMIN | ROLE_SUPER) ? "admin"
	                                                   : "vendor");
}

/* Things of the demonstration that paths may name. */
static struct {
	const char *product, *variant, *store, *category;
} known;

static void know(void)
{
	const struct api_answer *a =
		api_get("/api/vendor/products?status=approved&fields=id",
	                token_of("vendor"));

	known.product = at_text(a, "results[0].id");
	NEED_TRUE(known.product != NULL, "a product of the store");
	a = api_get(FMT("/api/products/%s", known.product), NULL);
	known.variant = at_text(a, "variants[0].id");
	known.store = at_text(a, "vendor_slug");
	known.category = at_text(a, "category_slug");
}

static const char *path_of(const struct route *r)
{
	const char *open = strchr(r->path, '{');
	const char *value = known.product;

	if (!open)
		return r->path;
	if (strstr(r->path, "/categories/"))
		value = known.category;
	else if (strstr(r->path, "/vendors/"))
		value = known.store;
	else if (strstr(r->path, "/variants/{id}"))
		value = known.variant;
	return FMT("%.*s%s%s", (int)(open - r->path), r->path, value,
	           strchr(open, '}') + 1);
}

static void try_one(const struct route *r, const struct bad *b)
{
	const char *path = FMT("%s?%s", path_of(r), b->query);
	const struct api_answer *a = api_get(path, token_for(r));

	CHECK_API(a, b->status, path);
	if (!b->field) {
		CHECK_TEXT(at_text(a, "code"), b->text, path);
		return;
	}
	CHECK_TEXT(at_text(a, "code"), "invalid_fields", path);
	/* Names may have dots: looked up as they are. */
	json_t *errors = at(a, "errors");
	json_t *why = errors ? json_object_get(errors, b->field) : NULL;
	CHECK_INT(errors ? json_object_size(errors) : 0, 1, path);
	CHECK_INT(why ? json_array_size(why) : 0, 1, path);
	CHECK_TEXT(why ? json_string_value(json_array_get(why, 0)) : NULL,
	           b->text, path);
}

/* The questions that this parameter cannot be asked. */
static void try_parameter(const struct route *r, const struct field *f)
{
	const size_t n = sizeof(of_kinds) / sizeof(*of_kinds);

	for (size_t i = 0; i < n; i++)
		if (of_kinds[i].kind == f->kind)
			try_one(r, &(struct bad){ FMT("%s=%s", f->name,
			                              of_kinds[i].value),
			                          422, f->name,
			                          of_kinds[i].text });
	if (f->kind == KIND_TEXT && f->one_of)
		try_one(r,
		        &(struct bad){ FMT("%s=bogus", f->name), 422, f->name,
		                       "This is none of the allowed "
		                       "values." });
	if (f->kind == KIND_TEXT && !f->one_of) {
		char *text = arena_alloc(tc->arena, (size_t)f->max + 2);

		memset(text, 'a', (size_t)f->max + 1);
		try_one(r, &(struct bad){ FMT("%s=%s", f->name, text), 422,
		                          f->name, "The text is too long." });
		try_one(r,
		        &(struct bad){ FMT("%s=a%%07b", f->name), 422, f->name,
		                       "The text is not UTF-8 or has "
		                       "control characters." });
	}
	if ((f->kind == KIND_INT || f->kind == KIND_REAL) && f->max > f->min) {
		try_one(r,
		        &(struct bad){
				FMT("%s=%lld", f->name, (long long)f->min - 1),
				422, f->name, "The value is too small." });
		try_one(r,
		        &(struct bad){
				FMT("%s=%lld", f->name, (long long)f->max + 1),
				422, f->name, "The value is too large." });
	}
	if (f->kind == KIND_MONEY)
		try_one(r, &(struct bad){ FMT("%s=-1.00", f->name), 422,
		                          f->name, "The value is too small." });
}

/* A parameter that must be there makes other questions bad, too. */
static bool needs_one(const struct route *r)
{
	for (const struct field *f = r->query ? r->query->fields : NULL;
	     f && f->name; f++)
		if (f->flags & REQUIRED)
			return true;
	return false;
}

static void try_route(const struct route *r)
{
	for (size_t i = 0; i < sizeof(of_all) / sizeof(*of_all); i++)
		if (of_all[i].status == 400 || !needs_one(r))
			try_one(r, &of_all[i]);
	for (size_t i = 0; i < sizeof(of_pages) / sizeof(*of_pages); i++)
		if (r->list && (of_pages[i].status == 400 || !needs_one(r)))
			try_one(r, &of_pages[i]);
	for (const struct field *f = r->query ? r->query->fields : NULL;
	     f && f->name; f++) {
		if (f->flags & REQUIRED)
			try_one(r, &(struct bad){ "", 422, f->name,
			                          "This field is needed." });
		else if (needs_one(r))
			continue;
		try_parameter(r, f);
	}
	/* No list takes pages by other words, and short lists take none. */
	if (!r->list)
		try_one(r, &(struct bad){ "page=1", 400, NULL,
		                          "unknown_parameter" });
}

static void every_parameter_of_every_list_is_checked(void)
{
	int n = 0;

	know();
	for (const struct route *const *t = tables; *t; t++)
		for (const struct route *r = *t; r->method; r++) {
			if (strcmp(r->method, "GET") != 0 ||
			    (!r->list && !r->all))
				continue;
			try_route(r);
			n++;
		}
	CHECK_TRUE(n > 20, FMT("%d lists", n));
}

CHECK_MAIN_WITH("queries", &api_hooks,
                TEST(every_parameter_of_every_list_is_checked))
