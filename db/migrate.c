#include "config.h"

#include "db/migrate.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/mysql.h"
#include "fcgi/base/buf.h"
#include "fcgi/base/crypto.h"
#include "fcgi/base/log.h"

enum { FILES_MAX = 1000, LOCK_WAIT_S = 60 };

/* One file of the directory, or its row in the database. */
struct migration {
	int number;
	const char *name; /* "0001_frame.sql" */
	const char *checksum;
	int n_done; /* statements of it that have run */
	bool is_complete;
	const char *text; /* files only */
};

static const struct field migration_fields[] = {
	FIELD(migration, number),      FIELD(migration, name),
	FIELD(migration, checksum),    FIELD(migration, n_done),
	FIELD(migration, is_complete), FIELDS_END,
};
static const struct shape migration_shape = SHAPE(migration, migration_fields);

struct migrations {
	struct migration *all;
	size_t n;
};

static bool is_migration(const char *name)
{
	size_t n = strlen(name);

	return n > 9 && strspn(name, "0123456789") == 4 && name[4] == '_' &&
	       !strcmp(name + n - 4, ".sql") &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_.") == n;
}

static enum rc read_text(struct ctx *c, const char *path, const char **out)
{
	FILE *f = fopen(path, "re");
	struct buf b;
	char piece[8192];
	size_t n;

	if (!f)
		return fail(c, RC_INTERNAL, "unreadable", "%s: %s", path,
		            strerror(errno));
	buf_init(&b, c->arena, sizeof piece);
	for (n = fread(piece, 1, sizeof piece, f); n;
	     n = fread(piece, 1, sizeof piece, f))
		buf_put(&b, piece, n);
	bool is_broken = ferror(f);
	fclose(f);
	if (is_broken)
		return fail(c, RC_INTERNAL, "unreadable", "%s", path);
	*out = b.s;
	return RC_OK;
}

static int by_number(const void *a, const void *b)
{
	const struct migration *x = a, *y = b;

	return (x->number > y->number) - (x->number < y->number);
}

static enum rc list_names(struct ctx *c, const char *dir,
                          struct migrations *out)
{
	out->n = 0;
	DIR *d = opendir(dir);

	if (!d)
		return fail(c, RC_INTERNAL, "unreadable", "%s: %s", dir,
		            strerror(errno));
	out->all = arena_new_array(c->arena, struct migration, FILES_MAX);
	out->n = 0;
	for (struct dirent *e = readdir(d); e && out->n < FILES_MAX;
	     e = readdir(d)) {
		if (!is_migration(e->d_name))
			continue;
		struct migration *m = &out->all[out->n++];
		m->name = arena_strdup(c->arena, e->d_name);
		m->number = (int)strtol(m->name, NULL, 10);
	}
	closedir(d);
	qsort(out->all, out->n, sizeof *out->all, by_number);
	return RC_OK;
}

static enum rc read_files(struct ctx *c, const char *dir,
                          struct migrations *out)
{
	enum rc rc = list_names(c, dir, out);

	for (size_t i = 0; i < out->n && !rc; i++) {
		struct migration *m = &out->all[i];

		if (i && out->all[i - 1].number == m->number)
			return fail(c, RC_CONFLICT, "migration_twice",
			            "Two migrations are numbered %04d: %s",
			            m->number, m->name);
		rc = read_text(c, arena_fmt(c->arena, "%s/%s", dir, m->name),
		               &m->text);
		if (!rc)
			m->checksum =
				sha256_hex(c->arena, m->text, strlen(m->text));
	}
	return rc;
}

static const struct migration *find(const struct migrations *ms, int number)
{
	for (size_t i = 0; i < ms->n; i++) {
		if (ms->all[i].number == number)
			return &ms->all[i];
	}
	return NULL;
}

/* Bookkeeping over the admin's connection. */
static enum rc admin_work(struct ctx *c, struct link *l, struct work *w)
{
	unsigned error = 0;
	enum rc rc = RC_OK;

	w->n_text = strlen(w->text);
	struct statement *st = link_prepare(l, w->text, w->n_text, &error);
	if (st)
		error = link_run(c, l, st, w, &rc);
	if (!error)
		return rc;
	return fail(c, RC_INTERNAL, "migration_failed", "error %u in %.80s",
	            error, w->text);
}

static enum rc admin_run(struct ctx *c, struct link *l, const char *text,
                         const struct arg *args, size_t n)
{
	struct work w = {
		.text = text, .args = args, .n_args = n, .want = WANT_CHANGE
	};

	return admin_work(c, l, &w);
}

static enum rc prepare_table(struct ctx *c, struct link *l)
{
	return admin_run(c, l,
	                 "CREATE TABLE IF NOT EXISTS schema_migration ("
	                 " number INT NOT NULL PRIMARY KEY,"
	                 " name VARCHAR(100) CHARACTER SET ascii NOT NULL,"
	                 " checksum CHAR(64) CHARACTER SET ascii NOT NULL,"
	                 " n_done INT NOT NULL,"
	                 " is_complete BOOLEAN NOT NULL,"
	                 " applied_at DATETIME(6) NOT NULL"
	                 ") ENGINE=InnoDB",
	                 NULL, 0);
}

static enum rc take_lock(struct ctx *c, struct link *l)
{
	struct work w = { .text = "SELECT GET_LOCK(CONCAT('merkato.migrate.',"
		                  " DATABASE()), 60)",
		          .want = WANT_NUMBER };
	enum rc rc = admin_work(c, l, &w);

	if (!rc && w.number != 1)
		return fail(c, RC_CONFLICT, "migration_running",
		            "Another migration still runs after %d s",
		            LOCK_WAIT_S);
	return rc;
}

static enum rc read_applied(struct ctx *c, struct link *l,
                            struct migrations *out)
{
	struct work w = { .text = "SELECT number, name, checksum, n_done,"
		                  "       is_complete"
		                  "  FROM schema_migration"
		                  " ORDER BY number LIMIT 1000",
		          .want = WANT_MANY,
		          .shape = &migration_shape };
	enum rc rc = admin_work(c, l, &w);

	out->all = w.rows;
	out->n = w.n_rows;
	return rc;
}

/* The next statement, which ends with a semicolon at the end of a line; lines
 * of comment are left out. NULL at the end. */
static const char *next_statement(struct ctx *c, const char **text)
{
	struct buf b;

	buf_init(&b, c->arena, 1024);
	while (**text) {
		const char *line = *text;
		size_t n = strcspn(line, "\n");
		size_t kept = n;

		*text = line + n + (line[n] == '\n');
		if (!strncmp(line, "--", 2))
			continue;
		while (kept && strchr(" \t\r", line[kept - 1]))
			kept--;
		bool ends = kept && line[kept - 1] == ';';
		buf_put(&b, line, ends ? kept - 1 : kept);
		buf_putc(&b, '\n');
		if (ends)
			return b.s;
	}
	return strspn(b.s, " \t\r\n") == b.n ? NULL : b.s;
}

static enum rc note_progress(struct ctx *c, struct link *l,
                             const struct migration *m, int n_done,
                             bool is_complete)
{
	const struct arg args[] = { A(m->number),   A(m->name),
		                    A(m->checksum), A(n_done),
		                    A(is_complete), A(when_now()) };

	return admin_run(c, l,
	                 "INSERT INTO schema_migration"
	                 "       (number, name, checksum, n_done,"
	                 "        is_complete, applied_at)"
	                 "VALUES (?, ?, ?, ?, ?, ?)"
	                 "    ON DUPLICATE KEY UPDATE"
	                 "       name = VALUES(name),"
	                 "       checksum = VALUES(checksum),"
	                 "       n_done = VALUES(n_done),"
	                 "       is_complete = VALUES(is_complete),"
	                 "       applied_at = VALUES(applied_at)",
	                 args, sizeof args / sizeof *args);
}

/*
 * DDL commits by itself, so that a file that fails in its middle stays half
 * done: the statements that have run are counted, and the next run goes on
 * behind them. Until a file is complete it may be corrected.
 */
static enum rc apply(struct ctx *c, struct link *l, const struct migration *m,
                     int n_done)
{
	const char *text = m->text;
	int n = 0;
	enum rc rc = RC_OK;

	for (const char *sql = next_statement(c, &text); sql && !rc;
	     sql = next_statement(c, &text)) {
		if (n++ < n_done)
			continue;
		if (mysql_real_query(l->mysql, sql, strlen(sql)))
			return fail(c, RC_INTERNAL, "migration_failed",
			            "%s, statement %d: %s", m->name, n,
			            mysql_error(l->mysql));
		rc = note_progress(c, l, m, n, false);
	}
	if (!rc)
		rc = note_progress(c, l, m, n, true);
	if (!rc)
		log_info("migrate", "%s", m->name);
	return rc;
}

static enum rc apply_missing(struct ctx *c, struct link *l,
                             const struct migrations *files,
                             const struct migrations *applied)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; i < files->n && !rc; i++) {
		const struct migration *m = &files->all[i];
		const struct migration *done = find(applied, m->number);

		if (done && done->is_complete) {
			if (strcmp(done->checksum, m->checksum) != 0)
				return fail(c, RC_CONFLICT, "migration_changed",
				            "%s has changed since it ran",
				            m->name);
			continue;
		}
		rc = apply(c, l, m, done ? done->n_done : 0);
	}
	return rc;
}

enum rc migrate_run(struct ctx *c, const char *dir)
{
	struct migrations files = { 0 }, applied = { 0 };
	struct link l = { .name = "admin" };

	enum rc rc = read_files(c, dir, &files);
	if (!rc)
		rc = link_open_admin(c, &l.mysql);
	if (rc)
		return rc;
	rc = take_lock(c, &l);
	if (!rc)
		rc = prepare_table(c, &l);
	if (!rc)
		rc = read_applied(c, &l, &applied);
	if (!rc)
		rc = apply_missing(c, &l, &files, &applied);
	link_close(&l);
	return rc;
}

enum rc migrate_pending(struct ctx *c, const char *dir, int *n)
{
	struct migrations files, applied = { 0 };
	int64_t has_table = 0;

	enum rc rc = read_files(c, dir, &files);
	if (!rc)
		rc = sql_int(c, &has_table,
		             "SELECT COUNT(*) FROM information_schema.tables"
		             " WHERE table_schema = DATABASE()"
		             "   AND table_name = 'schema_migration'");
	if (!rc && has_table)
		rc = sql_list(c, &migration_shape, &applied.all, &applied.n,
		              "SELECT number, name, checksum, n_done,"
		              "       is_complete"
		              "  FROM schema_migration"
		              " WHERE is_complete"
		              " LIMIT 1000");
	if (rc)
		return rc;
	*n = 0;
	for (size_t i = 0; i < files.n; i++)
		*n += !find(&applied, files.all[i].number);
	return RC_OK;
}
