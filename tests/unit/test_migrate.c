#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "db/migrate.h"
#include "db/sql.h"
#include "tests/support/check.h"
#include "tests/support/database.h"

static char dir[] = "/tmp/merkato-migrate-XXXXXX";

static bool start(void)
{
	return database_start_empty() && mkdtemp(dir);
}

static const char *path_of(const char *name)
{
	return arena_fmt(tc->arena, "%s/%s", dir, name);
}

static void write_file(const char *name, const char *text)
{
	FILE *f = fopen(path_of(name), "w");

	NEED_TRUE(f != NULL, name);
	fputs(text, f);
	fclose(f);
}

static void before(void)
{
	unlink(path_of("0001_first.sql"));
	unlink(path_of("0002_second.sql"));
	unlink(path_of("0002_other.sql"));
	NEED_TRUE(database_run("DROP TABLE IF EXISTS schema_migration;\n"
	                       "DROP TABLE IF EXISTS a;\n"
	                       "DROP TABLE IF EXISTS b;\n"),
	          "drop");
}

static void stop(void)
{
	static const char *const names[] = { "0001_first.sql",
		                             "0002_second.sql",
		                             "0002_other.sql" };
	char path[64];

	for (size_t i = 0; i < 3; i++) {
		snprintf(path, sizeof path, "%s/%s", dir, names[i]);
		unlink(path);
	}
	rmdir(dir);
	database_stop();
}

static int pending(void)
{
	int n = -1;

	CHECK_RC(migrate_pending(tc, dir, &n), RC_OK, "pending");
	return n;
}

static int64_t number(const char *text)
{
	int64_t n = -1;

	CHECK_RC(sql_int_(tc, &n, text, ARGS_()), RC_OK, text);
	return n;
}

static void files_run_once_in_order(void)
{
	write_file("0002_second.sql", "INSERT INTO a VALUES (1);\n"
	                              "INSERT INTO a VALUES (2);\n");
	write_file("0001_first.sql",
	           "-- A comment; with a semicolon;\n"
	           "CREATE TABLE a (\n\tid INT -- not; an end\n);\n"
	           "CREATE TABLE b (id INT)");
	CHECK_INT(pending(), 2, "before");
	NEED_RC(migrate_run(tc, dir), RC_OK, "run");
	CHECK_INT(pending(), 0, "after");
	CHECK_INT(number("SELECT COUNT(*) FROM a"), 2, "rows");
	CHECK_INT(number("SELECT COUNT(*) FROM b"), 0,
	          "the last statement needs no semicolon");
	NEED_RC(migrate_run(tc, dir), RC_OK, "again");
	CHECK_INT(number("SELECT COUNT(*) FROM a"), 2, "nothing ran twice");
}

static void a_changed_file_stops_the_migration(void)
{
	write_file("0001_first.sql", "CREATE TABLE a (id INT);\n");
	NEED_RC(migrate_run(tc, dir), RC_OK, "run");
	write_file("0001_first.sql", "CREATE TABLE a (id BIGINT);\n");
	CHECK_RC(migrate_run(tc, dir), RC_CONFLICT, "run");
	CHECK_TEXT(tc->err.code, "migration_changed", "code");
	CHECK_HAS(tc->err.detail, "0001_first.sql", "says which");
}

static void a_failed_file_goes_on_where_it_stopped(void)
{
	write_file("0001_first.sql", "CREATE TABLE a (id INT);\n"
	                             "INSERT INTO a VALUES (1);\n"
	                             "INSERT INTO nowhere VALUES (1);\n");
	CHECK_RC(migrate_run(tc, dir), RC_INTERNAL, "run");
	CHECK_HAS(tc->err.detail, "0001_first.sql, statement 3", "says where");
	CHECK_INT(pending(), 1, "not complete");
	fail_clear(tc);
	write_file("0001_first.sql", "CREATE TABLE a (id INT);\n"
	                             "INSERT INTO a VALUES (1);\n"
	                             "INSERT INTO a VALUES (2);\n");
	CHECK_RC(migrate_run(tc, dir), RC_OK, "corrected");
	CHECK_INT(number("SELECT COUNT(*) FROM a"), 2, "no statement twice");
	CHECK_INT(pending(), 0, "complete");
}

static void a_number_is_given_once(void)
{
	write_file("0002_second.sql", "CREATE TABLE a (id INT);\n");
	write_file("0002_other.sql", "CREATE TABLE b (id INT);\n");
	CHECK_RC(migrate_run(tc, dir), RC_CONFLICT, "run");
	CHECK_TEXT(tc->err.code, "migration_twice", "code");
}

static void the_products_own_migrations_run(void)
{
	const char *top = getenv("top_srcdir");
	int n = -1;
	const char *own =
		arena_fmt(tc->arena, "%s/db/migrations", top ? top : ".");

	int64_t start_us = when_ticks();
	CHECK_RC(migrate_run(tc, own), RC_OK,
	         tc->err.detail ? tc->err.detail : "run");
	CHECK_TRUE(when_ticks() - start_us < 3000000, "within three seconds");
	CHECK_RC(migrate_pending(tc, own, &n), RC_OK, "pending");
	CHECK_INT(n, 0, "none is left");
}

static const struct check_hooks hooks = {
	.start = start,
	.stop = stop,
	.before = before,
	.after = database_roll_back,
};

CHECK_MAIN_WITH("migrate", &hooks, TEST(files_run_once_in_order),
                TEST(a_changed_file_stops_the_migration),
                TEST(a_failed_file_goes_on_where_it_stopped),
                TEST(a_number_is_given_once),
                TEST(the_products_own_migrations_run))
