/*
 * Rows that work once and end by themselves: refresh tokens, codes, starts of a
 * sign-in, mailed links. They have used_at and expires_at; the names of tables
 * and columns are literals, so that statements stay constant text.
 */
#ifndef MERKATO_EXPIRING_H
#define MERKATO_EXPIRING_H

#include "db/sql.h"

/* One conditional UPDATE decides who of several was first: *changed is 1 for
 * one of them, 0 for unknown, spent and too old ones. */
#define expiring_spend(c, table, column, hash, changed)        \
	sql_change((c), (changed),                             \
	           "UPDATE " table " SET used_at = ?"          \
	           " WHERE " column " = ? AND used_at IS NULL" \
	           "   AND expires_at > ?",                    \
	           A((c)->now), A(hash), A((c)->now))

/* Deletes up to n rows that ended before; *most grows to the largest number of
 * several tables. rc of the table before is handed on. */
#define expiring_tidy(c, rc, table, before, n, most)                     \
	expiring_most((rc),                                              \
	              (rc) ? (rc)                                        \
	                   : sql_change((c), &(most)->now,               \
	                                "DELETE FROM " table             \
	                                " WHERE expires_at < ? LIMIT ?", \
	                                A(before), A(n)),                \
	              (most))

struct expiring_most {
	int64_t now, most;
};

static inline enum rc expiring_most(enum rc before, enum rc rc,
                                    struct expiring_most *m)
{
	if (!before && !rc && m->now > m->most)
		m->most = m->now;
	return rc;
}

#endif
