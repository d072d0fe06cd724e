/*
 * CSV import, as a job. Lines that stand together and name the same product are
 * one piece of work; many pieces are one transaction, with the place in the
 * file moved on in it, so that a killed job goes on where it was. When one of
 * them is refused, fewer of them are tried together, until it stands alone.
 */
#include "config.h"

#include <string.h>

#include "db/sql.h"
#include "fcgi/base/text.h"
#include "handlers/accounts/accounts.h"
#include "handlers/catalog/import_inside.h"

enum {
	ROWS_AT_ONCE = 512,         /* looked at before the job rests */
	CHUNK_ROWS = CATALOG_BATCH, /* in one transaction, at least */
	CHUNK_GROUPS = CATALOG_BATCH,
	MEMORY_ENOUGH = 32 * 1024 * 1024, /* half of a job's ceiling */
	TRIES = 5
};

/* Rolls back what a dry run has done; never leaves this file. */
#define DRY RC_NOT_MODIFIED

struct chunk {
	struct import_group *groups;
	size_t n, n_rows;
};

static void add_counts(struct product_import *to,
                       const struct product_import *by)
{
	to->n_done += by->n_done;
	to->n_created += by->n_created;
	to->n_updated += by->n_updated;
	to->n_unchanged += by->n_unchanged;
	to->n_failed += by->n_failed;
}

/* What the pieces have done, or why they have not; and the place in the file.
 */
static enum rc settle(struct ctx *c, const struct import *m,
                      struct import_group *groups, size_t n)
{
	struct product_import by = { .id = m->row.id };
	enum rc rc = RC_OK;

	for (size_t i = 0; i < n && !rc; i++) {
		struct import_group *g = &groups[i];

		if (g->is_refused)
			g->by = (struct product_import){
				.n_done = (int64_t)g->n,
				.n_failed = (int64_t)g->n
			};
		add_counts(&by, &g->by);
		for (size_t k = 0; k < g->n_faults && g->is_refused; k++) {
			g->faults[k].import_id = m->row.id;
			g->faults[k].message =
				text_cut(c->arena, g->faults[k].message, 300);
		}
		if (g->is_refused)
			rc = imports_db_fault_all(c, g->faults, g->n_faults);
	}
	return rc ? rc : imports_db_move(c, &by, groups[n - 1].end);
}

static enum rc settle_alone(struct ctx *c, const struct import *m,
                            struct import_group *groups, size_t n)
{
	enum rc rc = sql_begin(c);

	return rc ? rc : sql_end(c, settle(c, m, groups, n));
}

/* All pieces and the place in the file, together; a dry run only looks. */
static enum rc put_together(struct ctx *c, const struct import *m,
                            struct import_group *groups, size_t n)
{
	enum rc rc = sql_begin(c);

	if (rc)
		return rc;
	sql_gather();
	for (size_t i = 0; i < n; i++) {
		struct import_group *g = &groups[i];

		g->by = (struct product_import){ .n_done = (int64_t)g->n };
		g->is_refused = !g->is_read;
		/* Faults of those that have been read are of an earlier try. */
		if (g->is_read)
			g->n_faults = 0;
	}
	rc = import_apply(c, m, groups, n);
	if (!rc)
		rc = m->row.is_dry_run ? DRY : settle(c, m, groups, n);
	return sql_end(c, rc);
}

static enum rc try_together(struct ctx *c, const struct import *m,
                            struct import_group *groups, size_t n)
{
	enum rc rc = RC_DEADLOCK;

	for (int i = 0; i < TRIES && rc == RC_DEADLOCK; i++)
		rc = put_together(c, m, groups, n);
	return rc == DRY ? settle_alone(c, m, groups, n) : rc;
}

/* A job has a ceiling of memory: what is left is the next run's; each run does
 * something. */
static bool is_full(const struct ctx *c)
{
	return arena_used(c->arena) > MEMORY_ENOUGH;
}

/* All together; after a refusal half of them and so on, then more again, so
 * that neither one bad line nor many of them are looked at often. */
static enum rc work(struct ctx *c, const struct import *m, struct chunk *k)
{
	size_t some = k->n;
	enum rc rc = RC_OK;

	for (size_t at = 0; at < k->n && !rc && !(at && is_full(c));) {
		struct import_group *groups = &k->groups[at];

		if (some > k->n - at)
			some = k->n - at;
		rc = try_together(c, m, groups, some);
		if (!import_is_refusal(rc)) {
			at += some;
			some *= 2;
			continue;
		}
		fail_clear(c);
		rc = RC_OK;
		if (some > 1) {
			some /= 2;
			continue;
		}
		groups->is_refused = true;
		rc = settle_alone(c, m, groups, 1);
		at++;
	}
	return rc;
}

static enum rc give_up(struct ctx *c, const struct import *m, int line,
                       const char *field, const char *message)
{
	struct import_fault f = { .import_id = m->row.id,
		                  .line = line,
		                  .field = field,
		                  .message = message };
	enum rc rc = imports_db_fault(c, &f);

	return rc ? rc : imports_db_rest(c, m->row.id, "failed", true);
}

/* Whether what one does might be what the other looks at. */
static bool is_entangled(const struct import_group *a,
                         const struct import_group *b)
{
	if (!a->key || !b->key)
		return false;
	if (strcmp(a->key, b->key) == 0)
		return true;
	for (size_t i = 0; i < a->n; i++)
		for (size_t k = 0; k < b->n; k++)
			if (strcmp(a->rows[i].sku, b->rows[k].sku) == 0)
				return true;
	return false;
}

static bool stands_apart(const struct chunk *k, const struct import_group *g)
{
	for (size_t i = 0; i < k->n; i++)
		if (is_entangled(&k->groups[i], g))
			return false;
	return true;
}

/* The next groups, up to one that is about the same as an earlier one: it
 * belongs to the next chunk. Fewer at the end of the window. */
static void read_chunk(struct ctx *c, struct import *m, struct chunk *k)
{
	*k = (struct chunk){ .groups = arena_new_array(c->arena,
		                                       struct import_group,
		                                       CHUNK_GROUPS) };
	while (k->n < CHUNK_GROUPS && k->n_rows < CHUNK_ROWS) {
		struct import_group *g = &k->groups[k->n];
		struct csv before = m->csv;

		import_read_group(c, m, g);
		if (m->csv.is_bad || !g->n)
			return;
		if (!stands_apart(k, g)) {
			m->csv = before;
			return;
		}
		k->n++;
		k->n_rows += g->n;
	}
}

static enum rc run(struct ctx *c, struct import *m, bool *more)
{
	struct chunk k = { .n = 1 };
	size_t n_rows = 0;

	while (k.n && n_rows < ROWS_AT_ONCE) {
		read_chunk(c, m, &k);
		enum rc rc = k.n ? work(c, m, &k) : RC_OK;
		if (rc)
			return rc;
		if (is_full(c)) {
			*more = true;
			return imports_db_rest(c, m->row.id, "running", false);
		}
		if (m->csv.is_bad)
			return give_up(c, m, m->csv.line, "",
			               "From here on it is no CSV.");
		n_rows += k.n_rows;
	}
	bool is_done = m->is_last && m->csv.at >= m->csv.n;
	if (!n_rows && !is_done)
		return give_up(c, m, m->csv.line, "", "A line is too long.");
	*more = !is_done;
	return imports_db_rest(c, m->row.id, is_done ? "done" : "running",
	                       is_done);
}

/* What its people may not do any more, their file may not either. */
static enum rc may_go_on(struct ctx *c)
{
	struct vendor_brief store = { 0 };
	enum rc rc = accounts_vendor_get(c, c->vendor, &store);

	if (!rc && !strcmp(store.status, "suspended"))
		return fail(c, RC_BAD_REQUEST, "suspended",
		            "The store is suspended.");
	return rc;
}

enum rc catalog_job_import(struct ctx *c, bool *more)
{
	struct import *m = arena_new(c->arena, struct import);
	bool found = false;

	*more = false;
	enum rc rc = imports_db_lease(c, &found, &m->row);
	if (rc || !found)
		return rc;
	/* It acts for whoever has sent the file; catalog_cause knows. */
	c->actor = m->row.actor_id;
	c->vendor = m->row.vendor_id;
	c->session = m->row.id;
	c->roles |= ROLE_SYSTEM;
	rc = import_open(c, m);
	if (!rc)
		rc = may_go_on(c);
	if (rc == RC_BAD_REQUEST) {
		const char *why = c->err.detail;

		fail_clear(c);
		return give_up(c, m, (int)m->row.n_done + 1, "", why);
	}
	if (rc)
		return rc;
	catalog_remember(true);
	rc = run(c, m, more);
	catalog_remember(false);
	return rc;
}
