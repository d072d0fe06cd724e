#include "config.h"

#include "db/catalog_fields.h"
#include "db/imports_db.h"
#include "handlers/catalog/catalog_http.h"
#include "handlers/discovery/discovery.h"
#include "handlers/media/media.h"

#define PRODUCT_FIELDS(variants_shape)                                     \
	PRODUCT_PUBLIC_FIELDS,                                             \
		LIST(product, variants, n_variants_given, variants_shape), \
		LIST(product, options, n_options, product_option_shape),   \
		LIST(product, images, n_images, product_image_shape),      \
		LIST(product, breadcrumbs, n_breadcrumbs, crumb_shape)

static const struct field page_fields[] = {
	PRODUCT_FIELDS(variant_shape),
	FIELDS_END,
};
static const struct shape page_shape = {
	.name = "product_page",
	.size = sizeof(struct product),
	.fields = page_fields,
};

static const struct field owned_fields[] = {
	PRODUCT_FIELDS(variant_vendor_shape),
	PRODUCT_STORE_FIELDS,
	OBJECT(product, revision, product_edit_shape,
	       .help = "The last edit of a live product, unless it is live"),
	FIELDS_END,
};
const struct shape catalog_owned_shape = {
	.name = "vendor_product",
	.size = sizeof(struct product),
	.fields = owned_fields,
};

/* The same in lists: without what belongs to one alone. */
static const struct field owned_row_fields[] = {
	FIELD(product, id),
	FIELD(product, slug),
	FIELD(product, name),
	FIELD(product, brand),
	FIELD(product, status),
	FIELD(product, is_visible),
	FIELD(product, reason_code),
	FIELD(product, reason),
	FIELD(product, has_revision),
	FIELD_AS(product, "price", min_price),
	FIELD(product, max_price),
	FIELD(product, currency),
	FIELD(product, in_stock),
	FIELD(product, n_variants),
	FIELD(product, n_pictures),
	FIELD(product, picture),
	FIELD(product, category_id),
	FIELD(product, category_name),
	FIELD(product, rating, .digits = 2),
	FIELD(product, rating_count),
	FIELD(product, views),
	FIELD(product, sales),
	FIELD(product, submitted_at),
	FIELD(product, version),
	FIELD(product, created_at),
	FIELD(product, updated_at),
	FIELDS_END,
};
static const struct shape owned_row_shape = {
	.name = "vendor_product_row",
	.size = sizeof(struct product),
	.fields = owned_row_fields,
};

static const struct field category_delete_fields[] = {
	FIELD(category_delete_query, reassign_to,
	      .help = "Category that its products go to"),
	FIELDS_END,
};
static const struct shape category_delete_shape =
	SHAPE(category_delete_query, category_delete_fields);

static const struct field variant_list_fields[] = {
	FIELD(variant_list_query, product, .help = "Only of this product"),
	FIELDS_END,
};
static const struct shape variant_list_shape =
	SHAPE(variant_list_query, variant_list_fields);

static const char *const list_statuses[] = { "draft",    "pending",  "approved",
	                                     "rejected", "archived", "revision",
	                                     NULL };
static const struct field vendor_list_fields[] = {
	FIELD(list_query, status, .one_of = list_statuses),
	FIELD(list_query, q, .max = 100, .help = "Part of the name, or a SKU"),
	FIELD(list_query, category),
	FIELDS_END,
};
static const struct shape vendor_list_shape = {
	.name = "vendor_products_query",
	.size = sizeof(struct list_query),
	.fields = vendor_list_fields,
};
static const struct field admin_list_fields[] = {
	FIELD(list_query, status, .one_of = list_statuses),
	FIELD(list_query, q, .max = 100, .help = "Part of the name, or a SKU"),
	FIELD(list_query, category),
	FIELD(list_query, vendor),
	FIELDS_END,
};
static const struct shape admin_list_shape = {
	.name = "admin_products_query",
	.size = sizeof(struct list_query),
	.fields = admin_list_fields,
};

static const struct field import_in_fields[] = {
	FIELD(import_in, dry_run, .help = "Only look"),
	FIELDS_END,
};
static const struct shape import_in_shape = SHAPE(import_in, import_in_fields);

static const struct field timeline_fields[] = {
	FIELD(timeline_query, field, .max = 32),
	FIELD(timeline_query, from),
	FIELD(timeline_query, to),
	FIELDS_END,
};
static const struct shape timeline_shape =
	SHAPE(timeline_query, timeline_fields);

static const struct field reject_fields[] = {
	FIELD(reason_in, reason_code, .flags = REQUIRED, .max = 40,
	      .format = FORMAT_TOKEN),
	FIELD(reason_in, reason, .flags = REQUIRED | LONG_TEXT, .min = 3,
	      .max = 1000),
	FIELDS_END,
};
static const struct shape reject_shape = {
	.name = "reject_in",
	.size = sizeof(struct reason_in),
	.fields = reject_fields,
};
static const struct field archive_fields[] = {
	FIELD(reason_in, reason, .flags = REQUIRED | LONG_TEXT, .min = 3,
	      .max = 1000),
	FIELDS_END,
};
static const struct shape archive_shape = {
	.name = "archive_in",
	.size = sizeof(struct reason_in),
	.fields = archive_fields,
};

static const struct field watch_in_fields[] = {
	FIELD(watch_in, price_below, .flags = NULLABLE, .min = 1,
	      .max = PRICE_MAX),
	FIELD(watch_in, back_in_stock),
	FIELD(watch_in, status_change),
	FIELDS_END,
};
static const struct shape watch_in_shape = SHAPE(watch_in, watch_in_fields);

static const struct field trust_fields[] = {
	FIELD(trust_in, is_trusted, .flags = REQUIRED),
	FIELD(trust_in, sample_percent, .min = 0, .max = 100, .fallback = "5"),
	FIELDS_END,
};
static const struct shape trust_shape = SHAPE(trust_in, trust_fields);

static const struct field live_fields[] = {
	FIELD(live, id),       FIELD(live, price),
	FIELD(live, currency), FIELD(live, availability),
	FIELD(live, in_stock), FIELD(live, as_of),
	FIELD(live, version),  FIELDS_END,
};
static const struct shape live_shape = SHAPE(live, live_fields);

static const struct field visibility_fields[] = {
	FIELD(visibility, is_visible),
	VALUES(visibility, reasons, n_reasons),
	FIELDS_END,
};
static const struct shape visibility_shape =
	SHAPE(visibility, visibility_fields);

static const char *const vendor_orders[] = {
	"-created_at", "updated_at", "name", "price", "sales", "views", NULL
};
static const char *const queue_orders[] = { "submitted_at", "created_at",
	                                    "name", NULL };
static const char *const variant_orders[] = { "position", "price", "sku",
	                                      "created_at", NULL };
static const struct field word_query_fields[] = {
	FIELD(screening_word, word, .flags = REQUIRED, .max = 100),
	FIELDS_END,
};
static const struct shape word_query_shape = {
	.name = "screening_word_query",
	.size = sizeof(struct screening_word),
	.fields = word_query_fields,
};

static const char *const by_word[] = { "word", NULL };
static const char *const newest[] = { "-created_at", NULL };

#define SHOPPER .who = ROLE_ANYONE, .limit = LIMIT_READ
#define OF_PRODUCT                                                \
	SHOPPER, .cache = CACHE_LISTING, .depends_on = "product", \
		 .depends = TAG_CATEGORIES | TAG_VENDORS
#define STORE .who = ROLE_STORE, .permission = MAY_STAFF_PRODUCTS
#define STOCK .who = ROLE_STORE, .permission = MAY_STAFF_INVENTORY
#define MODERATOR .who = ROLE_MODERATOR, .permission = MAY_ADMIN_PRODUCTS
#define CATEGORIES .who = ROLE_MODERATOR, .permission = MAY_ADMIN_CATEGORIES
#define READ .limit = LIMIT_READ
#define WRITE .limit = LIMIT_WRITE

const struct route catalog_routes[] = {
	/* Categories. */
	{ "GET", "/api/categories", catalog_categories_get, SHOPPER,
	  .cache = CACHE_CATEGORY, .depends = TAG_CATEGORIES, .all = true,
	  .reply = &category_node_shape,
	  .summary = "The tree of categories with the number of products" },
	{ "GET", "/api/categories/{slug}", catalog_category_get, SHOPPER,
	  .cache = CACHE_CATEGORY, .depends = TAG_CATEGORIES,
	  .reply = &category_page_shape,
	  .summary = "One category with breadcrumbs and what is below it" },
	{ "POST", "/api/admin/categories", catalog_admin_categories_post,
	  CATEGORIES, WRITE, .body = &category_in_shape,
	  .reply = &category_page_shape, .status = 201,
	  .summary = "Add a category" },
	{ "PATCH", "/api/admin/categories/{id}", catalog_admin_category_patch,
	  CATEGORIES, WRITE, .body = &category_patch_shape,
	  .reply = &category_page_shape, .summary = "Change a category" },
	{ "DELETE", "/api/admin/categories/{id}", catalog_admin_category_delete,
	  CATEGORIES, WRITE, .query = &category_delete_shape, .status = 204,
	  .summary = "Delete a category; what is below it moves up" },
	{ "POST", "/api/admin/categories/{id}/move",
	  catalog_admin_category_move_post, CATEGORIES, WRITE,
	  .body = &category_move_shape, .reply = &category_page_shape,
	  .summary = "Move a category with all below it" },

	/* Products for shoppers. */
	{ "GET", "/api/products/{product}", catalog_product_get, OF_PRODUCT,
	  .reply = &page_shape, .moves = true, .seen = discovery_product_seen,
	  .summary = "One product by id or slug, with all that belongs to it" },
	{ "GET", "/api/products/{product}/variants",
	  catalog_product_variants_get, OF_PRODUCT, .all = true,
	  .reply = &variant_shape, .summary = "Variants of a product" },
	{ "GET", "/api/products/{product}/images", catalog_product_images_get,
	  OF_PRODUCT, .all = true, .reply = &product_image_shape,
	  .summary = "Pictures of a product" },
	{ "GET", "/api/products/{product}/history", catalog_product_history_get,
	  OF_PRODUCT, .list = true, .orderings = newest,
	  .reply = &product_history_shape,
	  .summary = "Price and availability over time, newest first" },
	{ "PUT", "/api/products/{product}/watch", catalog_product_watch_put,
	  .who = ROLE_CUSTOMER, WRITE, .body = &watch_in_shape,
	  .reply = &watch_shape,
	  .summary = "Be told once when the price falls or it is back" },
	{ "DELETE", "/api/products/{product}/watch",
	  catalog_product_watch_delete, .who = ROLE_CUSTOMER, WRITE,
	  .status = 204, .summary = "Stop watching a product" },
	{ "GET", "/api/users/me/watched-products", catalog_watched_get,
	  .who = ROLE_CUSTOMER, READ, .list = true, .orderings = newest,
	  .reply = &watch_shape, .summary = "Products that I watch" },

	/* Variants and stock. */
	{ "GET", "/api/variants", catalog_variants_get, SHOPPER,
	  .cache = CACHE_LISTING,
	  .depends = TAG_CATALOG | TAG_VENDORS | TAG_VARIANTS,
	  .query = &variant_list_shape, .list = true,
	  .orderings = variant_orders, .reply = &variant_shape,
	  .summary = "Variants of visible products" },
	{ "GET", "/api/variants/{id}", catalog_variant_get, SHOPPER,
	  .cache = CACHE_LISTING, .depends = TAG_CATALOG | TAG_VENDORS,
	  .depends_on = "variant", .reply = &variant_shape,
	  .summary = "One variant" },
	{ "GET", "/api/variants/{id}/live", catalog_variant_live_get, SHOPPER,
	  .reply = &live_shape,
	  .summary = "Price and availability at this moment" },
	{ "POST", "/api/variants", catalog_variants_post, STORE, WRITE,
	  .body = &variant_post_shape, .reply = &variant_vendor_shape,
	  .status = 201, .touches = TAG_CATALOG,
	  .summary = "Add a variant to a product of the store" },
	{ "PATCH", "/api/variants/{id}", catalog_variant_patch_, STORE, WRITE,
	  .body = &variant_patch_shape, .reply = &variant_vendor_shape,
	  .touches = TAG_CATALOG, .summary = "Change a variant" },
	{ "DELETE", "/api/variants/{id}", catalog_variant_delete_, STORE, WRITE,
	  .status = 204, .touches = TAG_CATALOG,
	  .summary = "Delete a variant" },
	{ "POST", "/api/variants/{id}/stock", catalog_variant_stock_post, STOCK,
	  WRITE, .once_optional = true, .body = &stock_change_shape,
	  .reply = &variant_vendor_shape,
	  .summary = "Adjust the stock by delta, or set what was counted" },
	{ "GET", "/api/variants/{id}/stock-movements",
	  catalog_stock_movements_get, STOCK, READ, .list = true,
	  .orderings = newest, .reply = &stock_movement_shape,
	  .summary = "Every change of the stock, with reason and author" },

	/* Products of a store. */
	{ "GET", "/api/vendor/products", catalog_vendor_products_get, STORE,
	  READ, .query = &vendor_list_shape, .list = true,
	  .orderings = vendor_orders, .reply = &owned_row_shape,
	  .summary = "Products of my store in any status" },
	{ "POST", "/api/vendor/products", catalog_vendor_products_post, STORE,
	  WRITE, .once_optional = true, .body = &product_in_shape,
	  .reply = &catalog_owned_shape, .status = 201,
	  .summary = "Add a product with its variants; it waits for approval" },
	{ "GET", "/api/vendor/products/{id}", catalog_vendor_product_get, STORE,
	  READ, .reply = &catalog_owned_shape,
	  .summary = "One product of my store" },
	{ "PATCH", "/api/vendor/products/{id}", catalog_vendor_product_patch,
	  STORE, WRITE, .body = &product_patch_shape,
	  .reply = &catalog_owned_shape,
	  .summary = "Change a product; a live one sells on as it was until "
	             "the edit is approved" },
	{ "DELETE", "/api/vendor/products/{id}", catalog_vendor_product_delete,
	  STORE, WRITE, .status = 204,
	  .summary = "Delete a product that was never on sale" },
	{ "POST", "/api/vendor/products/{id}/submit",
	  catalog_vendor_submit_post, STORE, WRITE,
	  .reply = &catalog_owned_shape,
	  .summary = "Ask for approval of a draft or a rejected product" },
	{ "POST", "/api/vendor/products/{id}/archive",
	  catalog_vendor_archive_post, STORE, WRITE,
	  .reply = &catalog_owned_shape, .summary = "Take a product off sale" },
	{ "POST", "/api/vendor/products/{id}/restore",
	  catalog_vendor_restore_post, STORE, WRITE,
	  .reply = &catalog_owned_shape,
	  .summary = "Ask for approval of an archived product" },
	{ "GET", "/api/vendor/products/{id}/timeline",
	  catalog_vendor_timeline_get, STORE, READ, .query = &timeline_shape,
	  .list = true, .orderings = newest, .reply = &product_event_shape,
	  .summary = "Every change with cause and author" },
	{ "GET", "/api/vendor/products/{id}/visibility",
	  catalog_vendor_visibility_get, STORE, READ,
	  .reply = &visibility_shape,
	  .summary = "Why shoppers see the product, or do not" },

	{ "POST", "/api/vendor/products/import", catalog_vendor_import_post,
	  STORE, WRITE, .pool = POOL_SLOW, .body = &import_in_shape,
	  .body_kind = BODY_MULTIPART, .reply = &product_import_shape,
	  .status = 202,
	  .summary = "Read products from a CSV file (field file; dry_run=true "
	             "only looks), as a job" },
	{ "GET", "/api/vendor/imports/{id}", catalog_vendor_import_get, STORE,
	  READ, .reply = &product_import_shape,
	  .summary = "How far an import is, and what was wrong" },
	{ "GET", "/api/vendor/products/export", catalog_vendor_export_get,
	  STORE, READ, .pool = POOL_SLOW, .type = "text/csv",
	  .seen = catalog_vendor_export_seen,
	  .summary = "All variants of my store as CSV, ready to be imported" },

	/* Moderation. */
	{ "GET", "/api/admin/products", catalog_admin_products_get, MODERATOR,
	  READ, .query = &admin_list_shape, .list = true,
	  .orderings = queue_orders, .reply = &queue_product_shape,
	  .summary = "Products of all stores, by status" },
	{ "GET", "/api/admin/products/{id}", catalog_admin_product_get,
	  MODERATOR, READ, .reply = &catalog_owned_shape,
	  .summary = "One product in any status" },
	{ "POST", "/api/admin/products/{id}/approve",
	  catalog_admin_approve_post, MODERATOR, WRITE,
	  .reply = &catalog_owned_shape,
	  .summary = "Put a pending product, or the edit of a live one, on "
	             "sale" },
	{ "POST", "/api/admin/products/{id}/reject", catalog_admin_reject_post,
	  MODERATOR, WRITE, .body = &reject_shape,
	  .reply = &catalog_owned_shape,
	  .summary = "Refuse it; the vendor is told why" },
	{ "POST", "/api/admin/products/{id}/archive",
	  catalog_admin_archive_post, MODERATOR, WRITE, .body = &archive_shape,
	  .reply = &catalog_owned_shape, .summary = "Take a product off sale" },
	{ "PUT", "/api/admin/vendors/{id}/trust", catalog_admin_trust_put,
	  MODERATOR, WRITE, .body = &trust_shape, .reply = &trust_shape,
	  .summary = "Approve a store's products by rule, but for a sample" },
	{ "GET", "/api/admin/screening/words", catalog_words_get, MODERATOR,
	  READ, .list = true, .orderings = by_word,
	  .reply = &screening_word_shape,
	  .summary = "Words that hold or refuse a product" },
	{ "POST", "/api/admin/screening/words", catalog_words_post, MODERATOR,
	  WRITE, .body = &screening_word_shape, .reply = &screening_word_shape,
	  .status = 201, .summary = "Let screening know a word" },
	{ "DELETE", "/api/admin/screening/words", catalog_words_delete,
	  MODERATOR, WRITE, .query = &word_query_shape, .status = 204,
	  .summary = "Let screening forget a word" },
	{ 0 },
};
