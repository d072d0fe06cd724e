#ifndef MERKATO_LEDGER_HTTP_H
#define MERKATO_LEDGER_HTTP_H

#include "fcgi/http/request.h"

struct ledger_query {
	const char *account;
	struct id order;
};

enum rc ledger_balance_get(struct req *r);
enum rc ledger_vendor_get(struct req *r);
enum rc ledger_admin_get(struct req *r);

#endif
