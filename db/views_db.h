/* Who has looked at what: counted once per visitor and half-hour. */
#ifndef MERKATO_VIEWS_DB_H
#define MERKATO_VIEWS_DB_H

#include "fcgi/base/ctx.h"

struct visit {
	struct id product; /* none = slug */
	const char *slug;
	unsigned char visitor[16];
	int64_t half_hour;
	bool is_robot;
	struct id own_vendor; /* whose products the visitor keeps */
};
/* Once for each visitor, product and half-hour, whoever counts. */
CHECKED enum rc views_db_visit(struct ctx *c, const struct visit *v);
/* Adds some open visits to products and days; *more if there may be others. */
CHECKED enum rc views_db_flush(struct ctx *c, bool *more);
CHECKED enum rc views_db_rank(struct ctx *c, int days, int max);

CHECKED enum rc views_db_remember(struct ctx *c, struct id customer,
                                  struct id product, const char *slug);
/* Forgets some looks of more than three months ago. */
CHECKED enum rc views_db_forget(struct ctx *c);

#endif
