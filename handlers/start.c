#include "config.h"

#include "handlers/start.h"

#include <stdio.h>
#include <string.h>

#include "db/cache.h"
#include "db/once_db.h"
#include "db/outbox_db.h"
#include "db/sql.h"
#include "db/touches_db.h"
#include "fcgi/base/crypto.h"
#include "fcgi/base/log.h"
#include "fcgi/base/settings.h"
#include "fcgi/http/client.h"
#include "fcgi/http/dispatch.h"
#include "fcgi/http/html.h"
#include "fcgi/http/limit.h"
#include "fcgi/http/route.h"
#include "fcgi/http/token.h"
#include "handlers/accounts/accounts.h"
#include "handlers/console/console.h"
#include "handlers/catalog/catalog.h"
#include "handlers/discovery/discovery.h"
#include "handlers/media/media.h"
#include "handlers/orders/orders.h"
#include "handlers/reviews/reviews.h"
#include "handlers/routes.h"
#include "uploads/store.h"

static const struct dispatch_backend backend = {
	.cache_get = cache_get,
	.cache_set = cache_set,
	.cache_add = cache_add,
	.cache_delete = cache_delete,
	.cache_epoch = cache_epoch,
	.cache_lost = cache_lost,
	.identify = accounts_identify,
	.session_key = accounts_session_key,
	.identify_cookie = accounts_identify_cookie,
	.begin = sql_begin,
	.end = sql_end,
	.once_begin = once_begin,
	.once_end = once_end,
	.reset = sql_reset,
	.notice = accounts_notice,
	.fault_page = console_fault_page,
};

static bool start_keys(void)
{
	size_t n = strlen(settings->secret);

	if (!n) {
		fputs("configuration: secret: is not set; make one with: "
		      "openssl rand -hex 32\n",
		      stderr);
		return false;
	}
	key_set_master(settings->secret, n);
	return token_load_keys();
}

static bool start_log(void)
{
	static const char *const names[] = { "debug", "info", "warn", "error" };

	for (int i = 0; i < 4; i++)
		if (strcmp(settings->log_level, names[i]) == 0) {
			log_open(settings->log_file, (enum log_level)i);
			return true;
		}
	fputs("configuration: log_level: must be debug, info, warn or error\n",
	      stderr);
	return false;
}

/* Modules that follow when something happens to a person or a store. */
static const struct accounts_part *const account_parts[] = {
	&catalog_part,
	&orders_part,
	&reviews_part,
	NULL,
};

static enum rc before_commit(struct ctx *c)
{
	enum rc rc = discovery_note_touched(c);

	return rc ? rc : touches_db_keep(c);
}

bool start_rooms(void)
{
	static bool is_again;

	money_set_digits((int)settings->currency_digits);
	if (!start_log() || !start_keys() || !limit_create() ||
	    !store_check() || !discovery_start() ||
	    !html_load(settings->template_dir))
		return false;
	if (is_again)
		return true;
	is_again = true;
	routes_use(all_routes);
	if (routes_check())
		return false;
	cache_create();
	outbox_create();
	sql_before_commit(before_commit);
	accounts_start();
	accounts_use(account_parts);
	media_on_change(catalog_product_changed);
	media_on_single(accounts_logo_done);
	orders_start();
	dispatch_use(&backend);
	return true;
}

void start_process(void)
{
	client_open();
}

void end_process(void)
{
	cache_close();
	sql_close();
}
