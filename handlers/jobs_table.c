/* What is done by time, and who listens to what. A line for each. */
#include "config.h"

#include "db/once_db.h"
#include "handlers/jobs.h"

const struct job jobs[] = {
	{ "once.purge", once_purge, .every_s = 3600,
	  .summary = "Forget answers kept for Idempotency-Keys after a day" },
	{ 0 },
};

const struct consumer consumers[] = {
	{ 0 },
};
