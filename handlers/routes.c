#include "config.h"

#include "handlers/routes.h"

#include "fcgi/http/openapi.h"
#include "handlers/accounts/accounts.h"
#include "handlers/catalog/catalog.h"
#include "handlers/console/console.h"
#include "handlers/discovery/discovery.h"
#include "handlers/ledger/ledger.h"
#include "handlers/media/media.h"
#include "handlers/notifications/notifications.h"
#include "handlers/operations/operations.h"
#include "handlers/orders/orders.h"
#include "handlers/payments/payments.h"
#include "handlers/reviews/reviews.h"

/* A line for each module. */
/* clang-format off */
const struct route *const all_routes[] = {
	accounts_routes,
	accounts_store_routes,
	notifications_routes,
	accounts_person_routes,
	accounts_admin_routes,
	accounts_oauth_routes,
	accounts_oidc_routes,
	openapi_routes,
	catalog_routes,
	console_routes,
	discovery_routes,
	media_routes,
	ledger_routes,
	operations_routes,
	orders_routes,
	payments_routes,
	reviews_routes,
	NULL,
};
/* clang-format on */
