/* Every module's routes, for routes_use. */
#ifndef MERKATO_ROUTES_H
#define MERKATO_ROUTES_H

#include "fcgi/http/route.h"

extern const struct route *const all_routes[]; /* ends with NULL */

#endif
