/* Columns of a product that several shapes have, in the order of replies. */
#ifndef MERKATO_CATALOG_FIELDS_H
#define MERKATO_CATALOG_FIELDS_H

#include "db/catalog_types.h"

/* What everybody may see. */
#define PRODUCT_PUBLIC_FIELDS                                                  \
	FIELD(product, id), FIELD(product, slug), FIELD(product, name),        \
		FIELD(product, brand), FIELD(product, description),            \
		FIELD(product, attributes),                                    \
		FIELD_AS(product, "price", min_price,                          \
	                 .help = "Of the cheapest variant, now"),              \
		FIELD(product, max_price), FIELD(product, currency),           \
		FIELD(product, in_stock), FIELD(product, rating, .digits = 2), \
		FIELD(product, rating_count), FIELD(product, picture),         \
		FIELD(product, picture_alt), FIELD(product, category_id),      \
		FIELD(product, category_name), FIELD(product, category_slug),  \
		FIELD(product, vendor_id), FIELD(product, vendor_name),        \
		FIELD(product, vendor_slug), FIELD(product, lat),              \
		FIELD(product, lng), FIELD(product, views),                    \
		FIELD(product, sales), FIELD(product, version),                \
		FIELD(product, created_at), FIELD(product, updated_at)

/* What its store and moderators see besides. */
#define PRODUCT_STORE_FIELDS                                                 \
	FIELD(product, status), FIELD(product, is_visible),                  \
		FIELD(product, reason_code), FIELD(product, reason),         \
		FIELD(product, screening,                                    \
	              .help = "Rules that fired at screening"),              \
		FIELD(product, has_revision,                                 \
	              .help = "An edit waits for approval"),                 \
		FIELD(product, has_own_place), FIELD(product, submitted_at), \
		FIELD(product, decided_at)

#endif
