/*
 * Inside the catalog: what its files share. Nothing here sees a request.
 */
#ifndef MERKATO_CATALOG_RULES_H
#define MERKATO_CATALOG_RULES_H

#include "db/events_db.h"
#include "db/products_db.h"
#include "db/variants_db.h"
#include "handlers/catalog/catalog.h"

struct req;

/* Why something changes; the timeline keeps it. */
struct cause {
	const char *name; /* user, order, import, rule, job, moderator */
	struct id id;     /* order or import */
};
/* By who acts in this ctx. */
struct cause catalog_cause(const struct ctx *c);

/* A timeline row; variant may be none, values NULL. */
CHECKED enum rc catalog_note(struct ctx *c, const struct product *p,
                             struct id variant, struct cause why,
                             const char *field, const char *old_value,
                             const char *new_value);
/* The same if the texts differ. */
CHECKED enum rc catalog_note_text(struct ctx *c, const struct product *p,
                                  struct id variant, struct cause why,
                                  const char *field, const char *old_value,
                                  const char *new_value);
CHECKED enum rc catalog_note_money(struct ctx *c, const struct product *p,
                                   struct id variant, struct cause why,
                                   const char *field, struct money old_value,
                                   struct money new_value);
CHECKED enum rc catalog_note_int(struct ctx *c, const struct product *p,
                                 struct id variant, struct cause why,
                                 const char *field, int64_t old_value,
                                 int64_t new_value);
/* Cached pages of the product (id and slug). */
void catalog_touch_product(struct ctx *c, const struct product *p);
/* What shows the variant itself: a product's page and lists may say the same
 * whatever happens to one of many. */
void catalog_touch_variant(struct ctx *c, struct id variant);

/* Most rules work on many at once, so that an import costs few statements: a
 * request's one is a batch of one. This is the most that a call may name. */
enum { CATALOG_BATCH = 256 };

/*
 * Variants of the products have changed: brings price bounds and stock of the
 * products up to date, tells watchers, outdates caches. Locks the products.
 */
CHECKED enum rc catalog_refresh(struct ctx *c, const struct id *products,
                                size_t n, struct cause why);
/* A product that goes from one status to another. */
struct status_change {
	const char *old_status;
	struct cause why;
};
/* Sets status and what follows (visibility, counts, search words, events,
 * outbox) of locked products of one store. ps hold the new status, reason and
 * times. */
CHECKED enum rc catalog_set_status(struct ctx *c, struct product *ps,
                                   const struct status_change *by, size_t n);
/* Around what shows or hides locked products: those that will be hidden leave
 * before, those that are shown come after; what is counted of them follows. */
CHECKED enum rc catalog_leave(struct ctx *c, const struct id *ids, size_t n);
CHECKED enum rc catalog_come(struct ctx *c, const struct id *ids, size_t n);
/* Products that shoppers see again: what has crossed meanwhile is told. */
CHECKED enum rc catalog_watched_again(struct ctx *c, const struct product *ps,
                                      size_t n);
/* Tells the store of "product.<what>", with the product's reason. */
CHECKED enum rc catalog_announce(struct ctx *c, const struct product *p,
                                 const char *what);
/* Search words of a product, from the row as it is. */
CHECKED enum rc catalog_index(struct ctx *c, struct id product);

/* What a body may say of a variant. */
struct variant_in {
	struct id product_id; /* of POST /api/variants */
	const char *sku, *name;
	struct json_text options;
	struct money price, compare_at_price, sale_price;
	struct when sale_from, sale_until;
	int64_t weight_g;
	const char *barcode;
	int64_t stock;
	bool allow_backorder;
	int64_t low_stock_threshold;
	int64_t position;
};
extern const struct shape variant_in_shape;
extern const struct shape variant_post_shape; /* with product_id */

/* PATCH of a variant. */
struct variant_patch {
	uint64_t given;
	const char *sku, *name;
	struct json_text options;
	struct money price, compare_at_price, sale_price;
	struct when sale_from, sale_until;
	int64_t weight_g;
	const char *barcode;
	bool allow_backorder;
	int64_t low_stock_threshold;
	int64_t position;
	const char *status;
	int64_t version;
};
extern const struct shape variant_patch_shape;

struct product_in {
	const char *slug; /* wished for by imports; NULL = from the name */
	const char *name, *description, *brand;
	struct id category_id;
	struct json_text attributes;
	double lat, lng;
	bool draft;
	struct variant_in *variants;
	size_t n_variants;
	struct id *related_ids;
	size_t n_related_ids;
};
extern const struct shape product_in_shape;

struct product_patch {
	uint64_t given;
	const char *name, *description, *brand;
	struct id category_id;
	struct json_text attributes;
	double lat, lng;
	struct id *related_ids;
	size_t n_related_ids;
};
extern const struct shape product_patch_shape;

/* A product as it would be made, if it may be: no row is written. */
CHECKED enum rc catalog_product_prepare(struct ctx *c, struct id vendor,
                                        const struct product_in *in,
                                        struct product *out);
/* A field fault when there is no such category. */
CHECKED enum rc catalog_category_check(struct ctx *c, struct id id);
/* Where it stands; without coordinates of its own, where its store is. */
CHECKED enum rc catalog_place(struct ctx *c, struct product *p, double lat,
                              double lng);
/* Makes products of one store that have been prepared, each by its in;
 * n <= CATALOG_BATCH. RC_CONFLICT if one cannot be made. */
CHECKED enum rc catalog_products_insert(struct ctx *c, struct product *ps,
                                        const struct product_in *ins, size_t n);
/* Products of a store, in transactions of their own. */
CHECKED enum rc catalog_product_create(struct ctx *c, struct id vendor,
                                       const struct product_in *in,
                                       struct id *out);
CHECKED enum rc catalog_product_patch(struct ctx *c, struct id vendor,
                                      struct id id, int64_t if_version,
                                      const struct product_patch *in);
CHECKED enum rc catalog_product_delete(struct ctx *c, struct id vendor,
                                       struct id id, int64_t if_version);
CHECKED enum rc catalog_product_submit(struct ctx *c, struct id vendor,
                                       struct id id);
CHECKED enum rc catalog_product_retire(struct ctx *c, struct id vendor,
                                       struct id id);
CHECKED enum rc catalog_product_restore(struct ctx *c, struct id vendor,
                                        struct id id);
/* The row, until the transaction ends; RC_PRECONDITION if it is not at
 * if_version any more (INT_NONE = any). */
CHECKED enum rc catalog_product_lock(struct ctx *c, struct id vendor,
                                     struct id id, int64_t if_version,
                                     struct product *p);
bool catalog_has_status(const struct product *p, enum product_status s);
/* To the moderators, or past them by rule. The products are one store's,
 * locked, in the order of their ids. */
CHECKED enum rc catalog_submit(struct ctx *c, struct product *ps, size_t n);
/* A pending product has changed: what the rules say of it now; refuses it when
 * they do. Within the caller's transaction. */
CHECKED enum rc catalog_rescreen(struct ctx *c, struct id product);
/* Whether this one of a trusted store is looked at all the same. */
bool catalog_is_sample(const struct store_facts *store, struct id id);
/* The edit that waits on a locked product, if there is one, is given up. */
CHECKED enum rc catalog_revision_withdraw(struct ctx *c,
                                          const struct product *p);
/* A revision takes the place of what its locked product said. */
CHECKED enum rc catalog_revision_apply(struct ctx *c, const struct product *was,
                                       const struct product_revision *r);
/* What belongs to a product; each is a statement, so only what is asked for. */
enum product_part {
	PART_VARIANTS = 1, /* active ones */
	PART_OPTIONS = 2,  /* made from the variants */
	PART_IMAGES = 4,
	PART_REVISION = 8,
	PART_STORE = 16, /* variants of any status, with velocity */
	PARTS_SHOPPER = PART_VARIANTS | PART_OPTIONS | PART_IMAGES,
	PARTS_STORE = PARTS_SHOPPER | PART_STORE | PART_REVISION
};
CHECKED enum rc catalog_product_full(struct ctx *c, struct product *p,
                                     unsigned parts);
/* Those that ?fields= leaves of them. */
unsigned catalog_parts_wanted(const struct req *r, unsigned parts);
/* Unused slugs for what they wish for (ps[i].slug), in its place; their ids
 * make them the only ones. */
CHECKED enum rc catalog_slugs(struct ctx *c, struct product *ps, size_t n);
/* Whether it is this one, or has the tail of an id behind it. */
bool catalog_is_slug_of(const char *slug, const char *base);
/* Checks attributes against the category's; canonical text. */
CHECKED enum rc catalog_attributes_check(struct ctx *c, struct id category,
                                         struct json_text given,
                                         struct json_text *out);

CHECKED enum rc catalog_variant_create(struct ctx *c, struct id vendor,
                                       struct id product,
                                       const struct variant_in *in,
                                       struct id *out);
/* A variant and what is to change of it. */
struct variant_edit {
	struct id id;
	int64_t if_version; /* INT_NONE = any */
	const struct variant_patch *in;
	const char *path; /* of faults: "variants[2]." */
};
/* n <= CATALOG_BATCH; in a transaction of their own. */
CHECKED enum rc catalog_variants_patch(struct ctx *c, struct id vendor,
                                       const struct variant_edit *edits,
                                       size_t n);
CHECKED enum rc catalog_variant_patch(struct ctx *c, struct id vendor,
                                      struct id id, int64_t if_version,
                                      const struct variant_patch *in);
CHECKED enum rc catalog_variant_delete(struct ctx *c, struct id vendor,
                                       struct id id, int64_t if_version);
/* A timeline row for each thing that differs. */
CHECKED enum rc catalog_variant_note(struct ctx *c, const struct variant *was,
                                     const struct variant *is,
                                     struct cause why);
/* Fills the row from the body; collects faults below path ("variants[2]."). */
CHECKED enum rc catalog_variant_fill(struct ctx *c, const struct variant_in *in,
                                     const char *path, struct variant *out);
/* Inserts variants with options, journal and events; catalog_refresh and
 * variants_db_list_options are to follow. */
CHECKED enum rc catalog_variants_insert(struct ctx *c, struct variant *rows,
                                        size_t n, struct cause why);
/* current_price and price_changes_at as of now. */
void catalog_price_now(struct when now, struct variant *v);
/* The options of a variant as rows; RC_INVALID with a fault at path. */
CHECKED enum rc catalog_options_read(struct ctx *c, const struct variant *v,
                                     const char *path,
                                     struct json_text *canonical,
                                     struct variant_option_row **rows,
                                     size_t *n);

/* A vendor's change of stock: delta, or a counted value with its version. */
struct stock_change {
	int64_t delta;   /* INT_NONE = set */
	int64_t stock;   /* INT_NONE = by delta */
	int64_t version; /* INT_NONE = whatever it is */
	const char *reason, *note;
};
extern const struct shape stock_change_shape;
CHECKED enum rc catalog_stock_change(struct ctx *c, struct id vendor,
                                     struct id variant,
                                     const struct stock_change *in);

/*
 * Screening: which rules fired, as JSON list text in ps[i].screening; verdicts.
 * The products are one store's, in the order of their ids. Those after the
 * first that is refused may be left for the next call, as it is no twin of
 * theirs: *n says how many were screened.
 */
enum verdict_of_rules { RULES_PASS, RULES_HOLD, RULES_REJECT };
CHECKED enum rc catalog_screen(struct ctx *c, struct product *ps, size_t *n,
                               enum verdict_of_rules *verdicts);
/* RC_CONFLICT "screening" when what the variants say of themselves holds a word
 * that is refused. */
CHECKED enum rc catalog_screen_variants(struct ctx *c, const struct variant *vs,
                                        size_t n);
/* While on, what these yield is asked for once: for an import's run. */
void catalog_remember(bool on);
/* RC_NOT_FOUND if there is no such category. */
CHECKED enum rc catalog_category_find(struct ctx *c, const char *slug,
                                      struct id *out);
CHECKED enum rc catalog_category_exists(struct ctx *c, struct id id);
CHECKED enum rc catalog_store_facts(struct ctx *c, struct id vendor,
                                    struct store_facts *out);
/* Fills usual_price and n_priced. */
CHECKED enum rc catalog_usual_price(struct ctx *c, const struct product *p,
                                    struct screening_facts *out);
struct category_attribute;
CHECKED enum rc catalog_attributes_of(struct ctx *c, struct id category,
                                      struct category_attribute **rows,
                                      size_t *n);

/* Whether a store's products are approved by rule, but for a sample. */
CHECKED enum rc catalog_trust(struct ctx *c, struct id vendor, bool is_trusted,
                              int64_t sample_percent);

#endif
