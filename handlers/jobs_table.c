/* What is done by time, and who listens to what. A line for each. */
#include "config.h"

#include "db/once_db.h"
#include "handlers/accounts/accounts.h"
#include "handlers/catalog/catalog.h"
#include "handlers/discovery/discovery.h"
#include "handlers/jobs.h"
#include "handlers/ledger/ledger.h"
#include "handlers/media/media.h"
#include "handlers/notifications/notifications.h"
#include "handlers/orders/orders.h"
#include "handlers/payments/payments.h"
#include "handlers/reviews/reviews.h"

const struct job jobs[] = {
	{ "once.purge", once_purge, .every_s = 3600,
	  .summary = "Forget answers kept for Idempotency-Keys after a day" },
	{ "catalog.import", catalog_job_import, .every_s = 1,
	  .summary = "Read uploaded CSV files into the catalog" },
	{ "accounts.tidy", accounts_job_tidy, .every_s = 3600,
	  .summary = "Forget old sessions, links, tries and events" },
	{ "accounts.holidays", accounts_job_holidays, .every_s = 5,
	  .summary = "Begin and end stores' holidays on time" },
	{ "catalog.prices", catalog_job_prices, .every_s = 1,
	  .summary = "Begin and end sales on time" },
	{ "catalog.timeline", catalog_job_timeline, .every_s = 3600,
	  .summary = "Forget product events after their time" },
	{ "catalog.views", discovery_job_views, .every_s = 30,
	  .summary = "Add looks at products to their counts" },
	{ "catalog.trending", discovery_job_trending, .every_s = 600,
	  .summary = "Rank products by looks and sales of the last days" },
	{ "catalog.index", discovery_job_index, .every_s = 1,
	  .is_wanted = discovery_has_server,
	  .summary = "Bring changes of products to the search server" },
	{ "media.sweep", media_sweep, .every_s = 600,
	  .summary = "Remove files that no picture needs any more" },
	{ "notifications.send", notifications_job_send, .every_s = 30,
	  .summary = "Send again the mails that could not be sent" },
	{ "orders.expire", orders_expire_job, .every_s = 20,
	  .summary = "Give back the stock of orders that nobody paid" },
	{ "orders.release", orders_release_job, .every_s = 600,
	  .summary = "Release vendors' shares after the holding days" },
	{ "payments.reconcile", payments_reconcile_job, .every_s = 30,
	  .summary = "Ask gateways about payments that nobody told us about" },
	{ "ledger.verify", ledger_verify_job, .every_s = 3600,
	  .summary = "Check that the books add up" },
	{ 0 },
};

const struct consumer consumers[] = {
	{ "account.", notifications_consume },
	{ "account.forgot", accounts_send_reset },
	{ "account.resend", accounts_send_verify },
	{ "media.process", media_process },
	{ "media.single", media_single_process },
	{ "order.", notifications_consume },
	{ "order.placed", orders_watch_placed, orders_watch_all_placed },
	{ "payment.event", payments_event_handle },
	{ "payment.failed", orders_watch_failed },
	{ "payment.refund", reviews_mark_returned },
	{ "payment.refund", payments_refund_handle },
	{ "payout.", notifications_consume },
	{ "product.", notifications_consume },
	{ "review.", notifications_consume },
	{ "review.written", reviews_watch_written },
	{ "question.", notifications_consume },
	{ "sandbox.webhook", sandbox_webhook_handle },
	{ "staff.", notifications_consume },
	{ "variant.", notifications_consume },
	{ "vendor.", notifications_consume },
	{ "vendor_order.", notifications_consume },
	{ 0 },
};
