/*
 * A migrated database for one test program, on the server that tests/with-db
 * has started; programs may run side by side. As hooks of CHECK_MAIN_WITH:
 *
 *	static const struct check_hooks hooks = {
 *		.start = database_start, .stop = database_stop,
 *		.before = database_begin, .after = database_roll_back,
 *	};
 */
#ifndef MERKATO_TEST_DATABASE_H
#define MERKATO_TEST_DATABASE_H

#include <stdbool.h>

/* Reads the settings from the environment, makes a database and migrates it.
 * Without a server the program ends as skipped. */
bool database_start(void);
/* The same without migrations. */
bool database_start_empty(void);
void database_stop(void);

/* Around each test: a transaction that is rolled back. */
void database_begin(void);
void database_roll_back(void);
/* Instead of these, for tests that commit: deletes all rows but those of
 * schema_migration. */
void database_empty(void);

/* Statements as the admin user, each ended by a semicolon at a line's end;
 * false with the reason on stderr. */
bool database_run(const char *text);

#endif
