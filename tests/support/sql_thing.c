#include "config.h"

#include "db/sql.h"
#include "tests/support/check.h"
#include "tests/support/database.h"
#include "tests/support/sql_thing.h"

static const struct field thing_fields[] = {
	FIELD(thing, id),
	FIELD(thing, name),
	FIELD(thing, quantity),
	FIELD(thing, big),
	FIELD(thing, is_old),
	FIELD(thing, ratio),
	FIELD(thing, price),
	FIELD(thing, made_at),
	FIELD(thing, data),
	FIELD(thing, raw),
	FIELDS_END,
};
const struct shape thing_shape = SHAPE(thing, thing_fields);

static const struct field label_fields[] = {
	FIELD(label, name),
	FIELD(label, id),
	FIELDS_END,
};
const struct shape label_shape = SHAPE(label, label_fields);

bool sql_thing_start(void)
{
	return database_start_empty() &&
	       database_run("CREATE TABLE thing ("
	                    " id BINARY(16) NOT NULL PRIMARY KEY,"
	                    " name MEDIUMTEXT,"
	                    " quantity INT,"
	                    " big BIGINT,"
	                    " is_old BOOLEAN,"
	                    " ratio DOUBLE,"
	                    " price BIGINT,"
	                    " made_at DATETIME(6),"
	                    " data MEDIUMTEXT,"
	                    " raw MEDIUMBLOB,"
	                    " UNIQUE KEY thing_quantity (quantity),"
	                    " CHECK (quantity >= 0)"
	                    ") ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;\n"
	                    "CREATE TABLE part ("
	                    " id BINARY(16) NOT NULL PRIMARY KEY,"
	                    " thing_id BINARY(16) NOT NULL,"
	                    " FOREIGN KEY (thing_id) REFERENCES thing (id)"
	                    ") ENGINE=InnoDB;\n");
}

struct thing a_thing(int quantity)
{
	return (struct thing){
		.id = id_new(),
		.name = "ቡና 🫘",
		.quantity = quantity,
		.big = INT64_C(9007199254740993),
		.is_old = true,
		.ratio = 0.1,
		.price = { 125050 },
		.made_at = { INT64_C(1763812800123456) },
		.data = { "{\"a\":[1,2]}" },
		.raw = { "\0\1\2", 3 },
	};
}

int64_t count_things(void)
{
	int64_t n = -1;

	CHECK_RC(sql_int(tc, &n, "SELECT COUNT(*) FROM thing"), RC_OK, "count");
	return n;
}

enum rc get_thing(struct id id, struct thing *out)
{
	return sql_get(tc, &thing_shape, out,
	               "SELECT raw, data, made_at, price, ratio, is_old, big,"
	               "       quantity, name, id"
	               "  FROM thing WHERE id = ?",
	               A(id));
}
