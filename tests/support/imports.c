#include "config.h"

#include "tests/support/imports.h"

#include <stdlib.h>
#include <string.h>

#include "db/imports_db.h"
#include "db/sql.h"
#include "fcgi/http/dispatch.h"
#include "handlers/catalog/catalog.h"

enum { MEMORY = 64 << 20, RUNS_MAX = 1000 };

static bool start(void)
{
	return setenv("MERKATO_TEMP_DIR", "/tmp", 1) == 0 && people_start();
}

const struct check_hooks import_hooks = {
	.start = start,
	.stop = database_stop,
	.after = people_after,
};

struct id an_import(const struct person *owner, const char *text, bool dry)
{
	struct product_import i = { .id = id_new(),
		                    .vendor_id = owner->vendor,
		                    .actor_id = owner->id,
		                    .is_dry_run = dry,
		                    .n_bytes = (int64_t)strlen(text) };

	NEED_RC(imports_db_insert(tc, &i, (struct blob){ text, strlen(text) }),
	        RC_OK, "insert");
	return i.id;
}

enum rc import_once(size_t ballast, bool *more, int *n_statements)
{
	struct arena *a = arena_create(MEMORY);
	struct ctx c;

	arena_alloc(a, ballast + 1);
	ctx_init(&c, a);
	c.now = tc->now;
	c.roles = ROLE_SYSTEM;
	enum rc rc = catalog_job_import(&c, more);
	sql_reset(&c);
	if (!rc)
		dispatch_flush_touches(&c);
	*n_statements += c.n_statements;
	arena_destroy(a);
	return rc;
}

int import_all(void)
{
	int n_statements = 0;
	bool more = true;

	for (int runs = 0; more && runs < RUNS_MAX; runs++)
		NEED_RC(import_once(0, &more, &n_statements), RC_OK, "run");
	return n_statements;
}

const struct answered *import_report(const struct person *owner, struct id id)
{
	return GET(uri_of("/api/vendor/imports/$", id), owner);
}

const struct answered *imported(const struct person *owner, const char *text)
{
	struct id id = an_import(owner, text, false);

	import_all();
	return import_report(owner, id);
}
