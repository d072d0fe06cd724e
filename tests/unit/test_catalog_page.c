/* One product with what belongs to it: only what is asked for is loaded. */
#include "config.h"

#include <limits.h>
#include <string.h>

#include "db/products_db.h"
#include "fcgi/http/request.h"
#include "tests/support/goods.h"

static const struct id none;

/* Statements that this question takes. Of a person it is asked some times, as
 * now and then one more tells who asks; the public's answers would be kept. */
static int statements(const char *path, const struct person *who)
{
	int fewest = INT_MAX;

	for (int i = 0; i < (who ? 3 : 1); i++) {
		const struct answered *a =
			who ? request("GET", path, NULL, who->bearer)
			    : request("GET", path, NULL);

		CHECK_INT(a->status, 200, path);
		if (a->req->ctx.n_statements < fewest)
			fewest = a->req->ctx.n_statements;
	}
	return fewest;
}

static void fields_that_are_not_asked_for_are_not_loaded(void)
{
	const struct person *owner = an_owner();
	struct id id = a_live_product(owner, a_category("Pots", none), "Pot");
	static const struct {
		const char *fields;
		int shopper, store; /* statements more than the row alone */
	} cases[] = {
		{ "id,name", 0, 0 },
		{ "id,price,vendor_name,category_name", 0, 0 },
		/* Names of categories are known in the process. */
		{ "breadcrumbs", 0, 0 },
		{ "images", 1, 1 },
		/* The store's variants come with their velocity. */
		{ "variants", 1, 2 },
		{ "options", 1, 2 },
		{ "variants,options", 1, 2 },
		{ "variants,options,images,breadcrumbs", 2, 3 },
	};
	const char *shops =
		arena_fmt(tc->arena, "/api/products/%s?fields=", text_of(id));
	const char *stores = arena_fmt(
		tc->arena, "/api/vendor/products/%s?fields=", text_of(id));
	/* The first look is counted, in a statement of its own. */
	(void)statements(arena_fmt(tc->arena, "%sslug", shops), NULL);
	int shop_row = statements(arena_fmt(tc->arena, "%sid", shops), NULL);
	int store_row = statements(arena_fmt(tc->arena, "%sid", stores), owner);

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *f = cases[i].fields;

		CHECK_INT(statements(arena_fmt(tc->arena, "%s%s", shops, f),
		                     NULL) -
		                  shop_row,
		          cases[i].shopper, f);
		CHECK_INT(statements(arena_fmt(tc->arena, "%s%s", stores, f),
		                     owner) -
		                  store_row,
		          cases[i].store, f);
	}
	CHECK_INT(statements(
			  arena_fmt(tc->arena, "/api/products/%s", text_of(id)),
			  NULL) -
	                  shop_row,
	          2, "all of it");
}

static void what_is_asked_for_is_there_and_nothing_else(void)
{
	const struct person *owner = an_owner();
	struct id id = a_live_product(owner, a_category("Pots", none), "Pot");
	const struct answered *a = request(
		"GET",
		arena_fmt(tc->arena,
	                  "/api/products/%s?fields=slug,options,description",
	                  text_of(id)),
		NULL);
	json_t *j = answered_json(a);

	CHECK_INT(json_object_size(j), 3, a->body);
	CHECK_TEXT(answered_text(a, "description"), "Made by hand.", "text");
	CHECK_TEXT(answered_text(a, "options.0.name"), "Colour", "option");
	a = request("GET",
	            arena_fmt(tc->arena, "/api/products/%s?fields=id,cost",
	                      text_of(id)),
	            NULL);
	CHECK_INT(a->status, 422, "an unknown name");
	CHECK_TEXT(answered_text(a, "errors.fields.0"),
	           "There is no field \"cost\"", "which");
}

/* Columns that may lie in pages of their own stay where they are. */
static void texts_are_read_when_asked_for(void)
{
	struct id id =
		a_live_product(an_owner(), a_category("Pots", none), "Pot");
	struct product with = { 0 }, without = { 0 };

	NEED_RC(products_db_visible(tc, id, NULL, true, &with), RC_OK, "with");
	NEED_RC(products_db_visible(tc, id, NULL, false, &without), RC_OK,
	        "without");
	CHECK_TEXT(with.description, "Made by hand.", "with");
	CHECK_TEXT(without.description, NULL, "without");
	CHECK_TEXT(without.name, "Pot", "the rest");
}

static const struct check_hooks hooks = { .start = people_start,
	                                  .stop = database_stop,
	                                  .after = people_after };

CHECK_MAIN_WITH("catalog_page", &hooks,
                TEST(fields_that_are_not_asked_for_are_not_loaded),
                TEST(what_is_asked_for_is_there_and_nothing_else),
                TEST(texts_are_read_when_asked_for))
