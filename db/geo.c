#include "config.h"

#include "db/geo.h"

#include <math.h>

#define KM_PER_DEGREE 111.045
/* Rounded up, where a smaller box is the safe one. */
#define KM_PER_DEGREE_MOST 111.2
#define CELLS_PER_ROW 3600

static int64_t row_of(double lat)
{
	return (int64_t)floor((lat + 90) * 10);
}

static int64_t column_of(double lng)
{
	return (int64_t)floor((lng + 180) * 10);
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

void geo_add_near_(struct query *q, const char *cells, const char *lats,
                   const char *lngs, double lat, double lng, double km)
{
	double half = km / KM_PER_DEGREE;
	double south = fmax(lat - half, -90), north = fmin(lat + half, 90);
	struct span spans[2];
	size_t n = spans_of(lat, lng, km, spans);

	query_add(q, " AND (");
	for (int64_t row = row_of(south); row <= row_of(north); row++)
		for (size_t i = 0; i < n; i++) {
			int64_t base = row * CELLS_PER_ROW;

			if (row > row_of(south) || i > 0)
				query_add(q, " OR ");
			query_add_(q, cells,
			           ARGS_(A(base + column_of(spans[i].from)),
			                 A(base + column_of(spans[i].to))));
		}
	query_add(q, ") AND ");
	query_add_(q, lats, ARGS_(A(south), A(north)));
	query_add(q, " AND (");
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			query_add(q, " OR ");
		query_add_(q, lngs, ARGS_(A(spans[i].from), A(spans[i].to)));
	}
	query_add(q, ")");
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
