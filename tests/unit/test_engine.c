/* Both drivers of a search, MySQL and a server beside it, before the same
 * questions: what they must find, and that they never disagree. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "db/sql.h"
#include "fcgi/base/text.h"
#include "handlers/catalog/catalog.h"
#include "tests/support/searching.h"

static const struct id none;
static const char *const drivers[] = { "mysql", "opensearch" };

static const struct answered *ask(const char *query)
{
	const struct answered *a = request(
		"GET", arena_fmt(tc->arena, "/api/products?%s", query), NULL);

	CHECK_INT(a->status, 200, query);
	CHECK_TEXT(answered_header(a, "X-Degraded"), NULL, query);
	return a;
}

/* One row for each product of the small shop. */
struct ware {
	const char *name, *brand, *description, *category;
	int price, stock, rating, sales; /* rating 0 = none */
	double lat, lng;
	const char *colour;
};
static const struct ware wares[] = {
	{ "Crème brûlée dish", "Ateljé", "For two. A dish of clay.", "dishes",
	  4000, 3, 5, 10, 9.03, 38.74, "Red" },
	{ "Coffee grinder", "Mahlwerk", "Grinds coffee: coarse coffee, fine.",
	  "coffee", 25000, 0, 4, 7, 9.03, 38.74, "Black" },
	{ "Coffee pot", "Ateljé", "Of black clay, for coffee ceremonies.",
	  "coffee", 9000, 5, 0, 7, 9.30, 38.74, "Black" },
	{ "የኢትዮጵያ ቡና", "Yirga", "Coffee beans", "coffee", 1200, 9, 5, 90, 7.05,
	  38.47, "Green" },
	{ "咖啡手机壳", "Shell", "A shell", "phones", 600, 1, 3, 2, 9.03, 38.74,
	  "Red" },
	{ "Phone X200", "Shell", "A phone of glass", "phones", 900000, 2, 2, 1,
	  9.60, 41.85, "Black" },
};
enum { N_WARES = sizeof(wares) / sizeof(*wares) };

static struct id add_ware(const struct person *owner, const struct ware *w,
                          int i, struct id category)
{
	struct id product = id_new(), variant = id_new();
	struct when at = when_plus(tc->now, i - 1000);
	const char *slug = arena_fmt(tc->arena, "w%d", i);

	NEED_RC(sql_run(tc,
	                "INSERT INTO product (id, vendor_id, category_id, slug,"
	                "  name, brand, description, currency, status, lat,"
	                "  lng, rating_sum, rating_count, sales, created_at,"
	                "  updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, 'ETB',"
	                "  'approved', ?, ?, ?, ?, ?, ?, ?)",
	                A(product), A(owner->vendor), A(category), A(slug),
	                A(w->name), A(w->brand), A(w->description), A(w->lat),
	                A(w->lng), A((int64_t)w->rating * 2),
	                A(w->rating ? 2 : 0), A(w->sales), A(at), A(at)),
	        RC_OK, w->name);
	if (!w->price)
		return product;
	NEED_RC(sql_run(tc,
	                "INSERT INTO variant (id, product_id, vendor_id, sku,"
	                "  price, current_price, stock, created_at,"
	                "  updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
	                A(variant), A(product), A(owner->vendor),
	                A(arena_fmt(tc->arena, "SKU-%d", i)), A(w->price),
	                A(w->price), A(w->stock), A(at), A(at)),
	        RC_OK, "variant");
	NEED_RC(sql_run(tc,
	                "INSERT INTO variant_option (variant_id, product_id,"
	                "  name_key, value_key, name, value)"
	                " VALUES (?, ?, 'colour', ?, 'Colour', ?)",
	                A(variant), A(product),
	                A(text_fold(tc->arena, w->colour)), A(w->colour)),
	        RC_OK, "option");
	return product;
}

static void rebuild(void)
{
	int64_t n = 0;

	NEED_RC(catalog_rebuild(tc, &n), RC_OK, "rebuild");
	dispatch_flush_touches(tc);
}

static const struct person *open_shop(void)
{
	const struct person *owner = an_owner();
	struct id house = a_category("House", none);
	struct id of[] = { a_category("Dishes", house),
		           a_category("Coffee", house),
		           a_category("Phones", none) };
	static const char *const names[] = { "dishes", "coffee", "phones" };

	for (int i = 0; i < N_WARES; i++)
		for (int k = 0; k < 3; k++)
			if (!strcmp(names[k], wares[i].category))
				add_ware(owner, &wares[i], i, of[k]);
	rebuild();
	return owner;
}

/* In the order that is asked for, or that follows from the question. */
static const struct {
	const char *what, *query, *slugs;
} questions[] = {
	{ "accents", "q=creme+brulee", "w0" },
	{ "capitals", "q=CR%C3%88ME", "w0" },
	{ "Amharic of two letters", "q=%E1%89%A1%E1%8A%93", "w3" },
	{ "Chinese inside a run", "q=%E6%89%8B%E6%9C%BA", "w4" },
	{ "one character", "q=%E5%92%96", "w4" },
	{ "a name before a description", "q=coffee", "w1,w2,w3" },
	{ "both words", "q=coffee+clay", "w2" },
	{ "or none", "q=coffee+shell", "" },
	{ "a beginning", "q=grin", "w1" },
	{ "a beginning after a word", "q=black+cof&ordering=price", "w2,w1" },
	{ "a SKU", "q=SKU-3", "w3" },
	{ "a part of all SKUs", "q=sku&ordering=price", "w4,w3,w0,w2,w1,w5" },
	{ "a brand", "q=atelje&ordering=price", "w0,w2" },
	{ "an option's value", "q=green", "w3" },
	{ "a category's name", "q=phones&ordering=price", "w4,w5" },
	{ "a stop word", "q=for&ordering=price", "w0,w2" },
	{ "signs", "q=%2Bcoffee*+%28%22", "w1,w2,w3" },
	{ "category", "q=coffee&category=coffee", "w1,w2,w3" },
	{ "with all below it", "q=clay&category=house&ordering=price",
	  "w0,w2" },
	{ "without others", "q=shell&category=house", "" },
	{ "price from", "q=coffee&min_price=90.00", "w1,w2" },
	{ "price to", "q=coffee&max_price=90.00", "w2,w3" },
	{ "rating, not without", "q=coffee&min_rating=4", "w1,w3" },
	{ "any rating", "q=coffee&min_rating=0", "w1,w3" },
	{ "in stock", "q=coffee&in_stock=true", "w2,w3" },
	{ "sold out", "q=coffee&in_stock=false", "w1" },
	{ "option", "q=coffee&option.colour=BLACK", "w1,w2" },
	{ "other option", "q=coffee&option.colour=Red", "" },
	{ "place", "q=coffee&lat=9.03&lng=38.74&radius=40", "w1,w2" },
	{ "place alone", "lat=9.03&lng=38.74&radius=10&ordering=price",
	  "w4,w0,w1" },
	{ "nearest first",
	  "q=coffee&lat=7&lng=38.4&radius=500&ordering="
	  "distance",
	  "w3,w1,w2" },
	{ "farthest first",
	  "q=coffee&lat=7&lng=38.4&radius=500&ordering="
	  "-distance",
	  "w2,w1,w3" },
	{ "cheapest", "q=coffee&ordering=price", "w3,w2,w1" },
	{ "dearest", "q=coffee&ordering=-price", "w1,w2,w3" },
	{ "best rated", "q=coffee&ordering=-rating", "w3,w1,w2" },
	{ "newest", "q=coffee&ordering=-created_at", "w3,w2,w1" },
	{ "by two", "q=coffee&ordering=sales,-price", "w1,w2,w3" },
	{ "by name", "q=coffee&ordering=name", "w1,w2,w3" },
	{ "second page", "q=coffee&page=2&page_size=2", "w3" },
	{ "behind the last", "q=coffee&page=9&page_size=2", "" },
};

static void questions_have_the_same_answers(void)
{
	open_shop();
	for (size_t d = 0; d < 2; d++) {
		if (d)
			search_with_server();
		for (size_t i = 0; i < sizeof(questions) / sizeof(*questions);
		     i++) {
			const struct answered *a = ask(questions[i].query);

			CHECK_TEXT(slugs_of(a), questions[i].slugs,
			           arena_fmt(tc->arena, "%s: %s", drivers[d],
			                     questions[i].what));
		}
	}
	CHECK_TEXT(opensearch_double_error(), "", "as servers want it");
	/* Names are ordered by MySQL; what has no hit is asked again. */
	CHECK_INT(opensearch_double_count("_search"),
	          sizeof(questions) / sizeof(*questions) - 1 + 5,
	          "the server was asked");
}

static void synonyms_stand_for_each_other(void)
{
	open_shop();
	NEED_RC(sql_run(tc, "INSERT INTO search_synonym VALUES"
	                    " ('espresso', 'coffee', NOW(6)),"
	                    " ('espresso', 'phone glass', NOW(6))"),
	        RC_OK, "synonyms");
	for (size_t d = 0; d < 2; d++) {
		if (d)
			search_with_server();
		CHECK_TEXT(slugs_of(ask("q=espresso&ordering=price")),
		           "w3,w2,w1,w5", drivers[d]);
		CHECK_TEXT(slugs_of(ask("q=espresso+clay")), "w2", drivers[d]);
		CHECK_TEXT(slugs_of(ask("q=espresso+shell")), "w5", drivers[d]);
	}
}

/* Answers without the links, whose cursors are each driver's own. */
static const char *gist_of(const struct answered *a)
{
	json_t *j = answered_json(a);

	json_object_del(j, "next");
	json_object_del(j, "previous");
	return json_text(tc, j);
}

enum { MANY = 90, ASKED = 300 };

/* Numbers that are the same in each run. */
static unsigned dice(unsigned n)
{
	static unsigned seed = 11;

	seed = seed * 1664525u + 1013904223u;
	return (seed >> 16) % n;
}

static const char *const vocabulary[] = {
	"buna", "coffee", "咖啡", "ቡና",   "rust",  "Green", "clay",
	"pot",  "mill",   "ሻይ",   "fine", "crème", "手机",  "the",
};
enum { N_VOCABULARY = sizeof(vocabulary) / sizeof(*vocabulary) };

static const char *some_words(unsigned most)
{
	struct buf b;

	buf_init(&b, tc->arena, 64);
	for (unsigned n = dice(most + 1); n; n--)
		buf_fmt(&b, "%s ", vocabulary[dice(N_VOCABULARY)]);
	return b.s;
}

/* Few values of everything, so that many are equal. */
static void fill_shop(const struct person *const *owners,
                      const struct id *categories)
{
	static const char *const colours[] = { "Red", "RED", "Blue" };

	for (int i = 0; i < MANY; i++) {
		struct ware w = {
			.name = arena_fmt(tc->arena, "%s%d", some_words(4), i),
			.brand = vocabulary[dice(N_VOCABULARY)],
			.description = some_words(12),
			.price = (int)dice(6) * 7000,
			.stock = (int)dice(2),
			.rating = (int)dice(6),
			.sales = (int)dice(4),
			.lat = 9 + dice(5) * 0.1,
			.lng = 38.7 + dice(3) * 0.1,
			.colour = colours[dice(3)],
		};

		struct id id =
			add_ware(owners[dice(2)], &w, i, categories[dice(4)]);

		if (!dice(8))
			NEED_RC(sql_run(tc,
			                "UPDATE product SET lat = NULL,"
			                "  lng = NULL WHERE id = ?",
			                A(id)),
			        RC_OK, "nowhere");
	}
	rebuild();
}

static void add_words(struct buf *b)
{
	static const char *const beginnings[] = { "gr",    "cof", "mil",
		                                  "SKU-7", "sku", "nowhere" };

	buf_puts(b, "q=");
	if (!dice(6)) {
		buf_puts(b, beginnings[dice(6)]);
		return;
	}
	for (unsigned n = 1 + dice(2); n; n--) {
		buf_url(b, vocabulary[dice(N_VOCABULARY)]);
		buf_puts(b, n > 1 ? "+" : "");
	}
}

static void add_order(struct buf *b, bool has_words, bool has_place)
{
	static const char *const orders[] = {
		"price", "-price",      "rating", "-rating,price",
		"sales", "-created_at", "name",   "-sales,-created_at",
	};

	if (!dice(4) && has_words)
		buf_puts(b, "&ordering=-relevance,price");
	else if (!dice(3) && has_place)
		buf_puts(b, dice(2) ? "&ordering=-distance"
		                    : "&ordering=distance");
	else if (dice(2))
		buf_fmt(b, "&ordering=%s", orders[dice(8)]);
}

static const char *some_question(const struct person *const *owners)
{
	static const char *const filters[] = {
		"&min_price=70.00",   "&max_price=210.00", "&min_rating=3",
		"&in_stock=true",     "&in_stock=false",   "&option.colour=red",
		"&category=upper",    "&category=lower",   "&min_rating=0",
		"&option.colour=Blue"
	};
	bool has_words = dice(5) > 0, has_place = !has_words || !dice(3);
	struct buf b;

	buf_init(&b, tc->arena, 128);
	if (has_words)
		add_words(&b);
	if (has_place)
		buf_fmt(&b, "&lat=9.13&lng=38.82&radius=%u", 1 + dice(40));
	if (dice(2))
		buf_puts(&b, filters[dice(10)]);
	if (!dice(4))
		buf_fmt(&b, "&vendor=%s", owners[dice(2)]->slug);
	add_order(&b, has_words, has_place);
	buf_fmt(&b, "&facets=%u", dice(2));
	if (dice(2))
		buf_fmt(&b, "&page_size=%u&page=%u", 1 + dice(9), 1 + dice(3));
	return b.s + (*b.s == '&');
}

static void the_drivers_never_disagree(void)
{
	const struct person *owners[] = { an_owner(), an_owner() };
	struct id upper = a_category("Upper", none);
	struct id categories[] = { upper, a_category("Lower", upper),
		                   a_category("Lowest", upper),
		                   a_category("Other", none) };
	static const char *asked[ASKED], *found[ASKED];

	fill_shop(owners, categories);
	for (int i = 0; i < ASKED; i++) {
		asked[i] = some_question(owners);
		found[i] = gist_of(ask(asked[i]));
	}
	search_with_server();
	for (int i = 0; i < ASKED; i++)
		CHECK_TEXT(gist_of(ask(asked[i])), found[i], asked[i]);
	CHECK_TEXT(opensearch_double_error(), "", "as servers want it");
	CHECK_TRUE(opensearch_double_count("_search") > ASKED / 2,
	           "the server was asked");
}

/* All pages of a walk behind each other. */
static const char *walk(const char *query)
{
	const char *uri = arena_fmt(
		tc->arena, "/api/products?%s&page_size=3&cursor=", query);
	struct buf b;

	buf_init(&b, tc->arena, 256);
	for (int i = 0; uri && i < MANY; i++) {
		const struct answered *a = request("GET", uri, NULL);
		const char *next, *slugs;

		NEED_INT(a->status, 200, a->body);
		slugs = slugs_of(a);
		buf_fmt(&b, "%s%s", b.n && *slugs ? "," : "", slugs);
		next = answered_text(a, "next");
		uri = next ? strstr(next, "/api/") : NULL;
	}
	return b.s;
}

static void walks_pass_everything_once(void)
{
	static const char *const walks[] = {
		"q=clay",
		"q=clay&ordering=price",
		"q=clay&ordering=-price",
		"q=clay&ordering=-rating,price",
		"q=clay&ordering=-created_at",
		"q=clay&ordering=sales",
		"q=coffee&lat=9.13&lng=38.82",
		"q=coffee&lat=9.13&lng=38.82&ordering=-price",
		"lat=9.13&lng=38.82&radius=40",
		"lat=9.13&lng=38.82&radius=40&ordering=-distance",
	};
	const struct person *owners[] = { an_owner(), an_owner() };
	struct id category = a_category("All", none);
	struct id categories[] = { category, category, category, category };

	fill_shop(owners, categories);
	for (size_t d = 0; d < 2; d++) {
		if (d)
			search_with_server();
		for (size_t i = 0; i < sizeof(walks) / sizeof(*walks); i++) {
			const char *all = slugs_of(ask(arena_fmt(
				tc->arena, "%s&page_size=100", walks[i])));

			CHECK_TEXT(walk(walks[i]), all,
			           arena_fmt(tc->arena, "%s: %s", drivers[d],
			                     walks[i]));
		}
	}
	CHECK_TEXT(opensearch_double_error(), "", "as servers want it");
}

static const struct check_hooks hooks = {
	.start = searching_start,
	.stop = searching_stop,
	.after = searching_after,
};

CHECK_MAIN_WITH("engine", &hooks, TEST(questions_have_the_same_answers),
                TEST(synonyms_stand_for_each_other),
                TEST(the_drivers_never_disagree),
                TEST(walks_pass_everything_once))
