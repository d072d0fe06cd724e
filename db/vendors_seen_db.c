/* Stores as everybody sees them: one, a list, what is near. */
#include "config.h"

#include "db/vendors_db.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "db/geo.h"
#include "fcgi/base/text.h"

enum {
	CROWDS_MAX = 200000,
	AT_ONCE = 2000 /* that are no dearer to read than to look for a page */
};

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

#define SEEN_COLUMNS                                           \
	"v.id, v.slug, v.name, v.description, v.logo, v.city," \
	" v.region, v.country,"                                \
	" v.seen_lat AS lat, v.seen_lng AS lng,"               \
	" v.is_approximate, v.opening_hours,"                  \
	" NOT " STORE_AWAY(                                    \
		"v.") " AS is_open,"                           \
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
	FIELD(vendor_seen, lat),
	FIELD(vendor_seen, lng),
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

	query_init_scan(q, c);
	query_add(q, "SELECT v.seen_cell AS cell, COUNT(*) AS n FROM vendor v"
	             " WHERE v.status = 'approved'");
	geo_add_near(q, "v.seen_", f->lat, f->lng, f->radius);
	add_seen_filter(q, f);
	query_add(q, " GROUP BY v.seen_cell LIMIT ?", A(CROWDS_MAX));
	enum rc rc = query_list(q, &crowd_shape, rows, n);
	for (size_t i = 0; i < *n && !rc; i++)
		geo_cell_span(f->lat, f->lng, (*rows)[i].cell,
		              &(*rows)[i].nearest, &(*rows)[i].farthest);
	return rc;
}

/* A circle that has so many in cells which lie wholly within it and wholly
 * outside of the inner one; the radius if none below it has. So the nearest are
 * found among few: a town may have more stores than anybody pages through. */
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
	return fmin(ring, radius);
}

/* How far the walk by distance has come. */
static enum rc read_behind(struct ctx *c, const struct page *page, double *km)
{
	const char *text = page->after[0];

	*km = 0;
	if (!page->walks || !page->has_after)
		return RC_OK;
	if (!text || !text_real(text, strlen(text), km) || *km < 0)
		return fail(c, RC_BAD_REQUEST, "bad_cursor",
		            "The cursor is not one of ours.");
	return RC_OK;
}

static int64_t count_crowds(const struct crowd *rows, size_t n)
{
	int64_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += rows[i].n;
	return sum;
}

static double seen_ring(const struct vendor_filter *f, const struct page *page,
                        double behind, const struct crowd *rows, size_t n)
{
	int64_t needed = page->size + 1;

	if (page->order[0].descending || count_crowds(rows, n) <= AT_ONCE)
		return f->radius;
	if (!page->walks)
		needed += (int64_t)(page->number - 1) * page->size;
	return ring_of(rows, n, behind + RING_EDGE, needed, f->radius);
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
	query_init_scan(q, c);
	query_add(q, "SELECT COUNT(*) FROM (SELECT 1 FROM vendor v"
	             " WHERE v.status = 'approved'");
	geo_add_near(q, "v.seen_", f->lat, f->lng, f->radius);
	geo_add_within(q, "v.seen_", f->lat, f->lng, f->radius);
	add_seen_filter(q, f);
	query_add(q, " LIMIT ?) AS counted", A(COUNT_CAP + 1));
	return query_int(q, out);
}

/* Near and far as the page has them; ids decide between those that are shown
 * the same distance. */
static int by_distance(const void *a, const void *b)
{
	const struct vendor_seen *x = a, *y = b;

	if (x->distance_km != y->distance_km)
		return x->distance_km < y->distance_km ? -1 : 1;
	return id_compare(x->id, y->id);
}

static int by_distance_down(const void *a, const void *b)
{
	return by_distance(b, a);
}

/* Leaves out what is not near; how many. Distances are computed here, as a
 * server takes ten times as long. */
static size_t keep_near(const struct vendor_filter *f, struct vendor_seen *rows,
                        size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		double km =
			geo_distance(f->lat, f->lng, rows[i].lat, rows[i].lng);

		rows[i].distance_km = round(km * 100) / 100;
		if (km <= f->radius)
			rows[kept++] = rows[i];
	}
	return kept;
}

/* How many of the sorted rows come before the page. */
static size_t before_page(const struct page *page, double behind,
                          const struct vendor_seen *rows, size_t n)
{
	struct vendor_seen last = { .id = page->after_id,
		                    .distance_km = behind };
	int sign = page->order[0].descending ? -1 : 1;
	size_t from = 0;

	if (!page->walks)
		from = (size_t)(page->number - 1) * (size_t)page->size;
	else if (page->has_after)
		while (from < n && sign * by_distance(&rows[from], &last) <= 0)
			from++;
	return from < n ? from : n;
}

/* The page by distance, found among those in the ring; how many are near when
 * the ring is the whole circle. */
static enum rc seen_nearest(struct ctx *c, const struct vendor_filter *f,
                            const struct page *page, const struct crowd *crowds,
                            size_t n_crowds, struct vendor_seen **rows,
                            size_t *n, struct page_info *info)
{
	struct query *q = arena_new(c->arena, struct query);
	double behind;
	enum rc rc = read_behind(c, page, &behind);

	if (rc)
		return rc;
	double ring = seen_ring(f, page, behind, crowds, n_crowds);
	query_init_scan(q, c);
	query_add(q, "SELECT v.id, v.seen_lat AS lat, v.seen_lng AS lng"
	             "  FROM vendor v WHERE v.status = 'approved'");
	geo_add_near(q, "v.seen_", f->lat, f->lng,
	             fmin(f->radius, ring + RING_EDGE));
	add_seen_filter(q, f);
	query_add(q, " LIMIT ?", A((int)CROWDS_MAX));
	rc = query_list(q, &seen_key_shape, rows, n);
	if (rc)
		return rc;
	*n = keep_near(f, *rows, *n);
	if (*n > 1)
		qsort(*rows, *n, sizeof(**rows),
		      page->order[0].descending ? by_distance_down
		                                : by_distance);
	info->count = ring < f->radius ? -1 : (int64_t)*n;
	size_t from = before_page(page, behind, *rows, *n);
	*rows += from;
	*n -= from;
	info->more = *n > (size_t)page->size;
	if (info->more)
		*n = (size_t)page->size;
	return RC_OK;
}

static bool is_by_distance(const struct page *page)
{
	return page->n_order == 1 &&
	       strcmp(page->order[0].name, "distance_km") == 0;
}

/* The page in an order of the database's. */
static enum rc seen_sorted(struct ctx *c, const struct vendor_filter *f,
                           const struct page *page, struct vendor_seen **rows,
                           size_t *n, struct page_info *info)
{
	struct query *q = arena_new(c->arena, struct query);
	bool near = !isnan(f->lat);

	query_init_scan(q, c);
	query_add(q, "SELECT t.* FROM (SELECT v.id");
	if (is_ordered_by(page, "name"))
		query_add(q, ", v.name");
	if (is_ordered_by(page, "created_at"))
		query_add(q, ", v.created_at");
	if (near)
		query_add(q, ", " GEO_DISTANCE("v.seen_") " AS distance_km",
		          A(f->lat), A(f->lat), A(f->lng));
	query_add(q, " FROM vendor v WHERE v.status = 'approved'");
	if (near)
		geo_add_near(q, "v.seen_", f->lat, f->lng, f->radius);
	add_seen_filter(q, f);
	query_add(q, ") t WHERE 1");
	if (!near)
		return query_page(q, &seen_key_shape, seen_sorts, "t.id", page,
		                  rows, n, info);
	query_add(q, " AND t.distance_km <= ?", A(f->radius));
	return query_slice(q, &seen_key_shape, seen_sorts, "t.id", page, rows,
	                   n, info);
}

static enum rc seen_keys(struct ctx *c, const struct vendor_filter *f,
                         const struct page *page, struct vendor_seen **rows,
                         size_t *n, struct page_info *info)
{
	struct crowd *crowds = NULL;
	size_t n_crowds = 0;

	if (isnan(f->lat))
		return seen_sorted(c, f, page, rows, n, info);
	enum rc rc = seen_crowds(c, f, &crowds, &n_crowds);
	if (rc)
		return rc;
	if (is_by_distance(page))
		rc = seen_nearest(c, f, page, crowds, n_crowds, rows, n, info);
	else
		rc = seen_sorted(c, f, page, rows, n, info);
	if (page->walks)
		info->count = -1;
	else if (!rc && info->count < 0)
		rc = seen_count(c, f, crowds, n_crowds, &info->count);
	if (info->count > COUNT_CAP)
		info->count = COUNT_CAP + 1;
	return rc;
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
