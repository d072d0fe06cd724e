/* Rows of the books; rules are in handlers/ledger. */
#ifndef MERKATO_LEDGER_DB_H
#define MERKATO_LEDGER_DB_H

#include "fcgi/base/ctx.h"
#include "fcgi/base/page.h"
#include "fcgi/base/shape.h"

struct ledger_transaction {
	struct id id;
	const char *kind, *once_key;
	struct id order_id, vendor_order_id;
	const char *note;
	struct when created_at;
};

struct ledger_entry {
	struct id id, transaction_id;
	const char *account;
	struct id vendor_id;
	struct money amount;
	const char *currency;
	struct when created_at;
};

struct ledger_balance {
	const char *account;
	struct id vendor_id;
	struct money balance;
	const char *currency;
};

/* An entry as it is shown. */
struct ledger_row {
	struct id id, transaction_id;
	const char *kind, *account;
	struct money amount;
	const char *currency;
	struct id order_id, vendor_order_id;
	const char *note;
	struct when created_at;
};
extern const struct shape ledger_row_shape;

struct ledger_filter {
	struct id vendor;    /* none = all accounts */
	const char *account; /* NULL = any */
	struct id order;     /* none = any */
};

/* RC_CONFLICT: its once_key is known. */
CHECKED enum rc ledger_db_insert(struct ctx *c,
                                 const struct ledger_transaction *t,
                                 const struct ledger_entry *entries, size_t n);
/* Adds each amount to its account; rows in ascending order of account. */
CHECKED enum rc ledger_db_add(struct ctx *c,
                              const struct ledger_balance *changes, size_t n);
CHECKED enum rc ledger_db_balances(struct ctx *c, struct id vendor,
                                   struct ledger_balance **out, size_t *n);
CHECKED enum rc ledger_db_balance(struct ctx *c, const char *account,
                                  struct money *out);
CHECKED enum rc ledger_db_page(struct ctx *c, const struct ledger_filter *f,
                               const struct page *page,
                               struct ledger_row **rows, size_t *n,
                               struct page_info *info);
CHECKED enum rc ledger_db_count(struct ctx *c, int64_t *n_transactions,
                                int64_t *n_entries);
CHECKED enum rc ledger_db_count_unbalanced(struct ctx *c, int64_t *n);
/* Accounts whose balance differs from their entries, and by how much in all. */
CHECKED enum rc ledger_db_count_wrong(struct ctx *c, int64_t *n,
                                      int64_t *difference);

#endif
