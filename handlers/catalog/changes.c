/* What every change of a product leaves behind: timeline, watchers, caches. */
#include "config.h"

#include <inttypes.h>
#include <string.h>

#include "db/categories_db.h"
#include "db/outbox_db.h"
#include "fcgi/base/text.h"
#include "handlers/catalog/catalog_rules.h"

enum { EVENT_TEXT_MAX = 250 };

struct cause catalog_cause(const struct ctx *c)
{
	if (id_is_none(c->actor))
		return (struct cause){ .name = "job" };
	/* A job that acts for a person is an import; session is its id. */
	if (c->roles & ROLE_SYSTEM)
		return (struct cause){ .name = "import", .id = c->session };
	if (id_is_none(c->vendor) && (c->roles & ROLE_MODERATOR))
		return (struct cause){ .name = "moderator" };
	return (struct cause){ .name = "user" };
}

enum rc catalog_note(struct ctx *c, const struct product *p, struct id variant,
                     struct cause why, const char *field, const char *old_value,
                     const char *new_value)
{
	struct product_event e = {
		.id = id_new(),
		.product_id = p->id,
		.vendor_id = p->vendor_id,
		.variant_id = variant,
		.field = field,
		.old_value = old_value ? text_cut(c->arena, old_value,
		                                  EVENT_TEXT_MAX)
		                       : NULL,
		.new_value = new_value ? text_cut(c->arena, new_value,
		                                  EVENT_TEXT_MAX)
		                       : NULL,
		.cause = why.name,
		.cause_id = why.id,
		.actor_id = c->actor,
		.created_at = c->now,
	};

	return events_db_insert(c, &e, 1);
}

static bool is_same(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

enum rc catalog_note_text(struct ctx *c, const struct product *p,
                          struct id variant, struct cause why,
                          const char *field, const char *old_value,
                          const char *new_value)
{
	if (is_same(old_value, new_value))
		return RC_OK;
	return catalog_note(c, p, variant, why, field, old_value, new_value);
}

static const char *money_or_null(struct ctx *c, struct money m)
{
	char text[MONEY_TEXT_MAX];

	return money_is_none(m) ? NULL
	                        : arena_strdup(c->arena, money_text(m, text));
}

enum rc catalog_note_money(struct ctx *c, const struct product *p,
                           struct id variant, struct cause why,
                           const char *field, struct money old_value,
                           struct money new_value)
{
	if (old_value.minor == new_value.minor)
		return RC_OK;
	return catalog_note(c, p, variant, why, field,
	                    money_or_null(c, old_value),
	                    money_or_null(c, new_value));
}

static const char *int_or_null(struct ctx *c, int64_t v)
{
	return v == INT_NONE ? NULL : arena_fmt(c->arena, "%" PRId64, v);
}

enum rc catalog_note_int(struct ctx *c, const struct product *p,
                         struct id variant, struct cause why, const char *field,
                         int64_t old_value, int64_t new_value)
{
	if (old_value == new_value)
		return RC_OK;
	return catalog_note(c, p, variant, why, field,
	                    int_or_null(c, old_value),
	                    int_or_null(c, new_value));
}

void catalog_touch_product(struct ctx *c, const struct product *p)
{
	touch_one(c, "product", p->id);
	touch_name(c, "product", p->slug);
}

static enum rc tell(struct ctx *c, const char *topic, const struct product *p,
                    const struct watch *rows, size_t n)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; i < n && !rc; i++) {
		char id[ID_TEXT_MAX];
		struct buf b;

		buf_init(&b, c->arena, 128);
		buf_puts(&b, "{\"customer_id\":");
		buf_json(&b, id_text(rows[i].customer_id, id));
		buf_puts(&b, ",\"slug\":");
		buf_json(&b, p->slug);
		buf_puts(&b, ",\"name\":");
		buf_json(&b, p->name);
		buf_puts(&b, ",\"price\":");
		buf_json(&b, money_or_null(c, p->min_price));
		buf_puts(&b, ",\"currency\":");
		buf_json(&b, p->currency);
		buf_puts(&b, ",\"status\":");
		buf_json(&b, p->status);
		buf_putc(&b, '}');
		rc = outbox_add(c, topic, p->id, b.s);
	}
	return rc;
}

static enum rc tell_watchers(struct ctx *c, const struct product *p)
{
	struct crossed is = { 0 };
	enum rc rc = watch_db_cross(c, p->id, p->min_price, p->in_stock, &is);

	if (!rc)
		rc = tell(c, "product.price_below", p, is.price_fell,
		          is.n_price);
	if (!rc)
		rc = tell(c, "product.back_in_stock", p, is.back, is.n_back);
	return rc;
}

enum rc catalog_refresh(struct ctx *c, struct id product, struct cause why)
{
	struct product was = { 0 }, is;
	enum rc rc = products_db_lock(c, product, (struct id){ { 0 } }, &was);

	if (rc)
		return rc;
	is = was;
	rc = products_db_bounds(c, product, &is);
	if (rc)
		return rc;
	catalog_touch_product(c, &was);
	if (is.min_price.minor == was.min_price.minor &&
	    is.max_price.minor == was.max_price.minor &&
	    is.in_stock == was.in_stock && is.n_variants == was.n_variants)
		return RC_OK;
	rc = products_db_set_bounds(c, &is);
	if (!rc && is.in_stock != was.in_stock)
		rc = catalog_note(c, &was, (struct id){ { 0 } }, why,
		                  "in_stock", was.in_stock ? "yes" : "no",
		                  is.in_stock ? "yes" : "no");
	if (!rc && is.is_visible)
		rc = tell_watchers(c, &is);
	if (is.is_visible)
		touch(c, TAG_CATALOG);
	return rc;
}

enum rc catalog_announce(struct ctx *c, const struct product *p,
                         const char *what)
{
	char id[ID_TEXT_MAX];
	struct buf b;

	buf_init(&b, c->arena, 256);
	buf_puts(&b, "{\"vendor_id\":");
	buf_json(&b, id_text(p->vendor_id, id));
	buf_puts(&b, ",\"slug\":");
	buf_json(&b, p->slug);
	buf_puts(&b, ",\"name\":");
	buf_json(&b, p->name);
	buf_puts(&b, ",\"reason_code\":");
	buf_json(&b, p->reason_code);
	buf_puts(&b, ",\"reason\":");
	buf_json(&b, p->reason);
	buf_putc(&b, '}');
	return outbox_add(c, arena_fmt(c->arena, "product.%s", what), p->id,
	                  b.s);
}

enum rc catalog_set_status(struct ctx *c, struct product *p,
                           const char *old_status, struct cause why)
{
	struct store_facts store = { 0 };
	bool was_visible = p->is_visible;
	enum rc rc = catalog_store_facts(c, p->vendor_id, &store);

	if (rc)
		return rc;
	p->is_visible = store.is_open && strcmp(p->status, "approved") == 0;
	rc = products_db_set_status(c, p);
	if (!rc)
		rc = catalog_note(c, p, (struct id){ { 0 } }, why, "status",
		                  old_status, p->status);
	if (!rc && p->is_visible != was_visible)
		rc = categories_db_count_add(c, p->category_id,
		                             p->is_visible ? 1 : -1);
	if (!rc && p->is_visible)
		rc = catalog_index(c, p->id);
	if (!rc)
		rc = catalog_announce(c, p, p->status);
	if (!rc) {
		struct watch *rows = NULL;
		size_t n = 0;

		rc = watch_db_status(c, p->id, &rows, &n);
		if (!rc)
			rc = tell(c, "product.status_changed", p, rows, n);
	}
	catalog_touch_product(c, p);
	if (p->is_visible || was_visible)
		touch(c, TAG_CATALOG | TAG_CATEGORIES);
	/* What hangs on it comes and goes with it. */
	if (p->is_visible != was_visible)
		touch(c, TAG_REVIEWS | TAG_QUESTIONS);
	return rc;
}

enum rc catalog_product_changed(struct ctx *c, struct id product,
                                const char *field, const char *old_value,
                                const char *new_value)
{
	struct product p = { 0 };
	enum rc rc = products_db_lock(c, product, (struct id){ { 0 } }, &p);

	if (!rc)
		rc = products_db_bump(c, product);
	if (!rc)
		rc = catalog_note(c, &p, (struct id){ { 0 } }, catalog_cause(c),
		                  field, old_value, new_value);
	catalog_touch_product(c, &p);
	if (p.is_visible)
		touch(c, TAG_CATALOG);
	return rc;
}

enum rc catalog_product_owned(struct ctx *c, struct id product,
                              struct id vendor)
{
	struct product p;

	return products_db_get(c, product, vendor, &p);
}
