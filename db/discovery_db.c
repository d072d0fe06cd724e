#include "config.h"

#include "db/discovery_db.h"

#include <math.h>
#include <string.h>

#include "db/names.h"
#include "db/query.h"
#include "db/sql.h"

static const struct field card_fields[] = { CARD_FIELDS, FIELDS_END };
/* As a row has it. */
static const struct shape card_shape = SHAPE(product_card, card_fields);

#define VISIBLE "(SELECT COALESCE(SUM(n_products), 0) FROM category_count)"
/* The names of its category and store come from db/names.h. */
#define CARD                                                          \
	"SELECT p.id, p.slug, p.name, p.brand, p.min_price AS price," \
	"       p.max_price, p.currency, p.in_stock,"                 \
	"       p.rating_avg AS rating, p.rating_count, p.picture,"   \
	"       p.picture_alt, p.category_id, p.vendor_id,"           \
	"       NULL AS distance_km, p.sales, p.views, p.created_at," \
	"       p.version, " NAMES_VERSION

const struct sort product_sorts[] = {
	{ "created_at", "p.created_at", false },
	{ "price", "p.min_price", true },
	{ "rating", "p.rating_avg", false },
	{ "sales", "p.sales", false },
	{ "name", "p.name", false },
	{ 0 },
};

static void add_options(struct query *q, const struct product_filter *f)
{
	for (size_t i = 0; i < f->n_options; i++)
		query_add(q,
		          " AND EXISTS (SELECT 1 FROM variant_option o"
		          "              WHERE o.product_id = p.id"
		          "                AND o.name_key = ?"
		          "                AND o.value_key = ?)",
		          A(f->options[i].name_key),
		          A(f->options[i].value_key));
}

void discovery_db_add_filter(struct query *q, const struct product_filter *f)
{
	if (f->by_category) {
		query_add(q, " AND p.category_id IN ");
		query_ids(q, f->categories, f->n_categories);
	}
	if (!id_is_none(f->vendor))
		query_add(q, " AND p.vendor_id = ?", A(f->vendor));
	if (!money_is_none(f->min_price))
		query_add(q, " AND p.min_price >= ?", A(f->min_price));
	if (!money_is_none(f->max_price))
		query_add(q, " AND p.min_price <= ?", A(f->max_price));
	if (!isnan(f->rating))
		query_add(q, " AND p.rating_avg >= ? AND p.rating_avg > 0",
		          A(f->rating));
	if (f->in_stock >= 0)
		query_add(q, " AND p.in_stock = ?", A(f->in_stock));
	add_options(q, f);
}

bool discovery_db_is_plain(const struct product_filter *f)
{
	return id_is_none(f->vendor) && money_is_none(f->min_price) &&
	       money_is_none(f->max_price) && isnan(f->rating) &&
	       f->in_stock < 0 && !f->n_options;
}

/*
 * A subtree with many products is found soonest by walking the order's own
 * index and leaving others out (one in n_visible / n_in_category is a hit); one
 * with few by its own index. The costs meet where the branch has as many rows
 * as the walk would pass.
 */
static bool is_rare(const struct product_filter *f, const struct page *page)
{
	int64_t passed = f->n_in_category
	                         ? f->n_visible / f->n_in_category * page->size
	                         : INT64_MAX;

	return f->n_categories > 1 && f->n_in_category < passed;
}

/* All products are counted in the statement that reads the rows. */
static bool counts_all(const struct product_filter *f, const struct page *page)
{
	return !page->walks && !f->by_category && discovery_db_is_plain(f);
}

void discovery_db_add_index(struct query *q, const struct product_filter *f,
                            const struct page *page)
{
	const char *name = page->n_order ? page->order[0].name : "created_at";

	if (f->by_category && f->n_categories == 1 && id_is_none(f->vendor)) {
		/* The leaf's own indexes are in the two orders most asked. */
		if (strcmp(name, "created_at") == 0)
			query_add(q, " FORCE INDEX (category_newest)");
		else if (strcmp(name, "price") == 0)
			query_add(q, " FORCE INDEX (category_price)");
	} else if (id_is_none(f->vendor) &&
	           !(f->by_category && is_rare(f, page))) {
		if (strcmp(name, "created_at") == 0)
			query_add(q, " FORCE INDEX (visible_newest)");
		else if (strcmp(name, "price") == 0)
			query_add(q, " FORCE INDEX (visible_price)");
		else if (strcmp(name, "rating") == 0)
			query_add(q, " FORCE INDEX (visible_rating)");
		else if (strcmp(name, "sales") == 0)
			query_add(q, " FORCE INDEX (visible_sales)");
		else if (strcmp(name, "name") == 0)
			query_add(q, " FORCE INDEX (visible_name)");
	}
}

static void add_from(struct query *q, const struct product_filter *f,
                     const struct page *page)
{
	query_add(q, CARD);
	if (counts_all(f, page))
		query_add(q, ", " VISIBLE " AS n_visible");
	query_add(q, "  FROM product p");
	discovery_db_add_index(q, f, page);
	query_add(q, " WHERE p.is_visible = 1");
}

static enum rc name_all(struct ctx *c, struct product_card *rows, size_t n)
{
	int64_t version = n ? rows[0].names_version : 0;
	enum rc rc = names_stores(c, &version, rows, n, sizeof(*rows),
	                          offsetof(struct product_card, vendor_id));

	for (size_t i = 0; i < n && !rc; i++) {
		struct crumb *path = NULL;
		size_t depth = 0;

		names_store(c, rows[i].vendor_id, &rows[i].vendor_name,
		            &rows[i].vendor_slug);
		rc = names_category(c, &version, rows[i].category_id, &path,
		                    &depth);
		if (rc || !depth)
			continue;
		rows[i].category_name = path[depth - 1].name;
		rows[i].category_slug = path[depth - 1].slug;
	}
	return rc;
}

/* COUNT without the order's index. */
static enum rc count_walk(struct ctx *c, const struct product_filter *f,
                          int64_t *out)
{
	struct query *q = arena_new(c->arena, struct query);

	if (discovery_db_is_plain(f) && !f->by_category)
		return discovery_db_count_visible(c, out);
	if (discovery_db_is_plain(f)) {
		*out = f->n_in_category;
		return RC_OK;
	}
	query_init(q, c);
	query_add(q, "SELECT COUNT(*) FROM (SELECT 1 FROM product p"
	             " WHERE p.is_visible = 1");
	discovery_db_add_filter(q, f);
	query_add(q, " LIMIT ?) AS counted", A(COUNT_CAP + 1));
	return query_int(q, out);
}

enum rc discovery_db_walk(struct ctx *c, const struct product_filter *f,
                          const struct page *page, struct product_card **rows,
                          size_t *n, struct page_info *info)
{
	struct query *q = arena_new(c->arena, struct query);

	query_init(q, c);
	add_from(q, f, page);
	discovery_db_add_filter(q, f);
	enum rc rc = query_slice(q, &card_shape, product_sorts, "p.id", page,
	                         rows, n, info);
	if (!rc)
		rc = name_all(c, *rows, *n);
	if (rc || page->walks)
		return rc;
	if (*n && counts_all(f, page))
		info->count = (*rows)[0].n_visible;
	else
		rc = count_walk(c, f, &info->count);
	if (info->count > COUNT_CAP)
		info->count = COUNT_CAP + 1;
	return rc;
}

enum rc discovery_db_cards(struct ctx *c, const struct id *ids, size_t n_ids,
                           struct product_card **rows, size_t *n)
{
	struct query *q = arena_new(c->arena, struct query);

	query_init(q, c);
	query_add(q, CARD "  FROM product p"
	                  " WHERE p.is_visible = 1 AND p.id IN ");
	query_ids(q, ids, n_ids);
	query_add(q, " LIMIT 200");
	enum rc rc = query_list(q, &card_shape, rows, n);
	return rc ? rc : name_all(c, *rows, *n);
}

enum rc discovery_db_variants(struct ctx *c, const struct product_card *cards,
                              size_t n_cards, struct variant **rows, size_t *n)
{
	struct query *q = arena_new(c->arena, struct query);

	query_init(q, c);
	query_add(q, "SELECT w.id, w.product_id, w.sku, w.name, w.options,"
	             "       w.price, w.compare_at_price, w.sale_price,"
	             "       w.sale_from, w.sale_until, w.current_price,"
	             "       w.weight_g, w.barcode, w.stock,"
	             "       w.allow_backorder, w.low_stock_threshold,"
	             "       w.position, w.version, w.created_at, w.updated_at"
	             "  FROM variant w"
	             " WHERE w.status = 'active' AND w.product_id IN ");
	query_ids_of(q, cards, n_cards, sizeof(*cards),
	             offsetof(struct product_card, id));
	query_add(q, " ORDER BY w.product_id, w.position, w.id LIMIT ?",
	          A(VARIANTS_AT_ONCE));
	return query_list(q, &variant_shape, rows, n);
}

static const struct field branch_fields[] = {
	FIELD(branch, id),         FIELD(branch, slug), FIELD(branch, name),
	FIELD(branch, n_products), FIELDS_END,
};
static const struct shape branch_shape = SHAPE(branch, branch_fields);

enum rc discovery_db_branch(struct ctx *c, struct id id, const char *slug,
                            struct branch **rows, size_t *n)
{
	return sql_list(c, &branch_shape, rows, n,
	                "SELECT d.id, d.slug, d.name,"
	                "       COALESCE(t.n_products, 0) AS n_products"
	                "  FROM category x"
	                "  JOIN category d ON d.lft BETWEEN x.lft AND x.rgt"
	                "  LEFT JOIN category_count t ON t.category_id = d.id"
	                " WHERE x.id = ? OR x.slug = ?"
	                " ORDER BY d.lft LIMIT ?",
	                A(id), A(slug), A((int)CATEGORIES_MAX));
}

enum rc discovery_db_count_visible(struct ctx *c, int64_t *n)
{
	return sql_int(c, n, "SELECT " VISIBLE);
}

enum rc discovery_db_count_shelf(struct ctx *c, const struct product_filter *f,
                                 int64_t *n)
{
	*n = INT64_MAX;
	if (!id_is_none(f->vendor))
		return sql_int(c, n,
		               "SELECT COUNT(*) FROM (SELECT 1 FROM product"
		               "  WHERE vendor_id = ? AND is_visible = 1"
		               "  LIMIT ?) AS counted",
		               A(f->vendor), A(COUNT_CAP + 1));
	if (f->by_category && f->n_in_category <= COUNT_CAP)
		*n = f->n_in_category;
	return RC_OK;
}

struct found_id {
	struct id id;
};
static const struct field found_fields[] = { FIELD(found_id, id), FIELDS_END };
static const struct shape found_shape = SHAPE(found_id, found_fields);

enum rc discovery_db_sku(struct ctx *c, const char *sku, struct id **ids,
                         size_t *n)
{
	return sql_list(c, &found_shape, ids, n,
	                "SELECT product_id AS id FROM variant"
	                " WHERE sku = ? AND status = 'active'"
	                " ORDER BY product_id LIMIT 8",
	                A(sku));
}

enum rc discovery_db_vendor(struct ctx *c, struct id id, const char *slug,
                            struct id *out)
{
	struct found_id found;
	enum rc rc = sql_get(c, &found_shape, &found,
	                     "SELECT id FROM vendor"
	                     " WHERE (id = ? OR slug = ?)"
	                     "   AND status = 'approved'",
	                     A(id), A(slug));

	if (!rc)
		*out = found.id;
	return rc;
}

enum rc discovery_db_category_names(struct ctx *c, const struct id *ids,
                                    size_t n_ids, struct branch **rows,
                                    size_t *n)
{
	struct query *q = arena_new(c->arena, struct query);

	query_init(q, c);
	query_add(q, "SELECT d.id, d.slug, d.name, 0 AS n_products"
	             "  FROM category d WHERE d.id IN ");
	query_ids(q, ids, n_ids);
	query_add(q, " LIMIT 1000");
	return query_list(q, &branch_shape, rows, n);
}

enum rc discovery_db_trending(struct ctx *c, int max,
                              struct product_card **rows, size_t *n)
{
	enum rc rc = sql_list(c, &card_shape, rows, n,
	                      CARD "  FROM product_trend z"
	                           "  STRAIGHT_JOIN product p"
	                           "    ON p.id = z.product_id"
	                           " WHERE p.is_visible = 1"
	                           " ORDER BY z.score DESC, z.product_id DESC"
	                           " LIMIT ?",
	                      A(max));

	return rc ? rc : name_all(c, *rows, *n);
}

enum rc discovery_db_recent(struct ctx *c, struct id customer, int max,
                            struct product_card **rows, size_t *n)
{
	enum rc rc =
		sql_list(c, &card_shape, rows, n,
	                 CARD "  FROM recently_viewed z"
	                      "  STRAIGHT_JOIN product p"
	                      "    ON p.id = z.product_id"
	                      " WHERE z.customer_id = ? AND p.is_visible = 1"
	                      " ORDER BY z.viewed_at DESC, z.product_id"
	                      " LIMIT ?",
	                 A(customer), A(max));

	return rc ? rc : name_all(c, *rows, *n);
}

enum rc discovery_db_related(struct ctx *c, struct id product, int max,
                             struct product_card **rows, size_t *n)
{
	enum rc rc = sql_list(
		c, &card_shape, rows, n,
		CARD "  FROM (SELECT t.id, MIN(t.turn) AS turn"
		     "          FROM (SELECT r.related_id AS id, 0 AS turn"
		     "                  FROM product_related r"
		     "                 WHERE r.product_id = ?"
		     "                UNION ALL"
		     "                (SELECT o.id, 1 FROM product x"
		     "                   JOIN product o"
		     "                     ON o.category_id = x.category_id"
		     "                    AND o.is_visible = 1 AND o.id <> x.id"
		     "                  WHERE x.id = ?"
		     "                  ORDER BY o.created_at DESC, o.id DESC"
		     "                  LIMIT ?)) AS t"
		     "         GROUP BY t.id) AS u"
		     "  STRAIGHT_JOIN product p ON p.id = u.id"
		     " WHERE p.is_visible = 1"
		     " ORDER BY u.turn, p.sales DESC, p.id LIMIT ?",
		A(product), A(product), A(max), A(max));

	return rc ? rc : name_all(c, *rows, *n);
}
