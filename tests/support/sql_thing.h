/*
 * A table of things with a column of every kind, for tests of db/sql.h. As
 * hooks of CHECK_MAIN_WITH (database.h):
 *
 *	.start = sql_thing_start, .stop = database_stop,
 *	.before = database_empty, .after = database_roll_back,
 */
#ifndef MERKATO_TEST_SQL_THING_H
#define MERKATO_TEST_SQL_THING_H

#include <stdbool.h>
#include <stdint.h>

#include "fcgi/base/ctx.h"
#include "fcgi/base/shape.h"

struct thing {
	struct id id;
	const char *name;
	int quantity;
	int64_t big;
	bool is_old;
	double ratio;
	struct money price;
	struct when made_at;
	struct json_text data;
	struct blob raw;
};
extern const struct shape thing_shape;

/* The same rows with fewer members. */
struct label {
	const char *name;
	struct id id;
};
extern const struct shape label_shape;

/* A database with the tables thing and, for its foreign key, part. */
bool sql_thing_start(void);
/* One with a value in every member; it is not stored yet. */
struct thing a_thing(int quantity);
int64_t count_things(void);
enum rc get_thing(struct id id, struct thing *out);

#endif
