/* Facets: how many of the listed products have what. */
#include "config.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fcgi/base/buf.h"
#include "handlers/discovery/listing.h"

enum { STARS = 5, CATEGORIES_SHOWN = 50 };

struct tally {
	struct facet_row *categories; /* category_id and n */
	size_t n_categories, capacity;
	int64_t bands[PRICE_BANDS];
	int64_t stars[STARS + 1]; /* with at least so many */
	int64_t in_stock, out_of_stock;
};

static int64_t band_of(struct money price)
{
	int64_t band = 0;

	for (int i = 1; i < PRICE_BANDS; i++)
		band += price.minor >= price_bands[i];
	return band;
}

static void add_category(struct ctx *c, struct tally *t, struct id id,
                         int64_t n)
{
	for (size_t i = 0; i < t->n_categories; i++)
		if (id_equal(t->categories[i].category_id, id)) {
			t->categories[i].n += n;
			return;
		}
	if (t->n_categories == t->capacity) {
		size_t more = t->capacity ? t->capacity * 2 : 32;
		struct facet_row *all =
			arena_new_array(c->arena, struct facet_row, more);

		if (t->n_categories)
			memcpy(all, t->categories,
			       t->n_categories * sizeof(*all));
		t->categories = all;
		t->capacity = more;
	}
	t->categories[t->n_categories++] =
		(struct facet_row){ .category_id = id, .n = n };
}

static void add(struct ctx *c, struct tally *t, const struct facet_row *row)
{
	add_category(c, t, row->category_id, row->n);
	if (row->band >= 0 && row->band < PRICE_BANDS)
		t->bands[row->band] += row->n;
	for (int64_t i = 1; i <= row->stars && i <= STARS; i++)
		t->stars[i] += row->n;
	if (row->in_stock)
		t->in_stock += row->n;
	else
		t->out_of_stock += row->n;
}

static int by_count(const void *a, const void *b)
{
	const struct facet_row *x = a, *y = b;

	if (x->n != y->n)
		return x->n < y->n ? 1 : -1;
	return id_compare(x->category_id, y->category_id);
}

static enum rc put_categories(struct ctx *c, struct buf *b, struct tally *t)
{
	struct id ids[CATEGORIES_SHOWN];
	struct branch *names = NULL;
	size_t n, n_names = 0;
	char mark = '[';

	if (t->n_categories)
		qsort(t->categories, t->n_categories, sizeof(*t->categories),
		      by_count);
	n = t->n_categories < CATEGORIES_SHOWN ? t->n_categories
	                                       : CATEGORIES_SHOWN;
	for (size_t i = 0; i < n; i++)
		ids[i] = t->categories[i].category_id;
	enum rc rc = discovery_db_category_names(c, ids, n, &names, &n_names);
	if (rc)
		return rc;
	buf_puts(b, "\"category\":");
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < n_names; k++) {
			if (!id_equal(names[k].id, ids[i]))
				continue;
			buf_putc(b, mark);
			buf_puts(b, "{\"slug\":");
			buf_json(b, names[k].slug);
			buf_puts(b, ",\"name\":");
			buf_json(b, names[k].name);
			buf_puts(b, ",\"count\":");
			buf_int(b, t->categories[i].n);
			buf_putc(b, '}');
			mark = ',';
		}
	buf_puts(b, mark == '[' ? "[]" : "]");
	return RC_OK;
}

static void put_bands(struct buf *b, const struct tally *t)
{
	char text[MONEY_TEXT_MAX];

	buf_puts(b, ",\"price\":[");
	for (int i = 0; i < PRICE_BANDS; i++) {
		struct money low = { price_bands[i] };

		buf_puts(b, i ? ",{\"min\":" : "{\"min\":");
		buf_json(b, money_text(low, text));
		buf_puts(b, ",\"below\":");
		if (i + 1 < PRICE_BANDS) {
			struct money high = { price_bands[i + 1] };

			buf_json(b, money_text(high, text));
		} else {
			buf_puts(b, "null");
		}
		buf_puts(b, ",\"count\":");
		buf_int(b, t->bands[i]);
		buf_putc(b, '}');
	}
	buf_putc(b, ']');
}

static void put_stars(struct buf *b, const struct tally *t)
{
	buf_puts(b, ",\"rating\":[");
	for (int i = STARS; i >= 1; i--) {
		buf_puts(b, i < STARS ? ",{\"at_least\":" : "{\"at_least\":");
		buf_int(b, i);
		buf_puts(b, ",\"count\":");
		buf_int(b, t->stars[i]);
		buf_putc(b, '}');
	}
	buf_puts(b, "],\"in_stock\":{\"true\":");
	buf_int(b, t->in_stock);
	buf_puts(b, ",\"false\":");
	buf_int(b, t->out_of_stock);
	buf_putc(b, '}');
}

/* Rows come in groups by name. */
static void put_options(struct buf *b, const struct option_count *rows,
                        size_t n)
{
	buf_puts(b, ",\"option\":[");
	for (size_t i = 0; i < n; i++) {
		bool is_new = !i || strcmp(rows[i].name, rows[i - 1].name) != 0;

		if (is_new) {
			buf_puts(b, i ? "]},{\"name\":" : "{\"name\":");
			buf_json(b, rows[i].name);
			buf_puts(b, ",\"values\":[");
		}
		buf_puts(b, is_new ? "{\"value\":" : ",{\"value\":");
		buf_json(b, rows[i].value);
		buf_puts(b, ",\"count\":");
		buf_int(b, rows[i].n);
		buf_putc(b, '}');
	}
	buf_puts(b, n ? "]}]" : "]");
}

static enum rc count(struct ctx *c, const struct product_filter *f,
                     const struct hit *hits, size_t n_hits, int64_t n_listed,
                     struct tally *t)
{
	struct facet_row *rows = NULL;
	size_t n = 0;

	for (size_t i = 0; i < n_hits; i++) {
		struct facet_row row = {
			.category_id = hits[i].category_id,
			.band = band_of(hits[i].price),
			.stars = (int64_t)floor(hits[i].rating),
			.in_stock = hits[i].in_stock,
			.n = 1,
		};
		add(c, t, &row);
	}
	if (n_listed < 0)
		return RC_OK;
	enum rc rc = discovery_db_facets(c, f, &rows, &n);
	for (size_t i = 0; i < n; i++)
		add(c, t, &rows[i]);
	return rc;
}

enum rc facets_text(struct ctx *c, const struct product_filter *f,
                    const struct hit *hits, size_t n_hits, int64_t n_listed,
                    const char **out)
{
	struct tally t = { 0 };
	struct option_count *options = NULL;
	size_t n_options = 0;
	struct buf b;
	enum rc rc = count(c, f, hits, n_hits, n_listed, &t);

	if (rc)
		return rc;
	buf_init(&b, c->arena, 2048);
	buf_puts(&b, "\"facets\":{");
	rc = put_categories(c, &b, &t);
	if (!rc && n_listed <= COUNT_CAP && n_hits <= COUNT_CAP)
		rc = discovery_db_option_counts(c, f, &options, &n_options);
	if (rc)
		return rc;
	put_bands(&b, &t);
	put_stars(&b, &t);
	put_options(&b, options, n_options);
	buf_putc(&b, '}');
	*out = b.s;
	return RC_OK;
}
