/*
 * The moderators' console: HTML pages over the other modules' functions, which
 * hold the rules. A cookie session, every form with its token, no script.
 */
#ifndef MERKATO_CONSOLE_H
#define MERKATO_CONSOLE_H

#include "fcgi/http/route.h"

extern const struct route console_routes[];

/* For struct dispatch_backend: a fault as a page people can read. */
void console_fault_page(struct req *r, enum rc rc);

#endif
