/* Finding products by words: in any script, by SKU, synonym and beginning, as
 * brute force says, and cheaply when a word is very frequent. What does not
 * look into MySQL's tables is asked of the search server, too. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "db/hits_db.h"
#include "db/search_db.h"
#include "handlers/catalog/catalog.h"
#include "handlers/discovery/discovery.h"
#include "handlers/discovery/words.h"
#include "tests/support/searching.h"

static const struct id none;

static const struct answered *get(const char *path)
{
	search_settle();
	return request("GET", path, NULL);
}

static const char *count_of(const char *path)
{
	const struct answered *a = get(path);

	CHECK_INT(a->status, 200, a->body);
	return answered_text(a, "count");
}

static void words_are_cut_the_same_in_every_script(void)
{
	static const struct {
		const char *text, *words;
	} cases[] = {
		{ "Crème Brûlée", "creme brulee" },
		{ "ቡና", "ቡና" },
		{ "የኢትዮጵያ ቡና", "የኢትዮጵያ ቡና" },
		{ "咖啡手机", "咖啡 啡手 手机 咖 啡 手 机" },
		{ "iPhone手机", "iphone 手机 手 机" },
		{ "The coffee of Jimma", "the coffee of jimma" },
		{ "USB-C 3.0", "usb c 3 0" },
		{ "o'brien & co", "o brien co" },
		{ "ＦＵＬＬ width", "full width" },
		{ "+-><()~*\"@", "" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		CHECK_TEXT(words_cut(tc, cases[i].text), cases[i].words,
		           cases[i].text);
}

/* In a query string. */
static const char *url_of(const char *word)
{
	struct buf b;

	buf_init(&b, tc->arena, 64);
	for (; *word; word++)
		buf_puts(&b, arena_fmt(tc->arena, "%%%02X",
		                       (unsigned)(unsigned char)*word));
	return b.s;
}

static int64_t hash(const char *word)
{
	return words_hash(word, strlen(word));
}

static void words_have_hashes_of_their_own(void)
{
	CHECK_TRUE(hash("coffee") == hash("coffee"), "the same");
	CHECK_TRUE(hash("coffee") != hash("coffef"), "another word");
}

static void questions_are_made_of_words_alone(void)
{
	static const struct {
		const char *text;
		const char *words[4];
	} cases[] = {
		{ "Coffee  beans", { "coffee", "beans" } },
		{ "+-coffee* \"(", { "coffee" } },
		{ "咖啡手", { "咖啡", "啡手" } },
		{ "咖", { "咖" } },
		{ "a@b.com", { "a", "b", "com" } },
		{ "((((", { NULL } },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct search_question q = { .n = 0 };
		size_t n = 0;

		NEED_RC(words_ask(tc, cases[i].text, false, &q), RC_OK,
		        cases[i].text);
		for (; n < 4 && cases[i].words[n] && n < q.n; n++)
			CHECK_TRUE(q.needs[n].ways[0].words[0] ==
			                   hash(cases[i].words[n]),
			           cases[i].words[n]);
		CHECK_INT((int)q.n, (int)n, cases[i].text);
		CHECK_TRUE(n == 4 || !cases[i].words[n], cases[i].text);
	}
}

static void words_are_found_in_any_script(void)
{
	const struct person *owner = an_owner();
	struct id category = a_category("Goods", none);

	a_live_product(owner, category, "የኢትዮጵያ ቡና");
	a_live_product(owner, category, "咖啡手机壳");
	a_live_product(owner, category, "Crème brûlée dish");
	a_live_product(owner, category, "Coffee grinder");
	a_live_product(owner, category, "Grinder for spice");
	CHECK_TEXT(count_of("/api/products?q=%E1%89%A1%E1%8A%93"), "1",
	           "two letters of Amharic");
	CHECK_TEXT(count_of("/api/products?q=%E6%89%8B%E6%9C%BA"), "1",
	           "Chinese inside a run");
	CHECK_TEXT(count_of("/api/products?q=%E5%92%96%E5%95%A1%E6%89%8B"), "1",
	           "three characters");
	CHECK_TEXT(count_of("/api/products?q=%E6%9C%BA"), "1", "one character");
	CHECK_TEXT(count_of("/api/products?q=creme+brulee"), "1",
	           "without accents");
	CHECK_TEXT(count_of("/api/products?q=CR%C3%88ME"), "1", "in capitals");
	CHECK_TEXT(count_of("/api/products?q=grin"), "2", "a beginning");
	CHECK_TEXT(count_of("/api/products?q=for"), "1", "a stop word");
	CHECK_TEXT(count_of("/api/products?q=coffee+spice"), "0",
	           "both or neither");
	CHECK_TEXT(count_of("/api/products?q=brulee-r"), "1",
	           "a part of a SKU");
}

static void the_product_with_that_sku_comes_first(void)
{
	const struct person *owner = an_owner();
	struct id category = a_category("Phones", none);

	a_live_product(owner, category, "Mug mug-r mug-r mug-r mug-r mug-r");
	a_live_product(owner, category, "Mug");
	CHECK_TEXT(
		answered_text(get("/api/products?q=mug-R"), "results.0.slug"),
		"mug", "exact");
}

static void synonyms_find_each_other(void)
{
	const struct person *owner = an_owner();
	const struct person *admin = an_admin(MAY_ADMIN_PRODUCTS);
	struct id category = a_category("Goods", none);
	const struct answered *a;

	a_live_product(owner, category, "Buna ceremony set");
	a_live_product(owner, category, "Coffee grinder");
	CHECK_TEXT(count_of("/api/products?q=coffee"), "1", "before");
	a = request("POST", "/api/admin/search/synonyms",
	            "{\"term\":\"Coffee\",\"synonym\":\"buna ceremony\"}",
	            admin->bearer);
	CHECK_INT(a->status, 201, a->body);
	CHECK_TEXT(count_of("/api/products?q=coffee"), "2", "at once");
	CHECK_TEXT(count_of("/api/products?q=coffee+grinder"), "1",
	           "with more");
	a = request("DELETE",
	            "/api/admin/search/synonyms?term=coffee"
	            "&synonym=buna+ceremony",
	            NULL, admin->bearer);
	CHECK_INT(a->status, 204, a->body);
	CHECK_TEXT(count_of("/api/products?q=coffee"), "1", "no more");
}

static void suggestions_follow_the_beginning(void)
{
	const struct person *owner = an_owner();
	struct id category = a_category("Coffee things", none);
	const struct answered *a;

	a_live_product(owner, category, "Coffee grinder");
	a_live_product(owner, category, "Green coffee");
	a = get("/api/products/suggest?q=cof");
	CHECK_TEXT(answered_text(a, "results.0.kind"), "category", "category");
	CHECK_TEXT(answered_text(a, "results.1.text"), "Coffee grinder",
	           "name");
	CHECK_TEXT(answered_text(a, "results.2.text"), "coffee", "word");
	CHECK_TEXT(answered_text(get("/api/products/suggest?q=%25"),
	                         "results.0.text"),
	           NULL, "a percent sign is no wildcard");
	CHECK_INT(get("/api/products/suggest")->status, 422, "q is owed");
}

static void searches_without_result_are_reported(void)
{
	const struct person *admin = an_admin(MAY_ADMIN_PRODUCTS);
	const struct answered *a;

	get("/api/products?q=Unicorn+Horn");
	get("/api/products?q=unicorn+horn");
	get("/api/products?page_size=5");
	a = request("GET", "/api/admin/search/misses", NULL, admin->bearer);
	CHECK_TEXT(answered_text(a, "results.0.query"), "unicorn horn", "what");
	CHECK_TEXT(answered_text(a, "results.0.n"), "2", "how often");
	CHECK_TEXT(answered_text(a, "results.1.query"), NULL, "no other");
}

enum { DOCUMENTS = 200, WORDS = 12 };

/* Products with random words, and what asking for pairs of them must count. */
static void searches_find_what_brute_force_finds(void)
{
	static const char *const words[WORDS] = {
		"buna", "coffee", "咖啡", "ቡና", "rust", "green",
		"clay", "pot",    "mill", "ሻይ", "fine", "large",
	};
	static bool has[DOCUMENTS][WORDS];
	const struct person *owner = an_owner();
	struct id category = a_category("Goods", none);
	unsigned seed = 5;

	for (int i = 0; i < DOCUMENTS; i++) {
		struct buf name;

		buf_init(&name, tc->arena, 128);
		buf_puts(&name, arena_fmt(tc->arena, "No %d", i));
		for (int k = 0; k < WORDS; k++) {
			seed = seed * 1664525u + 1013904223u;
			has[i][k] = (seed >> 16) % (unsigned)(k + 2) == 0;
			if (has[i][k]) {
				buf_putc(&name, ' ');
				buf_puts(&name, words[k]);
			}
		}
		(void)a_live_product(owner, category, name.s);
	}
	for (int a = 0; a < WORDS; a++)
		for (int b = a; b < WORDS; b++) {
			const char *path = arena_fmt(
				tc->arena, "/api/products?q=%s+%s&page_size=1",
				url_of(words[a]), url_of(words[b]));
			int n = 0;

			for (int i = 0; i < DOCUMENTS; i++)
				n += has[i][a] && has[i][b];
			CHECK_INT(strtol(count_of(path), NULL, 10), n, path);
		}
}

static void give_name(struct id product, const char *name)
{
	NEED_RC(sql_run(tc, "UPDATE product SET name = ? WHERE id = ?", A(name),
	                A(product)),
	        RC_OK, name);
	NEED_RC(discovery_index(tc, product), RC_OK, "index");
}

/* Removed words are found no more, and a second time changes nothing. */
static void words_come_and_go_with_the_product(void)
{
	const struct person *owner = an_owner();
	struct id category = a_category("Goods", none);
	struct id id = a_live_product(owner, category, "Pot");
	const char *n_postings = "SELECT COUNT(*) FROM search_posting";

	give_name(id, "Clay pot");
	CHECK_TEXT(count_of("/api/products?q=clay"), "1", "come");
	give_name(id, "Iron pot");
	CHECK_TEXT(count_of("/api/products?q=clay&min_price=1"), "0", "gone");
	CHECK_TEXT(count_of("/api/products?q=iron"), "1", "come");
	int n = (int)db_number(n_postings);
	NEED_RC(discovery_index(tc, id), RC_OK, "again");
	CHECK_INT(db_number(n_postings), n, "the same");
	CHECK_INT(db_number("SELECT weight FROM search_term"
	                    " WHERE term = 'iron'"),
	          1, "counted once");
	NEED_RC(sql_run(tc, "DELETE FROM search_posting"), RC_OK, "lost");
	int64_t n_products = 0;
	NEED_RC(discovery_rebuild(tc, &n_products), RC_OK, "rebuild");
	CHECK_INT(db_number(n_postings), n, "repaired");
}

/* More products than a search looks at have the word. */
static void a_very_frequent_word_is_searched_in_part(void)
{
	const struct person *owner = an_owner(), *other = an_owner();
	struct id category = a_category("Many", none);
	struct id few = a_category("Few", none);

	NEED_RC(sql_begin(tc), RC_OK, "begin");
	for (int from = 0; from < COUNT_CAP + 500; from += 50) {
		struct query *q = arena_new(tc->arena, struct query);

		query_init(q, tc);
		query_add(q, "INSERT INTO product (id, vendor_id, category_id,"
		             " slug, name, currency, status, is_visible, lat,"
		             " lng, created_at, updated_at) VALUES ");
		struct posting rows[50];
		for (int i = 0; i < 50; i++) {
			int k = from + i;
			const char *slug = arena_fmt(tc->arena, "p%d", k);
			struct id id = id_new();

			rows[i] = (struct posting){ hash("common"), id,
				                    1 + (k < 2) };
			if (i)
				query_add(q, ", ");
			query_add(q,
			          "(?, ?, ?, ?, 'p', 'ETB', 'approved', 1, ?,"
			          " 38.7, NOW(6), NOW(6))",
			          A(id),
			          A(k < 3 ? other->vendor : owner->vendor),
			          A(k < 7 ? few : category), A(slug),
			          A(k < 5 ? -20.0 : 9.0));
		}
		NEED_RC(query_run(q, NULL), RC_OK, "products");
		NEED_RC(search_db_post(tc, rows, 50), RC_OK, "words");
	}
	NEED_RC(sql_end(tc, RC_OK), RC_OK, "end");
	NEED_RC(catalog_recount(tc), RC_OK, "count");
	CHECK_INT(db_number("SELECT n FROM search_word"), COUNT_CAP + 500,
	          "counted in parts");
	const struct answered *a = get("/api/products?q=common");
	CHECK_TEXT(answered_text(a, "count"), "10000", "all that are counted");
	CHECK_TEXT(answered_text(a, "count_capped"), "true", "and says so");
	CHECK_TEXT(answered_text(a, "results.1.slug"), "p0", "most said of it");
	a = get("/api/products?q=common&facets=1");
	CHECK_TEXT(answered_text(a, "count"), "5000", "the best");
	CHECK_TEXT(answered_text(a, "results.1.slug"), "p0", "most said of it");
	CHECK_TEXT(answered_text(a, "count_capped"), "true", "and says so");
	CHECK_TEXT(answered_text(a, "facets.capped"), "true", "facets too");
	/* Where one side has few, all of them are found. */
	CHECK_TEXT(count_of(arena_fmt(tc->arena,
	                              "/api/vendors/%s/products?q=common",
	                              other->slug)),
	           "3", "of a store");
	CHECK_TEXT(count_of("/api/products?q=common&category=few"), "7",
	           "of a category");
	a = get("/api/products?q=common&lat=-20&lng=38.7");
	CHECK_TEXT(answered_text(a, "count"), "5", "of a place");
	CHECK_TEXT(answered_text(a, "count_capped"), NULL, "exact");
}

/* The same before the other driver, which hears of changes by events. */
#define WITH_A_SERVER(test)                    \
	static void test##_with_a_server(void) \
	{                                      \
		search_with_server();          \
		test();                        \
	}
WITH_A_SERVER(words_are_found_in_any_script)
WITH_A_SERVER(the_product_with_that_sku_comes_first)
WITH_A_SERVER(synonyms_find_each_other)
WITH_A_SERVER(searches_without_result_are_reported)
WITH_A_SERVER(searches_find_what_brute_force_finds)

static const struct check_hooks hooks = {
	.start = searching_start,
	.stop = searching_stop,
	.after = searching_after,
};

CHECK_MAIN_WITH("search", &hooks, TEST(words_are_cut_the_same_in_every_script),
                TEST(words_have_hashes_of_their_own),
                TEST(questions_are_made_of_words_alone),
                TEST(words_are_found_in_any_script),
                TEST(the_product_with_that_sku_comes_first),
                TEST(synonyms_find_each_other),
                TEST(suggestions_follow_the_beginning),
                TEST(searches_without_result_are_reported),
                TEST(searches_find_what_brute_force_finds),
                TEST(words_come_and_go_with_the_product),
                TEST(a_very_frequent_word_is_searched_in_part),
                TEST(words_are_found_in_any_script_with_a_server),
                TEST(the_product_with_that_sku_comes_first_with_a_server),
                TEST(synonyms_find_each_other_with_a_server),
                TEST(searches_without_result_are_reported_with_a_server),
                TEST(searches_find_what_brute_force_finds_with_a_server))
