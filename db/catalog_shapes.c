#include "config.h"

#include "db/catalog_fields.h"

/* clang-format off */
#define CATEGORY_FIELDS                                          \
	FIELD(category, id), FIELD(category, parent_id),         \
	FIELD(category, slug), FIELD(category, name),            \
	FIELD(category, description),                            \
	FIELD(category, depth),                                  \
	FIELD(category, n_products, .help = "Visible products here and below"), \
	FIELD(category, lft, .flags = PRIVATE),                  \
	FIELD(category, rgt, .flags = PRIVATE),                  \
	FIELD(category, n_own, .flags = PRIVATE),                \
	FIELD(category, commission_bp, .flags = PRIVATE),        \
	FIELD(category, version), FIELD(category, created_at),   \
	FIELD(category, updated_at)
/* clang-format on */

static const struct field category_row_fields[] = { CATEGORY_FIELDS,
	                                            FIELDS_END };
const struct shape category_row_shape = SHAPE(category, category_row_fields);

static const struct field crumb_fields[] = {
	FIELD(crumb, id),
	FIELD(crumb, slug),
	FIELD(crumb, name),
	FIELDS_END,
};
const struct shape crumb_shape = SHAPE(crumb, crumb_fields);

static const char *const attribute_types[] = { "text", "number", "boolean",
	                                       "choice", NULL };
static const struct field category_attribute_fields[] = {
	FIELD(category_attribute, name, .flags = REQUIRED, .max = 60),
	FIELD(category_attribute, type, .flags = REQUIRED,
	      .one_of = attribute_types),
	FIELD(category_attribute, unit, .flags = NULLABLE, .max = 16),
	FIELD(category_attribute, is_required),
	FIELD(category_attribute, choices, .flags = NULLABLE,
	      .help = "The allowed texts of a choice, as a list"),
	FIELDS_END,
};
const struct shape category_attribute_shape =
	SHAPE(category_attribute, category_attribute_fields);

static const struct field category_attribute_row_fields[] = {
	FIELD(category_attribute, id),
	FIELD(category_attribute, category_id),
	FIELD(category_attribute, name),
	FIELD(category_attribute, type),
	FIELD(category_attribute, unit),
	FIELD(category_attribute, is_required),
	FIELD(category_attribute, choices),
	FIELD(category_attribute, position),
	FIELDS_END,
};
const struct shape category_attribute_row_shape =
	SHAPE(category_attribute, category_attribute_row_fields);

static const struct field category_node_fields[] = {
	CATEGORY_FIELDS,
	LIST(category, children, n_children, category_node_shape),
	FIELDS_END,
};
const struct shape category_node_shape = {
	.name = "category_node",
	.size = sizeof(struct category),
	.fields = category_node_fields,
};

static const struct field category_page_fields[] = {
	CATEGORY_FIELDS,
	LIST(category, breadcrumbs, n_breadcrumbs, crumb_shape),
	LIST(category, attributes, n_attributes, category_attribute_shape),
	LIST(category, children, n_children, category_row_shape),
	FIELDS_END,
};
const struct shape category_page_shape = {
	.name = "category_page",
	.size = sizeof(struct category),
	.fields = category_page_fields,
};

static const struct field product_row_fields[] = {
	FIELD(product, id),           FIELD(product, vendor_id),
	FIELD(product, category_id),  FIELD(product, slug),
	FIELD(product, name),         FIELD(product, brand),
	FIELD(product, description),  FIELD(product, attributes),
	FIELD(product, currency),     FIELD(product, status),
	FIELD(product, screening),    FIELD(product, has_own_place),
	FIELD(product, lat),          FIELD(product, lng),
	FIELD(product, submitted_at), FIELD(product, created_at),
	FIELD(product, updated_at),   FIELDS_END,
};
const struct shape product_row_shape = {
	.name = "product_row",
	.size = sizeof(struct product),
	.fields = product_row_fields,
};

static const struct field product_option_fields[] = {
	FIELD(product_option, name),
	VALUES(product_option, values, n_values),
	FIELDS_END,
};
const struct shape product_option_shape =
	SHAPE(product_option, product_option_fields);

static const struct field product_fields[] = {
	PRODUCT_PUBLIC_FIELDS,
	PRODUCT_STORE_FIELDS,
	FIELD(product, n_variants),
	FIELD(product, n_pictures),
	FIELD(product, decided_by, .flags = PRIVATE),
	FIELD(product, names_version, .flags = PRIVATE),
	FIELDS_END,
};
const struct shape product_shape = {
	.name = "product",
	.size = sizeof(struct product),
	.fields = product_fields,
};

/* What a variant says of itself and costs. */
#define VARIANT_OFFER                                                        \
	FIELD(variant, id), FIELD(variant, product_id), FIELD(variant, sku), \
		FIELD(variant, name), FIELD(variant, options),               \
		FIELD(variant, price), FIELD(variant, compare_at_price),     \
		FIELD(variant, sale_price), FIELD(variant, sale_from),       \
		FIELD(variant, sale_until),                                  \
		FIELD(variant, current_price,                                \
	              .help = "What a buyer pays at this moment")

static const struct field variant_row_fields[] = {
	VARIANT_OFFER,
	FIELD(variant, vendor_id),
	FIELD(variant, price_changes_at),
	FIELD(variant, weight_g),
	FIELD(variant, barcode),
	FIELD(variant, stock),
	FIELD(variant, allow_backorder),
	FIELD(variant, low_stock_threshold),
	FIELD(variant, position),
	FIELD(variant, status),
	FIELD(variant, version),
	FIELD(variant, created_at),
	FIELD(variant, updated_at),
	FIELDS_END,
};
const struct shape variant_row_shape = {
	.name = "variant_row",
	.size = sizeof(struct variant),
	.fields = variant_row_fields,
};

#define VARIANT_FIELDS                                                     \
	VARIANT_OFFER, FIELD(variant, currency), FIELD(variant, in_stock), \
		FIELD(variant, availability,                               \
	              .help = "in_stock, low_stock, back_order or "        \
	                      "out_of_stock"),                             \
		FIELD(variant, weight_g), FIELD(variant, barcode),         \
		FIELD(variant, position), FIELD(variant, version),         \
		FIELD(variant, created_at), FIELD(variant, updated_at)

static const struct field variant_fields[] = {
	VARIANT_FIELDS,
	FIELD(variant, stock, .flags = PRIVATE),
	FIELD(variant, allow_backorder, .flags = PRIVATE),
	FIELD(variant, low_stock_threshold, .flags = PRIVATE),
	FIELDS_END,
};
const struct shape variant_shape = SHAPE(variant, variant_fields);

void variant_availability(struct variant *v)
{
	v->in_stock = v->stock > 0 || v->allow_backorder;
	if (v->stock > 0 && v->low_stock_threshold != INT_NONE &&
	    v->stock <= v->low_stock_threshold)
		v->availability = "low_stock";
	else if (v->stock > 0)
		v->availability = "in_stock";
	else
		v->availability =
			v->allow_backorder ? "back_order" : "out_of_stock";
}

static const struct field variant_vendor_fields[] = {
	VARIANT_FIELDS,
	FIELD(variant, vendor_id, .flags = PRIVATE),
	FIELD(variant, stock),
	FIELD(variant, backordered),
	FIELD(variant, allow_backorder),
	FIELD(variant, low_stock_threshold),
	FIELD(variant, low_stock_told, .flags = PRIVATE),
	FIELD(variant, price_changes_at, .flags = PRIVATE),
	FIELD(variant, product_slug, .flags = PRIVATE),
	FIELD(variant, status),
	FIELD(variant, sold_1d, .help = "Units paid in the last 24 hours"),
	FIELD(variant, sold_7d, .help = "… 7 days"),
	FIELD(variant, sold_28d, .help = "… 28 days"),
	FIELD(variant, days_left,
	      .help = "Days that the stock lasts at the pace of 28 days; null "
	              "without a sale"),
	FIELDS_END,
};
const struct shape variant_vendor_shape = {
	.name = "vendor_variant",
	.size = sizeof(struct variant),
	.fields = variant_vendor_fields,
};

static const struct field variant_option_row_fields[] = {
	FIELD(variant_option_row, variant_id),
	FIELD(variant_option_row, product_id),
	FIELD(variant_option_row, name_key),
	FIELD(variant_option_row, value_key),
	FIELD(variant_option_row, name),
	FIELD(variant_option_row, value),
	FIELDS_END,
};
const struct shape variant_option_row_shape =
	SHAPE(variant_option_row, variant_option_row_fields);

#define EVENT_FIELDS                                                          \
	FIELD(product_event, variant_id), FIELD(product_event, field),        \
		FIELD(product_event, old_value),                              \
		FIELD(product_event, new_value), FIELD(product_event, cause), \
		FIELD(product_event, cause_id),                               \
		FIELD(product_event, actor_id),                               \
		FIELD(product_event, created_at)

static const struct field product_event_fields[] = {
	FIELD(product_event, id),
	EVENT_FIELDS,
	FIELDS_END,
};
const struct shape product_event_shape =
	SHAPE(product_event, product_event_fields);

static const struct field product_history_fields[] = {
	FIELD(product_event, id),
	FIELD(product_event, variant_id),
	FIELD(product_event, field),
	FIELD(product_event, old_value),
	FIELD(product_event, new_value),
	FIELD(product_event, created_at),
	FIELDS_END,
};
const struct shape product_history_shape = {
	.name = "product_history",
	.size = sizeof(struct product_event),
	.fields = product_history_fields,
};

static const struct field product_event_row_fields[] = {
	FIELD(product_event, id),
	FIELD(product_event, product_id),
	FIELD(product_event, vendor_id),
	EVENT_FIELDS,
	FIELDS_END,
};
const struct shape product_event_row_shape = {
	.name = "product_event_row",
	.size = sizeof(struct product_event),
	.fields = product_event_row_fields,
};

#define MOVEMENT_FIELDS                                                     \
	FIELD(stock_movement, id), FIELD(stock_movement, delta),            \
		FIELD(stock_movement, stock_after),                         \
		FIELD(stock_movement, backordered_after),                   \
		FIELD(stock_movement, reason), FIELD(stock_movement, note), \
		FIELD(stock_movement, order_id),                            \
		FIELD(stock_movement, actor_id),                            \
		FIELD(stock_movement, created_at)

static const struct field stock_movement_fields[] = {
	MOVEMENT_FIELDS,
	FIELDS_END,
};
const struct shape stock_movement_shape =
	SHAPE(stock_movement, stock_movement_fields);

static const struct field stock_movement_row_fields[] = {
	MOVEMENT_FIELDS,
	FIELD(stock_movement, variant_id),
	FIELD(stock_movement, product_id),
	FIELD(stock_movement, vendor_id),
	FIELD(stock_movement, stock_delta),
	FIELDS_END,
};
const struct shape stock_movement_row_shape = {
	.name = "stock_movement_row",
	.size = sizeof(struct stock_movement),
	.fields = stock_movement_row_fields,
};

static const struct field sale_line_fields[] = {
	FIELD(sale_line, variant_id),
	FIELD(sale_line, product_id),
	FIELD(sale_line, vendor_id),
	FIELD(sale_line, category_id),
	FIELD(sale_line, sku),
	FIELD(sale_line, product_name),
	FIELD(sale_line, product_slug),
	FIELD(sale_line, variant_name),
	FIELD(sale_line, options),
	FIELD(sale_line, picture),
	FIELD(sale_line, price),
	FIELD(sale_line, currency),
	FIELD(sale_line, stock),
	FIELD(sale_line, allow_backorder),
	FIELD(sale_line, weight_g),
	FIELD(sale_line, is_for_sale),
	FIELD(sale_line, store_name),
	FIELD(sale_line, store_owner),
	FIELD(sale_line, is_store_open),
	FIELD(sale_line, store_commission_bp),
	FIELD(sale_line, backordered),
	FIELD(sale_line, low_stock_threshold),
	FIELD(sale_line, version),
	FIELD(sale_line, low_stock_told),
	FIELDS_END,
};
const struct shape sale_line_shape = SHAPE(sale_line, sale_line_fields);

static const struct field queue_product_fields[] = {
	FIELD(queue_product, id),
	FIELD(queue_product, slug),
	FIELD(queue_product, name),
	FIELD(queue_product, status),
	FIELD(queue_product, vendor_id),
	FIELD(queue_product, vendor_name),
	FIELD(queue_product, vendor_slug),
	FIELD(queue_product, category_id),
	FIELD(queue_product, category_name),
	FIELD(queue_product, min_price),
	FIELD(queue_product, max_price),
	FIELD(queue_product, currency),
	FIELD(queue_product, in_stock),
	FIELD(queue_product, is_visible),
	FIELD(queue_product, n_variants),
	FIELD(queue_product, n_pictures),
	FIELD(queue_product, picture),
	FIELD(queue_product, screening),
	FIELD(queue_product, reason_code),
	FIELD(queue_product, reason),
	FIELD(queue_product, has_revision),
	FIELD(queue_product, submitted_at),
	FIELD(queue_product, created_at),
	FIELD(queue_product, updated_at),
	FIELD(queue_product, version),
	FIELDS_END,
};
const struct shape queue_product_shape =
	SHAPE(queue_product, queue_product_fields);
