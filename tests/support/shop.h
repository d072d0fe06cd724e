/*
 * A small shop for tests on a database: people, stores and variants, sales and
 * what must hold of the books after anything. Works on tc; uses the transaction
 * that is open, or commits.
 */
#ifndef MERKATO_TEST_SHOP_H
#define MERKATO_TEST_SHOP_H

#include "handlers/orders/orders.h"
#include "tests/support/check.h"

/* Settings, database, routes of payments: for check_hooks.start. */
bool shop_start(void);
/* Empties the database: for check_hooks.before. */
void shop_before(void);

struct id shop_user(unsigned roles);
struct id shop_vendor(void);
/* A variant of a visible product of its own. price in minor units. */
struct id shop_variant(struct id vendor, int64_t price, int stock);
int64_t shop_stock(struct id variant);

/* tc acts as … */
void shop_as_customer(struct id user);
void shop_as_vendor(struct id vendor);
void shop_as_courier(struct id user);
void shop_as_admin(void);
void shop_as_system(void);

struct checkout shop_checkout(struct checkout_item *items, size_t n);
/* A customer's order of these; the test ends when it cannot be placed. */
struct order shop_order(struct id customer, struct checkout_item *items,
                        size_t n);
/* … paid at the sandbox. */
struct order shop_paid_order(struct id customer, struct checkout_item *items,
                             size_t n);
struct order shop_load(struct id order);
/* The one row, one number of a query. */
int64_t shop_number(const char *text);

/* All invariants of orders and money; what is the case's name. */
void shop_check_books(const char *what);

#endif
