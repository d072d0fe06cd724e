/* The search server as it is written to, built anew, and as it fails: whatever
 * it does, somebody answers, and no change is lost. */
#include "config.h"

#include <string.h>

#include "db/cache.h"
#include "db/outbox_db.h"
#include "db/sql.h"
#include "fcgi/base/metrics.h"
#include "fcgi/base/settings.h"
#include "fcgi/http/client.h"
#include "handlers/catalog/catalog.h"
#include "handlers/discovery/discovery.h"
#include "handlers/discovery/engine.h"
#include "handlers/jobs.h"
#include "handlers/reviews/reviews_inside.h"
#include "tests/support/searching.h"

static const struct id none;

static const struct answered *ask(const char *query)
{
	const struct answered *a = request(
		"GET", arena_fmt(tc->arena, "/api/products?%s", query), NULL);

	CHECK_INT(a->status, 200, query);
	return a;
}

static bool is_makeshift(const struct answered *a)
{
	const char *how = answered_header(a, "X-Degraded");

	return how && !strcmp(how, "search");
}

/* What the server alone finds: MySQL's words are gone. */
static void check_server_finds(const char *query, const char *slugs,
                               const char *what)
{
	search_settle();
	const struct answered *a = ask(query);

	CHECK_TEXT(slugs_of(a), slugs, what);
	CHECK_FALSE(is_makeshift(a), what);
}

static int64_t n_waiting(void)
{
	return db_number("SELECT COUNT(*) FROM outbox"
	                 " WHERE status = 'gathered'");
}

static void run_sql(const char *text)
{
	struct query *q = arena_new(tc->arena, struct query);

	query_init(q, tc);
	query_add_(q, text, ARGS_());
	NEED_RC(query_run(q, NULL), RC_OK, text);
}

static void archive(struct id product, const struct person *owner)
{
	NEED_INT(POST(uri_of("/api/vendor/products/$/archive", product), NULL,
	              owner)
	                 ->status,
	         200, "archive");
}

static void changes_reach_the_server(void)
{
	const struct person *owner = an_owner();
	const struct person *admin = an_admin(0);
	struct id parent = a_category("Kitchen", none);
	struct id category = a_category("Pots", parent);

	search_with_server();
	struct id pot = a_product(owner, category, "Clay pot");
	check_server_finds("q=clay", "", "not before it is approved");
	CHECK_INT(
		POST(uri_of("/api/admin/products/$/approve", pot), NULL, admin)
			->status,
		200, "approve");
	check_server_finds("q=clay", "clay-pot", "approved");
	CHECK_INT(PATCH(uri_of("/api/vendor/products/$", pot),
	                "{\"lat\":9.5,\"lng\":38.9}", owner)
	                  ->status,
	          200, "change");
	check_server_finds("q=clay&lat=9.5&lng=38.9&radius=1", "clay-pot",
	                   "its place");
	NEED_RC(sql_begin(tc), RC_OK, "begin");
	NEED_RC(sql_end(tc, reviews_count(tc, pot, 0, 4)), RC_OK, "rating");
	check_server_finds("q=clay&min_rating=4", "clay-pot", "its rating");
	struct id variant = variant_of(pot, 0);
	CHECK_INT(POST(uri_of("/api/variants/$/stock", variant),
	               "{\"delta\":-5,\"reason\":\"damaged\"}", owner)
	                  ->status,
	          200, "stock");
	check_server_finds("q=clay&in_stock=true", "", "its stock");
	CHECK_INT(PATCH(uri_of("/api/variants/$", variant),
	                "{\"price\":\"33.00\"}", owner)
	                  ->status,
	          200, "price");
	check_server_finds("q=clay&max_price=33.00", "clay-pot", "its price");
	CHECK_INT(PATCH(uri_of("/api/admin/categories/$", category),
	                "{\"name\":\"Vessels\"}", admin)
	                  ->status,
	          200, "rename");
	check_server_finds("q=vessels", "clay-pot", "its category's name");
	struct id other = a_category("Garden", none);
	CHECK_INT(POST(uri_of("/api/admin/categories/$/move", category),
	               arena_fmt(tc->arena, "{\"parent_id\":\"%s\"}",
	                         text_of(other)),
	               admin)
	                  ->status,
	          200, "move");
	check_server_finds("q=clay&category=garden", "clay-pot", "its place");
	check_server_finds("q=clay&category=kitchen", "", "no more there");
	archive(pot, owner);
	check_server_finds("q=clay", "", "gone");
	CHECK_INT(opensearch_double_docs(settings->search_index), 0,
	          "not kept");
	CHECK_INT(n_waiting(), 0, "all is done");
}

static void a_store_comes_and_goes_with_all_of_its_products(void)
{
	const struct person *owner = an_owner(), *admin = an_admin(0);
	struct id category = a_category("Many", none);

	many_products(owner, category, INDEX_BATCH + 20);
	search_with_server();
	const char *index = settings->search_index;
	CHECK_INT(opensearch_double_docs(index), INDEX_BATCH + 20, "built");
	CHECK_INT(POST(uri_of("/api/admin/vendors/$/suspend", owner->vendor),
	               "{\"reason\":\"fraud\"}", admin)
	                  ->status,
	          200, "suspend");
	search_settle();
	CHECK_INT(opensearch_double_docs(index), 0, "suspended");
	CHECK_INT(POST(uri_of("/api/admin/vendors/$/approve", owner->vendor),
	               NULL, admin)
	                  ->status,
	          200, "reinstate");
	search_settle();
	CHECK_INT(opensearch_double_docs(index), INDEX_BATCH + 20, "open");
	CHECK_INT(request("PATCH", "/api/vendor/store",
	                  "{\"name\":\"Bole Bazaar\"}", owner->bearer)
	                  ->status,
	          200, "rename");
	CHECK_INT(n_waiting(), 1, "one event for all of them");
	search_settle();
	CHECK_TEXT(answered_text(ask("q=bazaar"), "count"), "520",
	           "more than one batch");
}

static void what_fails(enum double_fault fault, const char *what)
{
	client_close();
	search_with("opensearch");
	opensearch_double_fail(fault, "_search", 1);
	const struct answered *a = ask("q=clay");
	CHECK_TEXT(slugs_of(a), "clay-pot", what);
	CHECK_TRUE(is_makeshift(a), what);
	a = ask("q=clay");
	CHECK_TEXT(slugs_of(a), "clay-pot", what);
	CHECK_FALSE(is_makeshift(a), "and it was not kept");
}

static void mysql_stands_in_for_a_server_that_fails(void)
{
	static const struct {
		enum double_fault fault;
		const char *what;
	} cases[] = {
		{ FAULT_BUSY, "429" },         { FAULT_BROKEN, "503" },
		{ FAULT_NONSENSE, "no JSON" }, { FAULT_FORGOTTEN, "no hits" },
		{ FAULT_TORN, "torn" },        { FAULT_PARTIAL, "a shard" },
	};
	struct id category = a_category("Pots", none);

	a_live_product(an_owner(), category, "Clay pot");
	search_with_server();
	uint64_t before = counter_read(COUNTER_SEARCH_MAKESHIFT);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		what_fails(cases[i].fault, cases[i].what);
	CHECK_INT(counter_read(COUNTER_SEARCH_MAKESHIFT) - before, 5,
	          "counted, but for the shard");
	/* Another's password. */
	NEED_TRUE(settings_set("search_password", "wrong"), "set");
	cache_flush(tc);
	CHECK_TRUE(is_makeshift(ask("q=clay")), "401");
	NEED_TRUE(settings_set("search_password", SEARCH_PASSWORD), "back");
	/* No index at all. */
	opensearch_double_forget();
	CHECK_TEXT(slugs_of(ask("q=pot")), "clay-pot", "404");
}

static void a_slow_server_is_waited_for_two_seconds(void)
{
	struct id category = a_category("Pots", none);

	a_live_product(an_owner(), category, "Clay pot");
	search_with_server();
	opensearch_double_fail(FAULT_SLOW, "_search", 1);
	int64_t before = when_ticks();
	const struct answered *a = ask("q=clay");
	CHECK_TRUE(when_ticks() - before > 1900000, "it got its time");
	CHECK_TEXT(slugs_of(a), "clay-pot", "found");
	CHECK_TRUE(is_makeshift(a), "here");
}

static void a_server_that_fails_again_and_again_is_left_alone(void)
{
	struct id category = a_category("Pots", none);

	a_live_product(an_owner(), category, "Clay pot");
	search_with_server();
	int before = opensearch_double_count("_search");
	opensearch_double_fail(FAULT_BROKEN, "_search", 100);
	for (int i = 0; i < 8; i++)
		CHECK_TRUE(is_makeshift(ask("q=clay")), "each time");
	CHECK_INT(opensearch_double_count("_search") - before, 5,
	          "five failures, then no more is asked");
	search_is_down(true);
	search_with("opensearch");
	CHECK_TRUE(is_makeshift(ask("q=clay")), "down");
	CHECK_TEXT(slugs_of(ask("lat=9.01&lng=38.75")), "clay-pot", "places");
	CHECK_FALSE(is_makeshift(ask("category=pots")), "lists do not need it");
}

/* The server has not heard yet. */
static void what_has_gone_is_not_shown(void)
{
	const struct person *owner = an_owner(), *admin = an_admin(0);
	struct id category = a_category("Pots", none);
	struct id clay = a_live_product(owner, category, "Clay pot");

	a_live_product(owner, category, "Iron pot");
	search_with_server();
	CHECK_TEXT(slugs_of(ask("q=pot&ordering=created_at")),
	           "clay-pot,iron-pot", "both");
	archive(clay, owner);
	const struct answered *a = ask("q=pot&ordering=created_at");
	CHECK_TEXT(slugs_of(a), "iron-pot", "the other");
	CHECK_FALSE(is_makeshift(a), "from the server");
	CHECK_INT(POST(uri_of("/api/admin/vendors/$/suspend", owner->vendor),
	               "{\"reason\":\"fraud\"}", admin)
	                  ->status,
	          200, "suspend");
	a = ask("q=pot&cursor=");
	CHECK_TEXT(slugs_of(a), "", "none");
	CHECK_TRUE(is_makeshift(a), "and nobody is led on to empty pages");
}

static void lists_from_before_are_forgotten(void)
{
	const struct person *owner = an_owner();
	struct id category = a_category("Pots", none);
	struct id pot = a_live_product(owner, category, "Clay pot");

	search_with_server();
	CHECK_INT(PATCH(uri_of("/api/variants/$", variant_of(pot, 0)),
	                "{\"price\":\"33.00\"}", owner)
	                  ->status,
	          200, "change");
	CHECK_TEXT(slugs_of(ask("q=clay&max_price=40")), "",
	           "too early, and kept");
	search_settle();
	CHECK_TEXT(slugs_of(ask("q=clay&max_price=40")), "clay-pot", "now");
}

/* A change of sales shows in no list but in orders by sales. */
static void a_sale_alone_leaves_lists_as_they_are(void)
{
	struct id category = a_category("Pots", none);
	struct id pot = a_live_product(an_owner(), category, "Clay pot");
	bool more;

	search_with_server();
	search_settle();
	NEED_RC(sql_begin(tc), RC_OK, "begin");
	tc->touched = 0;
	NEED_RC(sql_end(tc, catalog_count_sale(tc, pot, variant_of(pot, 0), 1)),
	        RC_OK, "sale");
	tc->touched = 0;
	CHECK_INT(n_waiting(), 1, "noted");
	NEED_RC(discovery_job_index(tc, &more), RC_OK, "index");
	CHECK_FALSE(tc->touched & TAG_CATALOG, "quietly");
}

static void only_items_that_were_rejected_go_again(void)
{
	const struct person *owner = an_owner();
	struct id category = a_category("Pots", none);
	bool more;

	search_with_server();
	for (int i = 0; i < 4; i++)
		a_live_product(owner, category,
		               arena_fmt(tc->arena, "Pot %d", i));
	opensearch_double_fail(FAULT_ITEMS, "_bulk", 1);
	NEED_RC(discovery_job_index(tc, &more), RC_OK, "half of them");
	CHECK_INT(opensearch_double_docs(settings->search_index), 2, "half");
	int bulks = opensearch_double_count("_bulk");
	NEED_RC(discovery_job_index(tc, &more), RC_OK, "not yet");
	CHECK_INT(opensearch_double_count("_bulk"), bulks, "they wait");
	CHECK_TRUE(n_waiting() > 0, "not lost");
	tc->now = when_plus(tc->now, 2);
	search_settle();
	CHECK_INT(opensearch_double_docs(settings->search_index), 4, "all");
	CHECK_INT(n_waiting(), 0, "done");
}

static void changes_wait_while_the_server_is_away(void)
{
	struct id category = a_category("Pots", none);
	int64_t n = 0;
	double seconds = 0;
	bool more;

	search_with_server();
	CHECK_TRUE(discovery_lag(tc, &n, &seconds), "known");
	CHECK_INT(n, 0, "nothing waits");
	a_live_product(an_owner(), category, "Clay pot");
	search_is_down(true);
	for (int i = 0; i < 12; i++) {
		CHECK_RC(discovery_job_index(tc, &more), RC_UNAVAILABLE,
		         "again and again");
		fail_clear(tc);
		tc->now = when_plus(tc->now, 60);
	}
	CHECK_TRUE(discovery_lag(tc, &n, &seconds), "known");
	CHECK_TRUE(n > 0, "they wait");
	CHECK_REAL(seconds, 720, 60, "for so long");
	search_is_down(false);
	client_close();
	search_settle();
	CHECK_TEXT(slugs_of(ask("q=clay")), "clay-pot", "none was given up");
	CHECK_TRUE(discovery_lag(tc, &n, &seconds), "known");
	CHECK_INT(n, 0, "nothing waits");
	search_with("mysql");
	CHECK_FALSE(discovery_lag(tc, &n, &seconds), "there is no server");
}

static const struct answered *metrics(void)
{
	const struct answered *a =
		request("GET", "/metrics", NULL, "Remote-Addr: 127.0.0.1");

	CHECK_INT(a->status, 200, a->body);
	return a;
}

/* Rows of the table of jobs: MySQL alone needs none to do this. */
static void the_job_runner_brings_changes(void)
{
	const char *ran =
		"SELECT COUNT(*) FROM job"
		" WHERE name = 'catalog.index' AND ran_at IS NOT NULL";
	struct id category = a_category("Pots", none);
	const struct person *owner = an_owner();

	a_live_product(owner, category, "Clay pot");
	CHECK_INT(n_waiting(), 0, "nobody is told");
	NEED_RC(jobs_once(tc), RC_OK, "without a server");
	CHECK_INT(db_number(ran), 0, "not asked to");
	CHECK_LACKS(metrics()->body, "merkato_search_lag",
	            "nothing to measure");
	search_with_server();
	a_live_product(owner, category, "Iron pot");
	const struct answered *a = metrics();
	CHECK_LACKS(a->body, "\nmerkato_search_waiting 0\n", "it waits");
	CHECK_HAS(a->body, "\nmerkato_search_waiting ", "measured");
	CHECK_HAS(a->body, "\nmerkato_search_lag_seconds ", "measured");
	NEED_RC(jobs_once(tc), RC_OK, "with a server");
	CHECK_INT(db_number(ran), 1, "done");
	CHECK_HAS(metrics()->body, "\nmerkato_search_waiting 0\n",
	          "nothing waits");
	CHECK_TEXT(slugs_of(ask("q=iron")), "iron-pot", "found");
}

/* The same touch is written down once, however many transactions follow. */
static void a_product_is_noted_once(void)
{
	struct id category = a_category("Pots", none);
	struct id pot = a_live_product(an_owner(), category, "Clay pot");

	search_with_server();
	search_settle();
	for (int i = 0; i < 3; i++) {
		NEED_RC(sql_begin(tc), RC_OK, "begin");
		if (!i)
			touch_one(tc, "product", pot);
		NEED_RC(sql_end(tc, RC_OK), RC_OK, "end");
	}
	CHECK_INT(n_waiting(), 1, "once");
}

static void older_versions_never_win(void)
{
	struct id category = a_category("Pots", none);
	struct id pot = a_live_product(an_owner(), category, "Clay pot");
	struct index_doc *early = NULL, *late = NULL;

	search_with_server();
	NEED_RC(indexing_read(tc, &pot, 1, &early), RC_OK, "early");
	run_sql("UPDATE product SET brand = 'Yirga'");
	NEED_RC(indexing_read(tc, &pot, 1, &late), RC_OK, "late");
	CHECK_TRUE(late->version > early->version, "versions grow");
	NEED_RC(engine_server()->write(tc, late, 1), RC_OK, "the late one");
	NEED_RC(engine_server()->write(tc, early, 1), RC_OK, "the early one");
	CHECK_INT(early->outcome, INDEX_DONE, "no fault");
	engine_server()->show(tc);
	check_server_finds("q=yirga", "clay-pot", "the late one stands");
}

static void too_much_at_once_goes_in_parts(void)
{
	struct id category = a_category("Many", none);

	many_products(an_owner(), category, 60);
	search_with("opensearch");
	opensearch_double_fail(FAULT_LARGE, "_bulk", 1000);
	int64_t n = 0;
	NEED_RC(discovery_rebuild_server(tc, &n), RC_OK, "rebuild");
	CHECK_INT(n, 60, "all");
	CHECK_INT(opensearch_double_docs(settings->search_index), 60, "all");
}

static enum rc call(const char *method, const char *path, const char *body)
{
	struct answer a = { 0 };

	return client_call(
		tc,
		&(struct call){
			.service = "test",
			.method = method,
			.url = arena_fmt(tc->arena, "%s%s",
	                                 settings->search_url, path),
			.headers =
				(const char *const[]){
					"Content-Type: application/json",
					"Authorization: Basic bWVya2F0bzphIHB"
					"hc3N3b3JkOiB3aXRoIG1vcmU=",
					NULL },
			.body = body,
			.n_body = body ? strlen(body) : 0 },
		&a);
}

static void changes_reach_an_index_that_is_being_built(void)
{
	const struct person *owner = an_owner();
	struct id category = a_category("Pots", none);

	a_live_product(owner, category, "Clay pot");
	search_with_server();
	NEED_RC(call("PUT", "/merkato-products-half",
	             "{\"aliases\":{\"merkato-products-next\":{}}}"),
	        RC_OK, "somebody has begun");
	a_live_product(owner, category, "Iron pot");
	search_settle();
	CHECK_INT(opensearch_double_docs("merkato-products"), 2, "searched");
	NEED_RC(call("POST", "/merkato-products-half/_refresh", NULL), RC_OK,
	        "refresh");
	CHECK_INT(opensearch_double_docs("merkato-products-half"), 1, "built");
	/* It was left over: the next one begins anew and leaves nothing. */
	search_with_server();
	CHECK_INT(opensearch_double_indices(), 1, "one is left");
	CHECK_INT(opensearch_double_docs("merkato-products"), 2, "whole");
	CHECK_TEXT(slugs_of(ask("q=iron")), "iron-pot", "found");
	CHECK_TEXT(opensearch_double_error(), "", "as servers want it");
}

static void a_rebuild_that_fails_leaves_the_old_index(void)
{
	struct id category = a_category("Pots", none);
	int64_t n = 0;

	a_live_product(an_owner(), category, "Clay pot");
	search_with_server();
	opensearch_double_fail(FAULT_BROKEN, "_aliases", 1);
	CHECK_RC(discovery_rebuild_server(tc, &n), RC_UNAVAILABLE, "moved");
	fail_clear(tc);
	CHECK_INT(opensearch_double_indices(), 1, "the new one is gone");
	CHECK_TEXT(slugs_of(ask("q=clay")), "clay-pot", "the old one serves");
	/* Somebody else's document: the counts differ. */
	opensearch_double_fail(FAULT_FORGOTTEN, "_count", 100);
	CHECK_RC(discovery_rebuild_server(tc, &n), RC_CONFLICT, "compared");
	CHECK_HAS(tc->err.detail, "the new index has 0 products", "why");
	fail_clear(tc);
	CHECK_FALSE(is_makeshift(ask("q=pot")), "the old one serves");
}

static void wrong_settings_are_told(void)
{
	static const struct {
		const char *key, *value, *good;
	} cases[] = {
		{ "search", "sphinx", "opensearch" },
		{ "search_url", "localhost:9200", "http://127.0.0.1:9200" },
		{ "search_url", "https://search/", "https://search" },
		{ "search_index", "Products", "products" },
		{ "search_index", "-products", "products.2" },
		{ "search_api_key", "a2V5", "" },
		{ "search_password", "", "secret" },
		{ "search_user", "", "somebody" },
	};
	const char *index = settings->search_index;

	NEED_TRUE(settings_set("search", "opensearch"), "set");
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		NEED_TRUE(settings_set(cases[i].key, cases[i].value), "set");
		CHECK_FALSE(discovery_start(), cases[i].value);
		NEED_TRUE(settings_set(cases[i].key, cases[i].good), "set");
		CHECK_TRUE(discovery_start(), cases[i].good);
	}
	CHECK_TRUE(discovery_has_server(), "chosen");
	NEED_TRUE(settings_set("search_user", SEARCH_USER) &&
	                  settings_set("search_password", SEARCH_PASSWORD) &&
	                  settings_set("search_index", index),
	          "back");
}

static const struct check_hooks hooks = {
	.start = searching_start,
	.stop = searching_stop,
	.after = searching_after,
};

CHECK_MAIN_WITH("engine_faults", &hooks, TEST(changes_reach_the_server),
                TEST(a_store_comes_and_goes_with_all_of_its_products),
                TEST(mysql_stands_in_for_a_server_that_fails),
                TEST(a_slow_server_is_waited_for_two_seconds),
                TEST(a_server_that_fails_again_and_again_is_left_alone),
                TEST(what_has_gone_is_not_shown),
                TEST(lists_from_before_are_forgotten),
                TEST(a_sale_alone_leaves_lists_as_they_are),
                TEST(only_items_that_were_rejected_go_again),
                TEST(changes_wait_while_the_server_is_away),
                TEST(the_job_runner_brings_changes),
                TEST(a_product_is_noted_once), TEST(older_versions_never_win),
                TEST(too_much_at_once_goes_in_parts),
                TEST(changes_reach_an_index_that_is_being_built),
                TEST(a_rebuild_that_fails_leaves_the_old_index),
                TEST(wrong_settings_are_told))
