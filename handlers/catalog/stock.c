/* Stock: conditional changes, their journal, low-stock notices. */
#include "config.h"

#include <string.h>

#include "db/outbox_db.h"
#include "db/sql.h"
#include "handlers/catalog/catalog_rules.h"

static const struct id none;

/* Once below the threshold, until it is above again. */
static bool is_low(const struct variant *v)
{
	return v->low_stock_threshold != INT_NONE &&
	       v->stock <= v->low_stock_threshold;
}

static enum rc tell_low(struct ctx *c, const struct variant *v)
{
	char id[ID_TEXT_MAX], product[ID_TEXT_MAX];
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

struct reason {
	const char *name, *note;
	struct cause why;
};

static enum rc journal(struct ctx *c, const struct variant *before,
                       const struct variant *now, const struct reason *r)
{
	int64_t stock_delta = now->stock - before->stock;
	bool by_order = strcmp(r->why.name, "order") == 0;
	struct stock_movement m = {
		.id = id_new(),
		.variant_id = now->id,
		.product_id = now->product_id,
		.vendor_id = now->vendor_id,
		.delta = stock_delta - (now->backordered - before->backordered),
		.stock_delta = stock_delta,
		.stock_after = now->stock,
		.backordered_after = now->backordered,
		.reason = r->name,
		.note = r->note,
		.order_id = by_order ? r->why.id : none,
		.actor_id = c->actor,
		.created_at = c->now,
	};

	return stock_db_insert(c, &m, 1);
}

/* Writes what a locked variant has become, and all that follows from it. */
static enum rc change(struct ctx *c, const struct variant *before,
                      struct variant *now, const struct reason *r)
{
	struct product p = { .id = before->product_id,
		             .vendor_id = before->vendor_id,
		             .slug = before->product_slug };
	int64_t changed = 0;

	now->low_stock_told = is_low(now);
	enum rc rc = variants_db_set_stock(c, now, before->version, &changed);
	/* Nobody can have written a row that is locked: but if somebody has,
	 * all is to be looked at again. */
	if (!rc && !changed)
		return RC_DEADLOCK;
	if (!rc)
		rc = journal(c, before, now, r);
	if (!rc)
		rc = catalog_note_int(c, &p, now->id, r->why, "stock",
		                      before->stock, now->stock);
	if (!rc && now->low_stock_told && !before->low_stock_told)
		rc = tell_low(c, now);
	catalog_touch_variant(c, now->id);
	if (rc)
		return rc;
	/* The product's row is locked only when what it says may change. */
	if (has_stock(before) != has_stock(now))
		return catalog_refresh(c, &p.id, 1, r->why);
	catalog_touch_product(c, &p);
	return RC_OK;
}

/* Below zero only so far as back-orders are allowed, which are filled first
 * when something comes. */
static bool add(struct variant *v, int64_t delta)
{
	int64_t promised = 0;

	if (delta < 0 && -delta > v->stock) {
		if (!v->allow_backorder)
			return false;
		promised = -delta - v->stock;
	}
	if (delta > 0)
		promised = -(delta < v->backordered ? delta : v->backordered);
	if (delta > 0 && v->stock + delta > STOCK_MAX)
		return false;
	v->backordered += promised;
	v->stock += delta + promised;
	return true;
}

static enum rc move(struct ctx *c, const struct variant *before, int64_t delta,
                    const struct reason *r)
{
	struct variant now = *before;

	if (!add(&now, delta))
		return fail(c, RC_CONFLICT,
		            delta < 0 ? "out_of_stock" : "too_much_stock",
		            "%s: there are %lld.", before->sku,
		            (long long)before->stock);
	return change(c, before, &now, r);
}

static enum rc lock_and_move(struct ctx *c, struct id variant, int64_t delta,
                             const struct reason *r)
{
	struct variant before = { 0 };
	enum rc rc = variants_db_lock(c, variant, none, &before);

	return rc ? rc : move(c, &before, delta, r);
}

static struct reason by_order(const char *name, struct id order)
{
	return (struct reason){ .name = name,
		                .why = { .name = "order", .id = order } };
}

enum rc catalog_stock_take(struct ctx *c, struct id variant, int quantity,
                           struct id order)
{
	struct reason r = by_order("order", order);

	return lock_and_move(c, variant, -(int64_t)quantity, &r);
}

enum rc catalog_line_take(struct ctx *c, const struct sale_line *l,
                          int quantity, struct id order)
{
	struct reason r = by_order("order", order);
	const struct variant before = {
		.id = l->variant_id,
		.product_id = l->product_id,
		.vendor_id = l->vendor_id,
		.product_slug = l->product_slug,
		.sku = l->sku,
		.stock = l->stock,
		.backordered = l->backordered,
		.allow_backorder = l->allow_backorder,
		.low_stock_threshold = l->low_stock_threshold,
		.low_stock_told = l->low_stock_told,
		.version = l->version,
	};

	return move(c, &before, -(int64_t)quantity, &r);
}

enum rc catalog_stock_return(struct ctx *c, struct id variant, int quantity,
                             struct id order)
{
	struct reason r = by_order("order_returned", order);
	enum rc rc = lock_and_move(c, variant, quantity, &r);

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

static enum rc change_locked(struct ctx *c, const struct variant *before,
                             const struct stock_change *in)
{
	struct reason r = { in->reason, in->note, catalog_cause(c) };
	struct variant now = *before;

	if (in->version != INT_NONE && in->version != before->version)
		return fail(c, RC_CONFLICT, "changed_meanwhile",
		            "The stock has changed in the meantime: version "
		            "%lld.",
		            (long long)before->version);
	if (in->delta != INT_NONE)
		return move(c, before, in->delta, &r);
	now.stock = in->stock;
	return change(c, before, &now, &r);
}

enum rc catalog_stock_change(struct ctx *c, struct id vendor, struct id variant,
                             const struct stock_change *in)
{
	struct variant before = { 0 };
	enum rc rc = check(c, in);

	if (rc)
		return rc;
	rc = sql_begin(c);
	if (rc)
		return rc;
	rc = variants_db_lock(c, variant, vendor, &before);
	return sql_end(c, rc ? rc : change_locked(c, &before, in));
}

static enum rc lines(struct ctx *c, const struct id *variants, size_t n,
                     bool lock, struct sale_line **out)
{
	struct sale_line *rows = NULL;
	size_t n_rows = 0;
	enum rc rc = variants_db_lines(c, variants, n, lock, &rows, &n_rows);

	if (rc)
		return rc;
	*out = arena_new_array(c->arena, struct sale_line, n);
	for (size_t i = 0; i < n; i++) {
		(*out)[i].variant_id = variants[i];
		for (size_t k = 0; k < n_rows; k++)
			if (id_equal(rows[k].variant_id, variants[i]))
				(*out)[i] = rows[k];
	}
	return RC_OK;
}

enum rc catalog_lines_for_sale(struct ctx *c, const struct id *variants,
                               size_t n, struct sale_line **out)
{
	return lines(c, variants, n, false, out);
}

enum rc catalog_lines_lock(struct ctx *c, const struct id *variants, size_t n,
                           struct sale_line **out)
{
	return lines(c, variants, n, true, out);
}
