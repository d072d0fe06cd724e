/*
 * The master: owns the listening sockets, forks the pools' workers and the job
 * runner, and looks after them. It replaces what ends (with back-off when it
 * ends at the start), ends what outlives its deadline, reloads on HUP one
 * worker at a time, and drains on TERM. It never reads a request, asks the
 * database or the cache.
 */
#ifndef MERKATO_MASTER_H
#define MERKATO_MASTER_H

#include <stdbool.h>

#include "fcgi/http/route.h"
#include "fcgi/listen.h"
#include "fcgi/worker.h"

struct master_plan {
	struct worker_plan worker;
	/* NULL = no job runner. rests is called whenever it has nothing to do.
	 */
	void (*jobs)(const volatile int *stop, void (*rests)(void));
	/* Reads the configuration again; false keeps the old one. */
	bool (*reload)(void);
	/* Once the sockets are open and before the first fork; or NULL. */
	bool (*ready)(void);
};

/* The most processes that are ever alive at once: for shared memory. */
size_t master_seats(void);
/* Until TERM or INT; the exit status. */
int master_serve(const struct master_plan *plan);

#endif
