/*
 * Values that cross borders: ids, money and times are types of their own, and
 * text, SQL and JSON convert them the same way everywhere.
 */
#ifndef MERKATO_VALUE_H
#define MERKATO_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fcgi/base/rc.h"

/* UUIDv7 (RFC 9562); BINARY(16) in SQL, lower-case text in JSON. All zero =
 * none. */
struct id {
	unsigned char b[16];
};
/* Minor units of the settlement currency; BIGINT; "1250.00" in JSON; never
 * floating. */
struct money {
	int64_t minor;
};
/* Microseconds since 1970 UTC; DATETIME(6); RFC 3339 in JSON. 0 = none. */
struct when {
	int64_t us;
};
/* JSON text that is kept and sent as it is (already checked). NULL = none. */
struct json_text {
	const char *s;
};
/* Bytes: VARBINARY and BLOB columns. p NULL = none. */
struct blob {
	const void *p;
	size_t n;
};

/* Absent values of the types that have no natural "none". */
#define MONEY_NONE ((struct money){ INT64_MIN })
#define INT_NONE INT64_MIN
#define REAL_NONE __builtin_nan("")

#define ID_TEXT_MAX 37
#define MONEY_TEXT_MAX 24
#define WHEN_TEXT_MAX 32

/* Monotonic within the process; aborts only if the system has no randomness. */
struct id id_new(void);
bool id_is_none(struct id id);
bool id_equal(struct id a, struct id b);
int id_compare(struct id a, struct id b);
/* Exactly 36 characters, lower or upper case hex; false leaves out untouched.
 */
bool id_parse(const char *s, struct id *out);
/* Writes 36 characters and NUL; returns out. */
char *id_text(struct id id, char out[ID_TEXT_MAX]);
/* The time in a UUIDv7. */
struct when id_when(struct id id);

static inline bool money_is_none(struct money m)
{
	return m.minor == INT64_MIN;
}
/* Decimal digits of the settlement currency (ISO 4217); set once at start. */
void money_set_digits(int digits);
int money_digits(void);
/* "1250", "1250.5", "1250.00", "-3.10"; no exponent, blanks, plus sign, nor
 * more digits than the currency has. */
bool money_parse(const char *s, struct money *out);
char *money_text(struct money m, char out[MONEY_TEXT_MAX]);
/* false on overflow, out untouched. */
CHECKED bool money_add(struct money a, struct money b, struct money *out);
CHECKED bool money_sub(struct money a, struct money b, struct money *out);
CHECKED bool money_times(struct money a, int64_t n, struct money *out);
/* m * numerator / denominator, rounded half away from zero; 128 bit in between.
 */
CHECKED bool money_share(struct money m, int64_t numerator, int64_t denominator,
                         struct money *out);
/*
 * Cuts total into n parts in the ratio of weights (>= 0, not all 0) by largest
 * remainder (Hamilton); ties go to the earlier part; the parts add up to total.
 */
void money_split(struct money total, const int64_t *weights, size_t n,
                 struct money *parts);

/* Wall clock. Rules take the time from ctx->now instead. */
struct when when_now(void);
/* Monotonic microseconds, for deadlines and durations. */
int64_t when_ticks(void);
/* RFC 3339 with Z or an offset; 31 February is refused. */
bool when_parse(const char *s, struct when *out);
/* "2026-11-22T12:00:00Z", with .ffffff only if there are microseconds. */
char *when_text(struct when w, char out[WHEN_TEXT_MAX]);
struct when when_plus(struct when w, int64_t seconds);
/* Civil date in UTC (proleptic Gregorian; H. Hinnant, "days_from_civil"). */
struct when_parts {
	int year, month, day, hour, minute, second, microsecond;
	int weekday; /* 0 = Sunday */
};
struct when_parts when_split(struct when w);
struct when when_join(const struct when_parts *p);

#endif
