/* What is held on a person here, and what stays of it: the books, not the
 * address. */
#include "config.h"

#include "fcgi/base/json.h"
#include "handlers/accounts/accounts.h"
#include "handlers/orders/orders_inside.h"

enum { EXPORT_MAX = 100 };

static enum rc list_personal(struct ctx *c, struct id user, json_t *into)
{
	struct orders_filter f = { .customer = user };
	struct page page = { .number = 1, .size = EXPORT_MAX };
	struct page_info info = { 0 };
	struct order *rows;
	size_t n;
	json_t *all = json_array();

	for (bool more = true; more; page.number++) {
		enum rc rc = orders_db_page(c, &f, &page, &rows, &n, &info);

		if (rc) {
			json_decref(all);
			return rc;
		}
		more = info.more;
		json_array_extend(
			all, json_from_shapes(c, &order_row_shape, rows, n));
	}
	json_object_set_new(into, "orders", all);
	return RC_OK;
}

static enum rc forget(struct ctx *c, struct id user)
{
	enum rc rc = cart_db_clear(c, user);

	return rc ? rc : orders_db_forget(c, user);
}

const struct accounts_part orders_part = {
	.name = "orders",
	.list_personal = list_personal,
	.forget = forget,
};
