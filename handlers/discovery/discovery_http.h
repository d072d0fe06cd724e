/* Handlers that the table of routes names. */
#ifndef MERKATO_DISCOVERY_HTTP_H
#define MERKATO_DISCOVERY_HTTP_H

#include "fcgi/http/request.h"

enum rc discovery_products_get(struct req *r);
enum rc discovery_above_rating_get(struct req *r);
enum rc discovery_category_products_get(struct req *r);
enum rc discovery_vendor_products_get(struct req *r);
enum rc discovery_suggest_get(struct req *r);
enum rc discovery_trending_get(struct req *r);
enum rc discovery_related_get(struct req *r);
enum rc discovery_recent_get(struct req *r);
enum rc discovery_synonyms_get(struct req *r);
enum rc discovery_synonyms_post(struct req *r);
enum rc discovery_synonyms_delete(struct req *r);
enum rc discovery_misses_get(struct req *r);

struct suggest_query {
	const char *q;
};

#endif
