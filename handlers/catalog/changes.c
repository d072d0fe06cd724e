/* What every change of a product leaves behind: timeline, watchers, caches. */
#include "config.h"

#include <inttypes.h>
#include <string.h>

#include "db/categories_db.h"
#include "db/outbox_db.h"
#include "db/places_db.h"
#include "fcgi/base/text.h"
#include "handlers/catalog/catalog_rules.h"
#include "handlers/discovery/discovery.h"

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

void catalog_touch_variant(struct ctx *c, struct id variant)
{
	touch(c, TAG_VARIANTS);
	touch_one(c, "variant", variant);
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

/* What has crossed while nobody saw it is told when it can be seen. */
static enum rc tell_status(struct ctx *c, const struct product *p)
{
	struct watch *rows = NULL;
	size_t n = 0;
	enum rc rc = watch_db_status(c, p->id, &rows, &n);

	if (!rc)
		rc = tell(c, "product.status_changed", p, rows, n);
	return rc || !p->is_visible ? rc : tell_watchers(c, p);
}

/* Most products are watched by nobody: one look for all of them. */
static enum rc for_watched(struct ctx *c, const struct product *ps, size_t n,
                           enum rc (*fn)(struct ctx *, const struct product *))
{
	struct id *ids = arena_new_array(c->arena, struct id, n);
	struct watch *watched = NULL;
	size_t n_watched = 0;
	enum rc rc = RC_OK;

	if (!n)
		return RC_OK;
	for (size_t i = 0; i < n; i++)
		ids[i] = ps[i].id;
	rc = watch_db_watched(c, ids, n, &watched, &n_watched);
	for (size_t k = 0; k < n_watched; k++)
		for (size_t i = 0; i < n && !rc; i++)
			if (id_equal(ps[i].id, watched[k].product_id))
				rc = fn(c, &ps[i]);
	return rc;
}

enum rc catalog_watched_again(struct ctx *c, const struct product *ps, size_t n)
{
	enum rc rc = RC_OK;

	for (size_t at = 0, some; at < n && !rc; at += some) {
		some = n - at < CATALOG_BATCH ? n - at : CATALOG_BATCH;
		rc = for_watched(c, ps + at, some, tell_watchers);
	}
	return rc;
}

/* What the variants of a product make of it; both are in the order of ids. */
static void take_bounds(struct product *p, const struct product *bounds,
                        size_t n, size_t *at)
{
	while (*at < n && id_compare(bounds[*at].id, p->id) < 0)
		(*at)++;
	bool found = *at < n && id_equal(bounds[*at].id, p->id);

	p->min_price = found ? bounds[*at].min_price : MONEY_NONE;
	p->max_price = found ? bounds[*at].max_price : MONEY_NONE;
	p->in_stock = found && bounds[*at].in_stock;
	p->n_variants = found ? bounds[*at].n_variants : 0;
}

static bool has_same_bounds(const struct product *a, const struct product *b)
{
	return a->min_price.minor == b->min_price.minor &&
	       a->max_price.minor == b->max_price.minor &&
	       a->in_stock == b->in_stock && a->n_variants == b->n_variants;
}

static const char *yes_or_no(bool is)
{
	return is ? "yes" : "no";
}

/* Locks them; those whose bounds have changed, as they are to be. */
static enum rc read_changed(struct ctx *c, const struct id *ids, size_t n,
                            struct cause why, struct product *changed,
                            size_t *n_changed)
{
	struct product *rows = NULL, *bounds = NULL;
	size_t n_rows = 0, n_bounds = 0, at = 0;
	enum rc rc = products_db_lock_all(c, ids, n, &rows, &n_rows);

	if (!rc)
		rc = products_db_bounds(c, ids, n, &bounds, &n_bounds);
	for (size_t i = 0; i < n_rows && !rc; i++) {
		struct product *is = &changed[*n_changed];

		*is = rows[i];
		take_bounds(is, bounds, n_bounds, &at);
		catalog_touch_product(c, is);
		if (has_same_bounds(is, &rows[i]))
			continue;
		if (!is->n_variants && rows[i].n_variants &&
		    strcmp(is->status, "approved") == 0)
			return fail(
				c, RC_CONFLICT, "last_variant",
				"A product on sale keeps a variant: archive "
				"the product.");
		(*n_changed)++;
		if (is->in_stock != rows[i].in_stock)
			rc = catalog_note(c, is, (struct id){ { 0 } }, why,
			                  "in_stock",
			                  yes_or_no(rows[i].in_stock),
			                  yes_or_no(is->in_stock));
	}
	return rc;
}

enum rc catalog_refresh(struct ctx *c, const struct id *products, size_t n,
                        struct cause why)
{
	struct product *changed = arena_new_array(c->arena, struct product, n);
	size_t n_changed = 0, n_visible = 0;
	enum rc rc = read_changed(c, products, n, why, changed, &n_changed);

	if (!rc)
		rc = products_db_set_bounds(c, changed, n_changed);
	for (size_t i = 0; i < n_changed; i++)
		if (changed[i].is_visible)
			changed[n_visible++] = changed[i];
	if (!rc)
		rc = for_watched(c, changed, n_visible, tell_watchers);
	if (n_visible)
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

/* Each category is counted once. */
static enum rc count_visible(struct ctx *c, const struct product *ps,
                             const bool *was_visible, size_t n)
{
	struct category *sums = arena_new_array(c->arena, struct category, n);
	size_t n_sums = 0;
	enum rc rc = RC_OK;

	for (size_t i = 0; i < n; i++) {
		size_t k = 0;

		if (ps[i].is_visible == was_visible[i])
			continue;
		while (k < n_sums && !id_equal(sums[k].id, ps[i].category_id))
			k++;
		if (k == n_sums)
			sums[n_sums++].id = ps[i].category_id;
		sums[k].n_own += ps[i].is_visible ? 1 : -1;
	}
	for (size_t k = 0; k < n_sums && !rc; k++)
		rc = categories_db_count_add(c, sums[k].id, sums[k].n_own);
	return rc;
}

static void touch_status(struct ctx *c, const struct product *p,
                         bool was_visible)
{
	catalog_touch_product(c, p);
	if (p->is_visible || was_visible)
		touch(c, TAG_CATALOG | TAG_CATEGORIES);
	/* What hangs on it comes and goes with it. */
	if (p->is_visible != was_visible)
		touch(c, TAG_REVIEWS | TAG_QUESTIONS);
}

static bool is_approved(const char *status)
{
	return strcmp(status, "approved") == 0;
}

enum rc catalog_leave(struct ctx *c, const struct id *ids, size_t n)
{
	enum rc rc = places_db_leave(c, ids, n);

	return rc ? rc : discovery_shown(c, ids, n, false);
}

enum rc catalog_come(struct ctx *c, const struct id *ids, size_t n)
{
	enum rc rc = places_db_come(c, ids, n);

	return rc ? rc : discovery_shown(c, ids, n, true);
}

static enum rc set_visible(struct ctx *c, const struct product *ps,
                           const bool *was_visible, size_t n)
{
	struct id *come = arena_new_array(c->arena, struct id, n);
	struct id *leave = arena_new_array(c->arena, struct id, n);
	size_t n_come = 0, n_leave = 0;

	for (size_t i = 0; i < n; i++)
		if (ps[i].is_visible && !was_visible[i])
			come[n_come++] = ps[i].id;
		else if (was_visible[i] && !ps[i].is_visible)
			leave[n_leave++] = ps[i].id;
	enum rc rc = catalog_leave(c, leave, n_leave);
	if (!rc)
		rc = products_db_set_status(c, ps, n);
	if (!rc)
		rc = catalog_come(c, come, n_come);
	return rc ? rc : count_visible(c, ps, was_visible, n);
}

enum rc catalog_set_status(struct ctx *c, struct product *ps,
                           const struct status_change *by, size_t n)
{
	bool *was_visible = arena_new_array(c->arena, bool, n);
	struct store_facts store = { 0 };
	enum rc rc = catalog_store_facts(c, ps[0].vendor_id, &store);

	if (rc)
		return rc;
	for (size_t i = 0; i < n; i++) {
		was_visible[i] = ps[i].is_visible;
		ps[i].is_visible = store.is_open && is_approved(ps[i].status);
		touch_status(c, &ps[i], was_visible[i]);
	}
	for (size_t i = 0; i < n && !rc; i++)
		if (is_approved(by[i].old_status))
			rc = catalog_revision_withdraw(c, &ps[i]);
	if (!rc)
		rc = set_visible(c, ps, was_visible, n);
	for (size_t i = 0; i < n && !rc; i++) {
		rc = catalog_note(c, &ps[i], (struct id){ { 0 } }, by[i].why,
		                  "status", by[i].old_status, ps[i].status);
		if (!rc && (is_approved(ps[i].status) ||
		            is_approved(by[i].old_status)))
			rc = catalog_index(c, ps[i].id);
		if (!rc)
			rc = catalog_announce(c, &ps[i], ps[i].status);
	}
	return rc ? rc : for_watched(c, ps, n, tell_status);
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
	if (!rc && strcmp(field, "pictures") == 0)
		rc = catalog_rescreen(c, product);
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
