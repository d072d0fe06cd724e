#include "config.h"

#include "tests/support/database.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "db/cache.h"
#include "db/migrate.h"
#include "db/mysql.h"
#include "db/sql.h"
#include "fcgi/base/crypto.h"
#include "fcgi/base/settings.h"
#include "tests/support/check.h"

/* Lives as long as the program. */
static char name[64];

static bool admin_run(const char *text)
{
	struct arena *a = arena_create(0);
	struct ctx c;
	MYSQL *m;

	ctx_init(&c, a);
	bool ok = !link_open_admin(&c, &m);
	if (ok) {
		ok = !mysql_real_query(m, text, strlen(text));
		if (!ok)
			fprintf(stderr, "database: %s\n", mysql_error(m));
		mysql_close(m);
	}
	arena_destroy(a);
	return ok;
}

bool database_run(const char *text)
{
	bool ok = true;

	while (*text && ok) {
		const char *end = strstr(text, ";\n");
		size_t n = end ? (size_t)(end - text) : strlen(text);
		char *one = strndup(text, n);

		ok = one && (strspn(one, " \t\n;") == n || admin_run(one));
		free(one);
		text += n + (end ? 2 : 0);
	}
	return ok;
}

bool database_start_empty(void)
{
	char text[256];

	if (!getenv("WITH_DB_DIR"))
		check_skip("needs a database: run under tests/with-db");
	if (!settings_load(NULL))
		return false;
	key_set_master("a secret of tests, longer than thirty-two bytes", 47);
	snprintf(name, sizeof name, "merkato_test_%ld", (long)getpid());
	snprintf(text, sizeof text,
	         "CREATE DATABASE %s CHARACTER SET utf8mb4"
	         " COLLATE utf8mb4_unicode_520_ci",
	         name);
	if (!admin_run(text))
		return false;
	snprintf(text, sizeof text,
	         "GRANT SELECT, INSERT, UPDATE, DELETE ON %s.* TO %s@localhost",
	         name, settings->mysql_user);
	return admin_run(text) && settings_set("mysql_database", name);
}

bool database_start(void)
{
	const char *top = getenv("top_srcdir");
	struct arena *a = arena_create(0);
	struct ctx c;

	if (!database_start_empty()) {
		arena_destroy(a);
		return false;
	}
	ctx_init(&c, a);
	enum rc rc = migrate_run(
		&c, arena_fmt(a, "%s/db/migrations", top ? top : "."));
	if (rc)
		fprintf(stderr, "migrate: %s\n",
		        c.err.detail ? c.err.detail : rc_name(rc));
	arena_destroy(a);
	return !rc;
}

void database_stop(void)
{
	char text[128];

	sql_close();
	cache_close();
	if (!*name)
		return;
	snprintf(text, sizeof text, "DROP DATABASE %s", name);
	admin_run(text);
}

void database_begin(void)
{
	NEED_RC(sql_begin(tc), RC_OK, "begin");
}

void database_roll_back(void)
{
	sql_reset(tc);
}

struct table_row {
	const char *table_name;
};

static const struct field table_fields[] = {
	FIELD(table_row, table_name),
	FIELDS_END,
};
static const struct shape table_shape = SHAPE(table_row, table_fields);

/* TRUNCATE passes by the triggers of append-only tables, but takes a while. */
static void empty_table(MYSQL *m, const char *table)
{
	const char *look =
		arena_fmt(tc->arena, "SELECT 1 FROM %s LIMIT 1", table);
	const char *empty = arena_fmt(tc->arena, "TRUNCATE TABLE %s", table);

	NEED_TRUE(!mysql_query(m, look), table);
	MYSQL_RES *result = mysql_store_result(m);
	bool has_rows = result && mysql_num_rows(result) > 0;
	mysql_free_result(result);
	if (has_rows)
		NEED_TRUE(!mysql_query(m, empty), table);
}

void database_empty(void)
{
	struct table_row *rows;
	size_t n;
	MYSQL *m;

	sql_reset(tc);
	NEED_RC(sql_list(tc, &table_shape, &rows, &n,
	                 "SELECT table_name AS table_name"
	                 "  FROM information_schema.tables"
	                 " WHERE table_schema = DATABASE()"
	                 "   AND table_name NOT IN ('schema_migration',"
	                 "                          'security_rule')"
	                 " LIMIT 1000"),
	        RC_OK, "tables");
	NEED_RC(link_open_admin(tc, &m), RC_OK, "admin");
	mysql_query(m, "SET foreign_key_checks = 0");
	for (size_t i = 0; i < n; i++)
		empty_table(m, rows[i].table_name);
	mysql_close(m);
}
