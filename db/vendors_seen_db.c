/* Stores as everybody sees them: one, a list, what is near. */
#include "config.h"

#include "db/vendors_db.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "db/geo.h"

enum { CROWDS_MAX = 200000 };

static const struct field vendor_seen_fields[] = {
	FIELD(vendor_seen, id),
	FIELD(vendor_seen, slug),
	FIELD(vendor_seen, name),
	FIELD(vendor_seen, description),
	FIELD(vendor_seen, logo, .flags = PRIVATE),
	FIELD(vendor_seen, logo_url),
	FIELD(vendor_seen, city),
	FIELD(vendor_seen, region),
	FIELD(vendor_seen, country),
	FIELD(vendor_seen, lat),
	FIELD(vendor_seen, lng),
	FIELD(vendor_seen, is_approximate),
	FIELD(vendor_seen, opening_hours),
	FIELD(vendor_seen, is_open),
	FIELD(vendor_seen, holiday_until),
	FIELD(vendor_seen, holiday_note),
	FIELD(vendor_seen, distance_km, .flags = OMIT_NONE, .digits = 2),
	FIELD(vendor_seen, created_at),
	FIELD(vendor_seen, version),
	FIELDS_END,
};
const struct shape vendor_seen_shape = SHAPE(vendor_seen, vendor_seen_fields);

/* A home that serves as a store is shown to about a kilometre. */
#define SEEN_COLUMNS                                                  \
	"v.id, v.slug, v.name, v.description, v.logo, v.city,"        \
	" v.region, v.country,"                                       \
	" IF(v.is_approximate, ROUND(v.lat, 2), v.lat) AS lat,"       \
	" IF(v.is_approximate, ROUND(v.lng, 2), v.lng) AS lng,"       \
	" v.is_approximate, v.opening_hours,"                         \
	" NOT (v.holiday_from IS NOT NULL AND v.holiday_from <= ?"    \
	"      AND (v.holiday_until IS NULL OR v.holiday_until > ?))" \
	"   AS is_open,"                                              \
	" v.holiday_until, v.holiday_note, v.created_at, v.version"

enum rc vendors_db_seen(struct ctx *c, const char *slug,
                        struct vendor_seen *out)
{
	out->distance_km = REAL_NONE;
	return sql_get(c, &vendor_seen_shape, out,
	               "SELECT " SEEN_COLUMNS "  FROM vendor v"
	               " WHERE v.slug = ? AND v.status = 'approved'",
	               A(c->now), A(c->now), A(slug));
}

static const struct sort seen_sorts[] = {
	{ "name", "t.name" },
	{ "created_at", "t.created_at" },
	{ "distance_km", "ROUND(t.distance_km, 2)" },
	{ 0 },
};

/* Kilometres by which a distance in two digits may be off. */
#define RING_EDGE 0.01

/* What finds and orders them, and nothing else, so that an index answers. */
static const struct field seen_key_fields[] = {
	FIELD(vendor_seen, id),
	FIELD(vendor_seen, name),
	FIELD(vendor_seen, created_at),
	FIELD(vendor_seen, distance_km),
	FIELDS_END,
};
static const struct shape seen_key_shape = SHAPE(vendor_seen, seen_key_fields);

static bool is_ordered_by(const struct page *page, const char *name)
{
	for (int i = 0; i < page->n_order; i++)
		if (strcmp(page->order[i].name, name) == 0)
			return true;
	return false;
}

static void add_seen_filter(struct query *q, const struct vendor_filter *f)
{
	if (f->q)
		query_add(q, " AND INSTR(v.name, ?)", A(f->q));
	if (f->city)
		query_add(q, " AND v.city = ?", A(f->city));
}

/* Of those near, at least the ones whose distance as it is ordered by is at
 * most ring km; INFINITY = all, and no others. */
static void add_seen_keys(struct query *q, const struct vendor_filter *f,
                          const struct page *page, double ring)
{
	bool near = !isnan(f->lat);

	query_add(q, "SELECT t.* FROM (SELECT v.id");
	if (is_ordered_by(page, "name"))
		query_add(q, ", v.name");
	if (is_ordered_by(page, "created_at"))
		query_add(q, ", v.created_at");
	if (near)
		query_add(q, ", " GEO_DISTANCE("v") " AS distance_km",
		          A(f->lat), A(f->lat), A(f->lng));
	query_add(q, " FROM vendor v WHERE v.status = 'approved'");
	if (near)
		geo_add_near(q, "v", f->lat, f->lng,
		             fmin(f->radius, ring + RING_EDGE));
	add_seen_filter(q, f);
	query_add(q, ") t WHERE 1");
	if (near && isinf(ring))
		query_add(q, " AND t.distance_km <= ?", A(f->radius));
}

struct crowd {
	int64_t cell, n;
	double nearest, farthest; /* km; computed */
};
static const struct field crowd_fields[] = {
	FIELD(crowd, cell),
	FIELD(crowd, n),
	FIELDS_END,
};
static const struct shape crowd_shape = SHAPE(crowd, crowd_fields);

/* How many stand in each cell of the grid, which the index tells. */
static enum rc seen_crowds(struct ctx *c, const struct vendor_filter *f,
                           struct crowd **rows, size_t *n)
{
	struct query *q = arena_new(c->arena, struct query);

	query_init(q, c);
	query_add(q, "SELECT v.cell, COUNT(*) AS n FROM vendor v"
	             " WHERE v.status = 'approved'");
	geo_add_near(q, "v", f->lat, f->lng, f->radius);
	add_seen_filter(q, f);
	query_add(q, " GROUP BY v.cell LIMIT ?", A(CROWDS_MAX));
	enum rc rc = query_list(q, &crowd_shape, rows, n);
	for (size_t i = 0; i < *n && !rc; i++)
		geo_cell_span(f->lat, f->lng, (*rows)[i].cell,
		              &(*rows)[i].nearest, &(*rows)[i].farthest);
	return rc;
}

/* A circle that has so many in cells which lie wholly within it and wholly
 * outside of the inner one; INFINITY = it is not below the radius. So the
 * nearest are found among few: a town may have more stores than anybody pages
 * through. */
static double ring_of(const struct crowd *rows, size_t n, double inner,
                      int64_t needed, double radius)
{
	double ring = 0;

	for (int64_t have = 0; have < needed && ring < radius;) {
		double next = INFINITY;

		have = 0;
		for (size_t i = 0; i < n; i++) {
			if (rows[i].nearest <= inner)
				continue;
			if (rows[i].farthest <= ring)
				have += rows[i].n;
			else
				next = fmin(next, rows[i].farthest);
		}
		if (have < needed)
			ring = fmax(next, ring * 1.25);
	}
	return ring < radius ? ring : INFINITY;
}

static double seen_ring(const struct vendor_filter *f, const struct page *page,
                        const struct crowd *rows, size_t n)
{
	double behind = 0;
	int64_t needed = page->size + 1;

	if (page->walks && page->has_after && page->after[0])
		behind = strtod(page->after[0], NULL) + RING_EDGE;
	if (!page->walks)
		needed += (int64_t)(page->number - 1) * page->size;
	return ring_of(rows, n, behind, needed, f->radius);
}

static int64_t near_as_a_whole(const struct vendor_filter *f,
                               const struct crowd *rows, size_t n)
{
	int64_t sum = 0;

	for (size_t i = 0; i < n; i++)
		if (rows[i].farthest <= f->radius)
			sum += rows[i].n;
	return sum;
}

/* Where cells that are near as a whole hold more than is counted, no look at
 * distances is needed. */
static enum rc seen_count(struct ctx *c, const struct vendor_filter *f,
                          const struct crowd *rows, size_t n, int64_t *out)
{
	struct query *q = arena_new(c->arena, struct query);

	*out = near_as_a_whole(f, rows, n);
	if (*out > COUNT_CAP) {
		*out = COUNT_CAP + 1;
		return RC_OK;
	}
	query_init(q, c);
	query_add(q, "SELECT COUNT(*) FROM (SELECT 1 FROM vendor v"
	             " WHERE v.status = 'approved'");
	geo_add_near(q, "v", f->lat, f->lng, f->radius);
	geo_add_within(q, "v", f->lat, f->lng, f->radius);
	add_seen_filter(q, f);
	query_add(q, " LIMIT ?) AS counted", A(COUNT_CAP + 1));
	return query_int(q, out);
}

static bool is_by_distance(const struct page *page)
{
	return page->n_order == 1 && !page->order[0].descending &&
	       strcmp(page->order[0].name, "distance_km") == 0;
}

static enum rc seen_near(struct ctx *c, const struct vendor_filter *f,
                         const struct page *page, struct vendor_seen **rows,
                         size_t *n, struct page_info *info)
{
	struct query *q = arena_new(c->arena, struct query);
	struct crowd *crowds = NULL;
	size_t n_crowds = 0;
	enum rc rc = seen_crowds(c, f, &crowds, &n_crowds);

	if (rc)
		return rc;
	query_init(q, c);
	add_seen_keys(q, f, page,
	              is_by_distance(page)
	                      ? seen_ring(f, page, crowds, n_crowds)
	                      : INFINITY);
	rc = query_slice(q, &seen_key_shape, seen_sorts, "t.id", page, rows, n,
	                 info);
	if (rc || page->walks)
		return rc;
	return seen_count(c, f, crowds, n_crowds, &info->count);
}

static enum rc seen_keys(struct ctx *c, const struct vendor_filter *f,
                         const struct page *page, struct vendor_seen **rows,
                         size_t *n, struct page_info *info)
{
	struct query *q = arena_new(c->arena, struct query);

	if (!isnan(f->lat))
		return seen_near(c, f, page, rows, n, info);
	query_init(q, c);
	add_seen_keys(q, f, page, INFINITY);
	return query_page(q, &seen_key_shape, seen_sorts, "t.id", page, rows, n,
	                  info);
}

/* The rows in the order of their keys; one that has gone meanwhile is left
 * out. */
static enum rc load_seen(struct ctx *c, struct vendor_seen *keys, size_t *n)
{
	struct vendor_seen *rows = NULL;
	size_t n_keys = *n, n_rows = 0;
	struct query *q = arena_new(c->arena, struct query);

	if (!n_keys)
		return RC_OK;
	query_init(q, c);
	query_add(q, "SELECT " SEEN_COLUMNS "  FROM vendor v WHERE v.id IN ",
	          A(c->now), A(c->now));
	query_ids_of(q, keys, n_keys, sizeof(*keys),
	             offsetof(struct vendor_seen, id));
	query_add(q, " LIMIT ?", A((int64_t)n_keys));
	enum rc rc = query_list(q, &vendor_seen_shape, &rows, &n_rows);
	*n = 0;
	for (size_t i = 0; i < n_keys && !rc; i++)
		for (size_t k = 0; k < n_rows; k++) {
			if (!id_equal(rows[k].id, keys[i].id))
				continue;
			rows[k].distance_km = keys[i].distance_km;
			keys[(*n)++] = rows[k];
			break;
		}
	return rc;
}

enum rc vendors_db_seen_page(struct ctx *c, const struct vendor_filter *f,
                             const struct page *page, struct vendor_seen **rows,
                             size_t *n, struct page_info *info)
{
	enum rc rc = seen_keys(c, f, page, rows, n, info);

	for (size_t i = 0; i < *n && isnan(f->lat) && !rc; i++)
		(*rows)[i].distance_km = REAL_NONE;
	return rc ? rc : load_seen(c, *rows, n);
}
