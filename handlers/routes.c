#include "config.h"

#include "handlers/routes.h"

#include "handlers/operations/operations.h"

/* A line for each module. */
const struct route *const all_routes[] = {
	operations_routes,
	NULL,
};
