/* Rows of delivery assignments. */
#ifndef MERKATO_SHIPPING_DB_H
#define MERKATO_SHIPPING_DB_H

#include "fcgi/base/ctx.h"
#include "fcgi/base/page.h"
#include "fcgi/base/shape.h"

/* s is the shape of struct delivery_assignment with what is selected here. */
CHECKED enum rc shipping_db_insert(struct ctx *c, struct id id,
                                   struct id vendor_order, struct id order,
                                   struct id vendor);
/* Open ones and those of the actor. */
CHECKED enum rc shipping_db_page(struct ctx *c, const struct shape *s,
                                 const char *status, const struct page *page,
                                 void **rows, size_t *n,
                                 struct page_info *info);
/* courier none = whoever has it. */
CHECKED enum rc shipping_db_get(struct ctx *c, const struct shape *s,
                                struct id id, struct id courier, void *out);
CHECKED enum rc shipping_db_take(struct ctx *c, struct id id, struct id courier,
                                 int64_t *changed);
CHECKED enum rc shipping_db_give_up(struct ctx *c, struct id id,
                                    struct id courier, const char *note,
                                    int64_t *changed);
CHECKED enum rc shipping_db_finish(struct ctx *c, struct id vendor_order,
                                   const char *status);

#endif
