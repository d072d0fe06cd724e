/*
 * Rows of the catalog as structs, with the shapes that fill and write them.
 * Structs named …_in are what bodies may say; the others come from rows.
 */
#ifndef MERKATO_CATALOG_TYPES_H
#define MERKATO_CATALOG_TYPES_H

#include "fcgi/base/shape.h"
#include "fcgi/base/value.h"

/* Highest price of one unit: a hundred lines of 999 still fit an int64. */
#define PRICE_MAX 1000000000000
#define STOCK_MAX 100000000

/* A node of the tree. */
struct category {
	struct id id, parent_id;
	const char *slug, *name, *description;
	int64_t lft, rgt, depth;
	int64_t commission_bp; /* INT_NONE = not set here */
	int64_t n_own;         /* visible products filed under it */
	int64_t n_products;    /* … and below it */
	struct category *children;
	size_t n_children;
	struct crumb *breadcrumbs; /* from the root to the parent */
	size_t n_breadcrumbs;
	struct category_attribute *attributes;
	size_t n_attributes;
	int64_t version;
	struct when created_at, updated_at;
};
extern const struct shape category_row_shape;  /* scalars, from rows */
extern const struct shape category_node_shape; /* with children */
extern const struct shape category_page_shape; /* with everything */

struct crumb {
	struct id id;
	const char *slug, *name;
};
extern const struct shape crumb_shape;

/* What products of a category say about themselves. */
struct category_attribute {
	struct id id, category_id;
	const char *name, *type, *unit;
	bool is_required;
	struct json_text choices; /* ["S","M"], for type choice */
	int64_t position;
};
extern const struct shape category_attribute_shape;     /* as in JSON */
extern const struct shape category_attribute_row_shape; /* all columns */

struct product_image;
struct product_revision;

struct product {
	struct id id, vendor_id, category_id;
	const char *slug, *name, *brand, *description;
	struct json_text attributes;
	const char *currency, *status, *reason_code, *reason;
	struct json_text screening;
	bool is_visible, in_stock, has_own_place;
	struct money min_price, max_price;
	int64_t n_variants, n_pictures;
	double lat, lng;
	double rating;
	int64_t rating_count;
	int64_t views, sales;
	const char *picture, *picture_alt;
	struct when submitted_at, decided_at;
	struct id decided_by;
	int64_t version;
	struct when created_at, updated_at;
	/* Joined or computed. */
	int64_t names_version; /* see names.h */
	const char *category_name, *category_slug;
	const char *vendor_name, *vendor_slug;
	bool has_revision;
	struct product_revision *revision; /* that waits or was refused */
	struct variant *variants;
	size_t n_variants_given;
	struct product_option *options;
	size_t n_options;
	struct crumb *breadcrumbs;
	size_t n_breadcrumbs;
	struct product_image *images; /* of media */
	size_t n_images;
};
extern const struct shape product_row_shape; /* what an INSERT writes */
extern const struct shape product_shape;     /* every column */

/* "Colour": Red, Blue; made from the variants. */
struct product_option {
	const char *name;
	const char **values;
	size_t n_values;
};
extern const struct shape product_option_shape;

struct variant {
	struct id id, product_id, vendor_id;
	const char *sku, *name;
	struct json_text options;
	struct money price, compare_at_price, sale_price;
	struct when sale_from, sale_until;
	struct money current_price;
	struct when price_changes_at;
	int64_t weight_g; /* INT_NONE = not known */
	const char *barcode;
	int64_t stock, backordered;
	bool allow_backorder;
	int64_t low_stock_threshold; /* INT_NONE = no notice */
	bool low_stock_told;
	int64_t position;
	const char *status;
	int64_t version;
	struct when created_at, updated_at;
	const char *product_slug; /* joined */
	/* Computed. */
	int64_t sold_1d, sold_7d, sold_28d; /* units paid in the last days */
	int64_t days_left; /* of stock at the pace of 28 days; INT_NONE = no
	                      sale */
	const char *currency;
	bool in_stock;
	const char
		*availability; /* in_stock, low_stock, back_order, out_of_stock
	                        */
};
/* Sets in_stock and availability from the stock. */
void variant_availability(struct variant *v);
extern const struct shape variant_row_shape;    /* what an INSERT writes */
extern const struct shape variant_vendor_shape; /* for its vendor */
extern const struct shape variant_shape;        /* for shoppers */

struct variant_option_row {
	struct id variant_id, product_id;
	const char *name_key, *value_key, *name, *value;
};
extern const struct shape variant_option_row_shape;

/* A line of the timeline. */
struct product_event {
	struct id id, product_id, vendor_id, variant_id;
	const char *field, *old_value, *new_value;
	const char *cause; /* user, order, import, rule, job, moderator */
	struct id cause_id, actor_id;
	struct when created_at;
};
extern const struct shape product_event_shape;
/* What everybody may see of one: neither by whom nor for which order. */
extern const struct shape product_history_shape;
extern const struct shape product_event_row_shape;

struct stock_movement {
	struct id id, variant_id, product_id, vendor_id;
	int64_t delta, stock_delta, stock_after, backordered_after;
	const char *reason, *note;
	struct id order_id, actor_id;
	struct when created_at;
};
extern const struct shape stock_movement_shape;
extern const struct shape stock_movement_row_shape;

/* A line that somebody wants to buy, as the catalog sees it at this moment. */
struct sale_line {
	struct id variant_id, product_id, vendor_id, category_id;
	const char *sku;
	const char *product_name;
	const char *product_slug;
	const char *variant_name; /* may be NULL */
	struct json_text options; /* {"Colour":"Red"} or NULL */
	const char *picture;      /* as in product.picture; may be NULL */
	struct money price;       /* what a buyer pays now, sale included */
	const char *currency;
	int stock;
	bool allow_backorder;
	int weight_g;     /* 0 = not known */
	bool is_for_sale; /* active variant of a visible product */
	const char *store_name;
	struct id store_owner;
	bool is_store_open;          /* approved and not on holiday */
	int64_t store_commission_bp; /* INT_NONE = as everywhere */
	/* Of the row, for who takes from it. */
	int64_t backordered, low_stock_threshold, version;
	bool low_stock_told;
};
extern const struct shape sale_line_shape;

/* A row of the moderators' queue. */
struct queue_product {
	struct id id;
	const char *slug, *name;
	const char *status;
	struct id vendor_id;
	const char *vendor_name, *vendor_slug;
	struct id category_id;
	const char *category_name;
	struct money min_price, max_price;
	const char *currency;
	bool in_stock;
	bool is_visible;
	int n_variants;
	int n_pictures;
	const char *picture;
	struct json_text screening; /* fired rules, or NULL */
	const char *reason_code, *reason;
	bool has_revision; /* an edit of a live product waits */
	struct when submitted_at, created_at, updated_at;
	int64_t version;
};
extern const struct shape queue_product_shape;

struct queue_filter {
	const char *status; /* NULL = any; "revision" = live with an edit */
	const char *q;      /* part of the name, slug or SKU; NULL = any */
	struct id vendor, category; /* none = any */
};

#endif
