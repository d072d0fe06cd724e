/* What bodies may say. */
#include "config.h"

#include "handlers/catalog/catalog_http.h"

#define PRICE .min = 1, .max = PRICE_MAX

/* clang-format off */
#define VARIANT_IN_FIELDS(s)                                                  \
	FIELD(s, sku, .flags = REQUIRED, .min = 1, .max = 64),                \
	FIELD(s, name, .flags = NULLABLE, .max = 120),                        \
	FIELD(s, options, .flags = NULLABLE, .help = "{\"Colour\": \"Red\"}"), \
	FIELD(s, price, .flags = REQUIRED, PRICE),                            \
	FIELD(s, compare_at_price, .flags = NULLABLE, PRICE),                 \
	FIELD(s, sale_price, .flags = NULLABLE, PRICE),                       \
	FIELD(s, sale_from, .flags = NULLABLE),                               \
	FIELD(s, sale_until, .flags = NULLABLE),                              \
	FIELD(s, weight_g, .flags = NULLABLE, .min = 1, .max = 10000000),     \
	FIELD(s, barcode, .flags = NULLABLE, .max = 32, .format = FORMAT_TOKEN), \
	FIELD(s, stock, .min = 0, .max = STOCK_MAX),                          \
	FIELD(s, allow_backorder),                                            \
	FIELD(s, low_stock_threshold, .flags = NULLABLE, .min = 0, .max = STOCK_MAX), \
	FIELD(s, position, .min = 0, .max = 100000)
/* clang-format on */

static const struct field variant_in_fields[] = {
	VARIANT_IN_FIELDS(variant_in),
	FIELDS_END,
};
const struct shape variant_in_shape = SHAPE(variant_in, variant_in_fields);

static const struct field variant_post_fields[] = {
	FIELD(variant_in, product_id, .flags = REQUIRED),
	VARIANT_IN_FIELDS(variant_in),
	FIELDS_END,
};
const struct shape variant_post_shape = {
	.name = "variant_post",
	.size = sizeof(struct variant_in),
	.fields = variant_post_fields,
};

static const char *const variant_statuses[] = { "active", "archived", NULL };
static const struct field variant_patch_fields[] = {
	FIELD(variant_patch, sku, .min = 1, .max = 64),
	FIELD(variant_patch, name, .flags = NULLABLE, .max = 120),
	FIELD(variant_patch, options, .flags = NULLABLE),
	FIELD(variant_patch, price, PRICE),
	FIELD(variant_patch, compare_at_price, .flags = NULLABLE, PRICE),
	FIELD(variant_patch, sale_price, .flags = NULLABLE, PRICE),
	FIELD(variant_patch, sale_from, .flags = NULLABLE),
	FIELD(variant_patch, sale_until, .flags = NULLABLE),
	FIELD(variant_patch, weight_g, .flags = NULLABLE, .min = 1,
	      .max = 10000000),
	FIELD(variant_patch, barcode, .flags = NULLABLE, .max = 32,
	      .format = FORMAT_TOKEN),
	FIELD(variant_patch, allow_backorder),
	FIELD(variant_patch, low_stock_threshold, .flags = NULLABLE, .min = 0,
	      .max = STOCK_MAX),
	FIELD(variant_patch, position, .min = 0, .max = 100000),
	FIELD(variant_patch, status, .one_of = variant_statuses),
	FIELDS_END,
};
const struct shape variant_patch_shape =
	SHAPE_PATCH(variant_patch, variant_patch_fields);

#define LATITUDE .flags = NULLABLE, .min = -90, .max = 90
#define LONGITUDE .flags = NULLABLE, .min = -180, .max = 180

static const struct field product_in_fields[] = {
	FIELD(product_in, name, .flags = REQUIRED, .min = 2, .max = 200),
	FIELD(product_in, description, .flags = NULLABLE | LONG_TEXT,
	      .max = 20000),
	FIELD(product_in, brand, .flags = NULLABLE, .max = 100),
	FIELD(product_in, category_id, .flags = REQUIRED),
	FIELD(product_in, attributes, .flags = NULLABLE,
	      .help = "As the category asks"),
	FIELD(product_in, lat, LATITUDE),
	FIELD(product_in, lng, LONGITUDE),
	FIELD(product_in, draft, .help = "Keep it back; submit it later"),
	LIST(product_in, variants, n_variants, variant_in_shape, .max = 100),
	VALUES(product_in, related_ids, n_related_ids, .max = 20),
	FIELDS_END,
};
const struct shape product_in_shape = SHAPE(product_in, product_in_fields);

static const struct field product_patch_fields[] = {
	FIELD(product_patch, name, .min = 2, .max = 200),
	FIELD(product_patch, description, .flags = NULLABLE | LONG_TEXT,
	      .max = 20000),
	FIELD(product_patch, brand, .flags = NULLABLE, .max = 100),
	FIELD(product_patch, category_id),
	FIELD(product_patch, attributes, .flags = NULLABLE),
	FIELD(product_patch, lat, LATITUDE),
	FIELD(product_patch, lng, LONGITUDE),
	VALUES(product_patch, related_ids, n_related_ids, .max = 20),
	FIELDS_END,
};
const struct shape product_patch_shape =
	SHAPE_PATCH(product_patch, product_patch_fields);

static const char *const stock_reasons[] = {
	"received", "counted", "damaged", "lost", "returned", "correction", NULL
};
static const struct field stock_change_fields[] = {
	FIELD(stock_change, delta, .flags = NULLABLE, .min = -STOCK_MAX,
	      .max = STOCK_MAX),
	FIELD(stock_change, stock, .flags = NULLABLE, .min = 0,
	      .max = STOCK_MAX),
	FIELD(stock_change, version, .flags = NULLABLE, .min = 1,
	      .help = "Of the variant that was counted; needed with stock"),
	FIELD(stock_change, reason, .flags = REQUIRED, .one_of = stock_reasons),
	FIELD(stock_change, note, .flags = NULLABLE, .max = 200),
	FIELDS_END,
};
const struct shape stock_change_shape =
	SHAPE(stock_change, stock_change_fields);

static const struct field category_in_fields[] = {
	FIELD(category_in, name, .flags = REQUIRED, .min = 1, .max = 120),
	FIELD(category_in, slug, .flags = NULLABLE, .max = 80,
	      .format = FORMAT_SLUG),
	FIELD(category_in, description, .flags = NULLABLE | LONG_TEXT,
	      .max = 2000),
	FIELD(category_in, parent_id, .flags = NULLABLE),
	FIELD(category_in, commission_bp, .flags = NULLABLE, .min = 0,
	      .max = 10000),
	LIST(category_in, attributes, n_attributes, category_attribute_shape,
	     .max = 50),
	FIELDS_END,
};
const struct shape category_in_shape = SHAPE(category_in, category_in_fields);

static const struct field category_patch_fields[] = {
	FIELD(category_patch, name, .min = 1, .max = 120),
	FIELD(category_patch, slug, .max = 80, .format = FORMAT_SLUG),
	FIELD(category_patch, description, .flags = NULLABLE | LONG_TEXT,
	      .max = 2000),
	FIELD(category_patch, commission_bp, .flags = NULLABLE, .min = 0,
	      .max = 10000),
	LIST(category_patch, attributes, n_attributes, category_attribute_shape,
	     .max = 50),
	FIELDS_END,
};
const struct shape category_patch_shape =
	SHAPE_PATCH(category_patch, category_patch_fields);

static const struct field category_move_fields[] = {
	FIELD(category_move, parent_id, .flags = NULLABLE),
	FIELD(category_move, before_id, .flags = NULLABLE),
	FIELDS_END,
};
const struct shape category_move_shape =
	SHAPE(category_move, category_move_fields);
