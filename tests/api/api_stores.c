/* Stores as their owners, shoppers and moderators meet them. */
#include "config.h"

#include <string.h>

#include "fcgi/base/buf.h"
#include "tests/support/api.h"
#include "tests/support/api_join.h"
#include "tests/support/api_stack.h"
#include "tests/support/pictures.h"

static const struct bytes_of no_extra = { "", 0 };

static const struct api_answer *my_store(void)
{
	const struct api_answer *a =
		api_get("/api/vendor/store", token_of("vendor2"));

	NEED_API(a, 200, "my store");
	return a;
}

static const struct api_answer *upload_logo(struct bytes_of file)
{
	return api_upload("/api/vendor/store/logo", "image", "logo.png",
	                  "image/png", file.p, file.n, NULL,
	                  token_of("vendor2"));
}

static const struct api_answer *logo_done(void)
{
	const struct api_answer *a = NULL;

	NEED_SOON((a = my_store(),
	           strcmp(at_text(a, "logo_status"), "processing") != 0),
	          "the logo is worked on");
	return a;
}

static void a_logo_is_shown_replaced_and_taken_down(void)
{
	const struct api_answer *a = my_store();
	const char *page = FMT("/api/vendors/%s", at_text(a, "slug"));

	CHECK_API(api_get(page, NULL), 200, "in the cache");
	a = upload_logo(
		a_png(300, 300, 4, a_chunk("tEXt", bytes_text("GPS 9.03"))));
	NEED_API(a, 202, "upload");
	CHECK_TEXT(at_text(a, "logo_status"), "processing", "not yet");
	a = logo_done();
	CHECK_TEXT(at_text(a, "logo_status"), "ready", "after a moment");
	const char *first = at_text(a, "logo_url");

	NEED_TRUE(first != NULL, "a link");
	/* The cache hears of it behind the commit. */
	NEED_SOON((a = api_get(page, NULL), at_text(a, "logo_url") != NULL),
	          "shoppers see it");
	CHECK_TEXT(at_text(a, "logo_url"), first, "the same");
	const struct api_answer *file = api_get(first, NULL);

	CHECK_API(file, 200, "the file");
	CHECK_TEXT(api_header(file, "Content-Type"), "image/jpeg", "type");
	CHECK_TRUE(!memmem(file->body, file->n, "GPS", 3), "no metadata");
	a = upload_logo(bytes_text("<svg onload=x>"));
	CHECK_PROBLEM(a, 415, "not_a_picture", "SVG");
	CHECK_TEXT(at_text(my_store(), "logo_url"), first, "the old one stays");
	NEED_API(upload_logo(a_png(200, 100, 3, no_extra)), 202, "another");
	a = logo_done();
	const char *second = at_text(a, "logo_url");

	NEED_TRUE(second != NULL, "a link");
	CHECK_TRUE(strcmp(first, second) != 0, "takes its place");
	CHECK_INT(peek_int("SELECT COUNT(*) FROM media_file WHERE remove_at IS"
	                   " NOT NULL AND LOCATE(SUBSTRING_INDEX(name, '-', 5),"
	                   " '%s') > 0",
	                   first) > 0,
	          1, "the old one's files go after a while");
	CHECK_API(api_delete("/api/vendor/store/logo", token_of("vendor2")),
	          204, "taken down");
	CHECK_TEXT(at_text(my_store(), "logo_status"), "none", "none");
	CHECK_TRUE(!at_text(api_get(page, NULL), "logo_url"),
	           "for shoppers at once, too");
}

static void only_the_owner_changes_the_logo(void)
{
	struct bytes_of file = a_png(99, 99, 3, no_extra);

	CHECK_PROBLEM(api_upload("/api/vendor/store/logo", "image", "l.png",
	                         "image/png", file.p, file.n, NULL,
	                         token_of("staff")),
	              403, "not_allowed", "staff");
	CHECK_PROBLEM(
		api_delete("/api/vendor/store/logo", token_of("customer")), 403,
		"not_allowed", "customer");
	CHECK_PROBLEM(api_upload("/api/vendor/store/logo", "picture", "l.png",
	                         "image/png", file.p, file.n, NULL,
	                         token_of("vendor2")),
	              422, NULL, "another field");
}

static void hours_and_holidays_are_told(void)
{
	const char *token = token_of("vendor2");
	const char *page = FMT("/api/vendors/%s", at_text(my_store(), "slug"));
	const struct api_answer *a = api_patch(
		"/api/vendor/store",
		"{\"opening_hours\":[{\"day\":\"mon\",\"opens\":\"08:30\","
		"\"closes\":\"12:00\"},{\"day\":\"mon\",\"opens\":\"13:30\","
		"\"closes\":\"24:00\"}]}",
		token);

	CHECK_API(a, 200, "two spans of a day");
	a = api_get(page, NULL);
	CHECK_TEXT(at_text(a, "opening_hours[1].closes"), "24:00", "told");
	CHECK_TRUE(at_true(a, "is_open"), "no holiday");
	CHECK_PROBLEM(
		api_patch("/api/vendor/store",
	                  "{\"opening_hours\":[{\"day\":\"moon\",\"opens\":"
	                  "\"08:30\",\"closes\":\"07:00\"}]}",
	                  token),
		422, NULL, "no such day");
	CHECK_PROBLEM(
		api_patch("/api/vendor/store",
	                  "{\"opening_hours\":[{\"day\":\"mon\",\"opens\":"
	                  "\"08:30\",\"closes\":\"07:00\"}]}",
	                  token),
		422, NULL, "it closes before it opens");
	CHECK_API(api_patch("/api/vendor/store",
	                    "{\"holiday_from\":\"2020-01-01T00:00:00Z\","
	                    "\"holiday_note\":\"Back soon\"}",
	                    token),
	          200, "a holiday without end");
	a = api_get(page, NULL);
	CHECK_TRUE(!at_true(a, "is_open"), "closed at once");
	CHECK_TEXT(at_text(a, "holiday_note"), "Back soon", "and why");
	CHECK_API(api_patch("/api/vendor/store",
	                    "{\"holiday_from\":null,\"holiday_note\":null,"
	                    "\"opening_hours\":[]}",
	                    token),
	          200, "over");
	CHECK_TRUE(at_true(api_get(page, NULL), "is_open"), "open again");
}

/* A product of the store that a shopper sees. */
static const struct api_answer *a_product(void)
{
	const struct api_answer *a =
		api_get("/api/vendor/products?status=approved&page_size=1",
	                token_of("vendor2"));
	const char *slug = at_text(a, "results[0].slug");

	NEED_TRUE(slug != NULL, "the store sells something");
	a = api_get(FMT("/api/products/%s", slug), NULL);
	NEED_API(a, 200, "shoppers see it");
	return a;
}

/* Whether the search for its words finds the product. */
static bool is_found(const struct api_answer *product)
{
	struct buf words;

	buf_init(&words, tc->arena, 100);
	buf_url(&words, at_text(product, "name"));
	const struct api_answer *a =
		api_get(FMT("/api/products?q=%s&page_size=100", words.s), NULL);

	CHECK_API(a, 200, "search");
	return at_find(a, "results", "id", at_text(product, "id")) >= 0;
}

static const struct api_answer *order_it(const char *line)
{
	return api_call(&(struct api_call){
		.method = "POST",
		.path = "/api/orders/checkout",
		.body = FMT("{\"items\":[%s],\"address\":{\"name\":\"A\","
	                    "\"phone\":\"+251911223344\",\"line1\":\"B 1\","
	                    "\"city\":\"Addis Ababa\"}}",
	                    line),
		.token = token_of("customer2"),
		.idempotency_key = "new" });
}

static void a_suspension_closes_listings_carts_and_search_at_once(void)
{
	const struct api_answer *store = my_store(), *product = a_product();
	const char *page = FMT("/api/vendors/%s", at_text(store, "slug"));
	const char *goods = FMT("/api/products/%s", at_text(product, "slug"));
	const char *path = FMT("/api/admin/vendors/%s", at_text(store, "id"));
	const char *customer = token_of("customer2");
	const char *line = FMT("{\"variant_id\":\"%s\",\"quantity\":1}",
	                       at_text(product, "variants[0].id"));
	const struct api_answer *a;

	CHECK_TRUE(is_found(product), "found");
	api_delete("/api/cart", customer);
	a = api_post("/api/cart/items", line, customer);
	NEED_TRUE(a->status / 100 == 2, "in the cart");
	CHECK_TRUE(at_true(a, "quote.can_order"), "may be ordered");
	NEED_API(api_post(FMT("%s/suspend", path), "{\"reason\":\"fakes\"}",
	                  token_of("moderator")),
	         200, "suspended");
	CHECK_API(api_get(page, NULL), 404, "the store");
	CHECK_API(api_get(goods, NULL), 404, "the page");
	CHECK_TRUE(!is_found(product), "the search");
	a = api_get("/api/cart", customer);
	CHECK_API(a, 200, "the cart");
	CHECK_TRUE(!at_true(a, "quote.can_order"), "cannot be ordered");
	CHECK_TRUE(order_it(line)->status >= 400, "nor at the till");
	NEED_API(api_post(FMT("%s/approve", path), "{}", token_of("moderator")),
	         200, "let in again");
	CHECK_API(api_get(page, NULL), 200, "back");
	CHECK_API(api_get(goods, NULL), 200, "with its goods");
	CHECK_TRUE(is_found(product), "to be found");
	a = api_get("/api/cart", customer);
	CHECK_TRUE(at_true(a, "quote.can_order"), "and ordered");
	api_delete("/api/cart", customer);
}

static void who_was_rejected_applies_again(void)
{
	const char *owner = api_join_vendor("again");
	const struct api_answer *a = api_get("/api/vendor/store", owner);
	const char *path =
		FMT("/api/admin/vendors/%s/reject", at_text(a, "id"));

	NEED_API(api_post(path, "{\"reason\":\"no license\"}",
	                  token_of("moderator")),
	         200, "rejected");
	a = api_post("/api/vendor/store/apply", NULL, owner);
	CHECK_API(a, 200, "applies again");
	CHECK_TEXT(at_text(a, "status"), "pending", "and waits");
}

static bool start(void)
{
	return api_start() && pictures_start();
}

static void stop(void)
{
	pictures_stop();
	api_stop();
}

static const struct check_hooks hooks = { .start = start, .stop = stop };

CHECK_MAIN_WITH("stores", &hooks, TEST(a_logo_is_shown_replaced_and_taken_down),
                TEST(only_the_owner_changes_the_logo),
                TEST(hours_and_holidays_are_told),
                TEST(who_was_rejected_applies_again),
                TEST(a_suspension_closes_listings_carts_and_search_at_once))
