/* Products as their stores write them: edits, at once or after approval. */
#include "config.h"

#include <math.h>
#include <string.h>

#include "db/categories_db.h"
#include "db/places_db.h"
#include "db/sql.h"
#include "fcgi/base/text.h"
#include "handlers/catalog/catalog_rules.h"

static const struct id none;

static bool is_same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

#define GIVEN(member) shape_given(&product_patch_shape, in, #member)

/* What shoppers read and moderators judge. */
static bool is_material(const struct product_patch *in)
{
	return GIVEN(name) || GIVEN(description) || GIVEN(brand) ||
	       GIVEN(category_id) || GIVEN(attributes);
}

static enum rc take_texts(struct ctx *c, const struct product_patch *in,
                          struct product *p)
{
	if (GIVEN(name))
		p->name = in->name;
	if (GIVEN(description))
		p->description = in->description;
	if (GIVEN(brand))
		p->brand = in->brand;
	if (GIVEN(category_id))
		p->category_id = in->category_id;
	if (!GIVEN(attributes) && !GIVEN(category_id))
		return RC_OK;
	enum rc rc = catalog_category_check(c, p->category_id);
	if (rc)
		return rc;
	return catalog_attributes_check(c, p->category_id,
	                                GIVEN(attributes) ? in->attributes
	                                                  : p->attributes,
	                                &p->attributes);
}

static enum rc note_texts(struct ctx *c, const struct product *was,
                          const struct product *is, struct cause why)
{
	char a[ID_TEXT_MAX], b[ID_TEXT_MAX];
	enum rc rc = catalog_note_text(c, was, none, why, "name", was->name,
	                               is->name);

	if (!rc)
		rc = catalog_note_text(c, was, none, why, "description",
		                       was->description, is->description);
	if (!rc)
		rc = catalog_note_text(c, was, none, why, "brand", was->brand,
		                       is->brand);
	if (!rc)
		rc = catalog_note_text(c, was, none, why, "category",
		                       id_text(was->category_id, a),
		                       id_text(is->category_id, b));
	if (!rc)
		rc = catalog_note_text(c, was, none, why, "attributes",
		                       was->attributes.s, is->attributes.s);
	return rc;
}

/* Its own of earlier days again, or a new one. */
static enum rc new_slug(struct ctx *c, struct product *p)
{
	const char *base = text_slug(c->arena, p->name);
	struct product wish = { .id = id_new(), .slug = p->name };
	struct product_slug *rows = NULL;
	size_t n = 0;
	enum rc rc = products_db_slugs_taken(c, &base, 1, &rows, &n);

	if (rc)
		return rc;
	if (n && id_equal(rows[0].product_id, p->id)) {
		p->slug = base;
		return RC_OK;
	}
	rc = catalog_slugs(c, &wish, 1);
	p->slug = wish.slug;
	if (!rc)
		rc = products_db_slugs_add(
			c, &(struct product_slug){ p->slug, p->id }, 1);
	return rc;
}

/* Writes the texts of a locked product; the old slug goes on leading here. */
static enum rc apply(struct ctx *c, const struct product *was,
                     struct product *is, struct cause why)
{
	enum rc rc = RC_OK;

	if (strcmp(was->name, is->name) != 0) {
		if (!catalog_is_slug_of(was->slug,
		                        text_slug(c->arena, is->name)))
			rc = new_slug(c, is);
	}
	if (!rc)
		rc = products_db_update(c, is);
	if (!rc)
		rc = note_texts(c, was, is, why);
	if (!rc && is->is_visible &&
	    !id_equal(was->category_id, is->category_id)) {
		rc = categories_db_count_add(c, was->category_id, -1);
		if (!rc)
			rc = categories_db_count_add(c, is->category_id, 1);
		touch(c, TAG_CATEGORIES);
	}
	if (!rc && strcmp(is->status, "approved") == 0)
		rc = catalog_index(c, is->id);
	catalog_touch_product(c, was);
	catalog_touch_product(c, is);
	if (is->is_visible)
		touch(c, TAG_CATALOG);
	/* They show its name and address. */
	if (is->is_visible && strcmp(was->name, is->name) != 0)
		touch(c, TAG_REVIEWS | TAG_QUESTIONS);
	return rc;
}

/* Whether they say the same to shoppers. */
static bool is_same(const struct product *a, const struct product *b)
{
	return is_same_text(a->name, b->name) &&
	       is_same_text(a->brand, b->brand) &&
	       is_same_text(a->description, b->description) &&
	       is_same_text(a->attributes.s, b->attributes.s) &&
	       id_equal(a->category_id, b->category_id);
}

static void overlay(struct product *p, const struct product_revision *r)
{
	p->name = r->name;
	p->brand = r->brand;
	p->description = r->description;
	p->category_id = r->category_id;
	p->attributes = r->attributes;
}

/* Who decides by If-Match decides on what they have seen. */
static enum rc bump(struct ctx *c, const struct product *p)
{
	catalog_touch_product(c, p);
	if (p->is_visible)
		touch(c, TAG_CATALOG);
	return products_db_bump(c, p->id);
}

static enum rc revise(struct ctx *c, const struct product *p)
{
	struct product_revision r = {
		.id = id_new(),
		.product_id = p->id,
		.vendor_id = p->vendor_id,
		.category_id = p->category_id,
		.status = "pending",
		.is_open = 1,
		.name = p->name,
		.brand = p->brand,
		.description = p->description,
		.attributes = p->attributes,
		.screening = p->screening,
		.author_id = c->actor,
		.created_at = c->now,
	};
	enum rc rc = products_db_revise(c, &r);

	if (!rc)
		rc = bump(c, p);
	if (!rc)
		rc = catalog_note(c, p, none, catalog_cause(c), "revision",
		                  NULL, "pending");
	return rc;
}

enum rc catalog_revision_withdraw(struct ctx *c, const struct product *p)
{
	int64_t changed = 0;
	enum rc rc = products_db_withdraw(c, p->id, &changed);

	if (rc || !changed)
		return rc;
	rc = bump(c, p);
	return rc ? rc
	          : catalog_note(c, p, none, catalog_cause(c), "revision",
	                         "pending", "withdrawn");
}

/* A sample of what trusted stores change is looked at, too. */
static bool is_at_once(const struct store_facts *store,
                       enum verdict_of_rules verdict)
{
	return verdict == RULES_PASS && store->is_trusted &&
	       !catalog_is_sample(store, id_new());
}

/* An edit of a live product: at once when rules allow it, else it waits. */
static enum rc edit_live(struct ctx *c, const struct product *was,
                         struct product *is)
{
	struct store_facts store = { 0 };
	enum verdict_of_rules verdict = RULES_HOLD;
	size_t n = 1;
	enum rc rc = catalog_screen(c, is, &n, &verdict);

	if (!rc)
		rc = catalog_store_facts(c, is->vendor_id, &store);
	if (rc)
		return rc;
	if (verdict == RULES_REJECT)
		return fail(c, RC_CONFLICT, "screening",
		            "The rules of the marketplace do not allow it.");
	if (!is_at_once(&store, verdict))
		return revise(c, is);
	rc = catalog_revision_withdraw(c, was);
	return rc ? rc : apply(c, was, is, (struct cause){ .name = "rule" });
}

/* An edit goes on from what waits already: nothing of it is lost. */
static enum rc patch_live(struct ctx *c, const struct product_patch *in,
                          const struct product *was)
{
	struct product_revision r = { 0 };
	struct product before = *was, is;
	bool has_revision = false;
	enum rc rc = products_db_open_revision(c, was->id, &has_revision, &r);

	if (has_revision)
		overlay(&before, &r);
	is = before;
	if (!rc)
		rc = take_texts(c, in, &is);
	if (rc || is_same(&is, &before))
		return rc;
	if (is_same(&is, was))
		return catalog_revision_withdraw(c, was);
	return edit_live(c, was, &is);
}

/* What waits is screened as it has become. */
static enum rc patch_waiting(struct ctx *c, const struct product *was,
                             struct product *is)
{
	enum rc rc = apply(c, was, is, catalog_cause(c));

	return rc ? rc : catalog_rescreen(c, was->id);
}

static enum rc move(struct ctx *c, const struct product *was,
                    struct product *is)
{
	enum rc rc = places_db_leave(c, &was->id, 1);

	if (!rc)
		rc = products_db_update(c, is);
	if (!rc)
		rc = places_db_come(c, &was->id, 1);
	if (was->is_visible)
		touch(c, TAG_CATALOG);
	return rc ? rc
	          : catalog_note(c, was, none, catalog_cause(c), "place", NULL,
	                         is->has_own_place ? "own" : "store");
}

/* Where it stands and what goes with it: not for moderators. */
static enum rc take_rest(struct ctx *c, const struct product_patch *in,
                         const struct product *was)
{
	struct product is = *was;
	enum rc rc = RC_OK;

	if (GIVEN(lat) || GIVEN(lng)) {
		double own_lat = was->has_own_place ? was->lat : REAL_NONE;
		double own_lng = was->has_own_place ? was->lng : REAL_NONE;

		rc = catalog_place(c, &is, GIVEN(lat) ? in->lat : own_lat,
		                   GIVEN(lng) ? in->lng : own_lng);
		if (!rc)
			rc = move(c, was, &is);
	}
	if (!rc && GIVEN(related_ids))
		rc = products_db_set_related(c, was->id, was->vendor_id,
		                             in->related_ids,
		                             in->n_related_ids);
	catalog_touch_product(c, was);
	return rc;
}

static enum rc patch(struct ctx *c, struct id vendor, struct id id,
                     int64_t if_version, const struct product_patch *in)
{
	struct product was = { 0 }, is;
	enum rc rc = catalog_product_lock(c, vendor, id, if_version, &was);

	if (!rc)
		rc = take_rest(c, in, &was);
	if (!rc)
		rc = products_db_lock(c, id, vendor, &was);
	if (rc || !is_material(in))
		return rc;
	if (catalog_has_status(&was, PRODUCT_APPROVED))
		return patch_live(c, in, &was);
	is = was;
	rc = take_texts(c, in, &is);
	if (rc || is_same(&is, &was))
		return rc;
	if (catalog_has_status(&was, PRODUCT_PENDING))
		return patch_waiting(c, &was, &is);
	return apply(c, &was, &is, catalog_cause(c));
}
#undef GIVEN

enum rc catalog_product_patch(struct ctx *c, struct id vendor, struct id id,
                              int64_t if_version,
                              const struct product_patch *in)
{
	enum rc rc = sql_begin(c);

	if (rc)
		return rc;
	return sql_end(c, patch(c, vendor, id, if_version, in));
}

/* The revision of a live product takes its place. Product is locked. */
enum rc catalog_revision_apply(struct ctx *c, const struct product *was,
                               const struct product_revision *r)
{
	struct product is = *was;

	overlay(&is, r);
	return apply(c, was, &is, catalog_cause(c));
}
