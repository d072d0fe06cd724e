#include "config.h"

#include <inttypes.h>
#include <stdio.h>

#include "db/ledger_db.h"
#include "fcgi/base/log.h"
#include "handlers/ledger/ledger.h"

enum rc ledger_verify(struct ctx *c, struct ledger_report *out)
{
	struct ledger_report r = { 0 };
	enum rc rc = ledger_db_count(c, &r.n_transactions, &r.n_entries);

	if (!rc)
		rc = ledger_db_count_unbalanced(c, &r.n_unbalanced);
	if (!rc)
		rc = ledger_db_count_wrong(c, &r.n_wrong, &r.difference);
	if (!rc)
		*out = r;
	return rc;
}

static bool is_in_order(const struct ledger_report *r)
{
	return !r->n_unbalanced && !r->n_wrong && !r->difference;
}

enum rc ledger_verify_print(struct ctx *c)
{
	struct ledger_report r = { 0 };
	enum rc rc = ledger_verify(c, &r);

	if (rc)
		return rc;
	printf("transactions    %" PRId64 "\n"
	       "entries         %" PRId64 "\n"
	       "unbalanced      %" PRId64 "\n"
	       "wrong balances  %" PRId64 "\n"
	       "difference      %" PRId64 "\n",
	       r.n_transactions, r.n_entries, r.n_unbalanced, r.n_wrong,
	       r.difference);
	if (!is_in_order(&r))
		return fail(c, RC_CONFLICT, "books_wrong",
		            "The books do not add up.");
	puts("The books add up.");
	return RC_OK;
}

enum rc ledger_verify_job(struct ctx *c, bool *more)
{
	struct ledger_report r = { 0 };
	enum rc rc = ledger_verify(c, &r);

	*more = false;
	if (!rc && !is_in_order(&r))
		log_error("ledger",
		          "%" PRId64 " unbalanced, %" PRId64
		          " wrong balances, difference %" PRId64,
		          r.n_unbalanced, r.n_wrong, r.difference);
	return rc;
}
