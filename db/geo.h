/*
 * Places in SQL without spatial types: a grid of 0.1 degrees in an integer
 * column (cell), joined by an index (…, cell, lat, lng, id), then the exact
 * distance on the sphere.
 */
#ifndef MERKATO_GEO_H
#define MERKATO_GEO_H

#include "db/query.h"

/* The square of the sine of half the angle between the columns lat and lng of a
 * table and A(lat), A(lat), A(lng), in this order. prefix is what stands before
 * the columns' names here and in the rest: "p.", or "v.seen_". */
#define GEO_HAVERSINE(prefix)                                    \
	"POW(SIN(RADIANS(" prefix "lat-?)/2),2)+COS(RADIANS(?))" \
	"*COS(RADIANS(" prefix "lat))*POW(SIN(RADIANS(" prefix "lng-?)/2),2)"

/*
 * Kilometres between the columns lat and lng of a table and A(lat), A(lat),
 * A(lng), in this order: haversine, R = 6371.0088 km.
 */
#define GEO_DISTANCE(prefix) \
	"6371.0088*2*ASIN(SQRT(LEAST(1," GEO_HAVERSINE(prefix) ")))"

/* The grid cell of a place, as the column cell has it. */
int64_t geo_cell(double lat, double lng);

/* Kilometres between which a cell's rows are away from a place. */
void geo_cell_span(double lat, double lng, int64_t cell, double *nearest,
                   double *farthest);

/* The distance in C. */
double geo_distance(double lat1, double lng1, double lat2, double lng2);

/*
 * Adds " AND (…)": rows whose cell, lat and lng may lie within km of the
 * place (km at most 500). The caller still compares the distance.
 */
#define geo_add_near(q, prefix, lat, lng, km)                \
	geo_add_near_((q), "" prefix "cell BETWEEN ? AND ?", \
	              "" prefix "lat BETWEEN ? AND ?",       \
	              "" prefix "lng BETWEEN ? AND ?", (lat), (lng), (km))
void geo_add_near_(struct query *q, const char *cells, const char *lats,
                   const char *lngs, double lat, double lng, double km);

/* The same without cells, for an index that begins with something else. */
#define geo_add_box(q, prefix, lat, lng, km)               \
	geo_add_box_((q), "" prefix "lat BETWEEN ? AND ?", \
	             "" prefix "lng BETWEEN ? AND ?", (lat), (lng), (km))
void geo_add_box_(struct query *q, const char *lats, const char *lngs,
                  double lat, double lng, double km);

/*
 * Adds " AND …": rows whose distance is between these kilometres or some
 * centimetres outside of them. The caller still compares the distance.
 */
#define geo_add_ring(q, prefix, lat, lng, from, to)                          \
	geo_add_ring_((q), " AND " GEO_HAVERSINE(prefix) " BETWEEN ? AND ?", \
	              (lat), (lng), (from), (to))
void geo_add_ring_(struct query *q, const char *condition, double lat,
                   double lng, double from, double to);

/*
 * Adds " AND (…)": rows in cells that lie wholly within km of the place. False,
 * with nothing added, when there is none.
 */
#define geo_add_inside(q, prefix, lat, lng, km)                              \
	geo_add_inside_((q), "" prefix "cell BETWEEN ? AND ?", (lat), (lng), \
	                (km))
bool geo_add_inside_(struct query *q, const char *cells, double lat, double lng,
                     double km);

/*
 * Adds " AND (…)": rows not farther than km. Those in the square inside the
 * circle are known to be near without any trigonometry.
 */
#define geo_add_within(q, prefix, lat, lng, km)                          \
	geo_add_within_(                                                 \
		(q),                                                     \
		" AND (" prefix "lat BETWEEN ? AND ? AND " prefix        \
		"lng BETWEEN ? AND ? OR " GEO_DISTANCE(prefix) " <= ?)", \
		(lat), (lng), (km))
void geo_add_within_(struct query *q, const char *condition, double lat,
                     double lng, double km);

#endif
