/*
 * A struct described once: one table of fields reads the JSON body and the
 * query, writes the reply, fills the struct from a row by column name and makes
 * the schema in the OpenAPI document. The member's C type picks the kind; a
 * type without one does not compile.
 *
 *	struct item { struct id variant_id; int quantity; };
 *	static const struct field item_fields[] = {
 *		FIELD(item, variant_id, .flags = REQUIRED),
 *		FIELD(item, quantity, .flags = REQUIRED, .min = 1, .max = 999),
 *		FIELDS_END,
 *	};
 *	const struct shape item_shape = SHAPE(item, item_fields);
 */
#ifndef MERKATO_SHAPE_H
#define MERKATO_SHAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fcgi/base/value.h"

struct buf;
struct ctx;

enum kind {
	KIND_TEXT,   /* const char *; NULL = null */
	KIND_INT,    /* int or int64_t */
	KIND_BOOL,   /* bool */
	KIND_REAL,   /* double: coordinates, ratings, distances; never money */
	KIND_ID,     /* struct id; none = null */
	KIND_MONEY,  /* struct money; MONEY_NONE = null */
	KIND_WHEN,   /* struct when; 0 = null */
	KIND_JSON,   /* struct json_text: any JSON value, kept as canonical text
	              */
	KIND_BLOB,   /* struct blob: rows only, never in JSON */
	KIND_OBJECT, /* pointer to a struct; NULL = null */
	KIND_LIST    /* pointer to an array of structs and its size_t count */
};

/* What more a text must be. */
enum format {
	FORMAT_NONE,
	FORMAT_EMAIL, /* normalised: domain lower case, IDNA */
	FORMAT_PHONE, /* normalised to E.164; 09… is Ethiopian */
	FORMAT_SLUG,
	FORMAT_CURRENCY, /* ISO 4217 */
	FORMAT_URL,      /* https or http, no user part */
	FORMAT_TOKEN,    /* visible ASCII without blanks */
	FORMAT_PASSWORD  /* neither trimmed nor shown; NFC */
};

enum field_flag {
	REQUIRED = 1,   /* must be there and not null */
	NULLABLE = 2,   /* null is a value */
	PRIVATE = 4,    /* filled from rows, never in a reply or schema */
	LONG_TEXT = 8,  /* line feeds allowed */
	OMIT_NONE = 16, /* left out of replies when null */
	READ_ONLY = 32, /* refused in bodies although in the shape */
	EXPANDED = 64   /* in replies only when ?expand= names it */
};

struct shape;

struct field {
	const char *name;
	size_t at;       /* offset of the member */
	size_t count_at; /* KIND_LIST: offset of the size_t count */
	enum kind kind;
	enum kind element; /* KIND_LIST: KIND_OBJECT, or
	                      KIND_TEXT/KIND_ID/KIND_INT for arrays of these */
	int size;          /* of the member in bytes */
	unsigned flags;
	/* text: code points; int, real: value; money: minor units; list: items.
	 * max 0 = text 255, list 100, numbers unbounded. */
	int64_t min, max;
	int digits; /* KIND_REAL in replies: decimals, 0 = up to 6 */
	enum format format;
	const char *const *one_of; /* NULL-terminated list of allowed texts */
	const char *fallback;      /* text of the value when absent */
	const struct shape *shape; /* KIND_OBJECT, KIND_LIST of objects */
	const char *help;          /* description in the document */
};

struct shape {
	const char *name; /* of the struct; the schema's name */
	size_t size;
	const struct field *fields; /* ends with a NULL name */
	size_t given_at; /* 1 + offset of a uint64_t of given fields; 0 = none
	                  */
};

/* clang-format off */
#define KIND_OF(m) _Generic((m), \
	const char *: KIND_TEXT, char *: KIND_TEXT, \
	int: KIND_INT, int64_t: KIND_INT, bool: KIND_BOOL, double: KIND_REAL, \
	struct id: KIND_ID, struct money: KIND_MONEY, struct when: KIND_WHEN, \
	struct json_text: KIND_JSON, struct blob: KIND_BLOB)
#define ELEMENT_OF(m) _Generic((m), \
	const char **: KIND_TEXT, struct id *: KIND_ID, int64_t *: KIND_INT)
/* clang-format on */

#define FIELD(type, member, ...)                                               \
	{                                                                      \
		.name = #member, .at = offsetof(struct type, member),          \
		.kind = KIND_OF(((struct type *)0)->member),                   \
		.size = (int)sizeof(((struct type *)0)->member), ##__VA_ARGS__ \
	}
/* The same with another name outside: FIELD_AS(order, "from", from_place). */
#define FIELD_AS(type, outside, member, ...)                                   \
	{                                                                      \
		.name = (outside), .at = offsetof(struct type, member),        \
		.kind = KIND_OF(((struct type *)0)->member),                   \
		.size = (int)sizeof(((struct type *)0)->member), ##__VA_ARGS__ \
	}
/* member is a pointer to a struct with that shape. */
#define OBJECT(type, member, its_shape, ...)                              \
	{                                                                 \
		.name = #member, .at = offsetof(struct type, member),     \
		.kind = KIND_OBJECT, .shape = &(its_shape), ##__VA_ARGS__ \
	}
/* member is a pointer to structs, n_member a size_t. */
#define LIST(type, member, n_member, its_shape, ...)                  \
	{                                                             \
		.name = #member, .at = offsetof(struct type, member), \
		.count_at = offsetof(struct type, n_member),          \
		.kind = KIND_LIST, .element = KIND_OBJECT,            \
		.shape = &(its_shape), ##__VA_ARGS__                  \
	}
/* member is const char **, struct id * or int64_t *, n_member a size_t. */
#define VALUES(type, member, n_member, ...)                           \
	{                                                             \
		.name = #member, .at = offsetof(struct type, member), \
		.count_at = offsetof(struct type, n_member),          \
		.kind = KIND_LIST,                                    \
		.element = ELEMENT_OF(((struct type *)0)->member),    \
		##__VA_ARGS__                                         \
	}
#define FIELDS_END           \
	{                    \
		.name = NULL \
	}

#define SHAPE(type, table)                                                    \
	{                                                                     \
		.name = #type, .size = sizeof(struct type), .fields = (table) \
	}
/* For PATCH: the struct has a member `uint64_t given`, a bit for each field of
 * the table that was in the body. */
#define SHAPE_PATCH(type, table)                                               \
	{                                                                      \
		.name = #type, .size = sizeof(struct type), .fields = (table), \
		.given_at = 1 + offsetof(struct type, given)                   \
	}

/* Field number by name; -1 if there is none. */
int shape_find(const struct shape *s, const char *name, size_t n);
/* Whether this field was in the body (SHAPE_PATCH only). */
bool shape_given(const struct shape *s, const void *object, const char *name);

/* Whether it has fields that are EXPANDED. */
bool shape_expands(const struct shape *s);

#define ALL_FIELDS UINT64_MAX
/* Writes {"name":value,…}; mask has a bit for each top-level field to send.
 * ALL_FIELDS are those that need no asking. */
void shape_write(struct buf *b, const struct shape *s, const void *object,
                 uint64_t mask);
/* Writes [{…},…] of n structs lying one behind the other. */
void shape_write_list(struct buf *b, const struct shape *s, const void *objects,
                      size_t n, uint64_t mask);

/*
 * What the readers of bodies, queries and forms share. Absent fields without a
 * fallback stay as they are (readers start with zeroes); when NULLABLE they
 * become none (NULL, INT_NONE, INT_MIN for an int, MONEY_NONE, NaN). Codes of
 * faults: required, null, type, unknown, read_only, too_short, too_long,
 * too_small, too_large, too_few, too_many, not_one_of, bad_text, bad_number,
 * bad_bool, bad_id, bad_money, bad_time, bad_json, bad_email, bad_phone,
 * bad_slug, bad_currency, bad_url, bad_token.
 */
struct verdict {
	const char *code; /* NULL = fine */
	const char *text; /* for people */
};
/* Checks a text and stores it, without reporting. */
struct verdict shape_take_text(struct ctx *c, const struct field *f,
                               const char *text, size_t n, void *object);
struct verdict shape_take_int(const struct field *f, int64_t v, void *object);
struct verdict shape_take_real(const struct field *f, double v, void *object);
/* How many items a list may have. */
struct verdict shape_take_count(const struct field *f, size_t n);
/* A field as it is for one element of a KIND_LIST of values. */
struct field shape_element(const struct field *list);
/* Bytes of one element. */
size_t shape_element_size(const struct field *list);
/* Fallback or none, for a field that was not there. */
void shape_set_absent(struct ctx *c, const struct field *f, void *object);
/* Notes that field number i was in the body (SHAPE_PATCH). */
void shape_mark_given(const struct shape *s, void *object, int i);

/*
 * Checks and normalises one text value by its field (UTF-8, NFC, trim, control
 * characters, length, format, one_of, number syntax …) and stores it in object.
 * Used by every text border: query, forms, CSV, settings. path names it in
 * faults.
 */
bool shape_set_text(struct ctx *c, const struct field *f, const char *path,
                    const char *text, size_t n, void *object);
/* The value of a scalar field as text, as it stands in JSON without quotes;
 * NULL when null. */
const char *shape_get_text(struct ctx *c, const struct field *f,
                           const void *object);
/* Stores null / none. */
void shape_set_none(const struct field *f, void *object);

#endif
