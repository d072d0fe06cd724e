/* What the health endpoints answer with. */
#ifndef MERKATO_OPERATIONS_SHAPES_H
#define MERKATO_OPERATIONS_SHAPES_H

#include <stdbool.h>

struct health {
	const char *status;
};

struct readiness {
	const char *status;
	bool database, cache;
};

#endif
