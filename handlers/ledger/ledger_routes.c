#include "config.h"

#include "db/ledger_db.h"
#include "handlers/ledger/ledger.h"
#include "handlers/ledger/ledger_http.h"

static const struct field balance_fields[] = {
	FIELD(vendor_balance, pending,
	      .help = "sold, but not yet through its holding days"),
	FIELD(vendor_balance, available, .help = "may be paid out"),
	FIELD(vendor_balance, held, .help = "in dispute"),
	FIELD(vendor_balance, in_transit, .help = "on its way to the bank"),
	FIELD(vendor_balance, currency),
	FIELDS_END,
};
static const struct shape balance_shape = SHAPE(vendor_balance, balance_fields);

static const struct field query_fields[] = {
	FIELD(ledger_query, account, .max = 80,
	      .help = "platform/commission …"),
	FIELD(ledger_query, order),
	FIELDS_END,
};
static const struct shape query_shape = SHAPE(ledger_query, query_fields);

static const struct field vendor_query_fields[] = {
	FIELD(ledger_query, order),
	FIELDS_END,
};
static const struct shape vendor_query_shape =
	SHAPE(ledger_query, vendor_query_fields);

static const char *const newest_first[] = { "-created_at", NULL };

const struct route ledger_routes[] = {
	{ "GET", "/api/vendor/balance", ledger_balance_get, .who = ROLE_STORE,
	  .permission = MAY_STAFF_PAYOUTS_READ, .limit = LIMIT_READ,
	  .reply = &balance_shape,
	  .summary = "What my store has earned, by purse" },
	{ "GET", "/api/vendor/ledger", ledger_vendor_get, .who = ROLE_STORE,
	  .permission = MAY_STAFF_PAYOUTS_READ, .limit = LIMIT_READ,
	  .query = &vendor_query_shape, .reply = &ledger_row_shape,
	  .list = true, .orderings = newest_first,
	  .summary = "Every entry in the books of my store" },
	{ "GET", "/api/admin/ledger", ledger_admin_get, .who = ROLE_MODERATOR,
	  .permission = MAY_ADMIN_PAYOUTS, .limit = LIMIT_READ,
	  .query = &query_shape, .reply = &ledger_row_shape, .list = true,
	  .orderings = newest_first, .summary = "Every entry in the books" },
	{ 0 },
};
