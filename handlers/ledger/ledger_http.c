#include "config.h"

#include "handlers/ledger/ledger_http.h"

#include "db/ledger_db.h"
#include "fcgi/http/reply.h"
#include "handlers/ledger/ledger.h"

enum rc ledger_balance_get(struct req *r)
{
	struct vendor_balance balance = { 0 };
	enum rc rc = ledger_vendor_balance(&r->ctx, r->ctx.vendor, &balance);

	return rc ? rc : reply(r, &balance);
}

static enum rc answer(struct req *r, const struct ledger_filter *f)
{
	struct ledger_row *rows;
	struct page_info info = { 0 };
	size_t n;
	enum rc rc = ledger_db_page(&r->ctx, f, &r->page, &rows, &n, &info);

	return rc ? rc : reply_page(r, rows, n, &info);
}

enum rc ledger_vendor_get(struct req *r)
{
	struct ledger_query in = { 0 };

	req_query(r, &in);
	return answer(r, &(struct ledger_filter){ .vendor = r->ctx.vendor,
	                                          .order = in.order });
}

enum rc ledger_admin_get(struct req *r)
{
	struct ledger_query in = { 0 };

	req_query(r, &in);
	return answer(r, &(struct ledger_filter){ .account = in.account,
	                                          .order = in.order });
}
