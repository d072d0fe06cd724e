/*
 * Ties the rooms together once the settings are read: keys, routes, templates,
 * shared memory and what dispatch needs from the database, the cache and the
 * accounts. For serve, for the commands, and for tests of the whole.
 */
#ifndef MERKATO_START_H
#define MERKATO_START_H

#include <stdbool.h>

/* Before fork. False with messages on stderr. Called again (reload), it takes
 * over new settings. */
bool start_rooms(void);
/* In each process that works, after fork; and before it ends. */
void start_process(void);
void end_process(void);

#endif
