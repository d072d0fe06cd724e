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

int ledger_verify_command(struct ctx *c)
{
	struct ledger_report r = { 0 };

	if (ledger_verify(c, &r)) {
		fprintf(stderr, "ledger: %s\n",
		        c->err.detail ? c->err.detail : "cannot be read");
		return 2;
	}
	printf("transactions          %" PRId64 "\n"
	       "entries               %" PRId64 "\n"
	       "unbalanced            %" PRId64 "\n"
	       "wrong balances        %" PRId64 "\n"
	       "difference            %" PRId64 "\n%s\n",
	       r.n_transactions, r.n_entries, r.n_unbalanced, r.n_wrong,
	       r.difference,
	       is_in_order(&r) ? "The books add up."
	                       : "The books do NOT add up.");
	return is_in_order(&r) ? 0 : 1;
}

enum rc ledger_verify_job(struct ctx *c, bool *more)
{
	struct ledger_report r = { 0 };
	enum rc rc = ledger_verify(c, &r);

	(void)more;
	if (!rc && !is_in_order(&r))
		log_error("ledger",
		          "%" PRId64 " unbalanced, %" PRId64
		          " wrong balances, difference %" PRId64,
		          r.n_unbalanced, r.n_wrong, r.difference);
	return rc;
}
