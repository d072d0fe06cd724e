/* Stock: conditional changes, their journal, low-stock notices. */
#include "config.h"

#include <string.h>

#include "db/outbox_db.h"
#include "db/sql.h"
#include "handlers/catalog/catalog_rules.h"

static const struct id none;

/* Once below the threshold, until it is above again. */
static enum rc tell_low(struct ctx *c, const struct variant *v)
{
	bool is_low = v->low_stock_threshold != INT_NONE &&
	              v->stock <= v->low_stock_threshold;
	char id[ID_TEXT_MAX], product[ID_TEXT_MAX];

	if (is_low == v->low_stock_told)
		return RC_OK;
	enum rc rc = variants_db_told_low(c, v->id, is_low);
	if (rc || !is_low)
		return rc;
	struct buf b;
	buf_init(&b, c->arena, 128);
	buf_puts(&b, "{\"vendor_id\":");
	buf_json(&b, id_text(v->vendor_id, id));
	buf_puts(&b, ",\"product_id\":");
	buf_json(&b, id_text(v->product_id, product));
	buf_puts(&b, ",\"sku\":");
	buf_json(&b, v->sku);
	buf_puts(&b, ",\"stock\":");
	buf_int(&b, v->stock);
	buf_putc(&b, '}');
	return outbox_add(c, "variant.low_stock", v->id, b.s);
}

static bool has_stock(const struct variant *v)
{
	return v->stock > 0 || v->allow_backorder;
}

enum rc catalog_stock_moved(struct ctx *c, const struct variant *before,
                            const char *reason, const char *note,
                            struct cause why)
{
	struct variant now = { 0 };
	struct product p = { .id = before->product_id,
		             .vendor_id = before->vendor_id };
	/* Our own change has the row locked: this reads what it left. */
	enum rc rc = variants_db_get(c, before->id, none, &now);

	if (rc)
		return rc;
	int64_t stock_delta = now.stock - before->stock;
	struct stock_movement m = {
		.id = id_new(),
		.variant_id = now.id,
		.product_id = now.product_id,
		.vendor_id = now.vendor_id,
		.delta = stock_delta - (now.backordered - before->backordered),
		.stock_delta = stock_delta,
		.stock_after = now.stock,
		.backordered_after = now.backordered,
		.reason = reason,
		.note = note,
		.order_id = strcmp(why.name, "order") == 0 ? why.id : none,
		.actor_id = c->actor,
		.created_at = c->now,
	};
	rc = stock_db_insert(c, &m, 1);
	if (!rc)
		rc = catalog_note_int(c, &p, now.id, why, "stock",
		                      before->stock, now.stock);
	if (!rc)
		rc = tell_low(c, &now);
	catalog_touch_variant(c, now.id);
	if (rc)
		return rc;
	/* The product's row is locked only when what it says may change. */
	if (has_stock(before) != has_stock(&now))
		return catalog_refresh(c, &now.product_id, 1, why);
	p.slug = now.product_slug;
	catalog_touch_product(c, &p);
	return RC_OK;
}

static enum rc move(struct ctx *c, struct id variant, int64_t delta,
                    int64_t version, const char *reason, const char *note,
                    struct cause why)
{
	struct variant before = { 0 };
	int64_t changed = 0;
	enum rc rc = variants_db_lock(c, variant, none, &before);

	if (rc)
		return rc;
	rc = variants_db_move_stock(c, variant, delta, version, &changed);
	if (rc)
		return rc;
	if (!changed && version != INT_NONE && version != before.version)
		return fail(c, RC_CONFLICT, "changed_meanwhile",
		            "The stock has changed in the meantime.");
	if (!changed)
		return fail(c, RC_CONFLICT,
		            delta < 0 ? "out_of_stock" : "too_much_stock",
		            "%s: there are %lld.", before.sku,
		            (long long)before.stock);
	return catalog_stock_moved(c, &before, reason, note, why);
}

enum rc catalog_stock_take(struct ctx *c, struct id variant, int quantity,
                           struct id order)
{
	return move(c, variant, -(int64_t)quantity, INT_NONE, "order", NULL,
	            (struct cause){ .name = "order", .id = order });
}

enum rc catalog_stock_return(struct ctx *c, struct id variant, int quantity,
                             struct id order)
{
	enum rc rc = move(c, variant, quantity, INT_NONE, "order_returned",
	                  NULL, (struct cause){ .name = "order", .id = order });

	/* The variant may have been deleted since: then there is no stock to
	 * return to. */
	if (rc != RC_NOT_FOUND)
		return rc;
	return RC_OK;
}

enum rc catalog_count_sale(struct ctx *c, struct id product, struct id variant,
                           int quantity)
{
	struct product p = { 0 };
	enum rc rc = products_db_count_sale(c, product, quantity, &p);

	if (!rc)
		rc = variants_db_sold(c, variant, quantity);
	/* Its page shows how many were sold. */
	if (!id_is_none(p.id))
		catalog_touch_product(c, &p);
	return rc;
}

static enum rc set(struct ctx *c, struct id variant,
                   const struct stock_change *in)
{
	struct variant before = { 0 };
	int64_t changed = 0;
	enum rc rc = variants_db_lock(c, variant, none, &before);

	if (!rc)
		rc = variants_db_set_stock(c, variant, in->stock, in->version,
		                           &changed);
	if (rc)
		return rc;
	if (!changed)
		return fail(c, RC_CONFLICT, "changed_meanwhile",
		            "The stock has changed in the meantime: version "
		            "%lld.",
		            (long long)before.version);
	return catalog_stock_moved(c, &before, in->reason, in->note,
	                           catalog_cause(c));
}

static enum rc check(struct ctx *c, const struct stock_change *in)
{
	bool has_delta = in->delta != INT_NONE,
	     has_stock = in->stock != INT_NONE;

	if (has_delta == has_stock)
		return fail_field(c, "delta", "one_of_two",
		                  "Give either delta, or stock with version.");
	if (has_delta && !in->delta)
		return fail_field(c, "delta", "zero", "It changes nothing.");
	if (has_stock && in->version == INT_NONE)
		return fail_field(c, "version", "required",
		                  "A counted stock needs the version that was "
		                  "counted.");
	return RC_OK;
}

enum rc catalog_stock_change(struct ctx *c, struct id vendor, struct id variant,
                             const struct stock_change *in)
{
	struct variant v;
	enum rc rc = check(c, in);

	if (rc)
		return rc;
	rc = sql_begin(c);
	if (rc)
		return rc;
	rc = variants_db_get(c, variant, vendor, &v);
	if (!rc && in->delta != INT_NONE)
		rc = move(c, variant, in->delta, in->version, in->reason,
		          in->note, catalog_cause(c));
	else if (!rc)
		rc = set(c, variant, in);
	return sql_end(c, rc);
}

enum rc catalog_lines_for_sale(struct ctx *c, const struct id *variants,
                               size_t n, struct sale_line **lines)
{
	struct sale_line *rows = NULL;
	size_t n_rows = 0;
	enum rc rc = variants_db_lines(c, variants, n, &rows, &n_rows);

	if (rc)
		return rc;
	*lines = arena_new_array(c->arena, struct sale_line, n);
	for (size_t i = 0; i < n; i++) {
		(*lines)[i].variant_id = variants[i];
		for (size_t k = 0; k < n_rows; k++)
			if (id_equal(rows[k].variant_id, variants[i]))
				(*lines)[i] = rows[k];
	}
	return RC_OK;
}
