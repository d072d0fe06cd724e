#include "config.h"

#include "db/ledger_db.h"

#include "db/query.h"
#include "db/sql.h"

static const struct field transaction_fields[] = {
	FIELD(ledger_transaction, id),
	FIELD(ledger_transaction, kind),
	FIELD(ledger_transaction, once_key),
	FIELD(ledger_transaction, order_id),
	FIELD(ledger_transaction, vendor_order_id),
	FIELD(ledger_transaction, note),
	FIELD(ledger_transaction, created_at),
	FIELDS_END,
};
static const struct shape transaction_shape =
	SHAPE(ledger_transaction, transaction_fields);

static const struct field entry_fields[] = {
	FIELD(ledger_entry, id),         FIELD(ledger_entry, transaction_id),
	FIELD(ledger_entry, account),    FIELD(ledger_entry, vendor_id),
	FIELD(ledger_entry, amount),     FIELD(ledger_entry, currency),
	FIELD(ledger_entry, created_at), FIELDS_END,
};
static const struct shape entry_shape = SHAPE(ledger_entry, entry_fields);

static const struct field balance_fields[] = {
	FIELD(ledger_balance, account),
	FIELD(ledger_balance, vendor_id),
	FIELD(ledger_balance, balance),
	FIELD(ledger_balance, currency),
	FIELDS_END,
};
static const struct shape balance_shape = SHAPE(ledger_balance, balance_fields);

static const struct field row_fields[] = {
	FIELD(ledger_row, id),
	FIELD(ledger_row, transaction_id),
	FIELD(ledger_row, kind, .help = "capture, refund, release …"),
	FIELD(ledger_row, account),
	FIELD(ledger_row, amount, .help = "credit positive, debit negative"),
	FIELD(ledger_row, currency),
	FIELD(ledger_row, order_id, .flags = NULLABLE),
	FIELD(ledger_row, vendor_order_id, .flags = NULLABLE),
	FIELD(ledger_row, note, .flags = NULLABLE),
	FIELD(ledger_row, created_at),
	FIELDS_END,
};
const struct shape ledger_row_shape = SHAPE(ledger_row, row_fields);

enum rc ledger_db_insert(struct ctx *c, const struct ledger_transaction *t,
                         const struct ledger_entry *entries, size_t n)
{
	enum rc rc = sql_insert(c, "ledger_transaction", &transaction_shape, t);

	if (rc)
		return rc;
	return sql_insert_all(c, "ledger_entry", &entry_shape, entries, n);
}

enum rc ledger_db_add(struct ctx *c, const struct ledger_balance *changes,
                      size_t n)
{
	struct query q;

	query_init(&q, c);
	query_add(&q, "INSERT INTO ledger_balance"
	              "       (account, vendor_id, balance, currency) VALUES ");
	for (size_t i = 0; i < n; i++) {
		const struct ledger_balance *b = &changes[i];

		if (i)
			query_add(&q, ",");
		query_add(&q, "(?,?,?,?)", A(b->account), A(b->vendor_id),
		          A(b->balance), A(b->currency));
	}
	query_add(&q, " ON DUPLICATE KEY UPDATE"
	              " balance = balance + VALUES(balance)");
	return query_run(&q, NULL);
}

enum rc ledger_db_balances(struct ctx *c, struct id vendor,
                           struct ledger_balance **out, size_t *n)
{
	return sql_list(c, &balance_shape, out, n,
	                "SELECT account, vendor_id, balance, currency"
	                "  FROM ledger_balance"
	                " WHERE vendor_id = ?"
	                " LIMIT 20",
	                A(vendor));
}

enum rc ledger_db_balance(struct ctx *c, const char *account, struct money *out)
{
	struct money m = { 0 };
	enum rc rc = sql_int(c, &m.minor,
	                     "SELECT balance FROM ledger_balance"
	                     " WHERE account = ?",
	                     A(account));

	if (rc && rc != RC_NOT_FOUND)
		return rc;
	*out = m;
	return RC_OK;
}

static const struct sort ledger_sorts[] = {
	{ "created_at", "e.created_at", false },
	{ 0 },
};

enum rc ledger_db_page(struct ctx *c, const struct ledger_filter *f,
                       const struct page *page, struct ledger_row **rows,
                       size_t *n, struct page_info *info)
{
	struct query q;

	query_init(&q, c);
	query_add(&q, "SELECT e.id, e.transaction_id, t.kind, e.account,"
	              "       e.amount, e.currency, t.order_id,"
	              "       t.vendor_order_id, t.note, e.created_at"
	              "  FROM ledger_entry e"
	              "  JOIN ledger_transaction t ON t.id = e.transaction_id"
	              " WHERE 1");
	if (!id_is_none(f->vendor))
		query_add(&q, " AND e.vendor_id = ?", A(f->vendor));
	if (f->account)
		query_add(&q, " AND e.account = ?", A(f->account));
	if (!id_is_none(f->order))
		query_add(&q, " AND t.order_id = ?", A(f->order));
	return query_page(&q, &ledger_row_shape, ledger_sorts, "e.id", page,
	                  rows, n, info);
}

enum rc ledger_db_count(struct ctx *c, int64_t *n_transactions,
                        int64_t *n_entries)
{
	enum rc rc = sql_int(c, n_transactions,
	                     "SELECT COUNT(*) FROM ledger_transaction");

	if (rc)
		return rc;
	return sql_int(c, n_entries, "SELECT COUNT(*) FROM ledger_entry");
}

enum rc ledger_db_count_unbalanced(struct ctx *c, int64_t *n)
{
	return sql_int(
		c, n,
		"SELECT COUNT(*) FROM ("
		" SELECT t.id"
		"   FROM ledger_transaction t"
		"   LEFT JOIN ledger_entry e ON e.transaction_id = t.id"
		"  GROUP BY t.id"
		" HAVING COALESCE(SUM(e.amount), 1) <> 0) AS unbalanced");
}

enum rc ledger_db_count_wrong(struct ctx *c, int64_t *n, int64_t *difference)
{
	enum rc rc = sql_int(
		c, n,
		"SELECT COUNT(*) FROM ("
		" SELECT account FROM ("
		"  SELECT account, balance AS amount FROM ledger_balance"
		"   UNION ALL"
		"  SELECT account, -amount FROM ledger_entry) AS both_sides"
		"  GROUP BY account HAVING SUM(amount) <> 0) AS wrong");

	if (rc)
		return rc;
	return sql_int(
		c, difference,
		"SELECT COALESCE(SUM(ABS(difference)), 0) FROM ("
		" SELECT SUM(amount) AS difference FROM ("
		"  SELECT account, balance AS amount FROM ledger_balance"
		"   UNION ALL"
		"  SELECT account, -amount FROM ledger_entry) AS both_sides"
		"  GROUP BY account) AS differences");
}
