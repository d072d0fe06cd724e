/*
 * CSV import, as a job. Lines that stand together and name the same product are
 * one piece of work; some pieces are one transaction, with the place in the
 * file moved on in it, so that a killed job goes on where it was. When one of
 * them is refused, those of the transaction are done again one by one.
 */
#include "config.h"

#include <string.h>

#include "db/sql.h"
#include "fcgi/base/text.h"
#include "handlers/catalog/import_inside.h"

enum {
	ROWS_AT_ONCE = 300, /* looked at before the job rests */
	CHUNK_ROWS = 50,    /* in one transaction, at least */
	CHUNK_GROUPS = 50,
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

/* All pieces and the place in the file, together; a dry run only moves on. */
static enum rc put_together(struct ctx *c, const struct import *m,
                            struct import_group *groups, size_t n)
{
	struct product_import by = { .id = m->row.id };
	enum rc rc = sql_begin(c);

	if (rc)
		return rc;
	for (size_t i = 0; i < n && !rc; i++) {
		struct import_group *g = &groups[i];

		g->by = (struct product_import){ .id = m->row.id,
			                         .n_done = (int64_t)g->n };
		rc = import_apply(c, m, g);
		add_counts(&by, &g->by);
	}
	if (!rc && m->row.is_dry_run)
		return sql_end(c, DRY);
	if (!rc)
		rc = imports_db_move(c, &by, groups[n - 1].end);
	return sql_end(c, rc);
}

static enum rc try_together(struct ctx *c, const struct import *m,
                            struct import_group *groups, size_t n)
{
	enum rc rc = RC_DEADLOCK;

	for (int i = 0; i < TRIES && rc == RC_DEADLOCK; i++)
		rc = put_together(c, m, groups, n);
	return rc;
}

/* What a piece would have done, or why it was not done. */
static enum rc note(struct ctx *c, const struct import *m,
                    struct import_group *g, bool is_bad)
{
	enum rc rc = sql_begin(c);

	if (rc)
		return rc;
	if (is_bad)
		g->by = (struct product_import){ .id = m->row.id,
			                         .n_done = (int64_t)g->n,
			                         .n_failed = (int64_t)g->n };
	for (size_t i = 0; i < g->n_faults && is_bad; i++) {
		g->faults[i].import_id = m->row.id;
		g->faults[i].message =
			text_cut(c->arena, g->faults[i].message, 300);
	}
	if (is_bad)
		rc = imports_db_fault_all(c, g->faults, g->n_faults);
	if (!rc)
		rc = imports_db_move(c, &g->by, g->end);
	return sql_end(c, rc);
}

static enum rc work_alone(struct ctx *c, const struct import *m,
                          struct import_group *g)
{
	enum rc rc = g->is_read ? try_together(c, m, g, 1) : RC_INVALID;

	if (rc == DRY)
		return note(c, m, g, false);
	if (import_is_refusal(rc))
		return note(c, m, g, true);
	return rc;
}

/* A dry run has done nothing yet but looked. */
static enum rc note_all(struct ctx *c, const struct import *m,
                        const struct chunk *k)
{
	struct product_import by = { .id = m->row.id };

	for (size_t i = 0; i < k->n; i++)
		add_counts(&by, &k->groups[i].by);
	return imports_db_move(c, &by, k->groups[k->n - 1].end);
}

static enum rc work(struct ctx *c, const struct import *m, struct chunk *k)
{
	enum rc rc = RC_OK;
	bool is_read = true;

	for (size_t i = 0; i < k->n; i++)
		is_read &= k->groups[i].is_read;
	if (is_read) {
		rc = try_together(c, m, k->groups, k->n);
		if (rc == DRY)
			return note_all(c, m, k);
		if (!import_is_refusal(rc))
			return rc;
		rc = RC_OK;
	}
	for (size_t i = 0; i < k->n && !rc; i++) {
		/* Those that have been read have no faults but the refusal's,
		 * which comes again. */
		if (k->groups[i].is_read)
			k->groups[i].n_faults = 0;
		fail_clear(c);
		rc = work_alone(c, m, &k->groups[i]);
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

/* The next groups, some rows; fewer at the end of the window. */
static void read_chunk(struct ctx *c, struct import *m, struct chunk *k)
{
	*k = (struct chunk){ .groups = arena_new_array(c->arena,
		                                       struct import_group,
		                                       CHUNK_GROUPS) };
	while (k->n < CHUNK_GROUPS && k->n_rows < CHUNK_ROWS) {
		struct import_group *g = &k->groups[k->n];

		import_read_group(c, m, g);
		if (m->csv.is_bad || !g->n)
			return;
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
	if (rc == RC_BAD_REQUEST) {
		const char *why = c->err.detail;

		fail_clear(c);
		return give_up(c, m, 1, "", why);
	}
	if (rc)
		return rc;
	catalog_remember(true);
	rc = run(c, m, more);
	catalog_remember(false);
	return rc;
}
