/* What is asked of the search server: filters, scores, orders, counts. */
#include "config.h"

#include <math.h>
#include <string.h>

#include "fcgi/base/text.h"
#include "handlers/discovery/listing.h"
#include "handlers/discovery/opensearch.h"
#include "handlers/discovery/words.h"

enum { SKU_SCORE = 1000000, OPTIONS_COUNTED = 1000, NAME_END = 0x1f };

/* Half of the last digit of a distance. */
#define ROUNDING_KM 5e-7

const struct opensearch_field opensearch_fields[] = {
	{ "name", IN_NAME },
	{ "sku", IN_SKU },
	{ "brand", IN_BRAND },
	{ "option_words", IN_OPTION },
	{ "category_words", IN_CATEGORY },
	{ "store_words", IN_STORE },
	{ "description", IN_DESCRIPTION },
	/* What a description says a second and a third time. */
	{ "description_2", IN_DESCRIPTION },
	{ "description_3", IN_DESCRIPTION },
	{ NULL, 0 },
};

/* Orders that stand in documents as they are named. */
static const char *const columns[] = { "price", "rating", "sales", "created_at",
	                               NULL };

void opensearch_next_item(struct buf *b)
{
	if (b->n && !strchr("[{:\n", b->s[b->n - 1]))
		buf_putc(b, ',');
}

static void put_term(struct buf *b, const char *field, const char *value)
{
	opensearch_next_item(b);
	buf_fmt(b, "{\"term\":{\"%s\":", field);
	buf_json(b, value);
	buf_puts(b, "}}");
}

static void put_ids(struct buf *b, const char *field, const struct id *ids,
                    size_t n)
{
	char text[ID_TEXT_MAX];

	opensearch_next_item(b);
	buf_fmt(b, "{\"terms\":{\"%s\":[", field);
	for (size_t i = 0; i < n; i++)
		buf_fmt(b, "%s\"%s\"", i ? "," : "", id_text(ids[i], text));
	buf_puts(b, "]}}");
}

static void put_scored(struct buf *b, const char *word)
{
	for (const struct opensearch_field *f = opensearch_fields; f->name;
	     f++) {
		opensearch_next_item(b);
		buf_puts(b, "{\"constant_score\":{\"filter\":");
		put_term(b, f->name, word);
		buf_fmt(b, ",\"boost\":%d}}", f->weight);
	}
}

static void put_words(struct buf *b, const struct search_way *way)
{
	for (size_t i = 0; i < way->n; i++)
		put_term(b, "words", way->texts[i]);
}

static bool is_one_word(const struct search_need *need)
{
	return need->n == 1 && need->ways[0].n == 1;
}

static void put_need(struct buf *b, const struct search_need *need)
{
	if (is_one_word(need)) {
		put_words(b, &need->ways[0]);
		return;
	}
	opensearch_next_item(b);
	if (!need->n) {
		buf_puts(b, "{\"match_none\":{}}");
		return;
	}
	buf_puts(b, "{\"bool\":{\"minimum_should_match\":1,\"should\":[");
	for (size_t i = 0; i < need->n; i++) {
		opensearch_next_item(b);
		buf_puts(b, "{\"bool\":{\"filter\":[");
		put_words(b, &need->ways[i]);
		buf_puts(b, "]}}");
	}
	buf_puts(b, "]}}");
}

/* Without a word of its own the first need decides, by its best way. */
static void put_best_way(struct buf *b, const struct search_need *need)
{
	opensearch_next_item(b);
	buf_puts(b, "{\"dis_max\":{\"queries\":[");
	for (size_t i = 0; i < need->n; i++) {
		opensearch_next_item(b);
		buf_puts(b, "{\"bool\":{\"filter\":[");
		put_words(b, &need->ways[i]);
		buf_puts(b, "],\"minimum_should_match\":0,\"should\":[");
		put_scored(b, need->ways[i].texts[0]);
		buf_puts(b, "]}}");
	}
	buf_puts(b, "]}}");
}

static void put_scores(struct buf *b, const struct product_filter *f)
{
	size_t n = 0;

	for (size_t i = 0; i < f->words->n; i++)
		if (is_one_word(&f->words->needs[i])) {
			put_scored(b, f->words->needs[i].ways[0].texts[0]);
			n++;
		}
	if (!n && f->words->needs[0].n)
		put_best_way(b, &f->words->needs[0]);
	if (!f->n_sku_products)
		return;
	opensearch_next_item(b);
	buf_puts(b, "{\"constant_score\":{\"filter\":");
	put_ids(b, "id", f->sku_products, f->n_sku_products);
	buf_fmt(b, ",\"boost\":%d}}", SKU_SCORE);
}

static void put_range(struct buf *b, const struct product_filter *f)
{
	bool has_min = !money_is_none(f->min_price);

	opensearch_next_item(b);
	buf_puts(b, "{\"range\":{\"price\":{");
	if (has_min)
		buf_fmt(b, "\"gte\":%lld", (long long)f->min_price.minor);
	if (!money_is_none(f->max_price))
		buf_fmt(b, "%s\"lte\":%lld", has_min ? "," : "",
		        (long long)f->max_price.minor);
	buf_puts(b, "}}}");
}

static void put_place(struct buf *b, const struct product_filter *f)
{
	buf_fmt(b, "\"location\":{\"lat\":%.9f,\"lon\":%.9f}", f->lat, f->lng);
}

static void put_filters(struct ctx *c, struct buf *b,
                        const struct product_filter *f)
{
	char text[ID_TEXT_MAX];

	for (size_t i = 0; f->words && i < f->words->n; i++)
		put_need(b, &f->words->needs[i]);
	if (f->by_category)
		put_ids(b, "category", f->categories, f->n_categories);
	if (!id_is_none(f->vendor))
		put_term(b, "store", id_text(f->vendor, text));
	if (!money_is_none(f->min_price) || !money_is_none(f->max_price))
		put_range(b, f);
	if (!isnan(f->rating)) {
		opensearch_next_item(b);
		/* What nobody has rated has 0. */
		buf_fmt(b, "{\"range\":{\"rating\":{\"%s\":%.9g}}}",
		        f->rating > 0 ? "gte" : "gt", f->rating);
	}
	if (f->in_stock >= 0) {
		opensearch_next_item(b);
		buf_fmt(b, "{\"term\":{\"in_stock\":%s}}",
		        f->in_stock ? "true" : "false");
	}
	for (size_t i = 0; i < f->n_options; i++)
		put_term(b, "options",
		         arena_fmt(c->arena, "%s%c%s", f->options[i].name_key,
		                   NAME_END, f->options[i].value_key));
	if (isnan(f->lat))
		return;
	opensearch_next_item(b);
	buf_fmt(b, "{\"geo_distance\":{\"distance\":\"%.9fkm\",",
	        (f->radius + ROUNDING_KM) * OPENSEARCH_KM);
	put_place(b, f);
	buf_puts(b, "}}");
}

int opensearch_place_of(const struct search *s, const char *name)
{
	const struct page *page = s->page;

	for (int i = 0; i < page->n_order; i++)
		if (strcmp(page->order[i].name, name) == 0)
			return i;
	/* The id, and then the distance that a card shows. */
	return strcmp(name, "distance") == 0 && !isnan(s->filter->lat)
	               ? page->n_order + 1
	               : -1;
}

static void put_distance(struct buf *b, const struct product_filter *f,
                         const char *way)
{
	opensearch_next_item(b);
	buf_puts(b, "{\"_geo_distance\":{");
	put_place(b, f);
	buf_fmt(b, ",\"order\":\"%s\",\"unit\":\"km\"}}", way);
}

static bool is_column(const char *name)
{
	for (size_t i = 0; columns[i]; i++)
		if (strcmp(columns[i], name) == 0)
			return true;
	return false;
}

static void put_sort(struct buf *b, const struct search *s)
{
	const struct page *page = s->page;
	const char *way = "asc";

	buf_puts(b, ",\"sort\":[");
	for (int i = 0; i < page->n_order; i++) {
		const char *name = page->order[i].name;

		way = page->order[i].descending ? "desc" : "asc";
		if (strcmp(name, "distance") == 0) {
			put_distance(b, s->filter, way);
			continue;
		}
		opensearch_next_item(b);
		if (is_column(name))
			/* Without a price comes before any. */
			buf_fmt(b, "{\"%s\":{\"order\":\"%s\",\"missing\":-1}}",
			        name, way);
		else
			buf_fmt(b, "{\"_score\":{\"order\":\"%s\"}}", way);
	}
	opensearch_next_item(b);
	buf_fmt(b, "{\"id\":{\"order\":\"%s\"}}", way);
	if (opensearch_place_of(s, "distance") > page->n_order)
		put_distance(b, s->filter, "asc");
	buf_putc(b, ']');
}

/* What a cursor says of its row, as documents have it. */
static bool put_value(struct buf *b, const char *name, const char *text)
{
	struct money price = { -1 };
	struct when at;
	double real;

	opensearch_next_item(b);
	if (strcmp(name, "price") == 0) {
		if (text && !money_parse(text, &price))
			return false;
		buf_int(b, price.minor);
		return true;
	}
	if (strcmp(name, "created_at") == 0) {
		if (!text || !when_parse(text, &at))
			return false;
		buf_int(b, at.us);
		return true;
	}
	if (!text || !text_real(text, strlen(text), &real))
		return false;
	buf_fmt(b, "%.17g", real);
	return true;
}

static enum rc put_after(struct ctx *c, struct buf *b, const struct search *s)
{
	const struct page *page = s->page;
	char text[ID_TEXT_MAX];

	if (!page->has_after)
		return RC_OK;
	buf_puts(b, ",\"search_after\":[");
	for (int i = 0; i < page->n_order; i++)
		if (!put_value(b, page->order[i].name, page->after[i]))
			return fail(c, RC_BAD_REQUEST, "bad_cursor",
			            "The cursor is not one of ours.");
	opensearch_next_item(b);
	buf_fmt(b, "\"%s\"", id_text(page->after_id, text));
	/* Behind the row itself, too. */
	if (opensearch_place_of(s, "distance") > page->n_order)
		buf_puts(b, ",1000000");
	buf_putc(b, ']');
	return RC_OK;
}

static void put_terms_count(struct buf *b, const char *name, const char *field,
                            int size)
{
	opensearch_next_item(b);
	buf_fmt(b,
	        "\"%s\":{\"terms\":{\"field\":\"%s\",\"size\":%d,\"order\":"
	        "[{\"_count\":\"desc\"},{\"_key\":\"asc\"}]}}",
	        name, field, size);
}

static void put_counts(struct buf *b)
{
	buf_puts(b, ",\"aggs\":{");
	put_terms_count(b, "category", "category", CATEGORIES_SHOWN);
	put_terms_count(b, "option", "option_labels", OPTIONS_COUNTED);
	put_terms_count(b, "in_stock", "in_stock", 2);
	/* What has no price is counted with the cheapest. */
	buf_puts(b, ",\"no_price\":{\"missing\":{\"field\":\"price\"}},"
	            "\"price\":{\"range\":{\"field\":\"price\",\"ranges\":[");
	for (int i = 0; i < PRICE_BANDS; i++) {
		opensearch_next_item(b);
		buf_putc(b, '{');
		if (i)
			buf_fmt(b, "\"from\":%lld", (long long)price_bands[i]);
		if (i + 1 < PRICE_BANDS)
			buf_fmt(b, "%s\"to\":%lld", i ? "," : "",
			        (long long)price_bands[i + 1]);
		buf_putc(b, '}');
	}
	buf_puts(b, "]}},\"rating\":{\"range\":{\"field\":\"rating\","
	            "\"ranges\":[");
	for (int i = 1; i <= STARS; i++) {
		opensearch_next_item(b);
		buf_fmt(b, "{\"from\":%d}", i);
	}
	buf_puts(b, "]}}}");
}

enum rc opensearch_question(struct ctx *c, const struct search *s,
                            struct buf *b)
{
	const struct page *page = s->page;
	int from = page->walks ? 0 : (page->number - 1) * page->size;

	/* One more than a walk's page tells whether it goes on; other pages
	 * know the count. */
	buf_fmt(b, "{\"size\":%d,\"from\":%d,\"_source\":false",
	        page->size + (page->walks ? 1 : 0), from);
	buf_fmt(b, ",\"track_total_hits\":%d", COUNT_CAP + 1);
	buf_puts(b, ",\"query\":{\"bool\":{\"filter\":[");
	put_filters(c, b, s->filter);
	buf_putc(b, ']');
	if (opensearch_place_of(s, "relevance") >= 0) {
		buf_puts(b, ",\"minimum_should_match\":0,\"should\":[");
		put_scores(b, s->filter);
		buf_putc(b, ']');
	}
	buf_puts(b, "}}");
	put_sort(b, s);
	enum rc rc = put_after(c, b, s);
	if (!rc && s->wants_facets)
		put_counts(b);
	buf_putc(b, '}');
	return rc;
}
