/* Handlers that the table of routes names, and the shapes of its queries. */
#ifndef MERKATO_CATALOG_HTTP_H
#define MERKATO_CATALOG_HTTP_H

#include "fcgi/http/request.h"
#include "handlers/catalog/catalog_rules.h"

enum rc catalog_categories_get(struct req *r);
enum rc catalog_category_get(struct req *r);
enum rc catalog_admin_categories_post(struct req *r);
enum rc catalog_admin_category_patch(struct req *r);
enum rc catalog_admin_category_delete(struct req *r);
enum rc catalog_admin_category_move_post(struct req *r);

enum rc catalog_product_get(struct req *r);
enum rc catalog_product_variants_get(struct req *r);
enum rc catalog_product_images_get(struct req *r);
enum rc catalog_product_history_get(struct req *r);
enum rc catalog_product_watch_put(struct req *r);
enum rc catalog_product_watch_delete(struct req *r);
enum rc catalog_watched_get(struct req *r);

enum rc catalog_variants_get(struct req *r);
enum rc catalog_variant_get(struct req *r);
enum rc catalog_variant_live_get(struct req *r);
enum rc catalog_variants_post(struct req *r);
enum rc catalog_variant_patch_(struct req *r);
enum rc catalog_variant_delete_(struct req *r);
enum rc catalog_variant_stock_post(struct req *r);
enum rc catalog_stock_movements_get(struct req *r);

enum rc catalog_vendor_products_get(struct req *r);
enum rc catalog_vendor_products_post(struct req *r);
enum rc catalog_vendor_product_get(struct req *r);
enum rc catalog_vendor_product_patch(struct req *r);
enum rc catalog_vendor_product_delete(struct req *r);
enum rc catalog_vendor_submit_post(struct req *r);
enum rc catalog_vendor_archive_post(struct req *r);
enum rc catalog_vendor_restore_post(struct req *r);
enum rc catalog_vendor_timeline_get(struct req *r);
enum rc catalog_vendor_visibility_get(struct req *r);

enum rc catalog_vendor_import_post(struct req *r);
enum rc catalog_vendor_import_get(struct req *r);
enum rc catalog_vendor_export_get(struct req *r);
void catalog_vendor_export_seen(struct req *r);

enum rc catalog_admin_products_get(struct req *r);
enum rc catalog_admin_product_get(struct req *r);
enum rc catalog_admin_approve_post(struct req *r);
enum rc catalog_admin_reject_post(struct req *r);
enum rc catalog_admin_archive_post(struct req *r);
enum rc catalog_admin_trust_put(struct req *r);
enum rc catalog_words_get(struct req *r);
enum rc catalog_words_post(struct req *r);
enum rc catalog_words_delete(struct req *r);

struct category_delete_query {
	struct id reassign_to;
};
struct variant_list_query {
	struct id product;
};
struct list_query {
	const char *status, *q;
	struct id vendor, category;
};
struct timeline_query {
	const char *field;
	struct when from, to;
};
struct import_in {
	bool dry_run;
};
struct reason_in {
	const char *reason_code, *reason;
};
struct watch_in {
	struct money price_below;
	bool back_in_stock, status_change;
};
struct trust_in {
	bool is_trusted;
	int64_t sample_percent;
};

/* A variant as it is at this moment. */
struct live {
	struct id id;
	struct money price;
	const char *currency;
	const char *availability;
	bool in_stock;
	struct when as_of;
	int64_t version;
};

/* Why shoppers see a product or not. */
struct visibility {
	bool is_visible;
	const char **reasons;
	size_t n_reasons;
};

#endif
