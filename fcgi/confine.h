/* What a process gives up before it reads a byte of a request. */
#ifndef MERKATO_CONFINE_H
#define MERKATO_CONFINE_H

#include <stdbool.h>

/* Becomes that user for good ("" = stays). False with a log line. */
bool confine_user(const char *user);
/* Limits, umask, no core, no new privileges, no ptrace by neighbours. */
void confine_process(void);
/* Asks to be ended with the parent; false if it has gone already. */
bool confine_to_parent(int parent_pid);

#endif
