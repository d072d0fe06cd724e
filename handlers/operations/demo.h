/*
 * Demonstration data: the same for the same size and seed but for the clock and
 * the passwords. Small is what a person looks around in, full and million are
 * for measuring.
 */
#ifndef MERKATO_DEMO_H
#define MERKATO_DEMO_H

#include "fcgi/base/ctx.h"

struct demo_size {
	const char *name;
	int64_t n_stores, n_products, n_customers;
	int64_t n_reviews; /* nearly; 0 to twice the average for a product */
	int n_orders;      /* in all states */
	int n_tops, n_subs, n_leaves; /* of the category tree */
	int n_pictures;               /* drawn, and shared by the products */
	int n_processes;              /* that load products side by side */
};

/* "small", "full", "million"; NULL if there is no such size. */
const struct demo_size *demo_size_find(const char *name);

/*
 * Loads all into an empty database (RC_CONFLICT "not_empty" else) and writes
 * the people who can log in, with their new passwords, to accounts as JSON.
 */
struct demo_account {
	const char *key; /* "admin" */
	const char *email, *password;
	struct id id;
};
CHECKED enum rc demo_load(struct ctx *c, const struct demo_size *size,
                          struct demo_account **accounts, size_t *n);

#endif
