#include "config.h"

#include "handlers/routes.h"

#include "fcgi/http/openapi.h"
#include "handlers/operations/operations.h"

/* A line for each module. */
const struct route *const all_routes[] = {
	openapi_routes,
	operations_routes,
	NULL,
};
