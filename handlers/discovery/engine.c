/* Who answers a search, and a breaker for the one that is not ours. */
#include "config.h"

#include "handlers/discovery/engine.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "fcgi/base/log.h"
#include "fcgi/base/metrics.h"
#include "fcgi/base/settings.h"
#include "handlers/discovery/discovery.h"

/* So many failures within the window, and MySQL answers alone for a while. */
enum { FAILURES = 5, WINDOW_S = 10, OPEN_S = 30 };
static const int64_t second_us = 1000000;

/* In memory that all workers share, made before fork; times are ticks. */
struct breaker {
	_Atomic int64_t since, open_until;
	_Atomic int failures;
};

static const struct engine *const engines[] = { &engine_mysql,
	                                        &engine_opensearch, NULL };
/* As long as the process. */
static const struct engine *server;
static struct breaker *breaker;

const struct engine *engine_server(void)
{
	return server;
}

bool discovery_has_server(void)
{
	return server;
}

static const struct engine *named(const char *name)
{
	for (size_t i = 0; engines[i]; i++)
		if (strcmp(engines[i]->name, name) == 0)
			return engines[i];
	return NULL;
}

static bool make_breaker(void)
{
	if (!breaker)
		breaker = mmap(NULL, sizeof(*breaker), PROT_READ | PROT_WRITE,
		               MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (breaker == MAP_FAILED) {
		breaker = NULL;
		fputs("no shared memory for the search server's breaker\n",
		      stderr);
		return false;
	}
	atomic_store(&breaker->failures, 0);
	atomic_store(&breaker->open_until, 0);
	return true;
}

bool discovery_start(void)
{
	const struct engine *e = named(settings->search);

	if (!e) {
		fputs("configuration: search: must be mysql or opensearch\n",
		      stderr);
		return false;
	}
	if (e->check && (!e->check() || !make_breaker()))
		return false;
	server = e->check ? e : NULL;
	return true;
}

static bool is_open(void)
{
	return when_ticks() < atomic_load(&breaker->open_until);
}

static void note_failure(void)
{
	int64_t now = when_ticks();

	if (now - atomic_load(&breaker->since) > WINDOW_S * second_us) {
		atomic_store(&breaker->since, now);
		atomic_store(&breaker->failures, 0);
	}
	if (atomic_fetch_add(&breaker->failures, 1) + 1 < FAILURES)
		return;
	atomic_store(&breaker->failures, 0);
	atomic_store(&breaker->open_until, now + OPEN_S * second_us);
	log_warn("search", "%s is left alone for %d s", server->name, OPEN_S);
}

/* Whether the server has answered. */
static bool ask_server(struct ctx *c, const struct search *s, struct found *out)
{
	if (is_open())
		return false;
	enum rc rc = server->find(c, s, out);
	if (!rc)
		return true;
	log_warn("search", "%s: %s", server->name,
	         c->err.detail ? c->err.detail : rc_title(rc));
	note_failure();
	fail_clear(c);
	return false;
}

enum rc engine_find_here(struct ctx *c, const struct search *s,
                         struct found *out)
{
	*out = (struct found){ .km = 1, .count = -1, .is_makeshift = true };
	count(COUNTER_SEARCH_MAKESHIFT);
	return engine_mysql.find(c, s, out);
}

enum rc engine_find(struct ctx *c, const struct search *s, struct found *out)
{
	*out = (struct found){ .km = 1, .count = -1 };
	if (!server || !server->can(s))
		return engine_mysql.find(c, s, out);
	return ask_server(c, s, out) ? RC_OK : engine_find_here(c, s, out);
}
