/* What is done by time, and who listens to what. A line for each. */
#include "config.h"

#include "db/once_db.h"
#include "handlers/jobs.h"
#include "handlers/media/media.h"
#include "handlers/notifications/notifications.h"

const struct job jobs[] = {
	{ "once.purge", once_purge, .every_s = 3600,
	  .summary = "Forget answers kept for Idempotency-Keys after a day" },
	{ "media.sweep", media_sweep, .every_s = 600,
	  .summary = "Remove files that no picture needs any more" },
	{ "notifications.send", notifications_job_send, .every_s = 30,
	  .summary = "Send again the mails that could not be sent" },
	{ 0 },
};

const struct consumer consumers[] = {
	{ "account.", notifications_consume },
	{ "media.process", media_process },
	{ "order.", notifications_consume },
	{ "payout.", notifications_consume },
	{ "product.", notifications_consume },
	{ "review.", notifications_consume },
	{ "question.", notifications_consume },
	{ "staff.", notifications_consume },
	{ "variant.", notifications_consume },
	{ "vendor.", notifications_consume },
	{ "vendor_order.", notifications_consume },
	{ 0 },
};
