/* What moderators and rules decide, and what becomes of it when things change
 * meanwhile, through the front door. */
#include "config.h"

#include <string.h>

#include "fcgi/base/buf.h"
#include "tests/support/api_shop.h"

static const struct api_answer *new_product(const char *category,
                                            const char *more)
{
	const struct api_answer *a = api_post(
		"/api/vendor/products",
		FMT("{\"name\":\"%s\",%s\"category_id\":\"%s\",\"variants\":[{"
	            "\"sku\":\"%s\",\"price\":\"20.00\",\"stock\":10}]}",
	            unique("Mat"), more, category, unique("S")),
		token_of("vendor"));

	NEED_API(a, 201, "a product");
	return a;
}

static const struct api_answer *moderate(const char *id, const char *verb,
                                         const char *body)
{
	return api_post(FMT("/api/admin/products/%s/%s", id, verb), body,
	                token_of("moderator"));
}

static const struct api_answer *a_live_product(const char *category)
{
	const struct api_answer *a = new_product(category, "");

	NEED_API(moderate(at_text(a, "id"), "approve", NULL), 200, "approved");
	return a;
}

static const struct api_answer *verb(const char *id, const char *what)
{
	return api_post(FMT("/api/vendor/products/%s/%s", id, what), NULL,
	                token_of("vendor"));
}

static const struct api_answer *change(const char *id, const char *body)
{
	return api_patch(FMT("/api/vendor/products/%s", id), body,
	                 token_of("vendor"));
}

static const struct api_answer *owned(const char *id)
{
	return api_get(FMT("/api/vendor/products/%s", id), token_of("vendor"));
}

static void edits_add_up_while_they_wait(void)
{
	const struct api_answer *a = a_live_product(api_category());
	const char *id = at_text(a, "id"), *name = at_text(a, "name");
	const char *next = unique("Rug");

	a = change(id, FMT("{\"name\":\"%s\"}", name));
	CHECK_API(a, 200, "nothing new");
	CHECK_TRUE(!at_true(a, "has_revision"), "waits for nobody");
	a = change(id, FMT("{\"name\":\"%s\"}", next));
	CHECK_TEXT(at_text(a, "revision.name"), next, "the store sees it");
	CHECK_TEXT(at_text(a, "revision.status"), "pending", "waiting");
	a = change(id, "{\"description\":\"Woven by hand.\"}");
	CHECK_TEXT(at_text(a, "revision.name"), next, "what came before");
	CHECK_TEXT(at_text(a, "revision.description"), "Woven by hand.",
	           "and after");
	CHECK_TEXT(at_text(a, "name"), name, "the old one sells");
	NEED_API(moderate(id, "approve", NULL), 200, "approved");
	a = api_get(FMT("/api/products/%s", id), NULL);
	CHECK_TEXT(at_text(a, "name"), next, "all of it");
	CHECK_TEXT(at_text(a, "description"), "Woven by hand.", "is there");
	CHECK_TRUE(!at_text(owned(id), "revision.name"), "none waits");
}

static void an_edit_is_taken_back_or_refused_with_a_reason(void)
{
	const struct api_answer *a = a_live_product(api_category());
	const char *id = at_text(a, "id"), *name = at_text(a, "name");

	change(id, "{\"description\":\"Best of all.\"}");
	a = change(id, "{\"description\":null}");
	CHECK_TRUE(!at_true(a, "has_revision"), "as it was: taken back");
	CHECK_API(moderate(id, "approve", NULL), 409, "nothing to decide");
	change(id, FMT("{\"name\":\"%s\"}", unique("Rug")));
	NEED_API(moderate(id, "reject",
	                  "{\"reason_code\":\"name\",\"reason\":\"Vague\"}"),
	         200, "refused");
	a = owned(id);
	CHECK_TEXT(at_text(a, "status"), "approved", "sells on");
	CHECK_TEXT(at_text(a, "name"), name, "as before");
	CHECK_TEXT(at_text(a, "revision.status"), "rejected", "the edit");
	CHECK_TEXT(at_text(a, "revision.reason_code"), "name", "why, in short");
	CHECK_TEXT(at_text(a, "revision.reason"), "Vague", "why");
}

static void an_edit_does_not_outlive_the_sale(void)
{
	const struct api_answer *a = a_live_product(api_category());
	const char *id = at_text(a, "id"), *newest = unique("Newest");

	change(id, FMT("{\"name\":\"%s\"}", unique("Older")));
	NEED_API(verb(id, "archive"), 200, "put away");
	a = verb(id, "restore");
	CHECK_TRUE(!at_true(a, "has_revision"), "nothing waits but itself");
	a = change(id, FMT("{\"name\":\"%s\"}", newest));
	CHECK_TEXT(at_text(a, "name"), newest, "it waits: changed at once");
	NEED_API(moderate(id, "approve", NULL), 200, "approved");
	CHECK_API(moderate(id, "approve", NULL), 409, "once");
	CHECK_TEXT(at_text(owned(id), "name"), newest, "the newest stays");
}

static const char *new_category(void)
{
	const struct api_answer *a = api_post(
		"/api/admin/categories",
		FMT("{\"name\":\"%s\"}", unique("Shelf")), token_of("admin"));

	NEED_API(a, 201, "a category");
	return at_text(a, "id");
}

static void a_waiting_edit_keeps_its_category(void)
{
	const char *id = at_text(a_live_product(api_category()), "id");
	const char *gone = new_category(), *other = new_category();
	const char *path = FMT("/api/admin/categories/%s", gone);

	NEED_API(change(id, FMT("{\"category_id\":\"%s\"}", gone)), 200,
	         "edit");
	CHECK_PROBLEM(api_delete(path, token_of("admin")), 409, "has_products",
	              "it is to go there");
	CHECK_API(api_delete(FMT("%s?reassign_to=%s", path, other),
	                     token_of("admin")),
	          204, "elsewhere, then");
	NEED_API(moderate(id, "approve", NULL), 200, "approved");
	CHECK_TEXT(at_text(owned(id), "category_id"), other, "there");
}

static void what_was_on_sale_is_never_deleted(void)
{
	const char *id = at_text(a_live_product(api_category()), "id");
	const char *path = FMT("/api/vendor/products/%s", id);

	NEED_API(verb(id, "archive"), 200, "put away");
	NEED_API(verb(id, "restore"), 200, "handed in again");
	CHECK_PROBLEM(api_delete(path, token_of("vendor")), 409,
	              "archive_instead", "while it waits");
	NEED_API(moderate(id, "reject",
	                  "{\"reason_code\":\"name\",\"reason\":\"Vague\"}"),
	         200, "refused");
	CHECK_PROBLEM(api_delete(path, token_of("vendor")), 409,
	              "archive_instead", "and after");
}

static const struct api_answer *approve_seen(const char *id, const char *tag)
{
	const char *const headers[] = { FMT("If-Match: %s", tag), NULL };

	return api_call(&(struct api_call){
		.method = "POST",
		.path = FMT("/api/admin/products/%s/approve", id),
		.token = token_of("moderator"),
		.headers = headers });
}

static const char *tag_of(const char *id)
{
	return api_header(api_get(FMT("/api/admin/products/%s", id),
	                          token_of("moderator")),
	                  "ETag");
}

/* What was looked at is what is decided on. */
static void nothing_unseen_is_approved(void)
{
	const char *id = at_text(new_product(api_category(), ""), "id");
	const char *seen = tag_of(id);

	change(id, "{\"description\":\"Something else\"}");
	CHECK_API(approve_seen(id, seen), 412, "changed since");
	CHECK_API(approve_seen(id, tag_of(id)), 200, "as it is");
	change(id, FMT("{\"name\":\"%s\"}", unique("One")));
	seen = tag_of(id);
	change(id, FMT("{\"name\":\"%s\"}", unique("Other")));
	CHECK_API(approve_seen(id, seen), 412, "another edit waits");
	CHECK_API(approve_seen(id, tag_of(id)), 200, "that one");
}

/* A word that nobody else's product has. */
static const char *screened(const char *verdict)
{
	const char *id = unique("");
	const char *word = FMT("bane%.12s", id + strlen(id) - 12);
	const struct api_answer *a = api_post(
		"/api/admin/screening/words",
		FMT("{\"word\":\"%s\",\"verdict\":\"%s\"}", word, verdict),
		token_of("moderator"));

	NEED_API(a, 201, "a word");
	return word;
}

static void moderators_keep_the_words(void)
{
	const char *word = screened("hold");
	const char *path = "/api/admin/screening/words";
	const struct api_answer *a =
		api_get(FMT("%s?page_size=100", path), token_of("moderator"));

	CHECK_API(a, 200, "all of them");
	int at = at_find(a, "results", "word", word);
	NEED_TRUE(at >= 0, "it is there");
	CHECK_TEXT(at_text(a, FMT("results[%d].verdict", at)), "hold", "so");
	CHECK_HAS(new_product(api_category(),
	                      FMT("\"description\":\"A %s one\",", word))
	                  ->body,
	          "suspect_word", "looked at");
	CHECK_API(
		api_post(path,
	                 FMT("{\"word\":\"%s\",\"verdict\":\"reject\"}", word),
	                 token_of("moderator")),
		201, "another verdict");
	CHECK_TEXT(at_text(new_product(api_category(),
	                               FMT("\"brand\":\"%s\",", word)),
	                   "status"),
	           "rejected", "refused");
	CHECK_API(api_delete(FMT("%s?word=%s", path, word),
	                     token_of("moderator")),
	          204, "forgotten");
	CHECK_API(api_delete(FMT("%s?word=%s", path, word),
	                     token_of("moderator")),
	          404, "once");
	CHECK_TEXT(at_text(new_product(api_category(),
	                               FMT("\"brand\":\"%s\",", word)),
	                   "status"),
	           "pending", "fine again");
	CHECK_API(api_post(path,
	                   "{\"word\":\"two words\",\"verdict\":\"hold\"}",
	                   token_of("moderator")),
	          422, "one at a time");
	CHECK_API(api_get(path, token_of("vendor")), 403, "not for stores");
}

static void no_place_hides_a_banned_word(void)
{
	const char *word = screened("reject");
	const char *id = at_text(new_product(api_category(), ""), "id");
	struct buf b;

	const struct api_answer *a =
		change(id, FMT("{\"description\":\"Now with %s\"}", word));
	CHECK_API(a, 200, "an edit of what waits");
	CHECK_TEXT(at_text(a, "status"), "rejected", "is screened");
	CHECK_TEXT(at_text(a, "screening[0].rule"), "banned_word", "by rule");
	buf_init(&b, tc->arena, 8192);
	buf_puts(&b, "\"description\":\"");
	for (int i = 0; i < 600; i++)
		buf_fmt(&b, "word%d ", i);
	buf_fmt(&b, "%s\",", word);
	CHECK_TEXT(at_text(new_product(api_category(), b.s), "status"),
	           "rejected", "behind many others");
	a = api_post("/api/variants",
	             FMT("{\"product_id\":\"%s\",\"sku\":\"%s\","
	                 "\"price\":\"5.00\",\"options\":{\"Kind\":\"%s\"}}",
	                 id, unique("S"), word),
	             token_of("vendor"));
	CHECK_PROBLEM(a, 409, "screening", "in an option");
	a = owned(id);
	CHECK_PROBLEM(
		api_patch(FMT("/api/variants/%s", at_text(a, "variants[0].id")),
	                  FMT("{\"name\":\"%s\"}", word), token_of("vendor")),
		409, "screening", "in a variant's name");
	id = at_text(a_live_product(api_category()), "id");
	CHECK_PROBLEM(change(id, FMT("{\"brand\":\"%s\"}", word)), 409,
	              "screening", "in an edit of what sells");
}

static void options_and_attributes_have_one_name_once(void)
{
	static const struct {
		const char *attribute, *path;
	} bad[] = {
		{ "{\"name\":\"SIZE\",\"type\":\"text\"}",
		  "attributes[1].name" },
		{ "{\"name\":\"Fit\",\"type\":\"choice\"}",
		  "attributes[1].choices" },
		{ "{\"name\":\"Fit\",\"type\":\"choice\",\"choices\":[]}",
		  "attributes[1].choices" },
		{ "{\"name\":\"Fit\",\"type\":\"choice\",\"choices\":\"S\"}",
		  "attributes[1].choices" },
		{ "{\"name\":\"Fit\",\"type\":\"choice\",\"choices\":[1]}",
		  "attributes[1].choices" },
		{ "{\"name\":\"Fit\",\"type\":\"choice\",\"choices\":[\"S\","
		  "\"S\"]}",
		  "attributes[1].choices" },
		{ "{\"name\":\"Fit\",\"type\":\"text\",\"choices\":[\"S\"]}",
		  "attributes[1].choices" },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		const struct api_answer *a = api_post(
			"/api/admin/categories",
			FMT("{\"name\":\"%s\",\"attributes\":[{\"name\":"
		            "\"Size\",\"type\":\"text\"},%s]}",
		            unique("Wear"), bad[i].attribute),
			token_of("admin"));

		CHECK_API(a, 422, bad[i].attribute);
		CHECK_HAS(a->body, bad[i].path, bad[i].attribute);
	}
	const struct api_answer *a = api_post(
		"/api/vendor/products",
		FMT("{\"name\":\"%s\",\"category_id\":\"%s\",\"variants\":[{"
	            "\"sku\":\"%s\",\"price\":\"1.00\",\"options\":"
	            "{\"Colour\":\"Red\",\"colour\":\"Blue\"}}]}",
	            unique("Mat"), api_category(), unique("S")),
		token_of("vendor"));
	CHECK_API(a, 422, "which colour?");
	CHECK_HAS(a->body, "variants[0].options", "where");
}

/* Approved or not: a store that may not sell shows nothing. */
static void what_a_closed_store_has_approved_stays_hidden(void)
{
	struct joined v = api_vendor();
	const struct api_answer *a = api_get("/api/vendor/store", v.access);
	const char *store = FMT("/api/admin/vendors/%s", at_text(a, "id"));

	NEED_API(api_post(FMT("%s/approve", store), NULL, token_of("admin")),
	         200, "admitted");
	v = api_signed_in(v.email);
	a = api_post("/api/vendor/products",
	             FMT("{\"name\":\"%s\",\"category_id\":\"%s\","
	                 "\"variants\":[{\"sku\":\"c\",\"price\":\"1.00\"}]}",
	                 unique("Mat"), api_category()),
	             v.access);
	NEED_API(a, 201, "a product");
	const char *id = at_text(a, "id"), *page = FMT("/api/products/%s", id);
	NEED_API(api_post(FMT("%s/suspend", store),
	                  "{\"reason\":\"Looked at\"}", token_of("admin")),
	         200, "suspended");
	NEED_API(moderate(id, "approve", NULL), 200, "approved all the same");
	CHECK_API(api_get(page, NULL), 404, "nobody sees it");
	NEED_API(api_post(FMT("%s/approve", store), NULL, token_of("admin")),
	         200, "admitted again");
	CHECK_API(api_get(page, NULL), 200, "now they do");
}

CHECK_MAIN_WITH("moderation", &api_hooks, TEST(edits_add_up_while_they_wait),
                TEST(an_edit_is_taken_back_or_refused_with_a_reason),
                TEST(an_edit_does_not_outlive_the_sale),
                TEST(a_waiting_edit_keeps_its_category),
                TEST(what_was_on_sale_is_never_deleted),
                TEST(nothing_unseen_is_approved),
                TEST(moderators_keep_the_words),
                TEST(no_place_hides_a_banned_word),
                TEST(options_and_attributes_have_one_name_once),
                TEST(what_a_closed_store_has_approved_stays_hidden))
