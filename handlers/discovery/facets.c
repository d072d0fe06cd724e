/* Facets: how many of the listed products have what. */
#include "config.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fcgi/base/buf.h"
#include "fcgi/base/text.h"
#include "handlers/discovery/listing.h"

enum {
	OPTIONS_SHOWN = 200,
	CELLS = 1024, /* of a table of counts when it begins */
	PAIR_END = 0x1e,
	NAME_END = 0x1f
};

const int64_t price_bands[PRICE_BANDS] = { 0,      10000,  50000,
	                                   100000, 500000, 1000000 };

/* How often each key was seen: open addressing, grown by half full. Keys are
 * bytes that outlive the table. */
struct cell {
	const char *key;
	size_t n_key;
	int64_t n;
};
struct counts {
	struct cell *cells;
	size_t n, size; /* size is a power of two */
};

struct tally {
	struct counts categories; /* by id */
	struct counts options;    /* by "name 0x1f value" */
	int64_t bands[PRICE_BANDS];
	int64_t stars[STARS + 1]; /* with at least so many */
	int64_t in_stock, out_of_stock;
};

static void init_counts(struct ctx *c, struct counts *t, size_t size)
{
	t->cells = arena_new_array(c->arena, struct cell, size);
	t->n = 0;
	t->size = size;
}

static size_t hash_of(const char *key, size_t n)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < n; i++)
		h = (h ^ (unsigned char)key[i]) * UINT64_C(0x100000001b3);
	return (size_t)(h ^ h >> 32);
}

static void count_key(struct ctx *c, struct counts *t, const char *key,
                      size_t n_key, int64_t n)
{
	size_t at = hash_of(key, n_key) & (t->size - 1);

	while (t->cells[at].key && (t->cells[at].n_key != n_key ||
	                            memcmp(t->cells[at].key, key, n_key) != 0))
		at = (at + 1) & (t->size - 1);
	t->cells[at].n += n;
	if (t->cells[at].key)
		return;
	t->cells[at].key = key;
	t->cells[at].n_key = n_key;
	if (++t->n * 2 < t->size)
		return;
	struct counts old = *t;

	init_counts(c, t, old.size * 2);
	for (size_t i = 0; i < old.size; i++)
		if (old.cells[i].key)
			count_key(c, t, old.cells[i].key, old.cells[i].n_key,
			          old.cells[i].n);
}

static size_t band_of(struct money price)
{
	size_t band = 0;

	for (size_t i = 1; i < PRICE_BANDS; i++)
		band += price.minor >= price_bands[i];
	return band;
}

static void add_options(struct ctx *c, struct tally *t, const char *list)
{
	while (list && *list) {
		size_t n = strcspn(list, (const char[]){ PAIR_END, '\0' });

		count_key(c, &t->options, list, n, 1);
		list += n + (list[n] == PAIR_END);
	}
}

static void add_hit(struct ctx *c, struct tally *t, const struct hit *h)
{
	count_key(c, &t->categories, (const char *)h->category_id.b,
	          sizeof(h->category_id.b), 1);
	t->bands[band_of(h->price)]++;
	for (int i = 1; i <= STARS && i <= floor(h->rating); i++)
		t->stars[i]++;
	if (h->in_stock)
		t->in_stock++;
	else
		t->out_of_stock++;
	add_options(c, t, h->option_list);
}

/* The cells that are taken, at the beginning. */
static void close_counts(struct counts *t,
                         int (*by)(const void *, const void *))
{
	size_t n = 0;

	for (size_t i = 0; i < t->size; i++)
		if (t->cells[i].key)
			t->cells[n++] = t->cells[i];
	if (n > 1)
		qsort(t->cells, n, sizeof(*t->cells), by);
}

static int by_count(const void *a, const void *b)
{
	const struct cell *x = a, *y = b;

	if (x->n != y->n)
		return x->n < y->n ? 1 : -1;
	return memcmp(x->key, y->key, x->n_key);
}

static void put_category(struct buf *b, const struct branch *k, int64_t n)
{
	buf_puts(b, b->s[b->n - 1] == '[' ? "{\"slug\":" : ",{\"slug\":");
	buf_json(b, k->slug);
	buf_puts(b, ",\"name\":");
	buf_json(b, k->name);
	buf_puts(b, ",\"count\":");
	buf_int(b, n);
	buf_putc(b, '}');
}

static enum rc put_categories(struct ctx *c, struct buf *b, struct counts *t)
{
	struct id ids[CATEGORIES_SHOWN];
	struct branch *names = NULL;
	size_t n = t->n < CATEGORIES_SHOWN ? t->n : CATEGORIES_SHOWN;
	size_t n_names = 0;

	close_counts(t, by_count);
	for (size_t i = 0; i < n; i++)
		memcpy(ids[i].b, t->cells[i].key, sizeof(ids[i].b));
	enum rc rc = discovery_db_category_names(c, ids, n, &names, &n_names);
	if (rc)
		return rc;
	buf_puts(b, "\"category\":[");
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < n_names; k++)
			if (id_equal(names[k].id, ids[i]))
				put_category(b, &names[k], t->cells[i].n);
	buf_putc(b, ']');
	return RC_OK;
}

static void put_bands(struct buf *b, const struct tally *t)
{
	char text[MONEY_TEXT_MAX];

	buf_puts(b, ",\"price\":[");
	for (size_t i = 0; i < PRICE_BANDS; i++) {
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

/* An option as it is shown; folded, the same option may be written in several
 * ways. */
struct option {
	const char *name, *value, *name_key, *value_key;
	int64_t n;
};

static int by_key(const void *a, const void *b)
{
	const struct option *x = a, *y = b;
	int name = strcmp(x->name_key, y->name_key);

	if (name)
		return name;
	int value = strcmp(x->value_key, y->value_key);
	if (value)
		return value;
	name = strcmp(x->name, y->name);
	return name ? name : strcmp(x->value, y->value);
}

static int by_name_and_count(const void *a, const void *b)
{
	const struct option *x = a, *y = b;
	int name = strcmp(x->name_key, y->name_key);

	if (name)
		return name;
	if (x->n != y->n)
		return x->n < y->n ? 1 : -1;
	return strcmp(x->value_key, y->value_key);
}

static struct option option_of(struct ctx *c, const struct cell *cell)
{
	const char *end = memchr(cell->key, NAME_END, cell->n_key);
	size_t n = end ? (size_t)(end - cell->key) : cell->n_key;
	struct option o = { .n = cell->n };

	o.name = arena_strndup(c->arena, cell->key, n);
	o.value = arena_strndup(c->arena, end ? end + 1 : "",
	                        end ? cell->n_key - n - 1 : 0);
	o.name_key = text_fold(c->arena, o.name);
	o.value_key = text_fold(c->arena, o.value);
	return o;
}

/* Sums what is written in different ways. */
static size_t fold_options(struct option *all, size_t n)
{
	size_t kept = 0;

	if (n > 1)
		qsort(all, n, sizeof(*all), by_key);
	for (size_t i = 0; i < n; i++) {
		struct option *last = kept ? &all[kept - 1] : NULL;

		if (last && strcmp(last->name_key, all[i].name_key) == 0 &&
		    strcmp(last->value_key, all[i].value_key) == 0)
			last->n += all[i].n;
		else
			all[kept++] = all[i];
	}
	if (kept > 1)
		qsort(all, kept, sizeof(*all), by_name_and_count);
	return kept < OPTIONS_SHOWN ? kept : OPTIONS_SHOWN;
}

static void put_options(struct ctx *c, struct buf *b, const struct counts *t)
{
	struct option *all = arena_new_array(c->arena, struct option, t->n + 1);
	size_t n = 0;

	for (size_t i = 0; i < t->size; i++)
		if (t->cells[i].key)
			all[n++] = option_of(c, &t->cells[i]);
	n = fold_options(all, n);
	buf_puts(b, ",\"option\":[");
	for (size_t i = 0; i < n; i++) {
		bool is_new =
			!i || strcmp(all[i].name_key, all[i - 1].name_key) != 0;

		if (is_new) {
			buf_puts(b, i ? "]},{\"name\":" : "{\"name\":");
			buf_json(b, all[i].name);
			buf_puts(b, ",\"values\":[");
		}
		buf_puts(b, is_new ? "{\"value\":" : ",{\"value\":");
		buf_json(b, all[i].value);
		buf_puts(b, ",\"count\":");
		buf_int(b, all[i].n);
		buf_putc(b, '}');
	}
	buf_puts(b, n ? "]}]" : "]");
}

static void init_tally(struct ctx *c, struct tally *t)
{
	*t = (struct tally){ .in_stock = 0 };
	init_counts(c, &t->categories, CELLS);
	init_counts(c, &t->options, CELLS);
}

static enum rc write_tally(struct ctx *c, struct tally *t, bool is_cut,
                           const char **out)
{
	struct buf b;

	buf_init(&b, c->arena, 2048);
	buf_puts(&b, "\"facets\":{");
	enum rc rc = put_categories(c, &b, &t->categories);
	if (rc)
		return rc;
	put_bands(&b, t);
	put_stars(&b, t);
	put_options(c, &b, &t->options);
	if (is_cut)
		buf_puts(&b, ",\"capped\":true");
	buf_putc(&b, '}');
	*out = b.s;
	return RC_OK;
}

enum rc facets_text(struct ctx *c, const struct hit *hits, size_t n_hits,
                    bool is_cut, const char **out)
{
	struct tally t;

	init_tally(c, &t);
	for (size_t i = 0; i < n_hits && i < COUNT_CAP; i++)
		add_hit(c, &t, &hits[i]);
	return write_tally(c, &t, is_cut, out);
}

static void count_all(struct ctx *c, struct counts *t,
                      const struct facet_count *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		count_key(c, t, rows[i].key, rows[i].n_key, rows[i].n);
}

enum rc facets_of_counts(struct ctx *c, const struct facet_counts *n,
                         const char **out)
{
	struct tally t;

	init_tally(c, &t);
	count_all(c, &t.categories, n->categories, n->n_categories);
	count_all(c, &t.options, n->options, n->n_options);
	memcpy(t.bands, n->bands, sizeof(t.bands));
	memcpy(t.stars, n->stars, sizeof(t.stars));
	t.in_stock = n->in_stock;
	t.out_of_stock = n->out_of_stock;
	return write_tally(c, &t, false, out);
}

enum rc facets_of_filter(struct ctx *c, const struct product_filter *f,
                         int64_t count, const char **out)
{
	int most = count > COUNT_CAP ? CUT_PART : COUNT_CAP;
	struct hits hits = { 0 };
	enum rc rc = hits_db_all(c, f, NULL, HIT_FACETS, most, &hits);
	size_t n = hits.n < (size_t)most ? hits.n : (size_t)most;

	return rc ? rc : facets_text(c, hits.rows, n, hits.is_part, out);
}
