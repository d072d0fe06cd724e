/* Places on the globe for tests of what is near. */
#ifndef MERKATO_PLACES_H
#define MERKATO_PLACES_H

#include <stddef.h>

struct place {
	double lat, lng;
};

/* n places: a third all around the world, a third at the date line, a third
 * near the north pole; the same each time. */
void places_scatter(struct place *out, size_t n);
/* Kilometres: the great circle by the dot product of unit vectors, another way
 * than the haversine under test. */
double places_km(struct place a, struct place b);

#endif
