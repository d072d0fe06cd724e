/*
 * The books: double entry, only added to. Credits are positive and debits
 * negative, so that what is owed to a vendor is a positive balance and what
 * lies at a gateway a negative one. Every transaction sums to zero, and the
 * balances are changed with it.
 */
#ifndef MERKATO_LEDGER_H
#define MERKATO_LEDGER_H

#include "fcgi/base/ctx.h"
#include "fcgi/http/route.h"

extern const struct route ledger_routes[];

#define LEDGER_COMMISSION "platform/commission"
#define LEDGER_SHIPPING "platform/shipping"
#define LEDGER_UNALLOCATED "platform/unallocated" /* paid, but for nothing */
#define LEDGER_TAX "tax/payable"

/* A vendor's purses. */
#define PURSE_TABLE(X)            \
	X(PENDING, "pending")     \
	X(AVAILABLE, "available") \
	X(HELD, "held")           \
	X(IN_TRANSIT, "in-transit")

enum purse {
#define X(name, text) PURSE_##name,
	PURSE_TABLE(X)
#undef X
};

#define POSTING_MAX 256

struct posting_line {
	const char *account;
	struct id vendor; /* none = not a vendor's */
	int64_t minor;
};

/* What becomes one transaction. */
struct posting {
	struct ctx *c;
	const char *kind;     /* "capture", "refund", "release" … */
	const char *once_key; /* the same key is posted once */
	struct id order, vendor_order;
	const char *note; /* may be NULL */
	struct posting_line lines[POSTING_MAX];
	size_t n;
	bool is_broken; /* too many lines, or a sum out of range */
};

void posting_init(struct posting *p, struct ctx *c, const char *kind,
                  const char *once_key);
/* Credits (or, negative, debits) an account; lines of one account are merged.
 */
void posting_add(struct posting *p, const char *account, struct money amount);
void posting_add_vendor(struct posting *p, struct id vendor, enum purse purse,
                        struct money amount);
void posting_add_gateway(struct posting *p, const char *provider,
                         struct money amount);
/* The opposite amount. */
struct money money_negated(struct money m);

/*
 * Writes it, inside the caller's transaction. RC_INTERNAL when it does not sum
 * to zero; RC_CONFLICT "already_posted" when its key is known.
 */
CHECKED enum rc ledger_post(struct posting *p);

struct vendor_balance {
	struct money pending;   /* sold, but not yet through its holding days */
	struct money available; /* may be paid out */
	struct money held;      /* in dispute */
	struct money in_transit; /* on its way to the bank */
	const char *currency;
};
CHECKED enum rc ledger_vendor_balance(struct ctx *c, struct id vendor,
                                      struct vendor_balance *out);
/* The balance of any account; 0 for one never used. */
CHECKED enum rc ledger_account_balance(struct ctx *c, const char *account,
                                       struct money *out);

/* What must hold. All are 0 in order. */
struct ledger_report {
	int64_t n_transactions, n_entries;
	int64_t n_unbalanced; /* transactions whose entries do not sum to 0 */
	int64_t n_wrong;      /* balances that differ from their entries */
	int64_t difference;   /* sum of those differences, minor units */
};
CHECKED enum rc ledger_verify(struct ctx *c, struct ledger_report *out);
/* `merkato ledger verify`: prints the report. RC_CONFLICT "books_wrong". */
CHECKED enum rc ledger_verify_print(struct ctx *c);
/* Job: logs an error when the books do not add up. */
enum rc ledger_verify_job(struct ctx *c, bool *more);

#endif
