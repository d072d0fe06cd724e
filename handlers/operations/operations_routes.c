#include "config.h"

#include "handlers/operations/operations.h"
#include "handlers/operations/operations_shapes.h"

static const struct field health_fields[] = {
	FIELD(health, status, .help = "\"ok\" whenever a worker answers"),
	FIELDS_END,
};
static const struct shape health_shape = SHAPE(health, health_fields);

static const struct field readiness_fields[] = {
	FIELD(readiness, status,
	      .help = "\"ok\", or \"degraded\" while the cache is away"),
	FIELD(readiness, database, .help = "The database answers"),
	FIELD(readiness, cache, .help = "The cache answers, or there is none"),
	FIELDS_END,
};
static const struct shape readiness_shape = SHAPE(readiness, readiness_fields);

const struct route operations_routes[] = {
	{ "GET", "/healthz", operations_health_get, .who = ROLE_ANYONE,
	  .limit = LIMIT_NONE, .reply = &health_shape,
	  .summary = "Whether a worker answers" },
	{ "GET", "/readyz", operations_ready_get, .who = ROLE_ANYONE,
	  .limit = LIMIT_NONE, .reply = &readiness_shape,
	  .summary = "Whether database and cache answer" },
	{ "GET", "/metrics", operations_metrics_get, .who = ROLE_ANYONE,
	  .limit = LIMIT_NONE, .type = "text/plain; version=0.0.4",
	  .summary = "Prometheus text, for allow-listed addresses" },
	{ 0 },
};
