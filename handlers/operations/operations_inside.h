/* What the commands share. */
#ifndef MERKATO_OPERATIONS_INSIDE_H
#define MERKATO_OPERATIONS_INSIDE_H

#include "fcgi/base/ctx.h"
#include "fcgi/commands.h"

/*
 * Runs one piece of work as the system and says how it ended, as an exit
 * status: touched answers are outdated and connections closed whatever happens.
 */
int operations_work(enum rc (*run)(struct ctx *c, struct args *a),
                    struct args *a);

int command_demo(struct args *a);
int command_rules_replay(struct args *a);
int command_keys_rotate(struct args *a);

#endif
