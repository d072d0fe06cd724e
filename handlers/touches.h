/* The cache hears of writes whose workers died before they could say. */
#ifndef MERKATO_TOUCHES_H
#define MERKATO_TOUCHES_H

#include <stdbool.h>

#include "fcgi/base/ctx.h"

/* Gives the tags of a batch of rows (db/touches_db.h) new generations, but for
 * those whose workers have done so, and deletes the rows. While the cache is
 * away they wait. *more = there was a full batch. */
CHECKED enum rc touches_settle(struct ctx *c, bool *more);

#endif
