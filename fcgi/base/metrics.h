/*
 * Counters in shared memory made before fork: one padded slot for each worker,
 * relaxed atomic adds, summed at scrape. A restarted worker re-uses its slot
 * without zeroing, so counters never go back. One list of metrics; label values
 * come from fixed tables (route pattern, status class), never from input.
 */
#ifndef MERKATO_METRICS_H
#define MERKATO_METRICS_H

#include <stddef.h>
#include <stdint.h>

struct buf;

/* X(NAME, "merkato_name_total", "help") */
/* clang-format off */
#define COUNTER_TABLE(X)                                                                            \
	X(REQUESTS_BAD, "merkato_requests_unrouted_total", "Requests that matched no route")        \
	X(SQL_STATEMENTS, "merkato_sql_statements_total", "SQL statements run")                     \
	X(SQL_ERRORS, "merkato_sql_errors_total", "SQL statements that failed")                     \
	X(SQL_MICROSECONDS, "merkato_sql_microseconds_total", "Time spent waiting for SQL")         \
	X(SQL_RECONNECTS, "merkato_sql_reconnects_total", "Database connections opened again")      \
	X(SQL_DEADLOCKS, "merkato_sql_deadlocks_total", "Pieces of work repeated after a deadlock") \
	X(CACHE_HITS, "merkato_cache_hits_total", "Answers served from the cache")                  \
	X(CACHE_MISSES, "merkato_cache_misses_total", "Answers not found in the cache")             \
	X(CACHE_STALE, "merkato_cache_stale_total", "Old answers served while one was rebuilt")     \
	X(CACHE_ERRORS, "merkato_cache_errors_total", "Cache operations that failed")               \
	X(CACHE_BYPASSES, "merkato_cache_bypasses_total", "Cache skipped while it was away")        \
	X(CACHE_BUMPS, "merkato_cache_bumps_total", "Tags given a new generation")                  \
	X(CACHE_RESCUED, "merkato_cache_rescued_total", "Bumps made for writers that ended before they could") \
	X(LIMITED, "merkato_rate_limited_total", "Requests refused by a rate limit")                \
	X(LOGIN_OK, "merkato_logins_total", "Successful logins")                                    \
	X(LOGIN_FAILED, "merkato_logins_failed_total", "Failed logins")                             \
	X(PASSWORD_ROUNDS, "merkato_password_rounds_total", "Rounds of PBKDF2 for passwords")        \
	X(JOBS_RUN, "merkato_jobs_total", "Jobs run")                                               \
	X(JOBS_FAILED, "merkato_jobs_failed_total", "Jobs that failed")                             \
	X(WORKERS_STARTED, "merkato_workers_started_total", "Workers forked")                       \
	X(WORKERS_DIED, "merkato_workers_died_total", "Workers that ended unasked")                 \
	X(WORKERS_KILLED, "merkato_workers_killed_total", "Workers ended for exceeding a deadline") \
	X(MAILS_SENT, "merkato_mails_total", "Mails handed over")                                   \
	X(SEARCH_MAKESHIFT, "merkato_search_degraded_total", "Searches answered without the search server") \
	X(SEARCH_INDEXED, "merkato_search_indexed_total", "Changes brought to the search server")   \
	X(OUTGOING_CALLS, "merkato_outgoing_requests_total", "HTTP requests to outside services")   \
	X(OUTGOING_ERRORS, "merkato_outgoing_errors_total", "HTTP requests to outside services that failed")
/* clang-format on */

enum counter {
#define X(name, text, help) COUNTER_##name,
	COUNTER_TABLE(X)
#undef X
		COUNTER_N
};

/* Before fork: room for n_slots processes and n_routes routes. Without it,
 * counting works within the process. */
void metrics_create(size_t n_slots, size_t n_routes);
/* In each child: which slot is mine. */
void metrics_take_slot(size_t slot);
void count(enum counter c);
void count_n(enum counter c, uint64_t n);
/* One answered request: route number (as given to metrics_write's name
 * function), status, duration. */
void count_request(size_t route, int status, int64_t us);
uint64_t counter_read(enum counter c);
/* Prometheus text 0.0.4. name(i) gives "GET" and "/api/…" of route i. Callers
 * append their own gauges afterwards. */
void metrics_write(struct buf *b, void (*name)(size_t i, const char **method,
                                               const char **path));
void metrics_gauge(struct buf *b, const char *name, const char *help,
                   double value);

#endif
