/*
 * How the shop is run: health, readiness and metrics for machines, and the
 * commands of the command line. It may use every other module.
 */
#ifndef MERKATO_OPERATIONS_H
#define MERKATO_OPERATIONS_H

#include "fcgi/commands.h"
#include "fcgi/http/route.h"

extern const struct route operations_routes[];
extern const struct command operations_commands[];

/* Whether serve may start: false with a message when migrations are missing; a
 * database that is away is waited for by the workers. Asked in a child, for the
 * master keeps no connection. */
bool operations_is_migrated(void);

enum rc operations_health_get(struct req *r);
enum rc operations_ready_get(struct req *r);
enum rc operations_metrics_get(struct req *r);

#endif
