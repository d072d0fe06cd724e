#include "config.h"

#include "tests/support/places.h"

#include <math.h>

double places_km(struct place a, struct place b)
{
	double r = M_PI / 180;
	double x = cos(a.lat * r) * cos(a.lng * r) * cos(b.lat * r) *
	                   cos(b.lng * r) +
	           cos(a.lat * r) * sin(a.lng * r) * cos(b.lat * r) *
	                   sin(b.lng * r) +
	           sin(a.lat * r) * sin(b.lat * r);

	return 6371.0088 * acos(fmin(1, fmax(-1, x)));
}

static double random_between(unsigned *seed, double low, double high)
{
	*seed = *seed * 1664525u + 1013904223u;
	return low + (high - low) * (double)(*seed >> 8) / 16777216.0;
}

void places_scatter(struct place *out, size_t n)
{
	unsigned seed = 7;

	for (size_t i = 0; i < n; i++) {
		size_t where = i % 3;

		out[i].lat = where == 0   ? random_between(&seed, -90, 90)
		             : where == 1 ? random_between(&seed, -18, -15)
		                          : random_between(&seed, 85, 90);
		out[i].lng = where == 1 ? random_between(&seed, 177, 183)
		                        : random_between(&seed, -180, 180);
		if (out[i].lng > 180)
			out[i].lng -= 360;
	}
}
