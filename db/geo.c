#include "config.h"

#include "db/geo.h"

#include <math.h>

#define KM_PER_DEGREE 111.045
/* Rounded up, where a smaller box is the safe one. */
#define KM_PER_DEGREE_MOST 111.2
#define CELLS_PER_ROW 3600
#define EARTH_KM 6371.0088

static int64_t row_of(double lat)
{
	return (int64_t)floor((lat + 90) * 10);
}

static int64_t column_of(double lng)
{
	return (int64_t)floor((lng + 180) * 10);
}

int64_t geo_cell(double lat, double lng)
{
	return row_of(lat) * CELLS_PER_ROW + column_of(lng);
}

/* A span of longitude; a box over the date line has two. */
struct span {
	double from, to;
};

static size_t spans_of(double lat, double lng, double km, struct span out[2])
{
	double widest = fmin(fabs(lat) + km / KM_PER_DEGREE, 90);
	double shrink = cos(widest * M_PI / 180);

	/* Near a pole every longitude is near. */
	if (widest > 89 || km / (KM_PER_DEGREE * shrink) >= 180) {
		out[0] = (struct span){ -180, 180 };
		return 1;
	}
	double half = km / (KM_PER_DEGREE * shrink);

	out[0] = (struct span){ lng - half, lng + half };
	if (out[0].from < -180) {
		out[1] = (struct span){ out[0].from + 360, 180 };
		out[0].from = -180;
		return 2;
	}
	if (out[0].to > 180) {
		out[1] = (struct span){ -180, out[0].to - 360 };
		out[0].to = 180;
		return 2;
	}
	return 1;
}

void geo_add_box_(struct query *q, const char *lats, const char *lngs,
                  double lat, double lng, double km)
{
	double half = km / KM_PER_DEGREE;
	struct span spans[2];
	size_t n = spans_of(lat, lng, km, spans);

	query_add(q, " AND ");
	query_add_(q, lats,
	           ARGS_(A(fmax(lat - half, -90)), A(fmin(lat + half, 90))));
	query_add(q, " AND (");
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			query_add(q, " OR ");
		query_add_(q, lngs, ARGS_(A(spans[i].from), A(spans[i].to)));
	}
	query_add(q, ")");
}

/* A range of one cell is narrowed by lat as well, as the index goes on with it:
 * in a crowded cell that is what keeps a small circle cheap. Larger ones have
 * one range for a row of cells, so that their rows fit a statement. */
enum { SMALL = 4 };

/* The cells of a row between two columns, in steps, with " OR " before all but
 * the first of them. */
static void add_row(struct query *q, const char *cells, bool *has_any,
                    int64_t from, int64_t to, int64_t step)
{
	for (; from <= to; from += step) {
		if (*has_any)
			query_add(q, " OR ");
		*has_any = true;
		query_add_(
			q, cells,
			ARGS_(A(from),
		              A(from + step - 1 < to ? from + step - 1 : to)));
	}
}

void geo_add_near_(struct query *q, const char *cells, const char *lats,
                   const char *lngs, double lat, double lng, double km)
{
	double half = km / KM_PER_DEGREE;
	int64_t south = row_of(fmax(lat - half, -90));
	int64_t north = row_of(fmin(lat + half, 90));
	struct span spans[2];
	size_t n = spans_of(lat, lng, km, spans);
	bool has_any = false;

	query_add(q, " AND (");
	for (int64_t row = south; row <= north; row++)
		for (size_t i = 0; i < n; i++) {
			int64_t from = column_of(spans[i].from);
			int64_t to = column_of(spans[i].to);
			bool is_small =
				north - south < SMALL && to - from < SMALL;

			add_row(q, cells, &has_any, row * CELLS_PER_ROW + from,
			        row * CELLS_PER_ROW + to,
			        is_small ? 1 : CELLS_PER_ROW + 1);
		}
	query_add(q, ")");
	geo_add_box_(q, lats, lngs, lat, lng, km);
}

/* Of an arc of so many kilometres; the sphere has none above half its girth. */
static double haversine_of(double km)
{
	double half = fmin(fmax(km, 0) / (2 * EARTH_KM), M_PI / 2);

	return sin(half) * sin(half);
}

void geo_add_ring_(struct query *q, const char *condition, double lat,
                   double lng, double from, double to)
{
	const double some = 1e-5;
	double low = from > 0 ? haversine_of(from * (1 - 1e-9) - some) : -1;

	query_add_(q, condition,
	           ARGS_(A(lat), A(lat), A(lng), A(low),
	                 A(haversine_of(to * (1 + 1e-9) + some))));
}

double geo_distance(double lat1, double lng1, double lat2, double lng2)
{
	double r = M_PI / 180;
	double a = sin((lat2 - lat1) * r / 2), b = sin((lng2 - lng1) * r / 2);
	double h = a * a + cos(lat1 * r) * cos(lat2 * r) * b * b;

	return 2 * EARTH_KM * asin(sqrt(fmin(h, 1)));
}

/* Away from poles and the date line a cell is within a circle when its corners
 * are; the bound is drawn in a little for what lies between them. */
static bool is_cell_inside(int64_t row, int64_t column, double lat, double lng,
                           double km)
{
	for (int corner = 0; corner < 4; corner++) {
		int64_t up = corner >> 1, right = corner & 1;
		double y = (double)(row + up) / 10 - 90;
		double x = (double)(column + right) / 10 - 180;

		if (geo_distance(lat, lng, y, x) > km * 0.999)
			return false;
	}
	return true;
}

bool geo_add_inside_(struct query *q, const char *cells, double lat, double lng,
                     double km)
{
	double half = km / KM_PER_DEGREE;
	struct span spans[2];
	bool has_any = false;

	if (fabs(lat) + half > 80 || spans_of(lat, lng, km, spans) > 1)
		return false;
	for (int64_t row = row_of(lat - half); row <= row_of(lat + half);
	     row++) {
		int64_t from = column_of(spans[0].from);
		int64_t to = column_of(spans[0].to);

		while (from <= to && !is_cell_inside(row, from, lat, lng, km))
			from++;
		while (from <= to && !is_cell_inside(row, to, lat, lng, km))
			to--;
		if (from > to)
			continue;
		if (has_any)
			query_add(q, " OR ");
		else
			query_add(q, " AND (");
		has_any = true;
		query_add_(q, cells,
		           ARGS_(A(row * CELLS_PER_ROW + from),
		                 A(row * CELLS_PER_ROW + to)));
	}
	if (has_any)
		query_add(q, ")");
	return has_any;
}

/*
 * For every point of the square chord^2 <= dlat^2 + (dlng * cos(lat))^2, with
 * cos(lat) widest at the side next to the equator; 0.7 of the radius to each
 * side leaves 1 % for rounding and for the difference of chord and arc.
 */
void geo_add_within_(struct query *q, const char *condition, double lat,
                     double lng, double km)
{
	double half = 0.7 * km / KM_PER_DEGREE_MOST;
	double widest = fmax(fabs(lat) - half, 0);
	double side = half / cos(widest * M_PI / 180);

	query_add_(q, condition,
	           ARGS_(A(lat - half), A(lat + half), A(lng - side),
	                 A(lng + side), A(lat), A(lat), A(lng), A(km)));
}

/* All of a cell lies within half its diagonal of its middle; the longitude 180
 * itself is counted with the first cell of the row above. */
void geo_cell_span(double lat, double lng, int64_t cell, double *nearest,
                   double *farthest)
{
	int64_t row = cell / CELLS_PER_ROW, column = cell % CELLS_PER_ROW;
	double km = geo_distance(lat, lng, (double)row / 10 - 90 + 0.05,
	                         (double)column / 10 - 180 + 0.05);
	double half = column ? 7.9 : 18;

	*nearest = km - half;
	*farthest = km + half;
}
