#include "config.h"

#include <stdio.h>
#include <string.h>

#include "db/cache.h"
#include "db/sql.h"
#include "fcgi/base/metrics.h"
#include "fcgi/base/settings.h"
#include "fcgi/http/gate.h"
#include "fcgi/http/reply.h"
#include "fcgi/scoreboard.h"
#include "handlers/discovery/discovery.h"
#include "handlers/operations/operations.h"
#include "handlers/operations/operations_shapes.h"

enum rc operations_health_get(struct req *r)
{
	const struct health h = { "ok" };

	return reply(r, &h);
}

enum rc operations_ready_get(struct req *r)
{
	struct readiness now = {
		.database = sql_is_alive(&r->ctx),
		.cache = !*settings->memcached || cache_is_alive(&r->ctx),
	};

	if (!now.database) {
		fail_clear(&r->ctx);
		r->ctx.err.retry_after_s = 1;
		return fail(&r->ctx, RC_UNAVAILABLE, "not_ready",
		            "The database does not answer");
	}
	now.status = now.cache ? "ok" : "degraded";
	return reply(r, &now);
}

static void name_route(size_t i, const char **method, const char **path)
{
	const struct route *route = route_at(i);

	*method = route->method;
	*path = route->path;
}

static void put_processes(struct buf *b, const char *name, const char *help,
                          double (*measure)(const struct seat_view *v))
{
	static const struct {
		int pool;
		const char *label;
	} pools[] = { { POOL_FAST, "fast" },
		      { POOL_SLOW, "slow" },
		      { SEAT_JOBS, "jobs" } };

	buf_fmt(b, "# HELP %s %s\n# TYPE %s gauge\n", name, help, name);
	for (size_t p = 0; p < sizeof(pools) / sizeof(*pools); p++) {
		double sum = 0;

		for (size_t i = 0; i < scoreboard_size(); i++) {
			struct seat_view v;

			if (scoreboard_read(i, &v) && v.pool == pools[p].pool)
				sum += measure(&v);
		}
		buf_fmt(b, "%s{pool=\"%s\"} %.0f\n", name, pools[p].label, sum);
	}
}

static double is_one(const struct seat_view *v)
{
	(void)v;
	return 1;
}

static double is_busy(const struct seat_view *v)
{
	return v->state == SEAT_BUSY;
}

static double memory_bytes(const struct seat_view *v)
{
	return (double)v->memory_kb * 1024;
}

/* Of the reads that have a shared answer; stale ones were served from it. */
static double hit_ratio(void)
{
	double hits = (double)(counter_read(COUNTER_CACHE_HITS) +
	                       counter_read(COUNTER_CACHE_STALE));
	double misses = (double)counter_read(COUNTER_CACHE_MISSES);

	return hits + misses > 0 ? hits / (hits + misses) : 0;
}

/* Only where there is a search server; not while the database is away. */
static void put_search(struct ctx *c, struct buf *b)
{
	int64_t n_waiting = 0;
	double seconds = 0;

	if (!discovery_lag(c, &n_waiting, &seconds)) {
		fail_clear(c);
		return;
	}
	metrics_gauge(b, "merkato_search_waiting",
	              "Changes that the search server does not have yet, "
	              "counted up to 10,000",
	              (double)n_waiting);
	metrics_gauge(b, "merkato_search_lag_seconds",
	              "Age of the oldest of them", seconds);
}

enum rc operations_metrics_get(struct req *r)
{
	struct buf b;

	if (!gate_address_in(settings->metrics_allow, r->ctx.address,
	                     strlen(r->ctx.address)))
		return fail(&r->ctx, RC_FORBIDDEN, "address_not_allowed",
		            "This address may not read the metrics");
	buf_init(&b, r->ctx.arena, 32768);
	metrics_write(&b, name_route);
	metrics_gauge(&b, "merkato_cache_hit_ratio",
	              "Share of cacheable reads answered from the cache since "
	              "the start",
	              hit_ratio());
	put_search(&r->ctx, &b);
	put_processes(&b, "merkato_processes", "Processes alive", is_one);
	put_processes(&b, "merkato_processes_busy",
	              "Processes that are handling a request", is_busy);
	put_processes(&b, "merkato_processes_resident_bytes",
	              "Resident memory, as each process last looked",
	              memory_bytes);
	return reply_text(r, 200, "text/plain; version=0.0.4; charset=utf-8",
	                  b.s, b.n);
}
