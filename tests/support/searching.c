#include "config.h"

#include "tests/support/searching.h"

#include <stdio.h>

#include "db/cache.h"
#include "fcgi/base/settings.h"
#include "handlers/discovery/discovery.h"

static char url[64];

bool searching_start(void)
{
	/* merkato:a password: with more */
	int port = opensearch_double_start(
		"Basic bWVya2F0bzphIHBhc3N3b3JkOiB3aXRoIG1vcmU=");

	snprintf(url, sizeof(url), "http://127.0.0.1:%d", port);
	return port && people_start() && settings_set("search_url", url) &&
	       settings_set("search_user", SEARCH_USER) &&
	       settings_set("search_password", SEARCH_PASSWORD);
}

void searching_stop(void)
{
	database_stop();
	opensearch_double_stop();
}

void search_with(const char *driver)
{
	NEED_TRUE(settings_set("search", driver), driver);
	NEED_TRUE(discovery_start(), driver);
	cache_flush(tc);
}

void searching_after(void)
{
	search_is_down(false);
	search_with("mysql");
	opensearch_double_forget();
	people_after();
}

void search_settle(void)
{
	bool more = true;

	while (more)
		NEED_RC(discovery_job_index(tc, &more), RC_OK, "index");
	dispatch_flush_touches(tc);
	CHECK_TEXT(opensearch_double_error(), "", "as servers want it");
}

void search_with_server(void)
{
	int64_t n = 0;

	search_with("opensearch");
	NEED_RC(discovery_rebuild_server(tc, &n), RC_OK, "rebuild");
}

void search_is_down(bool is_down)
{
	/* Port 1 is nobody's; the breakers begin anew. */
	NEED_TRUE(settings_set("search_url",
	                       is_down ? "http://127.0.0.1:1" : url),
	          "address");
}

const char *slugs_of(const struct answered *a)
{
	struct buf b;
	const char *slug;

	buf_init(&b, tc->arena, 256);
	for (int i = 0;
	     (slug = answered_text(a,
	                           arena_fmt(tc->arena, "results.%d.slug", i)));
	     i++)
		buf_fmt(&b, "%s%s", i ? "," : "", slug);
	return b.s;
}
