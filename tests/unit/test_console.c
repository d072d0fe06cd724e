/* The console's table against that of the API it is a client of. */
#include "config.h"

#include <string.h>

#include "fcgi/http/route.h"
#include "handlers/routes.h"
#include "tests/support/check.h"

static bool start(void)
{
	routes_use(all_routes);
	return true;
}

static bool is_console(const struct route *r)
{
	return r->surface == SURFACE_CONSOLE;
}

static void a_page_needs_the_rights_of_what_it_shows(void)
{
	int n = 0;

	for (size_t i = 0; i < routes_count(); i++) {
		const struct route *r = route_at(i), *api;

		if (!is_console(r) || !r->like)
			continue;
		api = route_like(r);
		NEED_TRUE(api != NULL, r->like);
		CHECK_INT(r->permission, api->permission & MAY_ADMIN_ALL,
		          r->path);
		CHECK_INT(r->who & ~api->who, 0, r->path);
		CHECK_INT(!strcmp(r->method, "GET"),
		          !strcmp(api->method, "GET"), r->path);
		n++;
	}
	CHECK_TRUE(n > 20, "pages");
}

static void only_the_door_is_open_to_everybody(void)
{
	for (size_t i = 0; i < routes_count(); i++) {
		const struct route *r = route_at(i);

		if (is_console(r))
			CHECK_INT((r->who & ROLE_ANYONE) != 0,
			          !strcmp(r->path, "/console/login"), r->path);
	}
}

static void a_get_changes_nothing_and_every_form_is_read_as_one(void)
{
	for (size_t i = 0; i < routes_count(); i++) {
		const struct route *r = route_at(i);

		if (!is_console(r))
			continue;
		if (strcmp(r->method, "GET") != 0)
			CHECK_INT(r->body_kind, BODY_CONSOLE, r->path);
		CHECK_INT(r->pool, POOL_SLOW, r->path);
	}
}

static const struct check_hooks hooks = { .start = start };

CHECK_MAIN_WITH("console table", &hooks,
                TEST(a_page_needs_the_rights_of_what_it_shows),
                TEST(only_the_door_is_open_to_everybody),
                TEST(a_get_changes_nothing_and_every_form_is_read_as_one))
