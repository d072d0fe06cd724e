/* Carts, what is called off or given back, and what buyers say. */
#include "config.h"

#include <string.h>

#include "tests/support/api_shop.h"
#include "tests/support/api_stack.h"

static const char why[] = "{\"reason\":\"No longer wanted\"}";

static void a_cart_is_filled_changed_and_emptied(void)
{
	struct joined one = api_customer();
	const char *variant = api_on_sale("vendor", "12.00", 9).variant;
	const struct api_answer *a =
		api_post("/api/cart/items",
	                 FMT("{\"variant_id\":\"%s\",\"quantity\":2}", variant),
	                 one.access);

	NEED_API(a, 200, "put in");
	CHECK_TEXT(at_text(a, "quote.items_total"), "24.00", "two");
	const char *line = FMT("/api/cart/items/%s", at_text(a, "items[0].id"));
	a = api_patch(line, "{\"quantity\":3}", one.access);
	CHECK_API(a, 200, "changed");
	CHECK_TEXT(at_text(a, "quote.items_total"), "36.00", "three");
	a = api_delete(line, one.access);
	CHECK_API(a, 200, "taken out");
	CHECK_INT(at_count(a, "items"), 0, "nothing");
	CHECK_API(api_delete("/api/cart", one.access), 204, "emptied");
}

static void an_unpaid_order_is_called_off_by_its_customer(void)
{
	struct joined one = api_customer();
	const char *variant = api_on_sale("vendor", "12.00", 9).variant;
	const struct api_answer *a =
		api_checkout(api_one_line(variant, 2), "new", one.access);

	NEED_API(a, 201, "checkout");
	a = api_post(FMT("/api/orders/%s/cancel", at_text(a, "id")), why,
	             one.access);
	CHECK_API(a, 200, "called off");
	CHECK_TEXT(at_text(a, "status"), "cancelled", "status");
}

/* Money moves once, whatever gets lost: with a key. */
static const struct api_answer *post_once(const char *path, const char *body,
                                          const char *token)
{
	return api_call(&(struct api_call){ .method = "POST",
	                                    .path = path,
	                                    .body = body,
	                                    .token = token,
	                                    .idempotency_key = "new" });
}

/* A paid order of two pieces at the vendor's, and its part's id. */
static const struct api_answer *sold(const struct joined *one,
                                     const char **part, const char **variant)
{
	*variant = api_on_sale("vendor", "50.00", 9).variant;
	const struct api_answer *a = api_paid_order(*variant, 2, one->access);

	*part = api_part_of(a, *variant, "id");
	NEED_TRUE(*part != NULL, "its part");
	return a;
}

static void ship(const char *part)
{
	NEED_API(api_post(FMT("/api/vendor/orders/%s/ship", part),
	                  "{\"carrier\":\"bus\",\"tracking_number\":\"1\"}",
	                  token_of("vendor")),
	         200, "ship");
}

static void a_store_calls_off_its_part_and_gives_money_back(void)
{
	struct joined one = api_customer();
	const char *part, *variant;

	sold(&one, &part, &variant);
	const struct api_answer *a =
		api_post(FMT("/api/vendor/orders/%s/cancel", part), why,
	                 token_of("vendor"));
	CHECK_API(a, 200, "called off");
	CHECK_TEXT(at_text(a, "status"), "cancelled", "status");
	const struct api_answer *order = sold(&one, &part, &variant);
	ship(part);
	a = post_once(FMT("/api/vendor/orders/%s/refund", part),
	              FMT("{\"lines\":[{\"item_id\":\"%s\",\"quantity\":1}],"
	                  "\"reason\":\"One was broken\"}",
	                  api_part_of(order, variant, "items[0].id")),
	              token_of("vendor"));
	CHECK_API(a, 200, "one piece given back");
	CHECK_TEXT(at_text(a, "refunded_total"), "50.00", "its price");
}

static void an_admin_may_do_the_same(void)
{
	struct joined one = api_customer();
	const char *part, *variant;
	const struct api_answer *order = sold(&one, &part, &variant);
	const char *path = FMT("/api/admin/orders/%s", at_text(order, "id"));

	CHECK_API(api_get(path, token_of("admin")), 200, "looks at it");
	ship(part);
	CHECK_API(
		post_once(FMT("%s/refund", path),
	                  FMT("{\"vendor_order_id\":\"%s\",\"lines\":[{"
	                      "\"item_id\":\"%s\",\"quantity\":1}],"
	                      "\"reason\":\"A kindness\"}",
	                      part, api_part_of(order, variant, "items[0].id")),
	                  token_of("admin")),
		200, "gives back");
	order = sold(&one, &part, &variant);
	CHECK_API(api_post(FMT("/api/admin/orders/%s/cancel",
	                       at_text(order, "id")),
	                   why, token_of("admin")),
	          200, "calls off");
}

static void a_courier_may_come_in_vain(void)
{
	struct joined one = api_customer();
	const char *part, *variant;
	const struct api_answer *order = sold(&one, &part, &variant);
	const char *number = api_part_of(order, variant, "number");

	NEED_API(api_post(FMT("/api/vendor/orders/%s/ship", part),
	                  "{\"method\":\"courier\"}", token_of("vendor")),
	         200, "ship");
	const struct api_answer *a =
		api_get("/api/delivery/assignments?status=open&page_size=100",
	                token_of("delivery"));
	int i = at_find(a, "results", "number", number);
	NEED_TRUE(i >= 0, "it waits for a courier");
	const char *job = FMT("/api/delivery/assignments/%s",
	                      at_text(a, FMT("results[%d].id", i)));
	NEED_API(api_post(FMT("%s/pick-up", job), NULL, token_of("delivery")),
	         200, "pick up");
	CHECK_API(api_post(FMT("%s/fail", job),
	                   "{\"note\":\"Nobody was at home\"}",
	                   token_of("delivery")),
	          204, "in vain");
}

static const struct api_answer *reviewed(const struct joined *one,
                                         const char *product)
{
	return api_post(
		"/api/reviews/",
		FMT("{\"product_id\":\"%s\",\"rating\":4,\"title\":\"Good\","
	            "\"text\":\"Fresh, and it came the next day.\"}",
	            product),
		one->access);
}

/* A paid order of n pieces that have come to the customer. */
static const struct api_answer *received(const struct joined *one, int n,
                                         struct on_sale *s, const char **part)
{
	*s = api_on_sale("vendor", "50.00", 9);
	const struct api_answer *order =
		api_paid_order(s->variant, n, one->access);

	*part = api_part_of(order, s->variant, "id");
	ship(*part);
	NEED_API(api_post(FMT("/api/vendor/orders/%s/deliver", *part),
	                  FMT("{\"code\":\"%s\"}",
	                      api_part_of(order, s->variant, "delivery_code")),
	                  token_of("vendor")),
	         200, "deliver");
	return order;
}

/* Of a product that the customer has bought and received. */
static const struct api_answer *review_of(const struct joined *one,
                                          const char **product)
{
	struct on_sale s;
	const char *part;

	received(one, 1, &s, &part);
	const struct api_answer *a = reviewed(one, s.product);
	NEED_API(a, 201, "a review");
	CHECK_TRUE(at_true(a, "verified_purchase"), "of a buyer");
	*product = s.product;
	return a;
}

static void give_back_one(const char *part, const char *item)
{
	NEED_API(post_once(FMT("/api/vendor/orders/%s/refund", part),
	                   FMT("{\"lines\":[{\"item_id\":\"%s\",\"quantity\":1"
	                       "}],\"reason\":\"Came back\"}",
	                       item),
	                   token_of("vendor")),
	         200, "given back");
}

static bool is_marked(const char *path)
{
	return at_true(api_get(path, NULL), "is_returned");
}

/* Something received, with its published review. */
struct kept {
	const char *part, *item, *path, *list;
};

static struct kept published_review(const struct joined *one, int n)
{
	struct on_sale s;
	struct kept k;
	const struct api_answer *order = received(one, n, &s, &k.part);

	k.item = api_part_of(order, s.variant, "items[0].id");
	const struct api_answer *a = reviewed(one, s.product);
	NEED_API(a, 201, "a review");
	k.path = FMT("/api/reviews/%s", at_text(a, "id"));
	k.list = FMT("/api/products/%s/reviews", s.product);
	NEED_API(
		api_post(FMT("/api/admin/reviews/%s/approve", at_text(a, "id")),
	                 NULL, token_of("admin")),
		200, "published");
	return k;
}

static void a_review_of_what_went_back_stays_and_says_so(void)
{
	struct joined one = api_customer();
	struct kept two = published_review(&one, 2);
	struct kept other = published_review(&one, 1);

	CHECK_TRUE(!at_true(api_get(two.list, NULL), "results[0].is_returned"),
	           "it is theirs");
	give_back_one(two.part, two.item);
	give_back_one(other.part, other.item);
	NEED_SOON(is_marked(other.path), "the later one was told of");
	CHECK_TRUE(!is_marked(two.path), "one of two was kept");
	give_back_one(two.part, two.item);
	CHECK_SOON(is_marked(two.path), "now both went back");
	const struct api_answer *a = api_get(two.list, NULL);
	CHECK_TRUE(at_true(a, "results[0].is_returned"), "in the list, too");
	CHECK_INT(at_int(a, "summary.count"), 1, "it counts as before");
}

static void a_review_is_published_answered_and_judged(void)
{
	struct joined one = api_customer();
	const char *product, *admin = token_of("admin");
	const struct api_answer *a = review_of(&one, &product);
	const char *path = FMT("/api/reviews/%s", at_text(a, "id"));
	const char *moderation = FMT("/api/admin/reviews/%s", at_text(a, "id"));

	a = api_patch(path, "{\"rating\":5}", one.access);
	CHECK_API(a, 200, "changed by its author");
	a = api_post(FMT("%s/approve", moderation), NULL, admin);
	CHECK_API(a, 200, "published");
	a = api_get(path, NULL);
	CHECK_API(a, 200, "everybody reads it");
	CHECK_INT(at_int(a, "rating"), 5, "as it is now");
	a = api_get(FMT("/api/products/%s/reviews", product), NULL);
	CHECK_API(a, 200, "beside its product");
	CHECK_INT(at_count(a, "results"), 1, "the only one");
	a = api_post(FMT("%s/response", path),
	             "{\"text\":\"Thank you, come again\"}",
	             token_of("vendor"));
	CHECK_API(a, 200, "the store answers");
	CHECK_API(api_post(FMT("%s/approve", moderation), NULL, admin), 200,
	          "which waits, too");
	a = api_post(FMT("%s/helpful", path), NULL, token_of("customer2"));
	CHECK_API(a, 200, "found helpful");
	CHECK_INT(at_int(a, "helpful_count"), 1, "by one");
	CHECK_API(api_post(FMT("%s/report", path),
	                   "{\"reason\":\"Is this so?\"}",
	                   token_of("customer2")),
	          204, "reported");
	a = api_post(FMT("%s/reject", moderation),
	             "{\"reason\":\"Names a person\"}", admin);
	CHECK_API(a, 200, "taken down");
	CHECK_API(api_get(path, NULL), 404, "for everybody");
	CHECK_API(api_delete(path, one.access), 204, "taken back");
}

CHECK_MAIN_WITH("after the sale", &api_hooks,
                TEST(a_cart_is_filled_changed_and_emptied),
                TEST(an_unpaid_order_is_called_off_by_its_customer),
                TEST(a_store_calls_off_its_part_and_gives_money_back),
                TEST(an_admin_may_do_the_same),
                TEST(a_courier_may_come_in_vain),
                TEST(a_review_is_published_answered_and_judged),
                TEST(a_review_of_what_went_back_stays_and_says_so))
