/* Reviews through dispatch: who may write them, and what they do to ratings. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "db/sql.h"
#include "handlers/reviews/reviews.h"
#include "tests/support/goods.h"

static const struct id none;

static const char *path_of(const char *fmt, const char *id)
{
	const char *star = strchr(fmt, '*');

	return arena_fmt(tc->arena, "%.*s%s%s", (int)(star - fmt), fmt, id,
	                 star + 1);
}

/* A delivered order of one line, as the books have it. */
static void delivered(const struct person *buyer, const struct person *owner,
                      struct id product)
{
	struct id order = id_new(), part = id_new();
	const char *number =
		arena_fmt(tc->arena, "T%.8s", text_of(id_new()) + 28);
	enum rc rc = sql_run(
		tc,
		"INSERT INTO orders (id, number, customer_id, status,"
		"  currency, items_total, discount_total, shipping_total,"
		"  tax_total, total, address, expires_at, created_at,"
		"  updated_at)"
		" VALUES (?, ?, ?, 'delivered', 'ETB', 100, 0, 0, 0, 100,"
		"  '{}', ?, ?, ?)",
		A(order), A(number), A(buyer->id), A(tc->now), A(tc->now),
		A(tc->now));

	if (!rc)
		rc = sql_run(
			tc,
			"INSERT INTO vendor_order (id, order_id, vendor_id,"
			"  customer_id, number, status, currency,"
			"  items_total, discount_total, shipping_total,"
			"  tax_total, total, commission_total, created_at,"
			"  updated_at)"
			" VALUES (?, ?, ?, ?, ?, 'delivered', 'ETB', 100, 0,"
			"  0, 0, 100, 10, ?, ?)",
			A(part), A(order), A(owner->vendor), A(buyer->id),
			A(number), A(tc->now), A(tc->now));
	if (!rc)
		rc = sql_run(
			tc,
			"INSERT INTO order_item (id, order_id,"
			"  vendor_order_id, vendor_id, customer_id,"
			"  product_id, variant_id, line, sku, product_name,"
			"  product_slug, unit_price, quantity, line_total,"
			"  discount, tax, tax_bp, commission, commission_bp)"
			" VALUES (?, ?, ?, ?, ?, ?, ?, 1, 'S', 'P', 'p', 100,"
			"  1, 100, 0, 0, 0, 10, 1000)",
			A(id_new()), A(order), A(part), A(owner->vendor),
			A(buyer->id), A(product), A(variant_of(product, 0)));
	NEED_RC(rc, RC_OK, "an order");
}

/* What most tests begin with. */
static struct {
	const struct person *owner, *buyer, *admin;
	struct id product;
} shop;

static void open_shop(void)
{
	shop.owner = an_owner();
	shop.buyer = a_customer();
	shop.admin = an_admin(MAY_ADMIN_REVIEWS);
	shop.product =
		a_live_product(shop.owner, a_category("Coffee", none), "Beans");
	delivered(shop.buyer, shop.owner, shop.product);
}

static const struct answered *write_one(const struct person *by, int rating)
{
	return request("POST", "/api/reviews/",
	               arena_fmt(tc->arena,
	                         "{\"product_id\":\"%s\",\"rating\":%d,"
	                         "\"title\":\"Good\",\"text\":\"Fresh\"}",
	                         text_of(shop.product), rating),
	               by->bearer);
}

static const struct answered *decide(const char *id, const char *what,
                                     const char *body)
{
	return request(
		"POST",
		arena_fmt(tc->arena, "/api/admin/reviews/%s/%s", id, what),
		body, shop.admin->bearer);
}

static const struct answered *of_product(void)
{
	return request(
		"GET",
		path_of("/api/products/*/reviews", text_of(shop.product)),
		NULL);
}

static void a_review_counts_once_it_is_published(void)
{
	open_shop();
	const struct answered *a = write_one(shop.buyer, 4);
	NEED_INT(a->status, 201, a->body);
	const char *id = answered_text(a, "id");

	CHECK_TEXT(answered_text(a, "status"), "pending", "waits");
	CHECK_TEXT(answered_text(a, "verified_purchase"), "true", "bought");
	CHECK_TEXT(answered_text(of_product(), "count"), "0", "not yet out");
	CHECK_TEXT(answered_text(of_product(), "summary.count"), "0",
	           "not yet counted");
	CHECK_INT(request("GET", path_of("/api/reviews/*", id), NULL)->status,
	          404, "not yet for others");
	CHECK_INT(n_told("review.written"), 1, "the store is told");

	a = decide(id, "approve", NULL);
	NEED_INT(a->status, 200, a->body);
	a = of_product();
	CHECK_TEXT(answered_text(a, "count"), "1", "out");
	CHECK_TEXT(answered_text(a, "summary.average"), "4", "average");
	CHECK_TEXT(answered_text(a, "summary.stars_4"), "1", "histogram");
	CHECK_TEXT(answered_text(a, "results.0.title"), "Good", "title");
	CHECK_LACKS(a->body, "customer_id", "nobody is named by id");
	CHECK_INT(request("GET", path_of("/api/reviews/*", id), NULL)->status,
	          200, "for others");
	CHECK_INT(n_told("review.published"), 1, "the author is told");
	CHECK_INT(db_number("SELECT COUNT(*) FROM audit"
	                    " WHERE what = 'review.approved'"),
	          1, "audit");

	a = decide(id, "reject", "{\"reason\":\"Not about it\"}");
	NEED_INT(a->status, 200, a->body);
	CHECK_TEXT(answered_text(a, "status"), "hidden", "hidden");
	CHECK_TEXT(answered_text(of_product(), "summary.count"), "0",
	           "no longer counted");
	CHECK_INT(decide(id, "reject", "{\"reason\":\"Twice\"}")->status, 409,
	          "not twice");
}

static void only_those_who_received_it_may_review(void)
{
	open_shop();
	const struct person *other = a_customer();

	const struct answered *a = write_one(other, 5);
	CHECK_INT(a->status, 403, "not bought");
	CHECK_TEXT(answered_text(a, "code"), "not_bought", "code");
	CHECK_INT(write_one(shop.buyer, 5)->status, 201, "bought");
	a = write_one(shop.buyer, 1);
	CHECK_INT(a->status, 409, "once");
	CHECK_TEXT(answered_text(a, "code"), "already_reviewed", "code");
	CHECK_INT(write_one(shop.owner, 5)->status, 403, "not the store");
	CHECK_INT(request("POST", "/api/reviews/", "{}")->status, 401,
	          "not nobody");
}

static void ratings_and_texts_have_bounds(void)
{
	open_shop();
	CHECK_INT(write_one(shop.buyer, 0)->status, 422, "none");
	CHECK_INT(write_one(shop.buyer, 6)->status, 422, "six");
	CHECK_INT(request("POST", "/api/reviews/",
	                  "{\"product_id\":\"nothing\",\"rating\":3}",
	                  shop.buyer->bearer)
	                  ->status,
	          404, "an unknown product");
	CHECK_INT(request("POST", "/api/reviews/",
	                  arena_fmt(tc->arena,
	                            "{\"product_id\":\"%s\",\"rating\":3,"
	                            "\"status\":\"published\"}",
	                            text_of(shop.product)),
	                  shop.buyer->bearer)
	                  ->status,
	          422, "the status is not theirs to set");
}

static void an_edit_is_looked_at_again(void)
{
	open_shop();
	const char *id = answered_text(write_one(shop.buyer, 2), "id");
	NEED_INT(decide(id, "approve", NULL)->status, 200, "approved");
	const struct answered *a =
		request("PATCH", path_of("/api/reviews/*", id),
	                "{\"rating\":5}", shop.buyer->bearer);

	NEED_INT(a->status, 200, a->body);
	CHECK_TEXT(answered_text(a, "status"), "pending", "waits again");
	CHECK_TEXT(answered_text(a, "text"), "Fresh", "the rest stays");
	CHECK_TEXT(answered_text(of_product(), "summary.count"), "0",
	           "does not count meanwhile");
	CHECK_INT(db_number("SELECT rating FROM review_edit"), 2,
	          "what it was is kept");
	NEED_INT(decide(id, "approve", NULL)->status, 200, "approved again");
	CHECK_TEXT(answered_text(of_product(), "summary.average"), "5",
	           "the new rating");
	CHECK_INT(request("PATCH", path_of("/api/reviews/*", id),
	                  "{\"rating\":1}", shop.buyer->bearer,
	                  "If-Match: \"1\"")
	                  ->status,
	          412, "of another version");
	CHECK_INT(request("PATCH", path_of("/api/reviews/*", id),
	                  "{\"rating\":1}", a_customer()->bearer)
	                  ->status,
	          404, "somebody else's");
	CHECK_INT(request("DELETE", path_of("/api/reviews/*", id), NULL,
	                  a_customer()->bearer)
	                  ->status,
	          404, "somebody else's");
	CHECK_INT(request("DELETE", path_of("/api/reviews/*", id), NULL,
	                  shop.buyer->bearer)
	                  ->status,
	          204, "mine");
	CHECK_TEXT(answered_text(of_product(), "summary.count"), "0",
	           "gone with its rating");
}

static void the_store_answers_and_a_moderator_looks(void)
{
	open_shop();
	const char *id = answered_text(write_one(shop.buyer, 3), "id");
	const char *path = path_of("/api/reviews/*/response", id);
	const char *text = "{\"text\":\"Thank you\"}";

	CHECK_INT(request("POST", path, text, shop.owner->bearer)->status, 404,
	          "not before it is out");
	NEED_INT(decide(id, "approve", NULL)->status, 200, "approved");
	CHECK_INT(request("POST", path, text, an_owner()->bearer)->status, 404,
	          "not another store");
	CHECK_INT(request("POST", path, text,
	                  a_staff(shop.owner, MAY_STAFF_ORDERS)->bearer)
	                  ->status,
	          403, "not without the right");
	CHECK_INT(request("POST", path, text,
	                  a_staff(shop.owner, MAY_STAFF_REVIEWS)->bearer)
	                  ->status,
	          200, "staff with the right");
	CHECK_TEXT(answered_text(of_product(), "results.0.response"), NULL,
	           "waits");
	CHECK_TEXT(answered_text(request("GET",
	                                 "/api/admin/reviews?status=response",
	                                 NULL, shop.admin->bearer),
	                         "results.0.response"),
	           "Thank you", "in the queue");
	NEED_INT(decide(id, "approve", NULL)->status, 200, "answer approved");
	CHECK_TEXT(answered_text(of_product(), "results.0.response"),
	           "Thank you", "out");
	tc->now.us += INT64_C(49) * 3600 * 1000000;
	CHECK_INT(request("POST", path, text, a_bearer(shop.owner->id))->status,
	          409, "not after two days");
}

static void helpful_counts_each_person_once(void)
{
	open_shop();
	const char *id = answered_text(write_one(shop.buyer, 3), "id");
	const char *path = path_of("/api/reviews/*/helpful", id);
	const struct person *other = a_customer();

	CHECK_INT(request("POST", path, NULL, other->bearer)->status, 404,
	          "not before it is out");
	NEED_INT(decide(id, "approve", NULL)->status, 200, "approved");
	for (int i = 0; i < 2; i++)
		CHECK_TEXT(answered_text(
				   request("POST", path, NULL, other->bearer),
				   "helpful_count"),
		           "1", "once");
	CHECK_INT(request("POST", path, NULL, shop.buyer->bearer)->status, 409,
	          "not one's own");
	CHECK_INT(request("POST", path_of("/api/reviews/*/report", id),
	                  "{\"reason\":\"Rude\"}", other->bearer)
	                  ->status,
	          204, "reported");
	CHECK_TEXT(
		answered_text(request("GET", "/api/admin/reviews?reported=true",
	                              NULL, shop.admin->bearer),
	                      "results.0.report_count"),
		"1", "moderators see it");
}

static void lists_are_filtered_and_ordered(void)
{
	open_shop();
	const struct person *second = a_customer();

	delivered(second, shop.owner, shop.product);
	const char *one = answered_text(write_one(shop.buyer, 2), "id");
	const char *two = answered_text(write_one(second, 5), "id");
	decide(one, "approve", NULL);
	decide(two, "approve", NULL);
	static const struct {
		const char *query, *count, *first_rating;
	} cases[] = {
		{ "?ordering=rating", "2", "2" },
		{ "?ordering=-rating", "2", "5" },
		{ "?rating=2", "1", "2" },
		{ "?rating=4", "0", NULL },
		{ "?verified=true&ordering=rating", "2", "2" },
		{ "?verified=false", "0", NULL },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct answered *a = request(
			"GET",
			arena_fmt(tc->arena, "/api/reviews%s", cases[i].query),
			NULL);

		CHECK_TEXT(answered_text(a, "count"), cases[i].count,
		           cases[i].query);
		CHECK_TEXT(answered_text(a, "results.0.rating"),
		           cases[i].first_rating, cases[i].query);
	}
	CHECK_TEXT(answered_text(of_product(), "summary.average"), "3.5",
	           "average");
	CHECK_INT(request("GET", "/api/reviews?product=nonsense", NULL)->status,
	          422, "a bad id");
}

/* Whatever happens to reviews, sum, count and histogram say what a recount
 * says. */
static void sums_equal_a_recount_after_any_story(void)
{
	enum { PEOPLE = 4, STEPS = 1000 };
	static const char sums[] =
		"SELECT rating_sum * 1000 + rating_count FROM product";
	static const char stars[] =
		"SELECT COALESCE(SUM(stars_1 + 10 * stars_2 + 100 * stars_3 +"
		" 1000 * stars_4 + 10000 * stars_5), 0) FROM product_rating";
	const struct person *people[PEOPLE];
	const char *ids[PEOPLE] = { NULL };
	unsigned seed = 20261122;

	open_shop();
	for (int i = 0; i < PEOPLE; i++) {
		people[i] = a_customer();
		delivered(people[i], shop.owner, shop.product);
	}
	for (int i = 0; i < STEPS; i++) {
		int who = rand_r(&seed) % PEOPLE;
		int rating = 1 + rand_r(&seed) % 5;
		int what = rand_r(&seed) % 5;

		if (!ids[who]) {
			ids[who] = answered_text(write_one(people[who], rating),
			                         "id");
		} else if (what == 0) {
			request("DELETE", path_of("/api/reviews/*", ids[who]),
			        NULL, people[who]->bearer);
			ids[who] = NULL;
		} else if (what == 1) {
			request("PATCH", path_of("/api/reviews/*", ids[who]),
			        arena_fmt(tc->arena, "{\"rating\":%d}", rating),
			        people[who]->bearer);
		} else if (what == 2) {
			decide(ids[who], "reject", "{\"reason\":\"Story\"}");
		} else {
			decide(ids[who], "approve", NULL);
		}
	}
	int64_t kept = db_number(sums), kept_stars = db_number(stars);
	NEED_RC(reviews_rebuild(tc), RC_OK, "recount");
	CHECK_INT(kept, db_number(sums), "sum and count");
	CHECK_INT(kept_stars, db_number(stars), "histogram");
}

static const struct check_hooks hooks = {
	.start = people_start,
	.stop = database_stop,
	.after = people_after,
};

CHECK_MAIN_WITH("reviews", &hooks, TEST(a_review_counts_once_it_is_published),
                TEST(only_those_who_received_it_may_review),
                TEST(ratings_and_texts_have_bounds),
                TEST(an_edit_is_looked_at_again),
                TEST(the_store_answers_and_a_moderator_looks),
                TEST(helpful_counts_each_person_once),
                TEST(lists_are_filtered_and_ordered),
                TEST(sums_equal_a_recount_after_any_story))
