/* What is counted of products beside their rows, by word, place and category,
 * is what a recount says, whatever happens to them in whatever order. */
#include "config.h"

#include <math.h>
#include <string.h>

#include "db/places_db.h"
#include "db/sql.h"
#include "handlers/catalog/catalog.h"
#include "handlers/discovery/discovery.h"
#include "tests/support/goods.h"

enum { N_STORES = 2, N_PRODUCTS = 8, N_STEPS = 240 };

static const char *const words[] = { "amber", "birch", "cedar", "dune" };
enum { N_WORDS = sizeof(words) / sizeof(*words) };

struct world {
	const struct person *owners[N_STORES], *admin;
	struct id category;
	struct id products[N_PRODUCTS];
};

static unsigned seed = 7;

static unsigned random_below(unsigned n)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 16) % n;
}

/* One or two of the words. */
static const char *a_name(void)
{
	return BODY("%s %s", words[random_below(N_WORDS)],
	            words[random_below(N_WORDS)]);
}

static const char *at(const char *path, struct id id)
{
	return uri_of(path, id);
}

static void change_product(struct world *w, unsigned i)
{
	const struct person *owner = w->owners[i % N_STORES];
	struct id id = w->products[i];

	switch (random_below(9)) {
	case 0:
		POST(at("/api/vendor/products/$/archive", id), "{}", owner);
		break;
	case 1:
		POST(at("/api/vendor/products/$/restore", id), "{}", owner);
		break;
	case 2:
		POST(at("/api/admin/products/$/reject", id),
		     "{\"reason_code\":\"quality\",\"reason\":\"No.\"}",
		     w->admin);
		break;
	case 3:
	case 4:
		PATCH(at("/api/vendor/products/$", id),
		      BODY("{\"name\":\"%s\"}", a_name()), owner);
		POST(at("/api/admin/products/$/approve", id), NULL, w->admin);
		break;
	case 5:
		PATCH(at("/api/vendor/products/$", id),
		      BODY("{\"lat\":9.%u,\"lng\":38.7}", random_below(3)),
		      owner);
		break;
	case 6:
		PATCH(at("/api/vendor/products/$", id),
		      "{\"lat\":null,\"lng\":null}", owner);
		break;
	default:
		POST(at("/api/admin/products/$/approve", id), NULL, w->admin);
		break;
	}
}

static void change_store(const struct world *w, unsigned i)
{
	const struct person *owner = w->owners[i];

	switch (random_below(5)) {
	case 0:
		POST(at("/api/admin/vendors/$/suspend", owner->vendor),
		     "{\"reason\":\"Papers.\"}", w->admin);
		break;
	case 1:
	case 2:
		POST(at("/api/admin/vendors/$/approve", owner->vendor), NULL,
		     w->admin);
		break;
	case 3:
		PATCH("/api/vendor/store",
		      random_below(2)
		              ? "{\"holiday_from\":\"2020-01-01T00:00:00Z\"}"
		              : "{\"holiday_from\":null}",
		      owner);
		break;
	default:
		PATCH("/api/vendor/store",
		      BODY("{\"lat\":9.%u,\"lng\":38.7,\"is_approximate\":%s}",
		           random_below(3), random_below(2) ? "true" : "false"),
		      owner);
		break;
	}
}

/* The words of names and SKUs of visible products, against what a search says.
 */
static void check_searches(const char *when)
{
	for (size_t i = 0; i < N_WORDS; i++) {
		const struct answered *a = request(
			"GET", BODY("/api/products?q=%s", words[i]), NULL);
		int64_t n =
			db_number(BODY("SELECT COUNT(*) FROM product p"
		                       " WHERE is_visible = 1"
		                       "   AND (name LIKE '%%%s%%' OR EXISTS"
		                       "        (SELECT 1 FROM variant w"
		                       "          WHERE w.product_id = p.id"
		                       "            AND w.sku LIKE '%%%s%%'))",
		                       words[i], words[i]));
		/* An unfinished word is what it may become. */
		if (n)
			CHECK_TEXT(answered_text(a, "count"),
			           BODY("%d", (int)n),
			           BODY("%s: %s", when, words[i]));
	}
}

static void check_counts(const char *when)
{
	int64_t n_faults = -1;

	CHECK_INT(db_number("SELECT COUNT(*) FROM (SELECT id FROM"
	                    "  (SELECT id, n FROM search_word UNION ALL"
	                    "   SELECT s.word, -1 FROM search_posting s"
	                    "     JOIN product p ON p.id = s.product_id"
	                    "    WHERE p.is_visible = 1) AS both_sides"
	                    "  GROUP BY id HAVING SUM(n) <> 0) AS wrong"),
	          0, BODY("words: %s", when));
	CHECK_INT(db_number("SELECT COUNT(*) FROM search_posting s"
	                    "  JOIN product p ON p.id = s.product_id"
	                    " WHERE p.status <> 'approved'"),
	          0, BODY("found by no word: %s", when));
	NEED_RC(places_db_faults(tc, &n_faults), RC_OK, "places");
	CHECK_INT(n_faults, 0, BODY("places: %s", when));
	NEED_RC(catalog_categories_verify(tc, &n_faults), RC_OK, "verify");
	CHECK_INT(n_faults, 0, BODY("categories: %s", when));
	check_searches(when);
}

static struct world a_world(void)
{
	struct world w = { .admin = an_admin(0),
		           .category =
		                   a_category("Wood", (struct id){ { 0 } }) };

	for (int i = 0; i < N_STORES; i++)
		w.owners[i] = an_owner();
	for (unsigned i = 0; i < N_PRODUCTS; i++)
		w.products[i] =
			a_product(w.owners[i % N_STORES], w.category,
		                  BODY("%s %s %u", a_name(), a_name(), i));
	return w;
}

static void counts_are_right_after_anything(void)
{
	struct world w = a_world();
	int64_t n_seen = 0, n_moved = 0;

	for (int i = 0; i < N_STEPS; i++) {
		if (random_below(5))
			change_product(&w, random_below(N_PRODUCTS));
		else
			change_store(&w, random_below(N_STORES));
		if (i % 4 == 3)
			check_counts(BODY("step %d", i));
		n_seen += db_number("SELECT COALESCE(SUM(n), 0)"
		                    "  FROM search_word");
		n_moved += db_number("SELECT COUNT(*) FROM product_place"
		                     " WHERE n > 0");
	}
	CHECK_TRUE(n_seen > 100 * N_STEPS / 8 && n_moved > N_STEPS / 2,
	           "there was something to count");
}

static void a_recount_mends_what_is_wrong(void)
{
	struct world w = a_world();

	for (unsigned i = 0; i < N_PRODUCTS; i++)
		POST(at("/api/admin/products/$/approve", w.products[i]), NULL,
		     w.admin);
	check_counts("at first");
	NEED_RC(sql_run(tc, "UPDATE search_word SET n = n + 5"), RC_OK,
	        "words");
	NEED_RC(sql_run(tc, "DELETE FROM search_word ORDER BY id LIMIT 3"),
	        RC_OK, "words");
	NEED_RC(sql_run(tc, "UPDATE product_place SET n = 0"), RC_OK, "places");
	int64_t n_faults = 0;
	NEED_RC(catalog_categories_verify(tc, &n_faults), RC_OK, "verify");
	CHECK_TRUE(n_faults > 0, "noticed");
	NEED_RC(catalog_recount(tc), RC_OK, "recount");
	check_counts("mended");
}

/* Tallies of one transaction are summed, and what is rolled back counts
 * nothing. */
static void tallies_are_written_when_all_is_well(void)
{
	const struct sql_tally some[] = { { 9, 2 }, { 3, 1 }, { 9, 3 } };
	const struct sql_tally back[] = { { 3, -1 } };

	NEED_RC(sql_begin(tc), RC_OK, "begin");
	NEED_RC(sql_tally(tc, "search_word", some, 3), RC_OK, "some");
	NEED_RC(sql_tally(tc, "search_word", back, 1), RC_OK, "back");
	CHECK_INT(db_number("SELECT COUNT(*) FROM search_word"), 0, "not yet");
	NEED_RC(sql_end(tc, RC_OK), RC_OK, "end");
	CHECK_INT(db_number("SELECT n FROM search_word WHERE id = 9"), 5,
	          "sum");
	CHECK_INT(db_number("SELECT COUNT(*) FROM search_word"), 1,
	          "what comes to nothing is not written");
	NEED_RC(sql_begin(tc), RC_OK, "begin");
	NEED_RC(sql_tally(tc, "search_word", some, 3), RC_OK, "some");
	CHECK_INT(sql_end(tc, RC_CONFLICT), RC_CONFLICT, "rolled back");
	CHECK_INT(db_number("SELECT n FROM search_word WHERE id = 9"), 5,
	          "as before");
	NEED_RC(sql_tally(tc, "search_word", some, 1), RC_OK, "at once");
	CHECK_INT(db_number("SELECT n FROM search_word WHERE id = 9"), 7,
	          "outside of a transaction");
}

static const struct check_hooks hooks = {
	.start = people_start,
	.stop = database_stop,
	.after = people_after,
};

CHECK_MAIN_WITH("counts", &hooks, TEST(counts_are_right_after_anything),
                TEST(a_recount_mends_what_is_wrong),
                TEST(tallies_are_written_when_all_is_well))
