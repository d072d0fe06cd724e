#include "config.h"

#include "tests/support/goods.h"

#include <string.h>

#include "db/sql.h"
#include "fcgi/base/text.h"
#include "handlers/catalog/catalog.h"

const char *text_of(struct id id)
{
	char text[ID_TEXT_MAX];

	return arena_strdup(tc->arena, id_text(id, text));
}

static struct id id_at(const struct answered *a, const char *path)
{
	struct id id = { { 0 } };
	const char *text = answered_text(a, path);

	NEED_TRUE(text && id_parse(text, &id), a->body);
	return id;
}

struct id a_category(const char *name, struct id parent)
{
	const struct person *admin = an_admin(MAY_ADMIN_CATEGORIES);
	const char *body =
		id_is_none(parent)
			? arena_fmt(tc->arena, "{\"name\":\"%s\"}", name)
			: arena_fmt(tc->arena,
	                            "{\"name\":\"%s\",\"parent_id\":\"%s\"}",
	                            name, text_of(parent));
	const struct answered *a =
		request("POST", "/api/admin/categories", body, admin->bearer);

	NEED_INT(a->status, 201, a->body);
	return id_at(a, "id");
}

struct id a_product(const struct person *owner, struct id category,
                    const char *name)
{
	const char *sku = text_slug(tc->arena, name);
	const struct answered *a = request(
		"POST", "/api/vendor/products",
		arena_fmt(
			tc->arena,
			"{\"name\":\"%s\",\"description\":\"Made by hand.\","
			"\"category_id\":\"%s\",\"lat\":9.01,\"lng\":38.75,"
			"\"variants\":[{\"sku\":\"%s-R\",\"price\":\"100.00\","
			"\"options\":{\"Colour\":\"Red\"},\"stock\":5},"
			"{\"sku\":\"%s-B\",\"price\":\"150.00\",\"options\":"
			"{\"Colour\":\"Blue\"},\"stock\":0,\"position\":1}]}",
			name, text_of(category), sku, sku),
		owner->bearer);

	NEED_INT(a->status, 201, a->body);
	return id_at(a, "id");
}

struct id a_live_product(const struct person *owner, struct id category,
                         const char *name)
{
	const struct person *admin = an_admin(MAY_ADMIN_PRODUCTS);
	struct id id = a_product(owner, category, name);
	const struct answered *a =
		request("POST",
	                arena_fmt(tc->arena, "/api/admin/products/%s/approve",
	                          text_of(id)),
	                NULL, admin->bearer);

	NEED_INT(a->status, 200, a->body);
	return id;
}

struct id variant_of(struct id product, int i)
{
	const struct answered *a =
		request("GET",
	                arena_fmt(tc->arena, "/api/products/%s/variants",
	                          text_of(product)),
	                NULL);

	NEED_INT(a->status, 200, a->body);
	return id_at(a, arena_fmt(tc->arena, "results.%d.id", i));
}

void many_products(const struct person *owner, struct id category, int n)
{
	int64_t n_all = 0;

	NEED_RC(sql_begin(tc), RC_OK, "begin");
	for (int i = 0; i < n; i++) {
		struct id id = id_new();
		const char *slug = arena_fmt(tc->arena, "thing-%d-%s", i,
		                             text_of(owner->vendor));

		NEED_RC(sql_run(tc,
		                "INSERT INTO product (id, vendor_id,"
		                "  category_id, slug, name, currency, status,"
		                "  lat, lng, created_at, updated_at)"
		                " VALUES (?, ?, ?, ?, ?, 'ETB', 'approved',"
		                "  ?, ?, ?, ?)",
		                A(id), A(owner->vendor), A(category), A(slug),
		                A(arena_fmt(tc->arena, "Thing %d", i)),
		                A(9 + i * 0.0001), A(38.7 + i * 0.0001),
		                A(when_plus(tc->now, i - n)), A(tc->now)),
		        RC_OK, "product");
		NEED_RC(sql_run(tc,
		                "INSERT INTO variant (id, product_id,"
		                "  vendor_id, sku, price, current_price, stock,"
		                "  created_at, updated_at)"
		                " VALUES (?, ?, ?, ?, ?, ?, 1, ?, ?)",
		                A(id_new()), A(id), A(owner->vendor), A(slug),
		                A(100 + i), A(100 + i), A(tc->now), A(tc->now)),
		        RC_OK, "variant");
	}
	NEED_RC(sql_end(tc, RC_OK), RC_OK, "end");
	NEED_RC(catalog_rebuild(tc, &n_all), RC_OK, "rebuild");
	dispatch_flush_touches(tc);
}

const char *path_with(const char *fmt, struct id id)
{
	const char *star = strchr(fmt, '*');

	return arena_fmt(tc->arena, "%.*s%s%s", (int)(star - fmt), fmt,
	                 text_of(id), star + 1);
}

const struct answered *post_as(const char *path, const char *body,
                               const struct person *who)
{
	return request("POST", path, body, who->bearer);
}

const struct answered *patch_as(const char *path, const char *body,
                                const struct person *who)
{
	return request("PATCH", path, body, who->bearer);
}
