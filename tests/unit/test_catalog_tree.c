/* The category tree and the stock under many hands, and what caches show after
 * each write. */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "db/cache.h"
#include "db/sql.h"
#include "handlers/catalog/catalog.h"
#include "handlers/catalog/catalog_rules.h"
#include "tests/support/goods.h"

static const struct id none;

static const char *path_of(const char *fmt, struct id id)
{
	const char *star = strchr(fmt, '*');

	return arena_fmt(tc->arena, "%.*s%s%s", (int)(star - fmt), fmt,
	                 text_of(id), star + 1);
}

static int64_t faults(void)
{
	int64_t n = -1;

	NEED_RC(catalog_categories_verify(tc, &n), RC_OK, "verify");
	return n;
}

static const struct answered *move(const struct person *admin, struct id id,
                                   struct id parent, struct id before)
{
	const char *p = id_is_none(parent) ? "null"
	                                   : arena_fmt(tc->arena, "\"%s\"",
	                                               text_of(parent));
	const char *b = id_is_none(before) ? "null"
	                                   : arena_fmt(tc->arena, "\"%s\"",
	                                               text_of(before));

	return request("POST", path_of("/api/admin/categories/*/move", id),
	               arena_fmt(tc->arena,
	                         "{\"parent_id\":%s,\"before_id\":%s}", p, b),
	               admin->bearer);
}

static void the_tree_is_moved_cut_and_counted(void)
{
	const struct person *admin = an_admin(MAY_ADMIN_CATEGORIES);
	struct id home = a_category("Home", none);
	struct id food = a_category("Food", none);
	struct id drinks = a_category("Drinks", food);
	struct id coffee = a_category("Coffee", drinks);
	struct id tea = a_category("Tea", drinks);
	const struct answered *a;

	a_live_product(an_owner(), coffee, "Beans");
	CHECK_INT(faults(), 0, "as made");
	a = request("GET", "/api/categories/coffee", NULL);
	CHECK_TEXT(answered_text(a, "breadcrumbs.1.slug"), "drinks", "crumbs");
	CHECK_TEXT(answered_text(a, "depth"), "2", "depth");
	CHECK_INT(move(admin, drinks, home, none)->status, 200, "to the left");
	CHECK_INT(faults(), 0, "moved");
	a = request("GET", "/api/categories", NULL);
	CHECK_TEXT(answered_text(a, "results.0.slug"), "home", "first");
	CHECK_TEXT(answered_text(a, "results.0.n_products"), "1", "its count");
	CHECK_TEXT(answered_text(a, "results.1.n_products"), "0", "no more");
	CHECK_TEXT(answered_text(a, "results.0.children.0.children.0.slug"),
	           "coffee", "with all below");
	CHECK_TEXT(answered_text(request("GET", "/api/categories/home/products",
	                                 NULL),
	                         "count"),
	           "1", "its products follow");
	CHECK_INT(move(admin, home, tea, none)->status, 409, "below itself");
	CHECK_INT(move(admin, tea, drinks, coffee)->status, 200, "before");
	CHECK_INT(move(admin, coffee, none, food)->status, 200, "to a root");
	CHECK_INT(move(admin, coffee, none, none)->status, 200, "to the end");
	CHECK_INT(move(admin, coffee, none, none)->status, 200, "stays");
	CHECK_INT(move(admin, tea, food, coffee)->status, 422, "not there");
	CHECK_INT(faults(), 0, "after all");
	a = request("DELETE", path_of("/api/admin/categories/*", coffee), NULL,
	            admin->bearer);
	CHECK_INT(a->status, 409, "it has products");
	a = request("DELETE",
	            arena_fmt(tc->arena, "%s?reassign_to=%s",
	                      path_of("/api/admin/categories/*", coffee),
	                      text_of(food)),
	            NULL, admin->bearer);
	CHECK_INT(a->status, 204, a->body);
	a = request("DELETE", path_of("/api/admin/categories/*", drinks), NULL,
	            admin->bearer);
	CHECK_INT(a->status, 204, "tea moves up");
	CHECK_INT(faults(), 0, "after deletes");
	CHECK_TEXT(answered_text(request("GET", "/api/categories/tea", NULL),
	                         "breadcrumbs.0.slug"),
	           "home", "tea");
	CHECK_TEXT(answered_text(request("GET", "/api/categories/food", NULL),
	                         "n_products"),
	           "1", "the product is there");
}

static void verifying_sees_a_broken_tree(void)
{
	a_category("Coffee", a_category("Food", none));
	NEED_RC(sql_run(tc,
	                "UPDATE category SET depth = 5 WHERE slug = 'coffee'"),
	        RC_OK, "depth");
	CHECK_INT(faults(), 1, "depth");
	NEED_RC(sql_run(tc, "UPDATE category SET depth = 1, rgt = 9"
	                    " WHERE slug = 'coffee'"),
	        RC_OK, "rgt");
	CHECK_TRUE(faults() > 0, "numbers");
	NEED_RC(sql_run(tc,
	                "UPDATE category SET rgt = 3 WHERE slug = 'coffee'"),
	        RC_OK, "as it was");
	NEED_RC(sql_run(tc, "INSERT INTO category_count SELECT id, 7"
	                    " FROM category WHERE slug = 'food'"),
	        RC_OK, "count");
	CHECK_INT(faults(), 1, "a wrong count");
}

static void categories_are_refused_with_reasons(void)
{
	const struct person *admin = an_admin(MAY_ADMIN_CATEGORIES);
	const struct answered *a;

	a_category("Coffee", none);
	a = request("POST", "/api/admin/categories", "{\"name\":\"COFFEE\"}",
	            admin->bearer);
	CHECK_INT(a->status, 409, "slug taken");
	a = request("POST", "/api/admin/categories",
	            "{\"name\":\"x\",\"commission_bp\":10001,\"colour\":1}",
	            admin->bearer);
	CHECK_INT(a->status, 422, a->body);
	CHECK_HAS(a->body, "commission_bp", "bounds");
	CHECK_HAS(a->body, "colour", "unknown");
	CHECK_INT(request("POST", "/api/admin/categories", "{\"name\":\"x\"}",
	                  an_admin(MAY_ADMIN_PRODUCTS)->bearer)
	                  ->status,
	          403, "another right");
	struct id at = none;
	for (int i = 0; i < 8; i++)
		at = a_category(arena_fmt(tc->arena, "Level %d", i), at);
	a = request("POST", "/api/admin/categories",
	            arena_fmt(tc->arena,
	                      "{\"name\":\"Deep\",\"parent_id\":\"%s\"}",
	                      text_of(at)),
	            admin->bearer);
	CHECK_INT(a->status, 409, "too deep");
}

static void a_category_may_require_attributes(void)
{
	const struct person *admin = an_admin(MAY_ADMIN_CATEGORIES);
	const struct person *owner = an_owner();
	const struct answered *a = request(
		"POST", "/api/admin/categories",
		"{\"name\":\"Phones\",\"attributes\":["
		"{\"name\":\"memory\",\"type\":\"number\",\"unit\":\"GB\","
		"\"is_required\":true},{\"name\":\"sim\",\"type\":\"choice\","
		"\"choices\":[\"nano\",\"e\"]}]}",
		admin->bearer);
	static const struct {
		const char *attributes;
		int status;
		const char *part;
	} cases[] = {
		{ "{}", 422, "attributes.memory" },
		{ "{\"memory\":\"64\"}", 422, "attributes.memory" },
		{ "{\"memory\":64,\"sim\":\"big\"}", 422, "attributes.sim" },
		{ "{\"memory\":64,\"colour\":\"red\"}", 422,
		  "attributes.colour" },
		{ "[1]", 422, "attributes" },
		{ "{\"memory\":64,\"sim\":\"nano\"}", 201, "\"memory\":64" },
	};

	CHECK_INT(a->status, 201, a->body);
	const char *id = answered_text(a, "id");
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		a = request(
			"POST", "/api/vendor/products",
			arena_fmt(tc->arena,
		                  "{\"name\":\"Phone\",\"category_id\":"
		                  "\"%s\",\"draft\":true,\"attributes\":%s}",
		                  id, cases[i].attributes),
			owner->bearer);
		CHECK_INT(a->status, cases[i].status, cases[i].attributes);
		CHECK_HAS(a->body, cases[i].part, cases[i].attributes);
	}
}

enum { HANDS = 6 };

/* Runs work in HANDS processes with connections of their own. */
static void together(void (*work)(int hand))
{
	pid_t pids[HANDS];

	sql_close();
	cache_close();
	for (int i = 0; i < HANDS; i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			work(i);
			sql_close();
			_exit(0);
		}
	}
	for (int i = 0; i < HANDS; i++) {
		int status = -1;

		waitpid(pids[i], &status, 0);
		CHECK_INT(status, 0, "a hand");
	}
}

static struct id shared[8];

static void move_about(int hand)
{
	unsigned seed = (unsigned)hand + 1;

	tc->roles = ROLE_SUPER;
	for (int i = 0; i < 25; i++) {
		seed = seed * 1103515245u + 12345u;
		struct category_move in = { 0 };
		struct id id = shared[(seed >> 16) % 8];

		if ((seed >> 20) % 3)
			in.parent_id = shared[(seed >> 24) % 8];
		enum rc rc = RC_DEADLOCK;
		for (int k = 0; k < 20 && rc == RC_DEADLOCK; k++) {
			fail_clear(tc);
			rc = catalog_category_move(tc, id, &in);
		}
		/* Below itself is refused; all else must work. */
		if (rc && rc != RC_CONFLICT)
			_exit(1);
	}
}

static void many_moves_at_once_leave_a_sound_tree(void)
{
	for (int i = 0; i < 8; i++)
		shared[i] = a_category(arena_fmt(tc->arena, "Node %d", i),
		                       i < 2 ? none : shared[i / 2]);
	together(move_about);
	CHECK_INT(faults(), 0, "after 150 moves");
	CHECK_INT(db_number("SELECT COUNT(*) FROM category"), 8, "all there");
	CHECK_TRUE(db_number("SELECT COUNT(*) FROM audit"
	                     " WHERE what = 'category.moved'") > 20,
	           "they did move");
}

static struct id hot;

static void buy_one_by_one(int hand)
{
	(void)hand;
	for (int i = 0; i < 60; i++) {
		enum rc rc = RC_DEADLOCK;

		for (int k = 0; k < 20 && rc == RC_DEADLOCK; k++) {
			fail_clear(tc);
			rc = sql_begin(tc);
			if (!rc)
				rc = sql_end(tc, catalog_stock_take(tc, hot, 1,
				                                    id_new()));
		}
		if (rc && rc != RC_CONFLICT)
			_exit(1);
	}
}

static void many_buyers_never_oversell(void)
{
	const struct person *owner = an_owner();
	struct id id = a_live_product(owner, a_category("Goods", none), "Mug");
	const struct answered *a;

	hot = variant_of(id, 0);
	a = request("POST", path_of("/api/variants/*/stock", hot),
	            "{\"delta\":95,\"reason\":\"received\"}", owner->bearer);
	CHECK_INT(a->status, 200, a->body);
	together(buy_one_by_one);
	CHECK_INT(db_number("SELECT stock FROM variant WHERE sku = 'mug-R'"), 0,
	          "360 tries on 100");
	CHECK_INT(db_number("SELECT COUNT(*) FROM stock_movement"
	                    " WHERE reason = 'order'"),
	          100, "sold once each");
	CHECK_INT(db_number("SELECT SUM(stock_delta) FROM stock_movement"), 0,
	          "the journal adds up");
	CHECK_INT(db_number("SELECT in_stock FROM product"), 0,
	          "the product knows");
}

/* Every cached read of the catalog, as one text. */
static const char *all_reads(struct id id)
{
	static const char *const reads[] = {
		"/api/products?facets=1",
		"/api/products?q=mug",
		"/api/products?lat=9&lng=38.7&radius=100",
		"/api/products?in_stock=true&max_price=120",
		"/api/categories",
		"/api/categories/goods",
		"/api/categories/goods/products",
		"/api/products/suggest?q=mu",
		"/api/variants",
		NULL,
	};
	static const char *const of_one[] = { "",         "/variants",
		                              "/history", "/related",
		                              "/images",  NULL };
	struct buf b;

	buf_init(&b, tc->arena, 16384);
	for (int i = 0; reads[i]; i++)
		buf_puts(&b, request("GET", reads[i], NULL)->body);
	for (int i = 0; of_one[i]; i++) {
		buf_puts(&b, request("GET",
		                     arena_fmt(tc->arena, "/api/products/%s%s",
		                               text_of(id), of_one[i]),
		                     NULL)
		                     ->body);
		buf_puts(&b, request("GET",
		                     arena_fmt(tc->arena, "/api/products/mug%s",
		                               of_one[i]),
		                     NULL)
		                     ->body);
	}
	return b.s;
}

/* The members that differ from one request to the next. */
static const char *without_ids(const char *s)
{
	struct buf b;

	buf_init(&b, tc->arena, strlen(s));
	while (*s) {
		const char *id = strstr(s, "\"request_id\":\"");

		if (!id) {
			buf_puts(&b, s);
			break;
		}
		buf_put(&b, s, (size_t)(id - s));
		s = strchr(id + 15, '"');
	}
	return b.s;
}

static void after_each_write_caches_say_what_the_tables_say(void)
{
	const struct person *owner = an_owner(), *admin = an_admin(0);
	struct id goods = a_category("Goods", none);
	struct id other = a_category("Other", none);
	struct id id = a_live_product(owner, goods, "Mug");
	struct id second = a_live_product(owner, goods, "Mug stand");
	struct id variant = variant_of(id, 0), blue = variant_of(id, 1);
	const char *product = path_of("/api/vendor/products/*", id);
	const char *v = path_of("/api/variants/*", variant);
	const struct {
		const char *method, *path, *body;
		const struct person *who;
	} writes[] = {
		{ "PATCH", v, "{\"price\":\"110.00\"}", owner },
		{ "PATCH", v, "{\"name\":\"Big\"}", owner },
		{ "PATCH", v, "{\"options\":{\"Colour\":\"Green\"}}", owner },
		{ "POST", arena_fmt(tc->arena, "%s/stock", v),
		  "{\"delta\":-5,\"reason\":\"lost\"}", owner },
		{ "POST", path_of("/api/variants/*/stock", blue),
		  "{\"delta\":2,\"reason\":\"received\"}", owner },
		{ "DELETE", v, NULL, owner },
		{ "POST", "/api/variants",
		  arena_fmt(tc->arena,
		            "{\"product_id\":\"%s\",\"sku\":\"new\","
		            "\"price\":\"77.00\",\"stock\":1}",
		            text_of(id)),
		  owner },
		{ "PATCH", product, "{\"lat\":9.2,\"lng\":38.8}", owner },
		{ "PATCH", product,
		  arena_fmt(tc->arena, "{\"related_ids\":[\"%s\"]}",
		            text_of(second)),
		  owner },
		{ "PATCH", product, "{\"description\":\"Other words\"}",
		  owner },
		{ "POST", path_of("/api/admin/products/*/approve", id), NULL,
		  admin },
		{ "PATCH", product,
		  arena_fmt(tc->arena, "{\"category_id\":\"%s\"}",
		            text_of(other)),
		  owner },
		{ "POST", path_of("/api/admin/products/*/approve", id), NULL,
		  admin },
		{ "PATCH", path_of("/api/admin/categories/*", goods),
		  "{\"name\":\"All goods\"}", admin },
		{ "POST", path_of("/api/admin/categories/*/move", goods),
		  arena_fmt(tc->arena, "{\"parent_id\":\"%s\"}",
		            text_of(other)),
		  admin },
		{ "POST",
		  path_of("/api/admin/vendors/*/suspend", owner->vendor),
		  "{\"reason\":\"Papers have run out.\"}", admin },
		{ "POST",
		  path_of("/api/admin/vendors/*/approve", owner->vendor),
		  "{\"reason\":\"They are back.\"}", admin },
		{ "POST", path_of("/api/admin/products/*/archive", second),
		  "{\"reason\":\"Not safe.\"}", admin },
		{ "POST", path_of("/api/vendor/products/*/archive", id), NULL,
		  owner },
	};

	for (size_t i = 0; i < sizeof(writes) / sizeof(*writes); i++) {
		const char *what = arena_fmt(tc->arena, "%zu %s %s", i,
		                             writes[i].method, writes[i].path);
		const char *before = without_ids(all_reads(id));
		const struct answered *a =
			request(writes[i].method, writes[i].path,
		                writes[i].body, writes[i].who->bearer);

		CHECK_TRUE(a->status < 300,
		           arena_fmt(tc->arena, "%s: %s", what, a->body));
		const char *cached = without_ids(all_reads(id));
		NEED_TRUE(cache_flush(tc), "flush");
		const char *fresh = without_ids(all_reads(id));
		CHECK_TEXT(cached, fresh, what);
		/* An edit that waits changes nothing for shoppers, nor does
		 * naming what is related by its category anyway. */
		if (i != 8 && i != 9 && i != 11)
			CHECK_TRUE(strcmp(before, fresh) != 0, what);
	}
}

static const struct check_hooks hooks = {
	.start = people_start,
	.stop = database_stop,
	.after = people_after,
};

CHECK_MAIN_WITH("catalog_tree", &hooks, TEST(the_tree_is_moved_cut_and_counted),
                TEST(verifying_sees_a_broken_tree),
                TEST(categories_are_refused_with_reasons),
                TEST(a_category_may_require_attributes),
                TEST(many_moves_at_once_leave_a_sound_tree),
                TEST(many_buyers_never_oversell),
                TEST(after_each_write_caches_say_what_the_tables_say))
