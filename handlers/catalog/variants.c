/* Variants: prices in time, options, and what a change of one leaves behind. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "db/sql.h"
#include "fcgi/base/json.h"
#include "fcgi/base/text.h"
#include "handlers/catalog/catalog_rules.h"

static const struct id none;

enum { OPTIONS_MAX = 10, OPTION_NAME_MAX = 40, OPTION_VALUE_MAX = 80 };

void catalog_price_now(struct when now, struct variant *v)
{
	bool has_begun = !v->sale_from.us || v->sale_from.us <= now.us;
	bool has_ended = v->sale_until.us && v->sale_until.us <= now.us;

	v->current_price = v->price;
	v->price_changes_at = (struct when){ 0 };
	if (money_is_none(v->sale_price) || has_ended)
		return;
	if (!has_begun) {
		v->price_changes_at = v->sale_from;
		return;
	}
	v->current_price = v->sale_price;
	v->price_changes_at = v->sale_until;
}

static enum rc bad_options(struct ctx *c, const char *path)
{
	return fail_field(c, path, "bad_options",
	                  "At most %d options, each name once, as "
	                  "{\"Colour\": \"Red\"}.",
	                  OPTIONS_MAX);
}

static bool option_row(struct ctx *c, const struct variant *v, const char *name,
                       const json_t *value, struct variant_option_row *row)
{
	const char *text = json_string_value(value);

	if (!text)
		return false;
	row->variant_id = v->id;
	row->product_id = v->product_id;
	row->name = text_clean(c->arena, name, strlen(name), false);
	row->value = text_clean(c->arena, text, strlen(text), false);
	if (!row->name || !row->value || !*row->name || !*row->value)
		return false;
	if (text_length(row->name) > OPTION_NAME_MAX ||
	    text_length(row->value) > OPTION_VALUE_MAX)
		return false;
	row->name_key = text_fold(c->arena, row->name);
	row->value_key = text_fold(c->arena, row->value);
	return true;
}

/* "Colour" and "colour" are one name. */
static bool is_repeated(const struct variant_option_row *rows, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (strcmp(rows[i].name_key, rows[at].name_key) == 0)
			return true;
	return false;
}

enum rc catalog_options_read(struct ctx *c, const struct variant *v,
                             const char *path, struct json_text *canonical,
                             struct variant_option_row **rows, size_t *n)
{
	const char *name;
	json_t *value, *j = NULL;

	*rows = arena_new_array(c->arena, struct variant_option_row,
	                        OPTIONS_MAX);
	*n = 0;
	if (!v->options.s)
		return RC_OK;
	enum rc rc = json_read(c, v->options.s, strlen(v->options.s), &j);
	if (rc)
		return rc;
	if (!json_is_object(j) || json_object_size(j) > OPTIONS_MAX)
		return bad_options(c, path);
	json_t *clean = json_object();
	json_object_foreach(j, name, value)
	{
		struct variant_option_row *row = &(*rows)[*n];

		if (!clean || !option_row(c, v, name, value, row) ||
		    json_object_set_new(clean, row->name,
		                        json_string(row->value)))
			break;
		if (is_repeated(*rows, *n))
			break;
		(*n)++;
	}
	if (*n < json_object_size(j) || json_object_size(clean) < *n) {
		json_decref(clean);
		return bad_options(c, path);
	}
	canonical->s = *n ? json_text(c, clean) : NULL;
	json_decref(clean);
	return RC_OK;
}

/* Rules between the fields of one variant. */
static enum rc check(struct ctx *c, const struct variant *v, const char *path)
{
	enum rc rc = RC_OK;

	if (!money_is_none(v->compare_at_price) &&
	    v->compare_at_price.minor < v->price.minor)
		rc = fail_field(c,
		                arena_fmt(c->arena, "%scompare_at_price", path),
		                "too_small", "It is not below the price.");
	if (!money_is_none(v->sale_price) &&
	    v->sale_price.minor >= v->price.minor)
		rc = fail_field(c, arena_fmt(c->arena, "%ssale_price", path),
		                "too_large", "It is below the price.");
	if (v->sale_from.us && v->sale_until.us &&
	    v->sale_until.us <= v->sale_from.us)
		rc = fail_field(c, arena_fmt(c->arena, "%ssale_until", path),
		                "too_small", "A sale ends after it begins.");
	return rc;
}

enum rc catalog_variant_fill(struct ctx *c, const struct variant_in *in,
                             const char *path, struct variant *out)
{
	struct variant_option_row *rows;
	size_t n;

	*out = (struct variant){
		.id = id_is_none(out->id) ? id_new() : out->id,
		.product_id = out->product_id,
		.vendor_id = out->vendor_id,
		.sku = in->sku,
		.name = in->name,
		.options = in->options,
		.price = in->price,
		.compare_at_price = in->compare_at_price,
		.sale_price = in->sale_price,
		.sale_from = in->sale_from,
		.sale_until = in->sale_until,
		.weight_g = in->weight_g,
		.barcode = in->barcode,
		.stock = in->stock,
		.allow_backorder = in->allow_backorder,
		.low_stock_threshold = in->low_stock_threshold,
		.position = in->position,
		.status = "active",
		.version = 1,
		.created_at = c->now,
		.updated_at = c->now,
	};
	catalog_price_now(c->now, out);
	enum rc rc = catalog_options_read(
		c, out, arena_fmt(c->arena, "%soptions", path), &out->options,
		&rows, &n);
	enum rc rc_between = check(c, out, path);

	return rc ? rc : rc_between;
}

static enum rc sku_taken(struct ctx *c, enum rc rc)
{
	if (rc == RC_CONFLICT && strcmp(sql_duplicate(), "vendor_sku") == 0)
		return fail(
			c, RC_CONFLICT, "sku_taken",
			"This SKU is used by another variant of the store.");
	return rc;
}

/* All of them in one statement. */
static enum rc insert_options(struct ctx *c, struct variant *rows, size_t n)
{
	struct variant_option_row *all = arena_new_array(
		c->arena, struct variant_option_row, n * OPTIONS_MAX + 1);
	size_t n_all = 0;
	enum rc rc = RC_OK;

	for (size_t i = 0; i < n && !rc; i++) {
		struct variant_option_row *some = NULL;
		size_t n_some = 0;

		if (!rows[i].options.s)
			continue;
		rc = catalog_options_read(c, &rows[i], "options",
		                          &rows[i].options, &some, &n_some);
		for (size_t k = 0; k < n_some && !rc; k++)
			all[n_all++] = some[k];
	}
	return rc ? rc : variants_db_add_options(c, all, n_all);
}

static enum rc insert_journal(struct ctx *c, const struct variant *rows,
                              size_t n, struct cause why)
{
	struct stock_movement *m =
		arena_new_array(c->arena, struct stock_movement, n);
	size_t n_moved = 0;

	for (size_t i = 0; i < n; i++) {
		if (!rows[i].stock)
			continue;
		m[n_moved++] = (struct stock_movement){
			.id = id_new(),
			.variant_id = rows[i].id,
			.product_id = rows[i].product_id,
			.vendor_id = rows[i].vendor_id,
			.delta = rows[i].stock,
			.stock_delta = rows[i].stock,
			.stock_after = rows[i].stock,
			.reason = strcmp(why.name, "import") == 0 ? "import"
			                                          : "initial",
			.actor_id = c->actor,
			.created_at = c->now,
		};
	}
	return n_moved ? stock_db_insert(c, m, n_moved) : RC_OK;
}

enum rc catalog_variants_insert(struct ctx *c, struct variant *rows, size_t n,
                                struct cause why)
{
	enum rc rc = catalog_screen_variants(c, rows, n);

	if (!rc)
		rc = sku_taken(c, variants_db_insert(c, rows, n));

	if (!rc)
		rc = insert_options(c, rows, n);
	if (!rc)
		rc = insert_journal(c, rows, n, why);
	struct product_event *events =
		arena_new_array(c->arena, struct product_event, n);
	for (size_t i = 0; i < n; i++) {
		char price[MONEY_TEXT_MAX];

		events[i] = (struct product_event){
			.id = id_new(),
			.product_id = rows[i].product_id,
			.vendor_id = rows[i].vendor_id,
			.variant_id = rows[i].id,
			.field = "price",
			.new_value = arena_strdup(
				c->arena,
				money_text(rows[i].current_price, price)),
			.cause = why.name,
			.cause_id = why.id,
			.actor_id = c->actor,
			.created_at = c->now,
		};
	}
	if (!rc)
		rc = events_db_insert(c, events, n);
	touch(c, TAG_VARIANTS);
	return rc;
}

static enum rc create(struct ctx *c, struct id vendor, struct id product,
                      struct variant *v)
{
	struct product p = { 0 };
	/* The row only: the product's lock comes with the refresh, after the
	 * variant, in the one order of locks. */
	enum rc rc = products_db_get(c, product, vendor, &p);

	if (rc == RC_NOT_FOUND)
		return fail_field(c, "product_id", "unknown",
		                  "There is no such product of yours.");
	if (!rc)
		rc = catalog_variants_insert(c, v, 1, catalog_cause(c));
	if (!rc)
		rc = catalog_refresh(c, &product, 1, catalog_cause(c));
	if (!rc && v->options.s)
		rc = variants_db_list_options(c, &product, 1);
	if (!rc)
		rc = catalog_index(c, product);
	return rc;
}

enum rc catalog_variant_create(struct ctx *c, struct id vendor,
                               struct id product, const struct variant_in *in,
                               struct id *out)
{
	struct variant v = { .product_id = product, .vendor_id = vendor };
	enum rc rc = catalog_variant_fill(c, in, "", &v);

	if (rc)
		return rc;
	rc = sql_begin(c);
	if (rc)
		return rc;
	rc = sql_end(c, create(c, vendor, product, &v));
	if (!rc)
		*out = v.id;
	return rc;
}

#define TAKE(member)                                                \
	do {                                                        \
		if (shape_given(&variant_patch_shape, in, #member)) \
			v->member = in->member;                     \
	} while (0)

/* NOLINTNEXTLINE(readability-function-size): a line for each member */
static void take_given(const struct variant_patch *in, struct variant *v)
{
	TAKE(sku);
	TAKE(name);
	TAKE(options);
	TAKE(price);
	TAKE(compare_at_price);
	TAKE(sale_price);
	TAKE(sale_from);
	TAKE(sale_until);
	TAKE(weight_g);
	TAKE(barcode);
	TAKE(allow_backorder);
	TAKE(low_stock_threshold);
	TAKE(position);
	TAKE(status);
}
#undef TAKE

/* Of ids, and of structs that begin with one. */
static int by_id(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct id));
}

/* Each once, in their order. */
static size_t fold_ids(struct id *ids, size_t n)
{
	size_t kept = 0;

	qsort(ids, n, sizeof(*ids), by_id);
	for (size_t i = 0; i < n; i++)
		if (!kept || !id_equal(ids[kept - 1], ids[i]))
			ids[kept++] = ids[i];
	return kept;
}

/* One locked variant; its product is left for what follows. */
static enum rc patch_row(struct ctx *c, const struct variant *was,
                         const struct variant_edit *e)
{
	bool has_options = shape_given(&variant_patch_shape, e->in, "options");
	struct variant_option_row *rows;
	struct variant is = *was;
	size_t n;

	if (e->if_version != INT_NONE && e->if_version != was->version)
		return fail(c, RC_PRECONDITION, "changed_meanwhile",
		            "The variant has changed in the meantime.");
	take_given(e->in, &is);
	catalog_price_now(c->now, &is);
	enum rc rc = catalog_options_read(
		c, &is, arena_fmt(c->arena, "%soptions", e->path), &is.options,
		&rows, &n);
	if (!rc)
		rc = check(c, &is, e->path);
	if (!rc &&
	    (has_options || shape_given(&variant_patch_shape, e->in, "name")))
		rc = catalog_screen_variants(c, &is, 1);
	if (!rc)
		rc = sku_taken(c, variants_db_update(c, &is));
	if (!rc && has_options)
		rc = variants_db_set_options(c, is.id, rows, n);
	if (!rc)
		rc = catalog_variant_note(c, was, &is, catalog_cause(c));
	catalog_touch_variant(c, is.id);
	return rc;
}

static const struct variant *find_variant(const struct variant *rows, size_t n,
                                          struct id vendor, struct id id)
{
	const struct variant key = { .id = id };
	const struct variant *v =
		n ? bsearch(&key, rows, n, sizeof(*rows), by_id) : NULL;

	return v && (id_is_none(vendor) || id_equal(v->vendor_id, vendor))
	               ? v
	               : NULL;
}

/* What follows for the products of what has been patched. */
static enum rc follow(struct ctx *c, const struct variant *rows, size_t n_rows,
                      const struct variant_edit *edits, size_t n)
{
	struct id *all = arena_new_array(c->arena, struct id, n);
	struct id *listed = arena_new_array(c->arena, struct id, n);
	struct id *indexed = arena_new_array(c->arena, struct id, n);
	size_t n_all = 0, n_listed = 0, n_indexed = 0;

	for (size_t i = 0; i < n; i++) {
		const struct shape *s = &variant_patch_shape;
		bool options = shape_given(s, edits[i].in, "options");
		struct id product =
			find_variant(rows, n_rows, none, edits[i].id)
				->product_id;

		all[n_all++] = product;
		if (options)
			listed[n_listed++] = product;
		if (options || shape_given(s, edits[i].in, "sku"))
			indexed[n_indexed++] = product;
	}
	n_all = fold_ids(all, n_all);
	n_listed = fold_ids(listed, n_listed);
	n_indexed = fold_ids(indexed, n_indexed);
	enum rc rc = catalog_refresh(c, all, n_all, catalog_cause(c));
	if (!rc && n_listed)
		rc = variants_db_list_options(c, listed, n_listed);
	for (size_t i = 0; i < n_indexed && !rc; i++)
		rc = catalog_index(c, indexed[i]);
	return rc;
}

static enum rc patch(struct ctx *c, struct id vendor,
                     const struct variant_edit *edits, size_t n)
{
	struct id *ids = arena_new_array(c->arena, struct id, n);
	struct variant *rows = NULL;
	size_t n_rows = 0;

	for (size_t i = 0; i < n; i++)
		ids[i] = edits[i].id;
	enum rc rc = variants_db_lock_all(c, ids, n, &rows, &n_rows);
	for (size_t i = 0; i < n && !rc; i++) {
		const struct variant *was =
			find_variant(rows, n_rows, vendor, edits[i].id);

		rc = was ? patch_row(c, was, &edits[i]) : RC_NOT_FOUND;
	}
	return rc ? rc : follow(c, rows, n_rows, edits, n);
}

enum rc catalog_variants_patch(struct ctx *c, struct id vendor,
                               const struct variant_edit *edits, size_t n)
{
	enum rc rc = sql_begin(c);

	if (rc)
		return rc;
	return sql_end(c, patch(c, vendor, edits, n));
}

enum rc catalog_variant_patch(struct ctx *c, struct id vendor, struct id id,
                              int64_t if_version,
                              const struct variant_patch *in)
{
	const struct variant_edit edit = { id, if_version, in, "" };

	return catalog_variants_patch(c, vendor, &edit, 1);
}

static enum rc drop(struct ctx *c, struct id vendor, struct id id,
                    int64_t if_version)
{
	struct variant v = { 0 };
	enum rc rc = variants_db_lock(c, id, vendor, &v);

	if (rc)
		return rc;
	if (if_version != INT_NONE && if_version != v.version)
		return fail(c, RC_PRECONDITION, "changed_meanwhile",
		            "The variant has changed in the meantime.");
	struct product p = { .id = v.product_id, .vendor_id = v.vendor_id };

	rc = catalog_note(c, &p, id, catalog_cause(c), "variant", v.sku, NULL);
	if (!rc)
		rc = variants_db_delete(c, id);
	if (!rc)
		rc = catalog_refresh(c, &v.product_id, 1, catalog_cause(c));
	if (!rc)
		rc = variants_db_list_options(c, &v.product_id, 1);
	if (!rc)
		rc = catalog_index(c, v.product_id);
	catalog_touch_variant(c, id);
	return rc;
}

enum rc catalog_variant_delete(struct ctx *c, struct id vendor, struct id id,
                               int64_t if_version)
{
	enum rc rc = sql_begin(c);

	if (rc)
		return rc;
	return sql_end(c, drop(c, vendor, id, if_version));
}
