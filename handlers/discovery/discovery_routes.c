#include "config.h"

#include "db/search_db.h"
#include "handlers/discovery/discovery.h"
#include "handlers/discovery/discovery_http.h"
#include "handlers/discovery/listing.h"
#include "handlers/media/media.h"

#define PRICE_MAX_ 1000000000000

static const char *const yes_no[] = { "true", "false", NULL };

static const struct field card_fields[] = {
	CARD_FIELDS,
	LIST(product_card, variants, n_variants, variant_shape,
	     .flags = EXPANDED),
	LIST(product_card, images, n_images, product_image_shape,
	     .flags = EXPANDED),
	FIELDS_END,
};
const struct shape product_card_shape = SHAPE(product_card, card_fields);

/* clang-format off */
static const struct field query_fields[] = {
	FIELD(product_query, q, .max = 200, .help = "Words, or a SKU. Exact when one of the words, or the store, category or place, has at most 10,000 products; else the 5,000 products are searched that the rarest word says most about, and count_capped is true"),
	FIELD(product_query, category, .max = 191, .help = "Slug or id; with all below it"),
	FIELD(product_query, vendor, .max = 191, .help = "Slug or id of a store"),
	FIELD(product_query, min_price, .flags = NULLABLE, .min = 0, .max = PRICE_MAX_),
	FIELD(product_query, max_price, .flags = NULLABLE, .min = 0, .max = PRICE_MAX_),
	FIELD(product_query, rating, .flags = NULLABLE, .min = 0, .max = 5, .help = "Average of at least; unrated ones are left out"),
	FIELD(product_query, min_rating, .flags = NULLABLE, .min = 0, .max = 5, .help = "The same as rating"),
	FIELD(product_query, in_stock, .one_of = yes_no),
	FIELD(product_query, lat, .flags = NULLABLE, .min = -90, .max = 90),
	FIELD(product_query, lng, .flags = NULLABLE, .min = -180, .max = 180),
	FIELD(product_query, radius, .flags = NULLABLE, .min = 0, .max = 500, .help = "Kilometres, 50 unless told"),
	FIELD(product_query, facets, .min = 0, .max = 1, .help = "1 = with counts by category, price, rating, option"),
	{ .name = "option.*", .at = offsetof(struct product_query, options),
	  .count_at = offsetof(struct product_query, n_options),
	  .kind = KIND_LIST, .element = KIND_TEXT, .max = OPTION_FILTERS_MAX,
	  .help = "option.colour=Red" },
	FIELDS_END,
};
/* clang-format on */
const struct shape product_query_shape = SHAPE(product_query, query_fields);

static const struct field suggest_fields[] = {
	FIELD(suggest_query, q, .flags = REQUIRED, .min = 1, .max = 60),
	FIELDS_END,
};
static const struct shape suggest_shape = SHAPE(suggest_query, suggest_fields);

static const struct field synonym_query_fields[] = {
	FIELD(synonym, term, .flags = REQUIRED, .max = 64),
	FIELD(synonym, synonym, .flags = REQUIRED, .max = 64),
	FIELDS_END,
};
static const struct shape synonym_query_shape = {
	.name = "synonym_query",
	.size = sizeof(struct synonym),
	.fields = synonym_query_fields,
};

static const char *const orderings[] = { "-created_at", "price", "rating",
	                                 "sales",       "name",  "distance",
	                                 "relevance",   NULL };

/* What stands beside the rows. */
struct listing_page {
	struct json_text facets;
};
static const struct field listing_page_fields[] = {
	FIELD(listing_page, facets,
	      .help = "With facets=1: counts by category, price band, rating "
	              "and option. Of lists above 10,000 products, and of "
	              "searches that looked at a part only, the first ones "
	              "are counted and it has capped: true"),
	FIELDS_END,
};
static const struct shape listing_page_shape =
	SHAPE(listing_page, listing_page_fields);

enum { DEPENDS = TAG_CATALOG | TAG_CATEGORIES | TAG_VENDORS };

#define LISTING                                                          \
	.who = ROLE_ANYONE, .limit = LIMIT_READ, .cache = CACHE_LISTING, \
	.depends = DEPENDS, .reply = &product_card_shape, .list = true,  \
	.orderings = orderings, .extra = &listing_page_shape
#define SHORT_LIST                                                       \
	.who = ROLE_ANYONE, .limit = LIMIT_READ, .cache = CACHE_LISTING, \
	.depends = DEPENDS, .all = true
#define SEARCH_ADMIN .who = ROLE_MODERATOR, .permission = MAY_ADMIN_PRODUCTS

const struct route discovery_routes[] = {
	{ "GET", "/api/products", discovery_products_get, LISTING,
	  .query = &product_query_shape, .seen = discovery_list_seen,
	  .summary = "Products by words, place and filters, with facets" },
	{ "GET", "/api/products/above_rating", discovery_above_rating_get,
	  LISTING, .query = &product_query_shape,
	  .summary = "Products rated at least so well: needs rating" },
	{ "GET", "/api/products/suggest", discovery_suggest_get, SHORT_LIST,
	  .query = &suggest_shape, .reply = &suggestion_shape,
	  .summary = "What a beginning of words may become" },
	{ "GET", "/api/products/trending", discovery_trending_get, SHORT_LIST,
	  .reply = &product_card_shape,
	  .summary = "Most viewed and sold of the last days" },
	{ "GET", "/api/products/{product}/related", discovery_related_get,
	  SHORT_LIST, .depends_on = "product", .reply = &product_card_shape,
	  .summary = "Products that go with this one" },
	{ "GET", "/api/categories/{slug}/products",
	  discovery_category_products_get, LISTING,
	  .query = &product_query_shape,
	  .summary = "Products of a category and all below it" },
	{ "GET", "/api/vendors/{slug}/products", discovery_vendor_products_get,
	  LISTING, .query = &product_query_shape,
	  .summary = "Products of a store" },
	{ "GET", "/api/users/me/recently-viewed", discovery_recent_get,
	  .who = ROLE_CUSTOMER, .limit = LIMIT_READ, .all = true,
	  .reply = &product_card_shape,
	  .summary = "Products that I have looked at, newest first" },
	{ "GET", "/api/admin/search/synonyms", discovery_synonyms_get,
	  SEARCH_ADMIN, .limit = LIMIT_READ, .list = true,
	  .reply = &synonym_shape, .summary = "Words that mean the same" },
	{ "POST", "/api/admin/search/synonyms", discovery_synonyms_post,
	  SEARCH_ADMIN, .limit = LIMIT_WRITE, .body = &synonym_shape,
	  .reply = &synonym_shape, .status = 201, .touches = TAG_CATALOG,
	  .summary = "Let a word find another" },
	{ "DELETE", "/api/admin/search/synonyms", discovery_synonyms_delete,
	  SEARCH_ADMIN, .limit = LIMIT_WRITE, .query = &synonym_query_shape,
	  .status = 204, .touches = TAG_CATALOG,
	  .summary = "Forget a synonym" },
	{ "GET", "/api/admin/search/misses", discovery_misses_get, SEARCH_ADMIN,
	  .limit = LIMIT_READ, .all = true, .reply = &search_miss_shape,
	  .summary = "Searches that found nothing, most frequent first" },
	{ 0 },
};
