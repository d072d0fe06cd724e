/*
 * One process that answers one request after the other. Signals are open only
 * while it waits: TERM leaves after the request at hand, USR1 serves what is
 * queued and then leaves, USR2 (the master's deadline) gives up the request at
 * hand with 503, logs it and ends.
 */
#ifndef MERKATO_WORKER_H
#define MERKATO_WORKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct req;

struct worker_plan {
	void (*handle)(struct req *r); /* dispatch */
	void (*open)(void);            /* connections, after fork; or NULL */
	void (*close)(void);           /* … before leaving; or NULL */
};

/* Serves fd until told to leave or used up; the exit status. seat -1 = none;
 * deadline_s > 0 = watches its own deadline, having no master. */
int worker_serve(const struct worker_plan *plan, int fd, int seat,
                 int deadline_s);
/* Memory that this process holds; 0 = the system does not say. */
uint64_t worker_resident_kb(void);

#endif
