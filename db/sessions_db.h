/* Sign-ins and their tokens: rows of session, refresh_token, one_time_token.
 */
#ifndef MERKATO_SESSIONS_DB_H
#define MERKATO_SESSIONS_DB_H

#include "db/query.h"

struct session_row {
	struct id id, user_id;
	const char *kind; /* login, console, oauth, client */
	struct id client_id;
	const char *scope;       /* NULL = all of the owner's rights */
	struct blob cookie_hash; /* console */
	const char *device;
	struct blob device_hash;
	const char *address;
	struct when created_at, last_seen_at, expires_at, password_at, ended_at;
	const char *end_reason;
};
extern const struct shape session_row_shape;

/* What decides on a request, in one row. */
struct session_facts {
	struct id user_id, session_id, client_id;
	int64_t roles, permissions, token_version;
	const char *status, *kind, *scope;
	struct when totp_at, ended_at, expires_at, last_seen_at;
	struct id own_vendor, staff_vendor;
	int64_t staff_permissions;
	int64_t client_scopes; /* INT_NONE without a client */
	bool client_enabled;
};

struct refresh_row {
	struct blob token_hash;
	struct id session_id, user_id;
	struct when created_at, expires_at, used_at;
};

struct link_row {
	struct id id;
	struct blob token_hash;
	const char *purpose;
	struct id user_id, subject_id;
	const char *email, *email_key;
	int64_t roles, permissions;
	struct id created_by;
	struct when created_at, expires_at, used_at, voided_at;
};

CHECKED enum rc sessions_db_insert(struct ctx *c, const struct session_row *s);
CHECKED enum rc sessions_db_get(struct ctx *c, struct id session,
                                struct session_row *out);
CHECKED enum rc sessions_db_facts(struct ctx *c, struct id session,
                                  struct session_facts *out, bool *found);
CHECKED enum rc sessions_db_facts_of_cookie(struct ctx *c, struct blob hash,
                                            struct session_facts *out,
                                            bool *found);
/* Whether the user has signed in from this device before. */
CHECKED enum rc sessions_db_device_known(struct ctx *c, struct id user,
                                         struct blob device_hash,
                                         int64_t *n_same, int64_t *n_all);
CHECKED enum rc sessions_db_seen(struct ctx *c, struct id session);
CHECKED enum rc sessions_db_password_seen(struct ctx *c, struct id session,
                                          struct when at);
/* *changed 0 when it had ended before, or is somebody else's. */
CHECKED enum rc sessions_db_end(struct ctx *c, struct id user,
                                struct id session, const char *reason,
                                int64_t *changed);
/* All of a user but one (none = all). */
CHECKED enum rc sessions_db_end_all(struct ctx *c, struct id user,
                                    struct id but, const char *reason);
CHECKED enum rc sessions_db_end_client(struct ctx *c, struct id client,
                                       const char *reason);
/* Ids of the sessions of a user that have not ended: for their cached facts. */
CHECKED enum rc sessions_db_recent(struct ctx *c, struct id user,
                                   struct id **ids, size_t *n);
/* All sessions of the user: the password is to be given again. */
CHECKED enum rc sessions_db_password_forget(struct ctx *c, struct id user);
CHECKED enum rc sessions_db_page(struct ctx *c, struct id user,
                                 const struct page *page,
                                 struct session_row **rows, size_t *n,
                                 struct page_info *info);

CHECKED enum rc sessions_db_refresh_insert(struct ctx *c,
                                           const struct refresh_row *t);
/* *changed 0: unknown, spent or too old. */
CHECKED enum rc sessions_db_refresh_spend(struct ctx *c, struct blob hash,
                                          int64_t *changed);
CHECKED enum rc sessions_db_refresh_find(struct ctx *c, struct blob hash,
                                         struct refresh_row *out, bool *found);

CHECKED enum rc links_db_insert(struct ctx *c, const struct link_row *l);
/* Links of this purpose to this address since a moment. */
CHECKED enum rc links_db_count(struct ctx *c, const char *purpose,
                               const char *email_key, struct when since,
                               int64_t *n);
/* Links of the purpose to the address (and subject, unless none) are void. */
CHECKED enum rc links_db_void(struct ctx *c, const char *purpose,
                              const char *email_key, struct id subject);
CHECKED enum rc links_db_void_user(struct ctx *c, struct id user);
CHECKED enum rc links_db_void_subject(struct ctx *c, struct id subject);
/* *changed 0: unknown, used, void, too old, or for another purpose. */
CHECKED enum rc links_db_spend(struct ctx *c, struct blob hash,
                               const char *purpose, int64_t *changed);
CHECKED enum rc links_db_find(struct ctx *c, struct blob hash,
                              const char *purpose, struct link_row *out,
                              bool *found);

/* Neither used nor void, but perhaps too old. */
CHECKED enum rc links_db_open_page(struct ctx *c, const char *purpose,
                                   const struct page *page,
                                   struct link_row **rows, size_t *n,
                                   struct page_info *info);
CHECKED enum rc links_db_open_get(struct ctx *c, const char *purpose,
                                  struct id id, struct link_row *out);
/* Another token takes the place of the one that was sent. *changed 0: used or
 * void by now. */
CHECKED enum rc links_db_renew(struct ctx *c, struct id id, struct blob hash,
                               struct when expires, int64_t *changed);
CHECKED enum rc links_db_void_one(struct ctx *c, struct id id,
                                  int64_t *changed);

/* Deletes up to n rows of each kind that ended or expired before; *deleted =
 * the largest number. */
CHECKED enum rc sessions_db_tidy(struct ctx *c, struct when before, int64_t n,
                                 int64_t *deleted);

#endif
