#include "config.h"

#include "handlers/ledger/ledger.h"

#include <stdlib.h>
#include <string.h>

#include "db/ledger_db.h"
#include "db/sql.h"
#include "fcgi/base/log.h"
#include "fcgi/base/settings.h"

static const char *const purse_names[] = {
#define X(name, text) text,
	PURSE_TABLE(X)
#undef X
};

struct money money_negated(struct money m)
{
	return (struct money){ -m.minor };
}

void posting_init(struct posting *p, struct ctx *c, const char *kind,
                  const char *once_key)
{
	memset(p, 0, sizeof(*p));
	p->c = c;
	p->kind = kind;
	p->once_key = once_key;
}

static void add_line(struct posting *p, const char *account, struct id vendor,
                     struct money amount)
{
	for (size_t i = 0; i < p->n; i++) {
		struct posting_line *l = &p->lines[i];

		if (strcmp(l->account, account) != 0)
			continue;
		if (__builtin_add_overflow(l->minor, amount.minor, &l->minor))
			p->is_broken = true;
		return;
	}
	if (p->n == POSTING_MAX) {
		p->is_broken = true;
		return;
	}
	p->lines[p->n++] =
		(struct posting_line){ account, vendor, amount.minor };
}

void posting_add(struct posting *p, const char *account, struct money amount)
{
	add_line(p, account, (struct id){ 0 }, amount);
}

static const char *vendor_account(struct ctx *c, struct id vendor,
                                  enum purse purse)
{
	char text[ID_TEXT_MAX];

	return arena_fmt(c->arena, "vendor/%s/%s", id_text(vendor, text),
	                 purse_names[purse]);
}

void posting_add_vendor(struct posting *p, struct id vendor, enum purse purse,
                        struct money amount)
{
	add_line(p, vendor_account(p->c, vendor, purse), vendor, amount);
}

void posting_add_gateway(struct posting *p, const char *provider,
                         struct money amount)
{
	add_line(p, arena_fmt(p->c->arena, "gateway/%s", provider),
	         (struct id){ 0 }, amount);
}

static int by_account(const void *a, const void *b)
{
	const struct posting_line *x = a, *y = b;

	return strcmp(x->account, y->account);
}

/* Lines without amount say nothing. */
static void drop_zeros(struct posting *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n; i++) {
		if (p->lines[i].minor)
			p->lines[n++] = p->lines[i];
	}
	p->n = n;
}

static bool sums_to_zero(const struct posting *p)
{
	int64_t sum = 0;

	for (size_t i = 0; i < p->n; i++) {
		if (__builtin_add_overflow(sum, p->lines[i].minor, &sum))
			return false;
	}
	return sum == 0;
}

/* Balances are locked in the order of their accounts, whoever posts. */
static enum rc change_balances(struct posting *p)
{
	struct ledger_balance *changes =
		arena_new_array(p->c->arena, struct ledger_balance, p->n);

	for (size_t i = 0; i < p->n; i++)
		changes[i] = (struct ledger_balance){
			p->lines[i].account,
			p->lines[i].vendor,
			{ p->lines[i].minor },
			settings->currency,
		};
	return ledger_db_add(p->c, changes, p->n);
}

static enum rc write_rows(struct posting *p)
{
	struct ledger_transaction t = { .id = id_new(),
		                        .kind = p->kind,
		                        .once_key = p->once_key,
		                        .order_id = p->order,
		                        .vendor_order_id = p->vendor_order,
		                        .note = p->note,
		                        .created_at = p->c->now };
	struct ledger_entry *entries =
		arena_new_array(p->c->arena, struct ledger_entry, p->n);

	for (size_t i = 0; i < p->n; i++)
		entries[i] = (struct ledger_entry){
			.id = id_new(),
			.transaction_id = t.id,
			.account = p->lines[i].account,
			.vendor_id = p->lines[i].vendor,
			.amount = { p->lines[i].minor },
			.currency = settings->currency,
			.created_at = p->c->now,
		};
	return ledger_db_insert(p->c, &t, entries, p->n);
}

enum rc ledger_post(struct posting *p)
{
	drop_zeros(p);
	if (p->is_broken || !sums_to_zero(p) || !sql_in_transaction()) {
		log_error("ledger", "%s %s does not add up", p->kind,
		          p->once_key);
		return fail(p->c, RC_INTERNAL, "internal", "Internal error");
	}
	if (!p->n)
		return RC_OK;
	qsort(p->lines, p->n, sizeof *p->lines, by_account);
	enum rc rc = write_rows(p);
	if (rc == RC_CONFLICT)
		return fail(p->c, rc, "already_posted",
		            "This has been booked already.");
	return rc ? rc : change_balances(p);
}

static enum purse purse_of(const char *account)
{
	const char *last = strrchr(account, '/');

	for (int i = PURSE_PENDING; last && i <= PURSE_IN_TRANSIT; i++) {
		if (!strcmp(last + 1, purse_names[i]))
			return (enum purse)i;
	}
	return PURSE_PENDING;
}

enum rc ledger_vendor_balance(struct ctx *c, struct id vendor,
                              struct vendor_balance *out)
{
	struct ledger_balance *rows;
	size_t n;
	enum rc rc = ledger_db_balances(c, vendor, &rows, &n);

	if (rc)
		return rc;
	*out = (struct vendor_balance){ .currency = settings->currency };
	for (size_t i = 0; i < n; i++) {
		switch (purse_of(rows[i].account)) {
		case PURSE_PENDING:
			out->pending = rows[i].balance;
			break;
		case PURSE_AVAILABLE:
			out->available = rows[i].balance;
			break;
		case PURSE_HELD:
			out->held = rows[i].balance;
			break;
		case PURSE_IN_TRANSIT:
			out->in_transit = rows[i].balance;
			break;
		}
	}
	return RC_OK;
}

enum rc ledger_account_balance(struct ctx *c, const char *account,
                               struct money *out)
{
	return ledger_db_balance(c, account, out);
}
